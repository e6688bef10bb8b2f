"""A model whose parameters are a dataclass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import gradmethods as gm

rng = np.random.default_rng(0)
TIMES = np.linspace(0, 5, 40)
SEEN = 2 * np.exp(-0.7 * TIMES) + 0.3 + 0.05 * rng.standard_normal(40)


@dataclass
class Decay:
    amplitude: float
    rate: float
    offset: float

    def at(self, t):
        return self.amplitude * np.exp(-self.rate * t) + self.offset


def loss(model: Decay):
    return sum((model.at(t) - seen) ** 2 for t, seen in zip(TIMES, SEEN, strict=True))


def gradient(model: Decay):
    r, e = 2 * (model.at(TIMES) - SEEN), np.exp(-model.rate * TIMES)
    return Decay(r @ e, -model.amplitude * (r @ (TIMES * e)), r.sum())


def wrong(model: Decay):
    right = gradient(model)
    return Decay(right.amplitude, right.rate / model.amplitude, right.offset)


problem = gm.Problem(loss, Decay(1.5, 0.5, 0.1), black_box=True)
