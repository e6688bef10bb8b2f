"""Losses with a zero by value beside a slope that is infinite, where NaN is right, or is none.

The chain rule gives NaN for (√x)², and must. At the tip of a cone, as of ‖x‖, all slopes are
bounded: what is flat there, as ‖x‖², has the slope 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.trap_losses import Trap

HIDING_NOTHING: dict[str, Trap] = {}


def keep(name: str, function: Any, params: Any, data: Any = None) -> None:
    """Register a loss."""
    HIDING_NOTHING[name] = Trap(function, params, None, data or {})


keep("sqrt sq", lambda xp, w: xp.sum(xp.sqrt(w) ** 2), [0.0, 1.0])
keep("sqrt sq where", lambda xp, w: xp.sum(xp.where(w >= 0, xp.sqrt(w) ** 2, 0.0)), [0.0, 1.0])
keep("w sqrt w", lambda xp, w: xp.sum(w * xp.sqrt(w)), [0.0, 1.0])
keep("norm", lambda xp, w: xp.sqrt(xp.sum(w * w)), [0.0, 0.0])
keep("hypot", lambda xp, w: xp.hypot(w[0], w[1]), [0.0, 0.0])
keep("max sel", lambda xp, w: xp.sum(xp.maximum(xp.sqrt(w) ** 2, -1.0)), [0.0, 1.0])
keep("idx sel", lambda xp, w: (xp.sqrt(w) ** 2)[0], [0.0, 1.0])
keep("mask sel", lambda xp, w: xp.sum((w < 0.5) * xp.sqrt(w) ** 2), [0.0, 1.0])
keep(
    "sum both",
    lambda xp, w: xp.sum(xp.where(w > 2, xp.sqrt(w), 0.0) + xp.sqrt(w) * xp.sqrt(w)),
    [0.0, 1.0],
)
keep(
    "where sel sqrt", lambda xp, w: xp.sum(xp.where(w < 1, xp.sqrt(w) * xp.sqrt(w), w)), [0.0, 4.0]
)
keep("param factor", lambda xp, w: xp.sum(w[0] * xp.sqrt(w[1:])), [0.0, 0.0])
keep("atan2 at origin", lambda xp, w: w[0] * xp.atan2(w[0], w[1]), [0.0, 0.0])
keep(
    "nan param branch", lambda xp, w: xp.sum(xp.where(w >= 0, w * xp.acosh(1 + w), 0.0)), [0.0, 1.0]
)
keep("norm and more", lambda xp, w: (xp.linalg.vector_norm(w) + 1) ** 2, [0.0, 0.0])
keep(
    "cones that differ",
    lambda xp, w: xp.linalg.vector_norm(w) - xp.linalg.vector_norm(3 * w),
    [0.0, 0.0],
)
keep("root of a product", lambda xp, w: xp.sqrt(w[0] * w[1]) ** 2, [0.0, 1.0])
keep("root of a corner", lambda xp, w: xp.sum(xp.sqrt(xp.maximum(w, 0.0)) ** 2), [0.0, 1.0])
keep("root of a size", lambda xp, w: xp.sum(xp.sqrt(xp.abs(w)) ** 2), [0.0, 1.0])
keep("root of a norm", lambda xp, w: xp.sqrt(xp.linalg.vector_norm(w)) ** 2, [0.0, 0.0])
keep("angle", lambda xp, w: xp.sum(xp.acos(w) ** 2), [1.0, 0.5])
keep(
    "take sel",
    lambda xp, w, i: xp.sum(xp.take(xp.sqrt(w) ** 2, i)),
    [0.0, 4.0],
    {"i": np.array([0, 1])},
)
keep("max sel2", lambda xp, w: xp.max(xp.sqrt(w) ** 2 - 5 * w), [0.0, 1.0])
keep(
    "bool mask sel",
    lambda xp, w, m: xp.sum(m * xp.sqrt(w) ** 2),
    [0.0, 1.0],
    {"m": np.array([True, False])},
)
keep(
    "matmul sel",
    lambda xp, w, A: xp.sum(A @ xp.sqrt(w) ** 2),
    [0.0, 1.0],
    {"A": np.array([[1.0, 0.0], [0.0, 1.0]])},
)

FLAT_AT_TIPS: dict[str, Trap] = {}


def flat(name: str, function: Any, params: Any, gradient: Any = None) -> None:
    """Register a loss with its gradient, 0 if none is given."""
    params = np.array(params)
    FLAT_AT_TIPS[name] = Trap(function, params, 0 * params if gradient is None else gradient)


flat("norm squared", lambda xp, w: xp.linalg.vector_norm(w) ** 2, [0.0, 0.0])
flat(
    "norms of rows",
    lambda xp, w: xp.sum(xp.linalg.vector_norm(w, axis=1) ** 2),
    [[0.0, 0.0], [1.0, 2.0]],
    [[0.0, 0.0], [2.0, 4.0]],
)
flat("matrix norm", lambda xp, w: xp.linalg.matrix_norm(w) ** 2, [[0.0, 0.0], [0.0, 0.0]])
flat("norm of order 3", lambda xp, w: xp.linalg.vector_norm(w, ord=3) ** 2, [0.0, 0.0])
flat("hypot squared", lambda xp, w: xp.hypot(w[0], w[1]) ** 2, [0.0, 0.0])
flat("hypot of hypot", lambda xp, w: xp.hypot(xp.hypot(w[0], w[1]), w[2]) ** 2, [0.0] * 3)
flat("root of a power", lambda xp, w: (xp.sum(w**2) ** 0.5) ** 2, [0.0, 0.0])
flat("root of a product", lambda xp, w: xp.sqrt(w @ w) ** 3, [0.0, 0.0])
flat("root of squares", lambda xp, w: xp.exp(-(xp.sqrt(w[0] ** 2 + w[1] ** 2) ** 2)), [0.0, 0.0])
flat("cosine of a norm", lambda xp, w: xp.cos(xp.linalg.vector_norm(w)), [0.0, 0.0])
flat("two cones", lambda xp, w: xp.hypot(w[0], w[1]) * xp.linalg.vector_norm(2 * w), [0.0, 0.0])
flat("a cone times 0", lambda xp, w: xp.linalg.vector_norm(w[:2]) * w[2], [0.0] * 3)
flat("cones that cancel", lambda xp, w: (r := xp.sqrt(xp.sum(w * w))) - r, [0.0, 0.0])
flat("std squared", lambda xp, w: xp.std(w) ** 2, [1.5, 1.5])
flat("std of one", lambda xp, w: xp.std(w[:1]) + w[1] ** 2, [3.75, 0.5], [0.0, 1.0])
flat("var of one", lambda xp, w: xp.sum(xp.sqrt(xp.var(w[:, None], axis=1))), [3.75, 0.5])
flat(
    "Huber's loss",
    lambda xp, w: xp.where((r := xp.linalg.vector_norm(w)) < 1, r * r / 2, r - 0.5),
    [0.0, 0.0],
)
