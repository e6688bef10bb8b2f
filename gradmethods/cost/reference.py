"""What the benchmark's gradients are held against.

Backprop's gradient for every other method; for backprop itself the complex step, which shares no
derivative rule with it, on a seeded sample of the components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradmethods.distance import error, gradient_error
from gradmethods.problem import Problem
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.registry import BASELINE, get_provider, traits
from gradmethods.structure import Arrays, Parameters

SAMPLE = 50
"""Components compared at most: each costs a complex forward pass."""


@dataclass(frozen=True)
class Checked:
    """The error of a gradient.

    Attributes
    ----------
    error : float
        Norm of the difference ÷ norm of the reference, over the components compared.
    reference : str
        What it was compared with, in words.
    components : int
        How many.
    """

    error: float
    reference: str
    components: int


def check(gradient: Parameters, problem: Problem, provider: str, seed: int) -> Checked:
    """Measure the error of a provider's gradient at the point of its problem."""
    arrays = problem.structure.check(gradient)
    if traits(provider) == traits(BASELINE):  # which is no reference for itself
        return _check_sample(arrays, problem, seed)
    prepared = get_provider(BASELINE).prepare(problem)
    reference = problem.structure.check(prepared(problem.params).gradient)
    return Checked(gradient_error(arrays, reference).norm, BASELINE, problem.size)


def _check_sample(arrays: Arrays, problem: Problem, seed: int) -> Checked:
    chosen = sample(problem.size, seed)
    part = problem.of_components(chosen)
    reference = Numerical("complex-step").prepare(part)(part.params).gradient
    measured = error(problem.structure.join(arrays)[chosen], reference)
    return Checked(measured.norm, "complex step, sampled components", part.size)


def sample(size: int, seed: int, most: int = SAMPLE) -> NDArray[np.intp]:
    """Choose components evenly at random, in their order."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(size, min(most, size), replace=False))
