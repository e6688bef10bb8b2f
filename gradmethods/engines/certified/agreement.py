"""Whether what was certified is the loss that NumPy computes: the same values, up to rounding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flint import arb

from gradmethods.core.problem import Problem
from gradmethods.engines.certified import numbers
from gradmethods.engines.certified.arrays import exact
from gradmethods.engines.certified.evaluate import (
    UNITS,
    Enclosures,
    may_round_to,
    point_of,
    value_at,
)
from gradmethods.engines.certified.precision import working
from gradmethods.engines.graph.graph import Graph
from gradmethods.engines.graph.record import check_same
from gradmethods.errors import NotDifferentiable
from gradmethods.xp.primitives import Kind, of_kind

EASY = 8
"""Units in the last place that need no proof to be rounding."""

BITS = 128

JUMPING = frozenset({"astype", "atan2"}) | {
    name for kind in (Kind.STEP, Kind.COMPARISON, Kind.TEST, Kind.LOGIC) for name in of_kind(kind)
}
"""Primitives of which rounding, or the sign of a zero, may change the result by more than that."""


class Disagreement(NotDifferentiable):
    """What was certified is another function than the loss in NumPy."""


def check_agreement(problem: Problem, loss: arb) -> None:
    """Refuse a certificate of another function than the loss in NumPy.

    Balls take numbers for what they are: they know no sign of a zero, and round nothing on the way.
    Where a loss depends on such things, NumPy computes another one. The two are compared at the
    point, and beside it, where NumPy's value is known as well, unless nothing in the loss depends
    on them: no step, no condition, no cast, no other precision. What leaves the range of
    floating-point numbers is no other function, and is not compared.

    Parameters
    ----------
    problem : Problem
    loss : flint.arb
        The ball that holds the exact loss.

    Raises
    ------
    InvalidProblem
        If what is recorded of the loss differs from it in plain NumPy.
    Disagreement
        If the loss in NumPy differs from the exact one by more than a proven bound on rounding.
    """
    graph = check_same(problem)
    here = problem.seen.value if problem.seen else float(problem.value())
    _compare(problem, point_of(problem), loss, here, "at this point")
    if problem.seen is None or (graph is not None and _is_plain(graph, problem.dtype)):
        return
    for arrays, known in problem.seen.points(problem)[1:]:
        point = {name: exact(array) for name, array in arrays.items()}
        with working(BITS):
            loss = value_at(problem, point)
        _compare(problem, point, loss, known, "close to this point")


def _is_plain(graph: Graph, dtype: np.dtype[Any]) -> bool:
    """Say whether a loss is continuous in all that it computes, and computed in one precision."""
    made = ((node.primitive, node.dtype) for node in graph.nodes() if node.primitive is not None)
    return all(made_by.name not in JUMPING and of == dtype for made_by, of in made)


def _compare(problem: Problem, point: Enclosures, loss: arb, computed: float, where: str) -> None:
    value = numbers.rounded(loss) if loss.is_finite() else math.nan
    if not (math.isfinite(computed) and math.isfinite(value)):
        return
    unit = UNITS[str(problem.dtype)]
    if abs(computed - value) <= EASY * unit * max(abs(computed), abs(value)):
        return
    if may_round_to(problem, point, computed):
        return
    raise Disagreement(
        f"No certificate of {problem.name!r}: {where} the loss is {value:.17g} with every number "
        f"exact, and {computed:.17g} in NumPy, which rounding does not explain. It depends on the "
        "sign of a zero, on a decision as close as floor(0.7 * 10), or on numbers of lower "
        "precision (a cast, functions of small integers)."
    )
