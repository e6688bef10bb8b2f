"""The reverse sweep: from the graph of a loss to the graph of the loss and its gradient.

Starting at the loss with cotangent 1, the sweep walks the nodes backwards, asks the rule of each
for the cotangents of its operands and adds them up (Griewank & Walther 2008, section 3.2). The
rules run on traced arrays, so the backward pass is recorded into the same graph.

A cotangent is 0 without regard to any value where nothing selected the entry: `where` took the
other branch, `maximum` the larger operand, an index other entries, or a factor that depends on no
parameter is 0. Such a zero stays one through every rule, also where the slope is infinite or NaN;
any other zero times infinity is NaN, as in (√x)² at 0, but for the tip of a cone, as in ‖x‖² at 0,
whose slopes are bounded: see `graph.tips`. Which entries are selected is computed
beside the cotangent, by `tape.selection`, only where `graph.slopes` finds that it can matter: most
programs hold nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.complements import WITHOUT_VALUES, Complements
from gradmethods.engines.graph.slopes import Slopes
from gradmethods.engines.tape.reverse import Reverse, Textbook
from gradmethods.engines.tape.selection import Selection
from gradmethods.xp.array import Array


def differentiate(
    graph: Graph, unbounded: Collection[str] = (), *, textbook: bool = False
) -> Graph:
    """Extend the graph of a scalar by its partial derivatives.

    Parameters
    ----------
    graph : Graph
        With one scalar output.
    unbounded : collection of str
        Names of data that hold infinities or NaN; the others are taken to be finite.
    textbook : bool, default False
        Take slopes as textbooks write them, which lose digits where a unit saturates.

    Returns
    -------
    Graph
        With the outputs: the scalar, then one gradient per parameter array, in order.

    Raises
    ------
    UnsupportedOperation
        If a primitive on the way has no vjp rule.
    """
    (loss,) = graph.outputs
    xp = Textbook() if textbook else Reverse()
    swept = _sweep(xp, graph, unbounded)
    gradients = [
        xp.astype(swept[node] if node in swept else _zeros(xp, node), node.dtype).payload
        for node in graph.params.values()
    ]
    return Graph(graph.params, graph.data, (loss, *gradients))


def cotangents(
    graph: Graph, unbounded: Collection[str] = (), *, xp: Reverse | None = None
) -> dict[Node, Any]:
    """Return the cotangent of every node: the derivative of the scalar output by its value.

    Parameters
    ----------
    graph : Graph
        With one scalar output.
    unbounded : collection of str
        Names of data that hold infinities or NaN; the others are taken to be finite.
    xp : Reverse, optional
        The namespace of the rules, by default that of `gm.Backprop`.

    Returns
    -------
    dict of Node to Node or numpy.ndarray
        For every node through which the output depends on a parameter: where its cotangent is
        computed (an array where it is constant, as the 1 of the output). Of the node's shape.

    Raises
    ------
    UnsupportedOperation
        If a primitive on the way has no vjp rule.
    """
    swept = _sweep(xp or Reverse(), graph, unbounded)
    return {node: array.payload for node, array in swept.items()}


def _sweep(xp: Reverse, graph: Graph, unbounded: Collection[str]) -> dict[Node, Array]:
    (loss,) = graph.outputs
    slopes = Slopes(graph, unbounded)
    active, selection = slopes.active, Selection(xp, slopes) if xp.guards else None
    better = xp.complements(graph)
    found: dict[Node, Array] = {}
    if isinstance(loss, Node):
        found[loss] = xp.array(loss.dtype.type(1))
    for node in reversed(graph.nodes()):
        if node not in active or node not in found or node.primitive is None:
            continue
        g = found[node]  # complete: all uses of a node come before it in this order
        for position, operand in enumerate(node.operands):
            if not isinstance(operand, Node) or operand not in active:
                continue
            contribution = pull_back(xp, g, node, position, selection, better)
            if contribution is not None:
                so_far = found.get(operand)
                found[operand] = (
                    contribution if so_far is None else xp.gathered(so_far, contribution, operand)
                )
    return {node: g for node, g in found.items() if node in active}


def pull_back(
    xp: Reverse,
    g: Array,
    node: Node,
    position: int,
    selection: Selection | None = None,
    better: Complements | None = None,
) -> Array | None:
    """Return what the cotangent `g` of a node adds to that of an operand; None if nothing."""
    rule = xp.rule(node, position)
    if rule is None:
        return None
    operands = selection.operands(node, position) if selection else node.operands
    values = [node, *operands]
    if better and node.primitive and node.primitive.name not in WITHOUT_VALUES:
        values = [*map(better.of, values)]
    lifted = [x if isinstance(x, (int, float)) else Array(xp, x) for x in values]
    contribution = rule(xp, g, *lifted, **node.static)
    if contribution is None:
        return None
    if selection:
        contribution = selection.keep(contribution, node, position)
        contribution = selection.without_overflow(contribution, g, node)
        contribution = selection.without_tips(contribution, g, node)
    return _unbroadcast(xp, contribution, node.operands[position].shape)


def _unbroadcast(xp: Reverse, g: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which an operand was repeated: the transpose of broadcasting."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    if extra > 0:
        g = xp.sum(g, axis=tuple(range(extra)))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    if repeated:
        g = xp.sum(g, axis=repeated, keepdims=True)
    # A constant cotangent can be smaller than its operand.
    return xp.broadcast_to(g, shape)


def _zeros(xp: Reverse, node: Node) -> Array:
    return xp.broadcast_to(node.dtype.type(0), node.shape)
