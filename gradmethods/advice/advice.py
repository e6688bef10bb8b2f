"""What follows from the costs of all methods on one loss. Nothing is measured here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradmethods.cost.breakeven import BreakEven, Price, evaluations
from gradmethods.errors import InvalidOption
from gradmethods.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

BLACK_BOX = "numerical"
"""What works with any loss: others are compared with it."""


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
