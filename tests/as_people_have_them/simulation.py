"""A simulation that draws its random numbers anew at each call: a mean with noise."""

from __future__ import annotations

import numpy as np

import gradmethods as gm

rng = np.random.default_rng(0)


def loss(w):
    z = rng.standard_normal(20_000)
    both = np.concatenate([z, -z])  # antithetic pairs
    return np.mean((w[0] + 0.1 * both) ** 2) + np.mean(np.exp(w[1] + 0.02 * both))


def gradient(w):
    return np.array([2 * w[0], np.exp(w[1] + 0.0002)])


def wrong(w):
    return gradient(w) * [0.5, 1.0]


problem = gm.Problem(loss, np.array([1.5, 0.5]), black_box=True)
