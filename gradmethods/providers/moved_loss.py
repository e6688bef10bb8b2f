"""The loss as a black box: a function without arguments, evaluated wherever its point is moved."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradmethods.core.one_function import copied
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.complex import Holomorphic
from gradmethods.engines.graph.record import call_loss
from gradmethods.errors import NotDifferentiable
from gradmethods.providers.refining import Refining
from gradmethods.providers.schemes import Vector, defined
from gradmethods.xp.array import Array


def over_reals(problem: Problem, point: Vector, data: Arrays) -> Callable[[], float]:
    """Make the function that evaluates the loss at `point` in plain NumPy.

    The result is a Python float at once: a loss may return a view of its argument.
    """
    read_only = point.view()
    read_only.flags.writeable = False
    views = problem.structure.split(read_only)
    loss, shared = problem.loss, {**data, "xp": np}
    restore = problem.structure.restore  # for each pass: the loss may change its containers
    if problem.keeps_arguments:
        return within(problem, point, lambda: float(loss(restore(copied(views)), **shared)))
    return within(problem, point, lambda: float(loss(restore(views), **shared)))


def losses_at(
    problem: Problem, here: tuple[Vector, Arrays | None], part: slice, places: Vector
) -> Vector:
    """Evaluate the loss with each entry of a part moved to its places: what a worker does."""
    evaluate, point = beside(problem, here)
    return defined(evaluate, point, part, places[:-1])


def beside(
    problem: Problem, here: tuple[Vector, Arrays | None]
) -> tuple[Callable[[], float], Vector]:
    """Make the loss at a point of one's own, on its data or those of the problem."""
    point, data = np.array(here[0]), problem.data if here[1] is None else here[1]
    return over_reals(problem, point, data), point


def within(problem: Problem, point: Vector, evaluate: Callable[[], float]) -> Callable[[], float]:
    """Make a loss that is never evaluated outside of a problem's bounds.

    Beyond a bound, a move d away from where the point is now, it is continued as the parabola
    through the losses at 0, −d and −2d, which takes two evaluations: 3 f(x) − 3 f(x−d) + f(x−2d).
    So a central difference at a bound is the one-sided quotient of order 2, (4 f(x+h) − 3 f(x) −
    f(x+2h)) / 2h, and what sees noise, kinks and truncation works as it does inside. It is NaN
    where those three are not all inside.
    """
    if problem.bounds is None:
        return evaluate
    bounds, home = problem.bounds, point.copy()
    known: list[float] = []

    def inside() -> float:
        if bounds.hold(point):
            return evaluate()
        there = point.copy()
        try:
            if not known:
                point[:] = home
                known.append(evaluate())
            total = 3 * known[0]
            for times, weight in ((1, -3), (2, 1)):
                point[:] = home - times * (there - home)
                if not bounds.hold(point):
                    return math.nan
                total += weight * evaluate()
            return total
        finally:
            point[:] = there

    return inside


class OverComplex:
    """The function that evaluates the loss at `point` in complex arithmetic.

    Attributes
    ----------
    xp : Refining
        The namespace that it runs in, which says what it saw in the last run.
    """

    def __init__(self, problem: Problem, point: Vector, data: Arrays) -> None:
        self.problem = problem
        self.xp = xp = Refining(problem)
        self._views = problem.structure.split(point)
        self._constants = {name: Array(xp, array) for name, array in data.items()}

    def __call__(self) -> complex:
        """Evaluate the loss.

        Raises
        ------
        NotDifferentiable
            If it is not a number, because a function left its real domain.
        """
        xp = self.xp
        xp.restart()
        views = copied(self._views) if self.problem.keeps_arguments else self._views
        params = {name: Array(xp, view) for name, view in views.items()}
        result = complex(call_loss(self.problem, params, self._constants, xp).payload)
        xp.ended()
        if math.isnan(result.real):
            if xp.outside:
                raise NotDifferentiable(_left_domain(self.problem, xp))
            return complex(math.nan, math.nan)
        return result


def _left_domain(problem: Problem, xp: Holomorphic) -> str:
    places = ", ".join(f"xp.{name} at {value}" for name, value in xp.outside.items())
    return (
        f"The loss {problem.name!r} is NaN at this point, where a function leaves its real domain: "
        f"{places}. Move the parameters inside, or guard the function's argument with xp.where."
    )
