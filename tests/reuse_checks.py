"""What the tests of reuse share: a loss of everything, and the comparison with plain passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers import schemes
from gradmethods.providers.numerical import Numerical

SCHEMES = tuple(schemes.SCHEMES)


def prepare(problem: gm.Problem, scheme: str = "central", **options: Any) -> Any:
    return Numerical(scheme, evaluation="reuse", **options).prepare(problem)


def flat(problem: gm.Problem, gradient: Any) -> Any:
    return problem.structure.join(problem.structure.check(gradient))


def unit_round_off(problem: gm.Problem) -> float:
    return float(np.finfo(problem.dtype).eps) / 2


def round_off(prepared: Any, params: Any, value: float) -> Any:
    """How far two evaluations of the same differences may be apart, in every component.

    Losses that err by a few u each, u|f|, are divided by the least distance of two places, h. The
    slack of 30 stands for the length of the loss, and for terms larger than their sum.
    """
    structure = prepared.problem.structure
    h = prepared.step(structure.join(structure.check(params))).astype(float)
    return structure.split(30 * unit_round_off(prepared.problem) * (1 + abs(value)) / h)


def assert_same(problem: gm.Problem, params: Any, scheme: str = "central", **data: Any) -> None:
    assert_alike(Numerical(scheme).prepare(problem), prepare(problem, scheme), params, **data)


def assert_alike(ours: Any, prepared: Any, params: Any, **data: Any) -> None:
    problem = prepared.problem
    plain, reuse = ours(params, **data), prepared(params, **data)
    bounds = round_off(prepared, params, float(plain.value))
    assert reuse.value == pytest.approx(plain.value, rel=50 * unit_round_off(problem))
    assert reuse.value.dtype == plain.value.dtype
    for name, expected in problem.structure.check(plain.gradient).items():
        found = problem.structure.check(reuse.gradient)[name]
        assert found.dtype == expected.dtype
        assert (abs(found.astype(float) - expected) <= bounds[name]).all()


def moved(problem: gm.Problem, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    arrays = problem.structure.check(problem.params)
    near = {n: (a * rng.uniform(0.99, 1.01, a.shape)).astype(a.dtype) for n, a in arrays.items()}
    return problem.structure.restore(near)


def loss_of_everything(params, X, t, where, *, xp=np):
    W, v = params["W"], params["v"]
    tied = xp.tanh(X @ W) @ W.T  # one array in two products
    picked = W[where] * v  # integers of the data decide which rows count
    kinked = xp.where(tied > 0.1, tied, 0.1 * tied)
    spread = xp.max(kinked, axis=1) - xp.mean(kinked, axis=0)[0] * params["c"]
    rest = xp.sum(xp.concat([v, v[1:] * v[:-1], xp.reshape(params["c"], (1,))]) ** 2)
    return xp.mean((spread - t) ** 2) + xp.sum(picked) / 7 + rest + xp.sum(W[1, :2] / W[0, 1])


def everything(seed: int = 0, dtype: str = "float64") -> gm.Problem:
    rng = np.random.default_rng(seed)
    params = {
        "W": rng.normal(size=(4, 3)),
        "v": rng.normal(size=3),
        "unused": rng.normal(size=(2, 2)),
        "c": rng.normal(size=()),
    }
    data = {
        "X": rng.normal(size=(6, 4)),
        "t": rng.normal(size=6),
        "where": rng.integers(0, 4, size=5),
    }
    params = {name: np.asarray(array, dtype) for name, array in params.items()}
    return gm.Problem(loss_of_everything, params, data)
