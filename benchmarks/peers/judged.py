"""What is judged and not timed: the digits of every gradient, and whose checker catches mistakes.

Digits are those of the suite's accuracy report (`gradmethods.studies.accuracy`), against certified
truth; planted mistakes are those of `gradmethods.comparison.kills`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.checkers import CHECKERS
from gradmethods import problems
from gradmethods.app.runs.accuracy import GALLERY, GRADIENT, MOST, PLANTED, Task
from gradmethods.comparison.kills import kill_table
from gradmethods.core.problem import Problem
from gradmethods.problems import hard
from gradmethods.providers import Analytical, Backprop, Numerical
from gradmethods.providers.peers import PEERS, Lambdify
from gradmethods.providers.registry import get_provider
from gradmethods.studies.accuracy.hard_cases import hard_case_rows
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import gradient_record

METHODS = (
    Analytical("chain-rule").name,
    Numerical().name,
    Numerical("complex-step").name,
    Backprop().name,
    *(name for name, peer in PEERS.items() if peer != Lambdify(cse=False)),
)
"""The providers whose gradients are judged: ours, then the peers. Formulas are the same with and
without common subexpressions."""

LIMIT = 20.0
"""Seconds for one gradient and its certificate."""

UNITS = 1e-6
"""Factor of a loss in other units."""


def judged_tasks() -> list[Task]:
    """List what there is to judge, what is worth most first.

    That is the article's problems and their neighbours, the hard cases, the planted mistakes, and
    the problems that the field compares methods on.
    """
    cases = [Task(GALLERY, {"problem": name}, partial(_hard, name)) for name in hard.names()]
    plants = [Task(PLANTED, {"problem": p.name}, partial(_planted, p)) for p in field()]
    names = problems.names()
    more = [name for name in problems.names(field=True) if name not in names]
    return [*_gradients(names), *cases, *plants, *_gradients(more)]


def _gradients(names: list[str]) -> Iterator[Task]:
    for problem in map(problems.get, names):
        subject = Subject(problem, str(problem.dtype), MOST)
        for name in METHODS:
            about = {"problem": problem.name, "provider": name}
            yield Task(GRADIENT, about, partial(_digits, subject, name), LIMIT)


def field() -> list[Problem]:
    """Return the problems to plant in: the catalogue, and two hard on absolute tolerances."""
    catalogue = [problems.get(name) for name in problems.names()]
    peaked = problems.get("log-sum-exp", spread=10.0).replace(name="log-sum-exp, spread 10")
    network = problems.get("network-1-1-1")

    def in_other_units(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
        return UNITS * network.loss(params, x, t, xp=xp)

    small = Problem(
        in_other_units, network.params, network.data, name=f"network-1-1-1, loss × {UNITS:g}"
    )
    return [*catalogue, peaked, small]


def _digits(subject: Subject, name: str) -> dict[str, Any]:
    return gradient_record(subject, get_provider(name))


def _hard(name: str) -> dict[str, Any]:
    return {"rows": hard_case_rows([name], METHODS)}


def _planted(problem: Problem) -> dict[str, Any]:
    return {"rows": kill_table([problem], list(CHECKERS.values())).to_dict("records")}
