"""The chained function of Cragg and Levy: powers from two to eight, exponentials and tangents."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum over groups of four variables that share two, of `x` (2 groups + 2,)."""
    a, b, c, d = x[:-2:2], x[1:-2:2], x[2::2], x[3::2]
    terms = (xp.exp(a) - b) ** 4 + 100 * (b - c) ** 6 + (xp.tan(c - d) + c - d) ** 4
    return xp.sum(terms + a**8 + (d - 1) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    a, b, c, d = x[:-2:2], x[1:-2:2], x[2::2], x[3::2]
    first, second = 4 * (np.exp(a) - b) ** 3, 600 * (b - c) ** 5
    third = 4 * (np.tan(c - d) + c - d) ** 3 * (2 + np.tan(c - d) ** 2)
    found = np.zeros_like(x)
    found[:-2:2] += first * np.exp(a) + 8 * a**7
    found[1:-2:2] += second - first
    found[2::2] += third - second
    found[3::2] += 2 * (d - 1) - third
    return found


FAMILY = Family(
    name="cragglvy",
    title="Chained Cragg and Levy function (CRAGGLVY)",
    formula=(
        r"\sum_{i=1}^{n/2-1} \left[(e^{x_{2i-1}} - x_{2i})^4 + 100 (x_{2i} - x_{2i+1})^6 +"
        r" (\tan(x_{2i+1} - x_{2i+2}) + x_{2i+1} - x_{2i+2})^4 + x_{2i-1}^8 + (x_{2i+2} -"
        r" 1)^2\right]"
    ),
    domain="|x₂ᵢ₊₁ − x₂ᵢ₊₂| < π/2; near the start (1, 2, …, 2).",
    hard="High powers, of which differences lose digits near 0, and poles of the tangent.",
    source="Cragg and Levy (1969); Toint (1983), problem 32; CUTEst, CRAGGLVY.",
    draw=near(loss, lambda groups: np.append(1.0, np.full(2 * groups + 1, 2.0)), groups=3),
    gradient=gradient,
)
