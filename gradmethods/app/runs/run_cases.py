"""Run the cases of a benchmark in a pytest of their own; one without a record becomes a gap.

Nothing is measured here.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradmethods.app.runs.progress import Progress
from gradmethods.errors import GradientError
from gradmethods.output.disk import check_held, content_of
from gradmethods.output.files import (
    ACCURACY,
    PYTEST,
    RECORDS,
    append_record,
    parsed,
    records_so_far,
)
from gradmethods.output.format import duration
from gradmethods.providers.attempt import Gap
from gradmethods.report.summary import case_line
from gradmethods.timing.cases import Case, counts, grid
from gradmethods.timing.noise_floor import WIDTHS
from gradmethods.timing.pairs import PAIRS
from gradmethods.timing.plan import UNTRIED
from gradmethods.timing.provenance import ROOT
from gradmethods.timing.trial import Settings, describe, gap_record

SCALING = "test_scaling.py"
"""File of the cases in the folder of benchmarks."""

POLL = 0.5
"""Seconds between two looks at the records."""

GRACE = 10.0
"""Number of seconds that the cases may overrun before they are killed."""

INTERRUPTED = 130
"""Exit status of a run that its user stopped, as a shell gives it."""


UNWRITTEN = 74
"""Exit status of cases whose records the system did not take, as programs give it."""


def find_benchmarks() -> Path:
    """Find the folder of benchmarks: beside the package in a checkout, in it where installed."""
    for folder in (ROOT / "benchmarks", ROOT / "gradmethods" / "benchmarks"):
        if (folder / SCALING).exists():
            return folder
    raise GradientError(
        f"There are no benchmarks beside the package in {ROOT}, nor in it. Install it again, or "
        "clone the repository and run `make bench` there."
    )


def run_cases(
    folder: Path,
    name: str,
    limit: float,
    settings: Settings,
    seconds: float | None,
    also: Sequence[str] = (),
    shown: Progress | None = None,
) -> int | None:
    """Run the cases of a grid that have no record yet, and show each as its record appears.

    Returns
    -------
    int or None
        Pytest's exit status; None if it was killed for time.
    """
    waiting = [key for key, done in settled(folder, name, also).items() if not done]
    if not waiting:
        return 0
    benchmarks = find_benchmarks()
    command = [
        sys.executable,
        "-P",  # what lies in the folder of benchmarks must not stand for other modules
        *("-m", "pytest", str(benchmarks / SCALING), "--rootdir", str(benchmarks.parent)),
        *("-q", "-rN", "--no-header", "-o", "console_output_style=classic"),
        *("-p", "no:cacheprovider", "--benchmark-quiet"),
        # Of a run that goes on there may be no case left to time: no reason to end as a failure.
        *("-W", "ignore:Not saving anything, no benchmarks have been run"),
        f"--benchmark-json={folder / PYTEST}",
        f"--bench-out={folder}",
        f"--bench-grid={name}",
        *(f"--bench-provider={each}" for each in also),
        f"--bench-limit={limit}",
        f"--bench-seconds={settings.seconds}",
        f"--bench-seed={settings.seed}",
        f"--bench-parent={os.getpid()}",
    ]
    if seconds is not None:
        command.append(f"--bench-budget={seconds}")
    # SymPy orders terms by hash: a fixed seed makes the same formulas, and counts, every time.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    shown = shown or Progress()
    with (
        shown.phase("cases", len(waiting)),
        tempfile.TemporaryFile(dir=folder) as said,
        _lifeline() as ends,
        subprocess.Popen(  # noqa: S603  # our own tests, by our own interpreter
            [*command, *(f"--bench-pipe={end}" for end in ends)],
            cwd=benchmarks.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end it
            pass_fds=ends,
        ) as process,
    ):
        try:
            status = _watch(process, folder / RECORDS, seconds, shown)
        except BaseException:
            process.kill()
            raise
        if status == UNWRITTEN:
            raise GradientError(
                f"The records of cases could not be written to {folder}. What was finished is "
                "kept; make room, and run the same command again."
            )
        if status not in (0, 1, None):
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
    return status


def _watch(
    process: subprocess.Popen[bytes], records: Path, seconds: float | None, shown: Progress
) -> int | None:
    """Show cases as their records appear; return the exit status, None if time was up."""
    end = math.inf if seconds is None else time.monotonic() + seconds + GRACE
    check_held(records)
    place = len(content_of(records) or b"")
    while True:
        try:
            status: int | None = process.wait(POLL)
        except subprocess.TimeoutExpired:
            status = None
        check_held(records)
        for line in (content_of(records) or b"")[place:].splitlines(keepends=True):
            if line.endswith(b"\n"):
                place += len(line)
                with suppress(ValueError):  # the end of a line that an earlier run left torn
                    shown.step(case_line(parsed(line)))
        if status is not None:
            return status
        if time.monotonic() > end:
            process.kill()
            return None


@contextmanager
def _lifeline() -> Iterator[tuple[int, ...]]:
    """Hold one end of a pipe, which closes with this process; yield the other end to a child.

    Windows passes none on: there the cases end when the next of them has a record to keep.
    """
    if os.name != "posix":
        yield ()
        return
    theirs, ours = os.pipe()
    try:
        yield (theirs,)
    finally:
        os.close(ours)
        os.close(theirs)


def settled(folder: Path, name: str, also: Sequence[str] = ()) -> dict[str, bool]:
    """Return for every case of a grid, pair and noise record whether it needs no other try."""
    records = {record["key"]: record for record in records_so_far(folder / RECORDS)}
    timed = [*(pair.key for pair in PAIRS), *(f"noise-{width}-end" for width in WIDTHS)]
    keys = [*(case.key for case in _cases(name, also)), *timed]
    return {key: key in records and not _is_untried(records[key]) for key in keys}


def kept(folder: Path, name: str, also: Sequence[str] = ()) -> str:
    """Say in words how much of a resumed run is finished."""
    cases = list(settled(folder, name, also).values())
    judged = len(records_so_far(folder / ACCURACY))
    return f"{sum(cases)} of {len(cases)} cases and {judged} results of accuracy are kept"


def fill(
    folder: Path,
    name: str,
    settings: Settings,
    status: int | None,
    budget: float | None,
    also: Sequence[str] = (),
) -> None:
    """Write a gap for every case that left no record, with how the process ended."""
    path = folder / RECORDS
    done = {record["key"] for record in records_so_far(path)}
    if status is None:
        gap = Gap("budget", f"The budget of {duration(budget or 0)} for the run was used up.")
    elif status == INTERRUPTED:
        gap = Gap("not run", "The run was interrupted before this case.")
    else:
        gap = Gap("not run", f"pytest ended with status {status} before this case.")
    for case in _cases(name, also):
        if case.key not in done:
            append_record(path, describe(case, settings) | gap_record(gap))


def _cases(name: str, also: Sequence[str]) -> list[Case]:
    return [*grid(name, also), *counts(name)]


def _is_untried(record: Mapping[str, Any]) -> bool:
    return record["outcome"] == "gap" and record.get("kind") in UNTRIED
