"""Axes, lengths and offsets: integers of any type, as Python's own.

What is static in a recorded operation is written into programs and compared, so NumPy's integers
and arrays of them do not get that far.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from gradmethods.errors import GradientError, ShapeMismatch, UnsupportedOperation


def integer(value: Any) -> int:
    """Return an integer of any type as a Python int, refusing everything else."""
    try:
        return operator.index(value)
    except GradientError:
        raise
    except TypeError as error:
        raise UnsupportedOperation(
            f"Expected an integer where an axis, a length or an offset stands, got {value!r}. "
            "Round it, and convert it with int."
        ) from error


def integers(values: Any) -> tuple[int, ...]:
    """Return one integer, or a sequence or NumPy array of them, as a tuple."""
    if isinstance(values, (tuple, list, range)) or (isinstance(values, np.ndarray) and values.ndim):
        return tuple(map(integer, values))
    return (integer(values),)


def normalize_axes(axis: Any, ndim: int, *, ordered: bool = False) -> tuple[int, ...]:
    """Return axes as non-negative numbers: all for None; sorted unless the order matters."""
    if axis is None:
        return tuple(range(ndim))
    axes = integers(axis)
    bad = [a for a in axes if not -ndim <= a < ndim]
    if bad or len({a % ndim for a in axes}) != len(axes):
        raise ShapeMismatch(f"axis={axis} does not fit an array with {ndim} axes, or repeats.")
    positive = tuple(a % ndim for a in axes)
    return positive if ordered else tuple(sorted(positive))


def normalize_axis(axis: Any, ndim: int) -> int:
    """Return one axis as a non-negative number."""
    (at,) = normalize_axes(integer(axis), ndim)
    return at
