"""What one provider answers to a problem: asked so that no failure of one hides another."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gradmethods import problems
from gradmethods.blame import told
from gradmethods.cost.timing import Cost, measure
from gradmethods.errors import BudgetExceeded, GradientError, ShapeMismatch
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.providers import Analytical, Backprop, get_provider
from gradmethods.providers.schemes import COMPLEX_STEP
from gradmethods.structure import Arrays
from gradmethods.tree import grow
from gradmethods.truth.bounds import losses_in
from gradmethods.truth.judge import Answered

Prepared = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one provider gave for a problem, or why it gave nothing.

    Attributes
    ----------
    provider : str
        Its name.
    value : float
        The loss, NaN if there is an obstacle.
    gradient : dict of str to numpy.ndarray, or None
        A copy of what it returned, by parameter array; None if there is an obstacle.
    obstacle : str
        Empty if the provider delivered.
    preparation : float
        Seconds.
    forward_passes : int or None
        For one gradient.
    unresolved : int or None
        Entries that the method itself marks as not resolved; None if it has no such notion.
    cost : Cost or None
        Measured time, None if it was not asked for.
    exact : bool or None
        Whether rounding is the only error of the method; None if that is not known.
    claim : dict of str to numpy.ndarray or None
        The method's own estimate of the error of each entry.
    losses : dict of str to numpy.ndarray or None
        How many times the rounding error of one loss each entry may be off by, for differences.
    """

    provider: str
    value: float = float("nan")
    gradient: Arrays | None = None
    obstacle: str = ""
    preparation: float = float("nan")
    forward_passes: int | None = None
    unresolved: int | None = None
    cost: Cost | None = None
    exact: bool | None = None
    claim: Arrays | None = None
    losses: Arrays | None = None

    @property
    def given(self) -> Answered:
        """What the judge looks at."""
        assert self.gradient is not None
        return Answered(self.gradient, self.value, self.exact, self.claim, self.losses)

    @property
    def is_finite(self) -> bool:
        """Whether it holds a gradient, and that and the loss are numbers."""
        return self.gradient is not None and bool(
            np.isfinite(self.value)
            and all(np.isfinite(array).all() for array in self.gradient.values())
        )


def ask(problem: Problem, provider: Provider, seconds: float) -> tuple[Answer, Prepared | None]:
    """Let a provider differentiate a problem; return its answer and its prepared gradient."""
    start = time.perf_counter()
    try:
        prepared = provider.prepare(problem)
        preparation = time.perf_counter() - start
        value, gradient = evaluate(prepared, problem, problem.params, {})
        claim, marks = claimed(prepared, problem), count_unresolved(prepared)
        answer = Answer(
            provider.name,
            value,
            gradient,
            preparation=preparation,
            forward_passes=getattr(prepared, "forward_passes", None),
            unresolved=marks,
            cost=measure(prepared, problem, seconds=seconds) if seconds > 0 else None,
            exact=is_exact(provider),
            claim=claim,
            losses=losses_in(prepared),
        )
    except GradientError as refusal:
        return Answer(provider.name, obstacle=_reason(refusal)), None
    except Exception as failure:  # noqa: BLE001  # one provider's fault must not hide the others
        return Answer(provider.name, obstacle=told(failure)), None
    return answer, prepared


def is_exact(provider: Provider) -> bool | None:
    """Whether rounding is the only error of a method; None if it does not say."""
    stated: bool | None = getattr(provider, "exact", None)
    if stated is not None:
        return stated
    scheme = getattr(provider, "scheme", None)
    if isinstance(provider, Analytical | Backprop) or scheme == COMPLEX_STEP:
        return True
    return False if scheme else None


def claimed(prepared: Any, problem: Problem) -> Arrays | None:
    """Copy what a method estimates the error of its last gradient to be, None if it does not."""
    estimate = getattr(prepared, "error_estimate", None)
    if estimate is None:
        return None
    return {name: np.array(a, float) for name, a in problem.structure.leaves(estimate).items()}


def count_unresolved(prepared: Any) -> int | None:
    """Count the entries of the last gradient that a method marks, None if it marks none ever."""
    marks = getattr(prepared, "unresolved", None)
    if marks is None:
        return None
    return sum(int(np.count_nonzero(array)) for array in grow(marks)[1].values())


def evaluate(
    prepared: Prepared, problem: Problem, params: Any, data: dict[str, Any]
) -> tuple[float, Arrays]:
    """Call a prepared gradient; return the loss and copies of the arrays, which it may reuse."""
    value, gradient = prepared(params, **data)
    scalar = np.asarray(value)
    if scalar.shape != () or scalar.dtype.kind not in "fiu":
        raise ShapeMismatch(
            f"Expected the loss as a real scalar, got {scalar.dtype} of shape {scalar.shape}. "
            "Return GradientResult(value, gradient) with the loss as a float."
        )
    arrays = problem.structure.check(gradient)
    return float(scalar), {name: np.array(array) for name, array in arrays.items()}


@cache
def warm_up(name: str) -> None:
    """Let a provider import what it needs, once, outside of any measurement."""
    smallest = problems.get("network-1-1-1")
    # A user's own provider has a name that nobody else knows; what fails here fails again later.
    with contextlib.suppress(Exception):
        get_provider(name).prepare(smallest)(smallest.params)


def without_kind(reason: str) -> str:
    """Leave out what kind of array a method uses: for the user's loss the reason is one.

    Examples
    --------
    >>> without_kind("np.sum was called on a traced array of shape ().")
    'np.sum was called on an array of shape ().'
    """
    return re.sub(r"\b([aA]) (symbolic|complex|traced|ball) array", r"\1n array", reason)


def _reason(refusal: GradientError) -> str:
    text = told(refusal)
    if isinstance(refusal, BudgetExceeded) and "Analytical(budget" not in text:
        text += " More is allowed with gm.Analytical(budget=…)."
    return text
