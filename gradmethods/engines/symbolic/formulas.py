"""Stages as SymPy expressions, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from sympy import S

from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.piecewise import Select
from gradmethods.engines.symbolic.smooth import plain
from gradmethods.engines.symbolic.templates import CONDITION, NEGATIVE, REAL


class Symbols:
    """The SymPy symbols of names."""

    def __init__(self, names: Names, inputs: Mapping[int, Any]) -> None:
        self.names, self._known = names, dict(inputs)

    def __getitem__(self, name: int) -> Any:
        if name not in self._known:
            label, kind = self.names.labels[name], self.names.kinds[name]
            if kind in (REAL, CONDITION):
                self._known[name] = sympy.Symbol(label, real=True)
            else:
                digits = sympy.Symbol(label.strip("(-)"), positive=True)
                self._known[name] = -digits if kind == NEGATIVE else digits
        return self._known[name]


def total(terms: tuple[Term, ...] | list[Term], values: Any) -> Any:
    """Return a sum of terms as an expression of what `values` holds for their names."""
    exprs = []
    with undistributed():
        for template, names in terms:
            pairs = zip(template.places, names, strict=True)
            exprs.append(template.expr.xreplace({place: values[name] for place, name in pairs}))
        return plain(exprs[0] if len(exprs) == 1 else sympy.Add(*exprs))


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
        self._symbols, self._loss = symbols, loss
        self._partials = partials
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
