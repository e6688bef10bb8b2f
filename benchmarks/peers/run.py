"""A run of the comparison: what is judged, then a process for each case, then the report.

Nothing is timed here, and no peer is imported: a peer that takes its process down takes no more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.peers.cases import GRID, LOSS, Case
from benchmarks.peers.judged import judged_tasks
from benchmarks.peers.results import write_results
from benchmarks.peers.trial import ENVIRONMENT, RELEASED, describe, gap_record, run_case
from gradmethods.app.runs.accuracy import carry_out
from gradmethods.app.runs.begin import begin, clear
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
from gradmethods.providers.peers import PEERS
from gradmethods.timing.provenance import provenance

SECONDS = 15.0
"""Seconds of rounds for a case."""

LIMIT = 40.0
"""Seconds for preparing a contender and its first gradients."""

BUDGET = 1200.0
"""Seconds for the whole comparison."""

JUDGING = 360.0
"""Seconds of the whole comparison that judging may take."""

JUDGED = "--judged"
"""What tells a child to judge; see `judge`."""

GRACE = 60.0
"""Seconds that a case may take beyond its rounds and its contenders' limits are worth."""

ROOT = Path(__file__).parents[2]
"""Where the child finds `benchmarks`."""


def run_comparison(
    out: Path | str,
    *,
    budget: float = BUDGET,
    seconds: float = SECONDS,
    resume: bool | None = None,
    seed: int = 0,
    cases: Sequence[Case] = GRID,
    judged: bool = True,
) -> int:
    """Measure ours and the peers, and write records, tables and plots.

    Parameters
    ----------
    out : path
        Folder to write to. An earlier run there moves to ``previous/``.
    budget : float
        Seconds for everything; cases that do not fit become gaps.
    seconds : float
        Of rounds for each case.
    resume : bool, optional
        As for `gradmethods.app.runs.begin.begin`: by default an unfinished run is gone on with.
    seed : int, default 0
        Of networks, components and orders.
    cases : sequence of Case
        What to time; everything by default.
    judged : bool, default True
        Whether digits are counted and checkers judge, too.

    Returns
    -------
    int
        0, or 1 if a contender failed: it broke, rather than refused.
    """
    folder = folder_of(out)
    with locked(folder):
        return _run_all(folder, budget, seconds, cases, resume=resume, seed=seed, judged=judged)


def _run_all(
    folder: Path,
    budget: float,
    seconds: float,
    cases: Sequence[Case],
    *,
    resume: bool | None,
    seed: int,
    judged: bool,
) -> int:
    start = time.monotonic()
    origin = provenance(
        ["python -m benchmarks.peers", *sys.argv[1:]],
        seed=seed,
        peers=versions(),
        environment=ENVIRONMENT,
        vectors=vectors(),
        released={name: os.environ[name] for name in RELEASED if name in os.environ},
        finished=False,
    )
    path = folder / RECORDS
    origin = begin(
        folder / PROVENANCE,
        origin,
        options=("peers",),
        resume=resume,
        kept=lambda: f"{len(records_so_far(path)):,} records",
        clear=lambda: clear(folder),
    )
    share = JUDGING / BUDGET * budget if cases else budget
    if judged:
        _start([JUDGED, str(folder / ACCURACY), str(share)], share + GRACE)
    for case in cases:
        if _missing(case, path):
            gap = _run(case, path, seconds, seed, budget - (time.monotonic() - start))
            for name in _missing(case, path):
                append_record(path, describe(case, name, seed) | gap_record(gap))
    write_json(folder / PROVENANCE, origin | {"finished": True})
    write_results(folder)
    failed = (
        record.get("kind") == "error" or record.get("gap") == "error"
        for file in (path, folder / ACCURACY)
        for record in records_so_far(file)
    )
    return 1 if any(failed) else 0


def versions() -> dict[str, str | None]:
    """Return the installed version of every package that a peer needs."""
    found: dict[str, str | None] = {}
    for package in sorted({package for peer in PEERS.values() for package in peer.packages}):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


VECTORS = ("sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_bf16", "amx_tile", "asimd")
"""Flags of vector instructions, as Linux writes them."""


def vectors() -> list[str]:
    """Return the vector instructions that the processor has; none where the system hides them."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    flags = {
        flag
        for line in told.splitlines()
        if line[:5] in ("flags", "Featu")
        for flag in line.split()
    }
    return [name for name in VECTORS if name in flags]


def child(arguments: Sequence[str]) -> int:
    """Measure the one case that `run_comparison` asks for, in this process."""
    key, path, seconds, seed = arguments
    (case,) = (case for case in GRID if case.key == key)

    def keep(record: dict[str, Any]) -> None:
        append_record(Path(path), record)
        sys.stdout.write(f"{line(record)}\n")
        sys.stdout.flush()

    _single_thread()
    run_case(case, keep, seconds=float(seconds), limit=LIMIT, seed=int(seed))
    return 0


def judge(arguments: Sequence[str]) -> int:
    """Judge what `run_comparison` asks for, in this process."""
    path, seconds = arguments
    _single_thread()
    carry_out(judged_tasks(), Path(path), float(seconds))
    return 0


def line(record: dict[str, Any]) -> str:
    """Say in one line what a contender took, or why it did not."""
    from gradmethods.output import format as fmt

    head = f"{record['network']:<16} {record['contender']:<22} "
    if record["outcome"] == "gap":
        return f"{head}gap: {fmt.shortened(record['reason'], 120)}"
    ratios = "".join(
        f"   {name} ÷ it: {fmt.interval(r['median'], r['low'], r['high'])}"
        for name, r in record["ratios"].items()
    )
    return f"{head}{fmt.time(record['time']['median']):>8}{ratios}"


def _run(case: Case, path: Path, seconds: float, seed: int, left: float) -> Gap:
    """Run a case in a process of its own; return the gap of contenders that left no record."""
    if left <= seconds:
        return Gap("budget", f"The run had {duration(max(left, 0))} left.")
    allowance = min(left, seconds + GRACE + LIMIT * len(case.contenders()))
    status = _start(["--case", case.key, str(path), str(seconds), str(seed)], allowance)
    if status is None:
        return Gap("limit", f"The case was stopped after {duration(allowance)}.")
    if status:
        return Gap("error", f"The process ended with status {status}.")
    return Gap("not run", "The process left no record.")


def _start(arguments: Sequence[str], allowance: float) -> int | None:
    """Run this module in a process of its own; return its status, None if it was stopped."""
    environment = {name: v for name, v in os.environ.items() if name not in RELEASED} | ENVIRONMENT
    sys.stdout.flush()
    try:
        done = subprocess.run(  # our own module, by our own interpreter
            [sys.executable, "-m", "benchmarks.peers", *arguments],
            env=environment,
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


def _single_thread() -> None:
    """Hold torch to one thread, in case it does not heed the environment."""
    if PEERS["torch"].missing() is None:
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
