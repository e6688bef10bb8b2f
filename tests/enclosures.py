"""Whether a ball holds the truth: exact arithmetic, and nothing of the suite but its balls."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types

import gradmethods as gm
from tests.duals import differentiate

DIGITS = 150
ERROR = mpmath.mpf(10) ** -100
"""The relative error that rounding leaves with so many digits, cancellation included."""


def derivatives(problem: Any) -> tuple[Any, dict[str, list[Any]]]:
    """Return the loss and, by parameter array, its partial derivatives to within `ERROR`."""
    loss = differentiate(problem, DIGITS)
    found: dict[str, list[Any]] = {}
    start = 0
    for name, array in problem.structure.check(problem.params).items():
        found[name] = list(loss.t[start : start + array.size])
        start += array.size
    return loss.v, found


def fraction(ball: Any) -> Fraction:
    """Return an exact ball as what it is."""
    mantissa, exponent = ball.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def number(x: Any) -> Any:
    """Turn a fraction, or mpmath's number, into the latter, at the precision at hand."""
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def holds(ball: Any, truth: Any, error: Any = 0) -> bool:
    """Say whether a ball holds the truth, known to within `error` of its size."""
    middle, radius = fraction(ball.mid()), fraction(ball.rad())
    if isinstance(truth, Fraction):
        return abs(truth - middle) <= radius
    with mpmath.workdps(2 * DIGITS):
        return bool(abs(truth - number(middle)) <= number(radius) + error * (1 + abs(truth)))


def misses(problem: gm.Problem, truth: dict[str, Any], error: Any = 0) -> list[str]:
    """Enclose a gradient; list the components whose balls do not hold the truth."""
    found = gm.certified_gradient(problem)
    assert found.digits >= 30
    assert {name: array.size for name, array in found.enclosure.items()} == {
        name: len(entries) for name, entries in truth.items()
    }
    return [
        f"{problem.name}: {name}[{i}]: {ball} does not hold {mpmath.nstr(number(entry), 50)}"
        for name, entries in truth.items()
        for i, (ball, entry) in enumerate(zip(found.enclosure[name].flat, entries, strict=True))
        if not holds(ball, entry, error)
    ]
