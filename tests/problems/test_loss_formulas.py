"""Losses of the catalogue against independent formulas, evaluated in 50 digits."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

from gradmethods import Backprop, problems
from tests.by_hand import EXACT, assert_equal, logistic_by_hand


def exact_sigma(z):
    return 1 / (1 + mpmath.exp(-z))


def exact_layer(rows, W, b, activate):
    return [
        [activate(mpmath.fdot(row, w) + bias) for w, bias in zip(W, b, strict=True)] for row in rows
    ]


def exact_mlp(params, X, t, activation, loss):
    activate = {
        "sigmoid": exact_sigma,
        "tanh": mpmath.tanh,
        "relu": lambda z: max(z, mpmath.mpf(0)),
    }
    params = {name: array.tolist() for name, array in params.items()}
    rows, layers = X.tolist(), len(params) // 2
    for k in range(1, layers):
        rows = exact_layer(rows, params[f"W{k}"], params[f"b{k}"], activate[activation])
    rows = exact_layer(rows, params[f"W{layers}"], params[f"b{layers}"], exact_sigma)
    terms = []
    for y, target in zip(itertools.chain(*rows), t.ravel().tolist(), strict=True):
        if loss == "squared-error":
            terms.append((y - target) ** 2)
        else:
            terms.append(-mpmath.log(y if target else 1 - y))
    return mpmath.fsum(terms) / t.size


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
def test_mlp_loss_is_the_formula(activation, loss):
    # If it fails, the loss behind every cost measurement is not the network that it claims to be.
    problem = problems.get("mlp", widths=(2, 4, 3, 2), batch=5, activation=activation, loss=loss)
    with mpmath.workdps(50):
        exact = exact_mlp(problem.params, **problem.data, activation=activation, loss=loss)
        assert abs(exact - float(problem.value())) <= EXACT * abs(exact)


@pytest.mark.parametrize("name", ["island", "xor"])
def test_the_articles_classifier_is_an_mlp(name):
    # If it fails, the article's network is not 2-3-1 with sigmoids and a mean cross entropy.
    problem = problems.get(name, batch=9)
    params: Any = problem.params
    params |= {"W2": params["W2"][None, :], "b2": params["b2"][None]}
    X, t = problem.data["X"], problem.data["t"][:, None]
    with mpmath.workdps(50):
        exact = exact_mlp(params, X, t, "sigmoid", "cross-entropy")
        assert abs(exact - float(problem.value())) <= EXACT * abs(exact)


def exact_smallest(params, x, t):
    w_h, b_h, w_y, b_y = (mpmath.mpf(float(params[k])) for k in ("w_h", "b_h", "w_y", "b_y"))
    h = exact_sigma(w_h * float(x) + b_h)
    return (exact_sigma(w_y * h + b_y) - float(t)) ** 2


def exact_logistic(params, X, t, penalty):
    w, b = params["w"].tolist(), float(params["b"])
    total = mpmath.mpf(0)
    for row, target in zip(X.tolist(), t.tolist(), strict=True):
        probability = exact_sigma(mpmath.fdot(row, w) + b)
        total -= mpmath.log(probability if target else 1 - probability)
    return total / len(t) + float(penalty) / 2 * mpmath.fdot(w, w)


def exact_rosenbrock(x):
    x = [mpmath.mpf(entry) for entry in x.tolist()]
    return mpmath.fsum(
        100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)
    )


def exact_helmholtz(x, A, b, RT):
    x, A, b = x.tolist(), A.tolist(), b.tolist()
    bx = mpmath.fdot(b, x)
    root = mpmath.sqrt(2)
    mixing = mpmath.fsum(entry * mpmath.log(entry / (1 - bx)) for entry in x)
    xAx = mpmath.fsum(
        p * q * A[i][j] for i, p in enumerate(x) for j, q in enumerate(map(mpmath.mpf, x))
    )
    ratio = (1 + (1 + root) * bx) / (1 + (1 - root) * bx)
    return float(RT) * mixing - xAx / (mpmath.sqrt(8) * bx) * mpmath.log(ratio)


def exact_log_sum_exp(x):
    return mpmath.log(mpmath.fsum(map(mpmath.exp, x.tolist())))


@pytest.mark.parametrize(
    ("name", "options", "exact"),
    [
        ("network-1-1-1", {}, exact_smallest),
        ("logistic-regression", {"batch": 20}, exact_logistic),
        ("rosenbrock", {}, exact_rosenbrock),
        ("helmholtz", {}, exact_helmholtz),
        ("log-sum-exp", {}, exact_log_sum_exp),
        ("log-sum-exp", {"spread": 1000.0}, exact_log_sum_exp),
    ],
)
def test_loss_is_the_formula(name, options, exact):
    # If it fails, all methods may agree on the gradient of something else.
    problem = problems.get(name, **options)
    with mpmath.workdps(50):
        value = exact(problem.params, **problem.data)
        assert abs(value - float(problem.value())) <= EXACT * abs(value)


def test_logits_stay_finite_where_probabilities_round_to_one():
    # If it fails, the stable form is not stable, or the two forms are not the same function.
    by_loss = {
        loss: problems.get("mlp", widths=(2, 1), loss=loss) for loss in ("cross-entropy", "logits")
    }
    values = {loss: problem.value() for loss, problem in by_loss.items()}
    assert values["logits"] == pytest.approx(values["cross-entropy"], rel=EXACT)
    params: Any = by_loss["logits"].params
    far = {name: 1e4 * array for name, array in params.items()}
    assert not np.isfinite(by_loss["cross-entropy"].value(far))
    value, gradient = Backprop().prepare(by_loss["logits"])(far)
    assert np.isfinite(value)
    assert_equal(gradient, stable_by_hand(far, **by_loss["logits"].data), EXACT)


def stable_by_hand(params, X, t):
    z = X @ params["W1"].T + params["b1"]
    small = np.exp(-abs(z))
    residual = (np.where(z > 0, 1, small) / (1 + small) - t) / t.size
    return {"W1": residual.T @ X, "b1": residual.sum(axis=0)}


def test_penalty_is_data():
    # If it fails, a prepared gradient has baked the penalty in.
    problem = problems.get("logistic-regression")
    gradient = Backprop().prepare(problem)(problem.params, penalty=0.7).gradient
    expected = logistic_by_hand(problem.params, **problem.data | {"penalty": 0.7})
    assert_equal(gradient, expected, EXACT)
