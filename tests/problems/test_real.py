"""Problems on real data, which need an extra; without it these tests see that it is asked for."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.app.cli import main
from gradmethods.app.runs import article
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.problems import real
from gradmethods.problems.predictions import accuracy, probabilities
from gradmethods.problems.real import SoftmaxNetwork
from gradmethods.problems.shared_formulas import softmax_loss

PRESENT = importlib.util.find_spec("sklearn") is not None
needs_data = pytest.mark.skipif(not PRESENT, reason="scikit-learn is not installed")
NAMES = ["digits", "breast-cancer"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_named_with_its_remedy(monkeypatch, capsys, name):
    # If it fails, a user without the extra gets a traceback, or never learns that there is one.
    monkeypatch.setattr(real, "PACKAGE", "no_such_package_at_all")
    assert "pip install scikit-learn" in str(problems.describe(name).missing())
    with pytest.raises(ImportError, match=r"pip install scikit-learn") as info:
        problems.get(name)
    assert isinstance(info.value, GradientError)
    assert main(["compare", name]) == 2  # known to every job, not only to the library
    assert "pip install scikit-learn" in capsys.readouterr().err
    assert main(["problems"]) == 0
    out = capsys.readouterr().out
    assert name in out
    assert "not installed" in out


def test_real_data_are_not_iterated_unless_asked_for():
    # If it fails, the table of all problems depends on what else is installed.
    assert not set(NAMES) & set(problems.names())
    assert problems.names(real=True) == [*problems.names(), *NAMES]


def synthetic(activation="tanh"):
    """The softmax network on random images: what needs no real ones."""
    rng = np.random.default_rng(3)
    params = problems.mlp.scaled_weights((5, 4, 3), activation, rng)
    data = {"X": rng.standard_normal((7, 5)), "t": np.eye(3)[rng.integers(0, 3, 7)]}
    return gm.Problem(SoftmaxNetwork(activation), params, data, examples=("X", "t"))


def by_hand(problem):
    """The gradient of the softmax network of tanh units: softmax minus indicators, backwards."""
    p, X, t = problem.params, problem.data["X"], problem.data["t"]
    h = np.tanh(X @ p["W1"].T + p["b1"])
    z = h @ p["W2"].T + p["b2"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    dz = (e / e.sum(axis=1, keepdims=True) - t) / len(t)
    dh = (dz @ p["W2"]) * (1 - h**2)
    return {"W1": dh.T @ X, "b1": dh.sum(0), "W2": dz.T @ h, "b2": dz.sum(0)}


@pytest.mark.parametrize(
    "method", ["backprop", "analytical", "analytical:chain-rule", "numerical:complex-step"]
)
def test_softmax_network_against_the_gradient_by_hand(method):
    # If it fails, a method mistakes the shift of the log-sum-exp for part of the gradient.
    problem = synthetic()
    gradient = gm.get_provider(method).prepare(problem)(problem.params).gradient
    for name, expected in by_hand(problem).items():
        assert np.allclose(gradient[name], expected, rtol=1e-12, atol=1e-15)


def test_softmax_loss_stays_finite_and_right():
    # If it fails, a network that is sure of itself has an infinite loss.
    z = np.array([[1e4, 0.0, -1e4]])
    assert softmax_loss(z, np.array([[1.0, 0.0, 0.0]]), np) == 0.0
    assert softmax_loss(z, np.array([[0.0, 1.0, 0.0]]), np) == 1e4


def test_softmax_probabilities():
    # If it fails, the accuracy on digits is that of another network.
    problem = synthetic()
    y = probabilities(problem, problem.params)
    assert y is not None
    assert np.allclose(y.sum(axis=1), 1)
    loss = -np.mean(np.log(y[problem.data["t"] == 1]))
    assert np.isclose(loss, problem.value(), rtol=1e-14)
    right = (y.argmax(axis=1) == problem.data["t"].argmax(axis=1)).mean()
    assert accuracy(problem, problem.params) == right


@needs_data
def test_digits_are_images_of_digits():
    # If it fails, the softmax network is smaller than it must be, or its classes are not digits.
    problem = problems.get("digits")
    assert problem.size == 2410
    assert problem.data["X"].shape == (200, 64)
    assert (problem.data["t"].sum(axis=1) == 1).all()
    everything = problems.get("digits", batch=1797)
    assert abs(everything.data["X"].mean()) < 1e-12
    assert abs(everything.data["X"].std() - 1) < 1e-12
    for name, expected in by_hand(problem).items():
        gradient = gm.Backprop().prepare(problem)(problem.params).gradient
        assert np.allclose(gradient[name], expected, rtol=1e-10, atol=1e-15)


@needs_data
@pytest.mark.parametrize("name", NAMES)
def test_real_problems_are_of_the_catalogue(name):
    # If it fails, seeds, batches or dtypes do not mean there what they mean elsewhere.
    a, b = problems.get(name, batch=20), problems.get(name, batch=20, seed=1)
    assert all(np.array_equal(a.params[k], problems.get(name).params[k]) for k in a.params)
    assert np.array_equal(a.data["X"], problems.get(name, batch=40).data["X"][:20])
    assert a.value() != b.value()
    assert problems.get(name, batch=20, dtype="float32").dtype == np.float32
    with pytest.raises(InvalidOption, match="batch must be at most"):
        problems.get(name, batch=2000)


@needs_data
@pytest.mark.parametrize("name", NAMES)
def test_networks_learn_real_data(name):
    # If it fails, the gradients are right and the problem is of no use.
    run = gm.train(problems.get(name, batch=200), epochs=300, rate=0.5)
    assert run.accuracy is not None
    assert run.accuracy > 0.95


@needs_data
def test_gradients_on_real_data_against_certified_ones():
    # If it fails, a method is wrong on real input, or the certificate does not see that it is.
    table = article.real_gradients(
        ["digits"], ["backprop", "analytical:chain-rule", "analytical:cse"]
    )
    table = table.set_index("provider")
    assert (table["error"].dropna() < 1e-14).all()
    assert (table["slopes"].dropna() < 1e-14).all()
    assert table["error"].notna().all()


def test_a_wrong_gradient_does_not_pass_the_sample():
    # If it fails, the errors in the table of real data are decoration.
    problem = synthetic()
    sample = gm.certified_sample(problem, components=problem.size)
    right = gm.Backprop().prepare(problem)(problem.params).gradient
    assert article.sample_errors(sample, right)["error"] < 1e-14
    wrong = right | {"b2": right["b2"] + 1e-3}
    errors = article.sample_errors(sample, wrong)
    assert errors["error"] > 1e-4
    assert errors["worst"] > 1e-4
    assert errors["slopes"] > 1e-5
