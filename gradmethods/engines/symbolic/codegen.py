"""Formulas over places as patterns of Python code, our own instead of ``lambdify``.

A pattern takes names, or the text of other formulas. The same text runs over Python floats, or over
NumPy's scalars and arrays: `runtime` gives it the names. Numbers are printed so that they read back
exactly.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import sympy
from sympy import S
from sympy.core.relational import Relational
from sympy.functions.elementary.exponential import ExpBase
from sympy.logic.boolalg import BooleanFunction

from gradmethods.engines.symbolic import piecewise, smooth, vocabulary
from gradmethods.engines.symbolic.matrices import Call, Entry
from gradmethods.engines.symbolic.smooth import Sloped
from gradmethods.engines.symbolic.text import (
    ATOM,
    PARENTHESIS,
    POWER,
    PRODUCT,
    SUM,
    Piece,
    infix,
    joined,
    multiplied,
    number,
)
from gradmethods.errors import UnsupportedOperation
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
    **{function.plain: function.plain.__name__ for function in smooth.Inverse.__subclasses__()},
    sympy.Abs: "abs",
    sympy.sign: "sign",
    piecewise.Exceeds: "exceeds",
    piecewise.Largest: "largest",
    piecewise.Smallest: "smallest",
    piecewise.ShareOfLargest: "share_of_largest",
    piecewise.ShareOfSmallest: "share_of_smallest",
    piecewise.Select: "select",
    smooth.OverSquares: "over_squares",
    smooth.Mills: "mills",
    smooth.Trigamma: "trigamma",
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


RELATIONS: dict[Any, str] = {
    sympy.Eq: "==", sympy.Ne: "!=", sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">=",
}  # fmt: skip

CONSTANTS: dict[Any, str] = {
    S.true: "True",
    S.false: "False",
    S.Infinity: "inf",
    S.NaN: "nan",
    S.ComplexInfinity: "nan",  # neither of the infinities, so no float
    S.ImaginaryUnit: "nan",  # outside the domain, as NumPy answers
    S.Exp1: "exp(real(1))",
    S.Pi: repr(math.pi),
}

PLACE = re.compile(r"x(\d+)|(\d+)literal")
"""The names of the symbols that stand for operands."""

REPEATED = range(2, 5)
"""Exponents of powers that one rather divides by factor by factor."""


class Place(Piece):
    """Where an operand goes into a pattern; what is needed there is written beside its number."""

    __slots__ = ()

    def within(self, binding: int) -> Piece:
        """Say how tightly an operand must hold together here."""
        return Piece(self.text.replace("_0", f"_{binding}"))


class Writer:
    """Writes formulas over places as patterns of code."""

    def __init__(self) -> None:
        self._constant: dict[Any, bool] = {}

    def piece(self, expr: Any) -> Piece:
        """Return the text of an expression."""
        if expr.is_Symbol:
            # A literal is a symbol named by its digits.
            place = PLACE.fullmatch(expr.name)
            return Place(f"x{place[1] or place[2]}_0") if place else Piece(expr.name)
        if expr in CONSTANTS:
            return Piece(CONSTANTS[expr])
        if expr is S.NegativeInfinity:
            return Piece("-inf", SUM)
        if expr.is_Number:
            return number(expr)
        if isinstance(expr, sympy.Add):
            return self._sum(expr)
        if isinstance(expr, sympy.Mul):
            return self._product(expr)
        if isinstance(expr, sympy.Pow):
            return self._power(expr)
        if isinstance(expr, Relational):
            left, right = (self.piece(x).within(PRODUCT) for x in expr.args)
            text = f"({left.text} {RELATIONS[expr.func]} {right.text})"
            depth = max(left.depth, right.depth) + PARENTHESIS
            return Piece(text, ATOM, left.operations + right.operations + 1, depth)
        if isinstance(expr, Sloped):
            return self.piece(expr.args[0])
        return self._call(expr)

    def _sum(self, expr: Any) -> Piece:
        terms = []
        for term in expr.args:
            negative = bool(term.as_coeff_Mul()[0].is_negative)
            terms.append((negative, self._negated(term) if negative else self.piece(term)))
        return joined(terms)

    def _negated(self, term: Any) -> Piece:
        if term.is_Number:
            return self.piece(-term)
        return self._product(term, negate=True)

    def _product(self, expr: Any, *, negate: bool = False) -> Piece:
        coefficient, rest = expr.as_coeff_Mul()
        if negate:
            coefficient = -coefficient
        above, below, again = [], [], []
        args = sympy.Mul.make_args(rest)
        # Exponentials first: they are what denominators grow with.
        factors = [_parted(x) for x in sorted(args, key=lambda x: not isinstance(x, ExpBase))]
        repeats = [self._repeats(base, exponent) for base, exponent in factors]
        # What a place takes may be a square of what another takes: it may underflow.
        counts = [int(n) for x, n in factors if x.is_Symbol and n in (1, *REPEATED)]
        divides = any(exponent.is_negative for _, exponent in factors)
        in_turn = any(repeats) or (divides and sum(counts) > 1)
        for (base, exponent), repeated in zip(factors, repeats, strict=True):
            if repeated:
                again += [self.piece(base)] * -exponent
            elif in_turn and exponent in REPEATED and base.is_Symbol:
                above += [self.piece(base)] * exponent
            elif exponent.is_Rational and exponent < 0:
                below.append(self._raised(base, -exponent))
            else:
                above.append(self._raised(base, exponent))
        minus = coefficient.is_negative
        # Divided first, a number would underflow.
        self._scale(-coefficient if minus else coefficient, above, below, last=in_turn)
        divisors = [multiplied(below).within(POWER)] if below else []
        if in_turn:
            piece = _in_turn(above, divisors + again)
        else:
            piece = _divided(multiplied(above), divisors)
        if not minus:
            return piece
        piece = piece.within(PRODUCT)
        return Piece(f"-{piece.text}", SUM, piece.operations + 1, piece.depth + 1)

    def _scale(self, size: Any, above: list[Piece], below: list[Piece], *, last: bool) -> None:
        """Add a number to the factors above and below a fraction."""
        place = len(above) if last else 0
        if not size.is_Rational:
            above.insert(place, self.piece(size))
            return
        if size.p != 1 or not above:
            above.insert(place, number(sympy.Integer(size.p)))
        if size.q != 1:
            below.insert(0, number(sympy.Integer(size.q)))

    def _power(self, expr: Any) -> Piece:
        base, exponent = expr.args
        if self._repeats(base, exponent):
            return _in_turn([Piece("1")], [self.piece(base)] * -exponent)
        if exponent.is_Rational and exponent < 0:
            return _divided(Piece("1"), [self._raised(base, -exponent).within(POWER)])
        return self._raised(base, exponent)

    def _repeats(self, base: Any, exponent: Any) -> bool:
        """Say whether to divide by a base again and again: its power may overflow."""
        return bool(base.is_Symbol) and -exponent in REPEATED and not self._is_constant(base)

    def _raised(self, base: Any, exponent: Any) -> Piece:
        """Write a power, whose exponent is positive if it is a number."""
        if exponent == 1:
            return self.piece(base)
        if exponent == S.Half:
            return self._called("sqrt", [base])
        if not exponent.is_Integer:
            return self._called("power", [base, exponent])
        inner = self._called("real", [base]) if self._is_constant(base) else self.piece(base)
        inner = inner.within(ATOM)
        return Piece(f"{inner.text}**{exponent}", POWER, inner.operations + 1, inner.depth + 1)

    def _call(self, expr: Any) -> Piece:
        if isinstance(expr, Call):
            return self._of_matrices(expr)
        if isinstance(expr, Entry):
            whole, index = self.piece(expr.args[0]).within(ATOM), expr.args[1]
            return Piece(f"{whole.text}[{index}]", ATOM, whole.operations, whole.depth)
        name = CALLS.get(expr.func)
        if name is None:
            raise UnsupportedOperation(
                f"No code is known for the SymPy function {expr.func.__name__} in {expr}. Add a "
                "line to gradmethods.engines.symbolic.codegen, or write the loss without it."
            )
        return self._called(name, expr.args)

    def _of_matrices(self, expr: Call) -> Piece:
        pieces = [self.piece(entry) for entry in expr.entries]
        text = f"{expr.name}({expr.listed(lambda x: self.piece(x).text)})"
        depth = max(p.depth for p in pieces) + 3 * PARENTHESIS
        return Piece(text, ATOM, sum(p.operations for p in pieces) + expr.operations, depth)

    def _called(self, name: str, args: Sequence[Any]) -> Piece:
        pieces = [self.piece(arg) for arg in args]
        values = args[1:] if name == "select" else args
        wrap = name not in ("real", *BOOLEAN) and all(map(self._is_constant, values))
        if wrap:
            # Python's own numbers would be computed with in double precision.
            first = len(args) - len(values)
            pieces[first:] = [
                Piece(f"real({p.text})", ATOM, p.operations, p.depth + PARENTHESIS)
                for p in pieces[first:]
            ]
        depth = max(p.depth for p in pieces) + PARENTHESIS
        operations = sum(p.operations for p in pieces) + call_operations(name, len(args))
        return Piece(f"{name}({', '.join(p.text for p in pieces)})", ATOM, operations, depth)

    def _is_constant(self, expr: Any) -> bool:
        if expr not in self._constant:
            if expr.is_Symbol:
                self._constant[expr] = expr.name[0].isdigit()
            else:
                self._constant[expr] = all(map(self._is_constant, expr.args))
        return self._constant[expr]


def _divided(piece: Piece, divisors: list[Piece]) -> Piece:
    return infix([piece.within(PRODUCT), *divisors], "/", PRODUCT) if divisors else piece


def _parted(factor: Any) -> tuple[Any, Any]:
    return factor.args if isinstance(factor, sympy.Pow) else (factor, S.One)


def _in_turn(above: list[Piece], below: list[Piece]) -> Piece:
    """Multiply and divide in turn, so that what is large meets what is."""
    above, below = [x.within(POWER) for x in above], [x.within(POWER) for x in below]
    text, operations = "", sum(x.operations for x in (*above, *below))
    for times, over in itertools.zip_longest(above, below):
        for operator, piece in (("*", times), ("/", over)):
            if piece is not None:
                text += (operator if text else "") + piece.text
    count = len(above) + len(below)
    depth = max(x.depth for x in (*above, *below)) + count
    return Piece(text, PRODUCT, operations + count - 1, depth)
