"""Verdicts: whether a gradient is right, wrong or undecided, entry by entry, by a bound.

Whoever wants to know whether a gradient is right asks here: comparisons, checks, the accuracy
report, advice and benchmarks. Nothing votes, and no method is trusted before another: an error is
measured against the certified truth, and held against the bound of the method that made it.

What is proven of the gradient at a point says what a given gradient can be called there:

===================================  ===============================================================
proven                               verdicts
===================================  ===============================================================
certified gradient                   right, wrong, not decided
no gradient exists                   a valid subgradient, wrong, no gradient exists
every subgradient lies in this ball  a valid subgradient, wrong, not decided
not decided                          a valid subgradient, not decided; wrong if it is not finite
===================================  ===============================================================

``right``
    Every entry errs by no more than a bound that is at most one hundredth of it.
``a valid subgradient``
    An average of gradients that the loss has beside the point, each along some direction.
``wrong``
    An entry errs by more than its bound allows, is in no subgradient, or is not finite.
``no gradient exists``
    That is proven, and it is not decided whether this is a valid subgradient.
``not decided``
    None of these: a bound allows more than one hundredth of an entry, or nothing is proven.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.truth.error_bounds import DECISIVE, Bound, decisive
from gradmethods.truth.truth import Truth, in_doubles, true_arrays

RIGHT = "right"
SUBGRADIENT = "a valid subgradient"
UNDECIDED = "not decided"
NO_GRADIENT = "no gradient exists"
WRONG = "wrong"

GRAVITY = (RIGHT, SUBGRADIENT, UNDECIDED, NO_GRADIENT, WRONG)
"""Verdicts from good to bad; that on a gradient is the worst of those on its arrays."""

STATUS = {RIGHT: 0, SUBGRADIENT: 0, UNDECIDED: 3, NO_GRADIENT: 3, WRONG: 1}
"""Exit status of a command, by verdict."""

Index = tuple[int, ...]


@dataclass(frozen=True)
class ArrayVerdict:
    """The verdict on one parameter array.

    Attributes
    ----------
    outcome : str
        ``"right"``, ``"wrong"`` or ``"not decided"``.
    excess : float
        The largest error ÷ bound of an entry, of those that are wrong if any is. The bound is that
        up to which it is right or, where no error is, that beyond which it is wrong. It is infinite
        where an entry is not finite, or one is open that no error makes right.
    entries : tuple of index
        Where entries are wrong, the worst first.
    resolution : float
        Norm of the bound up to which entries are right ÷ norm of the array: a mistake that is
        smaller may go unseen. Never more than a hundredth where it decides.
    open : tuple of index
        Entries that are not decided; also of an array of differences that is right as a whole.
    allowed : float
        The largest error that those may have without being wrong, ÷ entry; 0 if there are none.
    finite : bool
        Whether all entries are.
    source : str
        What the bound comes from, as in `gradmethods.truth.error_bounds.Bound`.
    """

    outcome: str
    excess: float
    entries: tuple[Index, ...]
    resolution: float
    open: tuple[Index, ...]
    allowed: float
    finite: bool = True
    source: str = ""


@dataclass(frozen=True)
class Verdict:
    """The verdict on a gradient.

    Attributes
    ----------
    outcome : str
        The worst of its arrays.
    arrays : dict of str to ArrayVerdict
        By parameter array; empty where no truth is known.
    said : str
        Why, where arrays do not tell.
    """

    outcome: str
    arrays: Mapping[str, ArrayVerdict] = field(default_factory=dict)
    said: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether it is right, or a valid subgradient; None where that is not decided."""
        return {0: True, 1: False}.get(STATUS[self.outcome])

    @property
    def concerned(self) -> tuple[str, ...]:
        """The names of the arrays that are not right."""
        return tuple(name for name, found in self.arrays.items() if found.outcome != RIGHT)

    @property
    def open(self) -> int:
        """How many entries are not decided."""
        return sum(len(found.open) for found in self.arrays.values())

    @property
    def reason(self) -> str:
        """The wrong arrays and entries, with their errors; empty if all are right."""
        return self.said or "; ".join(_reason(n, self.arrays[n]) for n in self.concerned)


def verdict(gradient: Any, truth: Truth, bound: Bound | Mapping[str, NDArray[Any]]) -> Verdict:
    """Judge a gradient by the truth and the bound on its error.

    Parameters
    ----------
    gradient : array_like or dict of str to array_like
        In the structure of the problem's parameters.
    truth : Truth
        The true gradient.
    bound : Bound, or dict of str to numpy.ndarray
        Of the method that the gradient comes from: errors that it may have, absolute.

    Raises
    ------
    ShapeMismatch
        If `gradient` has another structure.
    """
    limits = bound if isinstance(bound, Bound) else decisive(bound, truth)
    given, true = in_doubles(truth.problem).check(gradient), true_arrays(truth)
    errors = truth.error(gradient)
    arrays = {name: _judge(given[name], true[name], errors[name], limits, name) for name in given}
    return Verdict(worst(found.outcome for found in arrays.values()), arrays)


def worst(outcomes: Iterable[str]) -> str:
    """Return the worst of verdicts."""
    return max(outcomes, key=GRAVITY.index)


def _judge(
    given: NDArray[Any], true: NDArray[Any], error: NDArray[Any], limits: Bound, name: str
) -> ArrayVerdict:
    sure, most = limits.sure[name], limits.most[name]
    size, finite, beyond = norm(true), np.isfinite(given), np.isinf(true)
    # Written so that what is not a number is beyond every bound, if the truth is a number: there is
    # none by differences where the loss has no values beside the point, and nothing is wrong there.
    # No number is near a truth beyond the range of float64, of which errors and bounds are infinite
    # alike.
    right = (abs(error) <= sure) & finite & ~beyond
    wrong = ~right & ~np.isnan(true) & (~(abs(error) <= most) | ~finite | beyond)
    with np.errstate(all="ignore"):
        # Where no error is right, as differences tell no digit, one that is wrong is beyond `most`.
        excess = np.asarray(abs(error) / np.where(wrong & np.isnan(sure), most, sure))
        excess = np.where(~right & ~(excess > 1), np.inf, np.where(np.isnan(excess), 0.0, excess))
        resolution = norm(sure) / size if size else 0.0
        parts = np.where(most == 0, 0.0, most / abs(true))
    order = sorted(map(tuple, np.argwhere(wrong).tolist()), key=lambda i: -excess[i])
    still = tuple(map(tuple, np.argwhere(~right & ~wrong).tolist()))
    outcome = WRONG if order else UNDECIDED if still else RIGHT
    if outcome == UNDECIDED and limits.jointly and norm(most[~right]) <= DECISIVE * size:
        outcome = RIGHT
    allowed = max((float(parts[i]) for i in still), default=0.0)
    return ArrayVerdict(
        outcome, float((excess[wrong] if order else excess).max(initial=0.0)), tuple(order),
        float(resolution), still, allowed, bool(finite.all()), limits.source,
    )  # fmt: skip


def _reason(name: str, found: ArrayVerdict) -> str:
    what = f"the gradient of {name!r}" if name else "the gradient"
    entries = found.entries or found.open
    at = ", ".join(map(place, entries[:3]))
    more = f" and {len(entries) - 3:,} more" if len(entries) > 3 else ""
    where = f"{what}, entry {at}{more}" if at != "()" else what
    if found.outcome == UNDECIDED:
        if found.source.endswith("."):
            return f"{where}: {found.source[:-1]}"
        bound = f"{found.allowed:.1e} of the entry" if found.allowed < math.inf else "anything"
        return f"{where}: {found.source} {bound}"
    if not found.finite:
        return f"NaN or infinity in {where}"
    times = f"{found.excess:.1e} times" if math.isfinite(found.excess) else "infinitely"
    return f"{where} is {times} beyond the bound"


def place(index: Index) -> str:
    """Write an index as in code: ``[3]`` for a vector, ``[1, 2]`` for a matrix."""
    return f"[{', '.join(map(str, index))}]" if index else "()"
