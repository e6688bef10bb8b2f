"""Creation functions, whose constants NumPy makes, and questions about data types."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.array import FIXED, Array
from gradmethods.xp.dispatch import Bindings, Operand
from gradmethods.xp.elementwise import Elementwise
from gradmethods.xp.integers import integers
from gradmethods.xp.manipulation import Manipulation


def _constant(function: Callable[..., Any]) -> Callable[..., Array]:
    def create(self: Bindings, *args: Any, **kwargs: Any) -> Array:
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Array)]
        if any(self.concrete(x) is None for x in given):
            raise UnsupportedOperation(
                f"xp.{function.__name__} makes constants of numbers that are known, got "
                f"{given[0]!r}. Make one of numbers, and compute with it, as in "
                f"start + (stop - start) * xp.linspace(0, 1, n). {FIXED}"
            )
        return self.array(function(*args, **kwargs))

    create.__name__ = function.__name__
    create.__doc__ = f"Make a constant array, as ``numpy.{function.__name__}`` does."
    return create


class Creation(Manipulation, Elementwise):
    """Creation functions, constants and data types of the standard."""

    pi = math.pi
    e = math.e
    inf = math.inf
    nan = math.nan
    newaxis = None
    bool = np.bool_
    int32 = np.int32
    int64 = np.int64
    float32 = np.float32
    float64 = np.float64

    arange = _constant(np.arange)
    empty = _constant(np.zeros)  # nobody writes to it
    eye = _constant(np.eye)
    linspace = _constant(np.linspace)
    ones = _constant(np.ones)
    tri = _constant(np.tri)
    zeros = _constant(np.zeros)

    def asarray(self, values: Any, /, *, dtype: Any = None, copy: Any = None) -> Array:
        """Make an array of numbers, of arrays, or of nested lists of either."""
        if isinstance(values, (list, tuple)) and any(map(_holds_array, values)):
            array = self.stack([self.asarray(value) for value in values])
        elif isinstance(values, Array):
            array = self.array(values)
        else:
            array = self.array(np.asarray(values, dtype=dtype))
        return array if dtype is None else self.astype(array, dtype)

    def full(self, shape: Any, value: Operand, *, dtype: Any = None) -> Array:
        """Repeat one number in an array of `shape`."""
        return self.bind("broadcast_to", self.asarray(value, dtype=dtype), shape=integers(shape))

    def zeros_like(self, x: Operand, /, *, dtype: Any = None) -> Array:
        """Return zeros of the shape of `x`."""
        return self.full_like(x, 0, dtype=dtype)

    def empty_like(self, x: Operand, /, *, dtype: Any = None) -> Array:
        """Return zeros of the shape of `x`: nobody writes to it."""
        return self.full_like(x, 0, dtype=dtype)

    def ones_like(self, x: Operand, /, *, dtype: Any = None) -> Array:
        """Return ones of the shape of `x`."""
        return self.full_like(x, 1, dtype=dtype)

    def full_like(self, x: Operand, /, value: Operand, *, dtype: Any = None) -> Array:
        """Repeat one number in an array of the shape, and by default the dtype, of `x`."""
        array = self.array(x)
        return self.full(array.shape, value, dtype=array.dtype if dtype is None else dtype)

    def meshgrid(self, *arrays: Operand, indexing: str = "xy") -> list[Array]:
        """Spread vectors over the axes of a common grid."""
        if indexing not in ("xy", "ij"):
            raise UnsupportedOperation(
                f"xp.meshgrid takes indexing='xy' or indexing='ij', got {indexing!r}."
            )
        vectors = [self.array(x) for x in arrays]
        order = list(range(len(vectors)))
        if indexing == "xy" and len(vectors) > 1:
            order[:2] = [1, 0]
        shapes = [[-1 if place == axis else 1 for axis in range(len(vectors))] for place in order]
        columns = [self.reshape(v, s) for v, s in zip(vectors, shapes, strict=True)]
        return self.broadcast_arrays(*columns)


def _holds_array(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_array, value))
    return isinstance(value, Array)


def _plain(x: Any) -> Any:
    return x.dtype if isinstance(x, Array) else x


class DataTypes(Bindings):
    """The data type functions of the standard; for arrays of `xp` their dtypes stand."""

    def can_cast(self, from_: Any, to: Any, /) -> bool:
        """Say whether every number of one type is one of another."""
        return bool(np.can_cast(_plain(from_), to))

    def finfo(self, type: Any, /) -> Any:
        """Return the limits of a floating-point type."""
        return np.finfo(_plain(type))

    def iinfo(self, type: Any, /) -> Any:
        """Return the limits of an integer type."""
        return np.iinfo(_plain(type))

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Say whether a type is of a kind, as in ``xp.isdtype(x.dtype, "real floating")``."""
        return bool(np.isdtype(dtype, kind))

    def result_type(self, *arrays_and_dtypes: Any) -> np.dtype[Any]:
        """Return the type of a result of arrays, numbers and types."""
        return np.result_type(*map(_plain, arrays_and_dtypes))
