"""What all problems do with their options: check them, and draw numbers from the seed."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import FLOATS
from gradmethods.errors import InvalidOption, UnknownName


def whole(option: str, value: Any, *, least: int) -> int:
    """Return `value` as an int, refusing anything but a whole number from `least` on."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, (bool, np.bool_)):
        raise InvalidOption(f"{option} must be a whole number, at least {least}, got {value!r}.")
    return number


def at_most(option: str, number: int, most: int) -> int:
    """Return `number`, refusing one above `most`: there are no more of what it counts."""
    if number > most:
        raise InvalidOption(f"{option} must be at most {most:,}, got {number:,}.")
    return number


def positive(option: str, value: Any, *, zero: bool = False) -> float:
    """Return `value` as a float, refusing anything but a finite number above zero, or from it on.

    Parameters
    ----------
    option : str
        Its name.
    value : Any
        To check.
    zero : bool, default False
        Whether it may be 0.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    allowed = 0 < number < math.inf or (zero and number == 0)
    if not allowed or isinstance(value, str):
        words = "from 0 on" if zero else "above 0"
        raise InvalidOption(f"{option} must be a finite number {words}, got {value!r}.")
    return number


def one_of(option: str, value: Any, known: Iterable[str]) -> str:
    """Return `value`, refusing a name that is not among the `known`."""
    names = list(known)
    if value not in names:
        raise UnknownName.among(option, value, names)
    return str(value)


def floating(value: Any) -> np.dtype[Any]:
    """Return `value` as the dtype float64 or float32."""
    try:
        dtype = np.dtype("O") if value is None else np.dtype(value)
    except TypeError:
        dtype = np.dtype("O")
    if dtype not in FLOATS:
        raise InvalidOption(f"dtype must be 'float64' or 'float32', got {value!r}.")
    return dtype


def generator(seed: Any) -> np.random.Generator:
    """Return a generator for a seed; a generator is returned as it is."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(whole("seed", seed, least=0))


def generators(seed: Any) -> tuple[np.random.Generator, np.random.Generator]:
    """Return two independent generators, for the parameters and for the data.

    Two, so that another number of examples leaves the parameters as they are, and other layers
    leave the data.
    """
    data = generator(whole("seed", seed, least=0))
    return data.spawn(1)[0], data


def numbers(text: str) -> NDArray[np.float64]:
    """Return the numbers of a text, between spaces."""
    return np.array(text.split(), float)
