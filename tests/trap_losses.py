"""Losses with a finite gradient at a point where a branch that nothing selects has none.

Each entry gives the loss, the point and the gradient there, by hand: only what is selected counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gradmethods as gm


@dataclass(frozen=True)
class Trap:
    """A loss, a point and the gradient there; none where NaN is right."""

    function: Callable[..., Any]
    params: Any
    gradient: Any = None
    data: dict[str, Any] = field(default_factory=dict)

    def problem(self, dtype: Any) -> gm.Problem:
        """Return the problem in a dtype."""

        def loss(w: Any, *, xp: Any = np, **data: Any) -> Any:
            return self.function(xp, w, **data)

        def cast(x: Any) -> Any:
            x = np.asarray(x)
            return x if x.dtype.kind in "bi" else x.astype(dtype)

        params = self.params
        point = (
            {k: cast(v) for k, v in params.items()} if isinstance(params, dict) else cast(params)
        )
        return gm.Problem(loss, point, {name: cast(x) for name, x in self.data.items()})


TRAPS: dict[str, Trap] = {}


def trap(name: str, function: Any, params: Any, gradient: Any, data: Any = None) -> None:
    """Register a loss with its gradient."""
    TRAPS[name] = Trap(function, params, gradient, data or {})


def normalised(xp, w):
    n = xp.sqrt(xp.sum(w * w, axis=1, keepdims=True))
    return xp.sum(xp.where(n > 0, w / n, w) * xp.asarray([1.0, 2.0]))


def coulomb(xp, w):
    d = w[:, None, :] - w[None, :, :]
    r = xp.sqrt(xp.sum(d * d, axis=-1))
    return xp.sum(xp.where(r > 0, 1 / r, 0.0))


def slerp(xp, c):
    angle = xp.acos(c)
    return xp.where(c < 1, xp.sin(0.25 * angle) / xp.sin(angle), 0.25 * c)


def roots(xp, w):
    x = w
    for _ in range(3):
        x = xp.where(x > 0, xp.sqrt(x), 2 * x)
    return xp.sum(x)


for weights, slopes in (((0.0, 1.0, 2.0), (2 / 3, 0.0, 1 / 2)), ((1.0, 2.0, 0.0), (0.0, 0.0, 1.0))):
    trap(
        f"sorted, weights {weights}",
        lambda xp, w, weights=weights: xp.sum(
            xp.sort(xp.where(w > 0, xp.log(w), 0.0)) * xp.asarray(weights)
        ),
        np.array([3.0, 0.0, 2.0]),
        np.array(slopes),
    )

trap(
    "where sqrt neg",
    lambda xp, w: xp.sum(xp.where(w > 0, xp.sqrt(w), 0.0)),
    [-1.0, 0.25, 0.0],
    [0, 1.0, 0],
)
trap("where 1/x", lambda xp, w: xp.sum(xp.where(w == 0, 2 * w, 1 / w)), [0.0, 2.0], [2, -0.25])
trap(
    "where log", lambda xp, w: xp.sum(xp.where(w > 0, xp.log(w), w)), [0.0, -1.0, 2.0], [1, 1, 0.5]
)
trap("elu", lambda xp, w: xp.sum(xp.where(w > 0, w, xp.exp(w) - 1)), [800.0, -1.0], [1, np.exp(-1)])
trap(
    "acosh",
    lambda xp, w: xp.sum(xp.where(w > 1, xp.acosh(w), w * w)),
    [1.0, 0.5, 2.0],
    [2, 1.0, 1 / np.sqrt(3)],
)
trap(
    "atanh",
    lambda xp, w: xp.sum(xp.where(xp.abs(w) < 1, xp.atanh(w), w)),
    [1.0, 0.5, 2.0],
    [1, 1 / 0.75, 1],
)
trap(
    "acos clip out",
    lambda xp, w: xp.sum(xp.acos(xp.clip(w, -1.0, 1.0))),
    [2.0, 0.5, -3.0],
    [0, -1 / np.sqrt(0.75), 0],
)
trap("sqrt max", lambda xp, w: xp.sum(xp.sqrt(xp.maximum(w, 0.0))), [-1.0, 4.0], [0, 0.25])
trap("max sqrt", lambda xp, w: xp.sum(xp.maximum(xp.sqrt(w), 0.5)), [0.0, 4.0], [0, 0.25])
trap("min log", lambda xp, w: xp.sum(xp.maximum(xp.log(w), -10.0)), [0.0, 4.0], [0, 0.25])
trap("max reduce sqrt", lambda xp, w: xp.max(xp.sqrt(w)), [0.0, 4.0], [0, 0.25])
trap(
    "sqrt max reduce",
    lambda xp, w: xp.max(xp.sqrt(xp.sum(w * w, axis=1))),
    [[0.0, 0.0], [3.0, 4.0]],
    [[0, 0], [0.6, 0.8]],
)
trap(
    "nested",
    lambda xp, w: xp.sum(xp.where(w > 1, w, xp.where(w > 0, xp.sqrt(w), 3 * w))),
    [-8.0, 0.25, 2.0, 0.0],
    [3, 1, 1, 3],
)
trap(
    "bump where",
    lambda xp, w: xp.sum(xp.where(w > 0, xp.exp(-1 / w), 0.0)),
    [0.0, 1.0, -0.001],
    [0, np.exp(-1), 0],
)
trap(
    "bump max",
    lambda xp, w: xp.sum(xp.exp(-1 / xp.maximum(w, 0.0))),
    [1.0, -0.001],
    [np.exp(-1), 0],
)
trap("bump bool", lambda xp, w: xp.sum((w > 0) * xp.exp(-1 / w)), [0.0, 1.0], [0, np.exp(-1)])
trap("hypot", lambda xp, w: xp.sum(xp.where(w > 0, xp.hypot(w, 0 * w), -w)), [0.0, 4.0], [-1, 1])
trap("pow", lambda xp, w: xp.sum(xp.where(w > 0, w**0.5, w)), [0.0, 4.0], [1, 0.25])
trap("pow var", lambda xp, w: xp.where(w[0] > 0, w[0] ** w[1], w[0]), [-1.0, 0.5], [1, 0])
trap("log1/max", lambda xp, w: xp.sum(xp.log(1 / xp.maximum(w, 1e-30))), [-1.0, 2.0], [0, -0.5])
trap("where mid", lambda xp, w: xp.sum(xp.sqrt(xp.where(w > 0, w, 0.0))), [-1.0, 4.0], [0, 0.25])
trap(
    "atan2",
    lambda xp, w: xp.where(w[0] ** 2 + w[1] ** 2 > 0, xp.atan2(w[0], w[1]), w[0] + 2 * w[1]),
    [0.0, 0.0],
    [1, 2],
)
trap(
    "where norm rows",
    lambda xp, w: xp.sum(
        xp.where(xp.sum(w * w, axis=1) > 0, xp.linalg.vector_norm(w, axis=1), 0.0)
    ),
    [[0.0, 0], [3, 4.0]],
    [[0, 0], [0.6, 0.8]],
)
trap(
    "normalise",
    normalised,
    [[0.0, 0], [3, 4.0]],
    [[1, 2], [0.8**2 / 5 - 0.6 * 0.8 / 5 * 2, -0.6 * 0.8 / 5 + 2 * 0.36 / 5]],
)
trap(
    "sinc",
    lambda xp, w: xp.sum(xp.where(w == 0, 1.0, xp.sin(w) / w)),
    [0.0, 2.0],
    [0, np.cos(2) / 2 - np.sin(2) / 4],
)
trap(
    "xlogx",
    lambda xp, w: xp.sum(xp.where(w > 0, w * xp.log(w), 0.0)),
    [0.0, 2.0],
    [0, 1 + np.log(2)],
)
trap(
    "log1p", lambda xp, w: xp.sum(xp.where(w > -1, xp.log1p(w), w)), [-1.0, -3.0, 1.0], [1, 1, 0.5]
)
trap(
    "asin", lambda xp, w: xp.sum(xp.where(xp.abs(w) < 1, xp.asin(w), w)), [1.0, 2.0, 0.0], [1, 1, 1]
)
trap("tan", lambda xp, w: xp.sum(xp.where(w < 1, xp.tan(w), w)), [1e300, 0.0], [1, 1])
trap("sinh", lambda xp, w: xp.sum(xp.where(w < 1, xp.sinh(w), w)), [1000.0, 0.0], [1, 1])
trap("expm1", lambda xp, w: xp.sum(xp.where(w < 1, xp.expm1(w), w)), [1000.0, 0.0], [1, 1])
trap(
    "exp sqrt",
    lambda xp, w: xp.sum(xp.where(w < 1, xp.sqrt(xp.exp(w) - 1), w)),
    [1000.0, np.log(2.0)],
    [1, 1],
)
trap(
    "softplus where",
    lambda xp, w: xp.sum(xp.where(w > 20, w, xp.log(1 + xp.exp(w)))),
    [1000.0, 0.0],
    [1, 0.5],
)
trap(
    "softplus log1p",
    lambda xp, w: xp.sum(xp.where(w > 20, w, xp.log1p(xp.exp(w)))),
    [1000.0, 0.0],
    [1, 0.5],
)
trap(
    "stable sigmoid",
    lambda xp, w: xp.sum(xp.where(w >= 0, 1 / (1 + xp.exp(-w)), xp.exp(w) / (1 + xp.exp(w)))),
    [800.0, -1.0, 1.0],
    [0, 0.19661193324148185, 0.19661193324148185],
)
trap(
    "tanh spelled",
    lambda xp, w: xp.sum(
        xp.where(xp.abs(w) < 5, (xp.exp(w) - xp.exp(-w)) / (xp.exp(w) + xp.exp(-w)), 1.0)
    ),
    [800.0, -0.5],
    [0, 1 / np.cosh(0.5) ** 2],
)
trap(
    "pow -1.5",
    lambda xp, w: xp.sum(xp.where(w > 0, w ** (-1.5), w)),
    [0.0, -1.0, 4.0],
    [1, 1, -1.5 * 4 ** (-2.5)],
)
trap("pow 400", lambda xp, w: xp.sum(xp.where(w < 2, w**400, w)), [10.0, 1.0], [1, 400])
trap(
    "clip sqrt",
    lambda xp, w: xp.sum(xp.sqrt(xp.clip(w, 0.0, 9.0))),
    [-1.0, 4.0, 12.0],
    [0, 0.25, 0],
)
trap(
    "clip outer",
    lambda xp, w: xp.sum(xp.clip(xp.log(w), -3.0, 3.0)),
    [0.0, 2.0, 1000000000.0],
    [0, 0.5, 0],
)
trap(
    "asin clip",
    lambda xp, w: xp.sum(xp.asin(xp.clip(w, -1.0, 1.0))),
    [5.0, 0.5],
    [0, 1 / np.sqrt(0.75)],
)
trap(
    "atanh clip",
    lambda xp, w: xp.sum(xp.where(xp.abs(w) >= 1, 7.0, xp.atanh(xp.clip(w, -1.0, 1.0)))),
    [5.0, 0.5],
    [0, 1 / 0.75],
)
trap(
    "angle",
    lambda xp, w: xp.acos(xp.clip(xp.sum(w * xp.asarray([2.0, 0.0])), -1.0, 1.0)) + xp.sum(w),
    [3.0, 1.0],
    [1, 1],
)
trap("min reduce", lambda xp, w: xp.min(xp.acosh(w) - 5 * (w > 1)), [2.0, 1.0], [1 / np.sqrt(3), 0])
trap(
    "max axis",
    lambda xp, w: xp.sum(xp.max(xp.sqrt(w), axis=1)),
    [[0.0, 1.0], [4.0, 0.0]],
    [[0, 0.5], [0.25, 0]],
)
trap("max tie", lambda xp, w: xp.max(xp.sqrt(w)), [0.0, 4.0, 4.0], [0, 0.125, 0.125])
trap(
    "max in where",
    lambda xp, w: xp.where(xp.max(w) > 0, xp.max(xp.sqrt(w)), 0.0),
    [0.0, 4.0],
    [0, 0.25],
)
trap("inf norm", lambda xp, w: xp.linalg.vector_norm(xp.sqrt(w), ord=np.inf), [0.0, 4.0], [0, 0.25])
trap(
    "pairwise 1/r",
    coulomb,
    [[0.0, 0.0], [3.0, 4.0]],
    [[0.6 / 25 * 2, 0.8 / 25 * 2], [-0.6 / 25 * 2, -0.8 / 25 * 2]],
)
trap(
    "coulomb eye",
    lambda xp, w: xp.sum(
        xp.where(
            xp.asarray(np.eye(2, dtype=bool)),
            0.0,
            1 / xp.sqrt(xp.sum((w[:, None, :] - w[None, :, :]) ** 2, axis=-1)),
        )
    ),
    [[0.0, 0.0], [3.0, 4.0]],
    [[0.6 / 25 * 2, 0.8 / 25 * 2], [-0.6 / 25 * 2, -0.8 / 25 * 2]],
)
trap(
    "deep chain",
    lambda xp, w: xp.sum(xp.where(w > 0, xp.log(xp.sqrt(xp.acosh(1 + xp.sqrt(w)))), 0 * w)),
    [0.0],
    [0],
)
trap(
    "acosh tie?",
    lambda xp, w: xp.sum(xp.where(w > 2, xp.acosh(w) ** 0.5, w**2)),
    [1.0, 1.5],
    [2, 3],
)
trap(
    "heaviside",
    lambda xp, w: xp.sum(xp.astype(w > 0, w.dtype) * xp.sqrt(xp.abs(w))),
    [-0.0, 4.0],
    [0, 0.25],
)
trap("relu sqrt", lambda xp, w: xp.sum(xp.maximum(w, 0.0) ** 0.5), [-2.0, 4.0], [0, 0.25])
trap("hinge pow", lambda xp, w: xp.sum(xp.maximum(1 - w, 0.0) ** 1.5), [2.0, 0.0], [0, -1.5])
trap("log max", lambda xp, w: xp.sum(xp.log(xp.maximum(w, 1e-12)) * (w > 0)), [-1.0, 2.0], [0, 0.5])
trap("smin", lambda xp, w: xp.sum(xp.minimum(xp.exp(w), 5.0)), [1000.0, 1.0], [0, np.e])
trap(
    "huberlike",
    lambda xp, w: xp.sum(xp.where(xp.abs(w) <= 1, 0.5 * w * w, xp.sqrt(w * w))),
    [0.0, 3.0],
    [0, 1],
)
trap("quat slerp", slerp, 1.0, 0.25)
trap("var", lambda xp, w: xp.where(xp.var(w) > 0, xp.std(w), xp.sum(w)), [1.5, 1.5], [1, 1])
trap(
    "prod",
    lambda xp, w: xp.where(xp.any(w == 0), 3.0 * w[1], xp.prod(w) / w[0]),
    [0.0, 2.0],
    [0, 3],
)
trap("selections in a loop", roots, [-1.0, 0.25], [8.0, 0.125 * 0.25 ** (-7 / 8)])


def distances(xp, w):
    return xp.sqrt(xp.sum((w[:, None] - w[None, :]) ** 2, axis=-1))


trap("x - x", lambda xp, w: xp.sum(xp.sqrt(w - w) + w), [1.0, -2.0], [1.0, 1.0])
trap(
    "distances with the diagonal",
    lambda xp, w: xp.sum(distances(xp, w)),
    [[0.0], [3.0], [4.0]],
    [[-4.0], [0.0], [4.0]],
)
trap(
    "exponentials of distances",
    lambda xp, w: xp.sum(xp.exp(-distances(xp, w))),
    [[0.0], [1.0]],
    [[2 * np.exp(-1)], [-2 * np.exp(-1)]],
)
trap(
    "hypot of differences",
    lambda xp, w: xp.sum(xp.hypot(w[:, None, 0] - w[:, 0], w[:, None, 1] - w[:, 1])),
    [[0.0, 0.0], [3.0, 4.0]],
    [[-1.2, -1.6], [1.2, 1.6]],
)
trap(
    "differences of a matrix and its transpose",
    lambda xp, w: xp.sum(xp.sqrt(xp.abs(w - w.T))),
    [[1.0, 4.0], [3.0, 7.0]],
    [[0.0, 1.0], [-1.0, 0.0]],
)
