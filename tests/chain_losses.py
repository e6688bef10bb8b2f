"""Losses that join many functions, with parameters and data, and how methods compare on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmethods as gm

RNG = np.random.default_rng(4)
normal = RNG.standard_normal
LOSSES: dict[str, gm.Problem] = {}


def loss(params: Any, data: Any = None, examples: Any = ()) -> Callable[..., Any]:
    """Register a loss as a problem of its name."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        LOSSES[name] = gm.Problem(function, params, data, examples=examples, name=name)
        return function

    return register


@loss({"a": normal((4, 1, 3)), "b": normal((5, 1)), "c": normal(())})
def broadcasting(params, *, xp=np):
    a, b, c = params.values()
    return xp.sum(xp.tanh(a * b + c) ** 2 / (1 + b**2))


@loss(normal((6, 3)), {"i": np.array([0, 2, 2, 5, 0, 0]), "j": np.array([1, 1, 0, 2, 1, 1])})
def repeated_indices(w, i, j, *, xp=np):
    rows = xp.sum(w[i] ** 2) * xp.sum(w[:, j][::2, :])
    return xp.sum(xp.exp(w[i, j])) + rows + xp.sum(2 * w[..., None][1:4, 0])


@loss(np.array([1.0, 1.0, 2.0, 0.0, -1.0, 0.0]))
def ties(w, *, xp=np):
    mirrored = xp.flip(w)
    pairs = xp.maximum(w, mirrored) @ np.arange(1.0, 7.0) + xp.sum(xp.minimum(w, 0.0))
    chosen = xp.where(w >= mirrored, w**2, 3 * w) + xp.abs(w) + xp.clip(w, -1, 1)
    return pairs + xp.sum(chosen) + xp.max(w) + xp.max(xp.reshape(w, (2, 3)), axis=0)[1]


@loss(normal((2, 3, 4)))
def kept_axes(w, *, xp=np):
    centred = w - xp.mean(w, axis=(0, 2), keepdims=True)
    scaled = centred * xp.max(w, axis=1, keepdims=True) / xp.sum(w**2, axis=-1, keepdims=True)
    products = xp.min(w, axis=(0, 1)) * xp.prod(w, axis=(0, 1))
    return xp.sum(scaled) + xp.sum(products) + xp.sum(xp.sum(w, axis=-2) ** 2)


@loss({"A": normal((2, 3, 4)), "B": normal((4, 2)), "v": normal(4), "C": normal((2, 1, 2, 3))})
def products(params, *, xp=np):
    A, B, v, C = params.values()
    vectors = xp.sum((A @ v) ** 2) + v @ v + xp.sum(xp.cos(v @ B)) + xp.sum(xp.vecdot(A, v)) ** 2
    matrices = xp.sum(xp.sin(A @ B)) + 0.1 * xp.sum((C @ A) ** 2) + xp.sum(A.mT @ A)
    return vectors + matrices + xp.sum(xp.tensordot(A, B, axes=([2], [0])))


@loss(normal((3, 4)))
def running_sums(w, *, xp=np):
    both = xp.exp(0.3 * xp.cumulative_sum(w, axis=1)) * xp.cumulative_sum(w, axis=0) ** 2
    return xp.sum(both) + xp.sum(xp.cumulative_sum(xp.reshape(w, (-1,)))[::3] ** 3)


@loss(normal((4, 5)), {"k": np.array([[0, 3], [4, 4], [1, 1], [2, 0]])})
def taken_entries(w, k, *, xp=np):
    taken = xp.take(w, xp.asarray([1, 1, 3]), axis=0)
    return xp.sum(xp.take_along_axis(w, k, axis=1) ** 3) + xp.sum(taken**2)


@loss(
    {"W": normal((3, 4)), "b": normal(4)},
    {"X": normal((6, 3)), "y": np.array([0, 1, 3, 3, 2, 1])},
    ("X", "y"),
)
def classes(params, X, y, *, xp=np):
    z = X @ params["W"] + params["b"]
    most = xp.max(z, axis=-1, keepdims=True)
    total = xp.squeeze(most, axis=-1) + xp.log(xp.sum(xp.exp(z - most), axis=-1))
    chosen = xp.take_along_axis(z, y[:, None], axis=1)[:, 0]
    return xp.mean(total - chosen) + 0.01 * xp.sum(params["W"] ** 2)


@loss(normal((4, 3)))
def spreads(w, *, xp=np):
    weighed = xp.sum(xp.std(w, axis=1, keepdims=True) * w)
    return xp.sum(xp.var(w, axis=0, correction=1)) + xp.std(w, correction=1.0) + weighed


@loss(
    {"w": normal(3).astype(np.float32), "b": np.float32(0.7)},
    {"x": normal((5, 3)).astype(np.float32)},
)
def single_precision(params, x, *, xp=np):
    w, b = params.values()
    return xp.mean(xp.tanh(x @ w + b) ** 2 + xp.logaddexp(b, 0.3) + xp.abs(b) ** 1.7)


@loss({"w": normal(3), "s": normal(())}, {"x": normal((7, 3)), "t": normal(7)}, ("x", "t"))
def sum_of_examples(params, x, t, *, xp=np):
    errors = x @ params["w"] * xp.exp(params["s"]) - t
    size = xp.abs(errors)
    return xp.sum(xp.where(size < 0.5, 0.5 * errors**2, 0.5 * (size - 0.25)))


@loss({"w": normal(3), "s": normal(())}, {"x": normal((7, 3)), "k": normal(2)}, "x")
def what_examples_share(params, x, k, *, xp=np):
    w, s = params.values()
    each = xp.sum(xp.sin(x * w), axis=1) * k[0] + s * k[1] + xp.max(x * w, axis=1) ** 2
    return xp.mean(each) * xp.exp(s * k[0])


@loss(normal((3, 2)), {"x": normal((6, 2, 3))}, "x")
def matrices_as_examples(w, x, *, xp=np):
    y = x @ w
    return xp.mean(xp.sqrt(xp.sum(y**2, axis=(1, 2)))) + xp.mean(xp.mean(y, axis=(1, 2)) ** 2)


@loss(normal(5), {"x": normal((8, 5)), "flag": np.array([True, False] * 4)}, ("x", "flag"))
def flags(w, x, flag, *, xp=np):
    return xp.mean(xp.where(flag, xp.exp(x @ w), (x @ w) ** 2))


@loss({"s": np.array(0.3), "t": np.array(-0.4)})
def scalars(params, *, xp=np):
    s, t = params.values()
    polar = xp.atan2(s, t) * xp.hypot(s, t) + xp.asinh(s) ** 2
    return polar + xp.abs(t) ** 1.3 + 2**s + s**t


@loss({"none": normal((0, 3)), "w": normal(2)})
def empty_axes(params, *, xp=np):
    none, w = params.values()
    joined = xp.concat([xp.reshape(none, (-1,)), w])
    rest = xp.prod(none) * w[0] + xp.sum(xp.sum(none, axis=0) + w[0])
    return xp.sum(none**2) + xp.sum(joined**3) + rest


@loss(
    normal((3, 3)),
    {"mask": np.array([[True, False, True], [True, True, False], [False, False, True]])},
)
def attention(w, mask, *, xp=np):
    scores = xp.where(mask, w, -xp.inf)
    weights = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return xp.sum((weights / xp.sum(weights, axis=1, keepdims=True) @ w) ** 2)


@loss(RNG.uniform(0.2, 1.5, 5))
def steps(w, *, xp=np):
    stepped = xp.floor(3 * w) + xp.sign(w - 0.7) * w + xp.round(w) + xp.trunc(-2 * w) + xp.ceil(w)
    logarithms = xp.expm1(w) * xp.log1p(w) + xp.log2(w) * xp.log10(w)
    inverse = xp.acosh(1 + w) + xp.atanh(w / 2) + xp.asin(w / 2) + xp.acos(w / 2)
    return xp.sum(w * stepped + logarithms + inverse)


@loss({"w": RNG.uniform(0.2, 1.5, 4), "M": normal((4, 4))})
def moved_entries(params, *, xp=np):
    w, M = params.values()
    moved = xp.roll(w, 1) * xp.flip(w) * xp.tril(M)[1] + xp.linalg.diagonal(M) * w
    repeated = xp.sum(xp.repeat(w, 2) ** 2) + xp.sum(xp.tile(w, (2, 2)) ** 3)
    stacked = xp.sum(xp.stack([w, w * 2], axis=1) ** 2) + xp.sum(xp.outer(w, w) * M)
    return xp.sum(moved) + xp.linalg.vector_norm(M) + xp.linalg.trace(M @ M) + repeated + stacked


@loss({"h": np.array([0.3, 1.0, -1.0]), "g": np.array([0.1, 1.0, 2.0])})
def logic(params, *, xp=np):
    h, g = params.values()
    chosen = xp.where((h == g) & (g > 0) | ~(h < g), h**3, g * h)
    return xp.sum(chosen + xp.astype(h > 0, h.dtype) * g + xp.where(xp.isnan(h / g), h, g))


CHAIN = gm.Analytical("chain-rule")


def vector(problem, gradient):
    structure = problem.structure
    return structure.join({"": gradient} if structure.bare else gradient)


def assert_equal_to_backprop(problem, params=None, tolerance=1e-13, **data):
    """Compare value and gradient, relative to the norm; return the prepared gradient."""
    prepared = CHAIN.prepare(problem)
    point = problem.params if params is None else params
    value, gradient = prepared(point, **data)
    expected = gm.Backprop().prepare(problem)(point, **data)
    assert value == pytest.approx(expected.value, rel=100 * tolerance, abs=0)
    ours, theirs = vector(problem, gradient), vector(problem, expected.gradient)
    assert np.linalg.norm(ours - theirs) <= tolerance * np.linalg.norm(theirs)
    return prepared


def mlp(*widths, batch=20, **options):
    return gm.problems.get("mlp", widths=widths, batch=batch, **options)
