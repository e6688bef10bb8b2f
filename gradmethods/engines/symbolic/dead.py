"""Zeros of a derivative that no value decides: where nothing selects what stands beside them.

A product in a derivative is 0 for certain where a selection took another branch, where an operand
is not the largest, or where a factor that depends on no parameter is 0, as
`gradmethods.xp.primitives` states; the other factors may be infinite or NaN there. A formula
evaluates all of its factors, so such products are written as cases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import sympy
from sympy import S

from gradmethods.engines.symbolic.inverses import Atan
from gradmethods.engines.symbolic.piecewise import Largest, Select, Smallest, opposite
from gradmethods.engines.symbolic.steps import Exceeds, ShareOfLargest, ShareOfSmallest

FLAT = (sympy.sin, sympy.cos, sympy.tanh, Atan, Exceeds, ShareOfLargest, ShareOfSmallest)
"""Functions that are finite where their arguments are."""

UNSELECTED: dict[Any, Callable[..., Any]] = {
    Exceeds: sympy.Lt,
    ShareOfLargest: lambda first, *all_: sympy.Lt(first, Largest(*all_)),
    ShareOfSmallest: lambda first, *all_: sympy.Gt(first, Smallest(*all_)),
}
"""The condition under which the derivative of an extreme by an operand is 0."""


class Settler:
    """Writes products in derivatives as cases, where a zero might meet an infinity.

    Parameters
    ----------
    params : collection of sympy.Symbol
        The parameters.
    unbounded : collection of sympy.Symbol
        Data that may be infinite or NaN.
    dead : dict of sympy.Symbol to condition, optional
        Where symbols are known to be 0 whatever the parameters are.
    """

    def __init__(
        self,
        params: Collection[Any],
        unbounded: Collection[Any] = (),
        dead: Mapping[Any, Any] | None = None,
    ) -> None:
        self._params = frozenset(params)
        self._unbounded = frozenset(unbounded)
        self._settled: dict[Any, Any] = {}
        self._dead: dict[Any, Any] = dict(dead or {})

    def __call__(self, expr: Any) -> Any:
        """Return an equal derivative that is 0 where nothing selects it."""
        if expr not in self._settled:
            self._settled[expr] = self._settle(expr)
        return self._settled[expr]

    def _settle(self, expr: Any) -> Any:
        if isinstance(expr, sympy.Add):
            return expr.func(*map(self, expr.args))
        if isinstance(expr, Select):
            condition, *branches = expr.args
            return Select(condition, *map(self, branches))
        if not isinstance(expr, sympy.Mul) or not any(map(self._may_be_infinite, expr.args)):
            return expr
        dead = self.dead_where(expr)
        return Select(dead, S.Zero, expr.func(*map(self, expr.args)))

    def dead_where(self, expr: Any) -> Any:
        """Return the condition under which a derivative is 0 whatever its other factors are."""
        if expr not in self._dead:
            self._dead[expr] = self._find(expr)
        return self._dead[expr]

    def _find(self, expr: Any) -> Any:
        if expr.is_number:
            return sympy.sympify(expr.is_zero is True)
        if self._params.isdisjoint(expr.free_symbols):
            return S.false if expr.is_positive or expr.is_negative else sympy.Eq(expr, 0)
        if isinstance(expr, sympy.Add):
            return sympy.And(*map(self.dead_where, expr.args))
        if isinstance(expr, sympy.Mul):
            return sympy.Or(*map(self.dead_where, expr.args))
        if isinstance(expr, Select):
            condition, a, b = expr.args
            first, second = self.dead_where(a), self.dead_where(b)
            return sympy.Or(sympy.And(condition, first), sympy.And(opposite(condition), second))
        unselected = UNSELECTED.get(expr.func)
        return unselected(*expr.args) if unselected else S.false

    def _may_be_infinite(self, expr: Any) -> bool:
        """Say whether a factor can be other than finite where the parameters are finite."""
        return any(
            part in self._unbounded
            or (isinstance(part, sympy.Pow) and not (part.exp.is_Integer and part.exp > 0))
            or (isinstance(part, sympy.Function) and not isinstance(part, (*FLAT, Select)))
            for part in sympy.preorder_traversal(expr)
        )
