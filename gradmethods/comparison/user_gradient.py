"""A gradient that a user wrote, in whatever form: numbers, or a function to call at points.

Here it is called and read, with words for what does not fit; nothing is compared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import BARE, Arrays
from gradmethods.errors import InvalidOption, ShapeMismatch
from gradmethods.xp.subclasses import lost_meaning

Call = Callable[[Problem], "Given"]


class Given(NamedTuple):
    """What a user's gradient gave at a point: arrays, and the loss if it told that too."""

    gradient: Arrays
    value: float | None = None


def callable_of(gradient: Any, problem: Problem) -> tuple[Call, str]:
    """Return how to ask a user's function at the point of a problem, and its name.

    Raises
    ------
    InvalidOption
        If it cannot be called with parameters, nor with parameters and the problem's data.
    """
    if isinstance(gradient, Provider) and not isinstance(gradient, type):
        prepared = gradient.prepare(problem)
        return lambda at: read(prepared(at.params), at), gradient.name
    name = getattr(gradient, "__name__", type(gradient).__name__)
    takes = _data_taken(gradient, problem, name)

    def ask(at: Problem) -> Given:
        # Copies: whoever writes into his arguments must not change the point under our feet.
        arrays = {key: array.copy() for key, array in at.structure.check(at.params).items()}
        data = {key: at.data[key].copy() for key in takes}
        with np.errstate(all="ignore"):
            return read(gradient(at.structure.restore(arrays), **data), at)

    return ask, "gradient" if name == "<lambda>" else name


def _data_taken(function: Callable[..., Any], problem: Problem, name: str) -> list[str]:
    """Return the names of the data that a function wants beside the parameters."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C: its arguments are not known
        return []
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    # The first argument takes the parameters, whatever it is called.
    by_name = list(signature.parameters.values())[1:]
    takes = [p.name for p in by_name if p.name in problem.data and p.kind != p.POSITIONAL_ONLY]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        takes = list(problem.data)
    try:
        signature.bind(None, **dict.fromkeys(takes))
    except TypeError as error:
        wanted = ", ".join(["params", *problem.data])
        raise InvalidOption(
            f"{name!r} cannot be called as {name}({wanted}): {error}. Write the gradient as a "
            f"function of the parameters alone, or of the parameters and the data by name."
        ) from error
    return takes


def read(result: Any, problem: Problem) -> Given:
    """Read what a function returned, or values: a gradient, or a pair of loss and gradient."""
    value: float | None = None
    if isinstance(result, tuple) and len(result) == 2 and _is_pair(result, problem):
        value, result = _number(result[0]), result[1]
    return Given(_arrays(result, problem), value)


def _number(loss: Any) -> float:
    if np.asarray(loss).dtype.kind not in "fiu":
        raise ShapeMismatch(
            f"Expected the loss as a real number beside the gradient, got {type(loss).__name__}. "
            "Return (loss, gradient), or the gradient alone."
        )
    return float(np.asarray(loss))


def _is_pair(result: tuple[Any, Any], problem: Problem) -> bool:
    first, second = result
    try:
        if isinstance(first, Mapping) or np.shape(first) != ():
            return False
    except ValueError:  # containers of several shapes
        return False
    structure = problem.structure
    if structure.bare:
        return bool(np.shape(second) == structure.shapes[BARE])
    try:
        structure.leaves(second)
    except ShapeMismatch:
        return isinstance(second, Mapping)  # of other names, which is what to complain about
    return True


def _arrays(gradient: Any, problem: Problem) -> Arrays:
    given = problem.structure.leaves(gradient, "gradient")
    shapes, dtype = problem.structure.shapes, problem.structure.dtype
    return {name: _array(name, given[name], shape, dtype) for name, shape in shapes.items()}


def _array(name: str, given: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    what = f"the gradient of {name!r}" if name else "the gradient"
    if lost := lost_meaning(given):
        raise ShapeMismatch(f"{what[0].upper()}{what[1:]} {lost}")
    try:
        array = np.array(given)
    except (TypeError, ValueError) as error:
        raise ShapeMismatch(f"Expected {what} as an array of {dtype}, got {error}.") from error
    if array.dtype.kind not in "fiu":
        raise ShapeMismatch(
            f"Expected {what} in real numbers, got dtype {array.dtype}. Return NumPy arrays of "
            f"{dtype}."
        )
    if array.shape != shape:
        hint = " It has the shape of the transpose." if array.shape == shape[::-1] else ""
        raise ShapeMismatch(
            f"Expected {what} in the shape of the parameter, {shape}, got {array.shape}.{hint}"
        )
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(dtype)
