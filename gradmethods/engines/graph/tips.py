"""Where a root is the tip of a cone: no slope at 0, but none that is infinite either.

The root of a sum of squares leaves 0 as fast as what is squared, whatever the direction: |√u(x)| is
at most a constant times |x - x₀| where u is 0. What follows may have slope 0 there, as in ‖x‖² or
cos ‖x‖: then the whole has the slope 0 by what was squared, though the root has no slope at all.
Not so √x, which leaves 0 faster than any multiple of x: (√x)² has the one-sided slope 1.

So values have an *order* here: r if they leave their zeros at most as fast as the power r of the
distance does, a multiple aside; 1 for what has bounded slopes. Products and powers of values of one
order have a higher one, sums only if no term is ever negative, so that all are 0 together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gradmethods.engines.graph.graph import Node
from gradmethods.engines.graph.signs import is_square, signs
from gradmethods.xp.primitives import Behaviour, having

STEEP = having(Behaviour.STEEP)
KEEPING = frozenset({
    "abs", "negative", "astype", "sum", "max", "min", "maximum", "minimum", "where", "hypot",
    "reshape", "permute_dims", "broadcast_to", "getitem", "concat", "scatter_add",
    "cumulative_sum",
})  # fmt: skip
"""Primitives whose value is 0 only where one of its terms is, and leaves 0 as the slowest can."""
ROUNDING = 1e-9
ADDING = frozenset({"add", "sum", "cumulative_sum", "scatter_add"})


def tips(nodes: Sequence[Node]) -> set[Node]:
    """Return the roots and distances that can be 0, and have bounded slopes wherever they have any.

    Parameters
    ----------
    nodes : sequence of Node
        A graph, operands first.
    """
    if not any(map(is_root, nodes)):
        return set()
    never_negative, above_zero = signs(nodes)
    orders: dict[Node, float] = {}
    found = set()
    for node in nodes:
        if node.primitive is None or node.dtype.kind != "f":
            continue
        orders[node] = order = _order(node, orders, never_negative)
        if is_root(node) and order >= 1 - ROUNDING and above_zero.isdisjoint(node.parents):
            found.add(node)
    return found


def is_root(node: Node) -> bool:
    """Say whether a value is a root, a power that is as steep, or a distance."""
    name = node.primitive.name if node.primitive else ""
    exponent = node.operands[1] if name == "pow" else 0
    low = isinstance(exponent, (int, float)) and 0 < exponent < 1
    return name in ("sqrt", "hypot") or low


def _order(node: Node, orders: Mapping[Node, float], never_negative: Collection[Node]) -> float:
    assert node.primitive is not None
    name = node.primitive.name
    parts = [orders.get(x, 1.0) for x in node.operands if isinstance(x, Node)]
    least = min(parts, default=1.0)
    if is_square(node):
        return 2 * least
    if name == "sqrt":
        return least / 2
    if name == "pow":
        return _of_power(node, orders)
    if name == "multiply":
        return least
    if name == "divide" and isinstance(node.operands[0], Node):
        return parts[0] if parts[-1] >= 1 else least
    together = name not in ADDING or all(
        x in never_negative for x in node.operands if isinstance(x, Node)
    )
    if name in KEEPING or name == "add":
        return least if together else min(least, 1.0)
    return 0.0 if name in STEEP else min(least, 1.0)


def _of_power(node: Node, orders: Mapping[Node, float]) -> float:
    """Return the order of a power: a multiple of that of its base."""
    base, exponent = node.operands
    if isinstance(base, Node) and isinstance(exponent, (int, float)) and exponent > 0:
        return float(orders.get(base, 1.0) * exponent)
    return 0.0
