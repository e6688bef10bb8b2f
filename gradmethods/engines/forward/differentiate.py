"""From the graph of a loss to graphs of the loss and its gradient, one a block of directions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from gradmethods.engines.forward.blocks import Block
from gradmethods.engines.forward.push import Forward, push
from gradmethods.engines.graph import Graph, Node
from gradmethods.xp.arrays import Array

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
