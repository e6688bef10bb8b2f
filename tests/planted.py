"""Providers with a mistake, and losses at every scale, for tests of verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import gradmethods as gm

PARAMS = {"W": np.array([[0.3, -1.1], [0.7, 0.2]]), "b": np.array([0.4, -0.6])}


@dataclass(frozen=True)
class Planted:
    """Backprop with a mistake: a provider that a user might have written."""

    mistake: Any
    name: str = "planted"
    exact: bool | None = True

    def obstacle(self, problem):
        return None

    def prepare(self, problem):
        prepared = gm.Backprop().prepare(problem)

        def wrong(params, **data):
            value, gradient = prepared(params, **data)
            self.mistake(gradient)
            return gm.GradientResult(value, gradient)

        return wrong


def scaled(scale):
    """A problem whose gradient, and loss, are as small as `scale`."""

    def loss(p, *, xp=np):
        return scale * xp.sum(xp.tanh(xp.asarray([0.5, -1.5]) @ p["W"] + p["b"]) ** 2)

    return gm.Problem(loss, PARAMS)


def offset(scale):
    """A problem whose gradient is small beside its loss: finite differences drown."""

    def loss(p, *, xp=np):
        return 1 + scale * xp.sum(xp.tanh(xp.asarray([0.5, -1.5]) @ p["W"] + p["b"]) ** 2)

    return gm.Problem(loss, PARAMS)


def set_all(value):
    def mistake(gradient):
        for array in gradient.values():
            array[...] = value

    return mistake


def flip(gradient):
    for array in gradient.values():
        np.negative(array, out=array)


def flip_one(gradient):
    gradient["b"][1] *= -1


def zero_one_array(gradient):
    gradient["b"][...] = 0


def transpose(gradient):
    gradient["W"][...] = gradient["W"].T.copy()


def nan_one(gradient):
    gradient["W"][0, 1] = np.nan


def scale_one(gradient):
    gradient["W"][1, 1] *= 1 + 1e-9


def double(gradient):
    for array in gradient.values():
        np.multiply(array, 2, out=array)


MISTAKES = {
    "zero": set_all(0.0),
    "one": set_all(1.0),
    "nan": set_all(np.nan),
    "infinite": set_all(np.inf),
    "sign": flip,
    "sign of one entry": flip_one,
    "one array zero": zero_one_array,
    "transposed": transpose,
    "one entry nan": nan_one,
    "one entry off by 1e-9": scale_one,
    "twice": double,
}
