"""Smooth functions that SymPy lacks, evaluates by cases or in complex numbers, or rewrites.

SymPy would rewrite sin(atan(x)) as x/√(1 + x²). That is equal, but its derivative loses all digits
where x is large: it subtracts x²/(1 + x²)^(3/2) from 1/√(1 + x²). So inverse functions stay what
they are here, and slopes are factored, so that they keep their digits at the ends of the domain.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy
from sympy import S
from sympy.core.relational import Relational

from gradmethods.engines.symbolic.piecewise import Flat, RealFunction, Select

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


class Inverse(RealFunction):
    """An inverse function, which other functions of it leave alone."""

    nargs = 1
    plain: ClassVar[Any]
    """SymPy's own function."""
    slope: ClassVar[Any]
    """Its derivative, a function of the same argument."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Leave numbers to SymPy."""
        return cls.plain(x) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # SymPy's signature
        """Return the derivative."""
        return type(self).slope(self.args[0])

    def _latex_base(self, printer: Any) -> str:
        return str(printer.doprint(self._rewritten()))

    def _sympystr(self, printer: Any) -> str:
        return str(printer.doprint(self._rewritten()))

    def _rewritten(self) -> Any:
        """Return the same function in SymPy's own terms."""
        return type(self).plain(self.args[0], evaluate=False)


class Asin(Inverse):
    """The angle of a sine."""

    plain = sympy.asin
    slope = staticmethod(lambda x: 1 / sympy.sqrt((1 - x) * (1 + x)))


class Acos(Inverse):
    """The angle of a cosine."""

    plain = sympy.acos
    slope = staticmethod(lambda x: -1 / sympy.sqrt((1 - x) * (1 + x)))


class Atan(Inverse):
    """The angle of a tangent."""

    plain = sympy.atan
    slope = staticmethod(lambda x: 1 / (1 + x**2))


class Asinh(Inverse):
    """The inverse of sinh."""

    plain = sympy.asinh
    slope = staticmethod(lambda x: 1 / Hypot(x, 1))  # does not overflow


class Acosh(Inverse):
    """The inverse of cosh."""

    plain = sympy.acosh
    slope = staticmethod(lambda x: 1 / (sympy.sqrt(x - 1) * sympy.sqrt(x + 1)))


class Atanh(Inverse):
    """The inverse of tanh."""

    plain = sympy.atanh
    slope = staticmethod(lambda x: 1 / ((1 - x) * (1 + x)))


class Erf(RealFunction):
    """The error function."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # SymPy's signature
        """Return the derivative."""
        return 2 * sympy.exp(-(self.args[0] ** 2)) / sympy.sqrt(S.Pi)

    def _rewritten(self) -> Any:
        return sympy.erf(self.args[0])


class Erfc(RealFunction):
    """What the error function leaves of 1."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # as above
        """Return the derivative."""
        return -2 * sympy.exp(-(self.args[0] ** 2)) / sympy.sqrt(S.Pi)

    def _rewritten(self) -> Any:
        return sympy.erfc(self.args[0])


class Mills(RealFunction):
    """The density of the normal distribution over its distribution function."""

    nargs = 1

    def _rewritten(self) -> Any:
        (x,) = self.args
        density = sympy.sqrt(2 / S.Pi) * sympy.exp(-(x**2) / 2)
        return density / sympy.erfc(-x / sympy.sqrt(2))


class Ndtr(RealFunction):
    """The normal distribution function."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # as above
        """Return the density."""
        return sympy.exp(-(self.args[0] ** 2) / 2) / sympy.sqrt(2 * S.Pi)

    def _rewritten(self) -> Any:
        return sympy.erfc(-self.args[0] / sympy.sqrt(2)) / 2


class LogNdtr(RealFunction):
    """The logarithm of the normal distribution function."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # as above
        """Return the density over the distribution function."""
        return Mills(self.args[0])

    def _rewritten(self) -> Any:
        return sympy.log(sympy.erfc(-self.args[0] / sympy.sqrt(2)) / 2)


class LogGamma(RealFunction):
    """log |Γ(x)|."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # as above
        """Return the derivative."""
        return Digamma(self.args[0])

    def _rewritten(self) -> Any:
        return sympy.log(sympy.Abs(sympy.gamma(self.args[0])))


class Digamma(RealFunction):
    """The derivative of log |Γ(x)|."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002  # as above
        """Return the derivative."""
        return Trigamma(self.args[0])

    def _rewritten(self) -> Any:
        return sympy.digamma(self.args[0])


class Trigamma(RealFunction):
    """The second derivative of log |Γ(x)|."""

    nargs = 1

    def _rewritten(self) -> Any:
        return sympy.trigamma(self.args[0])


class XLogY(RealFunction):
    """x log y, and 0 where x is 0."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument."""
        x, y = self.args
        return sympy.log(y) if argindex == 1 else Select(sympy.Eq(x, 0), 0, x / y)

    def _rewritten(self) -> Any:
        x, y = self.args
        return x * sympy.log(y)
