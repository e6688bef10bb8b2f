"""What differences from 1 have lost, with all its digits: 1 + tanh(x) as 2/(1 + exp(-2x)).

A loss that writes 1 - y loses digits where y is near 1, and that is the loss's own affair. Slopes
that such a value is a factor of need not: of x(1 + tanh u), log(1 - σ(x)) or (1 - y)². They take
another value for the same expression, which is computed without the difference. What a loss
decides by its values stays decided by those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from gradmethods.graph.graph import Node
from gradmethods.graph.quotients import Maker, Operand, is_node, is_number, terms, whole
from gradmethods.primitives import Primitive

MOVES = ("reshape", "permute_dims", "broadcast_to", "getitem")

FACTORS = (
    "negative", "multiply", "divide", "square", "sqrt", "reciprocal", "pow", "matmul", "log2",
    "log10",
)  # fmt: skip
"""Primitives whose value keeps the digits of their operands."""

WITHOUT_VALUES = frozenset({
    "abs", "sign", "maximum", "minimum", "max", "min", "where", "sum", "normalised",
})  # fmt: skip
"""Primitives whose slopes take values for decisions, or none."""

MOST_SHARES = 64
"""Shares of one sum that are told apart: others are added up for each."""

NEARLY_ONE = 1.25
"""A number from 1 to this one, less what approaches 1, may lose digits."""


class Completing(Maker, Protocol):
    """A maker that knows complements of its own primitives.

    Attributes
    ----------
    overflows : bool
        Whether to avoid what only overflow would spoil.
    """

    overflows: bool

    def beside(self, x: Node) -> Operand | None:
        """Return 1 - x, or None if nothing better is known."""
        ...


class Complements:
    """Finds better values for the values of a graph, which are noted in their order.

    Parameters
    ----------
    to : Completing
        Makes them.
    inherited : bool
        Whether to find better values of what is computed of others.
    """

    def __init__(self, to: Completing, *, inherited: bool = True) -> None:
        self._to, self._inherited = to, inherited
        self._found: dict[Node, Operand] = {}

    def of(self, x: Operand) -> Operand:
        """Return what slopes take for an operand."""
        if not isinstance(x, Node):
            return x
        if x not in self._found and is_node(x, "log"):  # few are ever asked for
            found = self._logarithm(x)
            self._found[x] = x if found is None else found
        return self._found.get(x, x)

    def note(self, node: Node) -> Operand | None:
        """Find a better value for the result of a primitive, if there is one."""
        rule = None if node.primitive is None else RULES.get(node.primitive.name)
        if rule is None or node.dtype.kind != "f":
            return None
        found = rule(self, node)
        if found is not None:
            self._found[node] = found
        return found

    def sum_or_difference(self, node: Node) -> Operand | None:
        """Return 1 - x, x - 1, 1 + x, or a number and what has a better value itself."""
        to, (a, b) = self._to, node.operands
        minus = is_node(node, "subtract")
        found: Operand | None = None
        if is_number(a) and 1 <= a < NEARLY_ONE:
            found = self.beside(b) if minus else self.after_one(b)
            if found is not None and a != 1:
                found = to.make("add", found, a - 1)
        elif is_number(b) and b == 1 and not minus:
            found = self.after_one(a)
        elif is_number(a) and a == -1:
            found = self._negative(self.after_one(b) if minus else self.beside(b))
        elif is_number(b) and b == (1 if minus else -1):
            found = self._negative(self.beside(a))
        if found is None and (is_number(a) or is_number(b)):
            found = self.with_better(node)
        return found

    def _negative(self, x: Operand | None) -> Operand | None:
        return None if x is None else _minus(self._to, x)

    def with_better(self, node: Node) -> Operand | None:
        """Apply a primitive to the better values of its operands, if one has any."""
        assert node.primitive is not None
        if not self._inherited:
            return None
        operands = [self._found.get(x, x) if isinstance(x, Node) else x for x in node.operands]
        if all(x is own for x, own in zip(operands, node.operands, strict=True)):
            return None
        return self._to.make(node.primitive, *operands, **node.static)

    def limit(self, node: Node) -> Operand | None:
        """Limit a better value by a number."""
        return self.with_better(node) if any(map(is_number, node.operands)) else None

    def _logarithm(self, node: Node) -> Operand | None:
        """Return log x: of what is near 1 from what is left to 1."""
        (x,) = node.operands
        found = self.with_better(node)
        rest = self.beside(x) if found is None and self._saturates(x) else None
        if rest is None:
            return found
        to = self._to
        near = to.make("log1p", to.make("negative", rest))
        return to.make("where", to.make("greater", x, 0.5), near, node)

    def _saturates(self, x: Operand) -> bool:
        """Say whether what may be near 1 is so because of an exponential, and often."""
        if not is_node(x, "divide", "quotient"):
            return True
        n, d = x.operands[:2]
        below = [part for part, _ in terms(self._to, d).values() if isinstance(part, Node)]
        return whole(n, d) is not None or all(is_node(part, "exp") for part in below)

    def after_one(self, x: Operand) -> Operand | None:
        """Return 1 + x where x may approach -1."""
        to = self._to
        if is_node(x, "negative"):
            return self.beside(x.operands[0])
        if is_node(x, "tanh"):
            return _twice_the_share(to, x.operands[0], -2)
        if is_node(x, "cos"):
            return _twice_the_square(to, "cos", x)
        return self._share(x, 1) if isinstance(x, Node) else None

    def beside(self, x: Operand) -> Operand | None:
        """Return 1 - x where x may approach 1."""
        to = self._to
        if not isinstance(x, Node):
            return None
        own = to.beside(x)
        if own is not None:
            return own
        tanh = squared(x, "tanh")
        if tanh is not None:
            return to.make("square", to.make("divide", 1, to.make("cosh", *tanh.operands)))
        if is_node(x, "tanh"):
            return _twice_the_share(to, x.operands[0], 2)
        if is_node(x, "exp"):
            return to.make("negative", to.make("expm1", *x.operands))
        if is_node(x, "cos"):
            return _twice_the_square(to, "sin", x)
        if is_node(x, *MOVES):
            rest = self.beside(x.operands[0])
            if rest is None:
                return None
            moving: Primitive | None = x.primitive
            assert moving is not None
            return to.make(moving, rest, *x.operands[1:], **x.static)
        if is_node(x, "maximum", "minimum"):
            return self._beside_limited(x)
        return self._share(x, -1)

    def _beside_limited(self, x: Node) -> Operand | None:
        opposite = "minimum" if is_node(x, "maximum") else "maximum"
        for number, other in (x.operands, reversed(x.operands)):
            rest = self.beside(other) if is_number(number) else None
            if rest is not None:
                return self._to.make(opposite, rest, 1 - number)
        return None

    def _other_shares(self, x: Node) -> Operand | None:
        """Return the shares of all others: of x/d where d is the sum of the entries of x."""
        to, (n, d) = self._to, x.operands[:2]
        total = whole(n, d)
        if total is None or len(total.static["axis"]) != 1:
            return None
        (entries,), (axis,) = total.operands, total.static["axis"]
        length, last = entries.shape[axis], len(entries.shape) - 1
        if not 1 < length <= MOST_SHARES:
            return None
        order = (*range(axis), *range(axis + 1, last + 1), axis)
        shape = math.prod(entries.shape) // length, length
        rows = to.make("reshape", to.make("permute_dims", entries, axes=order), shape=shape)
        others = to.make("matmul", rows, 1 - np.eye(length, dtype=x.dtype))
        others = to.make("reshape", others, shape=tuple(entries.shape[i] for i in order))
        others = to.make("permute_dims", others, axes=tuple(np.argsort(order).tolist()))
        if n is not entries:
            others = to.make("getitem", others, *n.operands[1:], **n.static)
        return to.make("divide", others, d)

    def _share(self, x: Node, sign: int) -> Operand | None:
        """Return (d ± n)/d for x = n/d, if of sums n and d a part is all that is left."""
        if not is_node(x, "divide", "reciprocal", "quotient", "normalised"):
            return None
        others = None if sign > 0 or is_node(x, "reciprocal") else self._other_shares(x)
        if others is not None or is_node(x, "normalised"):
            return others
        to = self._to
        n, d = (1.0, *x.operands) if is_node(x, "reciprocal") else x.operands[:2]
        if not isinstance(d, Node):
            return None
        below, above = terms(to, d), terms(to, n)
        rest = {key: (part, factor) for key, (part, factor) in below.items()}
        for key, (part, factor) in above.items():
            rest[key] = part, rest.get(key, (part, 0.0))[1] + sign * factor
        left = [(key, *term) for key, term in rest.items() if term[1]]
        if len(left) != 1 or not above or len(below) < 2:
            return None
        ((key, part, factor),) = left
        own = below.get(key, (part, 0.0))[1]
        others = [_times(to, *term) for k, term in below.items() if k != key]
        alone = is_node(part, "exp") and own and len(others) == 1 and is_number(others[0])
        if alone and to.overflows:
            # Overflow makes the share 0 then, not infinity divided by infinity.
            (u,) = part.operands
            falling = to.make("exp", u.operands[0] if is_node(u, "negative") else _minus(to, u))
            rest = falling if others[0] == 1 else to.make("multiply", falling, others[0])
            return to.make("divide", factor, to.make("add", own, rest))
        return to.make("divide", _times(to, part, factor), d)


def _minus(to: Maker, x: Operand) -> Operand:
    return to.make("negative", x)


def _times(to: Maker, part: Operand, factor: float) -> Operand:
    if is_number(part):
        return part * factor
    return part if factor == 1 else to.make("multiply", factor, part)


def squared(x: Operand, primitive: str) -> Node | None:
    """Return the result of a primitive of which x is the square, or None."""
    even = is_node(x, "pow") and is_number(x.operands[1]) and x.operands[1] == 2
    same = is_node(x, "multiply") and x.operands[0] is x.operands[1]
    base = x.operands[0] if even or same or is_node(x, "square") else None
    return base if is_node(base, primitive) else None


def _twice_the_share(to: Maker, u: Operand, factor: int) -> Operand:
    return to.make("divide", 2, to.make("add", 1, to.make("exp", to.make("multiply", u, factor))))


def _twice_the_square(to: Maker, function: str, x: Node) -> Operand:
    half = to.make(function, to.make("multiply", x.operands[0], 0.5))
    return to.make("multiply", 2, to.make("square", half))


RULES: dict[str, Callable[[Complements, Node], Operand | None]] = {
    "add": Complements.sum_or_difference,
    "subtract": Complements.sum_or_difference,
    "maximum": Complements.limit,
    "minimum": Complements.limit,
    **dict.fromkeys((*FACTORS, *MOVES), Complements.with_better),
}
"""How better values are found; of everything else none are known."""
