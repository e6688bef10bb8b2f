"""The unperturbed values that perturbations start from, each in memory of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.graph import Graph, Node
from gradmethods.perturbation.blocks import bound, moved_to_front, rows_of, viewed
from gradmethods.perturbation.changes import Change, Planner
from gradmethods.perturbation.registers import Assembly, Base, Call, Operand, Register, lay_out
from gradmethods.perturbation.rules import apply

Arrays = Mapping[str, NDArray[Any]]


class BaseProgram:
    """Evaluates the nodes whose base values are needed, as a block of one perturbation.

    What depends on data alone is evaluated when the data change.

    Attributes
    ----------
    params : numpy.ndarray
        The flat parameters: written to before a run.
    operations : int
        Scalar operations of a run.
    """

    def __init__(
        self,
        nodes: list[Node],
        graph: Graph,
        constants: Mapping[Node, NDArray[Any]],
        depends: set[Node],
        needed: Iterable[Base],
    ) -> None:
        needed = list(needed)
        wanted = {base.node for base in needed}
        for node in reversed(nodes):
            if node in wanted:
                wanted.update(node.parents)
        self._data = graph.data
        self._loaded: dict[str, bool] = {}
        self._started = False
        self._arrays: dict[Base, NDArray[Any]] = {}
        self._made: dict[Register, NDArray[Any]] = {}
        dtype = next(iter(graph.params.values())).dtype
        self.params = np.zeros(sum(math.prod(p.shape) for p in graph.params.values()), dtype)
        self._inputs = self._give_inputs(graph, constants)
        changes = {node: Change(node, {}, register) for node, register in self._inputs.items()}
        parts = []
        for moving in (False, True):
            planner = Planner(Assembly(), changes, next(iter(self._inputs.values())))
            for node in nodes:
                own = node in wanted and (node in depends) is moving
                if own and node.primitive is not None:
                    changes[node] = apply(planner, node)
            parts.append(planner.assembly)
        values = {base.node: _value(changes[base.node]) for base in needed}
        # Values of the data stay from run to run: nothing may write over them.
        fixed = [step.out for step in parts[0].steps]
        self._calls = [
            self._bind(part, kept)
            for part, kept in zip(parts, (fixed, list(values.values())), strict=True)
        ]
        for base in sorted(needed, key=lambda base: len(base.axes)):
            array = self._resolve(values[base.node])[0, ...]
            if base.axes:
                array = self._rows(array, base, depends)
            self._arrays[base] = array
        self.operations = sum(step.operations for part in parts for step in part.steps)

    def array(self, base: Base) -> NDArray[Any]:
        """Return the array in which a base value is found after a run."""
        return self._arrays[base]

    def run(self, params: Arrays, data: Arrays, standing: Arrays) -> None:
        """Evaluate at a point; data that are the `standing` ones are loaded once."""
        np.concatenate([np.ravel(array) for array in params.values()], out=self.params)
        stale = not self._started
        self._started = True
        for name, node in self._data.items():
            stands = data[name] is standing[name]
            if not stands or not self._loaded.get(name):
                np.copyto(self._made[self._inputs[node]][0, ...], data[name])
                self._loaded[name] = stands
                stale = True
        if stale:
            for call in self._calls[0]:
                call()
        for call in self._calls[1]:
            call()

    def is_finite(self, nodes: set[Node]) -> bool:
        """Say whether the base values of some nodes are all finite, after a run."""
        arrays = (array for base, array in self._arrays.items() if base.node in nodes)
        return all(bool(np.isfinite(array).all()) for array in arrays)

    def _give_inputs(
        self, graph: Graph, constants: Mapping[Node, NDArray[Any]]
    ) -> dict[Node, Register]:
        inputs = {}
        start = 0
        for node in graph.params.values():
            stop = start + math.prod(node.shape)
            inputs[node] = self._give(node, self.params[start:stop].reshape(1, *node.shape))
            start = stop
        for node in graph.data.values():
            inputs[node] = self._give(node, np.zeros((1, *node.shape), node.dtype))
        for node, value in constants.items():
            inputs[node] = self._give(node, value[None])
        return inputs

    def _give(self, node: Node, array: NDArray[Any]) -> Register:
        register = Register(node.shape, node.dtype, contiguous=array.flags.c_contiguous)
        self._made[register] = array
        return register

    def _bind(self, part: Assembly, kept: list[Register]) -> list[Call]:
        layout = lay_out(part.steps, kept)
        blocks = [np.zeros(size, np.uint8) for size in layout.sizes]
        for register, block in layout.place.items():
            memory = blocks[block].view(register.dtype)
            self._made[register] = memory.reshape(1, *register.shape)
        return [bound(step, self._resolve) for step in part.steps]

    def _resolve(self, operand: Operand) -> Any:
        if not isinstance(operand, Register):
            return operand
        return viewed(operand, self._made, self._made.__getitem__)

    def _rows(self, array: NDArray[Any], base: Base, depends: set[Node]) -> NDArray[Any]:
        """Lay rows to take behind each other, copied at each run if they are not."""
        front = moved_to_front(array, base.axes)
        rows = front
        if not front.flags.c_contiguous:
            rows = np.empty(front.shape, front.dtype)
            self._calls[base.node in depends].append(partial(np.copyto, rows, front))
        return rows_of(rows, len(base.axes))


def _value(change: Change) -> Register:
    assert change.value is not None
    return change.value
