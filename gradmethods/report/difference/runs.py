"""The runs to be compared: folders, or what was committed at a revision of git."""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gradmethods.errors import GradientError
from gradmethods.output.disk import content_of, write_bytes
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    MILLION,
    PROVENANCE,
    RECORDS,
    faults_of,
    read_from,
    read_json,
    read_origin,
    records_so_far,
)
from gradmethods.output.run_folder import ORIGINS
from gradmethods.report.cost_frames import costs_frame, noise, noise_frame
from gradmethods.report.difference import entries
from gradmethods.report.difference.entries import Entry

COMMITTED = "results/reference"
"""What a revision means that names no folder."""

TRAINING = "tab-training-"

PARTS = ("records", "accuracy", "claims", "million", "training")


@dataclass(frozen=True)
class Run:
    """One of two runs.

    Attributes
    ----------
    name : str
        As its user wrote it.
    origin : dict
        Its provenance; empty if it has none.
    entries : list of Entry
        What it says of each case.
    costs : pandas.DataFrame
        Of `gradmethods.report.cost_frames.costs_frame`, for figures.
    noise : float or None
        The loss timed against itself, as a factor.
    faults : list of str
        Lines of its records that do not count, and why.
    """

    name: str
    origin: Mapping[str, Any]
    entries: list[Entry]
    costs: pd.DataFrame
    noise: float | None
    faults: list[str]


def open_run(name: str) -> Run:
    """Read a run.

    Parameters
    ----------
    name : str
        A folder; or ``REVISION:folder``, or ``REVISION`` alone for its ``results/reference``.

    Raises
    ------
    GradientError
        If there is no such folder or revision, or no record of a run in it, or if its records are
        damaged.
    """
    if Path(name).is_dir():
        return read_run(Path(name), name)
    if Path(name).exists():
        raise GradientError(f"{name} is a file. Name the folder of a run.")
    with tempfile.TemporaryDirectory(prefix="gradmethods-") as place:
        _check_out(name, Path(place))
        return read_run(Path(place), name)


def read_run(folder: Path, name: str) -> Run:
    """Read the run in a folder, and call it by a name."""
    readers: Mapping[str, Callable[[list[dict[str, Any]]], Iterable[Entry]]] = {
        RECORDS: lambda records: [*entries.cost_entries(records), *entries.peer_entries(records)],
        ACCURACY: entries.accuracy_entries,
        CLAIMS: entries.claim_entries,
    }
    found: list[Entry] = []
    for file, reader in readers.items():
        with read_from(folder / file):
            found += reader(records_so_far(folder / file))
    for path in (folder / MILLION[2], folder / "million" / MILLION[2]):
        with read_from(path):
            result = read_json(path, dict)
            found += entries.million_entries(result) if result else ()
    for path in sorted((folder / "tables").glob(f"{TRAINING}*.csv")):
        with read_from(path):
            rows = csv.DictReader((content_of(path) or b"").decode().splitlines())
            found += entries.training_entries(path.stem.removeprefix(TRAINING), rows)
    faults = faults_of(folder)
    if not found:
        why = f" Its records are damaged: {faults[0]}." if faults else ""
        raise GradientError(
            f"There is no record of a run in {name}.{why} Name a folder that `gradmethods bench`, "
            "`accuracy`, `claims`, `million` or `train` wrote, or a git revision of one."
        )
    with read_from(folder / RECORDS):
        timed = [r for r in records_so_far(folder / RECORDS) if "contender" not in r]
        costs, floor = costs_frame(timed), noise(noise_frame(timed))
    with read_from(folder / PROVENANCE):
        origin = _origin(folder)
    return Run(name, origin, found, costs, floor, faults)


def _origin(folder: Path) -> dict[str, Any]:
    for file in ORIGINS:
        found = read_origin(folder / file)
        if found is not None:
            return found
    return {}


def _check_out(name: str, place: Path) -> None:
    """Write the records that were committed at a revision into a folder."""
    revision, _, folder = name.partition(":")
    tree = f"{revision}:{(folder or COMMITTED).rstrip('/')}"
    listed = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", tree)
    if not revision or listed is None:
        raise GradientError(
            f"There is no folder {name}, and no folder {tree.partition(':')[2]} at a revision "
            f"{revision or '(none)'} of a git repository here. Name the folder of a run, or "
            "REVISION:FOLDER, or a revision with committed results."
        )
    for file in listed.decode(errors="replace").split("\0"):
        if file and _is_record(file):
            content = _git("cat-file", "blob", f"{tree}/{file}")
            write_bytes(place / file, content or b"")


def _is_record(file: str) -> bool:
    """Tell whether a file, named from the folder of a run, is one that a comparison reads."""
    names = (RECORDS, ACCURACY, CLAIMS, *ORIGINS, MILLION[2])
    folder, _, base = file.rpartition("/")
    return (
        file in names
        or (folder == "million" and base in MILLION[2:])
        or (folder == "tables" and base.startswith(TRAINING) and base.endswith(".csv"))
    )


def _git(*arguments: str) -> bytes | None:
    """Ask git about the repository that the user is in; None if it does not answer."""
    path = shutil.which("git")
    if path is None:
        return None
    answer = subprocess.run(  # noqa: S603  # a program of the system; what a user names is no option
        [path, *arguments], capture_output=True, check=False, timeout=60
    )
    return answer.stdout if answer.returncode == 0 else None
