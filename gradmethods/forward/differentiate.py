"""Programs for a gradient: one for each block of directions, run as often as the block needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmethods.arrays import Array
from gradmethods.forward.blocks import Block, divide
from gradmethods.forward.push import Forward, push
from gradmethods.graph import Graph, Node
from gradmethods.graph.program import Program, compile_graph, simplify

SEED = " seed"
"""Under which name the tangents of a parameter array come to a program: no data have a space."""

Function = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, dict[str, Any]]]


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


@dataclass(frozen=True)
class Programs:
    """A gradient, block by block.

    Attributes
    ----------
    blocks : tuple of Block
        Of directions.
    programs : tuple of Program
        One for each block.
    shapes : dict of str to tuple of int
        Of all parameter arrays.
    dtype : numpy.dtype
        Of the parameters.
    """

    blocks: tuple[Block, ...]
    programs: tuple[Program, ...]
    shapes: Mapping[str, tuple[int, ...]]
    dtype: np.dtype[Any]

    @property
    def passes(self) -> int:
        """Runs of a program that one gradient takes."""
        return sum(block.runs for block in self.blocks)

    @property
    def function(self) -> Function:
        """The function of parameters and data that returns the value and the gradient."""
        whole = list(self.blocks[0].counts) == list(self.shapes) and self.passes == 1
        return self.programs[0].function if whole else self._run

    @property
    def source(self) -> str:
        """The code of all programs."""
        texts = []
        for block, program in zip(self.blocks, self.programs, strict=True):
            head = f"# {block.runs} runs\n" if block.runs > 1 else ""
            texts.append(f"{head}{program.source}")
        return "\n".join(texts)

    def _run(self, params: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Any, Any]:
        value: Any = None
        gradient = {name: np.zeros(shape, self.dtype) for name, shape in self.shapes.items()}
        for block, program in zip(self.blocks, self.programs, strict=True):
            if block.runs == 1:
                value, found = program.function(params, data)
                gradient.update(found)
                continue
            ((name, count),) = block.counts.items()
            seed = np.zeros((count, *self.shapes[name]), self.dtype)
            rows, entries = seed.reshape(count, -1), gradient[name].reshape(-1)
            each, last = np.arange(count), entries.size - count
            for run in range(block.runs):
                start = min(run * count, last)  # the last run repeats what it has room for
                rows[each, start + each] = 1
                value, found = program.function(params, {**data, SEED: seed})
                entries[start : start + count] = found[name]
                rows[each, start + each] = 0
        return value, gradient


def compile_forward(
    graph: Graph, unbounded: Collection[str] = (), budget: int | None = None
) -> Programs:
    """Compile the graph of a loss and its tangents into straight-line programs."""
    blocks = divide(graph) if budget is None else divide(graph, budget)
    blocks = blocks or [Block({})]
    programs = [
        compile_graph(simplify(differentiate(graph, block, unbounded)), list(block.counts))
        for block in blocks
    ]
    shapes = {name: node.shape for name, node in graph.params.items()}
    dtype = next((node.dtype for node in graph.params.values()), np.dtype(float))
    return Programs(tuple(blocks), tuple(programs), shapes, dtype)
