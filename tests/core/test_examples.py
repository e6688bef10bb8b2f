"""Which losses are means or sums over examples, and that the others are refused with their line."""

import math
from collections import Counter

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.examples import prove
from tests.example_programs import study

COUNTS = (2, 3, 7)
"""Numbers of examples: the second is also the number of features."""

NAMES = ("x", "t", "k", "keep")


def data(count, seed=0):
    """Draw examples, and what they share: a number, a row, weights as many as the examples."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.normal(size=(count, 3)),
        "t": rng.normal(size=count),
        "k": rng.integers(0, 2, count),
        "keep": rng.random(count) > 0.3,
        "lam": 0.0 if seed == 0 else 0.7,
        "row": rng.normal(size=3),
        "weights": rng.normal(size=count),
    }


def params():
    rng = np.random.default_rng(1)
    return {"w": rng.normal(size=3), "V": rng.normal(size=(2, 3)), "b": np.array(0.3)}


def declared(loss, count, seed=0):
    """Make a problem whose examples were not looked at: what numbers show is not what is proven."""

    def named(p, *, xp=np, **given):
        return loss(xp, p["w"], p["V"], p["b"], **given)

    problem = gm.Problem(named, params(), data(count, seed), name="loss")
    vars(problem).update(examples=NAMES)
    return problem


def error(xp, w, x, t, **_):
    return xp.tanh(x @ w) - t


def of(function):
    """Make a loss of a function of xp, the errors of all examples, and everything else."""

    def loss(xp, w, V, b, **d):
        return function(xp, error(xp, w, **d), w=w, V=V, b=b, **d)

    return loss


def logits(xp, V, x):
    h = x @ V.T
    return h - xp.max(h, axis=1, keepdims=True)


def cross_entropy(choose):
    def loss(xp, w, V, b, *, x, k, **_):
        z = logits(xp, V, x)
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - choose(xp, z, k))

    return loss


def recurrent(xp, w, V, b, *, x, t, **_):
    h = xp.zeros((x.shape[0], 2))
    for i in range(x.shape[1]):
        h = xp.tanh(x[:, i : i + 1] * V[:, i] + b * h)
    return xp.mean((xp.sum(h, axis=1) - t) ** 2)


def layers(xp, w, V, b, *, x, t, **_):
    h = x
    for layer in (V, V.T, V):
        h = 1 / (1 + xp.exp(-(h @ layer.T + b)))
    y = (w[:2] @ h.T)[:, None]
    return xp.mean((y - xp.reshape(t, (-1, 1))) ** 2)


def through_one_axis(xp, w, V, b, *, x, t, **_):
    rows = xp.reshape(x[:, :, None] * V.T, (-1, 2))
    back = xp.reshape(xp.tanh(rows @ V), (x.shape[0], 3, 3))
    return xp.mean((xp.sum(back, axis=(1, 2)) - t) ** 2)


def folded(xp, w, V, b, *, x, t, **_):
    return xp.mean(xp.reshape((x @ V.T - t[:, None]) ** 2, (-1,)))


def by_rows(xp, w, V, b, *, x, t, lam, **_):
    total = 0.0
    for i in range(x.shape[0]):
        total = total - ((xp.tanh(x[i : i + 1] @ w)[0] - t[i]) ** 2 * V[0, 0] + b**2)
    return -total / len(t) + lam * xp.sum(w**2)


def one_by_one(xp, w, V, b, *, x, t, **_):
    total = 0.0
    for i in range(x.shape[0]):
        total = total + (x[i] @ w - t[i]) ** 2
    return total / x.shape[0]


MEANS = {
    "mean of squares": of(lambda xp, e, **_: xp.mean(e**2)),
    "sum by their number": of(lambda xp, e, t, **_: xp.sum(e**2) / t.shape[0]),
    "sum by twice their number": of(lambda xp, e, t, **_: xp.sum(e**2) / (2 * t.shape[0])),
    "rounded reciprocal": of(lambda xp, e, t, w, lam, **_: 1 / len(t) * xp.sum(e**2) + lam * w[0]),
    "divided inside": of(lambda xp, e, t, w, lam, **_: xp.sum((e**2 + lam * w[0]) / t.shape[0])),
    "both divided": of(lambda xp, e, t, b, **_: xp.sum(0.3 * e**2 / len(t) + 0.7 * b / len(t))),
    "penalty as often": of(lambda xp, e, t, w, **_: (e @ e + len(t) * 0.1 * (w @ w)) / len(t)),
    "product with itself": of(lambda xp, e, t, **_: e @ e / (2 * t.shape[0])),
    "vecdot": of(lambda xp, e, t, **_: xp.vecdot(e, xp.exp(e)) / t.shape[0]),
    "ones times errors": of(lambda xp, e, t, **_: xp.ones(len(t)) @ e**2 / len(t)),
    "normal equations": of(lambda xp, e, x, w, **_: (x.T @ e / x.shape[0]) @ w),
    "trace of a product": of(lambda xp, e, x, V, **_: xp.linalg.trace(V @ x.T @ x @ V.T) / len(x)),
    "mean of rows": of(lambda xp, e, x, w, **_: xp.mean(x, axis=0) @ w * (w[0] + w[1])),
    "difference of means": of(lambda xp, e, **_: xp.mean(e**2) * 0.1 - xp.mean(xp.exp(e)) / 3),
    "mean times shared": of(lambda xp, e, w, b, **_: xp.exp(w[0]) * (xp.mean(xp.sin(e)) + 0.1 * b)),
    "mean or nothing": of(lambda xp, e, lam, **_: xp.where(lam > 0.5, xp.mean(e**2), 0.0)),
    "penalised": of(lambda xp, e, w, lam, **_: xp.mean(e**2) + lam * xp.sum(w * w)),
    "penalty alone": of(lambda xp, e, w, **_: xp.sum(w**2)),
    "weights transposed": of(lambda xp, e, x, V, **_: xp.mean(xp.tanh(V @ x.T) ** 2)),
    "tensordot": of(lambda xp, e, x, V, **_: xp.mean(xp.tensordot(x, V, axes=([1], [1])) ** 2)),
    "layers": layers,
    "recurrent from zeros": recurrent,
    "entries along": cross_entropy(
        lambda xp, z, k: xp.take_along_axis(z, k[:, None], axis=1)[:, 0]
    ),
    "entries of pairs": cross_entropy(lambda xp, z, k: z[xp.arange(k.shape[0]), k]),
    "one-hot rows": cross_entropy(lambda xp, z, k: xp.sum(z * xp.eye(2)[k], axis=1)),
    "compared classes": cross_entropy(
        lambda xp, z, k: xp.sum(xp.where(k[:, None] == xp.arange(2), z, 0.0), axis=1)
    ),
    "rows of a table": of(
        lambda xp, e, x, V, k, **_: xp.mean(xp.sum(xp.take(V, k, axis=0) * x, axis=1))
    ),
    "masked": of(lambda xp, e, keep, **_: xp.mean(xp.where(keep, e, e**2))),
    "mask as number": of(lambda xp, e, keep, **_: xp.mean(keep * e**2)),
    "weighted by integers": of(lambda xp, e, k, **_: xp.mean(k * e**2)),
    "repeated bias": of(lambda xp, e, b, t, **_: xp.mean((e - xp.broadcast_to(b, t.shape)) ** 2)),
    "tiled bias": of(lambda xp, e, x, w, **_: xp.mean(xp.exp(x * xp.tile(w, (x.shape[0], 1))))),
    "column of ones": of(
        lambda xp, e, x, V, **_: xp.mean(
            xp.exp(xp.concat([x, xp.ones((len(x), 1))], axis=1)[:, 2:] @ V[:, :2].T)
        )
    ),
    "columns stacked": of(
        lambda xp, e, t, **_: xp.mean(xp.max(xp.stack([e, t, t * e], axis=-1), axis=-1))
    ),
    "running sums": of(lambda xp, e, x, w, **_: xp.mean(xp.exp(xp.cumulative_sum(x * w, axis=1)))),
    "features multiplied": of(lambda xp, e, x, w, **_: xp.mean(xp.prod(x - w, axis=1))),
    "neighbouring features": of(lambda xp, e, x, w, **_: xp.mean(xp.diff(x * w, axis=1) ** 2)),
    "features rolled": of(lambda xp, e, x, w, **_: xp.mean(xp.roll(x * w, 1, axis=1) * x[:, ::-1])),
    "median of each": of(lambda xp, e, x, w, **_: xp.mean(xp.sort(xp.abs(x - w), axis=-1)[:, 1])),
    "place of the largest of each": of(
        lambda xp, e, x, w, **_: xp.mean(
            xp.take_along_axis(x * w, xp.argmax(x * w, axis=1, keepdims=True), axis=1)
        )
    ),
    "order of each": of(
        lambda xp, e, x, w, **_: xp.mean(
            xp.take_along_axis(x * w, xp.argsort(x, axis=1), axis=1)[:, 0]
        )
    ),
    "products": of(lambda xp, e, x, w, **_: xp.mean(xp.cumulative_prod(x * w, axis=1)[:, -1])),
    "a system of each": of(
        lambda xp, e, x, w, **_: xp.mean(
            xp.linalg.solve(x[:, :, None] * x[:, None, :] + xp.eye(3), w[:, None])[:, 0, 0]
        )
    ),
    "a factor of each": of(
        lambda xp, e, x, w, **_: (
            xp.mean(
                xp.linalg.cholesky(x[:, :, None] * x[:, None, :] + (1 + w[0] ** 2) * xp.eye(3)) ** 2
            )
            * 9
        )
    ),
    "one system, a column each": of(
        lambda xp, e, x, w, V, **_: xp.mean(
            xp.sum(x * xp.linalg.solve(V.T @ V + xp.eye(3), (x - w).T).T, axis=1)
        )
    ),
    "norm of each": of(lambda xp, e, x, w, **_: xp.mean(xp.linalg.vector_norm(x - w, axis=1))),
    "variance of each": of(lambda xp, e, x, w, **_: xp.mean(xp.var(x * w, axis=1))),
    "distances to centres": of(
        lambda xp, e, x, V, **_: xp.mean(xp.min(xp.sum((x[:, None, :] - V) ** 2, axis=-1), axis=1))
    ),
    "axis in front": of(
        lambda xp, e, x, V, **_: xp.mean(xp.exp(xp.expand_dims(x, axis=0) - V[:, None, :]))
    ),
    "squeezed": of(lambda xp, e, x, w, t, **_: xp.mean((xp.squeeze(x @ w[:, None]) - t) ** 2)),
    "one axis": folded,
    "one axis and back": through_one_axis,
    "a shared row": of(lambda xp, e, x, w, row, **_: xp.mean(xp.tanh((x - row) @ w))),
    "shared beside": of(lambda xp, e, weights, b, **_: xp.mean(e**2) + b * xp.max(weights)),
    "one by one": one_by_one,
    "rows one by one": by_rows,
    "unused maximum": of(lambda xp, e, **_: [xp.max(e), xp.mean(e**2)][1]),
}

SUMS = {
    "a loop over errors": of(lambda xp, e, **_: sum(v**2 for v in e)),
    "the last of all first": of(lambda xp, e, **_: sum(xp.exp(e[-1 - i]) for i in range(len(e)))),
    "sum of squares": of(lambda xp, e, **_: xp.sum(e**2)),
    "squares multiplied": of(lambda xp, e, **_: e @ e),
    "penalty for each": of(lambda xp, e, w, **_: xp.sum(e**2 + 0.1 * (w @ w))),
    "penalty by their number": of(
        lambda xp, e, w, t, **_: xp.sum(e**2) + t.shape[0] * 0.1 * (w @ w)
    ),
    "weighted sum": of(lambda xp, e, k, **_: xp.sum(k * e**2)),
}


def every_second(xp, w, V, b, *, x, **_):
    flat = xp.reshape(x * w, (-1,))
    return xp.sum(flat[::2]) + xp.sum(flat[1::2])


OTHERS = {
    "one left out": (
        of(lambda xp, e, **_: sum(e[i] ** 2 for i in range(len(e) - 1))),
        "some examples only",
    ),
    "one twice": (of(lambda xp, e, **_: sum(v**2 for v in e) + e[0] ** 2), "with others"),
    "the first squared": (
        of(lambda xp, e, **_: sum(v * (2 if i else 3) for i, v in enumerate(e))),
        "alike",
    ),
    "neighbours": (of(lambda xp, e, **_: sum(e[i] * e[i - 1] for i in range(len(e)))), "pairs"),
    "a loop and a mean": (of(lambda xp, e, **_: sum(v * xp.mean(e) for v in e)), "with others"),
    "a loop, squared": (of(lambda xp, e, **_: sum(v for v in e) ** 2), "sum over examples"),
    "squared on the way": (
        of(lambda xp, e, **_: (e[0] + e[1]) ** 2 + sum(v for v in e[2:]) * 0),
        "sum over examples",
    ),
    "coupled smoothly": (
        of(lambda xp, e, lam, **_: xp.mean(e**2) + lam * xp.sum(xp.diff(e, n=1) ** 2)),
        "some of|alike|pairs|joins",
    ),
    "coupled beyond": (
        of(lambda xp, e, **_: xp.mean(e) + xp.sum(xp.maximum(0, e[1:] * e[:-1] - 100))),
        "some of|alike|pairs|joins",
    ),
    "rolled": (
        of(lambda xp, e, **_: xp.mean(e**2 + 0 * e * xp.roll(e, 1))),
        "some of|alike|pairs|joins",
    ),
    "reversed": (of(lambda xp, e, **_: xp.mean(e * xp.flip(e))), "another order"),
    "every second": (every_second, "some of"),
    "the first": (of(lambda xp, e, x, w, **_: xp.mean(e**2) + x[0] @ w), "with others"),
    "taken by labels": (of(lambda xp, e, k, **_: xp.mean(e[k] ** 2)), "by numbers"),
    "the others of a pair": (of(lambda xp, e, x, k, V, **_: xp.mean((x @ V.T)[:, k])), "pairs"),
    "variance": (of(lambda xp, e, **_: xp.var(e)), "single ones"),
    "deviation": (of(lambda xp, e, **_: xp.std(e, correction=1)), "single ones"),
    "centred": (of(lambda xp, e, **_: xp.mean(e - xp.mean(e))), "single ones"),
    "batch norm": (
        of(lambda xp, e, x, w, **_: xp.mean(((x - xp.mean(x, axis=0)) @ w) ** 2)),
        "single ones",
    ),
    "product of means": (of(lambda xp, e, **_: xp.mean(e) * xp.mean(e**2)), "by another"),
    "squared mean": (of(lambda xp, e, **_: xp.mean(e) ** 2), "sum over examples"),
    "product of products": (of(lambda xp, e, x, w, **_: (x.T @ e) @ (x.T @ e)), "by another"),
    "root of the mean": (of(lambda xp, e, **_: xp.sqrt(xp.mean(e**2))), "xp.sqrt"),
    "norm": (of(lambda xp, e, **_: xp.linalg.vector_norm(e)), "xp.sqrt"),
    "largest": (of(lambda xp, e, **_: xp.max(e**2)), "xp.max takes an extreme"),
    "smallest in a where": (
        of(lambda xp, e, **_: xp.mean(xp.where(e > xp.min(e), e, 0))),
        "xp.min",
    ),
    "any of a mask": (
        of(lambda xp, e, keep, **_: xp.mean(e) * xp.where(xp.any(keep), 2.0, 1.0)),
        "xp.max",
    ),
    "three of a mask": (
        of(lambda xp, e, keep, **_: xp.mean(e) * xp.where(xp.sum(keep) > 2, 2.0, 1.0)),
        "> takes",
    ),
    "weights that add up to 1": (
        of(lambda xp, e, k, **_: xp.sum(k * e) / xp.sum(k)),
        "divides by a sum",
    ),
    "masked mean": (
        of(lambda xp, e, keep, **_: xp.sum(keep * e) / xp.maximum(xp.sum(keep), 1)),
        "xp.maximum",
    ),
    "softmax over examples": (
        of(lambda xp, e, **_: xp.sum(e * xp.exp(e) / xp.sum(xp.exp(e)))),
        "divides by a sum",
    ),
    "log of the mean": (of(lambda xp, e, **_: xp.log(xp.mean(xp.exp(e)))), "xp.log"),
    "contrastive": (of(lambda xp, e, **_: xp.mean(xp.logaddexp(e, xp.sum(e)))), "xp.logaddexp"),
    "products of pairs": (of(lambda xp, e, x, **_: xp.mean(xp.exp(x @ x.T)) * xp.sum(e)), "pairs"),
    "outer product": (of(lambda xp, e, **_: xp.mean(e[:, None] * e)), "pairs"),
    "attention": (of(lambda xp, e, x, w, **_: xp.sum(xp.exp((x * w) @ x.T) @ e)), "pairs"),
    "median of all": (of(lambda xp, e, **_: xp.sort(e)[1]), "puts examples in an order"),
    "order of columns": (
        of(lambda xp, e, x, w, **_: xp.mean(xp.sort(x * w, axis=0) * xp.asarray([1.0, 2.0, 3.0]))),
        "puts examples in an order",
    ),
    "largest of all": (of(lambda xp, e, **_: e[xp.argmax(e)]), "puts examples in an order"),
    "a system of all": (
        of(lambda xp, e, x, w, **_: xp.sum(xp.linalg.solve(x.T @ x + xp.eye(3), w))),
        "divides by a sum",
    ),
    "a factor of all": (
        of(lambda xp, e, x, **_: xp.sum(xp.linalg.cholesky(x @ x.T + xp.eye(len(e))) ** 2)),
        "treats the axis of the examples|pairs",
    ),
    "running sum": (of(lambda xp, e, **_: xp.mean(xp.cumulative_sum(e))), "one after another"),
    "running sum of columns": (
        of(lambda xp, e, x, w, **_: xp.mean(xp.cumulative_sum(x * w, axis=0))),
        "one after",
    ),
    "product of all": (of(lambda xp, e, **_: xp.prod(e)), "some of|alike|pairs|joins"),
    "numbered": (of(lambda xp, e, **_: xp.mean(xp.arange(e.shape[0]) * e)), "entry of its own"),
    "weights of all": (of(lambda xp, e, weights, **_: xp.mean(weights * e)), "entry of its own"),
    "weights times errors": (of(lambda xp, e, weights, **_: weights @ e), "entry of its own"),
    "weights of all, as shares": (
        of(lambda xp, e, weights, **_: xp.mean(e**2) + xp.sum(weights * e)),
        "entry of",
    ),
    "identity times errors": (
        of(lambda xp, e, **_: xp.sum((xp.eye(len(e)) @ e) ** 2)),
        "entry of its own",
    ),
    "joined": (of(lambda xp, e, t, **_: xp.sum(xp.concat([e, t]) ** 2)), "joins examples"),
    "joined and cut": (
        of(lambda xp, e, t, **_: xp.sum(xp.concat([e, t])[: len(t)])),
        "joins examples",
    ),
    "sum and a penalty": (of(lambda xp, e, w, **_: xp.sum(e**2) + w @ w), "how many"),
    "mean and a share": (of(lambda xp, e, w, t, **_: xp.mean(e**2) + (w @ w) / len(t)), "how many"),
    "logarithm of their number": (
        of(lambda xp, e, t, b, **_: xp.mean(e**2) + b * math.log(len(t))),
        "how many",
    ),
    "temperature": (of(lambda xp, e, t, **_: xp.mean(xp.exp(e / len(t)))), "how many"),
    "one fewer": (of(lambda xp, e, t, **_: xp.sum(e**2) / (len(t) + 1)), "times their sum"),
    "another loss for many": (
        of(lambda xp, e, t, **_: xp.mean(e**2 if len(t) < 2 else abs(e))),
        "how many",
    ),
}


@pytest.mark.parametrize("count", COUNTS)
def test_losses_that_are_means_and_sums(count):
    """An ordinary loss must not be refused because of how it is written."""
    found = {name: prove(declared(loss, count)) for name, loss in (MEANS | SUMS).items()}
    assert found == dict.fromkeys(MEANS, "mean") | dict.fromkeys(SUMS, "sum")


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", OTHERS)
def test_losses_that_are_not(name, count):
    """What is accepted and is no mean gets the gradient of another loss, silently."""
    loss, words = OTHERS[name]
    with pytest.raises(gm.InvalidProblem, match=words) as caught:
        prove(declared(loss, count))
    told = "[test_examples.py:" in str(caught.value)
    assert told == (words not in ("times their sum", "some examples only"))


@pytest.mark.medium
@pytest.mark.parametrize("name", MEANS | SUMS)
def test_formulas_of_one_serve_all(name):
    """The formulas of one example must be those of all: at other data, integers and weights."""
    problem = declared((MEANS | SUMS)[name], 7)
    prepared = gm.Analytical("chain-rule").prepare(problem)
    whole = gm.Backprop().prepare(problem)
    for seed in (0, 2):
        given = data(7, seed)
        value, gradient = prepared(problem.params, **given)
        expected = whole(problem.params, **given)
        assert value == pytest.approx(expected.value, rel=1e-12)
        for key, array in gradient.items():
            np.testing.assert_allclose(array, expected.gradient[key], rtol=1e-10, atol=1e-13)


@pytest.mark.medium
def test_random_losses_that_are_proven_are_what_they_are_said_to_be():
    """The table holds what somebody thought of; a rule may be wrong where nobody did."""
    outcomes = Counter(map(study, range(200)))
    assert outcomes["WRONG"] == 0
    assert outcomes["mean"] + outcomes["sum"] > 50
    assert outcomes["needlessly"] < 15
