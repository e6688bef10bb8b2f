"""A run of the comparison: what is judged, then a process for each case, then the report.

Nothing is timed here, and no peer is imported: a peer that takes its process down takes no more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.cases import GRID, LOSS, Case, by_turns
from benchmarks.peers.judged import judged_tasks
from benchmarks.peers.libraries import (
    AVX512,
    RELEASED,
    chosen,
    environment,
    refuse_wide,
    single_thread,
    vectors,
    versions,
)
from benchmarks.peers.results import write_results
from benchmarks.peers.trial import describe, gap_record, run_case
from gradmethods.app.runs.accuracy import carry_out
from gradmethods.app.runs.begin import begin, clear, say
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    append_record,
    records_so_far,
    write_json,
)
from gradmethods.output.format import duration
from gradmethods.output.run_folder import folder_of, locked
from gradmethods.providers.attempt import Gap
from gradmethods.timing.provenance import provenance

SECONDS = 10.0
"""Seconds of rounds for a case, at most."""

SETUP = 10.0
"""Seconds that a case may take beside its rounds: to import, prepare, compute once and warm up."""

LEAST = 1.0
"""Seconds of rounds for a case, at least."""

LIMIT = 40.0
"""Seconds for preparing a contender and its first gradients, at most."""

REPORT = 25.0
"""Seconds kept for tables and figures."""

BUDGET = 1200.0
"""Seconds for the whole comparison."""

JUDGING = 360.0
"""Seconds of the whole comparison that judging may take."""

JUDGED = "--judged"
"""What tells a child to judge; see `judge`."""

ROOT = Path(__file__).parents[2]
"""Where the child finds `benchmarks`."""


@dataclass(frozen=True)
class Plan:
    """What a run of the comparison does.

    Attributes
    ----------
    budget : float
        Seconds for everything; cases that do not fit become gaps.
    seconds : float
        Of rounds for each case, at most.
    seed : int
        Of networks, components and orders.
    cases : sequence of Case
        What to time.
    judged : bool
        Whether digits are counted and checkers judge, too.
    without : sequence of str
        Vector instructions that all leave alone: of `libraries.RESTRICTED`.
    """

    budget: float = BUDGET
    seconds: float = SECONDS
    seed: int = 0
    cases: Sequence[Case] = GRID
    judged: bool = True
    without: Sequence[str] = ()


def run_comparison(out: Path | str, plan: Plan, *, resume: bool | None = None) -> int:
    """Measure ours and the peers, and write records, tables and plots.

    Parameters
    ----------
    out : path
        Folder to write to. An earlier run there moves to ``previous/``.
    plan : Plan
        What to do.
    resume : bool, optional
        As for `gradmethods.app.runs.begin.begin`: by default an unfinished run is gone on with.

    Returns
    -------
    int
        0, or 1 if a contender failed: it broke, rather than refused.
    """
    folder = folder_of(out)
    with locked(folder):
        return _run_all(folder, plan, resume=resume)


def _run_all(folder: Path, plan: Plan, *, resume: bool | None) -> int:
    start = time.monotonic()
    origin = provenance(
        ["python -m benchmarks.peers", *sys.argv[1:]],
        seed=plan.seed,
        peers=versions(),
        environment=chosen(plan.without),
        vectors=vectors(),
        without=list(plan.without),
        released={name: os.environ[name] for name in RELEASED if name in os.environ},
        finished=False,
    )
    path = folder / RECORDS
    origin = begin(
        folder / PROVENANCE,
        origin,
        options=("peers", "without"),
        resume=resume,
        kept=lambda: f"{len(records_so_far(path)):,} records",
        clear=lambda: clear(folder),
    )
    if plan.judged:
        share = JUDGING / BUDGET * plan.budget if plan.cases else plan.budget
        _start([JUDGED, str(folder / ACCURACY), str(share)], share + 2 * SETUP)
    waiting = [case for case in by_turns(plan.cases) if _missing(case, path)]
    took: dict[str, float] = {}
    for done, case in enumerate(waiting):
        began = time.monotonic()
        left = plan.budget - REPORT - (began - start)
        gap = _run(case, path, plan, left, left / (len(waiting) - done))
        for name in _missing(case, path):
            append_record(path, describe(case, name, plan.seed) | gap_record(gap))
        took[case.key] = time.monotonic() - began
    write_json(folder / PROVENANCE, origin | {"finished": True, "phases": took})
    write_results(folder)
    for key, seconds in sorted(took.items(), key=lambda pair: -pair[1]):
        if seconds >= 1:
            say(f"{seconds:6.1f} s  {key}")
    say(f"{time.monotonic() - start:6.1f} s  of {plan.budget:g} s in all")
    failed = (
        record.get("kind") == "error" or record.get("gap") == "error"
        for file in (path, folder / ACCURACY)
        for record in records_so_far(file)
    )
    return 1 if any(failed) else 0


def child(arguments: Sequence[str]) -> int:
    """Measure the one case that `run_comparison` asks for, in this process."""
    key, path, seconds, limit, seed, *without = arguments
    (case,) = (case for case in GRID if case.key == key)

    def keep(record: dict[str, Any]) -> None:
        if AVX512 in without:
            refuse_wide(record.get("kernels", ()))
        append_record(Path(path), record)
        sys.stdout.write(f"{line(record)}\n")
        sys.stdout.flush()

    single_thread()
    run_case(case, keep, seconds=float(seconds), limit=float(limit), seed=int(seed))
    return 0


def judge(arguments: Sequence[str]) -> int:
    """Judge what `run_comparison` asks for, in this process."""
    path, seconds = arguments
    single_thread()
    carry_out(judged_tasks(), Path(path), float(seconds))
    return 0


def line(record: dict[str, Any]) -> str:
    """Say in one line what a contender took, or why it did not."""
    from gradmethods.output import format as fmt

    head = f"{record['family']}, {record['network']}".ljust(32) + f" {record['contender']:<24} "
    if record["outcome"] == "gap":
        return f"{head}gap: {fmt.shortened(record['reason'], 120)}"
    ratios = "".join(
        f"   {name} ÷ it: {fmt.interval(r['median'], r['low'], r['high'])}"
        for name, r in record["ratios"].items()
    )
    return f"{head}{fmt.time(record['time']['median']):>8}{ratios}"


def _run(case: Case, path: Path, plan: Plan, left: float, share: float) -> Gap:
    """Run a case in a process of its own; return the gap of contenders that left no record.

    It plans with its share of the time, so that none starves, and is stopped when all is gone.
    """
    if left <= SETUP:
        return Gap("budget", f"The run had {duration(max(left, 0))} left.")
    seconds = max(min(plan.seconds, share - SETUP), min(plan.seconds, LEAST))
    limit = min(LIMIT, max(share, SETUP))
    numbers = (f"{seconds:.3g}", f"{limit:.3g}", str(plan.seed))
    status = _start(["--case", case.key, str(path), *numbers, *plan.without], left, plan.without)
    if status is None:
        return Gap("limit", f"The case was stopped after {duration(left)}.")
    if status:
        return Gap("error", f"The process ended with status {status}.")
    return Gap("not run", "The process left no record.")


def _start(arguments: Sequence[str], allowance: float, without: Sequence[str] = ()) -> int | None:
    """Run this module in a process of its own; return its status, None if it was stopped."""
    sys.stdout.flush()
    try:
        done = subprocess.run(  # our own module, by our own interpreter
            [sys.executable, "-m", "benchmarks.peers", *arguments],
            env=environment(without),
            check=False,
            timeout=allowance,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _missing(case: Case, path: Path) -> list[str]:
    """Name the contenders without a record; all of them, if anybody's rounds are missing."""
    names = [LOSS, *case.contenders()]
    done = {record["key"] for record in records_so_far(path)}
    return [name for name in names if f"{case.key}-{name}" not in done]
