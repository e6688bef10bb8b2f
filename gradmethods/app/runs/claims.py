"""A run that decides the claims: examine, keep, write. `gradmethods.studies.claims` decides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gradmethods.app.runs.begin import move_aside
from gradmethods.app.runs.million import read_million
from gradmethods.output.files import (
    CLAIMS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_origin,
    read_records,
    write_json,
)
from gradmethods.output.run_folder import CLAIMS_PROVENANCE, folder_of, locked
from gradmethods.studies.claims import claims_rows
from gradmethods.timing.provenance import provenance


def run_claims(
    out: Path | str,
    records: Path | str | None = None,
    *,
    seconds: float | None = None,
) -> list[Path]:
    """Examine every claim, and write the ledger: records, tables and figures.

    Parameters
    ----------
    out : path
        Folder to write to.
    records : path, optional
        Folder of a run of the benchmark, with the times that some claims rest on, and of a run of
        a million passes (itself, or in its folder ``million``).
    seconds : float, optional
        For everything; no bound by default.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    folder = folder_of(out)
    source = None if records is None else Path(records)
    timed = [] if source is None else read_records(source / RECORDS)
    million = None
    for place in () if source is None else (source, source / "million"):
        million = million or read_million(place)
    with locked(folder):
        move_aside(folder, (CLAIMS, CLAIMS_PROVENANCE))
        origin = provenance(
            [Path(sys.argv[0]).name, *sys.argv[1:]],
            seed=0,
            records=None if source is None else read_origin(source / PROVENANCE),
        )
        write_json(folder / CLAIMS_PROVENANCE, origin)

        def keep(record: dict[str, Any]) -> None:
            append_record(folder / CLAIMS, record)

        claims_rows(timed, seconds, million=million, keep=keep)
        return write_ledger(folder)


def write_ledger(folder: Path) -> list[Path]:
    """Write tables and figures from the records of the ledger alone."""
    from gradmethods.output.caption import provenance_line
    from gradmethods.output.files import write_text
    from gradmethods.output.items import Writer, captions_text
    from gradmethods.report import exhibits
    from gradmethods.report.exhibit import CLAIMS as SECTION
    from gradmethods.report.exhibit import write_exhibits
    from gradmethods.report.recorded import Recorded

    source = provenance_line(read_origin(folder / CLAIMS_PROVENANCE))
    recorded = Recorded(claims=read_records(folder / CLAIMS))
    items = write_exhibits(Writer(folder, source), exhibits, recorded)[SECTION.id]
    captions = write_text(folder / "claims-captions.md", captions_text(items, source))
    return [captions, *(folder / file for item in items for file in item.files)]
