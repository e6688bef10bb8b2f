"""Kinks, ties and branches: what a derivative rule says where there is no derivative, or near it.

The convention of the suite at ties stands in `gradmethods.xp.primitives`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

HAIR = 1e-9
"""Far nearer to the kink than any step of finite differences, and far from it for float64."""
JOIN = 0.2
"""Where the logarithm gives way to its tangent."""


def rectified(x: Any, *, xp: Any = np) -> Any:
    """Sum the positive entries."""
    return xp.sum(xp.maximum(x, 0.0))


def largest(x: Any, *, xp: Any = np) -> Any:
    """Take the largest entry."""
    return xp.max(x)


def continued_log(x: Any, *, xp: Any = np) -> Any:
    """Sum log x, continued by its tangent below `JOIN`."""
    return xp.sum(xp.where(x > JOIN, xp.log(x), x / JOIN + (np.log(JOIN) - 1)))


def norm(x: Any, *, xp: Any = np) -> Any:
    """Take the Euclidean norm."""
    return xp.linalg.vector_norm(x)


def brightness(gamma: Any, x: Any, *, xp: Any = np) -> Any:
    """Sum x to the power gamma."""
    return xp.sum(x**gamma)


def relu_at_kink() -> Problem:
    """Rectify an entry that is exactly 0."""
    return Problem(rectified, np.array([0.0, 0.7, -0.4]), name="relu-at-kink")


def relu_beside_kink() -> Problem:
    """Rectify two entries a hair from 0, one on each side."""
    return Problem(rectified, np.array([HAIR, -HAIR]), name="relu-beside-kink")


def max_tie() -> Problem:
    """Take the largest of three entries, two of which are equal."""
    return Problem(largest, np.array([0.3, 0.7, 0.7]), name="max-tie")


def where_infinite_branch() -> Problem:
    """Select the tangent at 0, where the logarithm that is not selected is infinite."""
    return Problem(continued_log, np.array([0.0, 0.4, 0.9]), name="where-infinite-branch")


def norm_at_origin() -> Problem:
    """Take the norm of the zero vector."""
    return Problem(norm, np.zeros(2), name="norm-at-origin")


def power_at_zero() -> Problem:
    """Raise data, 0 among them, to a power that is a parameter."""
    data = {"x": np.array([0.0, 0.3, 0.8])}
    return Problem(brightness, np.asarray(2.2), data, name="power-at-zero")


CASES = (
    Family(
        name="relu-at-kink",
        title="A ReLU exactly at its kink",
        formula=r"\sum_i \max(x_i, 0)",
        domain="All real x; the point is (0, 0.7, −0.4).",
        hard="The slope is 0 to the left of 0 and 1 to the right; at 0 there is none.",
        source=(
            "D. Bertoin, J. Bolte, S. Gerchinovitz and E. Pauwels, Numerical influence of ReLU′(0) "
            "on backpropagation, NeurIPS 2021."
        ),
        draw=relu_at_kink,
    ),
    Family(
        name="relu-beside-kink",
        title="A ReLU a hair beside its kink",
        formula=r"\sum_i \max(x_i, 0)",
        domain="All real x; the point is (1e-9, −1e-9).",
        hard="The kink lies within the steps of finite differences; the derivative exists.",
        source="Common: any network with ReLUs has units near their kinks.",
        draw=relu_beside_kink,
    ),
    Family(
        name="max-tie",
        title="A maximum over entries that tie",
        formula=r"\max_i x_i",
        domain="All real x; the point is (0.3, 0.7, 0.7).",
        hard="Each of the two largest entries has slope 1 upwards and 0 downwards.",
        source="Common: max pooling over equal activations.",
        draw=max_tie,
    ),
    Family(
        name="where-infinite-branch",
        title="A branch that is infinite where it is not selected",
        formula=r"\sum_i \log x_i \text{ if } x_i > 0.2 \text{ else } x_i / 0.2 + \log 0.2 - 1",
        domain="All real x; the point is (0, 0.4, 0.9).",
        hard=(
            "At 0 the other branch, log x, is −∞ with an infinite slope, and 0 · ∞ is NaN: a rule "
            "that multiplies by the mask spoils the derivative of the branch that was selected."
        ),
        source="Common: a logarithm or root guarded by `where`.",
        draw=where_infinite_branch,
    ),
    Family(
        name="norm-at-origin",
        title="The norm at the origin",
        formula=r"\sqrt{\sum_i x_i^2}",
        domain="All real x; the point is (0, 0).",
        hard="The tip of a cone: every direction goes up with slope 1, so there is no gradient.",
        source="Common: distances between equal points, regularisers at zero weights.",
        draw=norm_at_origin,
    ),
    Family(
        name="power-at-zero",
        title="Zero to a power that is a parameter",
        formula=r"\sum_k x_k^y",
        domain="y > 0; the point is 2.2, the data are (0, 0.3, 0.8).",
        hard=(
            "The derivative, x^y log x, is 0 · ∞ at x = 0; but 0 to every positive power is 0, so "
            "this term is 0."
        ),
        source="Common: gamma corrections of images, which have black pixels.",
        draw=power_at_zero,
    ),
)
