"""What is left to 1 where units of a network saturate, by the primitives that are recognised."""

from __future__ import annotations

from typing import Any

from gradmethods.arrays import Array
from gradmethods.graph import Node, Recorder
from gradmethods.graph.complements import Complements, squared
from gradmethods.graph.quotients import Operand, is_node
from gradmethods.primitives import Primitive
from gradmethods.tape.patterns import BESIDE_SIGMOID, SIGMOID, SLOPE_OF_TANH


def beside_sigmoid(xp: Any, x: Any, y: Any) -> Any:
    """Return 1 - y for y = 1/(1 + exp(-x)), whose exponential the loss has computed."""
    return xp.bind(BESIDE_SIGMOID, xp.exp(-x), y)


def after_one(xp: Any, x: Any) -> Any:
    """Return 1 + x, with the digits that it loses near -1."""
    found = Complements(Traced(xp)).after_one(x.payload)
    return x + 1 if found is None else Array(xp, found)


class Traced:
    """Makes the values that slopes take, in a reverse sweep."""

    longest = 0.0

    def __init__(self, xp: Recorder) -> None:
        self._xp = xp

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive."""
        return self._xp.bind(which, *(self._lifted(x) for x in operands), **static).payload

    def beside(self, x: Node) -> Operand | None:
        """Return 1 - x of a sigmoid, and of the square of tanh."""
        xp = self._xp
        if is_node(x, SIGMOID.name):
            return beside_sigmoid(xp, Array(xp, x.operands[0]), Array(xp, x)).payload
        y = squared(x, "tanh")
        if y is not None:
            return xp.bind(SLOPE_OF_TANH, Array(xp, y.operands[0]), Array(xp, y)).payload
        return None

    def _lifted(self, x: Operand) -> Any:
        return Array(self._xp, x) if isinstance(x, Node) else x


def complements(xp: Recorder, nodes: Any) -> Complements:
    """Find the values that slopes take for those of a graph."""
    found = Complements(Traced(xp))
    for node in nodes:
        found.note(node)
    return found
