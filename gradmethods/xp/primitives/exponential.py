"""Exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.xp.primitives.primitive import Behaviour, Function, Primitive, binary, unary


def _one(*operands: Any) -> float:
    return 1.0


def _size(z: Any) -> Any:
    return np.abs(z.real)


def _log_add_exp(first: bool) -> Function:  # which of the two operands
    """Multiply by e^a/(e^a + e^b), or by the rest of 1.

    Differences from the result would lose digits; the one exponential here never overflows, and
    serves both operands.
    """

    def rule(xp: Any, g: Any, y: Any, a: Any, b: Any) -> Any:
        lead = a - b
        smaller = xp.exp(-xp.abs(lead))
        share = xp.where(lead > 0, 1, smaller) if first else xp.where(lead > 0, smaller, 1)
        return g * (share / (1 + smaller))

    return rule


def _weight(xp: Any, a: Any, b: Any) -> Any:
    """Return e^a/(e^a + e^b), which only overflows to 0."""
    return 1 / (1 + xp.exp(b - a))


def _logarithm(name: str, base: int) -> Primitive:
    """Make the entry of a logarithm to an integer base."""
    natural = math.log(base)
    return unary(
        name,
        vjp=lambda xp, g, y, x: g / (x * natural),
        jvp=lambda xp, t, y, x: t / (x * natural),
        sympy=lambda sp, x: sp.falling_to_pole(getattr(sp, name), x, 0),
        ball=lambda balls, x: x.log() / balls.arb(base).log(),
        slope=lambda balls, x, y: balls.ONE / (x * balls.arb(base).log()),
        complex=lambda cx, z: cx.log(z, getattr(np, name), np.log(base)),
        domain=(0, np.inf),
        radius=_size,
        behaviour=Behaviour.POLE | Behaviour.UNBOUNDED | Behaviour.EXPOSING | Behaviour.LEAVES_ZERO,
    )


ENTRIES: tuple[Primitive, ...] = (
    unary(
        "exp",
        vjp=lambda xp, g, y, x: g * y,
        jvp=lambda xp, t, y, x: t * y,
        sympy=lambda sp, x: sp.exp(x),
        ball=lambda balls, x: x.exp(),
        slope=lambda balls, x, y: y,
        complex=lambda cx, z: cx.exp(z),
        radius=_one,
        behaviour=Behaviour.UNBOUNDED | Behaviour.OVERFLOWING | Behaviour.NEVER_NEGATIVE,
    ),
    unary(
        "expm1",
        vjp=lambda xp, g, y, x: g * xp.exp(x),
        jvp=lambda xp, t, y, x: t * xp.exp(x),
        sympy=lambda sp, x: sp.expm1(x),
        ball=lambda balls, x: x.expm1(),
        slope=lambda balls, x, y: x.exp(),
        series=lambda ts, x: x.exp() - 1,
        complex=lambda cx, z: cx.expm1(z),
        radius=_one,
        behaviour=Behaviour.UNBOUNDED | Behaviour.OVERFLOWING | Behaviour.LEAVES_ZERO,
    ),
    unary(
        "log",
        vjp=lambda xp, g, y, x: g / x,
        jvp=lambda xp, t, y, x: t / x,
        sympy=lambda sp, x: sp.falling_to_pole(sp.log, x, 0),
        ball=lambda balls, x: x.log(),
        slope=lambda balls, x, y: balls.ONE / x,
        complex=lambda cx, z: cx.log(z),
        domain=(0, np.inf),
        radius=_size,
        behaviour=Behaviour.POLE | Behaviour.UNBOUNDED | Behaviour.EXPOSING | Behaviour.LEAVES_ZERO,
    ),
    unary(
        "log1p",
        vjp=lambda xp, g, y, x: g / xp.exact_one_and(x),
        jvp=lambda xp, t, y, x: t / xp.exact_one_and(x),
        sympy=lambda sp, x: sp.falling_to_pole(sp.log1p, x, -1),
        ball=lambda balls, x: x.log1p(),
        slope=lambda balls, x, y: balls.ONE / (balls.ONE + x),
        series=lambda ts, x: (ts.ONE + x).log(),
        complex=lambda cx, z: cx.log1p(z),
        domain=(-1, np.inf),
        radius=lambda z: np.abs(1 + z.real),
        behaviour=Behaviour.UNBOUNDED | Behaviour.EXPOSING | Behaviour.LEAVES_ZERO,
    ),
    _logarithm("log2", 2),
    _logarithm("log10", 10),
    binary(
        "logaddexp",
        vjp=(_log_add_exp(first=True), _log_add_exp(first=False)),
        jvp=(
            lambda xp, t, y, a, b: t * _weight(xp, a, b),
            lambda xp, t, y, a, b: t * _weight(xp, b, a),
        ),
        sympy=lambda sp, a, b: sp.LogAddExp(a, b),
        ball=lambda balls, x, y: balls.logaddexp(x, y),
        slopes=(
            lambda balls, x, y, z: balls.ONE / (balls.ONE + (y - x).exp()),
            lambda balls, x, y, z: balls.ONE / (balls.ONE + (x - y).exp()),
        ),
        series=lambda ts, x, y: x + ((y - x).exp() + 1).log(),
        complex=lambda cx, z, w: cx.logaddexp(z, w),
        radius=(_one, _one),
        behaviour=Behaviour.LEAVES_ZERO,
    ),
)
