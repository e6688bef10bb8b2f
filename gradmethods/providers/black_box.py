"""The loss as a black box: a function without arguments, evaluated wherever its point is moved."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradmethods.arrays import Array
from gradmethods.errors import NotDifferentiable
from gradmethods.graph.record import call_loss
from gradmethods.holomorphic import Holomorphic
from gradmethods.problem import Problem
from gradmethods.providers.schemes import Vector
from gradmethods.structure import Arrays


def over_reals(problem: Problem, point: Vector, data: Arrays) -> Callable[[], float]:
    """Make the function that evaluates the loss at `point` in plain NumPy.

    The result is a Python float at once: a loss may return a view of its argument.
    """
    views = problem.structure.split(point)
    for view in views.values():
        view.flags.writeable = False
    loss, shared = problem.loss, {**data, "xp": np}
    if problem.structure.bare:
        array = problem.structure.restore(views)
        return lambda: float(loss(array, **shared))
    copy = views.copy  # a dict of its own for each pass: the loss may put entries in it
    return lambda: float(loss(copy(), **shared))


def over_complex(problem: Problem, point: Vector, data: Arrays) -> Callable[[], complex]:
    """Make the function that evaluates the loss at `point` in complex arithmetic."""
    xp = Holomorphic()
    params = {name: Array(xp, view) for name, view in problem.structure.split(point).items()}
    constants = {name: Array(xp, array) for name, array in data.items()}

    def evaluate() -> complex:
        xp.outside.clear()
        result = complex(call_loss(problem, params, constants, xp).payload)
        if math.isnan(result.real):
            if xp.outside:
                raise NotDifferentiable(_left_domain(problem, xp))
            return complex(math.nan, math.nan)
        return result

    return evaluate


def _left_domain(problem: Problem, xp: Holomorphic) -> str:
    places = ", ".join(f"xp.{name} at {value}" for name, value in xp.outside.items())
    return (
        f"The loss {problem.name!r} is NaN at this point, where a function leaves its real domain: "
        f"{places}. Move the parameters inside, or guard the function's argument with xp.where."
    )
