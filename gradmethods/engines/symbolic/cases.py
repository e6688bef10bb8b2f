"""The cases of a problem: one set of formulas for each combination of integers and booleans.

Most problems have a single case. Data that are not floating point, such as the class labels by
which a loss takes entries, stay values; examples that share them share formulas. A case is derived
when it is first met, at preparation or in a later batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sympy.core.parameters import evaluate

from gradmethods.core.deadline import deadline
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.examples import prove
from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.derive import Derivation
from gradmethods.engines.symbolic.limits import OVERRUN, PER_CASE, announced, overrun
from gradmethods.engines.symbolic.program import Case, Watch, deep_recursion

Result = TypeVar("Result")

Group = tuple[bytes, Any]
"""The key of a case, and the examples that belong to it."""


class Cases:
    """Builds, derives and keeps the cases of a problem, whose `examples` are proven first.

    Parameters
    ----------
    problem : Problem
        Whose data name the first cases.
    form : {"expanded", "cse", "chain-rule"}
        How the formulas of a program share what they have in common.
    budget : int
        Steps that all formulas met at one time may take.
    watch : callable
        Keeps the seconds of each part of the work.

    Attributes
    ----------
    announced : float
        Seconds that preparing the newest cases was expected to take.
    rule : str or None
        How the loss is made of its examples: "mean" or "sum"; None without examples.

    Raises
    ------
    BudgetExceeded
        If the loss is too large.
    InvalidProblem
        If the loss is not proven to be the mean or the sum over its examples.
    """

    def __init__(self, problem: Problem, form: str, budget: int, watch: Watch) -> None:
        self.problem, self.form, self.watch = problem, form, watch
        with watch("build"):
            self._method = Derivation(problem, form, budget)
        self.builder = self._method.builder
        self._each = self._method.steps
        self.announced = announced(self._method.steps)
        self.rule = None
        if problem.examples:
            with watch("prove"):
                self.rule = prove(problem)
        self._losses: dict[bytes, Any] = {}
        self._planned: set[frozenset[bytes]] = set()
        self._cases: dict[bytes, Case] = {}

    def groups(self, data: Arrays) -> list[Group]:
        """Sort examples by their case."""
        shared = b"".join(
            data[name].tobytes()
            for name in self.builder.concrete
            if name not in self.problem.examples
        )
        rows = [
            np.ascontiguousarray(data[name]).reshape(len(data[name]), -1).view(np.uint8)
            for name in self.builder.concrete
            if name in self.problem.examples and data[name].size
        ]
        if not rows:
            return [(shared, slice(None))]
        distinct, which = np.unique(np.hstack(rows), axis=0, return_inverse=True)
        return [
            (shared + row.tobytes(), np.flatnonzero(which.ravel() == place))
            for place, row in enumerate(distinct)
        ]

    def plan(self, data: Arrays) -> list[Group]:
        """Build what is new in `data`, and refuse what is above the budget.

        Raises
        ------
        BudgetExceeded
            If formulas would be too large.
        """
        groups = self.groups(data)
        present = frozenset(key for key, _ in groups)
        if present in self._planned:
            return groups
        cases = {key: self.builder.case(data, _first(rows)) for key, rows in groups}
        seconds = OVERRUN * announced(len(cases) * (PER_CASE + self._each))
        with undistributed(), deep_recursion():
            self._within(seconds, lambda: self._build(cases))
        self.announced = announced(self._method.steps)
        self._planned.add(present)
        return groups

    def at(self, data: Arrays) -> list[tuple[Case, Any]]:
        """Return the case of each group of examples, deriving those that are new."""
        return [(self._case(key), rows) for key, rows in self.plan(data)]

    def of(self, example: int) -> Case:
        """Return the case of one of the problem's own examples."""
        for key, rows in self.groups(self.problem.data):
            if isinstance(rows, slice) or example in rows:
                return self._case(key)
        raise AssertionError(example)

    def _build(self, cases: dict[bytes, Arrays]) -> None:
        with self.watch("build"):
            new = {key: case for key, case in cases.items() if key not in self._losses}
            self._losses |= self._method.losses(new)

    def _case(self, key: bytes) -> Case:
        if key not in self._cases:
            losses = self._losses[key]
            with deep_recursion():
                self._cases[key] = self._within(
                    OVERRUN * self.announced,
                    lambda: self._method.derive(losses, self.rule, self.watch),
                )
        return self._cases[key]

    def _within(self, seconds: float, work: Callable[[], Result]) -> Result:
        """Stop work that takes longer, in seconds of this thread's own, and refuse it."""
        limit = deadline(seconds, busy=True)
        try:
            with evaluate(True), limit:  # noqa: FBT003  # SymPy's; the caller may have set it
                return work()
        except limit.passed:
            raise overrun(self.builder.limit, seconds) from None


def _first(rows: NDArray[np.intp] | slice) -> int:
    return 0 if isinstance(rows, slice) else int(rows[0])
