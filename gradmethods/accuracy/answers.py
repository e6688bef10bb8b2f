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
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.blame import told
from gradmethods.cost.timing import Cost, measure
from gradmethods.errors import BudgetExceeded, GradientError, ShapeMismatch
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.providers import get_provider
from gradmethods.structure import Arrays

Vectors = dict[str, NDArray[np.float64]]
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
    noise : dict of str to numpy.ndarray, or None
        What the round-off of the loss adds to each component of differences; None for methods
        that subtract no losses.
    floor : dict of str to numpy.ndarray, or None
        What round-off does to each component of an exact gradient; None if nobody had to ask.
    elsewhere : tuple of dict
        Gradients at other points, if somebody had to ask.
    """

    provider: str
    value: float = float("nan")
    gradient: Arrays | None = None
    obstacle: str = ""
    preparation: float = float("nan")
    forward_passes: int | None = None
    unresolved: int | None = None
    cost: Cost | None = None
    noise: Vectors | None = None
    floor: Vectors | None = None
    elsewhere: tuple[Arrays | None, ...] = ()

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
        answer = Answer(
            provider.name,
            value,
            gradient,
            preparation=preparation,
            forward_passes=getattr(prepared, "forward_passes", None),
            unresolved=count_unresolved(prepared),
            cost=measure(prepared, problem, seconds=seconds) if seconds > 0 else None,
        )
    except GradientError as refusal:
        return Answer(provider.name, obstacle=_reason(refusal)), None
    except Exception as failure:  # noqa: BLE001  # one provider's fault must not hide the others
        return Answer(provider.name, obstacle=told(failure)), None
    return answer, prepared


def count_unresolved(prepared: Any) -> int | None:
    """Count the entries of the last gradient that a method marks, None if it marks none ever."""
    marks = getattr(prepared, "unresolved", None)
    if marks is None:
        return None
    arrays = marks.values() if isinstance(marks, dict) else [marks]
    return sum(int(np.count_nonzero(array)) for array in arrays)


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
