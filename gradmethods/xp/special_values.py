"""How special functions are evaluated in NumPy: in double precision, region by region.

The same lines run over complex arrays near the real axis, where all that they are made of is
holomorphic within a region; real parts are those of the real function. Nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebval
from numpy.typing import NDArray

Numbers = NDArray[Any]
"""float64, or complex128."""

Region = tuple[Any, Callable[[Numbers], Any]]


def evaluated(function: Callable[[Numbers], Numbers]) -> Callable[..., Any]:
    """Make of a function of float64 arrays one of any numbers, which can write into an array.

    Its results have the dtype of floating-point operands, and are float64 for integers.
    """

    @wraps(function)
    def call(x: Any, out: NDArray[Any] | None = None) -> Any:
        x = np.asarray(x)
        dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            real = function(np.asarray(x.real, np.float64))
            if dtype.kind == "c":
                return _joined(function, x.astype(np.complex128), real).astype(dtype)
        if out is None:
            return real.astype(dtype, copy=False)[()]
        out[...] = real
        return out

    return call


def _joined(function: Callable[[Numbers], Numbers], z: Numbers, real: Numbers) -> Numbers:
    """Join the imaginary part to that of the real function, and to what a wide step adds to it."""
    found = function(z)
    if (np.abs(z.imag) > NARROW * np.abs(z.real)).any():
        real = real + (found.real - function(z.real.astype(np.complex128)).real)
    found.real = real
    return found


NARROW = 1e-12
"""Imaginary parts, beside real ones, whose squares are not seen in the result."""


def by_region(x: Numbers, *regions: Region) -> Numbers:
    """Evaluate each region of the operand by a function of its own; NaN where there is none."""
    result = np.full(x.shape, np.nan, x.dtype)
    for where, function in regions:
        mask = np.asarray(where)
        if mask.any():
            result[mask] = function(x[mask])
    return result


def series(coefficients: tuple[float, ...], x: Numbers, low: float, high: float) -> Numbers:
    """Add up a series of Chebyshev polynomials on an interval."""
    result: Numbers = chebval((2 * x - (low + high)) / (high - low), coefficients)
    return result


def polynomial(coefficients: tuple[float, ...], x: Numbers) -> Numbers:
    """Add up a series of powers, the lowest first."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
