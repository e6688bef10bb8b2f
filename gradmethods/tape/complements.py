"""The namespace in which vjp rules write, which knows what is left to 1 where a unit saturates.

Slopes take the values that `graph.complements` finds, so that what a loss multiplies and divides by
cancels: the slope of log(1 - sigmoid(x)) is -sigmoid(x), to the last digit.
"""

from __future__ import annotations

from typing import Any

from gradmethods.arrays import Array
from gradmethods.errors import UnsupportedOperation
from gradmethods.graph import Graph, Node, Recorder
from gradmethods.graph.complements import Complements, squared
from gradmethods.graph.quotients import Operand, is_node
from gradmethods.primitives import Primitive
from gradmethods.primitives.primitive import Function, Rules
from gradmethods.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.primitives.recognised import BESIDE_SIGMOID, SIGMOID, SLOPE_OF_TANH


class Reverse(Recorder):
    """The namespace of a reverse sweep: that of a loss, and slopes with all their digits."""

    def rule(self, node: Node, position: int) -> Function | None:
        """Return the vjp rule for one operand of a node, None where the derivative is zero.

        Raises
        ------
        UnsupportedOperation
            If its primitive has no rules.
        """
        assert node.primitive is not None
        rules = self.rules(node.primitive)
        if rules is None:
            shapes = [x.shape for x in node.parents]
            raise UnsupportedOperation(
                f"Backprop has no vjp rule for the primitive {node.primitive.name!r} (operands of "
                f"shapes {shapes}). Give its entry in gradmethods.primitives the field vjp, or "
                "write the loss without it."
            )
        if callable(rules):
            made: Function | None = rules(position)
            return made
        return rules[position] if position < len(rules) else None

    def rules(self, primitive: Primitive) -> Rules | None:
        """Return the vjp rules of a primitive."""
        return primitive.vjp

    longest = 0.0

    def complements(self, graph: Graph) -> Complements | None:
        """Find the values that slopes take for those of a graph, or None if they take those."""
        found = Complements(self)
        for node in graph.nodes():
            found.note(node)
        return found

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive to nodes."""
        return self.bind(which, *(self._lifted(x) for x in operands), **static).payload

    def beside(self, x: Node) -> Operand | None:
        """Return 1 - x of a sigmoid, and of the square of tanh."""
        if is_node(x, SIGMOID.name):
            return self.beside_sigmoid(Array(self, x.operands[0]), Array(self, x)).payload
        y = squared(x, "tanh")
        if y is None:
            return None
        return self.slope_of_tanh(Array(self, y.operands[0]), Array(self, y)).payload

    def exact_one_and(self, x: Any) -> Any:
        """Return 1 + x, with the digits that it loses near -1."""
        found = Complements(self).after_one(x.payload)
        return x + 1 if found is None else Array(self, found)

    def _lifted(self, x: Operand) -> Any:
        return Array(self, x) if isinstance(x, Node) else x

    def beside_sigmoid(self, x: Any, y: Any) -> Any:
        """Return 1 - y for y = 1/(1 + exp(-x)), whose exponential the loss has computed."""
        return self.bind(BESIDE_SIGMOID, self.exp(-x), y)

    def slope_of_tanh(self, x: Any, y: Any) -> Any:
        """Return 1 - y² for y = tanh(x)."""
        return self.bind(SLOPE_OF_TANH, x, y)


QUOTIENT_RULE: Rules = (
    lambda xp, g, y, n, d, *_, **__: g / d,
    lambda xp, g, y, n, d, *_, **__: -g * y / d,
)


class Textbook(Reverse):
    """Slopes as textbooks write them, of rounded values: fewer digits where a unit saturates."""

    def rules(self, primitive: Primitive) -> Rules | None:
        """Return the vjp rules of a primitive; of all quotients that of a division."""
        return QUOTIENT_RULE if primitive in (QUOTIENT, NORMALISED) else primitive.vjp

    def complements(self, graph: Graph) -> None:
        """Take the values of the loss."""

    def exact_one_and(self, x: Any) -> Any:
        """Return 1 + x."""
        return 1 + x

    def beside_sigmoid(self, x: Any, y: Any) -> Any:  # the base's
        """Return 1 - y."""
        return 1 - y

    def slope_of_tanh(self, x: Any, y: Any) -> Any:  # the base's
        """Return 1 - y²."""
        return 1 - y * y
