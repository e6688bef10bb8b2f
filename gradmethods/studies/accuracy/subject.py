"""What is judged: a problem in one precision, along some or all parameters, and its truth.

A problem in another precision, or along a few of its parameters, is a problem like any other: every
provider takes it, and so does the certified reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.errors import GradientError

COMPONENTS = 200
"""Up to so many parameters all are looked at; of more, a sample."""

SAMPLE = 50
"""Drawn of more. Certifying a component takes several passes over a loss that is then large."""


ORDER = 9
"""The highest derivative that the bound on five-point differences sums."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A problem in one precision, and the truth about some of its parameters, computed when asked.

    Parameters
    ----------
    given : Problem
        Its point and data are rounded to `dtype`: the truth is that of the rounded problem.
    dtype : str
        ``"float64"`` or ``"float32"``.
    components : int, default 200
        With more parameters than this a sample is drawn, of `SAMPLE` or so many.
    seed : int, default 0
        Of the draw.
    """

    given: Problem
    dtype: str = "float64"
    components: int = COMPONENTS
    seed: int = 0

    @cached_property
    def whole(self) -> Problem:
        """The problem in this precision."""
        return self.given.in_dtype(self.dtype)

    @cached_property
    def chosen(self) -> NDArray[np.intp]:
        """Indices of the parameters looked at."""
        return chosen_components(self.whole.size, self.components, self.seed)

    @property
    def is_whole(self) -> bool:
        """Whether every parameter is looked at."""
        return self.given.size <= self.components

    @cached_property
    def problem(self) -> Problem:
        """The problem along the parameters looked at: the whole one if these are all."""
        return self.whole if self.is_whole else self.whole.of_components(self.chosen)

    @cached_property
    def truth(self) -> Any:
        """The certified gradient of `problem`.

        Raises
        ------
        GradientError
            Where there is none; the same one each time.
        """
        if isinstance(self._truth, GradientError):
            raise self._truth
        return self._truth

    @cached_property
    def derivatives(self) -> NDArray[np.float64] | None:
        """The loss and its derivatives along each parameter, shape (n, 10); None without them."""
        from gradmethods.engines.certified import certified_derivatives

        try:
            return np.asarray(certified_derivatives(self.problem, ORDER))
        except GradientError:  # There may be a gradient all the same, but no theory.
            return None

    @cached_property
    def _truth(self) -> Any:
        from gradmethods.engines.certified import certified_gradient

        try:
            return certified_gradient(self.problem)
        except GradientError as refusal:
            return refusal


def chosen_components(size: int, most: int, seed: int) -> NDArray[np.intp]:
    """Take all of at most so many components, and draw a sample of more; in their order."""
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, min(most, SAMPLE), replace=False))
