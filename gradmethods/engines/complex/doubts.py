"""What may go wrong with an imaginary part: too small for the range of its dtype, or too large.

The complex step is exact to round-off between two limits. Where an imaginary part underflows, what
it carries of the derivative is lost; where it is large beside the distance on which a function
varies, its square can be seen in the next imaginary part. Both are found here, from operands and
results alone.
"""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.complex.functions import is_complex
from gradmethods.xp.primitives import Primitive

NORMAL, WIDEST = (
    {np.dtype(t): float(limit(np.finfo(t))) for t in (np.float32, np.float64)}
    for limit in (lambda info: info.smallest_normal, lambda info: math.sqrt(info.eps) / 8)
)
"""Imaginary parts below the first have lost digits; the squares of those above the second beside
the distance on which a function varies, in round-off of the real part, are seen."""


def faint(
    primitive: Primitive, result: NDArray[Any], operands: list[Any]
) -> tuple[NDArray[np.bool] | None, float]:
    """Find the entries that depend on the step, and whose imaginary parts have lost digits by it.

    Returns
    -------
    lost : numpy.ndarray or None
        None if there are none.
    size : float
        A bound on what each may have lost.
    """
    size = NORMAL[result.real.dtype]
    if primitive.name == "matmul":  # a sum of terms, of which each loses as much
        size *= operands[0].shape[-1]
    small: Any = np.abs(result.imag) < size
    small = small & _moved(primitive, operands)
    if not small.any():
        return None, size
    lost = small & _varying(primitive, operands)
    return (lost if lost.any() else None), size


def _moved(primitive: Primitive, operands: list[Any]) -> Any:
    """Say which entries of a result can depend on the step at all: most do not."""
    z, w = operands[0], operands[-1]
    first = z.imag != 0 if is_complex(z) else None
    if len(operands) == 1:
        return first
    second = w.imag != 0 if is_complex(w) else None
    if primitive.name == "matmul":
        first = None if first is None else first.any(-1)[..., :, None]
        second = None if second is None else second.any(-2)[..., None, :]
    if first is None or second is None:
        return second if first is None else first
    return first | second


def _varying(primitive: Primitive, operands: list[Any]) -> Any:
    """Say which entries of a result vary with the step: where a slope is 0, they do not."""
    moved = [np.imag(x) != 0 for x in operands]
    if primitive.name == "matmul":
        first, second = moved
        z, w = operands
        return _reached(first, np.real(w) != 0) | _reached(np.real(z) != 0, second)
    if primitive.varies is not None:
        real = [np.real(x) for x in operands]
        moved = [x & varies(*real) for x, varies in zip(moved, primitive.varies, strict=True)]
    return functools.reduce(operator.or_, moved)


def _reached(first: NDArray[np.bool], second: NDArray[np.bool]) -> Any:
    """Multiply matrices of conditions; as floating-point numbers, for which there is BLAS."""
    if not (first.any() and second.any()):
        return np.False_
    return np.matmul(first.astype(np.float32), second.astype(np.float32)) > 0


def coarse(primitive: Primitive, operands: list[Any]) -> bool:
    """Say whether an operand's imaginary part is seen by its square, where it is finite.

    Of products, whether one is infinite beside a 0 that may depend on a parameter.
    """
    if primitive.name == "multiply" and all(map(is_complex, operands)):
        z, w = operands
        return _silenced(z, w) or _silenced(w, z)
    if primitive.radius is None:
        return False
    if len(operands) == 1:  # as most are: to find out more takes long
        (z,), (radius,) = operands, primitive.radius
        assert radius is not None
        return _seen(z.imag, radius(z), WIDEST[z.real.dtype])
    limit = WIDEST[next(x.real.dtype for x in operands if is_complex(x))]
    return any(
        radius is not None and is_complex(x) and _seen(x.imag, radius(*operands), limit)
        for x, radius in zip(operands, primitive.radius, strict=True)
    )


def beyond_range(x: Any) -> bool:
    """Say whether a matrix of those given is so small or so large that products of four leave it.

    What is lost in them cannot be told from a derivative that is 0.
    """
    axes = (-2, -1) if np.ndim(x) > 1 else None
    size = np.max(np.abs(np.real(x)), axis=axes, initial=0)
    least = NORMAL[np.result_type(np.real(x), np.float32)] ** 0.25
    return bool(((size > 0) & ((size < least) | (size > 1 / least))).any())


def _silenced(z: Any, w: Any) -> bool:
    infinite = np.isinf(z.imag)
    return bool(infinite.any()) and bool((infinite & (w == 0)).any())


def _seen(b: Any, radius: Any, limit: float) -> bool:
    """Say whether (b/radius)² exceeds round-off; at radius 0 no step would be short enough."""
    wide = np.abs(b)
    over = wide > limit * radius
    return bool(over.any()) and bool(np.any(over & (wide < np.inf) & (radius > 0)))
