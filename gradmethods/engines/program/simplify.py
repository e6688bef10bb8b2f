"""Rewrite a graph into an equal one that costs less: one function per primitive.

A rewrite must be exact in the real numbers, and must neither lose accuracy nor overflow where the
original did not; most are exact in floating point too. Those of arithmetic are for floating-point
numbers: integers wrap around and have no halves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.graph.quotients import (
    Operand,
    is_node,
    is_number,
    of_division,
    of_inverse,
    of_product,
    quotient,
)
from gradmethods.engines.program.rebuild import Rebuild, Rewrites
from gradmethods.engines.program.shifts import SHIFTS, SPELT_SHIFTS
from gradmethods.engines.program.taken_entries import MOVES, into
from gradmethods.xp.primitives import TABLE
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.xp.primitives.recognised import INNER, SECH, SIGMOID

NEGATIVE = TABLE["negative"]
SHORT = 4096
"""Entries up to which a scalar product is as accurate as NumPy's pairwise sum."""


def recognise(graph: Graph) -> Graph:
    """Replace what a loss spells out by primitives whose vjp rules are cheaper."""
    return recognition(graph).graph


def recognition(graph: Graph) -> Rebuild:
    """Return the pass that recognises, which knows what became of each node."""
    return Rebuild(graph, PATTERNS, frozenset())


def simplify(graph: Graph) -> Graph:
    """Return a graph of the same inputs and outputs that needs no more operations.

    The result is for running: it may hold products with vectors, for which there is no vjp rule.
    """
    return Rebuild(graph, REWRITES, _before_angles(graph)).graph


def share(graph: Graph) -> Graph:
    """Return the same graph with equal nodes made one, and functions in place of slow powers.

    Every value is that of the graph, bit for bit.
    """
    return Rebuild(graph, {"pow": _pow}, frozenset()).graph


def _before_angles(graph: Graph) -> frozenset[Node]:
    """Return what angles depend on: rewrites turn the sign of a zero, and atan2 jumps there."""
    angles = [node for node in graph.nodes() if is_node(node, "atan2")]
    return frozenset(topological(parent for node in angles for parent in node.parents))


def _negated(x: Operand) -> Operand | None:
    """Return what `x` is the negation of, None if it is none."""
    if isinstance(x, Node) and x.primitive is NEGATIVE and x.dtype.kind == "f":
        return x.operands[0]
    return None


def _size(x: Operand) -> int:
    return math.prod(np.shape(x))


def _scales_exactly(product: float, dtype: Any) -> bool:
    """Say whether a product of two numbers, one a power of two, is exact."""
    limits = np.finfo(dtype)
    return float(limits.tiny) <= abs(product) <= float(limits.max)


def _is_power_of_two(x: float) -> bool:
    return math.isfinite(x) and abs(math.frexp(x)[0]) == 0.5


# -- signs: a negation travels towards the outputs until a subtraction or a number absorbs it


def _negative(to: Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if n.dtype.kind != "f":
        return None
    if is_node(x, "negative"):
        return x.operands[0]
    if is_node(x, "subtract"):
        return to.make("subtract", x.operands[1], x.operands[0])
    if is_node(x, "multiply", "divide") and is_number(x.operands[0]):
        return to.make(x.primitive, -x.operands[0], x.operands[1])
    if is_node(x, "divide") and is_number(x.operands[1]) and to.used_once(x):
        return to.make("divide", x.operands[0], -x.operands[1])
    if is_node(x, "add") and to.used_once(x):
        for small, large in (x.operands, reversed(x.operands)):
            # Say a bias: negate it, not what it is added to. Integers could not be negated.
            if _size(small) < _size(x) and (is_number(small) or small.dtype == x.dtype):
                return to.make("subtract", to.make("negative", small), large)
    return -x if isinstance(x, (np.ndarray, int, float)) else None


def _add(to: Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    for x, other in ((b, a), (a, b)):
        rest = _negated(x)
        if rest is not None:
            return to.make("subtract", other, rest)
    return into(to, n)


def _subtract(to: Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    rest = _negated(b)
    if rest is not None:
        return to.make("add", a, rest)
    if is_number(b) and b == 0 and a.shape == n.shape and a.dtype == n.dtype:
        return a
    rest = _negated(a)
    if rest is not None and a.shape == n.shape and not is_number(b):
        return to.make("negative", to.make("add", rest, b))
    return None


def _multiply(to: Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if is_number(b):
        return to.make("multiply", b, a) if not is_number(a) else None
    if is_number(a) and b.dtype == n.dtype and n.dtype.kind == "f":
        if a == 1:
            return b
        if a == -1:
            return to.make("negative", b)
        if is_node(b, "negative"):
            return to.make("multiply", -a, b.operands[0])
        if is_node(b, "multiply") and is_number(b.operands[0]):
            number, rest = b.operands
            exact = _is_power_of_two(a) or _is_power_of_two(number)
            if exact and _scales_exactly(a * number, n.dtype):
                return to.make("multiply", a * number, rest)
    for x, other in ((a, b), (b, a)):
        rest = _negated(x)
        if rest is not None and x.shape == n.shape:
            return to.make("negative", to.make("multiply", rest, other))
    return _unscaled(to, n)


def _unscaled(to: Rebuild, n: Node) -> Operand | None:
    """Multiply by one number what each operand of a product was multiplied by."""
    (c, x), (d, y) = (_scaled(to, operand) for operand in n.operands)
    if c != 1 != d and x.dtype == y.dtype == n.dtype and _scales_exactly(c * d, n.dtype):
        return to.make("multiply", c * d, to.make("multiply", x, y))
    return None


def _scaled(to: Rebuild, x: Operand) -> tuple[float, Operand]:
    """Return a power of two and what an operand is that times, if it serves but one product."""
    if is_node(x, "reshape") and to.used_once(x):
        number, rest = _scaled(to, x.operands[0])
        return (1, x) if number == 1 else (number, to.make("reshape", rest, shape=x.shape))
    for name, place in (("multiply", 0), ("divide", 1)):
        if is_node(x, name) and is_number(x.operands[place]) and to.used_once(x):
            number, rest = x.operands[place], x.operands[1 - place]
            if _is_power_of_two(number) and isinstance(rest, Node):
                return (number, rest) if name == "multiply" else (1 / number, rest)
    return 1, x


def _divide(to: Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if is_number(b) and b == 1 and a.dtype == n.dtype:
        return a
    rest = _negated(a)
    if rest is not None and a.shape == n.shape:
        return to.make("negative", to.make("divide", rest, b))
    return None


def _sum(to: Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if x.dtype.kind != "f":
        return None
    rest = _negated(x)
    if rest is not None:
        return to.make("negative", to.make("sum", rest, **n.static))
    if all(x.shape[i] == 1 for i in n.static["axis"]) and x.dtype == n.dtype:
        return to.make("reshape", x, shape=n.shape)
    if n.static == {"axis": (0,), "keepdims": False} and len(x.shape) == 2:
        # Both add row after row; the product with ones does it several times faster.
        ones = np.ones(x.shape[0], x.dtype)
        return to.replace(Node(n.shape, n.dtype, TABLE["matmul"], (ones, x)))
    if n.shape == () and _size(x) <= SHORT:
        if _is_product(to, x, n):
            return to.make(INNER, x.operands[0], x.operands[-1])
        if is_node(x, "add", "subtract") and all(_is_product(to, y, x) for y in x.operands):
            return to.make(x.primitive, *(to.make("sum", y, **n.static) for y in x.operands))
    return None


def _is_product(to: Rebuild, x: Operand, user: Node) -> bool:
    """Say whether `x` serves only its user's sum, which could as well be a scalar product."""
    return (
        is_node(x, "multiply", "square")
        and to.used_once(x)
        and (user.shape == () or (user.shape == x.shape and to.used_once(user)))
        and all(np.shape(y) == x.shape and y.dtype == x.dtype for y in x.operands)
    )


# -- powers and patterns


def _pow(to: Rebuild, n: Node) -> Operand | None:
    """Use the functions that NumPy's own ``**`` uses for these exponents."""
    x, exponent = n.operands
    if not is_number(exponent) or is_number(x) or x.dtype != n.dtype:
        return None
    faster = {2: "square", -1: "reciprocal", 0.5: "sqrt"}
    if exponent == 1:
        return x
    return to.make(faster[exponent], x) if exponent in faster else None


def _recognised_pow(to: Rebuild, n: Node) -> Operand | None:
    """Recognise 1 divided by a power of a sum of exponentials."""
    common = _pow(to, n)
    return of_inverse(to, n, overflows=True) if common is None else common


def _inverse(to: Rebuild, n: Node) -> Operand | None:
    """Divide 1 by what follows by the function of that name, whose derivative is cheaper."""
    a, b = n.operands
    return to.make("reciprocal", b) if is_number(a) and a == 1 and b.dtype == n.dtype else None


def _reciprocal(to: Rebuild, n: Node) -> Operand | None:
    """Divide: NumPy's reciprocal takes one number at a time, its division several."""
    (x,) = n.operands
    return to.make("divide", 1.0, x) if n.dtype.kind == "f" else None


def _one_over(to: Rebuild, n: Node) -> Operand | None:
    """Recognise 1/(1 + exp(z)) and 1/cosh(z), whose slopes the chain rule makes 0 or NaN."""
    if is_node(n.operands[0], "cosh"):
        return to.make(SECH, *n.operands[0].operands)
    power = _beside_one(n.operands[0])
    if power is None:
        return None
    (z,) = power.operands
    rest = _negated(z)
    return to.make(SIGMOID, to.make("negative", z) if rest is None else rest)


def _beside_one(x: Operand) -> Node | None:
    """Return exp(z) where `x` is 1 + exp(z)."""
    if is_node(x, "add"):
        for one, power in (x.operands, reversed(x.operands)):
            if is_number(one) and one == 1 and is_node(power, "exp"):
                found: Node = power
                return found
    return None


def _spelt_sigmoid(to: Rebuild, n: Node) -> Operand | None:
    """Spell it out again: now that it is differentiated, its parts can merge with others."""
    (x,) = n.operands
    power = to.make("exp", to.make("negative", x))
    return to.make("divide", 1.0, to.make("add", power, 1.0))


def _quotient(to: Rebuild, n: Node) -> Operand | None:
    """Recognise what is 1 divided by something, and quotients of sums of the same parts."""
    b = n.operands[1]
    if is_node(b, "cosh") or _beside_one(b) is not None:
        inverse = _inverse(to, n)
        if inverse is not None:
            return inverse
    found = of_division(to, n, overflows=True)
    return _inverse(to, n) if found is None else found


def _product(to: Rebuild, n: Node) -> Operand | None:
    """Recognise a quotient that is written as a product with 1 divided by something."""
    for x, inverse in (n.operands, reversed(n.operands)):
        if is_node(inverse, SIGMOID.name):
            (z,) = inverse.operands
            rest = _negated(z)
            power = to.make("exp", to.make("negative", z) if rest is None else rest)
            found = quotient(to, x, to.make("add", 1.0, power), overflows=False)
            if found is not None:
                return found
    return of_product(to, n, overflows=True)


def _spelt_quotient(to: Rebuild, n: Node) -> Operand | None:
    return to.make("divide", *n.operands[:2])


# -- moving data


def _reshape(to: Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if x.shape == n.shape:
        return x
    if is_node(x, "reshape"):
        return to.make("reshape", x.operands[0], shape=n.shape)
    if is_node(x, "negative"):
        return to.make("negative", to.make("reshape", x.operands[0], shape=n.shape))
    if is_node(x, "matmul") and to.used_once(x) and len(x.shape) == 2:
        return _matrix_vector(to, x, n)
    return None


def _matrix_vector(to: Rebuild, product: Node, n: Node) -> Operand | None:
    """Multiply by a vector, where a loss or a rule made a matrix of it and unmade it again."""
    a, b = product.operands
    if len(n.shape) != 1 or len(a.shape) != 2 or len(b.shape) != 2:
        return None
    if product.shape[1] == 1:
        operands = (a, to.make("reshape", b, shape=b.shape[:1]))
    elif product.shape[0] == 1:
        operands = (to.make("reshape", a, shape=a.shape[1:]), b)
    else:
        return None
    return to.replace(Node(n.shape, n.dtype, product.primitive, operands))


def _permute_dims(to: Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    axes: tuple[int, ...] = n.static["axes"]
    if is_node(x, "permute_dims"):
        inner = x.static["axes"]
        return to.make("permute_dims", x.operands[0], axes=tuple(inner[i] for i in axes))
    if axes == tuple(range(len(axes))):
        return x
    if is_node(x, "negative"):
        return to.make("negative", to.make("permute_dims", x.operands[0], axes=axes))
    long = [i for i in axes if x.shape[i] != 1]
    if long == sorted(long):  # only axes of length 1 move
        return to.make("reshape", x, shape=n.shape)
    if is_node(x, "matmul") and to.used_once(x) and axes == (1, 0):
        a, b = x.operands
        if len(a.shape) == len(b.shape) == 2:  # (AB)' = B'A', whose result lies in memory as wanted
            left, right = (to.make("permute_dims", y, axes=(1, 0)) for y in (b, a))
            return to.make("matmul", left, right)
    return None


def _matmul(to: Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    for i, x in enumerate(n.operands):
        rest = _negated(x)
        if rest is not None and _size(n) <= _size(x):
            operands = (*n.operands[:i], rest, *n.operands[i + 1 :])
            return to.make("negative", to.replace(Node(n.shape, n.dtype, n.primitive, operands)))
    if len(n.shape) > 2 and len(a.shape) > 1 and len(b.shape) > 1 and a.shape[-1] == 1:
        return to.make("multiply", a, b)  # columns times rows: no sum is taken
    return None


PATTERNS: Rewrites = {
    "divide": _quotient,
    "multiply": _product,
    "pow": _recognised_pow,
    "reciprocal": _one_over,
    **SHIFTS,
}
REWRITES: Rewrites = {
    "negative": _negative,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "sum": _sum,
    "pow": _pow,
    "reciprocal": _reciprocal,
    SIGMOID.name: _spelt_sigmoid,
    QUOTIENT.name: _spelt_quotient,
    NORMALISED.name: _spelt_quotient,
    SECH.name: lambda to, n: to.make("divide", 1.0, to.make("cosh", *n.operands)),
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "matmul": _matmul,
    **MOVES,
    **SPELT_SHIFTS,
}
