"""Zeros of a derivative that no value decides: where nothing selects what stands beside them.

A product in a derivative is 0 for certain where a selection took another branch, where an operand
is not the largest, or where a factor that depends on no parameter is 0, as
`gradmethods.xp.primitives` states; the other factors may be infinite or NaN there. A formula
evaluates all of its factors, so such products are written as cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import S

from gradmethods.engines.symbolic.piecewise import Largest, Select, Smallest, opposite
from gradmethods.engines.symbolic.steps import Exceeds, ShareOfLargest, ShareOfSmallest

UNSELECTED: dict[Any, Callable[..., Any]] = {
    Exceeds: sympy.Lt,
    ShareOfLargest: lambda first, *all_: sympy.Lt(first, Largest(*all_)),
    ShareOfSmallest: lambda first, *all_: sympy.Gt(first, Smallest(*all_)),
}
"""The condition under which the derivative of an extreme by an operand is 0."""


def dead_where(expr: Any, dead: Mapping[Any, Any]) -> Any:
    """Return the condition under which a derivative is 0 whatever its other factors are.

    Parameters
    ----------
    expr : sympy.Basic
        The derivative.
    dead : dict of sympy.Symbol to condition
        The symbols that depend on a parameter, and where they are known to be 0 for good.
    """
    if expr in dead:
        return dead[expr]
    if expr.is_number:
        return sympy.sympify(expr.is_zero is True)
    if dead.keys().isdisjoint(expr.free_symbols):
        return S.false if expr.is_positive or expr.is_negative else sympy.Eq(expr, 0)
    if isinstance(expr, sympy.Add):
        return sympy.And(*(dead_where(x, dead) for x in expr.args))
    if isinstance(expr, sympy.Mul):
        return sympy.Or(*(dead_where(x, dead) for x in expr.args))
    if isinstance(expr, Select):
        condition, a, b = expr.args
        first, second = dead_where(a, dead), dead_where(b, dead)
        return sympy.Or(sympy.And(condition, first), sympy.And(opposite(condition), second))
    unselected = UNSELECTED.get(expr.func)
    return unselected(*expr.args) if unselected else S.false
