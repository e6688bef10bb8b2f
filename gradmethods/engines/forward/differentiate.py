"""The forward sweep: from the graph of a loss to graphs of the loss and its derivatives.

Starting at the parameters with unit tangents, the sweep walks the nodes in the order in which they
are evaluated, and asks the rule of each for what the tangents of its operands add to its own
(Griewank & Walther 2008, section 3.1; Wengert 1964). Tangents along many directions are pushed as
one block, whose first axis counts the directions; there is a graph for each block. The rules run on
traced arrays, so the tangents are recorded into the same graph; what depends on no parameter has
none.

At the tip of a cone, as of ‖x‖ at 0, there is no slope, though all beside it are bounded. Whether
that matters shows further on, as ‖x‖² is flat there: see `graph.tips`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.forward.blocks import Block
from gradmethods.engines.forward.dependence import Dependence
from gradmethods.engines.forward.tangents import Directions, Tangents
from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.complements import WITHOUT_VALUES
from gradmethods.engines.graph.rules import RuleRecorder
from gradmethods.engines.graph.selected import lifted
from gradmethods.engines.graph.slopes import Slopes
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Kind, Primitive

BROADCASTING = (Kind.SMOOTH, Kind.CHOICE, Kind.PRODUCT, Kind.MATRIX)
"""Kinds of primitives that line up the last axes of their operands."""

GOLDEN = 0.6180339887498949
"""The golden section: the fractional parts of its multiples are the farthest from one another."""


class Forward(RuleRecorder):
    """The namespace of a forward sweep."""

    method = "Forward mode"
    field = "jvp"


def push(
    graph: Graph, seeds: Mapping[str, Any], unbounded: Collection[str] = ()
) -> tuple[Any, dict[str, Any]]:
    """Differentiate a scalar along directions in which parameter arrays vary.

    Parameters
    ----------
    graph : Graph
        With one scalar output.
    seeds : mapping of str to Node or numpy.ndarray, shape (directions, *shape)
        By parameter array, its tangents. Arrays that are left out do not vary.
    unbounded : collection of str
        Names of data that hold infinities or NaN; the others are taken to be finite.

    Returns
    -------
    value : Node or numpy.ndarray
        The scalar.
    derivatives : dict of str to Node or numpy.ndarray, shape (directions,)
        Its derivative along each direction of each array.

    Raises
    ------
    UnsupportedOperation
        If a primitive on the way has no jvp rule.
    """
    sweep = _Sweep(graph, seeds, unbounded)
    (loss,) = graph.outputs
    found = {}
    if isinstance(loss, Node) and loss in sweep.tangents:
        found = dict(sweep.directions.split(sweep.settled(loss)))
    derivatives = {
        name: found[name].payload if name in found else np.zeros(len(seed.shape) and seed.shape[0])
        for name, seed in seeds.items()
    }
    return loss, derivatives


class _Sweep:
    """One walk over a graph.

    Attributes
    ----------
    tangents : dict of Node to Tangents
        Of what depends on a parameter that varies, and only of that.
    """

    def __init__(self, graph: Graph, seeds: Mapping[str, Any], unbounded: Collection[str]) -> None:
        self._xp = xp = Forward()
        slopes = Slopes(graph, unbounded)
        self.directions = Directions(xp, {name: seed.shape[0] for name, seed in seeds.items()})
        self.tangents: dict[Node, Tangents] = {
            graph.params[name]: Tangents(Array(xp, seed), (name,)) for name, seed in seeds.items()
        }
        self._better = xp.complements(graph)
        self._dependence = Dependence(xp, graph, slopes, self.directions, self.tangents)
        self._open: dict[Node, Tangents] = {}
        for node in graph.nodes():
            if node.primitive is not None and node in slopes.active:
                terms = self._terms(node, node.primitive, self.tangents)
                if terms:
                    self.tangents[node] = self.directions.add(terms)
                    self._push_open(node, node.primitive, tip=node in slopes.tips)
                    self._dependence.note(node)

    def settled(self, node: Node) -> Tangents:
        """Return the tangents of a node, NaN where a slope that is none has a part in them."""
        found, rest = self.tangents[node], self._open.get(node)
        if rest is None:
            return found
        settled = self._xp.where(rest.array == 0, found.array, np.nan)
        return Tangents(settled, found.names)

    def _push_open(self, node: Node, primitive: Primitive, *, tip: bool) -> None:
        """Push what tangents would change by, if the slopes at the tips of cones were other ones.

        Tangents go on as if those slopes were 0. Where nothing of a change arrives, what follows is
        flat. Every tip changes by a number of its own, so that no two cancel by chance.
        """
        xp, directions, found = self._xp, self.directions, self.tangents[node]
        terms = self._terms(node, primitive, self._open)
        if tip:
            at = Array(xp, node) == 0
            self.tangents[node] = Tangents(xp.where(at, 0, found.array), found.names)
            own = xp.where(self._dependence.reaching(node).array, self._changes(node), 0)
            before = directions.extend(directions.add(terms), found.names).array if terms else 0
            terms = [Tangents(xp.where(at, own, before), found.names)]
        if terms:
            self._open[node] = directions.extend(directions.add(terms), found.names)

    def _changes(self, node: Node) -> NDArray[Any]:
        """Return numbers from 1 to 2, none like another of this node or of others."""
        first = 1 + sum(math.prod(x.shape) for x in self._open)
        places = np.arange(first, first + math.prod(node.shape), dtype=float).reshape(node.shape)
        changes: NDArray[Any] = (1 + places * GOLDEN % 1).astype(node.dtype)
        return changes

    def _terms(
        self, node: Node, primitive: Primitive, tangents: Mapping[Node, Tangents]
    ) -> list[Tangents]:
        """Return what the tangents of each operand add to those of a node."""
        xp, directions = self._xp, self.directions
        if not any(x in tangents for x in node.parents):
            return []
        values = [node, *node.operands]
        if self._better and primitive.name not in WITHOUT_VALUES:
            values = [*map(self._better.of, values)]
        y, *operands = (lifted(xp, x) for x in values)
        rules = xp.rules(primitive)
        if callable(rules):
            given = [_of(tangents, x) for x in node.operands]
            names = directions.union([t for t in given if t is not None])
            extended = [t and aligned(xp, directions.extend(t, names).array, node) for t in given]
            array = rules(xp, extended, y, *operands, **node.static)
            return [Tangents(self._dependence.behind_all(array, node), names)]
        terms = []
        for position, operand in enumerate(node.operands):
            given_one, rule = _of(tangents, operand), xp.rule(node, position)
            if given_one is None or rule is None:
                continue
            t = self._dependence.before(aligned(xp, given_one.array, node), node, position)
            t = rule(xp, t, y, *operands, **node.static)
            t = self._dependence.behind(t, node, position)
            whole = (given_one.array.shape[0], *node.shape)
            array = t if t.shape == whole else xp.broadcast_to(t, whole)
            terms.append(Tangents(array, given_one.names))
        return terms


def _of(tangents: Mapping[Node, Tangents], operand: Any) -> Tangents | None:
    return tangents.get(operand) if isinstance(operand, Node) else None


def aligned(xp: Any, t: Array, node: Node) -> Array:
    """Return tangents of an operand with the axes of the result, where those line up."""
    assert node.primitive is not None
    missing = len(node.shape) - (t.ndim - 1)
    if missing <= 0 or node.primitive.kind not in BROADCASTING:
        return t
    directions, *shape = t.shape
    result: Array = xp.reshape(t, (directions, *(1,) * missing, *shape))
    return result


SEED = " seed"
"""Under which name the tangents of a parameter array come to a program: no data have a space."""


def differentiate(graph: Graph, block: Block, unbounded: Collection[str] = ()) -> Graph:
    """Extend the graph of a scalar by its partial derivatives along a block of directions.

    Parameters
    ----------
    graph : Graph
        With one scalar output.
    block : Block
        Which directions.
    unbounded : collection of str
        Names of data that hold infinities or NaN; the others are taken to be finite.

    Returns
    -------
    Graph
        With the outputs: the scalar, then one gradient per parameter array of the block. If the
        block has several runs, its tangents are an input named `SEED`, and the derivatives along
        them come as a vector.

    Raises
    ------
    UnsupportedOperation
        If a primitive on the way has no jvp rule.
    """
    data, seeds = dict(graph.data), dict[str, Any]()
    for name, count in block.counts.items():
        node = graph.params[name]
        if block.runs > 1:
            data[SEED] = seeds[name] = Node((count, *node.shape), node.dtype, name=SEED)
        else:
            seeds[name] = np.eye(count, dtype=node.dtype).reshape(count, *node.shape)
            seeds[name].setflags(write=False)
    loss, derivatives = push(graph, seeds, unbounded)
    xp, outputs = Forward(), []
    for name, found in derivatives.items():
        node, array = graph.params[name], xp.astype(Array(xp, found), graph.params[name].dtype)
        outputs.append((array if block.runs > 1 else xp.reshape(array, node.shape)).payload)
    return Graph(graph.params, data, (loss, *outputs))


def check_rules(graph: Graph, unbounded: Collection[str] = ()) -> None:
    """Push a single tangent of each array, to see whether all rules are there.

    Raises
    ------
    UnsupportedOperation
        If a primitive on the way has no jvp rule.
    """
    seeds = {name: Node((1, *node.shape), node.dtype) for name, node in graph.params.items()}
    push(graph, seeds, unbounded)
