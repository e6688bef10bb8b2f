"""Formulas as SymPy expressions, made when they are asked for: in names, or written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy import S

from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.limits import DEEPEST
from gradmethods.engines.symbolic.matrices import Call
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.piecewise import Select, opposite
from gradmethods.engines.symbolic.program import deep_recursion
from gradmethods.engines.symbolic.smooth import plain
from gradmethods.engines.symbolic.templates import CONDITION, MATRIX, NEGATIVE, REAL
from gradmethods.engines.symbolic.unfolding import unfolded
from gradmethods.errors import BudgetExceeded

LONGEST = 1_000_000
"""Operations of one closed formula that can still be handled as one expression."""


class Symbols:
    """The SymPy symbols of names."""

    def __init__(self, names: Names, inputs: Mapping[int, Any]) -> None:
        self.names, self._known = names, dict(inputs)

    def __getitem__(self, name: int) -> Any:
        if name not in self._known:
            label, kind = self.names.labels[name], self.names.kinds[name]
            if kind in (REAL, CONDITION, MATRIX):
                self._known[name] = sympy.Symbol(label, real=True)
            else:
                digits = sympy.Symbol(label.strip("(-)"), positive=True)
                self._known[name] = -digits if kind == NEGATIVE else digits
        return self._known[name]


def total(terms: Sequence[Term], values: Any) -> Any:
    """Return a sum of terms as an expression of what `values` holds for their names."""
    exprs = []
    with undistributed():
        for template, names in terms:
            put: dict[Any, Any] = {}
            for place, name in zip(template.places, names, strict=True):
                value = put[place] = values[name]
                if not isinstance(value, (sympy.Expr, Call)):  # a condition
                    put[sympy.Ne(place, 0)], put[sympy.Eq(place, 0)] = value, opposite(value)
                    put[place] = Select(value, S.One, S.Zero)
            exprs.append(plain(template.expr).xreplace(put))
        return exprs[0] if len(exprs) == 1 else sympy.Add(*exprs)


class Definitions(Mapping[Any, Any]):
    """What the names in the formulas of a loss and its partial derivatives stand for.

    Keys are SymPy symbols (or their names), in an order in which each name comes before its uses;
    conditions count as 1 and 0.
    """

    def __init__(self, symbols: Symbols, stages: list[int]) -> None:
        self._symbols = symbols
        self._names = {symbols.names.labels[name]: name for name in stages}

    def __repr__(self) -> str:
        return f"<definitions of {len(self):,} names: look one up, or iterate over items()>"

    def __getitem__(self, key: Any) -> Any:
        if str(key) not in self._names:
            raise KeyError(key)
        name = self._names[str(key)]
        names = self._symbols.names
        expr = total(names.stages[name], self._symbols)
        return Select(expr, S.One, S.Zero) if names.kinds[name] == CONDITION else expr

    def __iter__(self) -> Iterator[Any]:
        return (self._symbols[name] for name in self._names.values())

    def __len__(self) -> int:
        return len(self._names)


class NamedFormulas:
    """Formulas of a loss and its partial derivatives in the names of stages.

    Attributes
    ----------
    definitions : Definitions
        What the names stand for.
    """

    def __init__(
        self, symbols: Symbols, loss: Atom, partials: Mapping[tuple[str, Any], list[Term]]
    ) -> None:
        self._symbols, self._loss, self._partials = symbols, loss, partials
        names = symbols.names
        roots = [loss, *(n for terms in partials.values() for _, used in terms for n in used)]
        self.definitions = Definitions(
            symbols, [n for n in sorted(names.cone(roots)) if names.stages[n]]
        )

    @property
    def loss(self) -> Any:
        """The last stage."""
        if type(self._loss) is not int:
            return self._loss
        stage = self._symbols.names.stages[self._loss]
        return total(stage, self._symbols) if stage else self._symbols[self._loss]

    def partial(self, name: str, entry: tuple[int, ...]) -> Any:
        """Return the formula of one partial derivative."""
        terms = self._partials[name, entry]
        return total(terms, self._symbols) if terms else S.Zero


class ClosedFormulas:
    """Formulas of a loss and its partial derivatives in symbols of the inputs alone.

    SymPy merges what it puts together, so they may be shorter than the stages written out.
    """

    definitions: Mapping[Any, Any] = MappingProxyType({})

    def __init__(
        self, symbols: Symbols, loss: Atom, partials: Mapping[tuple[str, Any], list[Term]]
    ) -> None:
        self._names, self._loss, self._partials = symbols.names, loss, partials
        self._symbols = symbols
        self._known: dict[int, Any] = {}
        self._plain = {better: name for name, better in self._names.better.items() if name < better}

    @property
    def loss(self) -> Any:
        """The formula of the loss."""
        return self._closed([self._names.term_of(self._loss)], "the loss")

    def partial(self, name: str, entry: tuple[int, ...]) -> Any:
        """Return the formula of one partial derivative.

        Raises
        ------
        BudgetExceeded
            If it would be too long or nested too deeply, written out.
        """
        terms = self._partials[name, entry]
        return self._closed(terms, f"the partial derivative by {name or 'x'}") if terms else S.Zero

    def _closed(self, terms: Sequence[Term], what: str) -> Any:
        ((operations, levels),) = unfolded(self._names, [terms])
        if operations > LONGEST or levels > DEEPEST:
            raise BudgetExceeded(
                f"The closed formula of {what} would hold {operations:,} operations written out, "
                f"nested {levels:,} levels deep; {LONGEST:,} operations and {DEEPEST} levels can "
                'be handled. Use gm.Analytical("chain-rule"), whose formulas refer to names.'
            )
        with deep_recursion():
            return self._total(terms)

    def _total(self, terms: Sequence[Term]) -> Any:
        return total(terms, {n: self._value(n) for _, names in terms for n in names})

    def _value(self, name: int) -> Any:
        """Return what a name stands for; what only slopes take reads as the loss has it."""
        name = self._plain.get(name, name)
        if name not in self._known:
            stage = self._names.stages[name]
            self._known[name] = self._total(stage) if stage else self._symbols[name]
        return self._known[name]
