"""The twelve functions of Dixon and Maany: every variable meets ones a third of the way further.

f(x) = 1 + Σ α xᵢ² (i/n)ᵏ¹ + Σ β xᵢ² (xᵢ₊₁ + xᵢ₊₁²)² (i/n)ᵏ² + Σ γ xᵢ² xᵢ₊ₘ⁴ (i/n)ᵏ³
+ Σ δ xᵢ xᵢ₊₂ₘ (i/n)ᵏ⁴, the sums as far as xₙ, n = 3 m.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import one_of, positive

FACTORS = ((0.0, 0.125, 0.125), (0.0625,) * 3, (0.125,) * 3, (0.26,) * 3)
"""β, γ and δ of A, B, C and D, and of the letters after them; α is 1."""
POWERS = ((0, 0, 0, 0), (1, 0, 0, 1), (2, 0, 0, 2))
"""k₁ to k₄ of A to D, of E to H and of I to L; but B has k₄ = 1."""
LETTERS = "ABCDEFGHIJKL"
"""One for each function."""


def loss(letter: str, x: Any, *, xp: Any = np) -> Any:
    """Return the value at `x` (3 m,)."""
    group, kind = divmod(LETTERS.index(letter), 4)
    beta, gamma, delta = FACTORS[kind]
    powers = (0, 0, 0, 1) if letter == "B" else POWERS[group]
    n, m = x.shape[0], x.shape[0] // 3
    one, two, three, four = ((np.arange(1, n + 1) / n) ** k for k in powers)
    pairs = x[:-1] ** 2 * (x[1:] + x[1:] ** 2) ** 2
    return (
        1
        + xp.sum(one * x**2)
        + beta * xp.sum(two[:-1] * pairs)
        + gamma * xp.sum(three[: 2 * m] * x[: 2 * m] ** 2 * x[m:] ** 4)
        + delta * xp.sum(four[:m] * x[:m] * x[2 * m :])
    )


def draw(own: Any, _data: Any, *, m: int = 5, variant: str = "D", spread: float = 0.1) -> Problem:
    """Draw a point near the start (2, …, 2) for one of the `variant` A to L."""
    start = 2 * (1 + positive("spread", spread, zero=True) * own.standard_normal(3 * m))
    return Problem(partial(loss, one_of("variant", variant, LETTERS)), start)


FAMILY = Family(
    name="dixmaan",
    title="Functions of Dixon and Maany (DIXMAANA to DIXMAANL)",
    formula=(
        r"1 + \sum_{i=1}^{n} \alpha x_i^2 \left(\frac{i}{n}\right)^{k_1}"
        r" + \sum_{i=1}^{n-1} \beta x_i^2 (x_{i+1} + x_{i+1}^2)^2 \left(\frac{i}{n}\right)^{k_2}"
        r" + \sum_{i=1}^{2m} \gamma x_i^2 x_{i+m}^4 \left(\frac{i}{n}\right)^{k_3}"
        r" + \sum_{i=1}^{m} \delta x_i x_{i+2m} \left(\frac{i}{n}\right)^{k_4}"
    ),
    domain="All real x, n = 3 m; near the start (2, …, 2).",
    hard="Four sums over the same variables, shifted against one another.",
    source="Dixon and Maany (1988); CUTEst, DIXMAANA to DIXMAANL.",
    draw=draw,
)
