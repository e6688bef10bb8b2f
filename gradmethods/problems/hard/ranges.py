"""Overflow, underflow and the edges of domains: where numbers, not derivatives, run out."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems import log_sum_exp
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import (
    cross_entropy,
    logistic_loss,
    sigmoid,
    squared_error,
)

LOGITS = np.array([40.0, -800.0, 3.0])
TARGETS = np.array([0.0, 1.0, 1.0])
HUGE = np.array([750.0, 751.5, 2.0])


def from_probabilities(z: Any, t: Any, *, xp: Any = np) -> Any:
    """Evaluate the cross entropy of σ(z) as the article does."""
    return cross_entropy(sigmoid(z, xp), t, xp)


def from_logits(z: Any, t: Any, *, xp: Any = np) -> Any:
    """Evaluate the same cross entropy without forming σ(z)."""
    return logistic_loss(z, t, xp)


def squared(z: Any, t: Any, *, xp: Any = np) -> Any:
    """Square the error of σ(z)."""
    return squared_error(sigmoid(z, xp), t, xp)


def plain_log_sum_exp(x: Any, *, xp: Any = np) -> Any:
    """Evaluate log Σ exp x as it stands."""
    return xp.log(xp.sum(xp.exp(x)))


def entropy(p: Any, *, xp: Any = np) -> Any:
    """Evaluate −Σ p log p."""
    return -xp.sum(p * xp.log(p))


def root_of_squares(x: Any, *, xp: Any = np) -> Any:
    """Evaluate the Euclidean norm as it stands."""
    return xp.sqrt(xp.sum(x**2))


def parallel(params: Any, *, xp: Any = np) -> Any:
    """Evaluate xy/(x + y), the resistance of two resistors in parallel."""
    x, y = params["x"], params["y"]
    return x * y / (x + y)


def saturated_probabilities() -> Problem:
    """Be certain, and wrong, in probabilities."""
    data = {"t": TARGETS}
    return Problem(from_probabilities, LOGITS, data, name="saturated-probabilities")


def saturated_logits() -> Problem:
    """Be certain, and wrong, in logits."""
    return Problem(from_logits, LOGITS, {"t": TARGETS}, name="saturated-logits")


def overflow_in_exp() -> Problem:
    """Overflow inside a sigmoid whose value is fine."""
    point = np.array([-1000.0, 0.5])
    return Problem(squared, point, {"t": np.array([0.7, 0.2])}, name="overflow-in-exp")


def log_sum_exp_plain() -> Problem:
    """Overflow in a sum of exponentials."""
    return Problem(plain_log_sum_exp, HUGE, name="log-sum-exp-plain")


def log_sum_exp_shifted() -> Problem:
    """Shift the same exponentials by the largest."""
    return Problem(log_sum_exp.loss, HUGE, name="log-sum-exp-shifted")


def edge_of_domain() -> Problem:
    """Put one probability nearer to 0 than a step."""
    return Problem(entropy, np.array([1e-9, 0.6]), name="edge-of-domain")


def overflow_float32() -> Problem:
    """Square float32 numbers just below where that overflows."""
    return Problem(root_of_squares, np.array([1.5e19, 1e19], np.float32), name="overflow-float32")


def underflow() -> Problem:
    """Multiply numbers whose product underflows, and divide by their sum."""
    point = {"x": np.asarray(1e-200), "y": np.asarray(3e-200)}
    return Problem(parallel, point, name="underflow")


_SATURATED = "All real z; the point is (40, −800, 3) for the targets (0, 1, 1)."

CASES = (
    Family(
        name="saturated-probabilities",
        title="Cross entropy from saturated probabilities",
        formula=(r"-\frac{1}{N} \sum_k t_k \log \sigma(z_k) + (1 - t_k) \log (1 - \sigma(z_k))"),
        domain=_SATURATED,
        hard="σ(40) rounds to 1 and σ(−800) to 0, and their logarithms are infinite.",
        source="The article's loss, far from its data.",
        draw=saturated_probabilities,
    ),
    Family(
        name="saturated-logits",
        title="The same cross entropy from logits",
        formula=r"\frac{1}{N} \sum_k \max(z_k, 0) - z_k t_k + \log(1 + e^{-|z_k|})",
        domain=_SATURATED,
        hard="Nothing any more: the same function at the same point, without an overflow.",
        source="Common: what libraries call cross entropy with logits.",
        draw=saturated_logits,
    ),
    Family(
        name="overflow-in-exp",
        title="A sigmoid whose exponential overflows",
        formula=r"\frac{1}{N} \sum_k (\sigma(z_k) - t_k)^2, \quad \sigma(z) = 1 / (1 + e^{-z})",
        domain="All real z; the point is (−1000, 0.5).",
        hard=(
            "exp(1000) is infinite, and 1/(1 + ∞) = 0 is the right value all the same; the "
            "derivative, σ² e^{−z}, is 0 · ∞. The true one, 1e-435, is less than float64 holds."
        ),
        source="The article's activation, far from its data.",
        draw=overflow_in_exp,
    ),
    Family(
        name="log-sum-exp-plain",
        title="Log-sum-exp of huge logits, without the shift",
        formula=r"\log \sum_i \exp x_i",
        domain="All real x; the point is (750, 751.5, 2).",
        hard="exp(750) overflows; the loss, about 751.7, and its gradient do not.",
        source="Blanchard, Higham and Higham, IMA J. Numer. Anal. 41 (2021) 2311-2330.",
        draw=log_sum_exp_plain,
    ),
    Family(
        name="log-sum-exp-shifted",
        title="Log-sum-exp of huge logits, with the shift",
        formula=r"m + \log \sum_i \exp (x_i - m), \quad m = \max_i x_i",
        domain="All real x; the point is (750, 751.5, 2).",
        hard="Nothing any more: the same function at the same point, shifted by the largest entry.",
        source="Blanchard, Higham and Higham, IMA J. Numer. Anal. 41 (2021) 2311-2330.",
        draw=log_sum_exp_shifted,
    ),
    Family(
        name="edge-of-domain",
        title="A probability next to zero",
        formula=r"-\sum_i p_i \log p_i",
        domain="p > 0; the point is (1e-9, 0.6).",
        hard="A step of finite differences leaves the domain, or is wide beside the parameter.",
        source="Common: entropies, likelihoods and other losses with a logarithm.",
        draw=edge_of_domain,
    ),
    Family(
        name="overflow-float32",
        title="A float32 norm just below overflow",
        formula=r"\sqrt{\sum_i x_i^2}",
        domain="|x| < 1.8e19 in float32, which ends at 3.4e38; the point is (1.5e19, 1e19).",
        hard="The sum of the squares, 3.25e38, fits; a few per cent further out it overflows.",
        source="Common: half and single precision in training.",
        draw=overflow_float32,
    ),
    Family(
        name="underflow",
        title="A product that underflows",
        formula=r"x y / (x + y)",
        domain="x, y > 0; the point is x = 1e-200, y = 3e-200.",
        hard=(
            "xy underflows to 0, so that the loss is 0 in float64 for all tiny x and y. The true "
            "gradient, (y²/(x + y)², x²/(x + y)²), is of size 1."
        ),
        source="Common: products of probabilities; here two resistors in parallel.",
        draw=underflow,
    ),
)
