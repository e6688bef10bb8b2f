"""Operations of compiled gradients, counted: no timing, nothing evaluated."""

from __future__ import annotations

import time
from typing import Any

from gradmethods.providers.attempt import forget
from gradmethods.timing.cases import Case
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, describe, gap_record, guarded

SECONDS = 20.0
"""For all cases of a run that someone waits for."""

SHARE = 0.6
"""This part of the limit for a timed case is what a case may take that is only counted."""


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
    found = guarded(case, plan, lambda: _count(case, plan, settings))
    result = found if isinstance(found, dict) else gap_record(found)
    return describe(case, settings) | result | {"seconds": time.perf_counter() - start}


def _count(case: Case, plan: Plan, settings: Settings) -> dict[str, Any]:
    problem, provider = case.problem(settings.seed), case.make_provider()
    forget()  # counts must not depend on what was derived before
    start = time.perf_counter()
    count = getattr(provider, "count_operations", None)
    operations = count(problem) if count else provider.prepare(problem).operations  # type: ignore[attr-defined]  # compiled ones have it
    plan.finished(case, time.perf_counter() - start, 0.0)
    return {"outcome": "measured", "operations": operations}
