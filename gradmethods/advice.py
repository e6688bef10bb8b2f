"""Advice: which method to use for a loss, for how many gradients, and to how many digits.

Every method that can is measured on the loss itself; what is not measured is estimated, and says
so. The words of it are in `gradmethods.report.advice`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods import problems
from gradmethods.cost.breakeven import BreakEven, Price, evaluations
from gradmethods.cost.deadline import OutOfTime, deadline
from gradmethods.cost.plan import duration
from gradmethods.cost.rounds import SHORTEST_ROUND, calls_for
from gradmethods.cost.timing import measure, plain_loss, quiet
from gradmethods.errors import BudgetExceeded, GradientError, InvalidOption, InvalidProblem
from gradmethods.problem import Problem
from gradmethods.providers import get_provider
from gradmethods.structure import Parameters

if TYPE_CHECKING:
    import pandas as pd

CANDIDATES = (
    "backprop",
    "analytical",
    "analytical:chain-rule",
    "numerical",
    "numerical:forward",
    "numerical:complex-step",
    "numerical:central[reuse]",
)

BLACK_BOX = "numerical"
"""What works with any loss: others are compared with it."""

THEORY = {"numerical": 2 / 3, "numerical:forward": 1 / 2, "numerical:central[reuse]": 2 / 3}
"""Exponents of the unit round-off in the error at the best step; 1 for methods without one."""

Grader = Callable[[Parameters], float]


@dataclass(frozen=True)
class Option:
    """What one method costs and gives on the user's loss.

    Attributes
    ----------
    name : str
        Of the provider.
    preparation, gradient : float
        Seconds, once and per gradient; NaN if there is no gradient.
    low, high : float
        Ends of the 95 % interval of `gradient`.
    digits : float
        Correct digits of the gradient, in the norm.
    certified : bool
        Whether the digits were measured against the truth; if not, theory allows no more.
    estimated : bool
        Whether the time is passes × time of the loss, as one gradient would take too long.
    passes : int or None
        Forward passes of one gradient.
    obstacle : str
        Why there is no gradient; empty if there is.
    """

    name: str
    preparation: float = math.nan
    gradient: float = math.nan
    low: float = math.nan
    high: float = math.nan
    digits: float = math.nan
    certified: bool = False
    estimated: bool = False
    passes: int | None = None
    obstacle: str = ""

    @property
    def price(self) -> Price:
        """Preparation, and a gradient with its interval; a single time is right within twice."""
        known = self.low <= self.gradient <= self.high
        low, high = (self.low, self.high) if known else (self.gradient / 2, self.gradient * 2)
        return Price(self.preparation, self.gradient, low, high)

    def total(self, count: int) -> float:
        """Return the seconds of preparing and so many gradients."""
        return self.preparation + count * self.gradient


@dataclass(frozen=True)
class Choice:
    """The cheapest method from some number of gradients on."""

    start: int
    option: Option


@dataclass(frozen=True, repr=False)
class Advice:
    """What to use for a loss. Printing it shows the numbers and the advice.

    Attributes
    ----------
    problem : Problem
        The loss.
    loss : float
        Seconds of one loss in plain NumPy.
    options : tuple of Option
        One per method, measured or with its obstacle.
    reference : str
        What the digits are counted against, in words.
    """

    problem: Problem
    loss: float
    options: tuple[Option, ...]
    reference: str

    def best(self, count: int, digits: float = 0.0) -> Option | None:
        """Return the cheapest method for so many gradients with so many digits; None if none is.

        Parameters
        ----------
        count : int
            Gradients, preparation included.
        digits : float, default 0
            Correct digits wanted, in the norm.
        """
        if count < 1:
            raise InvalidOption(f"count must be at least 1, got {count!r}.")
        able = [o for o in self.options if not o.obstacle and o.digits >= digits]
        return min(able, key=lambda option: option.total(count), default=None)

    def choices(self, digits: float = 0.0) -> list[Choice]:
        """List which method is the cheapest from how many gradients on."""
        able = [o for o in self.options if not o.obstacle and o.digits >= digits]
        # Where one overtakes another, and the count after it, in case the two are even there.
        pays = {evaluations(one.price, other.price).value for one in able for other in able}
        starts = {int(k) for value in pays if math.isfinite(value) for k in (value, value + 1)}
        found: list[Choice] = []
        for start in sorted(starts - {0} | {1}):
            option = self.best(start, digits)
            if option is not None and (not found or option is not found[-1].option):
                found.append(Choice(start, option))
        return found

    def pays(self, name: str, other: str = BLACK_BOX) -> BreakEven:
        """Return from how many gradients on a method, with its preparation, is the cheaper one."""
        options = {option.name: option for option in self.options}
        return evaluations(options[name].price, options[other].price)

    @property
    def table(self) -> pd.DataFrame:
        """One row per method: what `Option` holds, and the ratio to the loss."""
        import pandas as pd

        names = ("preparation", "gradient", "low", "high", "digits", "certified", "estimated",
                 "passes", "obstacle")  # fmt: skip
        rows = [
            {"provider": option.name, **{name: getattr(option, name) for name in names}}
            for option in self.options
        ]
        frame = pd.DataFrame(rows).set_index("provider")
        return frame.assign(ratio=frame["gradient"] / self.loss)

    def __str__(self) -> str:
        from gradmethods.report.advice import advice_text

        return advice_text(self)

    __repr__ = __str__


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
