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

from gradmethods.errors import BudgetExceeded

DEEPEST = 300
"""Levels of nesting that SymPy's recursive functions, and the stack, can take."""

PER_BUILT_OPERATION = 200
"""Steps that one operation of the loss costs while its expression is built."""

PER_OPERAND = 10
"""Steps that SymPy takes to differentiate an operand, however small."""

PER_PRODUCT = 5
"""Steps of one multiplication of two factors: SymPy multiplies them up pair by pair."""

PER_WRITTEN_OPERATION = 5
"""Steps that one operation costs that is written out as code and compiled."""


@dataclass(frozen=True)
class Estimate:
    """Sizes of the formulas of a loss and its partial derivatives, and the work to derive them.

    Attributes
    ----------
    operations : int
        Operators and functions in all formulas written out, roughly.
    steps : int
        Subexpressions that SymPy visits while it differentiates.
    depth : int
        Levels of nesting of the loss.
    """

    operations: int
    steps: int
    depth: int

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.operations + other.operations,
            self.steps + other.steps,
            max(self.depth, other.depth),
        )


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
    depth: dict[Any, int] = {}
    for node in subexpressions([loss]):
        size[node] = 1 + sum(size[c] for c in node.args)
        depth[node] = 1 + max((depth[c] for c in node.args), default=0)
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
    return Estimate(2 * (size[loss] + derived[loss]) // 3, steps[loss], depth[loss])


def check(found: Estimate, budget: int, name: str, *, written: bool) -> None:
    """Refuse formulas above the budget; `written` if they are printed with nothing shared.

    Raises
    ------
    BudgetExceeded
        If the formulas are too large, or nested too deeply.
    """
    steps = found.steps + written * PER_WRITTEN_OPERATION * found.operations
    if steps > budget:
        raise BudgetExceeded(
            f"The formulas of the loss {name!r} and all its partial derivatives would hold about "
            f"{_rounded(found.operations)} operations written out, and deriving them would take "
            f"about {_rounded(steps)} steps; the budget is {budget:,}. Use another method or a "
            "smaller problem, or raise `budget` (a million steps take about a second)."
        )
    if found.depth > DEEPEST:
        raise BudgetExceeded(
            f"The formula of the loss {name!r} is nested {found.depth} levels deep; SymPy handles "
            f"up to {DEEPEST}. Use another method."
        )


def check_loss(
    operations: int, params: int, budget: int, name: str, per_operation: int | None = None
) -> None:
    """Refuse a loss by its operations alone, before its expression is built.

    An operation costs `per_operation` steps: by default what building it takes, or visiting it once
    for each parameter.

    Raises
    ------
    BudgetExceeded
        If building the expression, or visiting it once for each parameter, is above the budget.
    """
    each = max(params, PER_BUILT_OPERATION) if per_operation is None else per_operation
    steps = operations * each
    if steps > budget:
        raise BudgetExceeded(
            f"The loss {name!r} takes {operations:,} scalar operations (of one example, if it has "
            f"`examples`) on {params:,} parameters; deriving its formulas would take at "
            f"least {_rounded(steps)} steps, and the budget is {budget:,}. Use another method or a "
            "smaller problem, or raise `budget` (a million steps take about a second)."
        )


def check_cases(
    cases: int,
    operations: int,
    budget: int,
    name: str,
    per_operation: int = PER_BUILT_OPERATION,
) -> None:
    """Refuse integer or boolean data that take too many values, before any formula is built.

    Raises
    ------
    BudgetExceeded
        If building the loss of each case, and of each two, is above the budget.
    """
    steps = cases * (cases + 2) * operations * per_operation
    if cases > 1 and steps > budget:
        raise BudgetExceeded(
            f"The integer and boolean data of the loss {name!r} take {cases:,} different values "
            "(or combinations) over the examples, each with formulas of its own; building them, "
            f"and proving the loss on each two, would take about {_rounded(steps)} steps, and the "
            f"budget is {budget:,}. Make them floating point if they are only computed with, or "
            "use another method."
        )


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


def _rounded(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"
