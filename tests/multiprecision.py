"""Losses and their gradients to 150 digits: what certificates are held against."""

from __future__ import annotations

from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types

from tests.dual_namespace import Duals
from tests.duals import differentiate

DIGITS = 150
ERROR = mpmath.mpf(10) ** -100
"""Of what is found: what rounding leaves of so many digits, cancellation included."""

Multiprecision = Duals


def derivatives(problem: Any) -> tuple[Any, dict[str, list[Any]]]:
    """Return the loss and, by parameter array, its partial derivatives to within `ERROR`."""
    loss = differentiate(problem, DIGITS)
    found: dict[str, list[Any]] = {}
    start = 0
    for name, array in problem.structure.check(problem.params).items():
        found[name] = list(loss.t[start : start + array.size])
        start += array.size
    return loss.v, found
