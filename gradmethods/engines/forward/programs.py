"""Programs for a gradient: one for each block of directions, run as often as the block needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmethods.engines.forward.blocks import Block
from gradmethods.engines.forward.differentiate import SEED
from gradmethods.engines.graph import Graph
from gradmethods.engines.program import Program, compile_graph, simplify

Function = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, dict[str, Any]]]


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
        # One block returns what is asked for; its arrays stand in their order.
        whole = list(self.blocks[0].counts) == list(self.shapes) and self.passes == 1
        return self.programs[0].function if whole else self._run

    @property
    def operations(self) -> int:
        """Scalar operations of one gradient."""
        pairs = zip(self.blocks, self.programs, strict=True)
        return sum(block.runs * program.operations for block, program in pairs)

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


def compile_blocks(graph: Graph, blocks: Sequence[tuple[Block, Graph]]) -> Programs:
    """Compile the graphs of a loss and its derivatives, one for each block, into programs.

    Parameters
    ----------
    graph : Graph
        Of the loss.
    blocks : sequence of (Block, Graph)
        What `differentiate` made of each block.
    """
    programs = [compile_graph(simplify(joint), list(block.counts)) for block, joint in blocks]
    shapes = {name: node.shape for name, node in graph.params.items()}
    dtype = next((node.dtype for node in graph.params.values()), np.dtype(float))
    return Programs(tuple(block for block, _ in blocks), tuple(programs), shapes, dtype)
