"""Likelihoods as users write them, through all methods."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import special
from tests.entries import poison_rules
from tests.likelihoods import PROBLEMS

EXACT = (
    "backprop",
    "forward",
    "numerical:complex-step",
    "analytical:chain-rule",
    "analytical",
)
DIFFERENCES = ("numerical:central", "numerical:central[reuse]", "numerical:richardson")


@cache
def certificate(name):
    return gm.certified_gradient(PROBLEMS[name])


def error(name, method):
    """Return the largest error of a method's gradient beside the gradient's largest entry."""
    problem, truth = PROBLEMS[name], certificate(name)
    gradient = gm.get_provider(method).prepare(problem)(problem.params).gradient
    size = max(np.abs(x).max() for x in problem.structure.check(truth.gradient).values())
    return max(np.abs(x).max() for x in truth.error(gradient).values()) / size


@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_methods_have_all_digits(name):
    """A user who brings a likelihood with a factor, a determinant or eigenvalues would leave."""
    assert certificate(name).digits >= 30
    for method in EXACT:
        assert error(name, method) < 5e-15, method


@pytest.mark.parametrize("name", PROBLEMS)
def test_differences_have_theirs(name):
    """Differences see functions of matrices as plain NumPy has them, by reuse too."""
    for method in DIFFERENCES:
        assert error(name, method) < 1e-9, method


@pytest.mark.parametrize("n", [10, 30])
def test_formulas_of_larger_covariances(n, monkeypatch):
    """Users' covariances have tens of rows; a formula that borrowed a rule would prove nothing."""
    rng = np.random.default_rng(n)

    def loss(p, X, *, xp=np):
        S = xp.exp(-((p["x"][:, None] - p["x"]) ** 2)) + 0.1 * xp.eye(n)
        L = xp.linalg.cholesky(S)
        z = xp.linalg.solve(L, (X - p["mu"]).T)
        by_system = (X[0] - p["mu"]) @ xp.linalg.solve(S, X[1] - p["mu"])
        return xp.sum(z * z) / 2 + 3 * xp.sum(xp.log(xp.linalg.diagonal(L))) + by_system

    params = {"x": 3 * rng.normal(size=n), "mu": rng.normal(size=n)}
    problem = gm.Problem(loss, params, {"X": rng.normal(size=(3, n))})
    expected = gm.Forward().prepare(problem)(params).gradient
    poison_rules(monkeypatch, "vjp", "jvp")
    prepared = gm.Analytical("chain-rule").prepare(problem)
    assert "cholesky_adjoint([[" in prepared.source()
    found = prepared(params).gradient
    for key, gradient in expected.items():
        np.testing.assert_allclose(
            found[key], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max()
        )


def test_a_likelihood_is_a_sum_over_examples():
    """Examples go through a triangular system as columns: `examples` must not be refused."""

    def loss(p, X, *, xp=np):
        C = xp.linalg.cholesky(p["A"] @ p["A"].T + xp.eye(2))
        z = xp.linalg.solve(C, (X - p["mu"]).T)
        log_det = xp.linalg.slogdet(C).logabsdet
        return xp.mean(0.5 * xp.sum(z * z, axis=0)) + log_det

    rng = np.random.default_rng(0)
    params = {"A": rng.normal(size=(2, 2)), "mu": rng.normal(size=2)}
    problem = gm.Problem(loss, params, {"X": rng.normal(size=(5, 2))}, examples="X")
    by_formula = gm.Analytical().prepare(problem)(params).gradient
    by_sweep = gm.Backprop().prepare(problem)(params).gradient
    for name in params:
        np.testing.assert_allclose(by_formula[name], by_sweep[name], rtol=1e-13)


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, X, *, xp=np: xp.linalg.slogdet((X - p).T @ (X - p) + xp.eye(2)).logabsdet,
        lambda p, X, *, xp=np: xp.mean(xp.linalg.solve(X @ X.T + 9 * xp.eye(X.shape[0]), X @ p)),
        lambda p, X, *, xp=np: xp.mean(xp.linalg.svdvals(X * p)),
    ],
    ids=["determinant of a scatter", "system of examples", "values of all examples"],
)
def test_matrices_of_all_examples_are_no_sum(loss):
    """A batch of such a loss has another gradient than its parts: a proof of it would be wrong."""
    X = np.random.default_rng(1).normal(size=(6, 2))
    with pytest.raises(gm.InvalidProblem, match=r"not a mean or a sum|could not be proven"):
        gm.Analytical().prepare(gm.Problem(loss, np.array([0.3, -0.7]), {"X": X}, examples="X"))


def test_a_saturated_probit_has_finite_slopes():
    """log(ndtr(x)) is -∞ at -40, and its slope NaN: log_ndtr is what replaces it."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(special.log_ndtr(w)), np.array([-40.0, 40.0]))
    found = gm.Backprop().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found[0], 40.02496883, rtol=1e-9)
    assert 0 <= found[1] < 1e-300
