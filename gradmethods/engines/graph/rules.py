"""The namespace in which derivative rules write, which takes slopes with all their digits.

Slopes take the values that `complements` finds, so that what a loss multiplies and divides by
cancels: the slope of log(1 - sigmoid(x)) is -sigmoid(x), to the last digit. No rule is known here:
in which field of an entry they stand, each engine says.
"""

from __future__ import annotations

from typing import Any

from gradmethods.engines.graph.complements import Complements, squared
from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.quotients import Operand, is_node
from gradmethods.engines.graph.record import Recorder
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Primitive
from gradmethods.xp.primitives.primitive import Function, Rules
from gradmethods.xp.primitives.recognised import BESIDE_SIGMOID, SIGMOID, SLOPE_OF_TANH


class RuleRecorder(Recorder):
    """The namespace of derivative rules: that of a loss, and slopes with all their digits.

    Attributes
    ----------
    method : str
        Whose rules they are.
    field : str
        Of an entry, where they stand.
    """

    method: str
    field: str
    longest = 0.0
    overflows = True

    def rule(self, node: Node, position: int) -> Function | None:
        """Return the rule for one operand of a node, None where the derivative is zero.

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
                f"{self.method} has no {self.field} rule for the primitive {node.primitive.name!r} "
                f"(operands of shapes {shapes}). Give its entry in gradmethods.xp.primitives the "
                f"field {self.field}, or write the loss without it."
            )
        if callable(rules):
            made: Function | None = rules(position)
            return made
        return rules[position] if position < len(rules) else None

    def rules(self, primitive: Primitive) -> Rules | None:
        """Return the rules of a primitive."""
        found: Rules | None = getattr(primitive, self.field)
        return found

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
