"""What formulas will cost, found before any is derived.

Written out, formulas share nothing, so their size can be exponential in the depth of a loss. The
size of all partial derivatives together follows from the rules of differentiation alone, in one
walk over the expression; so does the work of SymPy, whose ``diff`` visits every subexpression of an
operand, and of its derivative, at each level.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy

PER_OPERAND = 10
"""Steps that SymPy takes to differentiate an operand, however small."""

PER_PRODUCT = 5
"""Steps of one multiplication of two factors: SymPy multiplies them up pair by pair."""


@dataclass(frozen=True)
class Estimate:
    """Sizes of the formulas of a loss and its partial derivatives, and the work to derive them.

    Attributes
    ----------
    operations : int
        Operators and functions in all formulas written out, roughly.
    steps : int
        Subexpressions that SymPy visits while it differentiates.
    """

    operations: int
    steps: int

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.operations + other.operations, self.steps + other.steps)


def estimate(loss: Any, params: Iterable[Any]) -> Estimate:
    """Estimate the formulas of all partial derivatives without deriving them.

    With s(e) the size of e written out and n(e) the number of parameters in it, the derivatives of
    e take ``D(e) = Σ D(c) + n(c)·(s(∂e/∂c) + 1)`` over its operands c: by the chain rule, the
    partial derivative stands once before the derivative of c by each parameter in c. SymPy visits
    ``n·s + D`` subexpressions at e, and again at each operand; in a product of k factors each of
    the derivative's products is made in k multiplications of up to k factors.
    """
    bits = {symbol: 1 << place for place, symbol in enumerate(params)}
    size: dict[Any, int] = {}
    active: dict[Any, int] = {}
    derived: dict[Any, int] = {}
    steps: dict[Any, int] = {}
    for node in subexpressions([loss]):
        size[node] = 1 + sum(size[c] for c in node.args)
        active[node] = bits.get(node, 0)
        derived[node] = steps[node] = 0
        for child in node.args:
            active[node] |= active[child]
            count = active[child].bit_count()
            if count:
                derived[node] += derived[child] + count * (1 + _partial_size(node, child, size))
                steps[node] += steps[child]
                if isinstance(node, sympy.Mul):
                    steps[node] += count * PER_PRODUCT * len(node.args) ** 2
        visited = size[node] + PER_OPERAND * len(node.args)
        steps[node] += active[node].bit_count() * visited + derived[node]
    # Of the nodes of a written formula about two in three are operators and functions.
    return Estimate(2 * (size[loss] + derived[loss]) // 3, steps[loss])


def subexpressions(roots: Iterable[Any]) -> list[Any]:
    """List each distinct subexpression once, operands before their uses, without recursion."""
    order: dict[Any, None] = {}
    for root in roots:
        stack = [(root, False)]
        while stack:
            node, done = stack.pop()
            if node in order:
                continue
            if done:
                order[node] = None
            else:
                stack.append((node, True))
                stack.extend((arg, False) for arg in reversed(node.args))
    return list(order)


def _partial_size(node: Any, child: Any, size: dict[Any, int]) -> int:
    """Bound the size of the derivative of a function by one operand."""
    if isinstance(node, sympy.Add):
        return 0
    if isinstance(node, sympy.Mul):
        return size[node] - size[child]
    return size[node] + 3
