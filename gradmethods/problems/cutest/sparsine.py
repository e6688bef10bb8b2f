"""Sums of six sines at scattered places, squared: a sparse Hessian without pattern."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

STRIDES = (2, 3, 5, 7, 11)


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return ½ Σ i (Σ over k = 1, 2, 3, 5, 7, 11 of sin x at k i − 1 mod n, + 1)² at `x` (n,)."""
    n = x.shape[0]
    i = np.arange(1, n + 1)
    sines = xp.sin(x)
    total = sines
    for stride in STRIDES:
        total = total + sines[(stride * i - 1) % n]
    return xp.sum(i * total**2) / 2


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    i = np.arange(1, len(x) + 1)
    places = [i - 1, *((stride * i - 1) % len(x) for stride in STRIDES)]
    weighted = i * sum(np.sin(x)[place] for place in places)
    found = np.zeros_like(x)
    for place in places:
        np.add.at(found, place, weighted)
    return found * np.cos(x)


FAMILY = Family(
    name="sparsine",
    title="Sparse sines (SPARSINE)",
    formula=(
        r"\frac{1}{2} \sum_{i=1}^{n} i \left(\sum_{k \in \{1, 2, 3, 5, 7, 11\}} \sin x_{(k i - 1)"
        r" \bmod n + 1}\right)^2"
    ),
    domain="All real x; near the start (½, …, ½).",
    hard="Entries are gathered by index, some of them twice, and their slopes must be added.",
    source="CUTEst, SPARSINE.",
    draw=near(loss, lambda n: np.full(n, 0.5), n=10),
    gradient=gradient,
)
