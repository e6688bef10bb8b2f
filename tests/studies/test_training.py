"""Gradient descent with any provider."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption, ShapeMismatch, UnknownName
from gradmethods.problems.predictions import accuracy, probabilities
from gradmethods.report.article.training import parting_frame, remarks, training_table
from gradmethods.studies import training
from gradmethods.studies.seeds import diagnosis, hessian, seed_study
from gradmethods.studies.training import DIVERGED, INTERRUPTED, train, train_together
from gradmethods.timing.counts import counted
from tests.failing import Interrupting


def sigma(z):
    return 1 / (1 + np.exp(-z))


def by_hand(problem, epochs):
    """The article's forward pass, backward pass and descent, in its own array form."""
    p, X, t = dict(problem.params), problem.data["X"], problem.data["t"]
    for _ in range(epochs):
        h = sigma(X @ p["W1"].T + p["b1"])
        y = sigma(h @ p["W2"] + p["b2"])
        dz = (y - t) / len(t)
        dh = np.outer(dz, p["W2"]) * h * (1 - h)
        gradient = {"W1": dh.T @ X, "b1": dh.sum(0), "W2": h.T @ dz, "b2": dz.sum()}
        p = {name: p[name] - gradient[name] for name in p}
    return p


@pytest.mark.parametrize("name", ["island", "xor", "moons"])
@pytest.mark.parametrize("method", ["backprop", "analytical", "numerical"])
def test_descent_is_the_articles(name, method):
    # If it fails, what is called training here is another iteration than the article's.
    problem = gm.problems.get(name, batch=40)
    run = train(problem, method, epochs=30)
    for key, expected in by_hand(problem, 30).items():
        assert np.allclose(run.params[key], expected, rtol=0, atol=1e-8)


@pytest.mark.medium
def test_methods_stay_together_over_the_articles_epochs():
    # If it fails, three methods that agree at one point train different networks.
    problem = gm.problems.get("island")
    a, b, c = train_together(problem, ["backprop", "analytical", "numerical"], epochs=2000)
    assert a.epochs == b.epochs == c.epochs == 2000
    assert abs(a.losses - b.losses).max() < 1e-13
    assert 0 < abs(a.losses - c.losses).max() < 1e-8
    assert a.accuracy is not None
    assert a.accuracy >= 0.95


def test_a_trajectory_is_what_it_says():
    # If it fails, losses belong to other weights than those that stand beside them.
    problem = gm.problems.get("xor", batch=40)
    run = train(problem, epochs=25)
    assert len(run.losses) == len(run.points) == 26
    assert len(run.seconds) == run.epochs == 25
    for loss, point in zip(run.losses, run.points, strict=True):
        assert math.isclose(problem.value(run.at(point)), loss, rel_tol=1e-14)
    assert np.array_equal(run.points[-1], run.last)
    assert np.array_equal(run.points[0], problem.structure.join(problem.params))


def test_passes_are_those_that_were_made():
    # If it fails, the cost of a trajectory is a claim instead of a count.
    problem, counter = counted(gm.problems.get("xor", batch=20))
    run = train(problem, gm.Numerical(step=1e-6), epochs=7)  # a given step takes no passes to find
    assert counter.calls - 1 == run.passes == 7 * 27  # one more for the last loss
    assert train(problem, "analytical", epochs=3).passes == 0


def test_long_trajectories_are_thinned(monkeypatch):
    # If it fails, training a large network fills the memory with its past.
    problem = gm.problems.get("island", batch=20)
    whole = train(problem, epochs=20)
    monkeypatch.setattr(training, "KEPT", 8 * 13 * 8)
    run = train(problem, epochs=20)
    assert run.every == 3
    assert np.array_equal(run.points, whole.points[::3])
    assert np.array_equal(run.last, whole.last)
    assert np.array_equal(run.losses, whole.losses)


def test_an_interrupt_keeps_what_there_is():
    # If it fails, stopping a long run loses it.
    problem = gm.problems.get("island", batch=20)
    a, b = train_together(problem, ["backprop", Interrupting(3)], epochs=10)
    assert (a.epochs, b.epochs) == (3, 2)
    assert a.stopped == b.stopped == INTERRUPTED
    assert len(b.losses) == len(b.points) == 3
    assert b.passes is None  # a provider from elsewhere need not count
    assert np.array_equal(a.points[:3], b.points)


def test_an_interrupt_ends_a_study(monkeypatch):
    # If it fails, a run that its user cut short counts among those that failed, and the rest go on.
    interrupting = Interrupting(3)
    monkeypatch.setattr(gm.Backprop, "prepare", interrupting.prepare)
    with pytest.raises(KeyboardInterrupt):
        seed_study("island", range(3), epochs=5)
    assert interrupting.calls == 3


def test_a_descent_that_diverges_says_so():
    # If it fails, weights of NaN are drawn as if they had been learnt.
    problem = gm.Problem(lambda w, xp=np: xp.sum(w**4), np.array([2.0, 1.0]), name="steep")
    run = train(problem, epochs=50, rate=10.0)
    assert run.stopped == DIVERGED
    assert 0 < run.epochs < 50
    assert np.isfinite(run.last).all()
    assert np.isfinite(run.losses[:-1]).all()
    assert run.accuracy is None


def test_what_is_written_of_a_descent_that_diverges_warns_of_nothing_but_the_rate():
    """If infinities were subtracted, a beginner's first answer would be two warnings of NumPy's."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(w**4), np.array([2.0, 1.0]), name="steep")
    runs = train_together(problem, ["backprop", "numerical"], epochs=50, rate=10.0)
    data, _ = training_table(runs)
    assert not data["loss_parts"].isna().any()
    assert not parting_frame(runs)["weights"].isna().any()
    (words,) = remarks(runs)
    assert "steps with ε = 10 are too long. Try a smaller rate." in words


def test_single_precision_stays_single():
    # If it fails, float32 networks are trained in another precision than they are differentiated.
    run = train(gm.problems.get("xor", batch=20, dtype="float32"), epochs=5)
    assert run.last.dtype == run.points.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"epochs": 0}, InvalidOption),
        ({"epochs": 1.5}, InvalidOption),
        ({"rate": math.nan}, InvalidOption),
        ({"rate": -1.0}, InvalidOption),
        ({"provider": "backprp"}, UnknownName),
    ],
)
def test_bad_options_are_refused(options, error):
    # If it fails, a typing error becomes a run of hours or of nothing.
    with pytest.raises(error):
        train(gm.problems.get("island"), **options)
    with pytest.raises(InvalidOption, match="nothing to train with"):
        train_together(gm.problems.get("island"), [])


# -- flat gradients for optimisers


def test_flat_is_the_same_gradient():
    # If it fails, an optimiser descends along a permuted gradient.
    problem = gm.problems.get("island", batch=20)
    prepared = gm.Backprop().prepare(problem)
    vector = problem.structure.join(problem.params) + 0.1
    value, flat = prepared.flat(vector)
    result = prepared(problem.structure.split(vector))
    assert value == result.value
    assert type(value) is float
    assert np.array_equal(flat, problem.structure.join(result.gradient))
    single = gm.Backprop().prepare(gm.problems.get("island", batch=20, dtype="float32"))
    assert single.flat(vector)[1].dtype == np.float64
    with pytest.raises(ShapeMismatch, match="vector"):
        prepared.flat(vector[:-1])


def test_flat_takes_other_data():
    # If it fails, mini-batches cannot be optimised over.
    problem, other = (gm.problems.get("xor", batch=20, seed=seed) for seed in (0, 1))
    prepared = gm.Backprop().prepare(problem)
    vector = problem.structure.join(problem.params)
    assert prepared.flat(vector, **other.data)[0] == prepared(problem.params, **other.data).value


def test_scipy_minimises_with_a_prepared_gradient():
    # If it fails, the example of the documentation does not run.
    optimize = pytest.importorskip("scipy.optimize")
    problem = gm.problems.get("rosenbrock", n=6)
    found = optimize.minimize(gm.Backprop().prepare(problem).flat, problem.params, jac=True)
    assert np.allclose(found.x, 1, atol=1e-4)


# -- predictions


@pytest.mark.parametrize("name", ["island", "mlp"])
def test_probabilities_are_those_in_the_loss(name):
    # If it fails, maps and accuracies show another network than the one that is trained.
    problem = gm.problems.get(name)
    y, t = probabilities(problem, problem.params), problem.data["t"]
    assert y is not None
    t = t.reshape(y.shape)
    loss = -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))
    assert math.isclose(loss, problem.value(), rel_tol=1e-13)


def test_accuracy_rejects_nan():
    # If it fails, a network of NaN is right about every example of class 0.
    problem = gm.problems.get("island")
    broken = {name: np.full_like(w, np.nan) for name, w in problem.params.items()}
    assert accuracy(problem, broken) == 0.0
    rosenbrock = gm.problems.get("rosenbrock")
    assert accuracy(rosenbrock, rosenbrock.params) is None


# -- many seeds


def test_a_hessian_of_differences():
    # If it fails, a saddle is called a minimum.
    matrix = np.array([[2.0, -1.0], [-1.0, -3.0]])
    found = hessian(lambda x: matrix @ x, np.array([0.3, 40.0]))
    assert np.allclose(found, matrix, atol=1e-9)


@pytest.mark.medium
def test_runs_that_fail_are_looked_at():
    # If it fails, the share of successes comes without a reason for the rest.
    table = seed_study("moons", [0, 3], epochs=2000).set_index("seed")
    assert table["good"].tolist() == [True, False]
    assert table.loc[3, "kind"] == "saddle"
    assert table.loc[3, "least_curvature"] < 0 < table.loc[3, "largest_curvature"]
    assert table.loc[3, "later_accuracy"] > table.loc[3, "accuracy"]
    assert np.isnan(table.loc[0, "gradient_norm"])


def test_a_moving_run_is_told_from_a_resting_one():
    # If it fails, a run that was merely stopped early counts as a local minimum.
    assert diagnosis(train(gm.problems.get("xor"), epochs=3))["kind"] == "moving"
