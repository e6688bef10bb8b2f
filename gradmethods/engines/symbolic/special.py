"""Special functions over the real numbers, where SymPy's own have complex values or lose digits."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import S

from gradmethods.engines.symbolic.piecewise import Select
from gradmethods.engines.symbolic.steps import RealFunction


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


class ScaledErfc(RealFunction):
    """exp(x²) erfc(x), computed without overflow."""

    nargs = 1

    def _rewritten(self) -> Any:
        (x,) = self.args
        return sympy.exp(x**2) * sympy.erfc(x)


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
        return sympy.sqrt(2 / S.Pi) / ScaledErfc(-self.args[0] / sympy.sqrt(2))

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
