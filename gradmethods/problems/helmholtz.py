"""The Helmholtz energy of a mixed fluid: the classical benchmark of automatic differentiation.

f(x) = RT Σ xᵢ log(xᵢ / (1 − s)) − xᵀAx / (√8 s) · log((1 + (1 + √2) s) / (1 + (1 − √2) s)) with
s = bᵀx, for xᵢ > 0 and s < 1. Every variable meets every other through s and xᵀAx: closed formulas
of the n derivatives repeat both, backpropagation computes them once.

Sources: A. Griewank, On automatic differentiation, in: Mathematical Programming: Recent
Developments and Applications, Kluwer 1989, 83-108; A. G. Baydin, B. A. Pearlmutter, A. A. Radul and
J. M. Siskind, Automatic differentiation in machine learning: a survey, JMLR 18 (2018) 153.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

GAS_CONSTANT = 8.31446261815324e-3
"""kJ / (mol K); CODATA 2018, exact."""

TEMPERATURE = 298.15
"""K, 25 °C."""


def loss(x: Any, A: Any, b: Any, RT: Any, *, xp: Any = np) -> Any:
    """Return the energy for amounts `x` (n,), attractions `A` (n, n) and volumes `b` (n,)."""
    bx = b @ x
    ideal = RT * xp.sum(x * xp.log(x / (1 - bx)))
    ratio = (1 + (1 + math.sqrt(2)) * bx) / (1 + (1 - math.sqrt(2)) * bx)
    return ideal - x @ (A @ x) / (math.sqrt(8) * bx) * xp.log(ratio)


def draw(own: Any, of_data: Any, *, n: int = 8) -> Problem:
    """Draw amounts of `n` components, with bᵀx between 0.4 and 0.6, and their constants at 25 °C.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problem = problems.get("helmholtz")
    >>> bool(problem.data["b"] @ problem.params < 1)
    True
    """
    b = of_data.uniform(0.5, 1.5, n)
    A = of_data.uniform(5, 15, (n, n))
    x = own.uniform(0.5, 1.5, n)
    x *= own.uniform(0.4, 0.6) / (b @ x)
    return Problem(loss, x, {"A": (A + A.T) / 2, "b": b, "RT": GAS_CONSTANT * TEMPERATURE})


FAMILY = Family(
    name="helmholtz",
    title="Helmholtz energy of a mixed fluid (Peng-Robinson)",
    formula=(
        r"R T \sum_{i=1}^{n} x_i \log \frac{x_i}{1 - b^\top x}"
        r" - \frac{x^\top A x}{\sqrt{8}\, b^\top x}"
        r" \log \frac{1 + (1 + \sqrt{2})\, b^\top x}{1 + (1 - \sqrt{2})\, b^\top x}"
    ),
    domain="x > 0 and bᵀx < 1; a feasible point, random constants with A symmetric.",
    hard=(
        "Every variable meets every other: closed formulas of the derivatives repeat bᵀx and "
        "xᵀAx. Steps may leave the domain."
    ),
    source="Griewank, On automatic differentiation (1989); Baydin et al., JMLR 18 (2018) 153.",
    draw=draw,
    place=60,
)
