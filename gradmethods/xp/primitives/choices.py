"""Functions with kinks and jumps (absolute value, selections, steps), and conditions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.xp.primitives.primitive import (
    Behaviour,
    Kind,
    Primitive,
    binary,
    choice,
    condition,
    step,
)
from gradmethods.xp.primitives.recognised import HEAVISIDE


def _larger(xp: Any, g: Any, a: Any, b: Any) -> Any:
    """Pass `g` where a > b, and half of it where they are equal."""
    return g * xp.bind(HEAVISIDE, xp.subtract(a, b), 0.5)


def _is_larger(xp: Any, a: Any, b: Any) -> Any:
    """Return 1 where a > b, and one half where they are equal."""
    return xp.bind(HEAVISIDE, xp.subtract(a, b), 0.5)


ENTRIES: tuple[Primitive, ...] = (
    choice(
        "abs",
        arity=1,
        vjp=(lambda xp, g, y, x: g * xp.sign(x),),
        jvp=(lambda xp, t, y, x: t * xp.sign(x),),
        sympy=lambda sp, x: sp.Absolute(x),
        complex=lambda cx, z: cx.join(abs(z.real), z.imag * np.sign(z.real)),
        behaviour=Behaviour.EXPOSING | Behaviour.NEVER_NEGATIVE | Behaviour.EXACT,
    ),
    choice(
        "maximum",
        arity=2,
        vjp=(
            lambda xp, g, y, a, b: _larger(xp, g, a, b),
            lambda xp, g, y, a, b: _larger(xp, g, b, a),
        ),
        jvp=(
            lambda xp, t, y, a, b: t * _is_larger(xp, a, b),
            lambda xp, t, y, a, b: t * _is_larger(xp, b, a),
        ),
        sympy=lambda sp, a, b: sp.extreme(sp.Largest, a, b),
        complex=lambda cx, z, w: cx.larger_of(np.maximum, 1, z, w),
        behaviour=(
            Behaviour.SELECTING | Behaviour.KEEPS_SIGN | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    choice(
        "minimum",
        arity=2,
        vjp=(
            lambda xp, g, y, a, b: _larger(xp, g, b, a),
            lambda xp, g, y, a, b: _larger(xp, g, a, b),
        ),
        jvp=(
            lambda xp, t, y, a, b: t * _is_larger(xp, b, a),
            lambda xp, t, y, a, b: t * _is_larger(xp, a, b),
        ),
        sympy=lambda sp, a, b: sp.extreme(sp.Smallest, a, b),
        complex=lambda cx, z, w: cx.larger_of(np.minimum, -1, z, w),
        behaviour=(
            Behaviour.SELECTING | Behaviour.KEEPS_SIGN | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    choice(
        "where",
        arity=3,
        vjp=(
            None,
            lambda xp, g, y, c, a, b: xp.where(c, g, 0),
            lambda xp, g, y, c, a, b: xp.where(c, 0, g),
        ),
        jvp=(
            None,
            lambda xp, t, y, c, a, b: xp.where(c, t, 0),
            lambda xp, t, y, c, a, b: xp.where(c, 0, t),
        ),
        sympy=lambda sp, c, a, b: sp.Select(c, a, b),
        complex=lambda cx, c, z, w: np.where(np.real(c) != 0, z, w),
        behaviour=(
            Behaviour.PASSING
            | Behaviour.SELECTING
            | Behaviour.KEEPS_SIGN
            | Behaviour.EXACT
            | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    step(
        "sign",
        sympy=lambda sp, x: sp.Sgn(x),
        ball=lambda balls, x: balls.arb(int(x > 0) - int(x < 0)),
        jumps=lambda balls, x: x.is_zero(),
    ),
    step(
        "floor",
        sympy=lambda sp, x: sp.RoundDown(x),
        ball=lambda balls, x: x.floor(),
        jumps=lambda balls, x: x.is_integer(),
    ),
    step(
        "ceil",
        sympy=lambda sp, x: sp.RoundUp(x),
        ball=lambda balls, x: x.ceil(),
        jumps=lambda balls, x: x.is_integer(),
    ),
    step(
        "trunc",
        sympy=lambda sp, x: sp.RoundToZero(x),
        ball=lambda balls, x: x.ceil() if x < 0 else x.floor(),
        jumps=lambda balls, x: x.is_integer() and not x.is_zero(),
    ),
    step(
        "round",
        numpy=np.rint,
        sympy=lambda sp, x: sp.RoundToEven(x),
        ball=lambda balls, x: balls.nearest(x),
        jumps=lambda balls, x: (x + balls.HALF).is_integer(),
    ),
    step("floor_divide", arity=2, sympy=lambda sp, a, b: sp.FloorDivide(a, b)),
    binary(
        "remainder",
        vjp=(lambda xp, g, y, a, b: g, lambda xp, g, y, a, b: -g * xp.floor_divide(a, b)),
        jvp=(lambda xp, t, y, a, b: t, lambda xp, t, y, a, b: -t * xp.floor_divide(a, b)),
        sympy=lambda sp, a, b: sp.Remainder(a, b),
        complex=lambda cx, z, w: cx.remainder(z, w),
        varies=(lambda a, c: np.True_, lambda a, c: np.floor_divide(a, c) != 0),
        behaviour=Behaviour.STEEP | Behaviour.UNBOUNDED,
    ),
    condition("less", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Lt, a, b)),
    condition("less_equal", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Le, a, b)),
    condition("greater", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Gt, a, b)),
    condition("greater_equal", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Ge, a, b)),
    condition("equal", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Eq, a, b)),
    condition("not_equal", Kind.COMPARISON, 2, sympy=lambda sp, a, b: sp.compare(sp.Ne, a, b)),
    condition("logical_and", Kind.LOGIC, 2, sympy=lambda sp, a, b: sp.And(a, b)),
    condition("logical_or", Kind.LOGIC, 2, sympy=lambda sp, a, b: sp.Or(a, b)),
    condition("logical_xor", Kind.LOGIC, 2, sympy=lambda sp, a, b: sp.Xor(a, b)),
    condition("logical_not", Kind.LOGIC, 1, sympy=lambda sp, a: sp.opposite(a)),
    condition("isfinite", Kind.TEST, 1, sympy=lambda sp, x: sp.IsFinite(x)),
    condition("isinf", Kind.TEST, 1, sympy=lambda sp, x: sp.IsInf(x)),
    condition("isnan", Kind.TEST, 1, sympy=lambda sp, x: sp.IsNaN(x)),
)
