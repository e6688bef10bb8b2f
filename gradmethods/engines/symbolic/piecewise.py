"""Functions with kinks and steps, by the convention that `gradmethods.xp.primitives` states.

Steps are what the derivatives of functions with kinks are made of; their own derivative is 0.

None is simplified beyond the evaluation of numbers. ``expr.rewrite(Piecewise)`` gives SymPy's own
form; it is not used inside, because it substitutes equations into its branches, which loses
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import S
from sympy.logic.boolalg import BooleanFunction


class RealFunction(sympy.Function):
    """A function of real arguments with real values, ±∞ included."""

    def _eval_is_extended_real(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _to_power(self._latex_base(printer), exp)

    def _latex_base(self, printer: Any) -> str:
        arguments = ", ".join(printer.doprint(arg) for arg in self.args)
        return rf"\operatorname{{{type(self).__name__}}}\left({arguments}\right)"

    def _eval_rewrite_as_Piecewise(self, *args: Any, **_: Any) -> Any:
        same = self.func(*args, evaluate=False)
        return same._rewritten()  # noqa: SLF001  # each subclass says it in SymPy's own terms


def _to_power(base: str, exp: str | None) -> str:
    return base if exp is None else rf"\left({base}\right)^{{{exp}}}"


def known(*args: Any) -> bool:
    """Say whether all arguments are rational numbers or infinities, which compare exactly.

    Other numbers, such as √2 or cosh(800), are left to floating-point arithmetic: SymPy would
    compare their exact values, or could not.
    """
    return all(arg.is_Rational or arg in (S.Infinity, S.NegativeInfinity) for arg in args)


class Flat(RealFunction):
    """A function that is constant between its steps."""

    def _eval_derivative(self, s: Any) -> Any:  # noqa: ARG002  # SymPy's signature
        return S.Zero


class Sgn(Flat):
    """−1, 0 or 1."""

    nargs = 1

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return sympy.sign(x) if known(x) else None

    def _rewritten(self) -> Any:
        (x,) = self.args
        return sympy.Piecewise((-1, x < 0), (0, sympy.Eq(x, 0)), (1, True))


class Exceeds(Flat):
    """1 where a > b, ½ where they are equal, 0 elsewhere: the derivative of a maximum."""

    nargs = 2

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        """Evaluate numbers."""
        if a == b:
            return S.Half
        return (S.One if a > b else S.Zero) if known(a, b) else None

    def _latex_base(self, printer: Any) -> str:
        a, b = map(printer.doprint, self.args)
        sign = rf"\operatorname{{sgn}}\left({a} - \left({b}\right)\right)"
        return rf"\tfrac{{1}}{{2}}\left(1 + {sign}\right)"

    def _rewritten(self) -> Any:
        a, b = self.args
        return sympy.Piecewise((1, a > b), (S.Half, sympy.Eq(a, b)), (0, True))


class ShareOfLargest(Flat):
    """1/k if the first argument is one of the k largest of the others, else 0."""

    def _rewritten(self) -> Any:
        first, *rest = self.args
        most = sympy.Max(*rest)
        ties = sympy.Add(*(sympy.Piecewise((1, sympy.Eq(x, most)), (0, True)) for x in rest))
        return sympy.Piecewise((1 / ties, sympy.Eq(first, most)), (0, True))


class ShareOfSmallest(Flat):
    """1/k if the first argument is one of the k smallest of the others, else 0."""

    def _rewritten(self) -> Any:
        return ShareOfLargest(*(-x for x in self.args)).rewrite(sympy.Piecewise)


class Rounding(Flat):
    """A function to the integers, which knows how SymPy rounds numbers."""

    nargs = 1
    exact: Callable[[Any], Any]

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Evaluate numbers."""
        return cls.exact(x) if known(x) else None

    def _rewritten(self) -> Any:
        return type(self).exact(self.args[0])


class RoundDown(Rounding):
    """The largest integer that is not above x."""

    exact = sympy.floor

    def _latex_base(self, printer: Any) -> str:
        return rf"\left\lfloor{{{printer.doprint(self.args[0])}}}\right\rfloor"


class FloorDivide(Flat):
    """The largest integer that is not above a/b."""

    nargs = 2

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        """Evaluate numbers."""
        return sympy.floor(a / b) if known(a, b) and a.is_finite and b else None

    def _latex_base(self, printer: Any) -> str:
        a, b = map(printer.doprint, self.args)
        return rf"\left\lfloor{{\frac{{{a}}}{{{b}}}}}\right\rfloor"

    def _rewritten(self) -> Any:
        return sympy.floor(self.args[0] / self.args[1])


class Remainder(RealFunction):
    """What is left of a when as many whole b are taken away as there are in it."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by one argument, where there is no jump."""
        return S.One if argindex == 1 else -FloorDivide(*self.args)

    def _rewritten(self) -> Any:
        a, b = self.args
        return a - b * sympy.floor(a / b)


class RoundUp(Rounding):
    """The smallest integer that is not below x."""

    exact = sympy.ceiling

    def _latex_base(self, printer: Any) -> str:
        return rf"\left\lceil{{{printer.doprint(self.args[0])}}}\right\rceil"


class RoundToZero(Rounding):
    """The integer part."""

    @staticmethod
    def exact(x: Any) -> Any:
        """Cut the fraction off."""
        return sympy.sign(x) * sympy.floor(sympy.Abs(x))


class RoundToEven(Rounding):
    """The nearest integer; of two equally near ones the even one."""

    @staticmethod
    def exact(x: Any) -> Any:
        """Round half up, and undo it where that gave an odd one of two equally near integers."""
        nearest = sympy.floor(x + S.Half)
        to_odd = sympy.And(sympy.Eq(nearest, x + S.Half), sympy.Eq(sympy.Mod(nearest, 2), 1))
        return sympy.Piecewise((nearest - 1, to_odd), (nearest, True))


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
