"""Sums, products, quotients, powers and roots."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.xp.primitives.primitive import Behaviour, Primitive, binary, unary


def _power_base(xp: Any, g: Any, y: Any, x: Any, p: Any) -> Any:
    if isinstance(p, (int, float)):
        if p in (0, 1):
            return g * p
        return g * (p * (x if p == 2 else x ** (p - 1)))
    p = xp.astype(p, y.dtype)  # p - 1 can wrap around in a small dtype, or lose digits
    # Where p is 0 the derivative is 0, also at x = 0 where x ** (p - 1) is not.
    return g * xp.where(p == 0, 0, p * x ** xp.where(p == 0, 1, p - 1))


def _power_exponent(xp: Any, g: Any, y: Any, x: Any, p: Any) -> Any:
    # NumPy would take the logarithm in the dtype of the base, that of small integers in float16.
    base = xp.astype(xp.asarray(x), y.dtype)
    # 0 ** p is flat in p for p > 0; log(0) must not turn that into NaN.
    return g * y * xp.log(xp.where(base == 0, 1, base))


def _along_base(xp: Any, t: Any, y: Any, x: Any, p: Any) -> Any:
    if isinstance(p, (int, float)):
        slope: dict[float, Any] = {0: 0, 1: 1, 2: 2 * x}
        return t * (slope[p] if p in slope else p * x ** (p - 1))
    p = xp.astype(p, y.dtype)
    return t * xp.where(p == 0, 0, p * xp.pow(x, xp.where(p == 0, 1, p - 1)))


def _along_exponent(xp: Any, t: Any, y: Any, x: Any, p: Any) -> Any:
    base = xp.astype(xp.asarray(x), y.dtype)  # as in reverse: never in half precision
    return t * xp.where(base == 0, 0, y * xp.log(xp.where(base == 0, 1, base)))


def _radius_of_base(z: Any, w: Any) -> Any:
    c = np.real(w)
    if not np.iscomplexobj(w):
        c = np.where((c == 0) | (c == 1) | (c == 2), 0, c)  # these powers are exact
    return np.abs(np.real(z)) / np.abs(c) if np.any(c) else np.inf


def _radius_of_exponent(z: Any, w: Any) -> Any:
    a = np.real(z)
    return 1 / np.abs(np.log(np.where(a > 0, a, 1)))


def _size(z: Any) -> Any:
    return np.abs(z.real)


def _distance(z: Any, w: Any) -> Any:
    return np.hypot(np.real(z), np.real(w))


ENTRIES: tuple[Primitive, ...] = (
    unary(
        "negative",
        vjp=lambda xp, g, y, x: -g,
        jvp=lambda xp, t, y, x: -t,
        sympy=lambda sp, x: -x,
        ball=lambda balls, x: -x,
        slope=lambda balls, x, y: -balls.ONE,
        complex=lambda cx, z: np.negative(z),
        radius=None,
        behaviour=Behaviour.LINEAR | Behaviour.PASSING | Behaviour.EXPOSING | Behaviour.EXACT,
    ),
    binary(
        "add",
        vjp=(lambda xp, g, y, a, b: g, lambda xp, g, y, a, b: g),
        jvp=(lambda xp, t, y, a, b: t, lambda xp, t, y, a, b: t),
        sympy=lambda sp, a, b: a + b,
        ball=lambda balls, x, y: x + y,
        slopes=(None, None),
        complex=lambda cx, z, w: np.add(z, w),
        behaviour=(
            Behaviour.LINEAR
            | Behaviour.PASSING
            | Behaviour.EXPOSING
            | Behaviour.KEEPS_SIGN
            | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    binary(
        "subtract",
        vjp=(lambda xp, g, y, a, b: g, lambda xp, g, y, a, b: -g),
        jvp=(lambda xp, t, y, a, b: t, lambda xp, t, y, a, b: -t),
        sympy=lambda sp, a, b: a - b,
        ball=lambda balls, x, y: x - y,
        slopes=(None, lambda balls, x, y, z: -balls.ONE),
        complex=lambda cx, z, w: np.subtract(z, w),
        behaviour=Behaviour.LINEAR | Behaviour.PASSING | Behaviour.EXPOSING,
    ),
    binary(
        "multiply",
        vjp=(lambda xp, g, y, a, b: g * b, lambda xp, g, y, a, b: g * a),
        jvp=(lambda xp, t, y, a, b: t * b, lambda xp, t, y, a, b: t * a),
        sympy=lambda sp, a, b: a * b,
        ball=lambda balls, x, y: x * y,
        slopes=(lambda balls, x, y, z: y, lambda balls, x, y, z: x),
        complex=lambda cx, z, w: cx.multiply(z, w),
        varies=(lambda a, c: c != 0, lambda a, c: a != 0),
        behaviour=Behaviour.EXPOSING | Behaviour.KEEPS_SIGN | Behaviour.LEAVES_ZERO,
    ),
    binary(
        "divide",
        vjp=(lambda xp, g, y, a, b: g / b, lambda xp, g, y, a, b: -g * y / b),
        jvp=(lambda xp, t, y, a, b: t / b, lambda xp, t, y, a, b: -t * (y / b)),
        sympy=lambda sp, a, b: sp.quotient(a, b),
        ball=lambda balls, x, y: x / y,
        slopes=(lambda balls, x, y, z: balls.ONE / y, lambda balls, x, y, z: -z / y),
        complex=lambda cx, z, w: cx.divide(z, w),
        radius=(None, lambda z, w: np.abs(np.real(w))),
        varies=(lambda a, c: np.True_, lambda a, c: a != 0),
        behaviour=Behaviour.POLE
        | Behaviour.UNBOUNDED
        | Behaviour.KEEPS_SIGN
        | Behaviour.LEAVES_ZERO,
    ),
    binary(
        "pow",
        vjp=(_power_base, _power_exponent),
        jvp=(_along_base, _along_exponent),
        sympy=lambda sp, a, b: sp.power(a, b),
        ball=lambda balls, x, c: balls.power(x, c),
        slopes=(
            lambda balls, x, c, y: balls.power_slope(x, c, y),
            lambda balls, x, c, y: y * x.log() if x > 0 else balls.NAN,
        ),
        series=lambda ts, x, c: ts.power(x, c),
        complex=lambda cx, z, w: cx.power(z, w),
        radius=(_radius_of_base, _radius_of_exponent),
        varies=(lambda a, c: (a != 0) & (c != 0), lambda a, c: (a != 0) & (a != 1)),
        behaviour=Behaviour.STEEP | Behaviour.POLE | Behaviour.UNBOUNDED | Behaviour.LEAVES_ZERO,
    ),
    unary(
        "square",
        vjp=lambda xp, g, y, x: g * (2 * x),
        jvp=lambda xp, t, y, x: t * (2 * x),
        sympy=lambda sp, x: x**2,
        ball=lambda balls, x: x * x,
        slope=lambda balls, x, y: 2 * x,
        complex=lambda cx, z: np.square(z),
        radius=None,
        varies=lambda a: a != 0,
        behaviour=Behaviour.EXPOSING | Behaviour.NEVER_NEGATIVE | Behaviour.LEAVES_ZERO,
    ),
    unary(
        "sqrt",
        vjp=lambda xp, g, y, x: g * 0.5 / y,
        jvp=lambda xp, t, y, x: t * (0.5 / y),
        sympy=lambda sp, x: sp.sqrt(x),
        ball=lambda balls, x: x.sqrt(),
        slope=lambda balls, x, y: balls.ONE / (2 * y),
        series=lambda ts, x: ts.root(x),
        complex=lambda cx, z: np.sqrt(z),
        domain=(0, np.inf),
        radius=_size,
        behaviour=(
            Behaviour.STEEP
            | Behaviour.UNBOUNDED
            | Behaviour.EXPOSING
            | Behaviour.NEVER_NEGATIVE
            | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    unary(
        "reciprocal",
        vjp=lambda xp, g, y, x: -g * y * y,
        jvp=lambda xp, t, y, x: -t * (y * y),
        sympy=lambda sp, x: sp.quotient(sp.S.One, x),
        ball=lambda balls, x: balls.ONE / x,
        slope=lambda balls, x, y: -y * y,
        complex=lambda cx, z: cx.divide(1, z),
        radius=_size,
        behaviour=Behaviour.POLE | Behaviour.UNBOUNDED,
    ),
    binary(
        "hypot",
        vjp=(lambda xp, g, y, a, b: g * (a / y), lambda xp, g, y, a, b: g * (b / y)),
        jvp=(lambda xp, t, y, a, b: t * (a / y), lambda xp, t, y, a, b: t * (b / y)),
        sympy=lambda sp, a, b: sp.Hypot(a, b),
        ball=lambda balls, x, y: (x * x + y * y).nonnegative_part().sqrt(),
        slopes=(lambda balls, x, y, z: x / z, lambda balls, x, y, z: y / z),
        series=lambda ts, x, y: ts.root(x * x + y * y),
        complex=lambda cx, z, w: cx.hypot(z, w),
        radius=(_distance, _distance),
        varies=(lambda a, c: a != 0, lambda a, c: c != 0),
        behaviour=Behaviour.STEEP | Behaviour.EXPOSING | Behaviour.NEVER_NEGATIVE,
    ),
)
