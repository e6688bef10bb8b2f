"""The reverse sweep: from the graph of a loss to the graph of the loss and its gradient.

Starting at the loss with cotangent 1, the sweep walks the nodes backwards, asks the rule of each
for the cotangents of its operands and adds them up (Griewank & Walther 2008, section 3.2). The
rules run on traced arrays, so the backward pass is recorded into the same graph.
"""

from __future__ import annotations

from typing import Any

from gradmethods.arrays import Array
from gradmethods.errors import UnsupportedOperation
from gradmethods.graph import Graph, Node, Recorder
from gradmethods.tape import rules


def differentiate(graph: Graph) -> Graph:
    """Extend the graph of a scalar by its partial derivatives.

    Parameters
    ----------
    graph : Graph
        With one scalar output.

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
    xp = Recorder()
    swept = _sweep(xp, graph)
    gradients = [
        xp.astype(swept[node] if node in swept else _zeros(xp, node), node.dtype).payload
        for node in graph.params.values()
    ]
    return Graph(graph.params, graph.data, (loss, *gradients))


def cotangents(graph: Graph) -> dict[Node, Any]:
    """Return the cotangent of every node: the derivative of the scalar output by its value.

    Parameters
    ----------
    graph : Graph
        With one scalar output.

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
    return {node: array.payload for node, array in _sweep(Recorder(), graph).items()}


def _sweep(xp: Recorder, graph: Graph) -> dict[Node, Array]:
    (loss,) = graph.outputs
    active = _active(graph, set(graph.params.values()))
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
            contribution = pull_back(xp, g, node, position)
            if contribution is not None:
                so_far = found.get(operand)
                found[operand] = contribution if so_far is None else so_far + contribution
    return {node: g for node, g in found.items() if node in active}


def _active(graph: Graph, params: set[Node]) -> set[Node]:
    """Return the floating-point nodes that depend on a parameter."""
    active = set(params)
    for node in graph.nodes():
        if node.dtype.kind == "f" and not active.isdisjoint(node.parents):
            active.add(node)
    return active


def pull_back(xp: Recorder, g: Array, node: Node, position: int) -> Array | None:
    """Return what the cotangent `g` of a node adds to that of an operand; None if nothing."""
    primitive = node.primitive
    assert primitive is not None
    shapes = [x.shape for x in node.parents]
    if primitive.name not in rules.RULES:
        raise UnsupportedOperation(
            f"Backprop has no vjp rule for the primitive {primitive.name!r} (operands of shapes "
            f"{shapes}). Add one line to gradmethods.tape.rules, or write the loss without it."
        )
    rule = rules.rule(primitive.name, position)
    if rule is None:
        return None
    operands = [x if isinstance(x, (int, float)) else Array(xp, x) for x in node.operands]
    contribution = rule(xp, g, Array(xp, node), *operands, **node.static)
    return _unbroadcast(xp, contribution, node.operands[position].shape)


def _unbroadcast(xp: Recorder, g: Array, shape: tuple[int, ...]) -> Array:
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


def _zeros(xp: Recorder, node: Node) -> Array:
    return xp.broadcast_to(node.dtype.type(0), node.shape)
