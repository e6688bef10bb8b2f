"""Long losses: work that grows as they do, and depth that no engine's stack must hold."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.graph import Recorder, record
from gradmethods.namespace.manipulation import MOST_PARTS
from tests.chain_checks import vector


def recurrent(params, x, *, xp=np):
    """Run two layers over a sequence, one time step after the other, and stack what comes out."""
    sequence = [x[t] for t in range(len(x))]
    for layer in range(2):
        h, states = xp.zeros(3), []
        for entry in sequence:
            z = entry @ params["W"][layer] + h @ params["U"][layer]
            h = xp.tanh(z) / (1 + xp.exp(-z))
            states.append(h)
        sequence = states
    return xp.mean(xp.stack(sequence) ** 2)


def over(steps):
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=(2, 3, 3)) for name in "WU"}
    return gm.Problem(recurrent, params, {"x": rng.normal(size=(steps, 3))})


@pytest.fixture
def applied(monkeypatch):
    """Count the primitives that recording, differentiating and simplifying apply."""
    counts = []
    original = Recorder.apply

    def counting(self, *args):
        counts.append(args[0].name)
        return original(self, *args)

    monkeypatch.setattr(Recorder, "apply", counting)
    return counts


@pytest.mark.medium
def test_work_and_text_grow_as_the_loss_does(applied):
    """Two layers of a thousand time steps took a minute to compile, and a gigabyte of blanks."""
    works, lengths = [], []
    for steps in (40, 80, 120):
        applied.clear()
        source = gm.Backprop().prepare(over(steps)).source()
        works.append(len(applied))
        lengths.append(len(source))
    first, second = np.diff(works)
    assert second == pytest.approx(first, rel=0.01)  # parts are joined in whole groups
    first, second = np.diff(lengths)
    assert second == pytest.approx(first, rel=0.05)  # longer names


@pytest.mark.medium
def test_many_parts_are_joined_in_groups():
    """Each part looks at all others when its derivative is taken: thousands would take minutes."""

    def loss(w, *, xp=np):
        rows = xp.stack([xp.sin(w[i]) * i for i in range(200)], axis=0)
        return xp.sum(rows * rows[::-1])

    w = np.linspace(0.1, 1.3, 200)
    problem = gm.Problem(loss, w)
    assert max(len(node.operands) for node in record(problem).nodes()) == MOST_PARTS
    rows = np.sin(w) * np.arange(200)
    expected = 2 * rows[::-1] * np.cos(w) * np.arange(200)
    for name in ("backprop", "analytical:chain-rule", "numerical:complex-step"):
        found = gm.get_provider(name).prepare(problem)(w).gradient
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def nested(w, *, xp=np):
    for _ in range(10_000):
        w = xp.sin(w)
    return xp.sum(w)


@pytest.mark.medium
def test_ten_thousand_stages_need_no_stack():
    """A loop in a loss may be long; no limit on recursion may end the program of its user."""
    problem = gm.Problem(nested, np.array([0.3, 0.7]))
    truth = vector(problem, gm.certified_gradient(problem, 15).gradient)
    for name in ("backprop", "analytical", "numerical:complex-step", "numerical:central[reuse]"):
        prepared = gm.get_provider(name).prepare(problem)
        error = vector(problem, prepared(problem.params).gradient) - truth
        limit = 1e-5 if "reuse" in name else 1e-9
        assert np.linalg.norm(error) <= limit * np.linalg.norm(truth), name
    for form in ("cse", "expanded"):
        assert 'Use form="chain-rule"' in str(gm.Analytical(form).obstacle(problem))
