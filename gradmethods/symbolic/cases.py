"""The cases of a problem: one set of formulas for each combination of integers and booleans.

Most problems have a single case. Data that are not floating point, such as the class labels by
which a loss takes entries, stay values; examples that share them share formulas. A case is derived
when it is first met, at preparation or in a later batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from sympy.core.parameters import evaluate

from gradmethods.deadline import deadline
from gradmethods.errors import InvalidProblem
from gradmethods.problem import Problem
from gradmethods.structure import Arrays
from gradmethods.symbolic.arrays import undistributed
from gradmethods.symbolic.build import Builder
from gradmethods.symbolic.chain import ChainRule
from gradmethods.symbolic.examples import RULES
from gradmethods.symbolic.limits import OVERRUN, announced, overrun
from gradmethods.symbolic.program import Case, Watch, deep_recursion
from gradmethods.symbolic.whole import WholeFormulas

Result = TypeVar("Result")

Group = tuple[bytes, Any]
"""The key of a case, and the examples that belong to it."""


class Method(Protocol):
    """A way to formulas."""

    @property
    def builder(self) -> Builder:
        """What runs the loss over symbols, and has them."""
        ...

    @property
    def steps(self) -> int:
        """What the cases built last are expected to take."""
        ...

    def losses(self, cases: dict[bytes, Arrays]) -> dict[bytes, Any]:
        """Build the loss of each case."""
        ...

    def prove(self, one: Arrays, other: Arrays, losses: tuple[Any, Any]) -> set[str]:
        """Return the rules, of mean and sum, that hold for examples of two cases."""
        ...

    def derive(self, loss: Any, rule: str | None, watch: Watch) -> Case:
        """Differentiate and compile."""
        ...


class Cases:
    """Builds, proves, derives and keeps the cases of a problem.

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
    """

    def __init__(self, problem: Problem, form: str, budget: int, watch: Watch) -> None:
        self.problem, self.form, self.watch = problem, form, watch
        with watch("build"):
            self._method: Method = (
                ChainRule(problem, budget)
                if form == "chain-rule"
                else WholeFormulas(problem, form, budget)
            )
        self.builder = self._method.builder
        self.announced = announced(self._method.steps)
        self._rules = set(RULES)
        self._losses: dict[bytes, Any] = {}
        self._planned: set[frozenset[bytes]] = set()
        self._proven: set[tuple[bytes, bytes]] = set()
        self._cases: dict[bytes, Case] = {}

    @property
    def rule(self) -> str | None:
        """How the loss is made of its examples: "mean" or "sum"; None without examples."""
        if not self.problem.examples:
            return None
        return "mean" if "mean" in self._rules else "sum"

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
        """Build and prove what is new in `data`, and refuse what is above the budget.

        Raises
        ------
        BudgetExceeded
            If formulas would be too large.
        InvalidProblem
            If the loss is not proven to be the mean or the sum over its examples.
        """
        groups = self.groups(data)
        present = frozenset(key for key, _ in groups)
        if present in self._planned:
            return groups
        cases = {key: self.builder.case(data, _first(rows)) for key, rows in groups}
        limit = self.builder.limit
        seconds = OVERRUN * self.announced if limit.by_stages else announced(limit.building)
        with undistributed(), deep_recursion():
            self._within(seconds, lambda: self._build(cases))
        self.announced = announced(self._method.steps)
        self._planned.add(present)
        return groups

    def allow(self, budget: int) -> None:
        """Let cases that later batches bring take so many steps."""
        self.builder.limit = replace(self.builder.limit, steps=budget)

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
        if self.problem.examples:
            with self.watch("prove"):
                self._prove(cases)

    def _prove(self, cases: dict[bytes, Arrays]) -> None:
        for pair in combinations_with_replacement(cases, 2):
            if pair in self._proven:
                continue
            one, other = pair
            losses = self._losses[one], self._losses[other]
            self._rules &= self._method.prove(cases[one], cases[other], losses)
            if not self._rules:
                raise InvalidProblem(
                    f"The loss {self.problem.name!r} is the mean over some examples and the sum "
                    "over others. Leave `examples` out."
                )
            self._proven.add(pair)

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
