"""Quotients whose slopes the quotient rule would lose.

Let numerator and denominator be sums of the same parts, n = Σ bᵢxᵢ and d = Σ cᵢxᵢ with numbers b
and c. Then the slope of n/d by log xₖ is xₖ/d times the sum of (bₖcᵢ - bᵢcₖ)·xᵢ/d. The quotient
rule takes n'/d and n·d'/d² apart, whose difference is mere round-off where one part is much larger
than the others, as in exp(x)/(1 + exp(x)) and other ways to write a logistic function or tanh, in
a/(a + b) and x²/(1 + x²). By log xₖ means by z where xₖ is exp(z): nothing overflows then that the
quotient itself does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from gradmethods.engines.graph.graph import Node
from gradmethods.xp.primitives import Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT

Operand = Any
"""A node, a constant array, or a Python number."""

MOST_TERMS = 8
"""Terms of a sum that are told apart."""


class Maker(Protocol):
    """What applies primitives to operands.

    Attributes
    ----------
    longest : float
        Entries of a sum up to which the slope of each by each may be written out.
    """

    longest: float

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive."""
        ...


LOW = range(1, 5)
"""Exponents of powers by whose base one divides again and again, because the power may overflow."""


def of_division(to: Maker, node: Node, *, overflows: bool) -> Operand | None:
    """Return what stands for a division whose slope the quotient rule would lose, or None."""
    n, d = node.operands
    base, exponent = (d.operands[0], 2) if is_node(d, "square") else _power(d)
    found = _over_power(to, n, base, exponent, overflows=overflows)
    return normalised(to, n, d) if found is None else found


def of_inverse(to: Maker, node: Node, *, overflows: bool) -> Operand | None:
    """Return what stands for 1 divided by a sum of exponentials, or a power of it, or None."""
    return _over_power(to, 1.0, *_inverse(node), overflows=overflows)


def of_product(to: Maker, node: Node, *, overflows: bool) -> Operand | None:
    """Return what stands for a product with 1 divided by something, or None."""
    del overflows  # nothing does that does not in the factor alone
    for n, inverse in (node.operands, reversed(node.operands)):
        found = _over_power(to, n, *_inverse(inverse), overflows=False)
        if found is not None:
            return found
    return None


QUOTIENTS: dict[str, Callable[..., Operand | None]] = {
    "divide": of_division,
    "multiply": of_product,
    "pow": of_inverse,
    "reciprocal": of_inverse,
}
"""By primitive, what is looked for; with `overflows`, also what only overflow would spoil."""


def _power(x: Operand) -> tuple[Operand, int]:
    """Return base and exponent of a low power; the exponent of anything else is 1."""
    if is_node(x, "pow") and is_number(x.operands[1]) and x.operands[1] in LOW:
        return x.operands[0], int(x.operands[1])
    return x, 1


def _inverse(x: Operand) -> tuple[Operand, int]:
    """Return base and exponent of what 1 is divided by; the exponent of anything else is 0."""
    if is_node(x, "reciprocal"):
        return x.operands[0], 1
    if is_node(x, "divide", QUOTIENT.name) and is_number(x.operands[0]) and x.operands[0] == 1:
        return x.operands[1], 1
    if is_node(x, "pow") and is_number(x.operands[1]) and -x.operands[1] in LOW:
        return x.operands[0], int(-x.operands[1])
    return x, 0


def _over_power(
    to: Maker, n: Operand, base: Operand, exponent: int, *, overflows: bool
) -> Operand | None:
    found = quotient(to, n, base, overflows=overflows) if exponent else None
    for _ in range(1, exponent):
        found = found if found is None else to.make("divide", found, base)
    return found


def quotient(to: Maker, n: Operand, d: Operand, *, overflows: bool) -> Operand | None:
    """Return what stands for n/d where the quotient rule would lose its slope, None elsewhere.

    With `overflows`, that is also where an exponential in the denominator alone may overflow.
    """
    if not isinstance(d, Node) or d.dtype.kind != "f":
        return None
    over, under = terms(to, n), terms(to, d)
    parts = {key: x for key, (x, _) in (over | under).items()}
    above, below = (
        [terms[key][1] if key in terms else 0.0 for key in parts] for terms in (over, under)
    )
    powers = [is_node(x, "exp") for x in parts.values()]
    found = [
        c and ((b and isinstance(x, Node)) or (overflows and not b and power))
        for x, b, c, power in zip(parts.values(), above, below, powers, strict=True)
    ]
    if not (over and under and any(found)) or len(parts) < 2:
        return None
    along = [x.operands[0] if power else x for x, power in zip(parts.values(), powers, strict=True)]
    static = {"above": tuple(above), "below": tuple(below), "powers": tuple(powers)}
    return to.make(QUOTIENT, n, d, *parts.values(), *along, **static)


def normalised(to: Maker, n: Operand, d: Operand) -> Operand | None:
    """Return what stands for the quotient of a value, or an entry of it, by the sum of all."""
    total = whole(n, d)
    if total is None:
        return None
    (x,) = total.operands
    axes = total.static["axis"]
    if math.prod(x.shape[i] for i in axes) > to.longest:
        return None
    kept = tuple(1 if i in axes else length for i, length in enumerate(x.shape))
    if is_node(x, "exp") and is_node(x.operands[0], "subtract") and _is_extreme(x.operands[0]):
        return None  # the slope of the largest entry is the sum of the others', negative
    power = is_node(x, "exp")
    along = x.operands[0] if power else x
    below = to.make("reshape", total, shape=kept)
    found = to.make(NORMALISED, x, below, along, axis=axes, power=power)
    return found if n is x else to.make("getitem", found, *n.operands[1:], **n.static)


def whole(n: Operand, d: Operand) -> Node | None:
    """Return the sum by which a value, or an entry of it, is divided: that of all its entries."""
    while is_node(d, "broadcast_to"):
        (d,) = d.operands
    total = d
    while is_node(total, "reshape"):
        (total,) = total.operands
    if not is_node(total, "sum") or total.dtype.kind != "f":
        return None
    found: Node = total
    (x,) = found.operands
    if is_node(n, "getitem") and n.operands[0] is x:
        return found if found.shape == () else None
    # Without its axes, a sum over rows would divide columns.
    kept = [1 if i in found.static["axis"] else length for i, length in enumerate(x.shape)]
    aligned = [1] * (len(kept) - len(d.shape)) + [*d.shape] == kept
    return found if n is x and aligned else None


def _is_extreme(shifted: Node) -> bool:
    """Say whether an entry is subtracted from all, the largest one."""
    largest = shifted.operands[1]
    while is_node(largest, "reshape", "broadcast_to", "max"):
        if is_node(largest, "max"):
            return largest.operands[0] is shifted.operands[0]
        (largest,) = largest.operands
    return False


def terms(to: Maker, x: Operand) -> dict[Any, tuple[Operand, float]]:
    """Return the terms of a sum, as parts and factors; nothing if they are too many."""
    found: dict[Any, tuple[Operand, float]] = {}
    waiting: list[tuple[Operand, float]] = [(x, 1.0)]
    while waiting:
        x, factor = waiting.pop()
        operands = x.operands if isinstance(x, Node) else ()
        if is_node(x, "add", "subtract"):
            waiting.append((operands[1], -factor if is_node(x, "subtract") else factor))
            waiting.append((operands[0], factor))
        elif is_node(x, "negative"):
            waiting.append((operands[0], -factor))
        elif is_node(x, "multiply") and is_number(operands[0]):
            waiting.append((operands[1], factor * operands[0]))
        elif is_node(x, "multiply") and is_number(operands[1]):
            waiting.append((operands[0], factor * operands[1]))
        elif is_node(x, "divide", QUOTIENT.name) and is_number(operands[1]) and operands[1]:
            waiting.append((operands[0], factor / operands[1]))
        elif is_node(x, "cosh", "sinh"):
            falling = to.make("exp", to.make("negative", operands[0]))
            waiting.append((falling, factor / 2 if is_node(x, "cosh") else -factor / 2))
            waiting.append((to.make("exp", operands[0]), factor / 2))
        elif is_node(x, "expm1"):
            waiting += [(-1.0, factor), (to.make("exp", *operands), factor)]
        else:
            part, factor = (1.0, factor * x) if is_number(x) else (x, factor)
            key = x if isinstance(x, Node) else (id(x) if part is x else "number")
            _, before = found.get(key, (part, 0.0))
            found[key] = part, before + factor
        if len(found) > MOST_TERMS or not math.isfinite(factor):
            return {}
    return {key: term for key, term in found.items() if term[1]}


def is_node(x: Operand, *primitives: str) -> bool:
    """Say whether an operand is the result of one of these primitives."""
    return isinstance(x, Node) and x.primitive is not None and x.primitive.name in primitives


def is_number(x: Operand) -> bool:
    """Say whether an operand is a Python number, which takes the dtype of what it meets."""
    return isinstance(x, (int, float)) and not isinstance(x, bool)
