"""Likelihoods and models as users write them, with special functions: every method, and digits."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import special

RNG = np.random.default_rng(17)
X = RNG.normal(size=(12, 3))
COUNTS = RNG.poisson(3.0, size=12).astype(float)
SIGNS = np.where(RNG.random(12) < 0.5, -1.0, 1.0)
Y = X @ [0.7, -1.2, 0.4] + RNG.normal(size=12)


def probit(w, *, X, signs, xp=np):
    """A probit regression, whose terms reach far into the tail."""
    return -xp.mean(special.log_ndtr(signs * (X @ w) * 8))


def negative_binomial(p, *, X, counts, xp=np):
    """Counts with more variance than Poisson's."""
    mean, size = xp.exp(X @ p["w"]), xp.exp(p["log_size"])
    terms = special.gammaln(counts + size) - special.gammaln(size) - special.gammaln(counts + 1)
    terms = terms + size * xp.log(size / (size + mean))
    return -(terms + special.xlogy(counts, mean / (size + mean))).sum()


def mixture(p, *, y, xp=np):
    """Three normal components, their weights by a softmax."""
    z = (y[:, None] - p["centre"]) * xp.exp(-p["log_scale"])
    terms = special.log_softmax(p["logits"]) - p["log_scale"] - 0.5 * z**2
    return -special.logsumexp(terms, axis=1).mean()


def attention(p, *, X, y, xp=np):
    """One head of attention, and a squared error of what it reads out."""
    scores = xp.einsum("id,jd->ij", X @ p["query"], X @ p["key"]) / np.sqrt(3.0)
    read = special.softmax(scores, axis=-1) @ (X @ p["value"])
    return ((read.sum(-1) - y) ** 2).mean()


def poisson_and_quantile(p, *, X, counts, y, xp=np):
    """Poisson's likelihood of counts beside the pinball loss of the upper quartile."""
    rate = X @ p["w"]
    likelihood = xp.sum(xp.exp(rate) - counts * rate + special.gammaln(counts + 1))
    over = y - X @ p["v"]
    return likelihood + xp.sum(xp.maximum(0.75 * over, -0.25 * over)) + special.expit(p["v"]).sum()


W = np.array([0.31, -0.47, 0.12])
PROBLEMS = {
    "probit": gm.Problem(probit, W, {"X": X, "signs": SIGNS}),
    "negative binomial": gm.Problem(
        negative_binomial, {"w": W, "log_size": np.array(0.4)}, {"X": X, "counts": COUNTS}
    ),
    "mixture": gm.Problem(
        mixture,
        {"centre": W * 3, "log_scale": W, "logits": np.array([0.2, -0.3, 0.9])},
        {"y": Y},
    ),
    "attention": gm.Problem(
        attention,
        {name: RNG.normal(size=(3, 2)) for name in ("query", "key", "value")},
        {"X": X[:4], "y": Y[:4]},
    ),
    "Poisson, quantile": gm.Problem(
        poisson_and_quantile, {"w": W, "v": -W}, {"X": X, "counts": COUNTS, "y": Y}
    ),
}
EXACT = ("analytical", "analytical:chain-rule", "numerical:complex-step", "forward", "backprop")


@pytest.mark.medium
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_method_has_the_digits(name):
    """A likelihood that a user brings must not fail in one method, nor lose digits in another."""
    problem = PROBLEMS[name]
    truth = gm.certified_gradient(problem)
    sizes = {key: np.max(np.abs(x)) for key, x in problem.structure.check(truth.gradient).items()}
    assert truth.digits >= 30
    for method in EXACT:
        found = gm.get_provider(method).prepare(problem)(problem.params).gradient
        for key, error in truth.error(found).items():
            assert (np.abs(error) <= 2e-13 * sizes[key]).all(), (method, key)
    differences = gm.Numerical().prepare(problem)(problem.params).gradient
    for key, error in truth.error(differences).items():
        assert (np.abs(error) <= 1e-7 * sizes[key]).all(), key


def test_a_saturated_probit_has_finite_slopes():
    """log(ndtr(x)) is -∞ at -40, and its slope NaN: log_ndtr is what replaces it."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(special.log_ndtr(w)), np.array([-40.0, 40.0]))
    found = gm.Backprop().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found[0], 40.02496883, rtol=1e-9)
    assert 0 <= found[1] < 1e-300
