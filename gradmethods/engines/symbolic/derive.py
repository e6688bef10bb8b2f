"""The chain rule over names: every stage of a loss has a name, and formulas refer to names.

The loss runs over names instead of expressions; a stage is a short formula in the names of earlier
stages. SymPy differentiates the formula of each kind of stage once, and the gradient is put
together from the loss backwards, one formula a name. Nothing here knows a derivative but for those
of functions of larger matrices, which are calls of NumPy, each a stage (`matrix_values`).

Backwards, ∂L/∂name is the sum over the stages that use the name: each contributes its adjoint times
the partial derivative of its formula by the name. Adjoints are stages themselves, so that every
factor is shared by its name. Where the graph of the loss has a slope that may be infinite behind a
selection, conditions go with adjoints: whether anything selects the name. A term that nothing
selects is 0, whatever its slope, and so is one at the tip of a cone whose adjoint is 0: see
`graph.tips`.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import S

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.graph.record import uncollected
from gradmethods.engines.graph.tips import tips
from gradmethods.engines.symbolic import runtime
from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.formulas import (
    ClosedFormulas,
    NamedFormulas,
    Symbols,
)
from gradmethods.engines.symbolic.limits import PER_STAGE, check_cases, check_written
from gradmethods.engines.symbolic.lines import CHAIN_RULE, EXPANDED, RESERVED, Inputs, write
from gradmethods.engines.symbolic.matrices import Entry
from gradmethods.engines.symbolic.matrix_values import ADJOINTS
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.program import NOWHERE_FINITE, Case, Watch, deep_recursion
from gradmethods.engines.symbolic.smooth import DECIDING
from gradmethods.engines.symbolic.stages import Stages
from gradmethods.engines.symbolic.templates import Recipe, Template
from gradmethods.engines.symbolic.unfolding import counted, unfolded


def differentiate(
    names: Names, loss: Atom, params: Iterable[int], *, traps: bool = False
) -> list[list[Term]]:
    """Return the partial derivatives of the loss as sums of terms.

    Parameters
    ----------
    names : Names
        The table, which receives the adjoints.
    loss : Atom
        The loss.
    params : iterable of int
        The names to differentiate by.
    traps : bool
        Whether a slope that may be infinite can meet what nothing selects.

    Returns
    -------
    list of list of Term
        One for each parameter; empty if the loss does not depend on it.
    """
    params = list(params)
    if loss in NOWHERE_FINITE:
        return [[names.term_of(S.NaN)] for _ in params]
    uses = _Uses(names, traps=traps)
    cone = names.cone([loss])
    if type(loss) is int:
        uses.add(loss, names.term_of(S.One), S.true)
    if traps:
        uses.find_kept(cone)
    for name in sorted(cone, reverse=True):
        if name in uses.slopes:
            uses.pass_matrices_on(name)
        elif names.active[name] and names.stages[name] and name in uses.terms:
            adjoint = names.total(uses.terms.pop(name), f"d_{names.labels[name]}")
            if adjoint is not S.Zero:
                uses.pass_on(name, adjoint)
    return [uses.terms.get(name, []) for name in params]


class _Uses:
    """What the uses of each name contribute to its adjoint, and when any of them selects it."""

    def __init__(self, names: Names, *, traps: bool) -> None:
        self.terms: dict[int, list[Term]] = {}
        self.slopes: dict[int, dict[int, Atom]] = {}  # by call and place in its result
        self._names, self._traps = names, traps
        self._selected: dict[int, dict[Atom, None]] = {}
        self._kept: dict[int, Atom] = {}
        found = tips(topological(names.roots.values()))
        self._tips = {name for name, node in names.roots.items() if node in found}

    def add(self, name: int, term: Term, selected: Atom) -> None:
        """Add one contribution, and the condition under which it is one."""
        self.terms.setdefault(name, []).append(term)
        self._selected.setdefault(name, {})[selected] = None

    def pass_on(self, name: int, adjoint: Atom) -> None:
        """Give every operand of a stage its share of the adjoint."""
        names = self._names
        kind, templates, tip = names.kind(adjoint), names.templates, name in self._tips
        above = self._any(name) if self._traps else S.true
        for template, operands in names.stages[name]:
            if isinstance(template.expr, Entry):
                (call,), index = operands, int(template.expr.args[1])
                self.slopes.setdefault(call, {})[index] = adjoint
                self._selected.setdefault(call, {})[above] = None
                continue
            for position, operand in enumerate(operands):
                if not names.active[operand]:
                    continue
                selected = above
                if self._traps:
                    own = self._lasting(template, position, operands)
                    selected = self._both(above, own)
                used = self._both(selected, self._nonzero(adjoint)) if tip else selected
                recipe = templates.partial(template, position, kind, names.kind(used))
                if recipe.number is not S.Zero:
                    values = self._values(recipe, (*operands, name))
                    term = names.term(recipe, (*values, adjoint, used))
                    self.add(operand, term, selected)

    def pass_matrices_on(self, name: int) -> None:
        """Give all entries of the operands of a call their shares of the slopes by its entries."""
        names, slopes = self._names, self.slopes[name]
        ((template, operands),) = names.stages[name]
        call = template.expr
        if call.name not in ADJOINTS:
            return
        by_result = [slopes.get(i, S.Zero) for i in range(math.prod(call.shape))]
        recipe = names.templates.adjoint(template, [*map(names.kind, by_result)])
        label = f"d_{names.labels[name]}"
        passed = names.value(recipe, (*operands, name, *by_result), label, ())
        selected = self._any(name) if self._traps else S.true
        of_place = dict(zip(template.places, operands, strict=True))
        for i, entry in enumerate(call.entries):
            operand = of_place.get(entry)
            if operand is not None and names.active[operand]:
                found = names.templates.entry(i, names.kind(selected))
                self.add(operand, names.term(found, (passed, selected)), selected)

    def _values(self, recipe: Recipe, operands: tuple[int, ...]) -> tuple[int, ...]:
        """Return the names whose values a slope takes; it decides by those of the loss."""
        better, waiting = self._names.better, self._names.waiting
        if waiting:
            used = {operands[i] for i in recipe.chosen if i < len(operands)}
            for name in used & waiting.keys():
                waiting.pop(name)()
        if better.keys().isdisjoint(operands) or recipe.template.expr.has(*DECIDING):
            return operands
        return tuple(better.get(name, name) for name in operands)

    def find_kept(self, cone: Iterable[int]) -> None:
        """Find when what names stand for is 0 whatever the parameters are, say for a mask."""
        for name in sorted(cone):
            if self._names.active[name] and len(self._names.stages[name]) == 1:
                ((template, operands),) = self._names.stages[name]
                self._kept[name] = self._lasting(template, None, operands)

    def _lasting(self, template: Template, position: int | None, operands: tuple[int, ...]) -> Atom:
        names = self._names
        kept = [self._kept.get(operand, S.true) for operand in operands]
        moving = tuple(names.active[operand] for operand in operands)
        kinds = [*map(names.kind, kept)]
        recipe = names.templates.lasting(template, position, moving, kinds)
        return self._condition(recipe, (*operands, *kept))

    def _nonzero(self, atom: Atom) -> Atom:
        kinds = [self._names.kind(atom)]
        recipe = self._names.templates.recipe(("nonzero", *kinds), _differs_from_zero, kinds)
        return self._condition(recipe, (atom,))

    def _any(self, name: int) -> Atom:
        """Return the condition under which a use of a name selects it."""
        conditions = list(self._selected.get(name, ()))
        return self._joined(sympy.Or, [] if S.true in conditions else conditions, S.true)

    def _both(self, a: Atom, b: Atom) -> Atom:
        return self._joined(sympy.And, [x for x in (a, b) if x is not S.true], S.true)

    def _joined(self, function: Any, conditions: list[Atom], otherwise: Atom) -> Atom:
        if len(conditions) < 2:
            return conditions[0] if conditions else otherwise
        names = self._names
        kinds = [names.kind(x) for x in conditions]
        recipe = names.templates.recipe((function.__name__, *kinds), function, kinds)
        return self._condition(recipe, conditions)

    def _condition(self, recipe: Recipe, operands: Sequence[Atom]) -> Atom:
        return self._names.value(recipe, operands, self._names.stem("selected"), ())


def _differs_from_zero(x: Any) -> Any:
    return sympy.Ne(x, 0)


@dataclass(frozen=True)
class Derived:
    """The loss of a case and its partial derivatives, in the names of stages."""

    loss: Atom
    partials: list[list[Term]]

    def sums(self, names: Names) -> list[list[Term]]:
        """Return the loss, then the partial derivatives."""
        return [[names.term_of(self.loss)], *self.partials]


class Derivation:
    """Names the stages of a loss, differentiates them one by one, and writes them in some form.

    Parameters
    ----------
    problem : Problem
        Of the loss.
    form : {"expanded", "cse", "chain-rule"}
        What refers to names: nothing, what is used more than once, or everything.
    budget : int
        Steps that all formulas met at one time may take.

    Attributes
    ----------
    builder : Builder
        Runs the loss.
    steps : int
        What the cases built last are expected to take.
    """

    def __init__(self, problem: Problem, form: str, budget: int) -> None:
        self._problem, self._form = problem, form
        self.builder = Builder(problem, budget, written_out=form == EXPANDED)
        self.steps = PER_STAGE * self.builder.limit.stages
        self.names = Names({*runtime.NAMES, *keyword.kwlist, *RESERVED})
        builder = self.builder
        self._params = self._inputs(builder.params, active=True)
        self._data = self._inputs(builder.data, active=False)
        self.symbols = Symbols(
            self.names,
            {
                name: symbol
                for ids, symbols in (
                    (self._params, builder.params),
                    (self._data, builder.data),
                )
                for key in ids
                for name, symbol in zip(ids[key].ravel(), symbols[key].ravel(), strict=True)
            },
        )
        params, data = (
            [name for array in ids.values() for name in array.ravel().tolist()]
            for ids in (self._params, self._data)
        )
        columns = frozenset(
            name
            for key, ids in self._data.items()
            if key in problem.examples
            for name in ids.ravel().tolist()
        )
        labels = ["value", *(f"d_{self.names.labels[name]}" for name in params)]
        self._io = Inputs(params, data, columns, [*map(self.names.unused, labels)])

    def losses(self, cases: dict[bytes, Arrays]) -> dict[bytes, Any]:
        """Run the loss of each case; of what is written out, find how long it is."""
        limit = self.builder.limit
        self.steps = check_cases(len(cases), limit)
        with uncollected():
            losses = {key: self.loss(case) for key, case in cases.items()}
        if self._form != EXPANDED:
            return losses
        derived = {key: self.differentiate(loss) for key, loss in losses.items()}
        sums = [terms for found in derived.values() for terms in found.sums(self.names)]
        if sums:
            self.steps += check_written(unfolded(self.names, sums), limit)
        return derived

    def differentiate(self, loss: Atom) -> Derived:
        """Find the partial derivatives of a loss."""
        with uncollected():
            traps = self.builder.traps
            return Derived(loss, differentiate(self.names, loss, self._io.params, traps=traps))

    def derive(self, found: Atom | Derived, rule: str | None, watch: Watch) -> Case:
        """Differentiate, unless that is done, and compile."""
        with watch("derive"):
            derived = found if isinstance(found, Derived) else self.differentiate(found)
            entries = [
                (name, i) for name, ids in self._params.items() for i in np.ndindex(ids.shape)
            ]
            by_entry = dict(zip(entries, derived.partials, strict=True))
            kind = NamedFormulas if self._form == CHAIN_RULE else ClosedFormulas
            formulas = kind(self.symbols, derived.loss, by_entry)
        with watch("compile"), uncollected():
            program = write(self.names, derived.sums(self.names), self._io, rule, self._form)
        return Case(formulas, program, self._problem.dtype)

    def loss(self, case: Arrays) -> Atom:
        """Run the loss of one case."""
        xp = Stages(self.names, self.builder.literal)
        with undistributed():
            result = self.builder.run(xp, self._params, [self._data], [case])
        return self.names.atom(result)

    def _inputs(self, arrays: dict[str, NDArray[Any]], *, active: bool) -> dict[str, NDArray[Any]]:
        named = {}
        for key, symbols in arrays.items():
            named[key] = np.empty(symbols.shape, object)
            for index in np.ndindex(symbols.shape):
                symbol: Any = symbols[index]
                named[key][index] = self.names.input(symbol.name, active=active)
        return named


def count_operations(problem: Problem, form: str, budget: int) -> int:
    """Count the operations of a program for the first example, without writing it."""
    derivation = Derivation(problem, CHAIN_RULE, budget)
    names, builder = derivation.names, derivation.builder
    with deep_recursion(), uncollected():
        loss = derivation.loss(builder.case(problem.data, 0))
        sums = derivation.differentiate(loss).sums(names)
    if form == EXPANDED:
        return sum(size.operations for size in unfolded(names, sums))
    return counted(names, sums)
