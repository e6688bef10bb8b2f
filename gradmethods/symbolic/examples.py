"""The proof that a loss is the mean, or the sum, over its examples.

The loss is built for two examples, each with symbols of its own, and compared with the losses of
the two single ones. First as sums of terms, which settles almost every loss; then with all products
multiplied out. What cannot be decided is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy
from sympy import S

from gradmethods.errors import InvalidProblem
from gradmethods.structure import Arrays
from gradmethods.symbolic.budget import subexpressions
from gradmethods.symbolic.build import Builder
from gradmethods.symbolic.program import evaluate

RULES = {"mean": S.Half, "sum": S.One}
"""What the losses of two single examples are multiplied by."""

MOST_TERMS = 20_000
"""Products are multiplied out if no more terms than this can come of it."""


def prove(builder: Builder, one: Arrays, other: Arrays, losses: tuple[Any, Any]) -> set[str]:
    """Return the rules, of mean and sum, that hold for two examples.

    Parameters
    ----------
    builder : Builder
        Of the problem.
    one, other : dict of str to numpy.ndarray
        Integers and booleans of the two examples.
    losses : tuple
        Expressions of the single losses, both over the symbols of the first example.

    Raises
    ------
    InvalidProblem
        If neither rule holds, or none can be proven.
    """
    together = builder.loss(one, other)
    singles = losses[0], builder.swap(losses[1])
    rules = equal_by_terms(together, singles)
    if rules:
        return rules
    differences = {
        rule: together - factor * (singles[0] + singles[1]) for rule, factor in RULES.items()
    }
    open_rules = {rule for rule, expr in differences.items() if not _differs(expr, together)}
    name = builder.problem.name
    if not open_rules:
        raise InvalidProblem(
            f"The loss {name!r} is neither the mean nor the sum over its examples: the loss of two "
            "examples differs from those of the single ones. Leave `examples` out, or name only "
            "data whose leading axis counts independent examples."
        )
    rules = {rule for rule in open_rules if _vanishes(differences[rule])}
    if not rules:
        raise InvalidProblem(
            f"It could not be proven that the loss {name!r} is the mean or the sum over its "
            "examples. Numbers agree, the formulas do not: a term may couple examples where it "
            "cannot be seen. Leave `examples` out, or write the loss as xp.mean or xp.sum of one "
            "value per example."
        )
    return rules


def equal_by_terms(together: Any, singles: tuple[Any, Any]) -> set[str]:
    """Return the rules by which two expressions are equal as sums of terms."""
    return {rule for rule, factor in RULES.items() if _same_terms(together, singles, factor)}


def _same_terms(together: Any, singles: tuple[Any, Any], factor: Any) -> bool:
    rest: dict[Any, Any] = {}
    for expr, sign in ((together, S.One), (singles[0], -factor), (singles[1], -factor)):
        for key, coefficient in _terms(expr, sign, ()):
            rest[key] = rest.get(key, S.Zero) + coefficient
    return all(value == 0 for value in rest.values())


def _terms(expr: Any, coefficient: Any, factors: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield the terms of a sum with their rational coefficients, nested sums included."""
    if expr.is_Add:
        for term in expr.args:
            yield from _terms(term, coefficient, factors)
        return
    if expr.is_Mul:
        number, rest = expr.as_coeff_Mul(rational=True)
        args = sympy.Mul.make_args(rest)
        sums = [arg for arg in args if arg.is_Add]
        if len(sums) == 1:
            others = tuple(arg for arg in args if not arg.is_Add)
            yield from _terms(sums[0], coefficient * number, factors + others)
            return
        coefficient, expr = coefficient * number, rest
    yield sympy.Mul(expr, *factors), coefficient


def _differs(difference: Any, scale: Any) -> bool:
    """Say whether an expression that should vanish is far from 0 at some random point."""
    rng = np.random.default_rng(0)
    symbols = sorted(difference.free_symbols | scale.free_symbols, key=str)
    symbols = [s for s in symbols if not s.name[0].isdigit()]
    for _ in range(5):
        point = dict(zip(symbols, rng.uniform(0.2, 0.8, len(symbols)), strict=True))
        rest, size = evaluate([difference, scale], point)
        if np.isfinite(rest) and abs(rest) > 1e-8 * (1 + abs(size)):
            return True
    return False


def _vanishes(expr: Any) -> bool:
    if _count_terms(expr) > MOST_TERMS:
        return False
    return bool(sympy.expand(expr, deep=True) == 0)


def _count_terms(expr: Any) -> int:
    """Bound the number of terms that multiplying out would give."""
    counts: dict[Any, int] = {}
    for node in subexpressions([expr]):
        below = [counts[arg] for arg in node.args]
        if isinstance(node, sympy.Add):
            counts[node] = sum(below)
        elif isinstance(node, sympy.Mul):
            counts[node] = math.prod(below)
        elif isinstance(node, sympy.Pow) and node.exp.is_Integer:
            counts[node] = below[0] ** min(abs(int(node.exp)), 64)
        else:
            counts[node] = max(below, default=1)
    return counts[expr]
