"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.xp.primitives.primitive import Behaviour, Primitive, binary, unary


def _one(z: Any) -> float:
    return 1.0


def _to_the_ends(z: Any) -> Any:
    return np.abs(1 - np.abs(z.real))


def _size(z: Any) -> Any:
    return np.maximum(1, np.abs(z.real))


def _distance(z: Any, w: Any) -> Any:
    return np.hypot(np.real(z), np.real(w))


def _over_square(xp: Any, a: Any, r: Any) -> Any:
    return a / r / r  # the square of a large or small r need not exist


ENTRIES: tuple[Primitive, ...] = (
    unary(
        "sin",
        vjp=lambda xp, g, y, x: g * xp.cos(x),
        jvp=lambda xp, t, y, x: t * xp.cos(x),
        sympy=lambda sp, x: sp.sin(x),
        ball=lambda balls, x: x.sin(),
        slope=lambda balls, x, y: x.cos(),
        complex=lambda cx, z: cx.sin(z),
        radius=_one,
        behaviour=Behaviour.EXPOSING,
    ),
    unary(
        "cos",
        vjp=lambda xp, g, y, x: -g * xp.sin(x),
        jvp=lambda xp, t, y, x: t * -xp.sin(x),
        sympy=lambda sp, x: sp.cos(x),
        ball=lambda balls, x: x.cos(),
        slope=lambda balls, x, y: -x.sin(),
        complex=lambda cx, z: cx.cos(z),
        radius=_one,
        varies=lambda a: a != 0,
        behaviour=Behaviour.EXPOSING,
    ),
    unary(
        "tan",
        vjp=lambda xp, g, y, x: g * (xp.square(y) + 1),
        jvp=lambda xp, t, y, x: t * (1 + y * y),
        sympy=lambda sp, x: sp.tan(x),
        ball=lambda balls, x: x.tan(),
        slope=lambda balls, x, y: balls.ONE + y * y,
        complex=lambda cx, z: cx.tan(z),
        radius=lambda z: np.abs(np.cos(z.real)),
        behaviour=Behaviour.EXPOSING,
    ),
    unary(
        "asin",
        vjp=lambda xp, g, y, x: g / xp.sqrt((1 - x) * (1 + x)),
        jvp=lambda xp, t, y, x: t / xp.sqrt((1 - x) * (1 + x)),
        sympy=lambda sp, x: sp.Asin(x),
        ball=lambda balls, x: x.asin(),
        slope=lambda balls, x, y: balls.ONE / (balls.ONE - x * x).sqrt(),
        complex=lambda cx, z: np.asin(z),
        domain=(-1, 1),
        radius=_to_the_ends,
        behaviour=Behaviour.STEEP | Behaviour.UNBOUNDED | Behaviour.EXPOSING,
    ),
    unary(
        "acos",
        vjp=lambda xp, g, y, x: -g / xp.sqrt((1 - x) * (1 + x)),
        jvp=lambda xp, t, y, x: t / -xp.sqrt((1 - x) * (1 + x)),
        sympy=lambda sp, x: sp.Acos(x),
        ball=lambda balls, x: x.acos(),
        slope=lambda balls, x, y: -balls.ONE / (balls.ONE - x * x).sqrt(),
        complex=lambda cx, z: np.acos(z),
        domain=(-1, 1),
        radius=_to_the_ends,
        behaviour=Behaviour.STEEP | Behaviour.UNBOUNDED | Behaviour.EXPOSING | Behaviour.FALLING,
    ),
    unary(
        "atan",
        vjp=lambda xp, g, y, x: g / (xp.square(x) + 1),
        jvp=lambda xp, t, y, x: t / (1 + x * x),
        sympy=lambda sp, x: sp.Atan(x),
        ball=lambda balls, x: x.atan(),
        slope=lambda balls, x, y: balls.ONE / (balls.ONE + x * x),
        complex=lambda cx, z: np.atan(z),
        radius=_size,
    ),
    binary(
        "atan2",
        vjp=(
            lambda xp, g, y, a, b: g * _over_square(xp, b, xp.hypot(a, b)),
            lambda xp, g, y, a, b: -g * _over_square(xp, a, xp.hypot(a, b)),
        ),
        jvp=(
            lambda xp, t, y, a, b: t * _over_square(xp, b, xp.hypot(a, b)),
            lambda xp, t, y, a, b: t * -_over_square(xp, a, xp.hypot(a, b)),
        ),
        sympy=lambda sp, a, b: sp.Atan2(a, b),
        ball=lambda balls, y, x: balls.atan2(y, x),
        slopes=(
            lambda balls, y, x, z: balls.atan2_slope(y, x),
            lambda balls, y, x, z: -y / (x * x + y * y),
        ),
        series=lambda ts, y, x: ts.atan2(y, x),
        complex=lambda cx, y, x: cx.atan2(y, x),
        radius=(_distance, _distance),
        varies=(lambda a, c: c != 0, lambda a, c: a != 0),
        behaviour=Behaviour.STEEP | Behaviour.LEAVES_ZERO,
    ),
    unary(
        "sinh",
        vjp=lambda xp, g, y, x: g * xp.cosh(x),
        jvp=lambda xp, t, y, x: t * xp.cosh(x),
        sympy=lambda sp, x: sp.sinh(x),
        ball=lambda balls, x: x.sinh(),
        slope=lambda balls, x, y: x.cosh(),
        series=lambda ts, x: (x.exp() - (-x).exp()) / 2,
        complex=lambda cx, z: cx.sinh(z),
        radius=_one,
        behaviour=Behaviour.UNBOUNDED | Behaviour.OVERFLOWING | Behaviour.EXPOSING,
    ),
    unary(
        "cosh",
        vjp=lambda xp, g, y, x: g * xp.sinh(x),
        jvp=lambda xp, t, y, x: t * xp.sinh(x),
        sympy=lambda sp, x: sp.cosh(x),
        ball=lambda balls, x: x.cosh(),
        slope=lambda balls, x, y: x.sinh(),
        series=lambda ts, x: (x.exp() + (-x).exp()) / 2,
        complex=lambda cx, z: cx.cosh(z),
        radius=_one,
        varies=lambda a: a != 0,
        behaviour=Behaviour.UNBOUNDED
        | Behaviour.OVERFLOWING
        | Behaviour.EXPOSING
        | Behaviour.NEVER_NEGATIVE,
    ),
    unary(
        "tanh",
        vjp=lambda xp, g, y, x: g * xp.slope_of_tanh(x, y),
        jvp=lambda xp, t, y, x: t * xp.slope_of_tanh(x, y),
        sympy=lambda sp, x: sp.tanh(x),
        ball=lambda balls, x: x.tanh(),
        slope=lambda balls, x, y: balls.whole_power(x.sech(), 2),  # 1 - y² would cancel
        series=lambda ts, x: ts.ONE - 2 / ((2 * x).exp() + 1),
        complex=lambda cx, z: cx.tanh(z),
        radius=_one,
    ),
    unary(
        "asinh",
        vjp=lambda xp, g, y, x: g / xp.hypot(x, 1),
        jvp=lambda xp, t, y, x: t / xp.hypot(x, 1),
        sympy=lambda sp, x: sp.Asinh(x),
        ball=lambda balls, x: x.asinh(),
        slope=lambda balls, x, y: balls.ONE / (balls.ONE + x * x).sqrt(),
        series=lambda ts, x: (x + (x * x + 1).sqrt()).log(),
        complex=lambda cx, z: np.asinh(z),
        radius=_size,
        behaviour=Behaviour.EXPOSING,
    ),
    unary(
        "acosh",
        vjp=lambda xp, g, y, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1)),
        jvp=lambda xp, t, y, x: t / (xp.sqrt(x - 1) * xp.sqrt(x + 1)),
        sympy=lambda sp, x: sp.Acosh(x),
        ball=lambda balls, x: x.acosh(),
        slope=lambda balls, x, y: balls.ONE / (x * x - balls.ONE).sqrt(),
        series=lambda ts, x: (x + ts.root(x * x - 1)).log(),
        complex=lambda cx, z: np.acosh(z),
        domain=(1, np.inf),
        radius=lambda z: np.abs(z.real - 1),
        behaviour=Behaviour.STEEP | Behaviour.UNBOUNDED | Behaviour.EXPOSING,
    ),
    unary(
        "atanh",
        vjp=lambda xp, g, y, x: g / ((1 - x) * (1 + x)),
        jvp=lambda xp, t, y, x: t / ((1 - x) * (1 + x)),
        sympy=lambda sp, x: sp.Atanh(x),
        ball=lambda balls, x: x.atanh(),
        slope=lambda balls, x, y: balls.ONE / (balls.ONE - x * x),
        series=lambda ts, x: ((ts.ONE + x) / (ts.ONE - x)).log() / 2,
        complex=lambda cx, z: np.atanh(z),
        domain=(-1, 1),
        radius=_to_the_ends,
        behaviour=Behaviour.UNBOUNDED | Behaviour.EXPOSING,
    ),
)
