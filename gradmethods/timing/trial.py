"""One case of the benchmark from start to record: prepare, count, check, time.

The rounds are driven from outside, by pytest-benchmark or by a plain loop. No file is written.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from gradmethods.core.problem import Problem
from gradmethods.core.provider import GradientResult, Provider
from gradmethods.core.structure import Parameters
from gradmethods.errors import GradientError
from gradmethods.output.format import duration
from gradmethods.providers.attempt import LIMIT, Gap, attempt, forget, prepare, warm_up
from gradmethods.timing.bootstrap import FEWEST_FOR_BOOTSTRAP
from gradmethods.timing.cases import Case
from gradmethods.timing.counts import counted
from gradmethods.timing.memory import ceiling, memory, traced_seconds
from gradmethods.timing.plan import Plan
from gradmethods.timing.rounds import SHORTEST_ROUND, Rounds, calls_for
from gradmethods.timing.timing import MOST_ROUNDS, plain_loss, quiet, refuse_shared
from gradmethods.truth.find import find_truth
from gradmethods.truth.judge import Answered, measured

Drive = Callable[[Rounds, int], Any]
"""Runs a number of pairs of rounds; returns what the last gradient returned."""

HEAVY = 1.0
"""Number of seconds from which a gradient is not computed just to count its passes."""

LONG_ROUND = 0.05
"""Seconds from which one gradient is a round, known from the call that counted it."""

PATIENCE = 60.0
"""Number of seconds that may be spent on repeating a slow gradient for its interval."""

TRACED = 2.5
"""Time that tracing the memory of a case may take ÷ time for measuring it. Backprop fits at every
size of the grid, and all cases together take ten seconds where each is measured for half a one."""


@dataclass(frozen=True)
class Settings:
    """How long to measure.

    Attributes
    ----------
    seconds : float
        Seconds of interleaved rounds; with 0 a single round is taken.
    seed : int
        Of the network, of the sample compared, and of the bootstrap.
    """

    seconds: float = 0.5
    seed: int = 0


def drive(rounds: Rounds, count: int) -> Any:
    """Drive the rounds in a plain loop."""
    result = None
    for _ in range(count):
        result = rounds.pair()
    return result


def run_case(
    case: Case,
    plan: Plan,
    settings: Settings,
    *,
    drive: Drive = drive,
    provider: Provider | None = None,
) -> dict[str, Any]:
    """Measure a case, or say why not.

    Parameters
    ----------
    case : Case
        What to measure.
    plan : Plan
        What the run can afford; learns from the outcome.
    settings : Settings
        How long to measure.
    drive : callable, optional
        Drives the rounds.
    provider : Provider, optional
        The one that the case names by default.

    Returns
    -------
    dict
        The record. ``outcome`` is ``measured`` or ``gap``; a gap has ``kind`` and ``reason``.
    """
    start = time.perf_counter()
    found = guarded(
        case,
        plan,
        lambda: _measure(case, plan, settings, drive, provider or case.make_provider()),
    )
    result = found if isinstance(found, dict) else gap_record(found)
    return describe(case, settings) | result | {"seconds": time.perf_counter() - start}


def guarded(
    case: Case, plan: Plan, measure: Callable[[], dict[str, Any] | Gap]
) -> dict[str, Any] | Gap:
    """Return what `measure` finds within the limit of a plan, or why it found nothing."""
    found: dict[str, Any] | Gap | None = plan.refusal(case)
    if found is None:
        allowance = plan.allowance
        words = f"Stopped after {allowance:.3g} s, beyond what was estimated"
        found = attempt(
            ceiling()(measure), allowance, f"{words}; the limit is {duration(plan.limit)} a case."
        )
        if isinstance(found, Gap) and found.kind == LIMIT and plan.left <= 0:
            found = plan.exhausted()
    if isinstance(found, Gap):
        plan.stopped(case, found)
    return found


def describe(case: Case, settings: Settings) -> dict[str, Any]:
    """Return the part of a record that describes its case."""
    return {
        "key": case.key,
        "sweep": case.sweep,
        "provider": case.provider,
        "problem": case.kind.problem,
        "network": case.network,
        "scale": case.scale,
        "widths": case.widths and list(case.widths),
        "batch": case.kind.batch(case.scale),
        "seed": settings.seed,
        "n": case.n,
    }


def restate(case: Case, record: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the record of another sweep's case for one that is the same work."""
    own = describe(case, settings)
    return record | own | {"measured_as": record["key"], "seconds": 0.0}


def gap_record(gap: Gap) -> dict[str, Any]:
    """Return the part of a record that says why its case was not measured."""
    return {"outcome": "gap", **asdict(gap)}


def _measure(
    case: Case, plan: Plan, settings: Settings, drive: Drive, provider: Provider
) -> dict[str, Any] | Gap:
    problem = case.problem(settings.seed)
    warm_up(provider)
    with quiet():
        # The best of three: a hiccup here would refuse a case that fits.
        loss_seconds = min(calls_for(plain_loss(problem), SHORTEST_ROUND)[1] for _ in range(3))

    twin, counter = counted(problem)
    ready = prepare(provider, twin, fresh=True)
    prepared, preparation = ready.prepared, ready.preparation
    # What the method announces, or grew to, whichever is worse.
    by_passes = ready.passes * loss_seconds
    estimate = max(by_passes, plan.gradient(case))
    words = f"Estimated {duration(estimate)} for one gradient"
    if estimate == by_passes:
        words += f" ({ready.passes:,} forward passes × {duration(loss_seconds)})"
    refusal = plan.unaffordable(estimate, words)
    if refusal is not None:
        return refusal

    result: GradientResult | None = None
    known: float | None = None
    if estimate < HEAVY:
        counter.reset()
        start = time.perf_counter()
        result = prepared(problem.params)
        known, calls = time.perf_counter() - start, counter.calls
        if max(preparation, known) < HEAVY:  # the counter's own cost, 0.1 µs a pass, is avoidable
            forget()
            prepared = provider.prepare(problem)
    refuse_shared(prepared)
    rounds = Rounds(partial(prepared, problem.params), plain_loss(problem))
    with quiet():
        slow = estimate if known is None else known
        each = rounds.calibrate(slow if slow >= LONG_ROUND else None)
        counter.reset()
        timed = drive(rounds, _count(each, settings.seconds * case.kind.share, plan))
    if result is None:
        result, calls = (
            timed,
            counter.calls // (len(rounds.gradient_seconds) * rounds.gradient_calls),
        )
    cost = rounds.cost(seed=settings.seed)
    plan.finished(case, preparation, cost.gradient.median)
    return {
        "outcome": "measured",
        **cost.record(),
        **rounds.record(),
        "preparation": preparation,
        "preparation_parts": getattr(prepared, "preparation", None),
        "forward_passes": getattr(prepared, "forward_passes", None),
        "value_passes": getattr(prepared, "value_passes", None),
        "loss_calls_per_gradient": calls,
        "operations": getattr(prepared, "operations", None),
        "value": float(result.value),
        **memory(
            provider,
            problem,
            traced_seconds(preparation, cost.gradient.median),
            # A deadline that strikes here would lose what was measured.
            affordable=min(TRACED * settings.seconds, plan.left / 4),
        ),
        **_check(result, problem),
    }


def _check(result: GradientResult, problem: Problem) -> dict[str, Any]:
    try:
        return asdict(check(result.gradient, problem))
    except GradientError as error:  # no reference is no reason to lose the times
        return {"error": None, "reference": f"none: {error}", "components": 0}


def _count(each: float, seconds: float, plan: Plan) -> int:
    """Decide how many pairs of rounds, each taking `each` seconds, to take."""
    if seconds == 0:
        return 1
    affordable = min(plan.limit / 2, plan.left / 2, PATIENCE) / each
    wanted = max(seconds / each, min(FEWEST_FOR_BOOTSTRAP, affordable))
    return max(1, min(MOST_ROUNDS, int(wanted)))


COUNTING_SECONDS = 20.0
"""Seconds for counting the operations of all cases, in a run that someone waits for."""

COUNTING_SHARE = 0.6
"""Part of the limit for a timed case that a case may take of which operations alone are counted."""


def count_case(case: Case, plan: Plan, settings: Settings) -> dict[str, Any]:
    """Count the operations of a compiled gradient, or say why not.

    Formulas are counted on the stages of their derivation, and not written.

    Parameters
    ----------
    case : Case
        Which provider on which network.
    plan : Plan
        What the run can afford; learns from the outcome.
    settings : Settings
        The seed; counts do not depend on it, unless a weight is drawn that simplifies a formula.

    Returns
    -------
    dict
        The record. ``outcome`` is ``measured`` or ``gap``.

    Examples
    --------
    >>> record = count_case(Case("count-2", "backprop", 1), Plan(limit=60), Settings())
    >>> record["network"], record["operations"]
    ('2-2-1', 55)
    """
    start = time.perf_counter()
    found = guarded(case, plan, lambda: _operations(case, plan, settings))
    result = found if isinstance(found, dict) else gap_record(found)
    return describe(case, settings) | result | {"seconds": time.perf_counter() - start}


def _operations(case: Case, plan: Plan, settings: Settings) -> dict[str, Any]:
    problem, provider = case.problem(settings.seed), case.make_provider()
    forget()  # counts must not depend on what was derived before
    start = time.perf_counter()
    count = getattr(provider, "count_operations", None)
    operations = count(problem) if count else provider.prepare(problem).operations  # type: ignore[attr-defined]  # compiled ones have it
    plan.finished(case, time.perf_counter() - start, 0.0)
    return {"outcome": "measured", "operations": operations}


# -- the error, against the certified gradient or a certified part of it

SECONDS = 2.0
"""Number of seconds that certifying may take for a case, so that measuring has its time."""


@dataclass(frozen=True)
class Checked:
    """The error of a gradient.

    Attributes
    ----------
    error : float
        Norm of the difference ÷ norm of the truth, over what is certified; NaN if nothing is.
    reference : str
        What it was held against, in words.
    components : int
        How many derivatives are certified.
    """

    error: float
    reference: str
    components: int


def check(gradient: Parameters, problem: Problem) -> Checked:
    """Measure the error of a gradient at the point of its problem."""
    found = find_truth(problem, SECONDS, rounding=False)
    measures = measured(Answered(problem.structure.check(gradient)), found)
    if measures is None:
        return Checked(math.nan, found.words, 0)
    return Checked(measures.error, found.words, measures.n)
