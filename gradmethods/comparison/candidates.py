"""Measure every method on a user's loss; what cannot be measured is estimated, and marked so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from gradmethods.comparison.advice import LEAST, Advice
from gradmethods.comparison.cheapest import Option
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption, InvalidProblem
from gradmethods.output.format import duration
from gradmethods.providers import get_provider
from gradmethods.providers.attempt import Gap, attempt, prepare, warm_up
from gradmethods.providers.registry import traits
from gradmethods.studies.accuracy.answers import Answer, Judged, answered, judge_answers, timed
from gradmethods.timing.rounds import SHORTEST_ROUND, calls_for
from gradmethods.timing.timing import plain_loss, quiet
from gradmethods.truth.find import Found, find_truth
from gradmethods.truth.verdict import NO_GRADIENT, SUBGRADIENT, WRONG

CANDIDATES = (
    "backprop",
    "forward",
    "analytical",
    "analytical:chain-rule",
    "numerical",
    "numerical:forward",
    "numerical:complex-step",
    "numerical:central[reuse]",
)

Measured = tuple[Option, Answer]
"""The cost of a method, and its answer."""


def advise(problem: Problem, *, seconds: float = 0.5, limit: float = 10.0) -> Advice:
    """Measure every method on a loss, and say which to use.

    Parameters
    ----------
    problem : Problem
        The loss, at its size.
    seconds : float, default 0.5
        Time to spend on the rounds of each method.
    limit : float, default 10.0
        Seconds that preparing a method, one gradient, or certifying may take: a method that takes
        longer is estimated or left out, with the reason.

    Returns
    -------
    Advice
        With ``.best(count, digits)``, ``.choices(digits)``, ``.pays(name)``, ``.table``; printing
        it shows the numbers and the advice. Where the loss has no gradient, as at a kink, no method
        is advised and ``.doubt`` says why.

    Examples
    --------
    >>> import gradmethods as gm
    >>> advice = gm.advise(gm.problems.get("mlp", widths=(2, 4, 1)), seconds=0.05)
    >>> advice.best(1_000_000, digits=12).name
    'backprop'
    """
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    for name, value in (("seconds", seconds), ("limit", limit)):
        if not 0 < value < math.inf:
            raise InvalidOption(f"{name} must be a positive number of seconds, got {value!r}.")
    for name in CANDIDATES:
        warm_up(get_provider(name))
    with quiet():
        loss = min(calls_for(plain_loss(problem), SHORTEST_ROUND)[1] for _ in range(3))
    measured = [_measured(name, problem, loss, seconds, limit) for name in CANDIDATES]
    answers = [answer for _, answer in measured]
    found, judged = judge_answers(answers, find_truth(problem, limit))
    options = [_settled(option, judged[answer.provider], found) for option, answer in measured]
    return _advice(found, loss, options)


def advice_on(found: Found, judged: Iterable[Judged]) -> Advice:
    """Derive advice from answers that were timed and judged; nothing is timed again."""
    answers = list(judged)
    costs = [each.answer.cost for each in answers if each.answer.cost]
    loss = min((cost.loss.median for cost in costs), default=math.nan)
    return _advice(found, loss, [_settled(_timed(each.answer), each, found) for each in answers])


def _advice(found: Found, loss: float, options: list[Option]) -> Advice:
    doubt = found.why if found.truth is None else ""
    return Advice(found.problem, loss, tuple(options), found.words, doubt)


def _settled(option: Option, judged: Judged, found: Found) -> Option:
    """Return an option with its correct digits, and the reason if it must not be used."""
    if option.obstacle:
        return option
    measures, outcome = judged.measures, judged.outcome
    if measures is None:
        return replace(option, fault="its gradient was not verified")
    fault = ""
    if outcome in {WRONG, NO_GRADIENT, SUBGRADIENT}:
        fault = f"{outcome}: {judged.reason}".rstrip(": ")
    if measures.digits < LEAST:
        fault = f"fewer than {LEAST:.0f} correct digit"
    digits = min(measures.digits, -math.log10(np.finfo(found.problem.dtype).eps / 2))
    return replace(option, digits=digits, certified=True, fault=fault)


def _timed(answer: Answer) -> Option:
    obstacle = answer.obstacle or ("" if answer.is_finite else NOT_FINITE)
    option = Option(
        answer.provider, answer.preparation, unresolved=answer.unresolved, obstacle=obstacle
    )
    if answer.cost is None:
        return option
    gradient = answer.cost.gradient
    return replace(
        option, gradient=gradient.median, low=gradient.low, high=gradient.high,
        passes=answer.forward_passes,
    )  # fmt: skip


NOT_FINITE = "Its gradient holds NaN or infinity here."


def _measured(name: str, problem: Problem, loss: float, seconds: float, limit: float) -> Measured:
    def stopped(option: Option) -> Measured:
        return option, Answer(name, obstacle=option.obstacle or "Too slow to be asked.")

    provider = get_provider(name)
    slow = f"Preparing it takes longer than {duration(limit)}."
    ready = attempt(lambda: prepare(provider, problem), limit, slow)
    if isinstance(ready, Gap):
        return stopped(Option(name, obstacle=ready.reason))
    calls = traits(provider).black_box or traits(provider).passes is not None
    estimate = ready.passes * loss if calls else 0.0
    if estimate > limit:
        passes = ready.prepared.forward_passes
        return stopped(Option(name, ready.preparation, estimate, estimated=True, passes=passes))
    slow = f"A gradient takes longer than {duration(limit)}."
    found = attempt(lambda: answered(provider, ready), limit, slow)
    if isinstance(found, Gap):
        return stopped(Option(name, ready.preparation, obstacle=found.reason))
    answer, single = found
    if 4 * single >= limit:
        # Rounds take a few gradients more: of a slow one the time that is known must do.
        option = replace(_timed(answer), gradient=single, passes=answer.forward_passes)
        return option, answer
    cost = attempt(lambda: timed(answer, ready, seconds))
    if isinstance(cost, Gap):
        return stopped(Option(name, ready.preparation, obstacle=cost.reason))
    return _timed(cost), cost
