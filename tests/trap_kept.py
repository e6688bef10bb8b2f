"""Losses with a zero by value beside an infinite slope: the chain rule gives NaN, and must."""

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
keep("norm squared", lambda xp, w: xp.linalg.vector_norm(w) ** 2, [0.0, 0.0])
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
