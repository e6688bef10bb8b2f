"""Formulas over places instead of names: all stages of one kind share one, and its derivatives.

The places of a formula are symbols x0, x1, …; a stage puts names into them. SymPy evaluates a
primitive over places when it first meets the kinds of its operands, and differentiates there.

A product in a derivative is 0 for certain where a selection took another branch, where an operand
is not the largest, or where a factor that depends on no parameter is 0, as
`gradmethods.xp.primitives` states; the other factors may be infinite or NaN there. A formula
evaluates all of its factors, so such products are written as cases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from sympy import S

from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.codegen import Writer
from gradmethods.engines.symbolic.matrices import ADJOINT, Call, Entry
from gradmethods.engines.symbolic.piecewise import (
    Exceeds,
    Largest,
    Select,
    ShareOfLargest,
    ShareOfSmallest,
    Smallest,
    opposite,
)
from gradmethods.engines.symbolic.smooth import plain
from gradmethods.engines.symbolic.text import SQUARE, Piece

UNSELECTED: dict[Any, Callable[..., Any]] = {
    Exceeds: sympy.Lt,
    ShareOfLargest: lambda first, *all_: sympy.Lt(first, Largest(*all_)),
    ShareOfSmallest: lambda first, *all_: sympy.Gt(first, Smallest(*all_)),
}
"""The condition under which the derivative of an extreme by an operand is 0."""


def dead_where(expr: Any, dead: Mapping[Any, Any]) -> Any:
    """Return the condition under which a derivative is 0 whatever its other factors are.

    Parameters
    ----------
    expr : sympy.Basic
        The derivative.
    dead : dict of sympy.Symbol to condition
        The symbols that depend on a parameter, and where they are known to be 0 for good.
    """
    if expr in dead:
        return dead[expr]
    if expr.is_number:
        return sympy.sympify(expr.is_zero is True)
    if dead.keys().isdisjoint(expr.free_symbols):
        return S.false if expr.is_positive or expr.is_negative else sympy.Eq(expr, 0)
    if isinstance(expr, sympy.Add):
        return sympy.And(*(dead_where(x, dead) for x in expr.args))
    if isinstance(expr, sympy.Mul):
        return sympy.Or(*(dead_where(x, dead) for x in expr.args))
    if isinstance(expr, Select):
        condition, a, b = expr.args
        first, second = dead_where(a, dead), dead_where(b, dead)
        return sympy.Or(sympy.And(condition, first), sympy.And(opposite(condition), second))
    unselected = UNSELECTED.get(expr.func)
    return unselected(*expr.args) if unselected else S.false


REAL, CONDITION, MATRIX = "real", "condition", "matrix"
POSITIVE, NEGATIVE = "positive", "negative"
"""Kinds of names; the last two are literals. Simple numbers have no name: a formula holds them.
What a call of a function of matrices returns is a row of numbers, whose kind is `MATRIX`."""

INTEGER = re.compile(r"(?<![\w.*])(?<!e[-+])(\d+)(?![\w.\]])")
"""A number in code that is no exponent, and no index."""

PLACES = re.compile(r"\bx(\d+)_(\d)\b")
"""Places in code, each with how tightly an operand must hold together there."""

BARE = "{0:0}"
"""The pattern that is its operand."""


@lru_cache(maxsize=1024)
def place(index: int, kind: str) -> Any:
    """Return the symbol that stands in a formula for its operand number `index`."""
    if kind in (REAL, CONDITION, MATRIX):
        return sympy.Symbol(f"x{index}", real=True)
    # A name that begins with a digit is a literal to the rest of the house.
    return sympy.Symbol(f"{index}literal", **{kind: True})


PRODUCT_OF_TWO = (place(0, REAL) * place(1, REAL), -place(0, REAL) * place(1, REAL))
"""Formulas whose sum over examples is a dot product."""


def operand(index: int, kind: Any) -> Any:
    """Return what a primitive is given for an operand: a place, or a number that has no name."""
    if not isinstance(kind, str):
        return kind
    symbol = place(index, kind)
    return sympy.Ne(symbol, 0) if kind == CONDITION else symbol


@dataclass(frozen=True, eq=False)
class Template:
    """A formula over places.

    Attributes
    ----------
    expr : sympy.Basic
        The formula; its places are numbered without gaps.
    kinds : tuple of str
        The kinds of names that go into the places.
    negative : bool
        Whether `piece` is the text of −`expr`, for a sum to subtract.
    piece : Piece
        The text over places.
    pattern : str
        The text as a format string, which takes pieces.
    written : tuple of int
        How often the text has each place. A place that is only multiplied or divided by again and
        again counts once: what is put there should have a name.
    repeated : frozenset of int
        Those places.
    """

    expr: Any
    kinds: tuple[str, ...]
    negative: bool
    piece: Piece
    pattern: str
    written: tuple[int, ...]
    repeated: frozenset[int]
    partials: dict[Any, Recipe] = field(default_factory=dict, repr=False)

    @property
    def places(self) -> list[Any]:
        """The symbols of the places."""
        return [place(i, kind) for i, kind in enumerate(self.kinds)]


@dataclass(frozen=True, eq=False)
class Recipe:
    """What becomes of given operands.

    Attributes
    ----------
    template : Template
        The formula.
    chosen : tuple of int
        Which operands go into its places.
    is_operand : bool
        Whether the result is the one chosen operand itself.
    number : sympy.Expr or None
        The result where it does not depend on any name.
    """

    template: Template
    chosen: tuple[int, ...]
    is_operand: bool
    number: Any


class Templates:
    """Makes each template once."""

    def __init__(self) -> None:
        self._known: dict[Any, Template] = {}
        self._recipes: dict[Any, Recipe] = {}

    def recipe(
        self, key: tuple[Any, ...], make: Callable[..., Any], kinds: Sequence[Any]
    ) -> Recipe:
        """Return what `make` gives over places for operands of these kinds.

        `key` tells `make` and the kinds apart from all others.
        """
        found = self._recipes.get(key)
        if found is None:
            with undistributed():
                expr = make(*(operand(i, kind) for i, kind in enumerate(kinds)))
                found = self._recipes[key] = self._trim(expr, kinds)
        return found

    def entry(self, index: int, guard: Any = sympy.true) -> Recipe:
        """Return an entry of what a call returns, or 0 where nothing selects it.

        Parameters
        ----------
        index : int
            Of the entry.
        guard : str or sympy.true
            The kind of the condition's name.
        """

        def make(call: Any, condition: Any) -> Any:
            found = Entry(call, index)
            return found if condition is sympy.true else Select(condition, found, 0)

        return self.recipe(("entry", index, guard), make, (MATRIX, guard))

    def adjoint(self, template: Template, kinds: Sequence[Any]) -> Recipe:
        """Return the call of what a function of matrices passes back.

        Parameters
        ----------
        template : Template
            Of the call of the function.
        kinds : sequence of str or sympy.Expr
            Of the slopes by the entries of its result.

        Returns
        -------
        Recipe
            Over the operands of the call, the name of its result, and the slopes.
        """

        def make(*operands: Any) -> Any:
            call, result, *slopes = template.expr, *operands[len(template.kinds) :]
            shape = (1,) * (2 - len(call.shape)) + call.shape
            by_result = np.array([*slopes, None], object)[:-1].reshape(shape)
            name, operations = call.name + ADJOINT, 2 * call.operations
            return Call.of(name, operations, (), *call.matrices, result, by_result)

        own = (*template.kinds, MATRIX, *kinds)
        return self.recipe(("adjoint", template, *own), make, own)

    def partial(
        self, template: Template, position: int, adjoint: Any, guard: Any = sympy.true
    ) -> Recipe:
        """Return ∂formula/∂place times the adjoint of the stage, or 0 where nothing selects it.

        Parameters
        ----------
        template : Template
            Of the stage.
        position : int
            Of the place to differentiate by.
        adjoint : str or sympy.Expr
            The kind of the adjoint's name, or a number.
        guard : str or sympy.true
            The kind of the condition's name under which anything selects the place.

        Returns
        -------
        Recipe
            Over the operands of the term, the name of the stage, the adjoint, and the condition.
        """
        found = template.partials.get((position, adjoint, guard))
        if found is None:
            kinds = (*template.kinds, REAL, adjoint, guard)
            own = place(len(template.kinds), REAL)
            with undistributed():
                slope = sympy.diff(template.expr, place(position, REAL))
                slope = _in_terms_of(slope, template.expr, own)
                expr = _times(slope, operand(len(kinds) - 2, adjoint))
                if guard is not sympy.true and not slope.is_number and not _passes(template.expr):
                    expr = Select(operand(len(kinds) - 1, guard), expr, 0)
                found = template.partials[position, adjoint, guard] = self._trim(expr, kinds)
        return found

    def lasting(
        self, template: Template, position: int | None, moving: tuple[bool, ...], kept: list[Any]
    ) -> Recipe:
        """Return when a formula, or its slope, is not 0 whatever the parameters are.

        Parameters
        ----------
        template : Template
            Of the stage.
        position : int or None
            Of the place to differentiate by; None for the formula itself.
        moving : tuple of bool
            Which places depend on a parameter.
        kept : list of str or sympy.true
            The kinds of the conditions under which what is in the places is not 0 for good.

        Returns
        -------
        Recipe
            A condition over the operands of the term, and the conditions of each.
        """

        def make(*_: Any) -> Any:
            expr = template.expr
            if position is not None:
                expr = sympy.diff(expr, place(position, REAL))
            conditions = (operand(i, kind) for i, kind in enumerate(kept, len(moving)))
            known = dict(zip(template.places, map(opposite, conditions), strict=True))
            moves = zip(template.places, moving, strict=True)
            return opposite(dead_where(expr, {s: known[s] for s, moved in moves if moved}))

        kinds = (*template.kinds, *kept)
        return self.recipe(("lasting", template, position, moving, *kept), make, kinds)

    def _trim(self, expr: Any, kinds: Sequence[Any]) -> Recipe:
        """Give the places that an expression has left numbers without gaps."""
        old = {i: place(i, kind) for i, kind in enumerate(kinds) if isinstance(kind, str)}
        present = expr.free_symbols
        chosen = tuple(i for i, symbol in old.items() if symbol in present)
        new = {old[i]: place(j, kinds[i]) for j, i in enumerate(chosen)}
        renamed = expr.xreplace(new)
        key = renamed, tuple(kinds[i] for i in chosen)
        if key not in self._known:
            self._known[key] = _template(*key)
        is_operand = len(chosen) == 1 and expr == operand(chosen[0], kinds[chosen[0]])
        return Recipe(self._known[key], chosen, is_operand, None if chosen else expr)


def _template(expr: Any, kinds: tuple[str, ...]) -> Template:
    negative = isinstance(expr, sympy.Expr) and bool(expr.as_coeff_Mul()[0].is_negative)
    with undistributed():
        piece = Writer().piece(-expr if negative else expr)
    # Python takes a float beside a float faster than an integer.
    pattern = PLACES.sub(r"{\1:\2}", INTEGER.sub(r"\1.0", piece.text))
    # One factor after the other: the square itself may overflow or underflow beside an adjoint.
    pattern = re.sub(r"(?<!\*)([*/])(\{\d+:\d\})\*\*2\b", r"\1\2\1\2", pattern)
    pattern = re.sub(r"\{(\d+):\d\}\*\*2\b", rf"{{\1:{SQUARE}}}", pattern)
    in_formula = Counter(x for x in sympy.preorder_traversal(plain(expr)) if x.is_Symbol)
    counts = Counter(map(int, re.findall(r"\{(\d+):", pattern)))
    in_text = [counts[i] for i in range(len(kinds))]
    places = [place(i, kind) for i, kind in enumerate(kinds)]
    repeated = frozenset(i for i, x in enumerate(places) if in_text[i] > in_formula[x])
    written = tuple(1 if i in repeated else count for i, count in enumerate(in_text))
    return Template(expr, kinds, negative, piece, pattern, written, repeated)


def _in_terms_of(slope: Any, formula: Any, name: Any) -> Any:
    """Write a derivative with the name of the stage where its formula occurs: 1 + tan(x)²."""
    if formula.is_Atom:
        return slope
    shorter = slope.subs(formula, name)
    # SymPy replaces roots of the formula too, which is right for one sign only.
    return shorter if shorter.xreplace({name: formula}) == slope else slope


def _passes(formula: Any) -> bool:
    """Say whether the slopes of a formula are 0 and 1, each of them exactly."""
    return isinstance(formula, Select) and all(x.is_Atom for x in formula.args[1:])


def _times(slope: Any, adjoint: Any) -> Any:
    if isinstance(slope, Select):  # so that an infinite adjoint does not meet a zero
        condition, a, b = slope.args
        return Select(condition, a * adjoint, b * adjoint)
    return slope * adjoint
