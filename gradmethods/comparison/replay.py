"""Replay a loss and its backward pass at a point, in floating point and in ball arithmetic.

The backward pass here follows every rule as textbooks write it, as most packages do; where
`gm.Backprop` knows better, its result is compared with this one elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.engines.certified import numbers
from gradmethods.engines.certified.arrays import Ball, Objects, each, exact
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.precision import working
from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.place import Place
from gradmethods.engines.graph.record import Placed, trace
from gradmethods.engines.tape.reverse import Plain
from gradmethods.engines.tape.sweep import cotangents
from gradmethods.errors import GradientError
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Primitive
from gradmethods.xp.primitives.primitive import Function

BITS = 400
"""Working precision of the balls: enough for cancellations of a hundred digits."""

ENTRIES = 200_000
"""Entries of all values together up to which they are enclosed."""

Values = Mapping[Node, NDArray[Any]]
Enclosed = dict[Node, Array]


class _Following(Plain):
    """The rules as textbooks write them; notes which operation of the loss each node serves."""

    def __init__(self) -> None:
        super().__init__()
        self.served: dict[Node, Node] = {}
        self.sums: set[Node] = set()
        self._at: Node | None = None

    def rule(self, node: Node, position: int) -> Function | None:
        """Return a rule, whose nodes will be those of `node`."""
        self._at = node
        return super().rule(node, position)

    def gathered(self, so_far: Array, contribution: Array, to: Node) -> Array:
        """Add cotangents; the node belongs to the value that is used more than once."""
        self._at = to
        found = super().gathered(so_far, contribution, to)
        if type(found.payload) is Node:  # not a constant
            self.sums.add(found.payload)
        return found

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Node:
        """Add a node."""
        node = super().apply(primitive, payloads, static)
        if self._at is not None:
            self.served[node] = self._at
        return node


@dataclass(frozen=True, eq=False)
class Replay:
    """Every value of a forward and a backward pass at a point.

    Attributes
    ----------
    inputs : collection of Node
        The parameter arrays.
    loss : Node
    gradient : dict of str to Node
        Where the gradient by each parameter array is, if it is not constant.
    nodes : tuple of Node
        All of both passes, operands before their uses.
    served : dict of Node to Node
        For nodes of the backward pass: for which operation of the loss they are.
    sums : set of Node
        Those that add up what several uses of that operation's value give to its cotangent.
    steps : dict of Node to int
        For nodes of the forward pass: their places in the order of the loss's graph.
    places : dict of Node to Place or None
        For nodes of the forward pass: where in the loss they are written.
    computed : dict of Node to numpy.ndarray
        In the loss's own precision.
    enclosed : dict of Node to Array
        The exact values of the same operations at the same point, as balls, where they are known.
    """

    inputs: Collection[Node]
    loss: Node
    gradient: Mapping[str, Node]
    nodes: tuple[Node, ...]
    served: Mapping[Node, Node]
    sums: Collection[Node]
    steps: Mapping[Node, int]
    places: Mapping[Node, Place | None]
    computed: Values
    enclosed: Enclosed

    def operation(self, node: Node) -> Node:
        """Return the operation of the loss that a node of either pass belongs to."""
        return self.served.get(node, node)

    def outputs(self) -> dict[str, Node]:
        """Return the loss and the gradients, by what a reader calls them."""
        return {"the loss": self.loss} | {
            f"the gradient by {name}" if name else "the gradient": node
            for name, node in self.gradient.items()
        }

    def uses(self, node: Node) -> list[Node]:
        """Return the operations of the loss that use a value of the loss."""
        return [x for x in self.nodes if x not in self.served and node in x.parents]

    def exact(self, node: Node) -> Objects | None:
        """Return the balls of a node's exact values, None where they are not known."""
        array = self.enclosed.get(node)
        return None if array is None else array.namespace.ball(array.payload).values

    def alone(self, node: Node) -> NDArray[Any] | None:
        """Return the result of an operation on exact operands, each rounded once, or None."""
        assert node.primitive is not None
        operands = []
        for x in node.operands:
            balls = self.exact(x) if isinstance(x, Node) else None
            if isinstance(x, Node) and balls is None:
                return None
            operands.append(x if balls is None else rounded(balls, self.computed[x].dtype))
        with np.errstate(all="ignore"):
            return np.asarray(node.primitive.numpy(*operands, **node.static))

    def after(self, node: Node, value: NDArray[Any]) -> dict[str, float]:
        """Return the relative errors of the outputs if `value` were the only rounded one.

        All else is exact. The error of a gradient array is relative to its largest entry.
        """
        with working(BITS):
            xp = Balls()
            moved: Enclosed = {node: Array(xp, Ball(exact(value), value.dtype))}
            known = {x: Array(xp, array.payload) for x, array in self.enclosed.items()}
            later = self.nodes[self.nodes.index(node) + 1 :]
            _enclose(xp, (x for x in later if any(p in moved for p in x.parents)), known, moved)
            return {
                name: _distance(xp.ball(moved[output].payload).values, self.exact(output))
                for name, output in self.outputs().items()
                if output in moved
            }


def replay(problem: Problem) -> Replay:
    """Record a loss and its backward pass, and evaluate both at the problem's point.

    Raises
    ------
    UnsupportedOperation
        If the loss leaves the namespace `xp`, or a primitive has no vjp rule.
    """
    recorder, rules = Placed(), _Following()
    graph = trace(problem, recorder)
    (loss,) = graph.outputs
    swept = cotangents(graph, xp=rules)
    gradient = {name: swept[x] for name, x in graph.params.items() if type(swept.get(x)) is Node}
    joint = Graph(graph.params, graph.data, (loss, *gradient.values()))
    nodes = tuple(joint.nodes())
    params = problem.structure.check(problem.params)
    with np.errstate(all="ignore"):
        found = Graph(graph.params, graph.data, nodes).evaluate(params, problem.data)
    values = dict(zip(nodes, map(np.asarray, found), strict=True))
    enclosed: Enclosed = {}
    if sum(value.size for value in values.values()) <= ENTRIES:
        with working(BITS):
            xp = Balls()
            for name, node in graph.params.items():
                enclosed[node] = Array(xp, Ball(exact(params[name]), node.dtype))
            for name, node in graph.data.items():
                enclosed[node] = Array(xp, problem.data[name])
            _enclose(xp, (x for x in nodes if x.primitive), enclosed, enclosed)
    steps = {node: k for k, node in enumerate(graph.nodes())}
    served = {x: rules.served[x] for x in nodes if x in rules.served and x not in steps}
    return Replay(
        graph.params.values(), loss, gradient, nodes, served, rules.sums, steps, recorder.places,
        values, enclosed,
    )  # fmt: skip


def _enclose(xp: Balls, nodes: Iterable[Node], known: Enclosed, found: Enclosed) -> None:
    """Enclose the values of nodes in their order, from those that are found, else known."""
    for node in nodes:
        assert node.primitive is not None
        operands: list[Any] = [
            found.get(x, known.get(x)) if isinstance(x, Node) else x for x in node.operands
        ]
        if any(x is None for x in operands):
            continue
        try:
            found[node] = xp.bind(node.primitive, *operands, **node.static)
        except GradientError:  # a comparison that balls leave open
            known.pop(node, None)


def rounded(balls: Objects, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the nearest numbers of a dtype."""
    with np.errstate(over="ignore"):
        return np.asarray(each(_rounded, balls), float).astype(dtype)


def _rounded(ball: Any) -> float:
    return numbers.rounded(ball) if ball.is_finite() else float(ball.mid())


def relative_errors(value: NDArray[Any], balls: Objects) -> NDArray[np.float64]:
    """Return each entry's relative error; infinite where only one is finite, NaN if unknown."""
    return np.asarray(each(_relative_error, value.astype(float), balls), float)


def _relative_error(number: float, ball: Any) -> float:
    if not ball.is_finite() or np.isnan(number):
        return np.nan if np.isnan(number) == (not ball.is_finite()) else np.inf
    if np.isinf(number):
        return np.inf
    return _ratio(ball - arb(number), ball)


def _ratio(difference: Any, ball: Any) -> float:
    if difference.is_zero() or (ball.contains(0) and difference.contains(0)):
        return 0.0
    if ball.contains(0):
        return np.inf
    return float((difference.abs_upper() / ball.abs_lower()).mid())


def _distance(moved: Objects, balls: Objects | None) -> float:
    """Return the largest difference of entries, relative to the largest entry."""
    if balls is None or not all(x.is_finite() for x in balls.flat):
        return np.nan
    if not all(x.is_finite() for x in moved.flat):
        return np.inf
    size = max((ball.abs_upper() for ball in balls.flat), default=arb(0))
    return max(
        (_ratio(a - b, size) for a, b in zip(moved.flat, balls.flat, strict=True)), default=0.0
    )
