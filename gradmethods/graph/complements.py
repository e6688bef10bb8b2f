"""The namespace of derivative rules, which knows what is left to 1 where a unit saturates.

A loss that writes 1 - y loses digits where y is near 1, and that is the loss's own affair. A slope
need not: 1 - y is exp(-x) y for the sigmoid, and 1 - y² is 1/cosh² x for tanh. Rules that
divide by such a difference take it from here too, so that what a loss multiplies and divides by
cancels: the slope of log(1 - sigmoid(x)) is -sigmoid(x), to the last digit.

No rule is known here: in which field of an entry they stand, each engine says.
"""

from __future__ import annotations

from typing import Any

from gradmethods.arrays import Array
from gradmethods.errors import UnsupportedOperation
from gradmethods.graph.graph import Node
from gradmethods.graph.quotients import is_node, is_number
from gradmethods.graph.record import Recorder
from gradmethods.primitives import Primitive
from gradmethods.primitives.primitive import Function, Rules
from gradmethods.primitives.recognised import BESIDE_SIGMOID, SIGMOID, SLOPE_OF_TANH

MOVES = ("reshape", "permute_dims", "broadcast_to", "getitem")


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
                f"(operands of shapes {shapes}). Give its entry in gradmethods.primitives the "
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

    def exact(self, x: Any) -> Any:
        """Return an operand, or its value with the digits that a difference from 1 lost in it."""
        found = _exact(self, x.payload)
        return x if found is None else found

    def exact_one_and(self, x: Any) -> Any:
        """Return 1 + x, likewise."""
        found = _beside(self, x.payload.operands[0]) if is_node(x.payload, "negative") else None
        return x + 1 if found is None else found

    def beside_sigmoid(self, x: Any, y: Any) -> Any:
        """Return 1 - y for y = 1/(1 + exp(-x)), whose exponential the loss has computed."""
        return self.bind(BESIDE_SIGMOID, self.exp(-x), y)

    def slope_of_tanh(self, x: Any, y: Any) -> Any:
        """Return 1 - y² for y = tanh(x)."""
        return self.bind(SLOPE_OF_TANH, x, y)


def _exact(xp: Any, x: Any) -> Any:
    if not is_node(x, "add", "subtract", "multiply", "divide", "maximum", "minimum", *MOVES):
        return None
    name, (a, *rest) = x.primitive.name, x.operands
    if name in MOVES:
        return _moved(xp, x, _exact(xp, a))
    (b,) = rest
    if name == "subtract" and is_number(a):
        found = _beside(xp, b) if a >= 1 else None
        return found if found is None or a == 1 else found + (a - 1)
    if name == "add":
        for number, other in ((a, b), (b, a)):
            if is_number(number) and number == 1:
                return _one_and(xp, other)
    for number, other in ((b, a), (a, b)):
        found = _exact(xp, other) if is_number(number) else None
        if found is not None and (number is b or name != "divide"):
            return getattr(xp, name)(found, number)
    return None


def _one_and(xp: Any, x: Any) -> Any:
    """Return 1 + x where x is tanh, or the negative of what saturates at 1."""
    if is_node(x, "negative"):
        return _beside(xp, x.operands[0])
    if is_node(x, "tanh"):
        return 2 / (1 + xp.exp(Array(xp, x.operands[0]) * -2))
    return None


def _beside(xp: Any, x: Any) -> Any:
    """Return 1 - x where x saturates at 1: a sigmoid, tanh or its square, moved or limited."""
    if is_node(x, SIGMOID.name):
        return xp.beside_sigmoid(Array(xp, x.operands[0]), Array(xp, x))
    if is_node(x, "tanh"):
        return 2 / (1 + xp.exp(Array(xp, x.operands[0]) * 2))
    square = is_node(x, "square") or (is_node(x, "multiply") and x.operands[0] is x.operands[1])
    if square and is_node(x.operands[0], "tanh"):
        (y,) = {*x.operands}
        return xp.slope_of_tanh(Array(xp, y.operands[0]), Array(xp, y))
    if is_node(x, *MOVES):
        return _moved(xp, x, _beside(xp, x.operands[0]))
    if is_node(x, "maximum", "minimum"):
        opposite = xp.minimum if x.primitive.name == "maximum" else xp.maximum
        for number, other in (x.operands, reversed(x.operands)):
            found = _beside(xp, other) if is_number(number) else None
            if found is not None:
                return opposite(found, 1 - number)
    return None


def _moved(xp: Any, node: Any, found: Any) -> Any:
    """Move entries as a node moves those of its operand."""
    return (
        found
        if found is None
        else xp.bind(node.primitive, found, *node.operands[1:], **node.static)
    )
