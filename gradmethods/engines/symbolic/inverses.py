"""Inverse functions that stay what they are: SymPy would rewrite sin(atan(x)) as x/√(1 + x²).

What it writes instead is equal, but its derivative loses all digits where x is large: it
subtracts x²/(1 + x²)^(3/2) from 1/√(1 + x²). Slopes are factored, so that they keep their digits
at the ends of the domain.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy

from gradmethods.engines.symbolic.smooth import Hypot
from gradmethods.engines.symbolic.steps import RealFunction


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
