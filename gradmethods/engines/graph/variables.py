"""What a loss calls its values: the variables of its functions, found while they run."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from gradmethods.core.problem import Problem
from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.place import INNER
from gradmethods.engines.graph.record import record
from gradmethods.xp.array import Array

OURS = (*INNER, "gradmethods.core.", "gradmethods.engines.graph.record.")
"""Modules whose variables are none of the loss."""


def record_named(problem: Problem) -> tuple[Graph, dict[Node, str]]:
    """Record the graph of a loss, and what its functions call the values at its nodes.

    A variable that is assigned several times, as in a loop, is the last value. Where a value has
    several names, that of the outer function counts, and of one function the first. Arguments of
    functions within are no names: a function that is called twice has two values for one.

    Returns
    -------
    graph : Graph
    names : dict of Node to str
        Each node and each name once.

    Examples
    --------
    >>> import numpy as np
    >>> def loss(w, *, xp=np):
    ...     z = xp.exp(w)
    ...     return z * z
    >>> graph, names = record_named(Problem(loss, np.array(0.5)))
    >>> [(node.primitive.name, name) for node, name in names.items()]
    [('exp', 'z')]
    """
    found: list[tuple[int, str, Node]] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "return" or f"{frame.f_globals.get('__name__', '')}.".startswith(OURS):
            return
        code, depth = frame.f_code, _depth(frame)
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for name, value in frame.f_locals.items():
            node = value.payload if isinstance(value, Array) else None
            if isinstance(node, Node) and node.primitive is not None and name not in arguments:
                found.append((depth, name, node))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        graph = record(problem)
    finally:
        sys.setprofile(before)
    names: dict[Node, str] = {}
    for _, name, node in sorted(found, key=lambda each: each[0]):  # stable: in one frame in order
        if node not in names and name not in names.values():
            names[node] = name
    return graph, {node: names[node] for node in graph.nodes() if node in names}


def _depth(frame: FrameType | None) -> int:
    depth = 0
    while frame:
        depth, frame = depth + 1, frame.f_back
    return depth
