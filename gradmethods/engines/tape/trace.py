"""A graph at a point: every value of the forward pass, every cotangent of the backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import ParametersLike
from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.slopes import unbounded
from gradmethods.engines.graph.variables import record_named
from gradmethods.engines.program.simplify import recognition
from gradmethods.engines.tape.sweep import cotangents


@dataclass(frozen=True, eq=False)
class Trace:
    """What one forward and one backward pass leave at the nodes of a graph.

    Attributes
    ----------
    graph : Graph
        Of the loss.
    forward : dict of Node to numpy.ndarray
        The value of every node.
    backward : dict of Node to numpy.ndarray
        The cotangent of every node through which the loss depends on a parameter: the derivative
        of the loss by the value of the node, of its shape.
    names : dict of Node to str
        What the loss calls values: its variables.
    """

    graph: Graph
    forward: Mapping[Node, NDArray[Any]]
    backward: Mapping[Node, NDArray[Any]]
    names: Mapping[Node, str]


def trace(
    problem: Problem,
    params: ParametersLike | None = None,
    *,
    recognised: bool = False,
    **data: ArrayLike,
) -> Trace:
    """Record the loss of a problem, and evaluate every value and every cotangent at a point.

    Parameters
    ----------
    problem : Problem
        Whose loss to record.
    params : array_like or dict, optional
        The point; the problem's own by default.
    recognised : bool
        Whether to show what backpropagation recognises in the loss, such as σ, as one node each.
        By default a node is a primitive that the loss called.
    **data : array_like
        Other data of the same shapes.

    Raises
    ------
    UnsupportedOperation
        If the loss leaves the namespace `xp`, or a primitive has no vjp rule.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(w, *, xp=np):
    ...     return xp.exp(w) ** 2
    >>> found = trace(gm.Problem(loss, np.array(0.0)))
    >>> [float(found.forward[node]) for node in found.graph.nodes()]
    [0.0, 1.0, 1.0]
    >>> [float(found.backward[node]) for node in found.graph.nodes()]
    [2.0, 2.0, 1.0]
    """
    graph, names = record_named(problem)
    if recognised:
        rebuilt = recognition(graph)
        graph = rebuilt.graph
        became = {name: rebuilt.became(node) for node, name in names.items()}
        names = {node: name for name, node in became.items() if isinstance(node, Node)}
    filled = problem.fill(data)
    swept = cotangents(graph, unbounded(filled))
    nodes = graph.nodes()
    arrays = problem.structure.check(problem.params if params is None else params)
    joint = Graph(graph.params, graph.data, (*nodes, *swept.values()))
    # A value that overflows is a finding, not a fault: it is shown.
    with np.errstate(all="ignore"):
        found = [np.array(x) for x in joint.evaluate(arrays, filled)]
    forward = dict(zip(nodes, found, strict=False))
    return Trace(graph, forward, dict(zip(swept, found[len(nodes) :], strict=True)), names)
