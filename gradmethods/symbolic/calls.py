"""The functions of `runtime` that SymPy's functions are written as, and what a call costs."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.codegen import cfunctions
from sympy.logic.boolalg import BooleanFunction

from gradmethods.symbolic import inverses, piecewise, smooth, steps

CALLS: dict[Any, str] = {
    **{getattr(sympy, name): name for name in (
        "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh",
        "acosh", "atanh", "sign",
    )},
    **{getattr(cfunctions, name): name for name in ("expm1", "log1p", "log2", "log10")},
    sympy.Abs: "abs",
    piecewise.Absolute: "abs",
    steps.Sgn: "sign",
    steps.RoundDown: "floor",
    steps.RoundUp: "ceil",
    steps.RoundToZero: "trunc",
    steps.RoundToEven: "round",
    steps.Exceeds: "exceeds",
    piecewise.Largest: "largest",
    piecewise.Smallest: "smallest",
    steps.ShareOfLargest: "share_of_largest",
    steps.ShareOfSmallest: "share_of_smallest",
    piecewise.Select: "select",
    piecewise.IsFinite: "isfinite",
    piecewise.IsInf: "isinf",
    piecewise.IsNaN: "isnan",
    smooth.tanh: "tanh",
    **{function: function.plain.__name__ for function in inverses.Inverse.__subclasses__()},
    smooth.Hypot: "hypot",
    smooth.OverSquares: "over_squares",
    smooth.Atan2: "atan2",
    smooth.LogAddExp: "logaddexp",
    smooth.Power: "power",
    sympy.And: "every",
    sympy.Or: "some",
    sympy.Xor: "odd",
    sympy.Not: "negate",
}  # fmt: skip

BOOLEAN = tuple(name for function, name in CALLS.items() if issubclass(function, BooleanFunction))


def call_operations(name: str, count: int) -> int:
    """Count what a call costs: one, or one for each operand that is folded in."""
    if name == "real":
        return 0
    if name in ("largest", "smallest", "every", "some", "odd"):
        return count - 1
    if name == "over_squares":
        return 3
    return 2 * (count - 1) if name.startswith("share") else 1
