"""Smooth functions of several arguments that SymPy lacks, or evaluates by cases."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core.relational import Relational

from gradmethods.engines.symbolic.piecewise import Select
from gradmethods.engines.symbolic.steps import Flat, RealFunction

DECIDING = (Relational, Flat)
"""What makes decisions by values."""

LARGEST_EXPONENT = 64
"""Powers of numbers up to this one are computed exactly."""


class Hypot(RealFunction):
    """√(a² + b²), computed without overflow."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument."""
        return self.args[argindex - 1] / self

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        a, b = self.args
        return sympy.sqrt(a**2 + b**2)


class tanh(sympy.tanh):  # noqa: N801  # printers go by SymPy's name
    """The hyperbolic tangent, whose derivative keeps the digits that 1 - tanh² would lose."""

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # SymPy's signature
        """Return the derivative."""
        return 1 / sympy.cosh(self.args[0]) ** 2


class Sloped(RealFunction):
    """A value whose derivative is known: after it come slopes, each with what it is a slope by."""

    def _eval_derivative(self, s: Any) -> Any:
        slopes, along = self.args[1::2], self.args[2::2]
        return sympy.Add(*(k * x.diff(s) for k, x in zip(slopes, along, strict=True)))


def plain(expr: Any) -> Any:
    """Return an expression as it is written, when it has been differentiated."""
    while expr.has(Sloped):
        expr = expr.xreplace({x: x.args[0] for x in expr.atoms(Sloped)})
    return expr


class OverSquares(RealFunction):
    """a/(a² + b²), computed without overflow: what the derivatives of an angle are made of."""

    nargs = 2

    def _latex_base(self, printer: Any) -> str:
        return str(printer.doprint(self._rewritten()))

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        a, b = self.args
        return a / (a**2 + b**2)


class Atan2(RealFunction):
    """The angle of the point (b, a)."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument."""
        a, b = self.args
        return OverSquares(b, a) if argindex == 1 else -OverSquares(a, b)

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        return sympy.atan2(*self.args)


class LogAddExp(RealFunction):
    """log(eᵃ + eᵇ), computed without overflow."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument; if an exponential overflows, it is 0."""
        own, other = self.args[argindex - 1], self.args[2 - argindex]
        return 1 / (1 + sympy.exp(other - own))

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        a, b = self.args
        return sympy.log(sympy.exp(a) + sympy.exp(b))


class Power(RealFunction):
    """A power with finite derivatives at base 0, where it has them.

    SymPy's derivatives of ``x**p`` hold ``x**p/x`` and ``log(x)``, which turn 0 into NaN.
    """

    nargs = 2

    @classmethod
    def eval(cls, base: Any, exponent: Any) -> Any:
        """Leave to SymPy what it differentiates well: rational exponents, and exponentials."""
        if base.is_Rational and exponent.is_Rational:
            short = abs(exponent) <= LARGEST_EXPONENT  # its value would be written out in full
            return base**exponent if short else None
        exponential = base.is_positive and is_literal(base)
        return base**exponent if exponent.is_Rational or exponential else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by base or exponent."""
        base, exponent = self.args
        if argindex == 1:
            return Select(sympy.Eq(exponent, 0), 0, exponent * Power(base, exponent - 1))
        return self * sympy.log(Select(sympy.Eq(base, 0), 1, base))

    def _latex_base(self, printer: Any) -> str:
        return str(printer.doprint(sympy.Pow(*self.args, evaluate=False)))

    def _sympystr(self, printer: Any) -> str:
        return str(printer.doprint(sympy.Pow(*self.args, evaluate=False)))

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        return sympy.Pow(*self.args)


def is_literal(expr: Any) -> bool:
    """Say whether an expression is made of numbers and of the symbols that stand for them."""
    return expr.is_number or all(s.name[0].isdigit() for s in expr.free_symbols)
