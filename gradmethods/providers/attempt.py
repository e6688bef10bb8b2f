"""One attempt: a provider is asked for its answer within limits, and its failure is data.

`prepare` and `Ready.answer` do what a provider can be asked for, and raise; `attempt` runs either
of them, or both, and returns what went wrong instead of raising it. Nothing here compares or times
in rounds.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from gradmethods import problems
from gradmethods.core.deadline import deadline
from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.core.tracebacks import in_words
from gradmethods.core.tree import grow
from gradmethods.errors import BudgetExceeded, GradientError, ShapeMismatch, UnsupportedOperation
from gradmethods.output.format import duration

LIMIT, MEMORY, OBSTACLE, ERROR = "limit", "memory", "obstacle", "error"
"""Kinds of failure: out of time, out of memory, a refusal, and anything else that was raised."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Gap:
    """Why something was not found out.

    Attributes
    ----------
    kind : str
        ``limit``, ``memory``, ``obstacle`` or ``error``; of a benchmark also ``budget`` or ``not
        run``.
    reason : str
        A sentence for the tables.
    """

    kind: str
    reason: str


def attempt(
    work: Callable[[], Result], seconds: float = math.inf, stopped: str = ""
) -> Result | Gap:
    """Return what `work` returns, or why it failed.

    Parameters
    ----------
    work : callable
        Without arguments. Whatever it raises is a gap, but for what ends a program.
    seconds : float, optional
        After which it is stopped; no bound by default.
    stopped : str, optional
        What to say if it was stopped.

    Examples
    --------
    >>> attempt(lambda: 1 / 0)
    Gap(kind='error', reason='ZeroDivisionError: division by zero')
    >>> attempt(lambda: [x for x in iter(int, 1)], 0.01).reason
    'It takes longer than 10 ms.'
    """
    limit = deadline(seconds)
    try:
        with limit:
            return work()
    except limit.passed:
        return Gap(LIMIT, stopped or f"It takes longer than {duration(seconds)}.")
    except MemoryError as error:
        return Gap(MEMORY, f"Out of memory. {error}".strip())
    except GradientError as error:
        return Gap(OBSTACLE, _refusal(error))
    except Exception as error:  # noqa: BLE001  # a loss or a provider is a stranger's: it may raise anything
        return Gap(ERROR, in_words(error))


def _refusal(error: GradientError) -> str:
    text = in_words(error)
    if isinstance(error, BudgetExceeded) and "Analytical(budget" not in text:
        text += " More is allowed with gm.Analytical(budget=…)."
    return text


@dataclass(frozen=True, eq=False)
class Answered:
    """What a prepared gradient gave at its problem's point.

    Attributes
    ----------
    value : float
        The loss.
    gradient : dict of str to numpy.ndarray
        A copy of what it returned, by parameter array.
    seconds : float
        What this one call took.
    passes : int or None
        Forward passes, by its own count.
    unresolved : int or None
        Entries that the method itself marks as not resolved; None if it has no such notion.
    """

    value: float
    gradient: Arrays
    seconds: float
    passes: int | None
    unresolved: int | None


@dataclass(frozen=True, eq=False)
class Ready:
    """A provider that prepared a problem.

    Attributes
    ----------
    problem : Problem
        What it prepared.
    prepared : callable
        What it returned.
    preparation : float
        Seconds that it took.
    """

    problem: Problem
    prepared: Any
    preparation: float

    @property
    def passes(self) -> int:
        """Forward passes that it announces for a gradient with its value; 0 if it tells none."""
        gradient = getattr(self.prepared, "forward_passes", None) or 0
        return int(gradient + getattr(self.prepared, "value_passes", 0))

    def answer(self) -> Answered:
        """Evaluate it once, at the problem's point."""
        start = time.perf_counter()
        result = self.prepared(self.problem.params)
        seconds = time.perf_counter() - start
        value, gradient = checked(result, self.problem)
        passes = getattr(self.prepared, "forward_passes", None)
        return Answered(value, gradient, seconds, passes, count_unresolved(self.prepared))


def prepare(provider: Provider, problem: Problem, *, fresh: bool = False) -> Ready:
    """Let a provider prepare a problem.

    Parameters
    ----------
    provider : Provider
    problem : Problem
    fresh : bool, default False
        Whether the time is to be that of a first time: the provider is asked for an obstacle
        before, and SymPy forgets what it did for others.

    Raises
    ------
    UnsupportedOperation
        If it names an obstacle.
    """
    if fresh:
        obstacle = provider.obstacle(problem)
        if obstacle is not None:
            raise UnsupportedOperation(obstacle)
        forget()
    start = time.perf_counter()
    prepared = provider.prepare(problem)
    return Ready(problem, prepared, time.perf_counter() - start)


def forget() -> None:
    """Empty SymPy's cache, or what one method derived would be free for the next."""
    sympy = sys.modules.get("sympy")
    if sympy is not None:
        sympy.core.cache.clear_cache()


def evaluate(
    prepared: Callable[..., Any], problem: Problem, params: Any, data: dict[str, Any]
) -> tuple[float, Arrays]:
    """Call a prepared gradient anywhere; return the loss and copies of the arrays."""
    return checked(prepared(params, **data), problem)


def checked(result: Any, problem: Problem) -> tuple[float, Arrays]:
    """Return the loss and copies of the arrays of a result, which its owner may use again.

    Raises
    ------
    ShapeMismatch
        If it is not a real scalar and arrays like the parameters.
    """
    value, gradient = result
    scalar = np.asarray(value)
    if scalar.shape != () or scalar.dtype.kind not in "fiu":
        raise ShapeMismatch(
            f"Expected the loss as a real scalar, got {scalar.dtype} of shape {scalar.shape}. "
            "Return GradientResult(value, gradient) with the loss as a float."
        )
    arrays = problem.structure.check(gradient)
    return float(scalar), {name: np.array(array) for name, array in arrays.items()}


def count_unresolved(prepared: Any) -> int | None:
    """Count the entries of the last gradient that a method marks, None if it marks none ever."""
    marks = getattr(prepared, "unresolved", None)
    if marks is None:
        return None
    return sum(int(np.count_nonzero(array)) for array in grow(marks)[1].values())


_WARM: set[str] = set()


def warm_up(provider: Provider) -> None:
    """Let a provider import what it needs, once, outside of any measurement."""
    if provider.name in _WARM:
        return
    _WARM.add(provider.name)
    smallest = problems.get("network-1-1-1")
    with contextlib.suppress(Exception):  # what fails here fails again later
        provider.prepare(smallest)(smallest.params)
