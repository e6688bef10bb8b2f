"""The functions of `runtime` that SymPy's functions are written as, and what a call costs."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.logic.boolalg import BooleanFunction

from gradmethods.engines.symbolic import inverses, piecewise, smooth, special, steps, vocabulary
from gradmethods.xp.primitives import Kind, Primitive, of_kind


def _written(primitive: Primitive) -> dict[Any, str]:
    """Return the function that an entry writes in SymPy, if it is one call of its operands."""
    assert primitive.sympy is not None
    operands = tuple(sympy.Symbol(f"x{i}", real=True) for i in range(primitive.arity))
    found = primitive.sympy(vocabulary, *operands)
    own = isinstance(found, (sympy.Function, BooleanFunction)) and found.args == operands
    return {found.func: primitive.name} if own else {}


CALLS: dict[Any, str] = {
    **{
        function: name
        for primitive in of_kind(Kind.SMOOTH, Kind.CHOICE, Kind.STEP, Kind.TEST).values()
        for function, name in _written(primitive).items()
    },
    **{function.plain: function.plain.__name__ for function in inverses.Inverse.__subclasses__()},
    sympy.Abs: "abs",
    sympy.sign: "sign",
    steps.Exceeds: "exceeds",
    piecewise.Largest: "largest",
    piecewise.Smallest: "smallest",
    steps.ShareOfLargest: "share_of_largest",
    steps.ShareOfSmallest: "share_of_smallest",
    piecewise.Select: "select",
    smooth.OverSquares: "over_squares",
    special.ScaledErfc: "erfcx",
    special.Trigamma: "trigamma",
    smooth.Power: "power",
    sympy.And: "every",
    sympy.Or: "some",
    sympy.Xor: "odd",
    sympy.Not: "negate",
}

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
