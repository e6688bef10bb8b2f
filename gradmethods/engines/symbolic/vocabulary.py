"""What the entries of primitives write formulas with: `sp` in their field `sympy`.

It is SymPy itself, where this module has no name of its own: functions that SymPy lacks, or
differentiates in a way that loses digits, derivatives at kinks, or signs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import S
from sympy.codegen.cfunctions import expm1, log1p, log2, log10

from gradmethods.engines.symbolic.piecewise import (
    Absolute,
    FloorDivide,
    IsFinite,
    IsInf,
    IsNaN,
    Largest,
    Remainder,
    RoundDown,
    RoundToEven,
    RoundToZero,
    RoundUp,
    Select,
    Sgn,
    Smallest,
    opposite,
)
from gradmethods.engines.symbolic.smooth import (
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atan2,
    Atanh,
    Digamma,
    Erf,
    Erfc,
    Hypot,
    LogAddExp,
    LogGamma,
    LogNdtr,
    Ndtr,
    Power,
    XLogY,
    tanh,
)

__all__ = [
    "Absolute",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atan2",
    "Atanh",
    "Digamma",
    "Erf",
    "Erfc",
    "FloorDivide",
    "Hypot",
    "IsFinite",
    "IsInf",
    "IsNaN",
    "Largest",
    "LogAddExp",
    "LogGamma",
    "LogNdtr",
    "Ndtr",
    "Remainder",
    "RoundDown",
    "RoundToEven",
    "RoundToZero",
    "RoundUp",
    "Select",
    "Sgn",
    "Smallest",
    "XLogY",
    "compare",
    "expm1",
    "extreme",
    "falling_to_pole",
    "log1p",
    "log2",
    "log10",
    "opposite",
    "power",
    "quotient",
    "tanh",
]


def __getattr__(name: str) -> Any:
    return getattr(sympy, name)


def falling_to_pole(function: Callable[[Any], Any], x: Any, pole: Any) -> Any:
    """Give a function its limit −∞ at a pole, where SymPy has an infinity without a sign."""
    return -S.Infinity if x == pole else function(x)


def quotient(a: Any, b: Any) -> Any:
    """Divide; 1/0 is +∞."""
    return a * (S.Infinity if b == 0 else 1 / b)


def power(base: Any, exponent: Any) -> Any:
    """Raise to a power; a negative one of 0 is +∞."""
    if base == 0 and exponent.is_negative:
        return S.Infinity
    return Power(base, exponent)


def extreme(function: Callable[..., Any], *entries: Any) -> Any:
    """Return the largest or smallest of some entries, NaN if one of them is."""
    if not entries:
        raise ValueError("an extreme of no entries does not exist")
    return S.NaN if S.NaN in entries else function(*entries)


def compare(relation: Any, a: Any, b: Any) -> Any:
    """Compare entries; NaN differs from everything, itself included."""
    if S.NaN in (a, b):
        return sympy.sympify(relation is sympy.Ne)
    if a == b and not a.is_number:  # SymPy knows no NaN, for which losses test like this
        missing = IsNaN(a)
        return missing if relation is sympy.Ne else sympy.And(relation(a, a), ~missing)
    return relation(a, b)
