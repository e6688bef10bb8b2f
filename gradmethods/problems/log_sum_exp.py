"""The logarithm of a sum of exponentials, whose gradient is the softmax.

f(x) = m + log Σ exp(xᵢ − m), m = max x, for all real x. Written with the shift by the largest
entry, as in every library: the plain formula overflows, and the array API standard cannot reduce
with logaddexp. The derivative of the maximum must cancel; entries of the gradient differ by
orders of magnitude, so that errors of the small ones hide behind the norm.

Source: P. Blanchard, D. J. Higham and N. J. Higham, Accurately computing the log-sum-exp and
softmax functions, IMA Journal of Numerical Analysis 41 (2021) 2311-2330.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import positive


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the logarithm of the summed exponentials of `x` (n,)."""
    largest = xp.max(x)
    return largest + xp.log(xp.sum(xp.exp(x - largest)))


def draw(own: Any, _data: Any, *, n: int = 10, spread: float = 1.0) -> Problem:
    """Draw `n` normal variables of deviation `spread`.

    The smallest entries of the gradient are about exp(−3 `spread`) of the largest.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("log-sum-exp", n=2).value([1000.0, 0.0])
    np.float64(1000.0)
    """
    return Problem(loss, positive("spread", spread) * own.standard_normal(n))


FAMILY = Family(
    name="log-sum-exp",
    title="Logarithm of a sum of exponentials",
    formula=r"\log \sum_{i=1}^{n} \exp x_i",
    domain="All real x; normal variables of a chosen spread.",
    hard=(
        "The plain formula overflows; in the shifted one the derivative of the maximum must "
        "cancel. Entries of the gradient differ by orders of magnitude."
    ),
    source="Blanchard, Higham and Higham, IMA J. Numer. Anal. 41 (2021) 2311-2330.",
    draw=draw,
    place=70,
)
