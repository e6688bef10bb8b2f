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
from gradmethods.problems.options import floating, generators, positive, whole


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the logarithm of the summed exponentials of `x` (n,)."""
    largest = xp.max(x)
    return largest + xp.log(xp.sum(xp.exp(x - largest)))


def log_sum_exp(
    *, n: int = 10, spread: float = 1.0, seed: int = 0, dtype: Any = "float64"
) -> Problem:
    """Make the log-sum-exp of `n` normal variables.

    Parameters
    ----------
    n : int
        Number of variables.
    spread : float
        Standard deviation of the variables. The smallest entries of the gradient are about
        exp(−3 `spread`) of the largest.
    seed : int
        Decides the point.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    Problem
        One bare parameter array of shape (n,), no data.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("log-sum-exp", n=2).value([1000.0, 0.0])
    np.float64(1000.0)
    """
    rng, _ = generators(seed)
    x = positive("spread", spread) * rng.standard_normal(whole("n", n, least=1))
    return Problem(loss, x.astype(floating(dtype)), name="log-sum-exp")


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
    build=log_sum_exp,
    place=70,
)
