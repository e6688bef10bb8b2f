"""The chain rule over names: every stage of a loss has a name, and formulas refer to names.

The loss runs over names instead of expressions; a stage is a short formula in the names of earlier
stages. SymPy differentiates the formula of each kind of stage once, and the gradient is put
together from the loss backwards, one formula a name. Nothing here knows a derivative but for those
of functions of larger matrices, which are calls of NumPy, each a stage (`matrix_values`).
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.collector import uncollected
from gradmethods.engines.symbolic import runtime
from gradmethods.engines.symbolic.adjoints import differentiate
from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.formulas import ClosedFormulas, NamedFormulas, Symbols
from gradmethods.engines.symbolic.limits import PER_STAGE, check_cases, check_written
from gradmethods.engines.symbolic.lines import CHAIN_RULE, EXPANDED, Inputs
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.program import Case, Watch, deep_recursion
from gradmethods.engines.symbolic.stages import Stages
from gradmethods.engines.symbolic.unfolding import counted, unfolded
from gradmethods.engines.symbolic.write import RESERVED, write


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
