"""What may go wrong with an imaginary part: too small for the range of its dtype, or too large.

The complex step is exact to round-off between two limits. Where an imaginary part underflows, what
it carries of the derivative is lost; where it is large beside the distance on which a function
varies, its square can be seen in the next imaginary part. Both are found here, from operands and
results alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT = ("negative", "add", "subtract")
"""Linear functions, in which nothing underflows and every width is right."""

POLYNOMIALS = ("multiply", "matmul", "square")
"""Their imaginary parts are exact, whatever their operands' are."""

ON_THE_SCALE_OF_1 = ("exp", "expm1", "logaddexp", "sin", "cos", "sinh", "cosh", "tanh")
EVEN = ("square", "cos", "cosh")
"""Functions whose slope at 0 is 0."""

NORMAL, WIDEST = (
    {np.dtype(t): float(limit(np.finfo(t))) for t in (np.float32, np.float64)}
    for limit in (lambda info: info.smallest_normal, lambda info: math.sqrt(info.eps) / 8)
)
"""Imaginary parts below the first have lost digits; the squares of those above the second beside
the distance on which a function varies, in round-off of the real part, are seen."""


def faint(
    name: str, result: NDArray[Any], operands: list[Any]
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
    if name == "matmul":  # a sum of terms, of which each loses as much
        size *= operands[0].shape[-1]
    small: Any = np.abs(result.imag) < size
    small = small & _moved(name, operands)
    if not small.any():
        return None, size
    lost = small & _varying(name, operands)
    return (lost if lost.any() else None), size


def _moved(name: str, operands: list[Any]) -> Any:
    """Say which entries of a result can depend on the step at all: most do not."""
    z, w = operands[0], operands[-1]
    first = z.imag != 0 if np.iscomplexobj(z) else None
    if len(operands) == 1:
        return first
    second = w.imag != 0 if np.iscomplexobj(w) else None
    if name == "matmul":
        first = None if first is None else first.any(-1)[..., :, None]
        second = None if second is None else second.any(-2)[..., None, :]
    if first is None or second is None:
        return second if first is None else first
    return first | second


def _varying(name: str, operands: list[Any]) -> Any:
    """Say which entries of a result vary with the step; where operands are 0, products do not."""
    if len(operands) == 1:
        z = operands[0]
        varies = z.imag != 0
        return varies & (z.real != 0) if name in EVEN else varies
    z, w = operands
    first, second = np.imag(z) != 0, np.imag(w) != 0
    if name == "matmul":
        return _reached(first, np.real(w) != 0) | _reached(np.real(z) != 0, second)
    if name in ("multiply", "atan2"):
        return (first & (np.real(w) != 0)) | (second & (np.real(z) != 0))
    if name == "hypot":
        return (first & (np.real(z) != 0)) | (second & (np.real(w) != 0))
    if name == "divide":
        return first | (second & (np.real(z) != 0))
    if name == "pow":
        a, c = np.real(z), np.real(w)
        return (a != 0) & ((first & (c != 0)) | (second & (a != 1)))
    return first | second


def _reached(first: NDArray[np.bool], second: NDArray[np.bool]) -> Any:
    """Multiply matrices of conditions; as floating-point numbers, for which there is BLAS."""
    if not (first.any() and second.any()):
        return np.False_
    return np.matmul(first.astype(np.float32), second.astype(np.float32)) > 0


def coarse(name: str, operands: list[Any]) -> bool:
    """Say whether an operand's imaginary part is seen by its square, where it is finite.

    Of products, whether one is infinite beside a 0 that may depend on a parameter.
    """
    if name == "multiply" and all(map(np.iscomplexobj, operands)):
        z, w = operands
        return _silenced(z, w) or _silenced(w, z)
    if name in POLYNOMIALS:
        return False
    limit = WIDEST[next(x.real.dtype for x in operands if np.iscomplexobj(x))]
    if len(operands) == 1:
        z = operands[0]
        return _seen(z.imag, _radius(name, z.real), limit)
    (a, b), (c, d) = ((np.real(x), np.imag(x)) for x in operands)
    if name == "divide":
        return np.iscomplexobj(operands[1]) and _seen(d, np.abs(c), limit)
    if name == "pow":
        if not np.iscomplexobj(operands[1]):
            power = np.where((c == 0) | (c == 1) | (c == 2), 0, np.abs(c))
            return bool(power.any()) and _seen(b * power, np.abs(a), limit)
        logarithm = np.log(np.where(a > 0, a, 1))
        return _seen(b * np.abs(c), np.abs(a), limit) or _seen(d * logarithm, 1.0, limit)
    if name == "logaddexp":
        return _seen(b, 1.0, limit) or _seen(d, 1.0, limit)
    r = np.hypot(a, c)
    return _seen(b, r, limit) or _seen(d, r, limit)


def _silenced(z: Any, w: Any) -> bool:
    infinite = np.isinf(z.imag)
    return bool(infinite.any()) and bool((infinite & (w == 0)).any())


def _radius(name: str, a: Any) -> Any:
    """Return the distance on which a function of one operand varies."""
    if name in ON_THE_SCALE_OF_1:
        return 1.0
    if name in ("atan", "asinh"):
        return np.maximum(1, np.abs(a))
    if name == "tan":
        return np.abs(np.cos(a))
    if name == "log1p":
        return np.abs(1 + a)
    if name in ("asin", "acos", "atanh"):
        return np.abs(1 - np.abs(a))
    return np.abs(a - 1) if name == "acosh" else np.abs(a)


def _seen(b: Any, radius: Any, limit: float) -> bool:
    """Say whether (b/radius)² exceeds round-off; at radius 0 no step would be short enough."""
    wide = np.abs(b)
    over = wide > limit * radius
    return bool(over.any()) and bool(np.any(over & (wide < np.inf) & (radius > 0)))
