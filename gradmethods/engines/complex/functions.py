"""Functions of complex arrays, accurate and without needless overflow near the real axis.

The entries of primitives are written in them: `cx` in their field `complex`.

Written as z = a + ib, w = c + id. NumPy's own are used where they hold; these are here because the
real part has to equal NumPy's real function to the last digit (ties and branches depend on it),
because infinity times a zero part gives NaN, or because NumPy has no complex version. Every formula
is an exact identity of the holomorphic function, for b of any size; no derivative rule stands here.

Source: W. Kahan, Branch cuts for complex elementary functions, in The State of the Art in Numerical
Analysis, Oxford 1987, 165-211.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

ComplexArray = NDArray[Any]


def is_complex(x: Any) -> bool:
    """Say whether an operand is complex; NumPy takes ten times as long to."""
    dtype = getattr(x, "dtype", None)
    return dtype is not None and dtype.kind == "c"


@lru_cache(maxsize=256)
def _common(*kinds: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Return the complex dtype that holds operands of some dtypes or types, and its real one."""
    together = np.result_type(*(kind(0) if isinstance(kind, type) else kind for kind in kinds))
    own = np.empty(0, together).real.dtype
    return np.result_type(together, np.complex64), own


def _kind(x: Any) -> Any:
    """Return what decides the dtype of a result: of Python's numbers their type."""
    return getattr(x, "dtype", None) or type(x)


def join(real: Any, imaginary: Any) -> ComplexArray:
    """Make a complex array of its parts; i * infinity would not do, its real part being NaN."""
    shape = np.shape(real)
    if np.shape(imaginary) != shape:  # to find out takes long
        shape = np.broadcast_shapes(shape, np.shape(imaginary))
    z = np.empty(shape, _common(_kind(real), _kind(imaginary))[0])
    z.real, z.imag = real, imaginary
    return z


def parts(z: Any) -> tuple[Any, Any]:
    """Return real and imaginary parts."""
    return np.real(z), np.imag(z)


def pair(z: Any, w: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return the parts of two operands, all in the dtype of the result.

    A logarithm of small integers would be taken in float16.
    """
    dtype = _common(_kind(z), _kind(w))[1]
    (a, b), (c, d) = ([np.asarray(part, dtype) for part in parts(x)] for x in (z, w))
    return (a, b), (c, d)


def divide(z: Any, w: Any) -> ComplexArray:
    """Divide, after Smith: with r = d/c there is no c² to overflow."""
    (a, b), (c, d) = pair(z, w)
    if not is_complex(w):
        return join(np.divide(a, c), np.divide(b, c))
    r = d / c
    denominator = c + d * r
    across = (b - a * r) / denominator
    if not is_complex(z):
        across = np.where(a == 0, 0, across)  # 0 over what varies, however steeply, is flat
    return join((a + b * r) / denominator, across)


def quotient(
    n: ComplexArray, d: ComplexArray, parts_of: Sequence[Any], above: Any, below: Any
) -> ComplexArray:
    """n/d = ρ + Σ (bᵢ - ρcᵢ) xᵢ/d for n = Σ bᵢxᵢ, d = Σ cᵢxᵢ and any ρ: that of the largest part.

    So the largest part, whose two contributions would cancel, is left out.
    """
    rest: Any = 0
    for x, weight in zip(parts_of, apart(d, parts_of, above, below), strict=True):
        rest = rest + weight * divide(x, d).imag
    return join(divide(n, d).real, rest)


def apart(d: Any, parts_of: Sequence[Any], above: Any, below: Any) -> list[Any]:
    """Return bᵢ - ρcᵢ of each part, 0 of the largest one, of which ρ is."""
    shape = np.broadcast_shapes(*map(np.shape, (d, *parts_of)))
    sizes = (abs(c * np.real(x)) for c, x in zip(below, parts_of, strict=True))
    largest = np.argmax([np.broadcast_to(size, shape) for size in sizes], axis=0)
    ratios = np.array([b / c if c else 0.0 for b, c in zip(above, below, strict=True)])
    ratio = ratios[largest]
    return [
        np.where(largest == k, 0, b - ratio * c)
        for k, (b, c) in enumerate(zip(above, below, strict=True))
    ]


def normalised(x: ComplexArray, d: ComplexArray, axis: tuple[int, ...]) -> ComplexArray:
    """x/d for the sum d of x over axes: of the largest entry 1 less what is left for the others."""
    share = divide(x, d)
    largest = share.real == np.max(share.real, axis=axis, keepdims=True)
    alone = largest & (np.sum(largest, axis=axis, keepdims=True) == 1)
    others = np.sum(np.where(alone, 0, share.imag), axis=axis, keepdims=True)
    return join(share.real, np.where(alone, -others, share.imag))


def remainder(z: Any, w: Any) -> ComplexArray:
    """Take n whole w from z, as many as by real parts; b - nd."""
    (a, b), (c, d) = pair(z, w)
    return join(np.remainder(a, c), b - np.where(d == 0, 0, d * np.floor_divide(a, c)))


def exp(z: ComplexArray) -> ComplexArray:
    """e^a (cos b + i sin b)."""
    a, b = parts(z)
    size = np.exp(a)
    return join(size * np.cos(b), size * np.sin(b))


def expm1(z: ComplexArray) -> ComplexArray:
    """(e^a - 1) cos b - 2 sin²(b/2) + i e^a sin b."""
    a, b = parts(z)
    return join(np.expm1(a) * np.cos(b) - 2 * np.sin(b / 2) ** 2, np.exp(a) * np.sin(b))


def log(z: ComplexArray, function: Callable[[Any], Any] = np.log, unit: Any = 1) -> ComplexArray:
    """Compute log a + log(1 + i b/a), for a > 0; in another base with its `function` and `unit`."""
    a, b = parts(z)
    turned = _log_of_turn(b / a)
    unit = a.dtype.type(unit)
    return join(function(a) + turned.real / unit, turned.imag / unit)


def log1p(z: ComplexArray) -> ComplexArray:
    """Compute log1p a + log(1 + i b/(1 + a)), for a > -1."""
    a, b = parts(z)
    turned = _log_of_turn(b / (1 + a))
    return join(np.log1p(a) + turned.real, turned.imag)


def xlogy(z: Any, w: Any) -> ComplexArray:
    """Multiply z by log w; 0 where z is, whatever w is, if it does not vary."""
    (_, _), (c, d) = pair(z, w)
    c = np.where((z == 0) & (c <= 0), 1, c).astype(c.dtype)
    return np.asarray(multiply(z, log(join(c, d)) if is_complex(w) else np.log(c)))


def _log_of_turn(t: Any) -> ComplexArray:
    """Compute log(1 + it) = log1p(t²)/2 + i atan t."""
    return join(np.log1p(t * t) / 2, np.atan(t))


def logaddexp(z: Any, w: Any) -> ComplexArray:
    """Add log(1 + e^(w - z)) to the operand of the larger real part, here z."""
    (a, b), (c, d) = pair(z, w)
    lead = a >= c
    size = np.exp(np.where(lead, c - a, a - c))
    turn = np.where(lead, d - b, b - d)
    tail = log1p(join(size * np.cos(turn), size * np.sin(turn)))
    rest = np.where(size > 0, tail.imag, 0)  # a wide step may overflow beside nothing
    return join(np.logaddexp(a, c) + (tail.real - np.log1p(size)), np.where(lead, b, d) + rest)


def power(z: Any, w: Any) -> ComplexArray:
    """a^c (1 + i b/a)^w exp(i d log a): the integer powers also for a < 0.

    Beside an imaginary part b that is larger than a, a^c may underflow: (ib)^c (1 - i a/b)^c.
    """
    (a, b), (c, d) = pair(z, w)
    steep = np.abs(b) > np.abs(a)
    if not is_complex(w) and np.any(steep) and np.all(a != 0):
        turn = exp(np.asarray(c * _log_of_turn(-a / np.where(steep, b, 1))))
        far = np.power(np.abs(b), c) * _quarter_turns(c, np.sign(b)) * turn
        return np.where(steep, far, power(join(a, np.where(steep, 0, b)), w)).astype(far.dtype)
    size = np.power(a, c)
    exponent = w * _log_of_turn(np.where(a == 0, 0, b / np.where(a == 0, 1, a)))
    if is_complex(w):
        exponent = exponent + 1j * (d * np.log(np.where(a == 0, 1, abs(a))))
    turn = exp(np.asarray(exponent))
    result = join(size * turn.real, size * turn.imag)
    return _power_of_zero(result, a, b, c) if np.any(a == 0) else result


def _quarter_turns(c: Any, sign: Any) -> ComplexArray:
    """i^c, or (-i)^c: exactly for whole c."""
    whole = np.remainder(c, 4).astype(int)
    half = np.pi / 2 * c
    real = np.where(c == np.trunc(c), np.array([1, 0, -1, 0])[whole], np.cos(half))
    imaginary = np.where(c == np.trunc(c), np.array([0, 1, 0, -1])[whole], np.sin(half))
    return join(real.astype(c.dtype), (sign * imaginary).astype(c.dtype))


def _power_of_zero(result: ComplexArray, a: Any, b: Any, c: Any) -> ComplexArray:
    """At a = 0, of z z^(c-1): infinite slope for c < 1, z itself for c = 1, and flat beyond."""
    steep = np.where((c < 1) & (c != 0) & (b != 0), np.copysign(np.inf, b * c), 0)
    steep = np.where(np.isinf(b) & (c > 1), np.nan, steep)  # 0 times what varies infinitely
    at_zero = join(np.where(c >= 1, 0, result.real), np.where(c == 1, b, steep))
    return np.where(a == 0, at_zero, result).astype(result.dtype)


def hypot(z: Any, w: Any) -> ComplexArray:
    """√(z² + w²) = r √(1 + …) with r = hypot(a, c); 0 where r is 0, a kink."""
    (a, b), (c, d) = pair(z, w)
    r = np.hypot(a, c)
    unit = np.where(r == 0, 1, r)
    a, b, c, d = a / unit, b / unit, c / unit, d / unit
    turn = np.sqrt(join(1 - b * b - d * d, 2 * (a * b + c * d)))
    return join(r * turn.real, r * turn.imag)


def atan2(y: Any, x: Any) -> ComplexArray:
    """atan2(a, c) + atan of the tangent left after turning by it; y = a + ib, x = c + id."""
    (a, b), (c, d) = pair(y, x)
    r = np.hypot(a, c)
    sine, cosine = a / r, c / r
    across = join(0 * r, (b / r) * cosine - (d / r) * sine)
    along = join(1 + 0 * r, (d / r) * cosine + (b / r) * sine)
    turn = np.atan(divide(across, along))
    return join(np.atan2(a, c) + turn.real, turn.imag)


def sin(z: ComplexArray) -> ComplexArray:
    """Compute sin a cosh b + i cos a sinh b."""
    a, b = parts(z)
    return join(np.sin(a) * np.cosh(b), np.cos(a) * np.sinh(b))


def cos(z: ComplexArray) -> ComplexArray:
    """Compute cos a cosh b - i sin a sinh b."""
    a, b = parts(z)
    return join(np.cos(a) * np.cosh(b), -np.sin(a) * np.sinh(b))


def tan(z: ComplexArray) -> ComplexArray:
    """(t (1 - s²) + i s (1 + t²)) / (1 + t² s²), t = tan a and s = tanh b."""
    a, b = parts(z)
    t, s = np.tan(a), np.tanh(b)
    below = 1 + (t * s) ** 2
    return join(t * (1 - s * s) / below, s * (1 + t * t) / below)


def sinh(z: ComplexArray) -> ComplexArray:
    """Compute sinh a cos b + i cosh a sin b."""
    a, b = parts(z)
    return join(np.sinh(a) * np.cos(b), np.cosh(a) * np.sin(b))


def cosh(z: ComplexArray) -> ComplexArray:
    """Compute cosh a cos b + i sinh a sin b."""
    a, b = parts(z)
    return join(np.cosh(a) * np.cos(b), np.sinh(a) * np.sin(b))


def tanh(z: ComplexArray) -> ComplexArray:
    """(t (1 + s²) + i s / cosh² a) / (1 + t² s²), t = tanh a and s = tan b."""
    a, b = parts(z)
    t, s = np.tanh(a), np.tan(b)
    below = 1 + (t * s) ** 2
    return join(t * (1 + s * s) / below, s / np.cosh(a) / np.cosh(a) / below)


def multiply(z: Any, w: Any) -> ComplexArray:
    """Multiply; a real factor is not made complex, and 0 times what varies infinitely is flat."""
    if is_complex(z) and is_complex(w):
        product = np.asarray(np.multiply(z, w))
        flat = (z == 0) | (w == 0)
        return np.where(flat, np.real(z) * np.real(w), product) if flat.any() else product
    (a, b), (c, d) = pair(z, w)
    along, still = (b, c) if is_complex(z) else (d, a)
    return join(a * c, np.where(still == 0, 0, along * still))


def matmul(z: Any, w: Any) -> ComplexArray:
    """Multiply matrices; real parts are NumPy's products of real parts, to the last digit."""
    (a, b), (c, d) = (_apart(x) if is_complex(x) else (x, None) for x in (z, w))
    product = np.matmul(a, c)
    if b is None:
        return join(product, _real_matmul(a, d))
    if d is None:
        return join(product, _real_matmul(c.mT, b.mT).mT)
    if not d.any():
        return join(product, np.matmul(b, c))
    return join(product, np.matmul(a, d) + np.matmul(b, c))


def _apart(z: ComplexArray) -> tuple[Any, Any]:
    """Copy the parts out of a complex array, in the same order: of strided ones sums differ."""
    return z.real.copy("K"), z.imag.copy("K")


def _real_matmul(factor: Any, varying: Any) -> Any:
    """Multiply imaginary parts by a real matrix, whose zeros let no infinity through."""
    if np.isfinite(varying).all():
        return np.matmul(factor, varying)
    terms = factor[..., :, :, None] * varying[..., None, :, :]
    return np.where(factor[..., :, :, None] == 0, 0, terms).sum(-2)


def larger_of(function: Callable[..., Any], sign: int, z: Any, w: Any) -> ComplexArray:
    """Choose by real part, and average where equal; of two zeros, NumPy's."""
    (a, b), (c, d) = pair(z, w)
    lead = sign * (a - c)
    return join(function(a, c), np.where(lead > 0, b, np.where(lead < 0, d, (b + d) / 2)))


def extreme(
    function: Callable[..., Any], z: Any, *, axis: tuple[int, ...], keepdims: bool
) -> ComplexArray:
    """Reduce by real part; entries that tie share equally."""
    kept = function(z.real, axis=axis, keepdims=True)
    attained = z.real == kept
    imaginary = np.sum(np.where(attained, z.imag, 0), axis=axis, keepdims=True)
    count = np.sum(attained, axis=axis, keepdims=True, dtype=kept.dtype)
    result = join(kept, imaginary / count)
    return result if keepdims else np.squeeze(result, axis)


def sort(z: ComplexArray, axis: int) -> ComplexArray:
    """Sort by real part; entries that tie share equally."""
    order = np.argsort(z.real, axis=axis, stable=True)
    z = np.moveaxis(np.take_along_axis(z, order, axis), axis, -1)
    result = z.copy()
    for i in np.ndindex(z.shape[:-1]):
        _, group, count = np.unique(z[i].real, return_inverse=True, return_counts=True)
        if len(count) < len(group):
            result[i].imag = (np.bincount(group, z[i].imag) / count)[group]
    return np.moveaxis(result, -1, axis)


def by_parts(function: Callable[..., Any], z: Any, **static: Any) -> ComplexArray:
    """Apply to real and imaginary parts apart: of complex numbers NumPy adds in another order."""
    return join(function(z.real, **static), function(z.imag, **static))
