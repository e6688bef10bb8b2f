"""C6: backprop reuses factors. They are counted in the graph; nothing is differentiated.

By the chain rule a partial derivative is a sum over the paths from the loss to its parameter, of
products with a factor, a local derivative, for each edge of the path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.engines.graph import Graph, Node, record
from gradmethods.problems.shared_formulas import sigmoid
from gradmethods.studies.claims.claim import (
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
)

WIDTHS = (1, 2, 4, 8, 16)
DEPTHS = (1, 2, 3, 4, 5)

Edge = tuple[Node, int]
"""A use: the node that uses, and the position of the operand used."""


@dataclass(frozen=True)
class Factors:
    """Factors of all partial derivatives of one loss.

    Attributes
    ----------
    scale : int
        Width or depth of the network.
    n : int
        Number of parameters.
    apart : int
        Factors to evaluate if each product is evaluated on its own.
    once : int
        Edges: the factors that there are, each of which backprop evaluates once.
    """

    scale: int
    n: int
    apart: int
    once: int


def scalar_network(widths: Sequence[int]) -> Problem:
    """Make a network of sigmoids in which every number is a node, with squared error."""

    def loss(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
        h = [x] * widths[0]
        for k, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            z = [
                sum((params[f"w{k}_{i}_{j}"] * h[j] for j in range(inputs)), params[f"b{k}_{i}"])
                for i in range(outputs)
            ]
            h = [sigmoid(value, xp) for value in z]
        return (h[0] - t) ** 2

    rng = np.random.default_rng(0)
    names = [
        name
        for k, (inputs, outputs) in enumerate(pairwise(widths), start=1)
        for i in range(outputs)
        for name in (*(f"w{k}_{i}_{j}" for j in range(inputs)), f"b{k}_{i}")
    ]
    params = {name: np.array(rng.standard_normal()) for name in names}
    return Problem(loss, params, {"x": np.array(0.3), "t": np.array(0.7)})


def count(graph: Graph, scale: int = 0) -> Factors:
    """Count the factors of all products along paths, and the edges that they come from."""
    active = _active(graph)
    paths: dict[Node, int] = defaultdict(int)
    lengths: dict[Node, int] = defaultdict(int)  # Lengths of all paths from the loss add up.
    (loss,) = graph.outputs
    paths[loss] = 1
    edges = 0
    for node in reversed(graph.nodes()):
        for operand in node.operands:
            if node in active and isinstance(operand, Node) and operand in active:
                edges += 1
                paths[operand] += paths[node]
                lengths[operand] += lengths[node] + paths[node]
    params = list(graph.params.values())
    size = sum(int(np.prod(node.shape)) for node in params)
    return Factors(scale, size, sum(lengths[node] for node in params), edges)


def path(graph: Graph, name: str) -> list[Edge]:
    """Return the edges from the loss to a parameter that a single path leads to."""
    active = _active(graph)
    users = [
        (node, position)
        for node in graph.nodes()
        for position, operand in enumerate(node.operands)
        if node in active and isinstance(operand, Node)
    ]
    found: list[Edge] = []
    at = graph.params[name]
    while at is not graph.outputs[0]:
        (edge,) = (edge for edge in users if edge[0].operands[edge[1]] is at)
        found.append(edge)
        at = edge[0]
    return found[::-1]


def _active(graph: Graph) -> set[Node]:
    active = set(graph.params.values())
    for node in graph.nodes():
        if not active.isdisjoint(node.parents):
            active.add(node)
    return active


def judge(
    weight: Sequence[Edge], bias: Sequence[Edge], wide: Sequence[Factors], deep: Sequence[Factors]
) -> Finding:
    """Decide by the counts.

    `weight` and `bias` are the paths to w_h and b_h of the smallest network.
    """
    shared = sum(edge in weight for edge in bias)
    decisions = {
        "article": Decision(
            exactly([list(weight[: len(bias) - 1]) == list(bias[:-1]), len(bias) > 1], fewest=2),
            shared, shared, shared,
            f"of {len(bias)} factors of ∂L/∂b_h and {len(weight)} of ∂L/∂w_h, a sigmoid being "
            "four primitives",
        )
    }  # fmt: skip
    for name, sizes in (("width", wide), ("depth", deep)):
        multiples = [size.apart / size.once for size in sizes]
        grows = [b > a for a, b in pairwise(multiples)]
        last = sizes[-1]
        words = f"{last.apart:,} factors in products, {last.once:,} in the graph, at n = {last.n:,}"
        decisions[name] = Decision(
            exactly([*(m > 1 for m in multiples), *grows], fewest=4),
            multiples[-1], multiples[0], multiples[-1], words,
        )  # fmt: skip
    panels = tuple(
        Panel(
            label,
            "factors to evaluate",
            (
                Series("each product on its own", [s.scale for s in sizes],
                       [s.apart for s in sizes], provider="analytical:expanded"),
                Series("each edge once: backprop", [s.scale for s in sizes],
                       [s.once for s in sizes], provider="backprop"),
            ),
            title,
            log_x=name == "width",
        )
        for name, sizes, label, title in (
            ("width", wide, "hidden units h", "1-h-1"),
            ("depth", deep, "hidden layers", "hidden layers of 2 units"),
        )
    )  # fmt: skip
    return Finding(decisions, panels)


def examine(_evidence: Evidence) -> Finding:
    """Record graphs and count."""
    smallest = record(problems.get("network-1-1-1"))
    wide = [count(record(scalar_network((1, h, 1))), h) for h in WIDTHS]
    deep = [count(record(scalar_network((1, *[2] * d, 1))), d) for d in DEPTHS]
    return judge(path(smallest, "w_h"), path(smallest, "b_h"), wide, deep)


_GROWTH = (
    "Supported if at every {} the products along all paths hold more factors than the graph has "
    "edges, and the multiple grows with each; refuted if not at one."
)

CLAIM = Claim(
    id="C6",
    title="Backprop reuses factors",
    text="By the chain rule the partial derivatives share factors: those of ∂L/∂b_h, but for the "
    "last, are those of ∂L/∂w_h. Walking the graph backwards, backprop evaluates each only once.",
    source="the article; Rumelhart, Hinton & Williams 1986",
    method="Factors counted in recorded graphs in which every number is a node: those of the "
    "products along all paths from the loss to each parameter, and the edges, one local "
    "derivative each.",
    criteria=(
        Criterion(
            "article",
            "Supported if in the 1-1-1 network all factors of ∂L/∂b_h but the last are the first "
            "factors of ∂L/∂w_h; refuted if not.",
            "factors of ∂L/∂b_h that ∂L/∂w_h has",
            exact=True,
        ),
        Criterion("width", _GROWTH.format("width"), "factors ÷ edges", exact=True),
        Criterion("depth", _GROWTH.format("depth"), "factors ÷ edges", exact=True),
    ),
    examine=examine,
)
