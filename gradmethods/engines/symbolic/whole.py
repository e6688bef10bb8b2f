"""The formulas of a loss as whole expressions, with common subexpressions shared or not."""

from __future__ import annotations

from typing import Any

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.symbolic.budget import Estimate, estimate
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.dead import Settler
from gradmethods.engines.symbolic.limits import check, check_cases
from gradmethods.engines.symbolic.program import Case, Watch, differentiate, share, write_program


class WholeFormulas:
    """Differentiates the expression of a loss by every parameter.

    Parameters
    ----------
    problem : Problem
        Of the loss.
    form : {"expanded", "cse"}
        Whether the formulas of a program share subexpressions.
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
        self.builder = Builder(problem, budget)
        self.steps = 0

    def losses(self, cases: dict[bytes, Arrays]) -> dict[bytes, Any]:
        """Build the expression of each case, and refuse what is above the budget."""
        symbols = [s for array in self.builder.params.values() for s in array.ravel()]
        limit = self.builder.limit
        built = check_cases(len(cases), self.builder.operations, limit)
        found = Estimate(0, 0)
        losses = {}
        for key, case in cases.items():
            losses[key] = self.builder.loss(case)
            found += estimate(losses[key], symbols)
            written = self._form == "expanded"
            self.steps = check(found, limit, written=written, built=built)
        return losses

    def derive(self, loss: Any, rule: str | None, watch: Watch) -> Case:
        """Differentiate and compile."""
        builder = self.builder
        with watch("derive"):
            settle = [Settler(*builder.doubtful())] if builder.traps else []
            formulas = differentiate(loss, builder.params, *settle)
        with watch("cse"):
            shared, results = share(formulas) if self._form == "cse" else ([], formulas.all())
        with watch("compile"):
            program = write_program(shared, results, builder.params, builder.data, rule)
        return Case(formulas, program, self._problem.dtype)
