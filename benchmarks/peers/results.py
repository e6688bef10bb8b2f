"""The comparison's folder: tables and figures from its records, without measuring anything."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import exhibits
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import source_line
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    read_origin,
    read_records,
    records_so_far,
)
from gradmethods.output.items import Writer
from gradmethods.report.cite import run_name
from gradmethods.report.exhibit import write_exhibits
from gradmethods.report.report_files import write_listing


def write_results(out: Path | str) -> list[Path]:
    """Write every table and figure of a comparison from its records alone.

    Parameters
    ----------
    out : path
        Folder of the run.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    GradientError
        If the folder holds no records.
    """
    folder = Path(out)
    judged = folder / ACCURACY
    accuracy = records_so_far(judged)
    records = records_so_far(folder / RECORDS) if accuracy else read_records(folder / RECORDS)
    origin = read_origin(folder / PROVENANCE)
    files = [path for path in (folder / RECORDS, judged) if path.exists()]
    run = run_name(b"".join(path.read_bytes() for path in files))
    source = f"{source_line(origin, records)} Run {run}."
    compared = Compared(records, accuracy, seed=(origin or {}).get("seed") or 0)
    found = write_exhibits(Writer(folder, source), exhibits, compared)
    items = [*found.get("tables", []), *found.get("figures", [])]
    listed = write_listing(folder, items, run, origin, source)
    return [*listed, *(folder / file for item in items for file in item.files)]
