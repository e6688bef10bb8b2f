"""What is judged: a problem in one precision, along some or all parameters, and its truth.

A problem in another precision, or along a few of its parameters, is a problem like any other: every
provider takes it, and so does the certified reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import GradientError
from gradmethods.problem import Problem

COMPONENTS = 200
"""Up to so many parameters all are looked at; of more, a sample."""

SAMPLE = 50
"""Drawn of more. Certifying a component takes several passes over a loss that is then large."""


ORDER = 9
"""Of derivatives: those that the bound on five-point differences sums."""


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
        return in_dtype(self.given, self.dtype)

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
        return self.whole if self.is_whole else along(self.whole, self.chosen)

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
        from gradmethods.certified import certified_derivatives

        try:
            return np.asarray(certified_derivatives(self.problem, ORDER))
        except GradientError:  # there may be a gradient all the same, and then no theory
            return None

    @cached_property
    def _truth(self) -> Any:
        from gradmethods.certified import certified_gradient

        try:
            return certified_gradient(self.problem)
        except GradientError as refusal:
            return refusal


def in_dtype(problem: Problem, dtype: str) -> Problem:
    """Return a problem with its point and data rounded to float64 or float32.

    Parameters
    ----------
    problem : Problem
        Returned as it is if that is its dtype.
    dtype : str
        ``"float64"`` or ``"float32"``.

    Examples
    --------
    >>> from gradmethods import problems
    >>> in_dtype(problems.get("island"), "float32")
    <Problem 'island': 13 parameters, float32>
    """
    if problem.dtype == np.dtype(dtype):
        return problem
    arrays = problem.structure.check(problem.params)
    rounded = {name: array.astype(dtype) for name, array in arrays.items()}
    return Problem(
        problem.loss, problem.structure.restore(rounded), problem.data, name=problem.name
    )


def chosen_components(size: int, most: int, seed: int) -> NDArray[np.intp]:
    """Take all of at most so many components, and draw a sample of more; in their order."""
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, min(most, SAMPLE), replace=False))


def along(problem: Problem, components: NDArray[np.intp]) -> Problem:
    """Return the loss as a function of some components of its parameters alone, in one array.

    Parameters
    ----------
    problem : Problem
        The others stay at its point.
    components : numpy.ndarray
        Indices into the parameters laid end to end.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w**2), np.array([1.0, 2.0, 3.0]))
    >>> some = along(problem, np.array([0, 2]))
    >>> some.params
    array([1., 3.])
    >>> gm.Backprop().prepare(some)(some.params).gradient
    array([2., 6.])
    """
    structure = problem.structure
    point = structure.join(structure.check(problem.params))
    fixed = np.delete(point, components)
    places = np.empty(point.size, np.intp)
    places[components] = np.arange(components.size)
    places[np.setdiff1d(np.arange(point.size), components)] = np.arange(components.size, point.size)

    def loss(w: Any, *, xp: Any = np, **data: Any) -> Any:
        # Entries are moved, never computed with: not a rounding comes between w and the loss.
        whole = xp.take(xp.concat([w, xp.asarray(fixed)]), xp.asarray(places))
        arrays, start = {}, 0
        for name, shape in structure.shapes.items():
            stop = start + math.prod(shape)
            arrays[name] = xp.reshape(whole[start:stop], shape)
            start = stop
        return problem.loss(structure.restore(arrays), **data, xp=xp)

    return Problem(loss, point[components], problem.data, name=problem.name)
