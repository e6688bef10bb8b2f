"""Likelihoods and models as users write them, with matrices and special functions.

`python -m tests.likelihoods` writes `docs/likelihoods.md`: the digits of every method on each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods import special
from gradmethods.providers.attempt import OBSTACLE
from gradmethods.providers.registry import traits
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import VARIANTS, reference_record
from gradmethods.truth.verdict import UNDECIDED
from tests.catalogue_table import MARKS, cell

HEAD = f"""# Likelihoods and models as users write them

Written by `python -m tests.likelihoods`, which holds the losses. A number is the correct digits of
a gradient, relative to its norm, held against the certified one, whose digits are in the last
column. `{MARKS[UNDECIDED]}` is not decided, `{MARKS[OBSTACLE]}` no gradient: formulas written out
in full, each use of a factor by itself, are too long.
"""


def gaussian(p, X, *, xp=np):
    """The negative log-likelihood of a normal distribution, by the Cholesky factor."""
    n, d = X.shape
    A = xp.tril(p["A"], k=-1) + xp.exp(p["log_diagonal"]) * xp.eye(d)
    C = xp.linalg.cholesky(A @ A.T)
    z = xp.linalg.solve(C, (X - p["mu"]).T)
    return 0.5 * xp.sum(z * z) + n * xp.sum(xp.log(xp.linalg.diagonal(C)))


def gaussian_process(p, X, y, *, xp=np):
    """The negative log marginal likelihood, with a length scale for each feature."""
    d = (X[:, None, :] - X[None, :, :]) * xp.exp(-p["scales"])
    K = xp.exp(p["variance"] - 0.5 * xp.sum(d * d, axis=-1))
    L = xp.linalg.cholesky(K + xp.exp(p["noise"]) * xp.eye(X.shape[0]))
    a = xp.linalg.solve(L.T, xp.linalg.solve(L, y))
    return 0.5 * (y @ a) + xp.sum(xp.log(xp.linalg.diagonal(L)))


def kalman_filter(p, y, *, xp=np):
    """The negative log-likelihood of a local linear trend, by its innovations."""
    F, H = xp.asarray([[1.0, 1.0], [0.0, 1.0]]), xp.asarray([[1.0, 0.0]])
    Q, R = xp.exp(p["q"])[:, None] * xp.eye(2), xp.exp(p["r"]) * xp.eye(1)
    m, P, total = p["m"], 2.0 * xp.eye(2), 0.0
    for t in range(y.shape[0]):
        m, P = F @ m, F @ P @ F.T + Q
        S, e = H @ P @ H.T + R, y[t] - H @ m
        total = total + xp.linalg.slogdet(S).logabsdet + e @ xp.linalg.solve(S, e)
        gain = P @ H.T @ xp.linalg.inv(S)
        m, P = m + gain @ e, (xp.eye(2) - gain @ H) @ P
    return 0.5 * total


def principal_components(w, X, *, xp=np):
    """What two principal components leave of weighted data, and the variance that they have."""
    Y = X * xp.exp(w)
    values, V = xp.linalg.eigh(Y.T @ Y / X.shape[0])
    onto = V[:, -2:] @ V[:, -2:].T
    return xp.sum((Y - Y @ onto) ** 2) + xp.sum(xp.log(values[-2:]))


def canonical_correlation(p, X, Y, *, xp=np):
    """The sum of the canonical correlations of two views, by singular values."""
    A, B = xp.tanh(X @ p["A"]), xp.tanh(Y @ p["B"])
    A, B = A - xp.mean(A, axis=0), B - xp.mean(B, axis=0)
    first = xp.linalg.cholesky(A.T @ A + 0.1 * xp.eye(2))
    second = xp.linalg.cholesky(B.T @ B + 0.1 * xp.eye(2))
    T = xp.linalg.solve(second, xp.linalg.solve(first, A.T @ B).T).T
    return -xp.sum(xp.linalg.svdvals(T))


def smoothing_spline(p, x, t, *, xp=np):
    """Generalised cross-validation of a penalised spline with knots that are parameters."""
    hinges = xp.maximum(x[:, None] - p["knots"], 0.0) ** 3
    B = xp.concat([xp.ones((x.shape[0], 1)), x[:, None], hinges], axis=1)
    G = B.T @ B + xp.exp(p["penalty"]) * xp.eye(B.shape[1])
    H = B @ xp.linalg.solve(G, B.T)
    r = t - H @ t
    return x.shape[0] * xp.sum(r * r) / (x.shape[0] - xp.linalg.trace(H)) ** 2


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


def hidden_markov(p, *, y, xp=np):
    """A hidden Markov model with normal emissions, by the forward recursion."""
    moves, first = special.log_softmax(p["moves"], axis=1), special.log_softmax(p["first"])
    z = (y[:, None] - p["mean"]) * xp.exp(-p["log_scale"])
    seen = -0.5 * z**2 - p["log_scale"]
    state = first + seen[0]
    for t in range(1, y.shape[0]):
        state = special.logsumexp(state[:, None] + moves, axis=0) + seen[t]
    return -special.logsumexp(state)


def wishart(p, *, S, xp=np):
    """The density of Wishart's distribution of covariances, by two log-determinants."""
    d = S.shape[-1]
    L, dof = xp.tril(p["L"]), d + xp.exp(p["log_dof"])
    V = L @ L.mT + 0.1 * xp.eye(d)
    size = dof / 2 * (xp.linalg.slogdet(V).logabsdet + d * np.log(2))
    size = size + sum(special.gammaln((dof - j) / 2) for j in range(d))
    power = (dof - d - 1) / 2 * xp.linalg.slogdet(S).logabsdet
    return -xp.sum(power - xp.linalg.trace(xp.linalg.solve(V, S)) / 2 - size)


def factor_analysis(p, *, X, xp=np):
    """Normal data with few factors, inverted by Woodbury's identity."""
    W, noise = p["W"], xp.exp(p["log_noise"])
    whitened, Z = W / noise[:, None], X - p["mean"]
    M = xp.eye(W.shape[1]) + W.mT @ whitened
    onto = Z @ whitened
    size = xp.linalg.slogdet(M).logabsdet + xp.sum(p["log_noise"])
    squares = xp.sum(Z**2 / noise) - xp.sum(onto * xp.linalg.solve(M, onto.mT).mT)
    return 0.5 * (X.shape[0] * size + squares)


def _problems() -> dict[str, gm.Problem]:
    rng = np.random.default_rng(3)
    normal: Callable[..., Any] = lambda *shape: rng.normal(size=shape)  # noqa: E731  # short
    x = np.sort(rng.uniform(0, 1, 8))
    made: list[tuple[Callable[..., Any], Any, dict[str, Any]]] = [
        (
            gaussian,
            {"A": normal(3, 3), "log_diagonal": 0.3 * normal(3), "mu": normal(3)},
            {"X": normal(6, 3)},
        ),
        (
            gaussian_process,
            {"variance": np.array(0.3), "scales": 0.3 * normal(3), "noise": np.array(-2.0)},
            {"X": normal(6, 3), "y": normal(6)},
        ),
        (
            kalman_filter,
            {"q": np.array([-1.0, -2.0]), "r": np.array(-0.5), "m": normal(2)},
            {"y": normal(5, 1)},
        ),
        (
            principal_components,
            0.3 * normal(6, 4),
            {"X": normal(6, 4) * np.array([3.0, 2.0, 1.0, 0.5])},
        ),
        (
            canonical_correlation,
            {"A": normal(3, 2), "B": normal(3, 2)},
            {"X": normal(8, 3), "Y": normal(8, 3)},
        ),
        (
            smoothing_spline,
            {"knots": np.array([0.23, 0.61]), "penalty": np.array(-3.0)},
            {"x": x, "t": np.sin(5 * x) + 0.1 * normal(8)},
        ),
    ]
    return {
        loss.__name__: gm.Problem(loss, params, data, name=loss.__name__)
        for loss, params, data in (*made, *_with_special_functions())
    }


def _with_special_functions() -> list[tuple[Callable[..., Any], Any, dict[str, Any]]]:
    rng = np.random.default_rng(17)
    X, w = rng.normal(size=(12, 3)), np.array([0.31, -0.47, 0.12])
    counts = rng.poisson(3.0, size=12).astype(float)
    signs = np.where(rng.random(12) < 0.5, -1.0, 1.0)
    y = X @ [0.7, -1.2, 0.4] + rng.normal(size=12)
    weights = {name: rng.normal(size=(3, 2)) for name in ("query", "key", "value")}
    return [
        (probit, w, {"X": X, "signs": signs}),
        (negative_binomial, {"w": w, "log_size": np.array(0.4)}, {"X": X, "counts": counts}),
        (
            mixture,
            {"centre": w * 3, "log_scale": w, "logits": np.array([0.2, -0.3, 0.9])},
            {"y": y},
        ),
        (attention, weights, {"X": X[:4], "y": y[:4]}),
        (poisson_and_quantile, {"w": w, "v": -w}, {"X": X, "counts": counts, "y": y}),
        (
            hidden_markov,
            {"moves": X[:3], "first": w, "mean": 3 * w, "log_scale": w / 2},
            {"y": y[:5]},
        ),
        (
            wishart,
            {"L": X[:3], "log_dof": np.array(0.7)},
            {"S": X[:4, :, None] * X[:4, None, :] + np.eye(3)},
        ),
        (
            factor_analysis,
            {"W": X[:5, :2], "log_noise": 0.3 * X[5:10, 2], "mean": X[:5, 1]},
            {"X": np.reshape(X[:10], (6, 5))},
        ),
    ]


PROBLEMS = _problems()


def main() -> None:
    """Write the table: correct digits of each method on each loss."""
    labels = [*(traits(name).label for name in VARIANTS), "certificate"]
    lines = [HEAD, f"| loss | n | {' | '.join(labels)} |", "|---" * (len(labels) + 2) + "|"]
    for name, problem in PROBLEMS.items():
        about = Subject(problem)
        cells = [cell(about, provider)[0] for provider in VARIANTS]
        cells.append(str(int(reference_record(about)["digits"])))
        lines.append(f"| {name} | {problem.size} | {' | '.join(cells)} |")
    Path("docs/likelihoods.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
