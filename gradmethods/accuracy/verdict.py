"""Whether a gradient's error is within its bound, array by array, and where it is not.

This is the verdict on one gradient against the truth. Those on several gradients against one
another, where no truth is at hand, live in `verdicts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.accuracy.truth import Truth, in_doubles, true_arrays
from gradmethods.distance import norm

WITHIN = "within bound"
BEYOND = "beyond bound"
NOT_FINITE = "not finite"
UNRESOLVED = "unresolved"

GRAVITY = (WITHIN, UNRESOLVED, BEYOND, NOT_FINITE)
"""From good to bad; the verdict on a gradient is the worst of those on its arrays."""

Index = tuple[int, ...]


@dataclass(frozen=True)
class ArrayVerdict:
    """The verdict on one parameter array.

    Attributes
    ----------
    outcome : str
        ``"within bound"``, ``"beyond bound"``, ``"not finite"`` or ``"unresolved"``, where the
        bound lets a gradient of zero through and so proves nothing.
    excess : float
        The largest error ÷ bound of a component; infinite where a component is not finite.
    entries : tuple of index
        Where the components are wrong, the worst first.
    resolution : float
        Norm of the bound ÷ norm of the array: a mistake that is smaller may go unseen.
    hidden : int
        Components that are no larger than their bound: a zero in their place would go unseen.
    """

    outcome: str
    excess: float
    entries: tuple[Index, ...]
    resolution: float
    hidden: int


@dataclass(frozen=True)
class Verdict:
    """The verdict on a gradient.

    Attributes
    ----------
    outcome : str
        The worst of its arrays, of ``"within bound"``, ``"unresolved"``, ``"beyond bound"`` and
        ``"not finite"``.
    arrays : dict of str to ArrayVerdict
        By parameter array.
    """

    outcome: str
    arrays: Mapping[str, ArrayVerdict] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every array is resolved and within its bound."""
        return self.outcome == WITHIN

    @property
    def concerned(self) -> tuple[str, ...]:
        """The names of the arrays that are not within their bounds."""
        return tuple(name for name, found in self.arrays.items() if found.outcome != WITHIN)

    @property
    def reason(self) -> str:
        """Which arrays and entries, and by how much; empty if all is well."""
        return "; ".join(_reason(name, self.arrays[name]) for name in self.concerned)


def verdict(gradient: Any, truth: Truth, bounds: Mapping[str, NDArray[Any]]) -> Verdict:
    """Judge a gradient by the truth and the bounds on its error.

    Parameters
    ----------
    gradient : array_like or dict of str to array_like
        In the structure of the problem's parameters.
    truth : Truth
        The true gradient.
    bounds : dict of str to numpy.ndarray
        What `bound` returns for the method that the gradient comes from.

    Raises
    ------
    ShapeMismatch
        If `gradient` has another structure.
    """
    given, true = in_doubles(truth.problem).check(gradient), true_arrays(truth)
    errors = truth.error(gradient)
    arrays = {name: _judge(given[name], true[name], errors[name], bounds[name]) for name in given}
    outcome = max((found.outcome for found in arrays.values()), key=GRAVITY.index)
    return Verdict(outcome, arrays)


def _judge(
    given: NDArray[Any], true: NDArray[Any], error: NDArray[Any], bound: NDArray[Any]
) -> ArrayVerdict:
    size = norm(true)
    finite = np.isfinite(given)
    # Written so that what is not a number is beyond every bound.
    wrong = ~(abs(error) <= bound) | ~finite
    with np.errstate(all="ignore"):
        excess = np.asarray(abs(error) / bound)
        excess = np.where(wrong & ~(excess > 1), np.inf, np.where(np.isnan(excess), 0.0, excess))
        # Where the truth is 0 there is nothing to hide: all that its bound lets through is near 0.
        resolution = norm(bound) / size if size else 0.0
    hidden = int(((true != 0) & ~(abs(true) > bound)).sum())
    order = sorted(map(tuple, np.argwhere(wrong).tolist()), key=lambda i: -excess[i])
    if not finite.all():
        outcome = NOT_FINITE
    elif wrong.any():
        outcome = BEYOND
    else:
        outcome = WITHIN if resolution < 1 else UNRESOLVED
    return ArrayVerdict(
        outcome, float(excess.max(initial=0.0)), tuple(order), float(resolution), hidden
    )


def _reason(name: str, found: ArrayVerdict) -> str:
    what = f"the gradient of {name!r}" if name else "the gradient"
    if found.outcome == UNRESOLVED:
        return f"rounding hides {what}: any value up to its bound, and zero, would pass"
    at = ", ".join(map(place, found.entries[:3]))
    more = f" and {len(found.entries) - 3} more" if len(found.entries) > 3 else ""
    where = f"{what}, entry {at}{more}" if at != "()" else what
    if found.outcome == NOT_FINITE:
        return f"NaN or infinity in {where}"
    times = f"{found.excess:.1e} times" if math.isfinite(found.excess) else "infinitely"
    return f"{where} is {times} beyond the bound"


def place(index: Index) -> str:
    """Write an index as in code: ``[3]`` for a vector, ``[1, 2]`` for a matrix."""
    return f"[{', '.join(map(str, index))}]" if index else "()"
