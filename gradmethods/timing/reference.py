"""The reference of the benchmark: the certified gradient, or a certified part of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Parameters
from gradmethods.truth.find import find_truth
from gradmethods.truth.judge import Answered, measured

SAMPLE = 50
"""Largest number of components that are drawn."""

SECONDS = 2.0
"""Number of seconds that certifying may take for a case, so that measuring has its time."""


@dataclass(frozen=True)
class Checked:
    """The error of a gradient.

    Attributes
    ----------
    error : float
        Norm of the difference ÷ norm of the truth, over what is certified; NaN if nothing is.
    reference : str
        What it was held against, in words.
    components : int
        How many derivatives are certified.
    """

    error: float
    reference: str
    components: int


def check(gradient: Parameters, problem: Problem) -> Checked:
    """Measure the error of a gradient at the point of its problem."""
    found = find_truth(problem, SECONDS, rounding=False)
    measures = measured(Answered(problem.structure.check(gradient)), found)
    if measures is None:
        return Checked(math.nan, found.words, 0)
    return Checked(measures.error, found.words, measures.n)


def sample(size: int, seed: int, most: int = SAMPLE) -> NDArray[np.intp]:
    """Choose components evenly at random, in their order."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(size, min(most, size), replace=False))
