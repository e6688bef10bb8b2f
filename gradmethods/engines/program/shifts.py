"""Recognise by what a loss shifts exponents, on which its value does not depend.

m + log Σ exp(x - m) is the same for every m, and so is (x - m) - log Σ exp(x - m): the largest
entry is taken for m so that nothing overflows. By the chain rule the slope by m is a difference of
1 and a sum of weights, which is 0 but for rounding, and is then handed on to the largest entries.
It is left out.
"""

from __future__ import annotations

import math
from typing import Any

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import Operand, is_node
from gradmethods.engines.program.rebuild import Rebuild, Rewrites
from gradmethods.xp.primitives.recognised import HELD

Shape = tuple[int, ...]


def _log_sum(to: Rebuild, n: Node) -> Operand | None:
    """Hold m in m + log Σ exp(x - m)."""
    for m, logarithm in (n.operands, reversed(n.operands)):
        shifted = _shifted(logarithm)
        if shifted is None:
            continue
        shift = shifted.operands[1]
        if (m is shift or _only_shaped(m, shift)) and _fits(m, shift, logarithm, shifted):
            held = to.make(HELD, shift)
            beside = to.make("reshape", held, shape=m.shape)
            return to.make("add", beside, _again(to, logarithm, shifted.operands[0], held))
    return None


def _log_weights(to: Rebuild, n: Node) -> Operand | None:
    """Hold m in (x - m) - log Σ exp(x - m)."""
    apart, logarithm = n.operands
    shifted = _shifted(logarithm)
    if shifted is None or apart is not shifted:
        return None
    shift = shifted.operands[1]
    if n.shape != shifted.shape or not _fits(None, shift, logarithm, shifted):
        return None
    held = to.make(HELD, shift)
    x = shifted.operands[0]
    return to.make("subtract", to.make("subtract", x, held), _again(to, logarithm, x, held))


def _shifted(logarithm: Operand) -> Node | None:
    """Return x - m where an operand is log Σ exp(x - m), and m is the same in each sum."""
    inside = logarithm
    for name in ("log", "sum", "exp", "subtract"):
        if not is_node(inside, name):
            return None
        found: Node = inside
        inside = found.operands[0]
    shift = found.operands[1]
    if not isinstance(shift, Node) or is_node(shift, HELD.name) or found.dtype.kind != "f":
        return None
    padded = _padded(shift.shape, found.shape)
    axis = logarithm.operands[0].static["axis"]
    return found if all(padded[i] == 1 for i in axis) else None


def _only_shaped(m: Operand, shift: Node) -> bool:
    """Say whether `m` is the shift without axes of length 1."""
    if not is_node(m, "reshape", "getitem") or m.operands[0] is not shift or len(m.operands) > 1:
        return False
    return math.prod(m.shape) == math.prod(shift.shape) and all(
        part in (None, 0, slice(None)) for part in m.static.get("index", ())
    )


def _fits(m: Node | None, shift: Node, logarithm: Node, shifted: Node) -> bool:
    """Say whether each sum meets its own shift, and not those of others."""
    static = logarithm.operands[0].static
    padded: Any = _padded(shift.shape, shifted.shape)
    if m is None:  # beside x - m itself
        return static["keepdims"] or len(static["axis"]) == len(shifted.shape)
    if not static["keepdims"]:
        padded = tuple(n for i, n in enumerate(padded) if i not in static["axis"])
    return len(m.shape) <= len(logarithm.shape) and _padded(m.shape, logarithm.shape) == padded


def _padded(own: Shape, shape: Shape) -> Shape:
    return (1,) * (len(shape) - len(own)) + own


def _again(to: Rebuild, logarithm: Node, x: Operand, held: Operand) -> Operand:
    """Take the logarithm of the same sum, of exponents that are shifted by what is held."""
    power = to.make("exp", to.make("subtract", x, held))
    return to.make("log", to.make("sum", power, **logarithm.operands[0].static))


SHIFTS: Rewrites = {"add": _log_sum, "subtract": _log_weights}
SPELT_SHIFTS: Rewrites = {HELD.name: lambda _, n: n.operands[0]}
