"""Numbers and conditions as expressions: literals as they were written, nothing but reals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy
from sympy import S

from gradmethods.engines.symbolic.piecewise import Select

EXACT_INTEGERS = 2**53
LARGEST_DENOMINATOR = 1024

LONGEST = 1000
"""Bits of a numerator or denominator; a rational number of more is rounded."""


def signed_literal(value: Any) -> Any:
    """Return a number exactly; a zero as a symbol, which SymPy does not take for a number.

    So the sign of the zero, and of its products and sums, is left to floating-point arithmetic.
    """
    if isinstance(value, (bool, np.bool_)) or value != 0:
        return literal(value)
    zero = sympy.Symbol("0.0", real=True)
    return -zero if math.copysign(1, value) < 0 else zero


def literal(value: Any) -> Any:
    """Return a number exactly, as it was written.

    Examples
    --------
    >>> literal(0.75), literal(-0.1), literal(1e300)
    (3/4, -0.1, 1e+300)
    """
    if isinstance(value, (bool, np.bool_)):
        return sympy.true if value else sympy.false
    if isinstance(value, (int, np.integer)):
        return sympy.Integer(int(value))
    size = abs(float(value))
    sign = -1 if value < 0 else 1
    if not np.isfinite(size):
        return S.NaN if np.isnan(size) else sign * S.Infinity
    numerator, denominator = size.as_integer_ratio()
    if denominator <= LARGEST_DENOMINATOR and numerator <= EXACT_INTEGERS:
        return sympy.Rational(sign * numerator, denominator)
    return sign * sympy.Symbol(repr(size), positive=True)


def number(expr: Any) -> Any:
    """Turn a condition into 1 or 0, and leave numbers; what is not real is NaN.

    Rational numbers that have become long are rounded: squared again and again, they would fill
    the memory.
    """
    expr = sympy.sympify(expr)
    if not isinstance(expr, sympy.Expr):
        return Select(expr, S.One, S.Zero)
    if expr.is_Rational and max(int(expr.p).bit_length(), int(expr.q).bit_length()) > LONGEST:
        return literal(_rounded(expr))
    return S.NaN if expr.is_number and expr.is_extended_real is False else expr


def condition(expr: Any) -> Any:
    """Turn a number into the condition that it is not 0, and leave conditions."""
    expr = sympy.sympify(expr)
    return sympy.Ne(expr, 0) if isinstance(expr, sympy.Expr) else expr


def _rounded(value: Any) -> float:
    try:
        return int(value.p) / int(value.q)
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")
