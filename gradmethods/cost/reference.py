"""What the benchmark's gradients are held against.

Backprop's gradient for every other method; for backprop itself the complex step, which shares no
derivative rule with it, on a seeded sample of the components.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.distance import gradient_error
from gradmethods.problem import Problem
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
    if provider == "backprop":
        return _check_sample(arrays, problem, seed)
    from gradmethods.providers.backprop import Backprop

    reference = problem.structure.check(Backprop().prepare(problem)(problem.params).gradient)
    return Checked(gradient_error(arrays, reference).norm, "backprop", problem.size)


def _check_sample(arrays: Arrays, problem: Problem, seed: int) -> Checked:
    from gradmethods.providers import get_provider

    chosen = sample(problem, seed)
    part = restricted(problem, chosen)
    reference = get_provider("numerical:complex-step").prepare(part)(part.params).gradient
    picked = {f"offsets {name}": np.ravel(arrays[name])[i] for name, i in chosen.items()}
    measured = gradient_error(picked, part.structure.check(reference))
    return Checked(measured.norm, "complex step, sampled components", part.size)


def sample(problem: Problem, seed: int, most: int = SAMPLE) -> dict[str, NDArray[np.intp]]:
    """Choose components evenly at random: flat indices per parameter array."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(problem.size, min(most, problem.size), replace=False))
    picked, start = {}, 0
    for name, shape in problem.structure.shapes.items():
        stop = start + math.prod(shape)
        inside = chosen[(start <= chosen) & (chosen < stop)] - start
        if inside.size:
            picked[name] = inside
        start = stop
    return picked


def restricted(problem: Problem, chosen: dict[str, NDArray[np.intp]]) -> Problem:
    """Return the loss as a function of offsets to a few components, at offset zero.

    Its gradient is the chosen part of the problem's gradient, at the cost of that part.
    """
    shapes = problem.structure.shapes
    point = problem.structure.check(problem.params)
    # Rows and columns of ones: their product scatters the offsets without a (k, n) matrix.
    scatter = {
        name: (
            _ones(index // _columns(shapes[name]), _rows(shapes[name]), problem.dtype),
            _ones(index % _columns(shapes[name]), _columns(shapes[name]), problem.dtype),
        )
        for name, index in chosen.items()
    }

    def loss(offsets: Any, *, xp: Any = np, **data: Any) -> Any:
        arrays: dict[str, Any] = dict(point)
        for name, (rows, columns) in scatter.items():
            weighted = rows * xp.reshape(offsets[f"offsets {name}"], (-1, 1))
            arrays[name] = point[name] + xp.reshape(weighted.T @ columns, shapes[name])
        return problem.loss(problem.structure.restore(arrays), **data, xp=xp)

    zeros = {f"offsets {name}": np.zeros(i.size, problem.dtype) for name, i in chosen.items()}
    return Problem(loss, zeros, problem.data, name=problem.name)


def _ones(index: NDArray[np.intp], size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.asarray(index[:, None] == np.arange(size), dtype=dtype)


def _rows(shape: tuple[int, ...]) -> int:
    return math.prod(shape) // _columns(shape)


@cache
def _columns(shape: tuple[int, ...]) -> int:
    """Choose the columns of the matrix that an array is scattered over; a vector's is square-ish.

    As a single column it would take as many rows as it has entries, for every component.
    """
    if len(shape) != 1:
        return math.prod(shape[1:])
    (n,) = shape
    return next((k for k in range(math.isqrt(n), 0, -1) if n % k == 0), 1)
