"""The error of backpropagation by rounding, observed over random roundings.

One computation may be lucky and round nothing, where another order of the same sum loses all its
digits; so each result, and each term of a sum, is moved by a unit in its last place, up or down.

Sources: J. Vignes, A stochastic arithmetic for reliable scientific computation, Mathematics and
Computers in Simulation 35 (1993) 233-261; D. S. Parker, Monte Carlo arithmetic, UCLA technical
report CSD-970002, 1997.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.graph import Compute, compute
from gradmethods.providers.backprop import UNIT, textbook_graph
from gradmethods.truth.truth import Truth
from gradmethods.xp.primitives import Behaviour, Primitive, having

SAMPLES = 8
"""Number of computations in the problem's own precision."""

ROUNDED = 1e-2
"""An error of rounding is this part, or less, of what single precision makes of it."""

EXACT = having(Behaviour.EXACT)

SUMS = frozenset({"sum", "cumulative_sum", "matmul", "inner", "scatter_add"})
"""Names of primitives that round inside."""


class Seen(NamedTuple):
    """Errors that backpropagation with textbook slopes makes in the problem's own precision.

    Attributes
    ----------
    plain : dict of str to numpy.ndarray
        Of one computation, by parameter array.
    random : dict of str to numpy.ndarray
        The largest of `SAMPLES` computations whose roundings fall at random.
    """

    plain: Arrays
    random: Arrays


_known: WeakKeyDictionary[Truth, Seen | None] = WeakKeyDictionary()
"""What was found for a truth: it is asked for with every gradient that is judged by it."""


def textbook_errors(truth: Truth) -> Seen | None:
    """Return the rounding error of backpropagation with textbook slopes; None if unknown."""
    if truth not in _known:
        _known[truth] = _look(truth)
    return _known[truth]


def _look(truth: Truth) -> Seen | None:
    """Compare computations of the gradient with the truth.

    An error that single and double precision share need not be one of rounding, but may be one of
    the branch that is taken, or of a rule: it is no excuse for anybody, and its array is left out.
    It is kept as long as the truth is: who holds many gradients against one truth asks many times.
    """
    if truth not in _KEPT:
        _KEPT[truth] = _textbook_errors(truth)
    return _KEPT[truth]


_KEPT: WeakKeyDictionary[Truth, Seen | None] = WeakKeyDictionary()


def _textbook_errors(truth: Truth) -> Seen | None:
    problem = truth.problem
    double = problem.dtype == np.float64
    try:
        with np.errstate(all="ignore"):
            plain = _errors(truth, problem, [compute])
            random = _errors(truth, problem, [_moved(seed) for seed in range(SAMPLES)])
            other = problem.in_dtype(np.float32 if double else np.float64)
            others = _errors(truth, other, [compute])
    except Exception:  # noqa: BLE001  # a stranger's loss may raise anything in another precision
        return None
    fine, coarse = (plain, others) if double else (others, plain)
    kept = [n for n in plain if norm(fine[n]) <= ROUNDED * max(norm(coarse[n]), norm(random[n]))]
    return Seen({n: plain[n] for n in kept}, {n: random[n] for n in kept})


def _errors(truth: Truth, problem: Problem, ways: list[Compute]) -> Arrays:
    graph, structure = textbook_graph(problem), problem.structure
    data = {**problem.data, UNIT: np.ones((), problem.dtype)}
    largest = {name: np.zeros(shape) for name, shape in structure.shapes.items()}
    for way in ways:
        found = graph.evaluate(structure.check(problem.params), data, way)[1:]
        gradient = structure.restore(dict(zip(graph.params, found, strict=True)))
        for name, error in truth.error(gradient).items():
            size = np.nan_to_num(abs(error), nan=np.inf, posinf=np.inf)
            largest[name] = np.maximum(largest[name], size)
    return largest


def _moved(seed: int) -> Compute:
    """Return an evaluator of primitives that moves each rounded result by a unit at random."""
    rng = np.random.default_rng(seed)

    def move(x: Any) -> Any:
        if not (isinstance(x, np.ndarray | np.floating) and x.dtype.kind == "f"):
            return x
        return x * (1 + rng.choice([-1, 1], x.shape) * np.finfo(x.dtype).eps).astype(x.dtype)

    def moving(primitive: Primitive, operands: list[Any], static: Mapping[str, Any]) -> Any:
        terms = [move(x) for x in operands] if primitive.name in SUMS else operands
        value = compute(primitive, terms, static)
        return value if primitive.aliases or primitive.name in EXACT else move(value)

    return moving
