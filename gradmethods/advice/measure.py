"""Measuring every method on a user's loss; what is not measured is estimated, and says so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gradmethods import problems
from gradmethods.advice.advice import Advice, Option
from gradmethods.cost.deadline import OutOfTime, deadline
from gradmethods.cost.plan import duration
from gradmethods.cost.rounds import SHORTEST_ROUND, calls_for
from gradmethods.cost.timing import measure, plain_loss, quiet
from gradmethods.errors import BudgetExceeded, GradientError, InvalidOption, InvalidProblem
from gradmethods.problem import Problem
from gradmethods.providers import get_provider
from gradmethods.structure import Parameters

CANDIDATES = (
    "backprop",
    "analytical",
    "analytical:chain-rule",
    "numerical",
    "numerical:forward",
    "numerical:complex-step",
    "numerical:central[reuse]",
)

THEORY = {"numerical": 2 / 3, "numerical:forward": 1 / 2, "numerical:central[reuse]": 2 / 3}
"""Exponents of the unit round-off in the error at the best step; 1 for methods without one."""

Grader = Callable[[Parameters], float]


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
        it shows the numbers and the advice.

    Examples
    --------
    >>> import gradmethods as gm
    >>> advice = gm.advise(gm.problems.get("mlp", widths=(2, 16, 16, 1), batch=50), seconds=0.05)
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
        _warm_up(name)
    with quiet():
        loss = min(calls_for(plain_loss(problem), SHORTEST_ROUND)[1] for _ in range(3))
    grade, reference = _grader(problem, limit)
    options = tuple(_option(name, problem, loss, grade, seconds, limit) for name in CANDIDATES)
    return Advice(problem, loss, options, reference)


@cache
def _warm_up(name: str) -> None:
    """Let a method import what it needs, once, outside of any measurement."""
    problem = problems.get("network-1-1-1")
    get_provider(name).prepare(problem)(problem.params)


def _option(
    name: str, problem: Problem, loss: float, grade: Grader | None, seconds: float, limit: float
) -> Option:
    theory = -THEORY.get(name, 1.0) * math.log10(float(np.finfo(problem.dtype).eps) / 2)
    try:
        with deadline(limit):
            start = time.perf_counter()
            prepared: Any = get_provider(name).prepare(problem)
            preparation = time.perf_counter() - start
    except OutOfTime:
        return Option(name, obstacle=f"Preparing it takes longer than {duration(limit)}.")
    except (GradientError, MemoryError) as error:
        return Option(name, obstacle=str(error) or "Out of memory.")
    passes = prepared.forward_passes
    black_box = name.startswith("numerical") and "reuse" not in name
    estimate = ((passes or 0) + prepared.value_passes) * loss if black_box else 0.0
    if estimate > limit:
        return Option(
            name, preparation, estimate, digits=theory, estimated=True, passes=passes
        )  # fmt: skip
    try:
        with deadline(2 * limit + seconds):
            result = prepared(problem.params)
            cost = measure(prepared, problem, seconds=seconds)
    except OutOfTime:
        return Option(name, preparation, obstacle=f"A gradient takes over {duration(limit)}.")
    except GradientError as error:
        return Option(name, preparation, obstacle=str(error))
    digits = math.nan if grade is None else grade(result.gradient)
    certified = not math.isnan(digits)
    if not np.isfinite(problem.structure.join(problem.structure.check(result.gradient))).all():
        return Option(name, preparation, obstacle="Its gradient holds NaN or infinity here.")
    return Option(
        name, preparation, cost.gradient.median, cost.gradient.low, cost.gradient.high,
        digits if certified else theory, certified, passes=prepared.forward_passes,
    )  # fmt: skip


def _grader(problem: Problem, limit: float) -> tuple[Grader | None, str]:
    """Return what counts the correct digits of a gradient, and in words what it counts by."""
    from gradmethods.certified import certified_gradient, certified_sample

    structure = problem.structure
    finest = -math.log10(float(np.finfo(problem.dtype).eps) / 2)
    try:
        with deadline(limit):
            try:
                truth = certified_gradient(problem, 20, budget=limit / 2)
            except BudgetExceeded:
                sample = certified_sample(problem, 20, components=8, directions=8)
            else:
                norm = float(np.linalg.norm(structure.join(structure.check(truth.gradient))))

                def whole(gradient: Parameters) -> float:
                    error = truth.error(gradient)
                    return _digits(float(np.linalg.norm(structure.join(error))), norm, finest)

                return whole, f"the certified gradient, all {problem.size:,} components"
    except OutOfTime:
        return None, f"theory: certifying takes longer than {duration(limit)}"
    except GradientError as error:
        return None, f"theory, as there is no certified gradient: {error}"

    def sampled(gradient: Parameters) -> float:
        errors = sample.directional_error(gradient)
        flat = structure.join(structure.check(gradient)).astype(float)
        slopes = sample.directions @ flat - errors
        return _digits(float(np.linalg.norm(errors)), float(np.linalg.norm(slopes)), finest)

    return sampled, f"certified derivatives along {len(sample.directions)} random directions"


def _digits(error: float, norm: float, finest: float) -> float:
    """Return −log₁₀ of a relative error; NaN where there is nothing to be relative to."""
    if not (norm > 0 and error >= 0):
        return math.nan
    return finest if error == 0 else min(finest, -math.log10(error / norm))
