"""The cases of a problem: one set of formulas for each combination of integers and booleans.

Most problems have a single case. Data that are not floating point, such as the class labels by
which a loss takes entries, stay values; examples that share them share formulas. A case is derived
when it is first met, at preparation or in a later batch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import InvalidProblem
from gradmethods.problem import Problem
from gradmethods.structure import Arrays
from gradmethods.symbolic import budget as budgets
from gradmethods.symbolic.arrays import undistributed
from gradmethods.symbolic.build import Builder
from gradmethods.symbolic.examples import RULES, prove
from gradmethods.symbolic.program import (
    Formulas,
    Program,
    deep_recursion,
    differentiate,
    share,
    write_program,
)

Watch = Callable[[str], AbstractContextManager[None]]
"""Measures the time of a block, by the name of its part."""

Group = tuple[bytes, Any]
"""The key of a case, and the examples that belong to it."""


@dataclass(frozen=True)
class Case:
    """Formulas and their program."""

    formulas: Formulas
    program: Program
    dtype: np.dtype[Any]

    @cached_property
    def over_floats(self) -> Callable[..., Any]:
        """The program over Python floats."""
        return self.program.over_floats()

    @cached_property
    def over_numpy(self) -> Callable[..., Any]:
        """The program over NumPy scalars and arrays."""
        return self.program.over_numpy(self.dtype)


class Cases:
    """Builds, proves, derives and keeps the cases of a problem.

    Parameters
    ----------
    problem : Problem
        Whose data name the first cases.
    form : {"expanded", "cse"}
        Whether the formulas of a program share subexpressions.
    budget : int
        Steps that all formulas met at one time may take.
    watch : callable
        Keeps the seconds of each part of the work.
    """

    def __init__(self, problem: Problem, form: str, budget: int, watch: Watch) -> None:
        self.problem, self.form, self.budget, self.watch = problem, form, budget, watch
        with watch("build"):
            self.builder = Builder(problem, budget)
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
        with undistributed(), deep_recursion():
            with self.watch("build"):
                self._build({key: case for key, case in cases.items() if key not in self._losses})
            if self.problem.examples:
                with self.watch("prove"):
                    self._prove(cases)
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

    def _build(self, new: dict[bytes, Arrays]) -> None:
        symbols = [s for array in self.builder.params.values() for s in array.ravel()]
        budgets.check_cases(len(new), self.builder.operations, self.budget, self.problem.name)
        found = budgets.Estimate(0, 0, 0)
        losses = {}
        for key, case in new.items():
            losses[key] = self.builder.loss(case)
            found += budgets.estimate(losses[key], symbols)
            budgets.check(found, self.budget, self.problem.name, written=self.form == "expanded")
        self._losses |= losses

    def _prove(self, cases: dict[bytes, Arrays]) -> None:
        for pair in combinations_with_replacement(cases, 2):
            if pair in self._proven:
                continue
            one, other = pair
            losses = self._losses[one], self._losses[other]
            self._rules &= prove(self.builder, cases[one], cases[other], losses)
            if not self._rules:
                raise InvalidProblem(
                    f"The loss {self.problem.name!r} is the mean over some examples and the sum "
                    "over others. Leave `examples` out."
                )
            self._proven.add(pair)

    def _case(self, key: bytes) -> Case:
        if key not in self._cases:
            with self.watch("derive"):
                formulas = differentiate(self._losses[key], self.builder.params)
            with self.watch("cse"):
                shared, results = share(formulas) if self.form == "cse" else ([], formulas.all())
            with self.watch("compile"):
                program = write_program(
                    shared, results, self.builder.params, self.builder.data, self.rule
                )
            self._cases[key] = Case(formulas, program, self.problem.dtype)
        return self._cases[key]


def _first(rows: NDArray[np.intp] | slice) -> int:
    return 0 if isinstance(rows, slice) else int(rows[0])
