"""A run as it is committed: its records, its page, and one file of each figure and table.

Everything else follows from the records, by ``gradmethods report``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gradmethods.errors import InvalidOption
from gradmethods.output.disk import content_of, write_bytes
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    MILLION,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    read_origin,
    records_so_far,
    write_json,
    write_text,
)
from gradmethods.output.run_folder import folder_of, locked, remove_listed
from gradmethods.report.cite import name_of_run
from gradmethods.report.report_files import write

ROUNDS = ("gradient_seconds", "gradient_processor", "loss_seconds", "loss_processor")
"""Times of single rounds: nine tenths of the records of cost, and in no figure or table."""

WHOLE = (PROVENANCE, DERIVATIONS, *(f"million/{name}" for name in MILLION[2:]))
"""Files that are copied as they are."""


Make = Callable[[Path], list[Path]]
"""Writes into a folder what follows from its records, and returns the files."""


def publish(run: Path, target: Path, make: Make = write) -> list[Path]:
    """Write a run to a folder as it is committed, in place of the one that is there.

    Parameters
    ----------
    run : pathlib.Path
        Folder of a run.
    target : pathlib.Path
        Another folder: an earlier publication in it goes, whatever else is there stays.
    make : callable, optional
        Makes page, figures and tables; by default those of a benchmark.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    InvalidOption
        If both are one folder.
    GradientError
        If there is no run to publish.
    """
    run, target = folder_of(run), folder_of(target)
    if run == target:
        raise InvalidOption("A run cannot be published in its own folder. Name another one.")
    name = name_of_run(run)
    with locked(target):
        return _publish(run, target, name, make)


def _publish(run: Path, target: Path, name: str, make: Make) -> list[Path]:
    _clear(target)
    for file in WHOLE:
        content = content_of(run / file)
        if content is not None:
            write_bytes(target / file, content)
    origin = read_origin(target / PROVENANCE)
    if origin is not None:
        write_json(target / PROVENANCE, origin | {"name": name})
    for file in (RECORDS, ACCURACY, CLAIMS):
        for record in records_so_far(run / file):
            kept = {key: value for key, value in record.items() if key not in ROUNDS}
            append_record(target / file, kept)
    written = make(target)
    thin(target)
    return [path for path in written if path.exists()]


def thin(folder: Path) -> None:
    """Leave one file of each figure and table that a folder lists: a drawing, or a readable one."""
    index = read_json(folder / "index.json", dict)
    gone: set[str] = set()
    for item in index["items"]:
        kept = [file for file in item["files"] if _is_shown(file)] or item["files"]
        gone |= {file for file in item["files"] if file not in kept}
        item |= {"files": kept, "data": kept[0]}
    for file in gone:
        (folder / file).unlink(missing_ok=True)
    write_json(folder / "index.json", index)
    page = folder / "report.html"
    if page.exists():
        text = page.read_text(encoding="utf-8")
        links = re.compile(r'<a href="([^"]*)">[^<]*</a>')
        write_text(page, links.sub(lambda link: "" if link[1] in gone else link[0], text))


def _is_shown(file: str) -> bool:
    return file.endswith(".md") or (file.endswith(".svg") and not file.endswith("-column.svg"))


def _clear(target: Path) -> None:
    """Remove an earlier publication."""
    remove_listed(target)
    for name in (*WHOLE, RECORDS, ACCURACY, CLAIMS):
        (target / name).unlink(missing_ok=True)
