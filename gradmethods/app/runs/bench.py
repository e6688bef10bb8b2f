"""A whole run of the benchmark: measure, check accuracy, decide claims, write the report.

Each part leaves its records as it goes, and does not do again what has one. Nothing is measured
here but the time that is left.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradmethods.app.locate import find_problem
from gradmethods.app.runs import accuracy, million
from gradmethods.app.runs.begin import begin, clear, say
from gradmethods.app.runs.budget import FULL, SHORT, Budget
from gradmethods.app.runs.progress import Progress
from gradmethods.app.runs.run_cases import INTERRUPTED, fill, find_benchmarks, kept, run_cases
from gradmethods.errors import BudgetExceeded, InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    append_record,
    faults_of,
    read_from,
    records_so_far,
    write_json,
)
from gradmethods.output.items import Pace
from gradmethods.output.run_folder import folder_of, locked
from gradmethods.providers import get_provider
from gradmethods.providers.attempt import Gap
from gradmethods.report import write_report
from gradmethods.studies.accuracy.survey import VARIANTS
from gradmethods.studies.claims import LEDGER, claims_rows
from gradmethods.studies.derivations import NAMES, derive
from gradmethods.timing.plan import FULL_LIMIT, LIMIT, Plan
from gradmethods.timing.provenance import provenance
from gradmethods.timing.trial import Settings, gap_record

PROOFS = 5.0
"""Number of seconds that proving the article's derivations may take."""

OPTIONS = ("full", "grid", "limit", "seconds", "providers", "problems")
"""Options that a run must share with one that it resumes, beside code and machine."""

MILLION = "million"
"""Name of the folder of the million passes within a run, and key of their record."""

FEWER = {"small": (2, 24, 24, 1)}
"""By the name of the grid, whose differences are taken in place of a million parameters': few in
the small one, which is for tests."""


def run_benchmarks(
    out: Path | str,
    budget: float | None = None,
    *,
    full: bool = False,
    resume: bool | None = None,
    grid: str | None = None,
    providers: Sequence[str] = (),
    problems: Sequence[str] = (),
    started: float | None = None,
) -> int:
    """Measure cost and accuracy, decide claims, and write tables, plots and the report.

    Parameters
    ----------
    out : path
        Folder to write to. An earlier run there moves to ``previous/``; other files stay.
    budget : float, optional
        Seconds for everything from now on; no bound by default. What does not fit becomes a gap.
    full : bool, default False
        Run a million forward passes first, allow a case two minutes instead of 15 seconds, and
        measure each longer.
    resume : bool, optional
        By default a run of the same code, machine and options that was stopped before its end is
        gone on with: what it finished is kept. Anything else in the folder makes room for a new
        run. True insists on going on, also with a run that is finished but was out of budget;
        False on a new run.
    grid : {"all", "full", "small"}, optional
        The cases: by default ``full`` in a full run, else ``all``. The small grid is for tests.
    providers : sequence of str
        Names of providers to measure beside those of the grid, as `get_provider` takes them.
    problems : sequence of str
        Names of problems on which every method is judged beside those of the catalogue, and before
        them, as `find_problem` takes them.
    started : float, optional
        From when the budget counts, by `time.monotonic`; from the call by default.

    Returns
    -------
    int
        0, 1 if a case failed (a provider broke, rather than refused), or 130 if the user
        interrupted it: then the report holds what was finished, and says so.

    Raises
    ------
    GradientError
        If the benchmarks are not there, as in an installation without the checkout; if another
        run is writing to the folder; if there is no run to go on with although one was asked for.
    """
    if budget is not None and not 0 < budget < math.inf:
        raise InvalidOption(f"The budget must be a positive number of seconds, got {budget}.")
    time = Budget(budget, FULL if full else SHORT, start=started)
    settings = Settings(seconds=2.0 if full else 0.5)
    cases = grid or ("full" if full else "all")
    also = [_anywhere(name) for name in providers]
    theirs = [_anywhere(name) for name in problems]
    for name in also:  # one that is not known ends the run before it begins
        get_provider(name)
    for name in theirs:
        find_problem(name)
    folder = folder_of(out)
    find_benchmarks()
    with locked(folder):
        now = provenance(
            [Path(sys.argv[0]).name, *sys.argv[1:]],
            seed=settings.seed,
            budget=budget,
            limit=FULL_LIMIT if full else LIMIT,
            seconds=settings.seconds,
            full=full,
            grid=cases,
            providers=also,
            problems=theirs,
            reported=False,
        )
        origin = begin(
            folder / PROVENANCE,
            now,
            options=OPTIONS,
            resume=resume,
            kept=lambda: kept(folder, cases, also),
            clear=lambda: clear(folder),
        )
        check_kept(folder)
        return _run(folder, origin, settings, time)


def _run(folder: Path, origin: dict[str, Any], settings: Settings, time: Budget) -> int:
    """Measure everything of which the folder has no records, and write the report."""
    grid, limit, also = origin["grid"], origin["limit"], origin.get("providers", [])
    status: int | None = INTERRUPTED
    shown = Progress(6 if origin["full"] else 5, lambda: time.left, origin.get("phases"))
    try:
        time.watch()
        if origin["full"]:
            with shown.phase("million passes"):
                million_passes(folder, grid, time.for_million(), settings)
        status = run_cases(folder, grid, limit, settings, time.for_cases(), also, shown)
        fill(folder, grid, settings, status, time.seconds, also)
        time.watch()
        theirs = origin.get("problems", [])
        accuracy_rows(folder, time.for_accuracy(), settings, shown, also, theirs)
        time.watch()
        with shown.phase("derivations"):
            prove(folder, time.for_ledger())
        ledger_rows(folder, time.for_ledger(), settings, shown)
    except KeyboardInterrupt:
        status = INTERRUPTED
        say("\nInterrupted. Writing the report of what is finished ...")
        fill(folder, grid, settings, status, time.seconds, also)
    origin |= {"finished": status in (0, 1, None), "phases": shown.seconds}
    write_json(folder / PROVENANCE, origin)
    pace = Pace(lambda: time.left)
    with shown.phase("report"):
        write_report(folder, pace)
    if pace.without:
        say(
            f"{pace.without} figures are on the page alone, not as PDF nor for a column: no time "
            f"was left.\n`gradmethods report {folder}` writes them."
        )
    write_json(folder / PROVENANCE, origin | {"phases": shown.seconds, "reported": True})

    from gradmethods.report.difference.words import since_previous
    from gradmethods.report.summary import summary

    sys.stdout.write(summary(folder, seconds=time.spent))
    sys.stdout.write(since_previous(folder))
    if status == INTERRUPTED:
        return INTERRUPTED
    # A case that failed before this start of the run has failed all the same.
    failed = any(record.get("kind") == "error" for record in records_so_far(folder / RECORDS))
    return 1 if failed or status not in (0, None) else 0


def check_kept(folder: Path) -> None:
    """Say which lines of the records that are kept do not count.

    Raises
    ------
    GradientError
        If there is one that no run wrote: now, before hours are spent on a report that fails.
    """
    from gradmethods.report.caveats import damage
    from gradmethods.report.claims_text import ledger_text
    from gradmethods.report.recorded import Recorded

    for words in damage(faults_of(folder)):
        say(words)
    records = records_so_far(folder / RECORDS)
    judged, decided = records_so_far(folder / ACCURACY), records_so_far(folder / CLAIMS)
    kept = Recorded(records, judged, decided)
    with read_from(folder / RECORDS):
        plan = Plan(LIMIT)
        for record in records:
            plan.recall(record)
        _ = kept.costs, kept.noise, kept.counts, kept.memories
    with read_from(folder / ACCURACY):
        _ = kept.references, kept.gradients, kept.points, kept.steps, kept.hard_cases, kept.planted
    with read_from(folder / CLAIMS):
        ledger_text(decided)


def _anywhere(name: str) -> str:
    """Return the name by which a process in another folder finds a provider or a problem."""
    path, colon, variable = name.rpartition(":")
    return f"{Path(path).resolve()}:{variable}" if colon and path.endswith(".py") else name


def million_passes(folder: Path, grid: str, seconds: float | None, settings: Settings) -> None:
    """Run a million forward passes, unless their result exists; keep a record of the outcome.

    They come first, so that no budget is used up before them, and nothing else runs meanwhile.
    """
    place, widths = folder / MILLION, FEWER.get(grid, million.WIDTHS)
    about = {
        "key": MILLION,
        "sweep": MILLION,
        "provider": "numerical:forward",
        "network": "-".join(map(str, widths)),
        "n": million.size(widths),
    }
    if not million.is_finished(place, widths=widths, seed=settings.seed):
        try:
            million.run_million(place, widths=widths, seed=settings.seed, seconds=seconds)
        except BudgetExceeded as refusal:
            say(f"A gap: the million forward passes. {refusal}")
            append_record(folder / RECORDS, about | gap_record(Gap("budget", str(refusal))))
            return
    if _record(folder).get("outcome") != "measured":
        append_record(folder / RECORDS, about | {"outcome": "measured"})


def accuracy_rows(
    folder: Path,
    seconds: float | None,
    settings: Settings,
    shown: Progress | None = None,
    also: Sequence[str] = (),
    theirs: Sequence[str] = (),
) -> None:
    """Judge every method on a user's problems and the catalogue's, as far as the time allows.

    What was judged before, in a run that goes on, is not judged again.
    """
    from gradmethods import problems

    # Coarse sweeps: two steps a decade show each branch of a curve, if not its roughness.
    coarse = accuracy.Settings(
        settings.seconds / 10, 2, settings.seed, tuple(dict.fromkeys([*VARIANTS, *also]))
    )
    catalogue = [find_problem(name) for name in dict.fromkeys([*theirs, *problems.names()])]
    todo = accuracy.tasks(catalogue, coarse, hard=True)
    accuracy.carry_out(todo, folder / ACCURACY, seconds, shown)


def ledger_rows(
    folder: Path, seconds: float | None, settings: Settings, shown: Progress | None = None
) -> None:
    """Decide the claims of the ledger, as far as the run's records and the time allow.

    A claim that was decided by the same records is not examined again.
    """
    shown = shown or Progress()
    records = records_so_far(folder / RECORDS)
    passes = million.read_million(folder / MILLION) or _record(folder) or None
    evidence = json.dumps([sorted(records, key=lambda r: str(r["key"])), passes], sort_keys=True)
    digest = hashlib.sha256(evidence.encode()).hexdigest()[:16]
    before = [r for r in records_so_far(folder / CLAIMS) if r.get("evidence") == digest]

    def keep(record: dict[str, Any]) -> None:
        append_record(folder / CLAIMS, record | {"evidence": digest})
        shown.step(f"{record['id']} {record['verdict']}")

    known = [record for record in before if record["outcome"] == "measured"]
    with shown.phase("claims", len(LEDGER) - len(known)):
        claims_rows(records, seconds, million=passes, seed=settings.seed, keep=keep, known=known)


def prove(folder: Path, seconds: float | None) -> None:
    """Write the article's derivations with their proofs, unless they exist or time is short."""
    if not (folder / DERIVATIONS).exists() and (seconds is None or seconds > PROOFS):
        write_json(folder / DERIVATIONS, [asdict(derive(name)) for name in NAMES])


def _record(folder: Path) -> dict[str, Any]:
    """Return the record of the million passes; empty if there is none for such a run."""
    found = [r for r in records_so_far(folder / RECORDS) if r["key"] == MILLION]
    return found[0] if found else {}
