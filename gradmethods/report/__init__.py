"""Tables, plots and the HTML report, from the records of a run.

Nothing here measures, and importing it loads neither pandas nor matplotlib. Read `report_files.py`
first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradmethods.output.items import Pace

__all__ = ["write_report"]


def write_report(out: Path | str, pace: Pace | None = None) -> list[Path]:
    """Write every table, figure and the HTML report of a run from its records alone.

    Parameters
    ----------
    out : path
        Folder of a run: ``records.jsonl`` and, where the run wrote them, ``provenance.json`` and
        ``accuracy.json``.
    pace : Pace, optional
        Where the time is short: figures that do not fit into it are written for the page alone.

    Returns
    -------
    list of pathlib.Path
        The files written, ``report.html`` first.

    Raises
    ------
    GradientError
        If the folder holds no records.
    """
    from gradmethods.report.report_files import write

    return write(Path(out), pace)
