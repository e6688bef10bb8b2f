"""The namespaces in which vjp rules write."""

from __future__ import annotations

from typing import Any

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.rules import RuleRecorder
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Primitive
from gradmethods.xp.primitives.primitive import Rules
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT


class Reverse(RuleRecorder):
    """The namespace of a reverse sweep.

    Attributes
    ----------
    guards : bool
        Whether entries that nothing selected have cotangent 0 whatever the slopes are.
    """

    method = "Backprop"
    field = "vjp"
    guards = True

    def gathered(self, so_far: Array, contribution: Array, to: Node) -> Array:
        """Add what one more use of the value `to` gives to its cotangent so far."""
        del to
        return so_far + contribution


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


class Plain(Textbook):
    """Every rule as textbooks write it, whatever it meets: what most packages do."""

    guards = False
