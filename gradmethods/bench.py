"""A whole run of the benchmark: measure, check accuracy, write the report.

The cases run in a pytest of their own. Nothing is measured here but the time that is left.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from gradmethods import assess
from gradmethods.claims import claims_rows
from gradmethods.cost.cases import counts, grid
from gradmethods.cost.plan import FULL_LIMIT, LIMIT, Gap, duration
from gradmethods.cost.provenance import provenance
from gradmethods.cost.trial import Settings, describe, gap_record
from gradmethods.derivations import NAMES, derive
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.million import read_million
from gradmethods.report import write_report
from gradmethods.report.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    PYTEST,
    RECORDS,
    append_record,
    locked,
    read_json,
    records_so_far,
    write_json,
)

SCALING = "test_scaling.py"
"""The cases, in the folder of benchmarks."""

RESERVE = 100.0
"""Seconds of the budget kept for accuracy, claims and the report, at most half of it."""

LEDGER = 20.0
"""Seconds of the reserve kept for the ledger of claims."""

WRITING = 46.0
"""Seconds of the reserve kept for the report alone, at most three fifths of it."""

PROOFS = 5.0
"""Seconds that proving the article's derivations may take."""

GRACE = 10.0
"""Seconds that the cases may overrun before they are killed."""

INTERRUPTED = 130
"""Exit status of a run that its user stopped, as a shell gives it."""


def run_benchmarks(
    out: Path | str, budget: float | None = None, *, full: bool = False, resume: bool = False
) -> int:
    """Measure cost and accuracy, and write tables, plots and the report.

    Parameters
    ----------
    out : path
        Folder to write to. An earlier run there moves to ``previous/``; other files stay.
    budget : float, optional
        Seconds for everything; no bound by default. Cases that do not fit become gaps.
    full : bool, default False
        Allow a case two hours instead of 15 seconds, and measure each longer.
    resume : bool, default False
        Go on where a run of the same commit was stopped or out of budget, keeping its finished
        cases.

    Returns
    -------
    int
        0, 1 if a case failed (a provider broke, rather than refused), or 130 if the user
        interrupted it: then the report holds what was finished, and says so.

    Raises
    ------
    GradientError
        If the benchmarks are not there, as in an installation without the checkout, or another
        run is writing to the folder.
    """
    if budget is not None and not 0 < budget < math.inf:
        raise InvalidOption(f"The budget must be a positive number of seconds, got {budget}.")
    folder, benchmarks = Path(out).resolve(), find_benchmarks()
    with locked(folder):
        return _run(folder, benchmarks, budget, full=full, resume=resume)


def _run(folder: Path, benchmarks: Path, budget: float | None, *, full: bool, resume: bool) -> int:
    start = time.monotonic()
    settings = Settings(seconds=2.0 if full else 0.5)
    limit = FULL_LIMIT if full else LIMIT
    origin = provenance(
        [Path(sys.argv[0]).name, *sys.argv[1:]],
        seed=settings.seed,
        budget=budget,
        limit=limit,
        seconds=settings.seconds,
        cases="full" if full else "all",
        finished=False,
    )
    if resume:
        before = read_json(folder / PROVENANCE)
        _check_same(before, origin)
        origin = before | {"finished": False}
    else:
        clear(folder)
    write_json(folder / PROVENANCE, origin)

    reserve = 0.0 if budget is None else min(RESERVE, budget / 2)

    def left(keep: float) -> float | None:
        return None if budget is None else max(0.0, budget - keep - (time.monotonic() - start))

    status: int | None = INTERRUPTED
    try:
        status = _run_pytest(benchmarks, folder, limit, settings, left(reserve))
        _fill(folder, settings, status, budget)
        prove(folder, left(min(WRITING, 0.6 * reserve)))
        accuracy_rows(folder, left(min(WRITING + LEDGER, 0.8 * reserve)), settings)
        ledger_rows(folder, left(min(WRITING, 0.6 * reserve)), settings)
    except KeyboardInterrupt:
        status = INTERRUPTED
        sys.stdout.write("\nInterrupted. Writing the report of what is finished ...\n")
        _fill(folder, settings, status, budget)
    write_json(folder / PROVENANCE, origin | {"finished": status in (0, 1, None)})
    write_report(folder)

    from gradmethods.report.text import summary

    sys.stdout.write(summary(folder, seconds=time.monotonic() - start))
    return status if status in (0, INTERRUPTED) else 1


def find_benchmarks() -> Path:
    """Find the folder of benchmarks, which lies beside the package in a checkout."""
    folder = Path(__file__).resolve().parents[1] / "benchmarks"
    if not (folder / SCALING).exists():
        raise GradientError(
            f"There are no benchmarks at {folder}. They are not part of an installed package: "
            "clone the repository and run `make bench` there."
        )
    return folder


def clear(folder: Path) -> None:
    """Make room for a new run: records move to ``previous/``, what was made of them goes.

    Only files that a run wrote are touched.
    """
    index = read_json(folder / "index.json") or {"items": []}
    for file in [file for item in index["items"] for file in item["files"]]:
        path = (folder / file).resolve()
        if path.is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)
    for name in ("index.json", "report.html", "references.bib", "captions.md"):
        (folder / name).unlink(missing_ok=True)
    for name in (RECORDS, PROVENANCE, ACCURACY, CLAIMS, DERIVATIONS, PYTEST):
        if (folder / name).exists():
            (folder / "previous").mkdir(exist_ok=True)
            (folder / name).replace(folder / "previous" / name)


def accuracy_rows(folder: Path, seconds: float | None, settings: Settings) -> None:
    """Judge the methods on every problem of the catalogue, as far as the time allows.

    What was judged before, in a run that goes on, is not judged again.
    """
    from gradmethods import problems
    from gradmethods.accuracy import tasks

    # A coarse atlas: two steps a decade show each branch of a curve, if not its roughness.
    coarse = tasks.Settings(seconds=settings.seconds / 10, per_decade=2, seed=settings.seed)
    catalogue = [problems.get(name) for name in problems.names()]
    todo = tasks.tasks(catalogue, coarse, hard=True)
    assess.carry_out(todo, folder / ACCURACY, seconds)


def ledger_rows(folder: Path, seconds: float | None, settings: Settings) -> None:
    """Decide the claims of the ledger, as far as the run's records and the time allow."""
    claims_rows(
        records_so_far(folder / RECORDS),
        seconds,
        million=read_million(folder / "million"),
        seed=settings.seed,
        keep=partial(append_record, folder / CLAIMS),
    )


def prove(folder: Path, seconds: float | None) -> None:
    """Keep the article's derivations with their proofs, unless they are there or time is short."""
    if not (folder / DERIVATIONS).exists() and (seconds is None or seconds > PROOFS):
        write_json(folder / DERIVATIONS, [asdict(derive(name)) for name in NAMES])


def _run_pytest(
    benchmarks: Path, folder: Path, limit: float, settings: Settings, seconds: float | None
) -> int | None:
    """Run the cases; return pytest's exit status, None if it was killed for time."""
    command = [
        sys.executable,
        *("-m", "pytest", str(benchmarks / SCALING), "--rootdir", str(benchmarks.parent)),
        *("-q", "-rN", "--no-header", "-o", "console_output_style=classic"),
        *("-p", "no:cacheprovider", "--benchmark-quiet"),
        f"--benchmark-json={folder / PYTEST}",
        f"--bench-out={folder}",
        f"--bench-grid={_cases(folder)}",
        f"--bench-limit={limit}",
        f"--bench-seconds={settings.seconds}",
        f"--bench-seed={settings.seed}",
        f"--bench-parent={os.getpid()}",
    ]
    if seconds is not None:
        command.append(f"--bench-budget={seconds}")
    # SymPy orders terms by hash: a fixed seed makes the same formulas, and counts, every time.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    sys.stdout.flush()
    try:
        done = subprocess.run(  # noqa: S603  # our own tests, by our own interpreter
            command,
            cwd=benchmarks.parent,
            env=environment,
            check=False,
            timeout=None if seconds is None else seconds + GRACE,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end it
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _fill(folder: Path, settings: Settings, status: int | None, budget: float | None) -> None:
    """Give every case that left no record a gap."""
    path = folder / RECORDS
    done = {record["key"] for record in records_so_far(path)}
    if status is None:
        gap = Gap("budget", f"The budget of {duration(budget or 0)} for the run was used up.")
    elif status == INTERRUPTED:
        gap = Gap("not run", "The run was interrupted before this case.")
    else:
        gap = Gap("not run", f"pytest ended with status {status} before this case.")
    cases = _cases(folder)
    for case in [*grid(cases), *counts(cases)]:
        if case.key not in done:
            append_record(path, describe(case, settings) | gap_record(gap))


def _cases(folder: Path) -> str:
    """Return the name of a run's grid."""
    name: str = (read_json(folder / PROVENANCE) or {}).get("cases", "all")
    return name


def _check_same(before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    """Refuse to go on with a run of other code or another machine."""
    if before is None:
        raise GradientError("There is no run to go on with in this folder. Start a new one.")
    for name in ("git", "machine", "python", "packages", "seed"):
        if before.get(name) != now[name]:
            raise GradientError(
                f"Cannot go on with the run in this folder: its {name} was {before.get(name)}, now "
                f"it is {now[name]}. Start a new run without `resume`."
            )
