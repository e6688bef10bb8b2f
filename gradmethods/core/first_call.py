"""Call a user's loss for the first time, and explain what is wrong with one that fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.declared import Declared
from gradmethods.errors import InvalidProblem
from gradmethods.xp import Namespace
from gradmethods.xp.rewrites import advice
from gradmethods.xp.signature import wanted


def first_value(problem: Declared, params: Any) -> Any:
    """Call a loss at its point in plain NumPy, and return the number that it gave.

    Raises
    ------
    InvalidProblem
        If it cannot be called, or does not return a real floating-point scalar.
    """
    try:
        value = _call(problem, params)
    except TypeError as error:
        inner = error.__traceback__ and error.__traceback__.tb_next
        if inner and inner.tb_next:  # raised by the loss, which was called: the user's own
            if "keyword argument 'descending'" not in str(error):
                raise
            raise InvalidProblem(
                f"The loss {problem.name!r} sorts with descending=, which the array API standard "
                "has, and NumPy has not. Write xp.flip(xp.sort(x, axis=axis), axis=axis), or "
                "xp.argsort(-x, axis=axis)."
            ) from error
        raise InvalidProblem(
            f"The loss {problem.name!r} cannot be called: {error}. {wanted(problem.data)}"
        ) from error
    except AttributeError as error:
        if not str(error).startswith("module 'numpy"):
            raise
        raise InvalidProblem(
            f"The loss {problem.name!r} asks for a function that there is not: {error}. "
            f"{advice(str(error.name), dir(Namespace))}"
        ) from error
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise writes(problem, f" ({error})") from error
    if value is None:
        raise InvalidProblem(
            f"The loss {problem.name!r} must return a real floating-point number, got None. Does "
            "it end without return?"
        )
    check_scalar(np.shape(value), np.asarray(value).dtype, problem.name)
    return value


def writes(problem: Declared, error: str = "") -> InvalidProblem:
    """Make the error for a loss that writes into its arrays."""
    return InvalidProblem(
        f"The loss {problem.name!r} writes into an array that it was given{error}, but parameters "
        "and data are never written to. Make a new array: w = w * x for w *= x."
    )


def _call(problem: Declared, params: Any) -> Any:
    with np.errstate(all="ignore"):
        return problem.loss(params, **problem.data, xp=np)


def check_scalar(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Refuse what a loss returned if it is not a real floating-point scalar."""
    if shape != ():
        raise InvalidProblem(
            f"The loss {name!r} must return a scalar (shape ()), got shape {shape}. "
            "Reduce it with xp.sum or xp.mean."
        )
    if dtype.kind != "f":
        raise InvalidProblem(
            f"The loss {name!r} must return a real floating-point number, got {dtype}. "
            "Return a float built from the parameters with xp functions."
        )
