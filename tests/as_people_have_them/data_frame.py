"""Pandas code: a group effect and a slope, fitted to a data frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

import gradmethods as gm

rng = np.random.default_rng(0)
frame = pd.DataFrame({"group": rng.choice(list("abc"), 60), "x": rng.standard_normal(60)})
frame["y"] = frame["group"].map({"a": 0.0, "b": 1.0, "c": -1.0}) + 0.7 * frame["x"]
frame["y"] += 0.3 * rng.standard_normal(60)


def residuals(params):
    effects = pd.Series(params["effects"], index=list("abc"))
    return frame["y"] - frame["group"].map(effects) - params["slope"] * frame["x"]


def loss(params):
    return residuals(params).pow(2).groupby(frame["group"]).mean().sum()


def gradient(params):
    r = residuals(params)
    weights = -2 / frame.groupby("group")["y"].transform("size")
    effects = (weights * r).groupby(frame["group"]).sum().reindex(list("abc"))
    return {"effects": effects, "slope": (weights * r * frame["x"]).sum()}


def wrong(params):
    return gradient(params) | {"slope": -2 * (residuals(params) * frame["x"]).mean()}


problem = gm.Problem(loss, {"effects": [0.1, 0.5, -0.2], "slope": 0.2}, black_box=True)
