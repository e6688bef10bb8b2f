"""The unperturbed values that perturbations start from, in memory that stays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.incremental.registers import Base, Call
from gradmethods.engines.program.arrangement import owner
from gradmethods.engines.program.scan import Need, scan

Arrays = Mapping[str, NDArray[Any]]

REDUCTIONS = {"sum": np.add.reduce, "max": np.maximum.reduce, "min": np.minimum.reduce}
"""As `numpy.sum` and the like, but for what those take to find out that this is what to call."""


class BaseProgram:
    """Evaluates the nodes whose base values are needed, at one point after another.

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
        dtype = next(iter(graph.params.values())).dtype
        self.params = np.zeros(sum(math.prod(p.shape) for p in graph.params.values()), dtype)
        self._data = {n: np.zeros(node.shape, node.dtype) for n, node in graph.data.items()}
        self._loaded: dict[str, bool] = {}
        self._started = False
        self._fixed: list[Call] = []
        self._moving: list[Call] = []
        values = dict(constants)
        values |= {node: self._data[name] for name, node in graph.data.items()}
        start = 0
        for node in graph.params.values():
            stop = start + math.prod(node.shape)
            values[node] = self.params[start:stop].reshape(node.shape)
            start = stop
        needed = list(needed)
        wanted = {base.node for base in needed}
        for node in reversed(nodes):
            if node in wanted:
                wanted.update(node.parents)
        program = [node for node in nodes if node in wanted and node.primitive is not None]
        self._evaluate(program, values, depends, {base.node for base in needed})
        self.operations = sum(node.operations for node in program)
        self._arrays = {base: self._rows(values[base.node], base, depends) for base in needed}

    def array(self, base: Base) -> NDArray[Any]:
        """Return the array in which a base value is found after a run."""
        return self._arrays[base]

    def run(self, params: Arrays, data: Arrays, standing: Arrays) -> None:
        """Evaluate at a point; data that are the `standing` ones are loaded once."""
        np.concatenate([array.ravel() for array in params.values()], out=self.params)
        stale = not self._started
        self._started = True
        for name, array in self._data.items():
            stands = data[name] is standing[name]
            if not stands or not self._loaded.get(name):
                np.copyto(array, data[name])
                self._loaded[name] = stands
                stale = True
        if stale:
            for call in self._fixed:
                call()
        for call in self._moving:
            call()

    def values(self, nodes: set[Node]) -> list[NDArray[Any]]:
        """Return the arrays of some nodes, those that perturbations start from."""
        found = {base.node: array for base, array in self._arrays.items()}
        return [array for node, array in found.items() if node in nodes]

    def _evaluate(
        self,
        program: list[Node],
        values: dict[Node, NDArray[Any]],
        depends: set[Node],
        kept: set[Node],
    ) -> None:
        """Make the calls, and memory for what they compute: what is needed no more is reused.

        Parameters keep their memory, also after the last use of a view of them. Values that depend
        on data alone stay from run to run: nothing may write over them.
        """
        owned = {owner(node) for node in kept}
        needs: list[Need[Node, Any]] = []
        for node in program:
            # What depends on data alone is read by nothing that may write over it.
            reads = {owner(parent): None for parent in node.parents}
            size = node.shape, node.dtype
            own = node in depends and owner(node) is node
            over = [x for x in reads if (x.shape, x.dtype) == size]
            needs.append(Need(reads, node, size, over) if own else Need(reads))
        blocks = scan(needs, owned)
        memory: list[NDArray[Any]] = [np.empty(*size) for size in blocks.sizes]
        for node in program:
            operands = [values[x] if isinstance(x, Node) else x for x in node.operands]
            block = memory[blocks.place[node]] if node in blocks.place else None
            values[node], call = _evaluation(node, operands, block)
            if call is not None:
                (self._moving if node in depends else self._fixed).append(call)

    def _rows(self, array: NDArray[Any], base: Base, depends: set[Node]) -> NDArray[Any]:
        """Lay rows to take behind each other, copied at each run if they are not."""
        if not base.axes:
            return array
        rest = [axis for axis in range(array.ndim) if axis not in base.axes]
        rows = front = array.transpose(*base.axes, *rest)
        if not front.flags.c_contiguous:
            rows = np.empty(front.shape, front.dtype)
            calls = self._moving if base.node in depends else self._fixed
            calls.append(partial(np.copyto, rows, front))
        count = len(base.axes)
        return rows.reshape(math.prod(rows.shape[:count]), *rows.shape[count:])


def _evaluation(
    node: Node, operands: list[Any], memory: NDArray[Any] | None
) -> tuple[NDArray[Any], Call | None]:
    """Return the array in which a value lies, in `memory` if there is any, and what fills it.

    A view of the first operand needs no call. The memory may be an operand's: all calls allow it.
    """
    assert node.primitive is not None
    function = node.primitive.numpy
    if node.primitive.aliases and len(operands) == 1:  # indices by arrays are not known yet
        view = np.asarray(function(*operands, **node.static))
        if np.may_share_memory(view, operands[0]):
            return view, None
    out = np.empty(node.shape, node.dtype) if memory is None else memory
    if node.primitive.name in REDUCTIONS:
        axes, keepdims = node.static["axis"], node.static["keepdims"]
        return out, partial(REDUCTIONS[node.primitive.name], operands[0], axes, None, out, keepdims)
    if isinstance(function, np.ufunc):
        return out, partial(function, *operands, out=out)

    def call() -> None:
        out[...] = function(*operands, **node.static)

    return out, call
