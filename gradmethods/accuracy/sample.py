"""Problems made from a problem: in another precision, or seen along a few of its parameters.

Both are problems like any other, so that every provider and the certified reference take them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.problem import Problem


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
    """Draw at most so many of `size` components, all if they are no more; in their order."""
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, most, replace=False))


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
    places[np.setdiff1d(np.arange(point.size), components)] = np.arange(
        components.size, point.size
    )

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
