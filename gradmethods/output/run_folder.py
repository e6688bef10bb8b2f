"""The folder of a run: whose it is, who writes to it, and which of its files a run wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradmethods.errors import GradientError, InvalidOption
from gradmethods.output.disk import HELD, LOCK, PART, identity
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    MILLION,
    PROVENANCE,
    PYTEST,
    RECORDS,
    read_json,
    read_origin,
    records_so_far,
)

INDEX = "index.json"

PREVIOUS = "previous"
"""Where the run moves that was there before."""

CLAIMS_PROVENANCE = "claims-provenance.json"

ORIGINS = (PROVENANCE, CLAIMS_PROVENANCE, MILLION[-1])
"""What says of a folder that a run wrote it."""

LINES = (RECORDS, ACCURACY, CLAIMS, MILLION[0])

MADE = (INDEX, "report.html", "references.bib", "captions.md", "claims-captions.md")
"""What is made of records, beside figures and tables; each new run makes it anew."""

PLACES = ("figures", "tables", "weights", "million", PREVIOUS)
"""Folders within."""


def folder_of(out: Path | str) -> Path:
    """Return the folder that a user names, links resolved.

    Raises
    ------
    InvalidOption
        If it is a file, or a link in a circle.
    """
    try:
        folder = Path(out).resolve()
    except RuntimeError as error:  # of Python before 3.13
        raise InvalidOption(f"{out} is a link in a circle. Name a folder.") from error
    if folder.exists() and not folder.is_dir():
        raise InvalidOption(f"{out} is a file. Name a folder.")
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder for as long as this one writes to it.

    The lock is the operating system's: it is gone with the process, however that ends. What a
    killed run left half written is removed.

    Raises
    ------
    GradientError
        If another run has it, or if a run would write over what no run wrote, or through a link to
        another place.
    """
    from filelock import FileLock, Timeout

    _check_links(folder)
    _check_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=0):
            for place in (".", *PLACES):
                for part in (folder / place).glob(PART):
                    part.unlink(missing_ok=True)
            HELD[folder] = identity(folder / LOCK)
            try:
                yield
            finally:
                del HELD[folder]
    except Timeout:
        raise GradientError(
            f"Another run is writing to {folder}. Wait for its end, or choose another folder."
        ) from None


def _check_links(folder: Path) -> None:
    """Refuse a folder in which a link leads a run out of it."""
    for name in (LOCK, *PLACES, *ORIGINS, *LINES, *MILLION, *MADE, DERIVATIONS, PYTEST):
        path = folder / name
        if path.is_symlink():
            raise InvalidOption(
                f"{path} is a link; a run would write where it leads. Remove it, or choose another "
                "folder. The folder itself may be a link."
            )


def _check_foreign(folder: Path) -> None:
    """Refuse a folder of which no run is known, and in which there is what a run would replace."""
    # Each is read, so that a damaged one, or one of a newer version, is said here.
    origins = [read_origin(folder / name) for name in ORIGINS]
    if any(origins) or any(records_so_far(folder / name) for name in LINES) or listed(folder):
        return
    with suppress(GradientError):  # what an earlier run left is no reason to refuse a new one
        if any(read_origin(folder / PREVIOUS / name) for name in ORIGINS):
            return
    names = [name for name in (*MADE, *ORIGINS, *LINES, DERIVATIONS) if (folder / name).exists()]
    names += [f"{place}/" for place in PLACES[:-1] if any(_own(folder, place))]
    if names:
        raise InvalidOption(
            f"{folder} holds {names[0]}, which no run wrote and a run would replace. Choose "
            "another folder, or move it away."
        )


def _own(folder: Path, place: str) -> Iterator[Path]:
    """List what lies in a folder within, under a name that a run would give."""
    for name in ("fig-*", "tab-*", "weights-*", *MILLION):
        yield from (folder / place).glob(name)


def listed(folder: Path) -> list[Path]:
    """Return the files that a run lists as its own; none if the list is damaged.

    Others than those of a figure or table do not count, whatever the list says.
    """
    found: list[Path] = []
    with suppress(GradientError, LookupError, TypeError):
        for item in (read_json(folder / INDEX, dict) or {"items": []})["items"]:
            found += [
                folder / file for file in item["files"] if _is_of(str(item["id"]), Path(str(file)))
            ]
    return found


def _is_of(item: str, file: Path) -> bool:
    """Tell whether a path in a list can be a file of a figure, of a table, or of a training."""
    return (
        len(item) > len("fig-")
        and file.name.startswith(item)
        and "\0" not in file.name
        and file.parent in map(Path, (".", *PLACES))
        and file.name not in (*MADE, *ORIGINS, *LINES, DERIVATIONS)
    )


def remove_listed(folder: Path) -> None:
    """Remove the figures and tables that a run lists, and what it made beside them."""
    for path in listed(folder):
        if path.is_file() or path.is_symlink():
            path.unlink()
    for name in MADE:
        (folder / name).unlink(missing_ok=True)
