"""Functions with kinks, with derivatives by the convention that `gradmethods.xp.primitives` states.

None is simplified beyond the evaluation of numbers. ``expr.rewrite(Piecewise)`` gives SymPy's own
form; it is not used inside, because it substitutes equations into its branches, which loses
derivatives.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import S
from sympy.logic.boolalg import BooleanFunction

from gradmethods.engines.symbolic.steps import (
    Exceeds,
    RealFunction,
    Sgn,
    ShareOfLargest,
    ShareOfSmallest,
    known,
)


class Absolute(RealFunction):
    """|x|, with derivative 0 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return sympy.Abs(x) if known(x) else None

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # SymPy's signature
        """Return the derivative."""
        return Sgn(self.args[0])

    def _latex_base(self, printer: Any) -> str:
        return rf"\left|{printer.doprint(self.args[0])}\right|"

    def _rewritten(self) -> Any:
        (x,) = self.args
        return sympy.Piecewise((x, x >= 0), (-x, True))


class Largest(RealFunction):
    """The largest argument; equal ones share the derivative."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """Evaluate numbers."""
        if len(args) == 1:
            return args[0]
        return sympy.Max(*args) if known(*args) else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument."""
        if len(self.args) == 2:
            return Exceeds(self.args[argindex - 1], self.args[2 - argindex])
        return ShareOfLargest(self.args[argindex - 1], *self.args)

    def _latex_base(self, printer: Any) -> str:
        return rf"\max\left({', '.join(map(printer.doprint, self.args))}\right)"

    def _rewritten(self) -> Any:
        return sympy.Max(*self.args).rewrite(sympy.Piecewise)


class Smallest(RealFunction):
    """The smallest argument; equal ones share the derivative."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """Evaluate numbers."""
        if len(args) == 1:
            return args[0]
        return sympy.Min(*args) if known(*args) else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument."""
        if len(self.args) == 2:
            return Exceeds(self.args[2 - argindex], self.args[argindex - 1])
        return ShareOfSmallest(self.args[argindex - 1], *self.args)

    def _latex_base(self, printer: Any) -> str:
        return rf"\min\left({', '.join(map(printer.doprint, self.args))}\right)"

    def _rewritten(self) -> Any:
        return sympy.Min(*self.args).rewrite(sympy.Piecewise)


class Select(RealFunction):
    """a where a condition holds, b elsewhere; so is the derivative."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Any, a: Any, b: Any) -> Any:
        """Choose, where nothing is left to choose."""
        if condition == S.true or a == b:
            return a
        return b if condition == S.false else None

    def _eval_derivative(self, s: Any) -> Any:
        condition, a, b = self.args
        return Select(condition, a.diff(s), b.diff(s))

    def _latex_base(self, printer: Any) -> str:
        condition, a, b = map(printer.doprint, self.args)
        return (
            rf"\begin{{cases}} {a} & \text{{if}}\: {condition} \\ "
            rf"{b} & \text{{otherwise}} \end{{cases}}"
        )

    def _rewritten(self) -> Any:
        condition, a, b = self.args
        return sympy.Piecewise((a, condition), (b, True))


def opposite(condition: Any) -> Any:
    """Negate a condition as NumPy does: of NaN, neither x > 0 nor x <= 0 holds."""
    if isinstance(condition, (sympy.And, sympy.Or)):
        other = sympy.Or if isinstance(condition, sympy.And) else sympy.And
        return other(*map(opposite, condition.args))
    if isinstance(condition, sympy.Eq) and isinstance(condition.lhs, Select):
        inner, *values = condition.lhs.args
        if values == [S.One, S.Zero] and condition.rhs == 0:
            return inner
    if isinstance(condition, (sympy.Gt, sympy.Ge, sympy.Lt, sympy.Le)):
        return sympy.Eq(Select(condition, S.One, S.Zero), 0)
    return sympy.Not(condition)


class NumberTest(BooleanFunction):
    """A condition on the kind of floating-point number."""

    nargs = 1


class IsFinite(NumberTest):
    """Neither infinite nor NaN."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return sympy.sympify(x.is_Rational) if _told(x) else None


class IsInf(NumberTest):
    """Infinite, of either sign."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return sympy.sympify(x in (S.Infinity, S.NegativeInfinity)) if _told(x) else None


class IsNaN(NumberTest):
    """Not a number."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return sympy.sympify(x is S.NaN) if _told(x) else None


def _told(x: Any) -> bool:
    return known(x) or x is S.NaN
