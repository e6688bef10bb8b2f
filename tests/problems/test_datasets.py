"""Data sets of the plane: what they look like, and that the article's network learns them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmethods import Backprop, problems
from gradmethods.problems import datasets
from tests.by_hand import sigma


@pytest.mark.parametrize("draw", [datasets.island, datasets.xor, datasets.moons])
def test_data_sets_are_balanced_and_deterministic(draw):
    # If it fails, an accuracy of one half no longer means guessing, or plots change between runs.
    X, t = draw(200, seed=3)
    assert (X.shape, t.shape, X.dtype, t.dtype) == ((200, 2), (200,), float, float)
    assert set(t) == {0.0, 1.0}
    assert t.mean() == 0.5
    assert np.array_equal(draw(200, seed=3)[0], X)
    assert not np.array_equal(draw(200, seed=4)[0], X)
    assert np.array_equal(draw(200, seed=np.random.default_rng(3))[0], X)


def test_island_has_class_1_in_the_middle():
    # If it fails, the island is not an island.
    X, t = datasets.island(400, noise=0.3)
    distance = np.linalg.norm(X, axis=1)
    assert distance[t == 1].max() < distance[t == 0].min()


def test_xor_has_opposite_corners_in_one_class():
    # If it fails, the corners are not those of exclusive or.
    X, t = datasets.xor(400, noise=0.3)
    assert np.array_equal(t == 1, (X[:, 0] > 0) != (X[:, 1] > 0))
    assert {tuple(signs) for signs in np.sign(X)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_moons_reach_into_each_other():
    # If it fails, the moons are two heaps that a line separates.
    X, t = datasets.moons(400, noise=0.01)
    upper, lower = X[t == 0], X[t == 1]
    assert upper[:, 0].max() > lower[:, 0].min() + 2  # side by side in part
    assert upper[:, 1].min() < lower[:, 1].max() - 1  # and one above the other's ends
    assert abs(X.mean(axis=0)).max() < 0.3


@pytest.mark.parametrize("name", ["island", "xor", "mlp"])
@pytest.mark.parametrize("seed", range(5))
def test_no_straight_line_separates_the_classes(name, seed):
    # If it fails, the toy problems need no hidden layer.
    problem = problems.get(name, seed=seed, batch=200)
    X, t = problem.data["X"], problem.data["t"].reshape(-1)
    columns = np.column_stack([X, np.ones(len(X))])
    best = columns @ np.linalg.lstsq(columns, 2 * t - 1)[0]
    assert ((best > 0) == (t == 1)).mean() < 0.8


@pytest.mark.parametrize("name", ["island", "xor"])
def test_the_article_can_be_repeated(name):
    # If it fails, gradient descent as in the article (rate 1, 2,000 epochs) learns nothing here.
    problem = problems.get(name)
    prepared = Backprop().prepare(problem)
    params: Any = problem.params
    for _ in range(2000):
        gradient: Any = prepared(params).gradient
        params = {key: params[key] - gradient[key] for key in params}
    X, t = problem.data["X"], problem.data["t"]
    h = sigma(X @ params["W1"].T + params["b1"])
    assert ((h @ params["W2"] + params["b2"] > 0) == (t == 1)).mean() >= 0.95
