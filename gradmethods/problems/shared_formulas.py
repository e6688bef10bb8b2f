"""Formulas that several problems share, over any array namespace."""

from __future__ import annotations

from typing import Any


def sigmoid(z: Any, xp: Any) -> Any:
    r"""Return :math:`\sigma(z) = 1 / (1 + e^{-z})`, the article's activation."""
    return 1 / (1 + xp.exp(-z))


def squared_error(y: Any, t: Any, xp: Any) -> Any:
    """Return the mean of (y − t)² over all entries."""
    return xp.mean((y - t) ** 2)


def cross_entropy(y: Any, t: Any, xp: Any) -> Any:
    """Return the mean binary cross entropy of probabilities `y` against targets `t`.

    The article's form. It is infinite where a wrong probability rounds to 0 or to 1.
    """
    return -xp.mean(t * xp.log(y) + (1 - t) * xp.log(1 - y))


def logistic_loss(z: Any, t: Any, xp: Any) -> Any:
    """Return the same mean from logits `z`, with y = σ(z), finite for every finite z.

    max(z, 0) − z t + log1p(exp(−|z|)) = logaddexp(0, z) − z t. On long arrays NumPy evaluates the
    left side several times faster (its logaddexp is not vectorised), so that is what an expert
    writes. Its kinks at z = 0 cancel: with derivatives ½ of the maximum and 0 of |z| there, the
    derivative is the right one, σ(0) − t.
    """
    return xp.mean(xp.maximum(z, 0.0) - z * t + xp.log1p(xp.exp(-xp.abs(z))))


def softmax_loss(z: Any, t: Any, xp: Any) -> Any:
    """Return the mean cross entropy of the softmax of logits `z` (N, K) against `t` (N, K).

    The logarithm of the sum of exponentials is shifted by the largest logit of each row, so that it
    is finite for all finite logits; the derivative of the shift cancels.
    """
    largest = xp.max(z, axis=1, keepdims=True)
    log_sum = largest[:, 0] + xp.log(xp.sum(xp.exp(z - largest), axis=1))
    return xp.mean(log_sum - xp.sum(t * z, axis=1))
