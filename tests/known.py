"""Gradients that are known in closed form, as the truth to measure others against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import gradmethods as gm


@dataclass(frozen=True, eq=False)
class Known:
    """A truth given by hand: gradient and tail, and a rounding of some units of each component."""

    problem: Any
    gradient: Any
    tail: Any = None
    digits: int = 30
    units: float = 10.0
    value: float = 1.0

    @property
    def _u(self):
        return float(np.finfo(self.problem.dtype).eps) / 2

    def error(self, gradient):
        structure = self.problem.structure
        given = structure.check(gradient)
        true = structure.check(self.gradient)
        with np.errstate(all="ignore"):
            return {
                name: (np.asarray(given[name], float) - np.asarray(true[name], float))
                - (0.0 if self.tail is None else self.tail[name])
                for name in given
            }

    def rounding(self):
        true = self.problem.structure.check(self.gradient)
        return {name: self.units * self._u * abs(array) for name, array in true.items()}

    def branching(self):
        return {name: np.isinf(array) for name, array in self.rounding().items()}

    def loss_rounding(self):
        return self.units * self._u * abs(self.value)


def linear(gradient, dtype=float):
    """A problem of any structure whose gradient is the one given, and that truth."""
    bare = not isinstance(gradient, dict)
    arrays = {"": gradient} if bare else gradient
    true = {name: np.asarray(array, dtype) for name, array in arrays.items()}
    ones = {name: np.ones_like(array) for name, array in true.items()}

    def loss(params, *, xp=np):
        given = {"": params} if bare else params
        return sum(xp.sum(given[name] * xp.asarray(array)) for name, array in true.items())

    problem = gm.Problem(loss, ones[""] if bare else ones)
    exact = {name: np.asarray(array, float) for name, array in true.items()}
    return Known(problem, problem.structure.restore(exact), value=float(problem.value()))
