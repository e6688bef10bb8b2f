"""Names for what a program finds bound when it runs: buffers, views of them, constants, numbers."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.program.buffers import Plan
from gradmethods.engines.program.pieces import MARK, marked


class Bindings:
    """What names stand for that no line assigns to.

    Attributes
    ----------
    bound : dict of str to object
        By name, without marks.
    legend : dict of str to str
        By marked name, what to say of it at the head of the program.
    arrays : dict of Node to numpy.ndarray
        Values that always lie in the same memory, but for those that a plan places.
    """

    def __init__(self, plan: Plan) -> None:
        self.bound: dict[str, Any] = {}
        self.legend: dict[str, str] = {}
        self.arrays: dict[Node, NDArray[Any]] = {}
        self._plan = plan
        self._count = count()
        self._constants: dict[int, str] = {}
        self._numbers: dict[tuple[str, np.dtype[Any]], Any] = {}
        self._views: dict[tuple[int, tuple[int, ...]], str] = {}

    def fresh(self, letter: str) -> str:
        """Make a name."""
        return f"{MARK}{letter}{next(self._count)}{MARK}"

    def array(self, operand: Any) -> Any:
        """Return the memory in which an operand always lies, or the operand."""
        if not isinstance(operand, Node) or operand in self.arrays:
            return self.arrays.get(operand) if isinstance(operand, Node) else operand
        place = self._plan.place.get(operand)
        if place is None:
            return operand
        return self.bound[self.view(place, operand.shape).strip(MARK)]

    def bind(self, array: NDArray[Any], words: str = "") -> str:
        """Name an array."""
        name = self.fresh("b")
        self.bound[name.strip(MARK)] = array
        if words:
            self.legend[name] = words
        return name

    def view(self, block: int, shape: tuple[int, ...]) -> str:
        """Name a block as an array of this shape."""
        name = self._views.get((block, shape))
        if name is None:
            name = self._views[block, shape] = self.bind(self._plan.view(block, shape))
        return name

    def constant(self, value: Any) -> str:
        """Name a constant."""
        name = self._constants.setdefault(id(value), f"c{len(self._constants)}")
        self.bound[name] = value
        return marked(name)

    def number(self, value: float, dtype: np.dtype[Any]) -> str:
        """Name a number that stands beside arrays."""
        key = (repr(value), dtype)
        if key not in self._numbers:
            self._numbers[key] = np.array(value, dtype)
            self.legend[self.constant(self._numbers[key])] = key[0]
        return self.constant(self._numbers[key])
