"""What a mistake is planted in: a right gradient, and what rounding may do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.truth.verdict import Index


class NotHere(Exception):
    """A mistake cannot be made in this gradient; the reason is for the table."""


@dataclass(frozen=True)
class Ground:
    """What a mistake is planted in.

    Attributes
    ----------
    problem : Problem
        What is differentiated.
    gradient : dict of str to numpy.ndarray
        The right gradient, in the problem's dtype.
    allowed : dict of str to numpy.ndarray
        The errors that a right gradient may have.
    """

    problem: Problem
    gradient: Arrays
    allowed: Arrays

    def changed(self, name: str, array: NDArray[Any]) -> Arrays:
        """Return the gradient with another array in one place."""
        return self.gradient | {name: np.asarray(array, self.problem.dtype)}

    def entry(self, name: str, index: Index, value: float) -> Arrays:
        """Return the gradient with another number in one place."""
        array = self.gradient[name].copy()
        with np.errstate(over="ignore", under="ignore"):
            array[index] = value
        return self.changed(name, array)

    def mapped(self, function: Callable[[NDArray[Any]], Any]) -> Arrays:
        """Return the gradient with a function applied to every array."""
        return {
            name: np.asarray(function(array), self.problem.dtype)
            for name, array in self.gradient.items()
        }

    def notable(self, name: str) -> list[Index]:
        """Return where an array is largest, and where it is smallest but above rounding."""
        size = abs(np.asarray(self.gradient[name], float))
        seen = np.where(np.isfinite(size) & (size > self.allowed[name]), size, np.nan)
        if not np.isfinite(seen).any():
            return []
        ends = dict.fromkeys((int(np.nanargmax(seen)), int(np.nanargmin(seen))))
        return [tuple(map(int, np.unravel_index(flat, size.shape))) for flat in ends]

    @cached_property
    def names(self) -> list[str]:
        """The names of the arrays that have entries."""
        return [name for name, array in self.gradient.items() if array.size]


Sown = Iterator[tuple[str, Arrays]]
Mistake = Callable[[Ground], Sown]
"""Yields wrong gradients, each with where it is wrong."""
