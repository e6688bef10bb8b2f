"""Comparisons and logic: conditions, which have no derivative."""

from __future__ import annotations

from gradmethods.xp.primitives.primitive import Kind, Primitive, condition

ENTRIES: tuple[Primitive, ...] = (
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
