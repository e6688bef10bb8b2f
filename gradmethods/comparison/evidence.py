"""The evidence about a wrong gradient on which a diagnosis rests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.studies.plants.elsewhere import examples_of, gradient_of, share_of_one
from gradmethods.studies.plants.ground import NotHere
from gradmethods.studies.plants.slopes import wrong_slopes
from gradmethods.truth.truth import Truth, true_arrays
from gradmethods.truth.verdict import Index, Verdict

EXPLAINED = 1e-3
"""Part of the error that an explanation may leave; a few roundings are allowed in any case."""

FEW = 3
"""Number of entries up to which patterns fit by accident: they may leave only that part squared."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Evidence:
    """What is known about a wrong gradient.

    Attributes
    ----------
    truth : Truth
        At the point where it is wrong.
    given : dict of str to numpy.ndarray
        The gradient there.
    allowed : dict of str to numpy.ndarray
        The error that a right one may have.
    verdict : Verdict
        On it.
    """

    truth: Truth
    given: Arrays
    allowed: Arrays
    verdict: Verdict

    @property
    def problem(self) -> Problem:
        """The problem, at that point."""
        return self.truth.problem

    @cached_property
    def true(self) -> Arrays:
        """The true gradient, rounded to float64."""
        return true_arrays(self.truth)

    @cached_property
    def error(self) -> Arrays:
        """The error of the given gradient, to the last digit."""
        return self.truth.error(self.problem.structure.restore(self.given))

    @cached_property
    def count(self) -> int:
        """Number of examples; if none are declared, the length that all data share, or 1."""
        try:
            return examples_of(self.problem)
        except NotHere:
            lengths = {len(a) if a.ndim else 1 for a in self.problem.data.values()}
            return lengths.pop() if len(lengths) == 1 else 1

    @cached_property
    def of_examples(self) -> dict[str, Arrays]:
        """The contributions of single examples to the gradient, by the word for them."""
        try:
            share = share_of_one(self.problem)
            return {
                word: {
                    name: share * np.asarray(array, float)
                    for name, array in gradient_of(self.problem.on_examples([row])).items()
                }
                for word, row in (("first", 0), ("last", self.count - 1))
            }
        except NotHere:
            return {}

    @cached_property
    def slopes(self) -> Arrays:
        """The gradient with slopes taken at the activations; empty for other losses."""
        return wrong_slopes(self.problem) or {}


@dataclass(frozen=True)
class Suspect:
    """One wrong array: the entries that were given, and the true ones."""

    name: str
    evidence: Evidence

    @cached_property
    def given(self) -> Array:
        """The entries that were given."""
        return np.asarray(self.evidence.given[self.name], float)

    @cached_property
    def true(self) -> Array:
        """The true entries."""
        return np.asarray(self.evidence.true[self.name], float)

    @cached_property
    def entries(self) -> tuple[Index, ...]:
        """The indices of the wrong entries, the worst first."""
        return self.evidence.verdict.arrays[self.name].entries

    @cached_property
    def blur(self) -> float:
        """How far the truth itself may be off, relative to the array: by differences it is."""
        size = norm(self.true)
        off = norm(np.asarray(self.evidence.truth.rounding()[self.name], float))
        return off / size if size and off < size else 0.0

    def fits(self, pattern: Array) -> bool:
        """Whether the array fits this pattern, and the truth does not."""
        left, error = norm(self.given - pattern), norm(self.given - self.true)
        # A pattern is computed in floating point too, and may round as much as a right gradient.
        part = EXPLAINED if self.given.size > FEW else EXPLAINED**2
        return left <= max(part * error, min(error / 2, 4 * norm(self._rounding(pattern))))

    def _rounding(self, pattern: Array) -> Array:
        size, scale = norm(self.true), norm(pattern)
        allowed = np.asarray(self.evidence.allowed[self.name], float)
        return allowed * max(1.0, scale / size) if size else allowed
