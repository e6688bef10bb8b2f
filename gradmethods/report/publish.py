"""A run as it is committed: its records, its page, and one file of each figure and table.

Everything else follows from the records, by ``gradmethods report``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradmethods.errors import InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    MILLION,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    records_so_far,
    write_json,
    write_text,
)
from gradmethods.report.cite import name_of_run
from gradmethods.report.report_files import write

ROUNDS = ("gradient_seconds", "gradient_processor", "loss_seconds", "loss_processor")
"""Times of single rounds: nine tenths of the records of cost, and in no figure or table."""

WHOLE = (PROVENANCE, DERIVATIONS, *(f"million/{name}" for name in MILLION[2:]))
"""Files that are copied as they are."""


def publish(run: Path, target: Path) -> list[Path]:
    """Write a run to a folder as it is committed, in place of the one that is there.

    Parameters
    ----------
    run : pathlib.Path
        Folder of a run.
    target : pathlib.Path
        Another folder: an earlier publication in it goes, whatever else is there stays.

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
    if run.resolve() == target.resolve():
        raise InvalidOption("A run cannot be published in its own folder. Name another one.")
    name = name_of_run(run)
    _clear(target)
    target.mkdir(parents=True, exist_ok=True)
    for file in WHOLE:
        if (run / file).exists():
            (target / file).parent.mkdir(exist_ok=True)
            shutil.copyfile(run / file, target / file)
    origin = read_json(target / PROVENANCE, dict)
    if origin is not None:
        write_json(target / PROVENANCE, origin | {"name": name})
    for file in (RECORDS, ACCURACY, CLAIMS):
        for record in records_so_far(run / file):
            kept = {key: value for key, value in record.items() if key not in ROUNDS}
            append_record(target / file, kept)
    written = write(target)
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
    index: Mapping[str, Any] = read_json(target / "index.json", dict) or {"items": []}
    for item in index["items"]:
        for file in item["files"]:
            path = (target / file).resolve()
            if path.is_relative_to(target.resolve()):
                path.unlink(missing_ok=True)
    for name in (*WHOLE, RECORDS, ACCURACY, CLAIMS):
        (target / name).unlink(missing_ok=True)
