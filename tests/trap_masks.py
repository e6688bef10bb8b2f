"""Losses whose masks, indices or data hide what has no finite slope, with gradients by hand."""

from __future__ import annotations

import numpy as np

from tests.trap_losses import trap


def rodrigues(xp, w, p):
    square = xp.sum(w * w)
    angle, turns = xp.sqrt(square), square > 0
    a = xp.where(turns, xp.sin(angle) / angle, 1 - square / 6)
    b = xp.where(turns, (1 - xp.cos(angle)) / square, 0.5 - square / 24)
    cross = xp.stack(
        [w[1] * p[2] - w[2] * p[1], w[2] * p[0] - w[0] * p[2], w[0] * p[1] - w[1] * p[0]]
    )
    turned = p + a * cross + b * (w * xp.sum(w * p) - square * p)
    return xp.sum(turned * xp.asarray([1.0, 2.0, 3.0]))


def masked_rows(xp, x, M):
    z = x + M
    m = xp.max(z, axis=1)
    live = m > -1e30
    m = xp.where(live, m, 0.0)
    return xp.sum(xp.where(live, m + xp.log(xp.sum(xp.exp(z - m[:, None]), axis=1)), 0.0))


def masked_softmax(xp, x, M):
    z = x + M
    e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
    s = e / xp.sum(e, axis=1, keepdims=True)
    return xp.sum(xp.where(M > -1, s, 0.0)[:, 1])


def shared_root(xp, w, c):
    r = xp.sqrt(w)
    return xp.sum(xp.where(c, r, 0.0)) + xp.sum(c * r)


def masked_network(xp, w, X, t):
    r = xp.tanh(X @ w["W"] + w["b"]) - t
    whole = xp.logical_not(xp.any(xp.isnan(X), axis=1, keepdims=True))
    return xp.sum(xp.where(whole & xp.logical_not(xp.isnan(t)), r * r, 0.0))


Z = np.tanh(2.5)
SLOPE = 2 * (Z - 1) * (1 - Z**2)
trap(
    "network with missing data",
    masked_network,
    {"W": np.array([[1.0, 2.0], [0.5, -1.0]]), "b": np.array([0.5, 1.5])},
    {"W": np.array([[SLOPE, 0], [2 * SLOPE, 0]]), "b": np.array([SLOPE, 0])},
    {"X": np.array([[1.0, 2.0], [np.nan, 1.0]]), "t": np.array([[1.0, np.nan], [np.nan, 2.0]])},
)
trap(
    "mask times parameter times steep",
    lambda xp, w, m: xp.sum(m * w * xp.acos(w)),
    [1.0, 0.0],
    [0, np.pi / 2],
    {"m": np.array([False, True])},
)
trap(
    "selected factor times steep",
    lambda xp, w: xp.sum(xp.where(w > 0, w, 0.0) * xp.sqrt(w)),
    [0.0, 4.0],
    [0, 3.0],
)
trap(
    "root of a masked sum",
    lambda xp, w, m: xp.sum(xp.sqrt(xp.sum(m * w, axis=1))) + xp.sum(w),
    [[1.0, 2.0], [3.0, 4.0]],
    [[1, 1], [1 + 0.5 / np.sqrt(3), 1]],
    {"m": np.array([[0.0, 0.0], [1.0, 0.0]])},
)
trap(
    "dist where",
    lambda xp, w: xp.sum(
        xp.where(
            xp.eye(2) == 1, 0.0, xp.sqrt(xp.sum((w[:, None, :] - w[None, :, :]) ** 2, axis=-1))
        )
    ),
    [[0.0, 0.0], [3.0, 4.0]],
    [[-1.2, -1.6], [1.2, 1.6]],
)
trap(
    "dist bool",
    lambda xp, w: xp.sum(
        (xp.eye(2) == 0) * xp.sqrt(xp.sum((w[:, None, :] - w[None, :, :]) ** 2, axis=-1))
    ),
    [[0.0, 0.0], [3.0, 4.0]],
    [[-1.2, -1.6], [1.2, 1.6]],
)
trap(
    "dist float",
    lambda xp, w: xp.sum(
        (1 - xp.eye(2)) * xp.sqrt(xp.sum((w[:, None, :] - w[None, :, :]) ** 2, axis=-1))
    ),
    [[0.0, 0.0], [3.0, 4.0]],
    [[-1.2, -1.6], [1.2, 1.6]],
)
trap(
    "dist data",
    lambda xp, w, M: xp.sum(M * xp.sqrt(xp.sum((w[:, None, :] - w[None, :, :]) ** 2, axis=-1))),
    [[0.0, 0.0], [3.0, 4.0]],
    [[-1.2, -1.6], [1.2, 1.6]],
    {"M": 1 - np.eye(2)},
)
trap("getitem", lambda xp, w: xp.sum(xp.sqrt(w)[1:]), [0.0, 4.0], [0, 0.25])
trap(
    "take data",
    lambda xp, w, i: xp.sum(xp.log(w)[i]),
    [0.0, 4.0],
    [0, 0.5],
    {"i": np.array([1, 1])},
)
trap("rodrigues", rodrigues, [0.0, 0, 0], [-8.5, 0.5, 2.5], {"p": np.array([0.5, -1.5, 2.0])})
trap(
    "late nan",
    lambda xp, w, X, t: xp.sum(xp.where(xp.isnan(t), 0.0, (X @ w - t) ** 2)),
    [1.0, 2.0],
    [2 * (1 + 2 - 1) * 1, 2 * (1 + 2 - 1) * 1.0],
    {"X": np.array([[1.0, 1], [2, 3]]), "t": np.array([1.0, np.nan])},
)
trap(
    "late nan X",
    lambda xp, w, X, t, v: xp.sum(xp.where(v, (X @ w - t) ** 2, 0.0)),
    [1.0, 2.0],
    [4.0, 4.0],
    {
        "X": np.array([[1.0, 1], [2, np.nan]]),
        "t": np.array([1.0, np.nan]),
        "v": np.array([True, False]),
    },
)
trap(
    "late tanh",
    lambda xp, w, X, v: xp.sum(xp.where(v, xp.tanh(w * X), 0.0)),
    1.0,
    1 / np.cosh(1) ** 2,
    {"X": np.array([1.0, np.nan]), "v": np.array([True, False])},
)
trap(
    "norm mask",
    lambda xp, w, m: xp.linalg.vector_norm(m * w) + xp.sum(w),
    [1.0, 2.0],
    [1, 1],
    {"m": np.zeros(2)},
)
trap(
    "xent",
    lambda xp, w, y: -xp.sum(xp.log(w)[xp.arange(2), y]),
    [[0.0, 4.0], [2.0, 0.0]],
    [[0, -0.25], [-0.5, 0]],
    {"y": np.array([1, 0])},
)
trap(
    "logdead",
    lambda xp, x, M, live: xp.sum(xp.where(live, xp.logaddexp((x + M)[:, 0], (x + M)[:, 1]), 0.0)),
    [[1.0, 1.0], [2.0, 3.0]],
    [[0.5, 0.5], [0, 0]],
    {"M": np.array([[0.0, 0], [-np.inf, -np.inf]]), "live": np.array([True, False])},
)
trap(
    "matmul mask",
    lambda xp, w, A: xp.sum(A @ xp.sqrt(w)),
    [0.0, 4.0],
    [0, 0.75],
    {"A": np.array([[0.0, 1.0], [0.0, 2.0]])},
)
trap(
    "concat",
    lambda xp, w: xp.sum(xp.concat([xp.sqrt(w), xp.square(w)])[1:3]),
    [0.0, 1.0],
    [0.0, 0.5],
)
trap("cumsum", lambda xp, w: xp.cumulative_sum(xp.sqrt(w))[0], [4.0, 0.0], [0.25, 0.0])
trap(
    "M sqrt(w) data0",
    lambda xp, w, M: xp.sum(M * xp.sqrt(w)),
    [0.0, 4.0],
    [0, 0.25],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "M pow",
    lambda xp, w, M: xp.sum(M * w**0.25),
    [0.0, 1.0],
    [0, 0.25],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "M acos",
    lambda xp, w, M: xp.sum(M * xp.acos(w)),
    [1.0, 0.0],
    [0, -1],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "M hypot",
    lambda xp, w, M: xp.sum(M * xp.hypot(w[:, 0], w[:, 1])),
    [[0.0, 0], [3, 4.0]],
    [[0, 0], [0.6, 0.8]],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "M atan2",
    lambda xp, w, M: xp.sum(M * xp.atan2(w[:, 0], w[:, 1])),
    [[0.0, 0], [3, 4.0]],
    [[0, 0], [4 / 25, -3 / 25]],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "vecdot",
    lambda xp, w, M: xp.vecdot(M, xp.sqrt(w)),
    [0.0, 4.0],
    [0, 0.25],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "einsum-ish",
    lambda xp, w, M: M @ xp.sqrt(w),
    [0.0, 4.0],
    [0, 0.25],
    {"M": np.array([0.0, 1.0])},
)
trap(
    "M*X nan-free norm rows",
    lambda xp, w, m: xp.sum(m * xp.linalg.vector_norm(w, axis=1)),
    [[0.0, 0], [3, 4.0]],
    [[0, 0], [0.6, 0.8]],
    {"m": np.array([0.0, 1.0])},
)
trap(
    "xlogy data",
    lambda xp, w, d: xp.sum(xp.where(d > 0, d * xp.log(d / w), w)),
    [2.0, 4.0],
    [1, -0.75],
    {"d": np.array([0.0, 3.0])},
)
trap(
    "pow base data",
    lambda xp, w, d: xp.sum(xp.where(d > 0, d**w, w)),
    [2.0, 3.0],
    [1, 8 * np.log(2)],
    {"d": np.array([-1.0, 2.0])},
)
trap(
    "sqrt(w)**p data",
    lambda xp, w, p: xp.sum(xp.sqrt(w) ** p),
    [0.0, 4.0],
    [0, 1.0],
    {"p": np.array([0.0, 2.0])},
)
trap(
    "2d index",
    lambda xp, w: xp.sqrt(w)[1, 0] + xp.log(w)[0, 1],
    [[0.0, 2.0], [4.0, 0.0]],
    [[0, 0.5], [0.25, 0]],
)
trap(
    "mask taken",
    lambda xp, w: xp.sum(xp.take(xp.log(w), xp.asarray(np.flatnonzero([0, 1, 1])))),
    [0.0, 2.0, 4.0],
    [0, 0.5, 0.25],
)
trap(
    "along",
    lambda xp, w, i: xp.sum(xp.take_along_axis(xp.sqrt(w), i, axis=1)),
    [[0.0, 4.0], [1.0, 0.0]],
    [[0, 0.25], [0.5, 0]],
    {"i": np.array([[1], [0]])},
)
trap(
    "repeat idx",
    lambda xp, w, i: xp.sum(xp.sqrt(w)[i]),
    [0.0, 4.0],
    [0, 0.75],
    {"i": np.array([1, 1, 1])},
)
trap("stack", lambda xp, w: xp.stack([xp.sqrt(w), xp.log(w)])[1, 1], [0.0, 4.0], [0, 0.25])
trap(
    "triu",
    lambda xp, w: xp.sum(
        xp.where(
            xp.asarray(np.triu(np.ones((2, 2)), 1)) > 0,
            xp.sqrt(xp.abs(w[:, None] - w[None, :])),
            0.0,
        )
    ),
    [0.0, 4.0],
    [-0.25, 0.25],
)
trap(
    "xp.triu",
    lambda xp, w: xp.sum(xp.triu(xp.sqrt(xp.square(w[:, None] - w[None, :])), k=1)),
    [0.0, 4.0],
    [-1, 1],
)
trap(
    "self attn masked",
    masked_rows,
    [[1.0, 2.0], [0.3, -1.0]],
    [[1 / (1 + np.e), 1 / (1 + 1 / np.e)], [0, 0]],
    {"M": np.array([[0.0, 0.0], [-np.inf, -np.inf]])},
)
trap(
    "softmax masked row",
    masked_softmax,
    [[1.0, 2.0], [0.3, -1.0]],
    [[-np.e / (1 + np.e) ** 2, np.e / (1 + np.e) ** 2], [0, 0]],
    {"M": np.array([[0.0, 0.0], [-np.inf, -np.inf]])},
)
trap(
    "inf data",
    lambda xp, w, d: xp.sum(xp.where(xp.isfinite(d), w * d, 0.0)),
    [2.0, 3.0],
    [0, 5],
    {"d": np.array([np.inf, 5.0])},
)
trap(
    "inf data min",
    lambda xp, w, d: xp.sum(xp.minimum(w * d, 7.0 * w)),
    [2.0, 3.0],
    [7, 5],
    {"d": np.array([np.inf, 5.0])},
)
trap(
    "nan sin",
    lambda xp, w, d: xp.sum(xp.where(xp.equal(d, d), xp.sin(w * d), w)),
    [2.0, 3.0],
    [1, 5 * np.cos(15)],
    {"d": np.array([np.nan, 5.0])},
)
trap(
    "nan sum axis",
    lambda xp, w, d: xp.sum(xp.where(xp.any(xp.isnan(d), axis=1), 0.0, xp.sum(w * d * d, axis=1))),
    [2.0, 3.0],
    [1, 4],
    {"d": np.array([[np.nan, 5.0], [1.0, 2.0]])},
)
trap(
    "nan matmul left",
    lambda xp, w, d, v: xp.sum(xp.where(v[None, :], w @ d, 0.0)),
    [[2.0, 3.0]],
    [[1, 4]],
    {"d": np.array([[1.0, np.nan], [4.0, 2.0]]), "v": np.array([True, False])},
)
trap("shared root", shared_root, [0.0, 4.0], [0, 0.5], {"c": np.array([False, True])})
trap(
    "bcast",
    lambda xp, w, c: xp.sum(xp.where(c, xp.sqrt(w), 1.0)),
    [[0.0], [4.0]],
    [[0], [0.5]],
    {"c": np.array([[False, False], [True, True]])},
)
trap(
    "reshape",
    lambda xp, w: xp.sum(xp.reshape(xp.sqrt(w), (4,))[1::2]),
    [[0.0, 4.0], [0.0, 1.0]],
    [[0, 0.25], [0, 0.5]],
)
trap("cum mid", lambda xp, w: xp.cumulative_sum(xp.sqrt(w))[1], [4.0, 1.0, 0.0], [0.25, 0.5, 0])
trap(
    "matmul row",
    lambda xp, w: (xp.asarray([[0.0, 1.0], [1.0, 0.0]]) @ xp.sqrt(w))[0],
    [0.0, 4.0],
    [0, 0.25],
)
trap(
    "matmul active",
    lambda xp, w: (w["a"] @ xp.sqrt(w["b"]))[0, 0],
    {"a": np.array([[1.0, 2.0]]), "b": np.array([[1.0, 0.0], [4.0, 0.0]])},
    {"a": np.array([[1.0, 2]]), "b": np.array([[0.5, 0], [0.5, 0]])},
)
trap(
    "div 0 num",
    lambda xp, w, a: xp.sum(a / (1 + xp.sqrt(w))),
    [0.0, 4.0],
    [0, -0.25 / 9],
    {"a": np.array([0.0, 1.0])},
)
trap(
    "logaddexp -np.inf",
    lambda xp, w, m: xp.sum(xp.where(m, xp.logaddexp(xp.log(w), xp.log(w)), 0.0)),
    [0.0, 2.0],
    [0, 0.5],
    {"m": np.array([False, True])},
)
