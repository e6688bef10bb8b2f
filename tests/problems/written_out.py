"""Losses of the catalogue once more, entry by entry in plain Python, by other formulas where there
are any: what nobody published a value of is held by these."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

PHI = NormalDist()


def normal_log_density(x, mean, covariance):
    """By inverse and determinant, where the loss takes Cholesky's factor."""
    apart = np.asarray(x - mean)
    quadratic = apart @ np.linalg.inv(covariance) @ apart
    return -(quadratic + math.log(np.linalg.det(2 * math.pi * covariance))) / 2


def bundle_adjustment(params, seen, camera, point):
    total = 0.0
    for i in range(len(seen)):
        turn, centre = np.split(params["cameras"][camera[i]][:6], 2)
        focal, c_1, c_2, k_1, k_2 = params["cameras"][camera[i]][6:]
        skew = np.cross(np.eye(3), turn)  # times a vector, turn × vector
        rotation, term = np.eye(3), np.eye(3)
        for k in range(1, 30):  # the exponential of a matrix by its series
            term = term @ skew / k
            rotation = rotation + term
        x, y, z = rotation @ (params["points"][point[i]] - centre)
        r = (x / z) ** 2 + (y / z) ** 2
        bend, w = 1 + k_1 * r + k_2 * r**2, params["weights"][i]
        for place, corner, target in ((x / z, c_1, seen[i][0]), (y / z, c_2, seen[i][1])):
            total += (w * (place * bend * focal + corner - target)) ** 2
        total += (1 - w**2) ** 2
    return total


def gaussian_mixture(params, x, gamma=1.0, m=0):
    alpha, mu, q, lower = (params[name] for name in ("alpha", "mu", "q", "l"))
    K, d = mu.shape
    log_odds = alpha - math.log(sum(map(math.exp, alpha)))
    total, prior = 0.0, 0.0
    nu = d + m + 1
    for k in range(K):
        root = np.diag(np.exp(q[k]))
        root[np.triu_indices(d, 1)[::-1]] = lower[k]
        prior += m * q[k].sum() - gamma**2 / 2 * (root**2).sum()
        prior += nu * d * math.log(gamma / math.sqrt(2)) - d * (d - 1) / 4 * math.log(math.pi)
        prior -= sum(math.lgamma(nu / 2 + (1 - j) / 2) for j in range(1, d + 1))
    for point in x:
        each = 0.0
        for k in range(K):
            root = np.diag(np.exp(q[k]))
            root[np.triu_indices(d, 1)[::-1]] = lower[k]
            density = normal_log_density(point, mu[k], np.linalg.inv(root.T @ root))
            each += math.exp(log_odds[k] + density)
        total += math.log(each)
    return total + prior


def runge_kutta(x, steps=4):
    """By the polynomial that a linear chain makes of the method, a power of one matrix."""
    n = len(x)
    chain = np.diag(x[1:], -1)
    h, y = 2 / steps, np.zeros(n)
    push = np.zeros(n)
    push[0] = x[0]
    power = h * np.eye(n)
    inner = np.zeros((n, n))
    for k in range(1, 5):
        inner = inner + power / math.factorial(k)
        power = power @ (h * chain)
    for _ in range(steps):
        y = y + inner @ (chain @ y + push)
    return y[-1]


def lstm(params, state, sequence):
    def sigma(z):
        return 1 / (1 + math.exp(-z))

    (c, b), layers = sequence.shape, len(state) // 2
    hidden = [[state[2 * i][j] for j in range(b)] for i in range(layers)]
    cells = [[state[2 * i + 1][j] for j in range(b)] for i in range(layers)]
    total = 0.0
    for t in range(c - 1):
        line = [sequence[t][j] * params["extra"][0][j] for j in range(b)]
        for i in range(layers):
            weight, bias = params["main"][2 * i], params["main"][2 * i + 1]
            for j in range(b):
                forget, out = (sigma(line[j] * weight[k * b + j] + bias[k * b + j]) for k in (0, 2))
                into, change = (hidden[i][j] * weight[k * b + j] + bias[k * b + j] for k in (1, 3))
                cells[i][j] = cells[i][j] * forget + sigma(into) * math.tanh(change)
                hidden[i][j] = out * math.tanh(cells[i][j])
            line = hidden[i]
        guess = [line[j] * params["extra"][1][j] + params["extra"][2][j] for j in range(b)]
        lost = math.log(2 + sum(map(math.exp, guess)))
        total += sum(sequence[t + 1][j] * (guess[j] - lost) for j in range(b))
    return -total / ((c - 1) * b)


def kalman(logs, y):
    """By the joint normal distribution of all observations, without a filter."""
    n = len(y)
    level, slope, noise = np.exp(logs)
    F = np.array([[1.0, 1.0], [0.0, 1.0]])
    # The state is a sum of the first one and of all drifts since.
    rows = np.zeros((n, 2 + 2 * (n - 1)))
    state = np.hstack([np.eye(2), np.zeros((2, 2 * (n - 1)))])
    for t in range(n):
        rows[t] = state[0]
        state = F @ state
        if t < n - 1:
            state[:, 2 + 2 * t : 4 + 2 * t] += np.eye(2)
    variances = np.array([10.0, 10.0, *([level, slope] * (n - 1))])
    return -normal_log_density(y, 0, rows * variances @ rows.T + noise * np.eye(n)) / n


def arma(params, y):
    mean, phi, theta, log_sigma = params
    errors = [0.0]
    for t in range(1, len(y)):
        errors.append((y[t] - mean) - phi * (y[t - 1] - mean) - theta * errors[-1])
    law = NormalDist(0, math.exp(log_sigma))
    return -sum(math.log(law.pdf(e)) for e in errors[1:]) / (len(y) - 1)


def garch(params, y):
    omega, alpha, beta = params
    variances = [sum(y * y) / len(y)]
    for value in y[:-1]:
        variances.append(omega + alpha * value**2 + beta * variances[-1])
    laws = (NormalDist(0, math.sqrt(v)) for v in variances)
    return -sum(math.log(law.pdf(value)) for law, value in zip(laws, y, strict=True)) / len(y)


def eight_schools(params, **_data):
    mu, tau, eta = params["mu"], math.exp(params["log_tau"]), params["eta"]
    scores = ((28, 15), (8, 10), (-3, 16), (7, 11), (-1, 9), (1, 11), (18, 10), (12, 18))
    found = mu**2 / 50 - math.log(tau / (1 + tau**2 / 25))
    for (y, sigma), unit in zip(scores, eta, strict=True):
        found += (y - mu - tau * unit) ** 2 / (2 * sigma**2) + unit**2 / 2
    return found


def gaussian_likelihood(params, x):
    covariance = params["A"] @ params["A"].T + np.eye(len(params["mu"]))
    return -sum(normal_log_density(row, params["mu"], covariance) for row in x) / len(x)


def gaussian_process(theta, X, y):
    length, height, noise = map(math.exp, theta)
    K = [[height**2 * math.exp(-(((a - b) / length) ** 2) / 2) for a in X] for b in X]
    return -normal_log_density(y, 0, np.array(K) + noise**2 * np.eye(len(y)))


def softmax_regression(params, X, t):
    total = 0.0
    for row, kind in zip(X, t, strict=True):
        scores = [math.exp(w @ row + b) for w, b in zip(params["W"], params["b"], strict=True)]
        total -= math.log(scores[list(kind).index(1)] / sum(scores))
    return total / len(X)


def attention(params, x, t):
    def normal(row, scale):
        mean = sum(row) / len(row)
        spread = math.sqrt(sum((v - mean) ** 2 for v in row) / len(row) + 1e-5)
        return np.array([s * (v - mean) / spread for v, s in zip(row, scale, strict=True)])

    inside = [normal(row, params["scale_1"]) for row in x]
    query, key, value = ([row @ params[name] for row in inside] for name in "QKV")
    total = 0.0
    for i, row in enumerate(x):
        weights = [math.exp(query[i] @ k / math.sqrt(len(row))) for k in key]
        moved = row + sum(w * v for w, v in zip(weights, value, strict=True)) / sum(weights)
        hidden = np.tanh(normal(moved, params["scale_2"]) @ params["W1"])
        total += ((moved + hidden @ params["W2"] - t[i]) ** 2).sum()
    return total / x.size


def convolution(params, x, t):
    def layer(image, kernels):
        h, w = image.shape[1] - 2, image.shape[2] - 2
        return np.array([
            [[math.tanh((image[:, i : i + 3, j : j + 3] * kernel).sum()) for j in range(w)]
             for i in range(h)]
            for kernel in kernels
        ])  # fmt: skip

    total = 0.0
    for image, kind in zip(x, t, strict=True):
        parts = layer(layer(image, params["K1"]), params["K2"])
        scores = np.exp(np.array([part.mean() for part in parts]) @ params["W"])
        total -= math.log(scores[list(kind).index(1)] / scores.sum())
    return total / len(x)


def recurrent_network(params, x, t):
    state, total = np.zeros(len(params["b"])), 0.0
    for row, target in zip(x, t, strict=True):
        state = np.array([
            math.tanh(a @ state + b @ row + c)
            for a, b, c in zip(params["W"], params["U"], params["b"], strict=True)
        ])  # fmt: skip
        total += (sum(params["v"] * state) - target) ** 2
    return total / len(x)


def physics_informed(params, t):
    """By Taylor series of u at each time, where the loss writes its derivatives out."""
    total = 0.0
    for time in t:
        net = np.zeros(3)
        for w, b, v in zip(params["w"], params["b"], params["v"], strict=True):
            h = math.tanh(w * time + b)
            net += v * np.array([h, (1 - h**2) * w, -h * (1 - h**2) * w**2])
        square = np.array([time**2, 2 * time, 1.0])
        second = sum(net[k] * square[2 - k] for k in range(3))
        u = time + net[0] * square[0]
        total += (2 * second + u) ** 2
    return total / len(t)


def black_scholes(params, strike, expiry):
    """By the mean of the gains over the normal distribution, in the closed form of its parts."""
    total = 0.0
    for s, sigma, k, time in zip(params["spot"], params["sigma"], strike, expiry, strict=True):
        w = sigma * math.sqrt(time)
        forward = s * math.exp(params["r"] * time)
        low = (math.log(k / forward) + w**2 / 2) / w
        gain = forward * PHI.cdf(w - low) - k * PHI.cdf(-low)
        total += math.exp(-params["r"] * time) * gain
    return total


def binomial_tree(params, strike, expiry, steps=8):
    spot, sigma, r = params
    h = float(expiry) / steps
    up = math.exp(sigma * math.sqrt(h))
    odds = (math.exp(r * h) - 1 / up) / (up - 1 / up)

    def worth(k, ups):
        now = max(float(strike) - spot * up**ups / up ** (k - ups), 0.0)
        if k == steps:
            return now
        later = odds * worth(k + 1, ups + 1) + (1 - odds) * worth(k + 1, ups)
        return max(now, math.exp(-r * h) * later)

    return worth(0, 0)


def lennard_jones(x):
    pairs = ((x[i], x[j]) for i in range(len(x)) for j in range(i))
    return sum(4 * (math.dist(a, b) ** -12 - math.dist(a, b) ** -6) for a, b in pairs)


def fminsrf(x):
    p, total = len(x), 0.0
    for i in range(p - 1):
        for j in range(p - 1):
            a = ((x[i, j] - x[i + 1, j + 1]) * (p - 1)) ** 2
            b = ((x[i, j + 1] - x[i + 1, j]) * (p - 1)) ** 2
            total += math.sqrt(1 + (a + b) / 2)
    return total / (p - 1) ** 2 + (x[p // 2 - 1, p // 2 - 1] / p) ** 2


def genhumps(x):
    """With (1 − cos 2 z) / 2 for the squared sine."""
    squares = [(1 - math.cos(40 * v)) / 2 for v in x]
    pairs = range(len(x) - 1)
    return sum(squares[i] * squares[i + 1] + 0.05 * (x[i] ** 2 + x[i + 1] ** 2) for i in pairs)


def sparsine(x):
    n, total = len(x), 0.0
    for i in range(1, n + 1):
        places = (i, *((k * i - 1) % n + 1 for k in (2, 3, 5, 7, 11)))
        total += i / 2 * sum(math.sin(x[place - 1]) for place in places) ** 2
    return total


def dixmaan(x):
    """The variant D."""
    n, m = len(x), len(x) // 3
    total = 1 + sum(v**2 for v in x)
    total += 0.26 * sum(x[i] ** 2 * (x[i + 1] + x[i + 1] ** 2) ** 2 for i in range(n - 1))
    total += 0.26 * sum(x[i] ** 2 * x[i + m] ** 4 for i in range(2 * m))
    return total + 0.26 * sum(x[i] * x[i + 2 * m] for i in range(m))


def morebv(x):
    n, total = len(x), 0.0
    for i in range(n):
        before, after = x[i - 1] if i else 0.0, x[i + 1] if i + 1 < n else 0.0
        bent = (x[i] + (i + 1) / (n + 1) + 1) ** 3 / (2 * (n + 1) ** 2)
        total += (2 * x[i] - before - after + bent) ** 2
    return total


WRITTEN_OUT: dict[str, Callable[..., Any]] = {
    "arma": arma,
    "attention": attention,
    "binomial-tree": binomial_tree,
    "black-scholes": black_scholes,
    "bundle-adjustment": bundle_adjustment,
    "convolution": convolution,
    "determinant": np.linalg.det,
    "determinant-lu": np.linalg.det,
    "dixmaan": dixmaan,
    "eight-schools": eight_schools,
    "fminsrf": fminsrf,
    "garch": garch,
    "gaussian-likelihood": gaussian_likelihood,
    "gaussian-mixture": gaussian_mixture,
    "gaussian-process": gaussian_process,
    "genhumps": genhumps,
    "k-means": lambda c, points: sum(min(math.dist(p, q) ** 2 for q in c) for p in points),
    "kalman": kalman,
    "least-squares": lambda x, A, b: np.linalg.norm(b - A @ x) ** 2 / 2,
    "lennard-jones": lennard_jones,
    "lstm": lstm,
    "morebv": morebv,
    "physics-informed": physics_informed,
    "poisson-regression": lambda w, X, y: (
        -np.log(np.exp(-np.exp(X @ w)) * np.exp(X @ w) ** y).mean()
    ),
    "polynomial-fit": lambda x, T, s: (
        sum((a - np.polyval(x[::-1], t)) ** 2 for a, t in zip(s, T[:, 1], strict=True)) / 2
    ),
    "probit-regression": lambda w, X, sign: (
        -sum(math.log(PHI.cdf(v)) for v in sign * (X @ w)) / len(sign)
    ),
    "recurrent-network": recurrent_network,
    "runge-kutta": runge_kutta,
    "softmax-regression": softmax_regression,
    "sparsine": sparsine,
}
