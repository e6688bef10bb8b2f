"""Choose the cheapest of several methods for each number of gradients; nothing is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradmethods.timing.breakeven import Price, evaluations

TWICE = 2.0
"""Factor within which a time that was measured once, as of a preparation, is taken to be right."""


@dataclass(frozen=True)
class Option:
    """The cost and the digits of one method on the user's loss.

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
        Whether the digits were measured against the truth. What was not is never advised.
    estimated : bool
        Whether the time is passes × time of the loss, as one gradient would take too long.
    passes : int or None
        Forward passes of one gradient.
    unresolved : int or None
        Entries that the method itself marks as not resolved; None if it has no such notion.
    obstacle : str
        Why there is no gradient; empty if there is.
    fault : str
        Why the gradient that there is must not be used; empty if it may.
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
    unresolved: int | None = None
    obstacle: str = ""
    fault: str = ""

    @property
    def price(self) -> Price:
        """Preparation, and a gradient with its interval; a single time is right within twice."""
        known = self.low <= self.gradient <= self.high
        single = self.gradient / TWICE, self.gradient * TWICE
        low, high = (self.low, self.high) if known else single
        return Price(self.preparation, self.gradient, low, high)

    def total(self, count: int) -> float:
        """Return the seconds of preparing and so many gradients."""
        return self.preparation + count * self.gradient

    def surely_cheaper(self, other: Option, count: float) -> bool:
        """Whether it is cheaper for so many gradients beyond the noise of the times."""
        mine, theirs = self.price, other.price
        if math.isinf(count):
            return mine.high < theirs.low
        most = mine.preparation * TWICE + count * mine.high
        return most < theirs.preparation / TWICE + count * theirs.low


@dataclass(frozen=True)
class Choice:
    """The cheapest method from some number of gradients on.

    Attributes
    ----------
    start : int
        From so many gradients on.
    option : Option
        The method.
    ties : tuple of Option
        Others that the noise of the times does not tell from it, there.
    """

    start: int
    option: Option
    ties: tuple[Option, ...] = ()


def choose(able: Sequence[Option]) -> list[Choice]:
    """List which method is the cheapest from how many gradients on.

    A method that is nowhere cheaper than all others beyond the noise is no choice of its own: it is
    named beside the one that it cannot be told from.
    """
    rivals = list(able)
    while True:
        spans = _spans(rivals)
        blurred = _blurred(spans, rivals)
        if blurred is None:
            break
        rivals.remove(blurred)
    return [
        Choice(start, option, tuple(_ties(option, able, _counts(start, stop))))
        for start, stop, option in spans
    ]


Span = tuple[int, float, Option]


def _spans(rivals: Sequence[Option]) -> list[Span]:
    """List the cheapest method by the medians, with the range of counts for which it is."""
    if not rivals:
        return []
    # Where one overtakes another, and the count after it, in case the two are even there.
    pays = {evaluations(one.price, other.price).value for one in rivals for other in rivals}
    starts = {int(k) for value in pays if math.isfinite(value) for k in (value, value + 1)}
    found: list[tuple[int, Option]] = []
    for start in sorted(starts - {0} | {1}):
        option = min(rivals, key=lambda option: option.total(start))
        if not found or option is not found[-1][1]:
            found.append((start, option))
    stops = [*(float(start) for start, _ in found[1:]), math.inf]
    return [(start, stop, option) for (start, option), stop in zip(found, stops, strict=True)]


def _counts(start: int, stop: float) -> tuple[float, ...]:
    """Return the counts of a span at which methods are compared: both ends and the middle."""
    if math.isinf(stop):
        return (stop,)
    return (float(start), math.sqrt(start * (stop - 1)), stop - 1)


def _blurred(spans: Sequence[Span], rivals: Sequence[Option]) -> Option | None:
    """Return a method that is nowhere in its span faster by more than the noise, or None."""
    for place, (start, stop, option) in enumerate(spans):
        others = [rival for rival in rivals if rival is not option]
        if math.isinf(stop):
            # Somebody has to be named: who was ahead before, unless that one is surely beaten.
            others = [spans[place - 1][2]] if place else []
        counts = _counts(start, stop)
        if not any(all(option.surely_cheaper(o, k) for o in others) for k in counts):
            return option
    return None


def _ties(option: Option, able: Sequence[Option], counts: Sequence[float]) -> list[Option]:
    others = [other for other in able if other is not option]
    return [o for o in others if not any(option.surely_cheaper(o, k) for k in counts)]
