"""The table of names: what each name stands for, every stage once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy
from sympy import S

from gradmethods.engines.graph import Node
from gradmethods.engines.symbolic.matrices import Call
from gradmethods.engines.symbolic.numbers import number
from gradmethods.engines.symbolic.templates import (
    CONDITION,
    MATRIX,
    NEGATIVE,
    POSITIVE,
    REAL,
    Recipe,
    Template,
    Templates,
)

Term = tuple[Template, tuple[int, ...]]
"""A formula, and the names in its places."""

Atom = Any
"""A name, as its number, or a number of SymPy's that needs no name."""

LONGEST_SUM = 1024
"""Terms of one stage; longer sums are cut into parts with names of their own."""


class Names:
    """Numbers the names, inputs and stages, so that operands come before their uses.

    Parameters
    ----------
    taken : iterable of str
        Labels that no name may have.

    Attributes
    ----------
    labels, kinds : list of str
        What each name is called, and its kind.
    active : list of bool
        Whether the name depends on a parameter.
    stages : list of tuple of Term, or None
        The sum that the name stands for; empty for inputs and literals.
    better : dict of int to int
        By name, the name of the same value with digits that it loses, which slopes take.
    waiting : dict of int to callable
        By name, what finds out whether it has a better one.
    roots : dict of int to Node
        By name of a root, what it is an entry of.
    templates : Templates
        The formulas.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.labels: list[str] = []
        self.kinds: list[str] = []
        self.active: list[bool] = []
        self.stages: list[tuple[Term, ...]] = []
        self.better: dict[int, int] = {}
        self.waiting: dict[int, Callable[[], None]] = {}
        self.roots: dict[int, Node] = {}
        self.templates = Templates()
        self._taken = set(taken)
        self._known: dict[Any, int] = {}
        self._stems: dict[str, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what waits: slopes of all cases that were met have been taken."""
        return vars(self) | {"waiting": {}}

    def stem(self, word: str) -> str:
        """Return the beginning of the labels of one more array of stages."""
        count = self._stems[word] = self._stems.get(word, 0) + 1
        return f"{word}{count}"

    def unused(self, label: str) -> str:
        """Return a label that nothing else has."""
        while label in self._taken:
            label += "_"
        self._taken.add(label)
        return label

    def input(self, label: str, *, active: bool) -> int:
        """Name an input."""
        return self._add(label, REAL, (), active=active)

    def atom(self, expr: Any) -> Atom:
        """Return an operand as an atom: names are kept, literals get one."""
        if type(expr) is int or not expr.free_symbols:
            return expr
        name = self._known.get(expr)
        if name is None:
            negative = not expr.is_Symbol
            digits = (-expr if negative else expr).name
            label, kind = (f"(-{digits})", NEGATIVE) if negative else (digits, POSITIVE)
            if expr.is_positive is None:  # a zero that keeps its sign
                kind = REAL
            name = self._known[expr] = self._append(label, kind, (), active=False)
        return name

    def kind(self, atom: Atom) -> Any:
        """Return the kind of a name; a number is its own kind."""
        return self.kinds[atom] if type(atom) is int else atom

    def term(self, recipe: Recipe, operands: Sequence[Atom]) -> Term:
        """Put operands into the places of a formula."""
        return recipe.template, tuple([operands[i] for i in recipe.chosen])

    def term_of(self, atom: Atom) -> Term:
        """Return an atom as a term of a sum."""
        if type(atom) is not int:
            return self._as_number(atom).template, ()
        return self._as_number(self.kinds[atom]).template, (atom,)

    def value(self, recipe: Recipe, operands: Sequence[Atom], stem: str, index: Any) -> Atom:
        """Return the name of what a recipe makes of operands, or the number that it is."""
        if recipe.is_operand:
            return operands[recipe.chosen[0]]
        if recipe.number is not None and recipe.number.is_Atom:
            return recipe.number
        return self._stage((self.term(recipe, operands),), stem, index)

    def total(self, terms: Sequence[Term], stem: str, index: Any = ()) -> Atom:
        """Return the name of a sum, or the number that it is."""
        terms = [term for term in terms if term[0].expr != 0]
        if not terms:
            return S.Zero
        if any(template.expr is S.NaN for template, _ in terms):
            return S.NaN
        if len(terms) > LONGEST_SUM:
            starts = range(0, len(terms), LONGEST_SUM)
            parts = [terms[i : i + LONGEST_SUM] for i in starts]
            atoms = [self.total(part, f"{stem}_part", (*index, i)) for i, part in enumerate(parts)]
            return self.total([self.term_of(atom) for atom in atoms], stem, index)
        if len(terms) == 1:
            ((template, names),) = terms
            if not names and template.expr.is_Atom:
                return template.expr
            if names and template is self._as_number(REAL).template:
                return names[0]
        return self._stage(tuple(terms), stem, index)

    def cone(self, roots: Iterable[Atom]) -> set[int]:
        """Return all names that some atoms depend on, themselves included."""
        found: set[int] = set()
        stack = [atom for atom in roots if type(atom) is int]
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                for _, names in self.stages[name]:
                    stack.extend(names)
        return found

    def _stage(self, terms: tuple[Term, ...], stem: str, index: Any) -> int:
        name = self._known.get(terms)
        if name is None:
            expr = terms[0][0].expr
            kind = REAL if isinstance(expr, sympy.Expr) else CONDITION
            kind = MATRIX if isinstance(expr, Call) else kind
            active = any(self.active[n] for _, names in terms for n in names)
            label = "_".join((stem, *map(str, index)))
            name = self._known[terms] = self._add(
                label, kind, terms, active=active and kind != CONDITION
            )
        return name

    def _add(self, label: str, kind: str, terms: tuple[Term, ...], *, active: bool) -> int:
        return self._append(self.unused(label), kind, terms, active=active)

    def _append(self, label: str, kind: str, terms: tuple[Term, ...], *, active: bool) -> int:
        self.labels.append(label)
        self.kinds.append(kind)
        self.stages.append(terms)
        self.active.append(active)
        return len(self.labels) - 1

    def _as_number(self, kind: Any) -> Recipe:
        return self.templates.recipe(("term", kind), number, (kind,))
