"""The chain rule over names: every stage of a loss has a name, and formulas refer to names.

The loss runs over names instead of expressions; a stage is a short formula in the names of earlier
stages. SymPy differentiates the formula of each kind of stage once, and the gradient is put
together from the loss backwards, one formula a name. Nothing here knows a derivative.
"""

from __future__ import annotations

import keyword
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
from gradmethods.engines.symbolic.formulas import NamedFormulas, Symbols
from gradmethods.engines.symbolic.limits import PER_STAGE, check_cases
from gradmethods.engines.symbolic.lines import Inputs
from gradmethods.engines.symbolic.names import Atom, Names
from gradmethods.engines.symbolic.program import Case, Watch
from gradmethods.engines.symbolic.stages import Stages
from gradmethods.engines.symbolic.write import RESERVED, write


class ChainRule:
    """Names the stages of a loss, and differentiates them one by one.

    Attributes
    ----------
    builder : Builder
        Runs the loss.
    steps : int
        What the cases built last are expected to take.
    """

    def __init__(self, problem: Problem, budget: int) -> None:
        self._problem = problem
        self.builder = Builder(problem, budget, by_stages=True)
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

    def losses(self, cases: dict[bytes, Arrays]) -> dict[bytes, Atom]:
        """Run the loss of each case."""
        builder = self.builder
        self.steps = check_cases(len(cases), builder.operations, builder.limit)
        with uncollected():
            return {key: self._run(case) for key, case in cases.items()}

    def derive(self, loss: Atom, rule: str | None, watch: Watch) -> Case:
        """Differentiate and compile."""
        with watch("derive"), uncollected():
            partials = differentiate(self.names, loss, self._io.params, traps=self.builder.traps)
            entries = [
                (name, i) for name, ids in self._params.items() for i in np.ndindex(ids.shape)
            ]
            formulas = NamedFormulas(self.symbols, loss, dict(zip(entries, partials, strict=True)))
        with watch("compile"), uncollected():
            program = write(self.names, loss, partials, self._io, rule)
        return Case(formulas, program, self._problem.dtype)

    def _run(self, case: Arrays) -> Atom:
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
