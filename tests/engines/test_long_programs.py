"""Long losses: work that grows as they do, and depth that no engine's stack must hold."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import Recorder, graph, record
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.program import compile as compilation
from gradmethods.engines.program import pieces
from gradmethods.engines.program.pieces import LONG
from gradmethods.xp.manipulation import MOST_PARTS
from tests.chain_losses import vector


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


def flat(result):
    value, gradient = result
    return [value, *(gradient.values() if isinstance(gradient, dict) else [gradient])]


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


def test_a_graph_is_walked_once_for_all_passes_over_it(monkeypatch):
    """Each pass began with a walk of its own: eleven of them, a fifth of the preparation."""
    walks = []

    def walking(roots):
        walks.append(1)
        return topological(roots)

    for module in (graph, compilation):
        monkeypatch.setattr(module, "topological", walking)
    gm.Backprop().prepare(over(8))
    assert len(walks) == 5  # as recorded, recognised, differentiated, simplified and put in order


@pytest.mark.medium
def test_lines_that_repeat_are_compiled_once(monkeypatch):
    """To compile every step of 1,024 took a third of the preparation, and 600 MB."""

    def loss(params, x, *, xp=np):
        h = xp.zeros(3)
        for entry in x:
            h = xp.tanh(params["W"] @ entry + params["U"] @ h)
        return xp.sum(h * h)

    compiled = []

    def compiling(text):
        compiled.append(text)
        return code(text)

    code = pieces._code
    monkeypatch.setattr(pieces, "_code", compiling)
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=(3, 3)) for name in "WU"}
    counts = []
    for steps in (200, 400):
        compiled.clear()
        data = {"x": rng.normal(size=(steps, 3))}
        assert gm.Backprop().prepare(gm.Problem(loss, params, data)).source().count("\n") > LONG
        counts.append(len(compiled))
    assert counts[0] == counts[1] < 15


@pytest.mark.parametrize("lines", [1, 7, 100])
def test_pieces_compute_what_the_whole_does(monkeypatch, lines):
    """A name that is lost between two pieces, or that two of them share, would change a result."""
    for problem in (over(5), *map(gm.problems.get, ("mlp", "log-sum-exp", "helmholtz"))):
        whole = gm.Backprop().prepare(problem)
        with monkeypatch.context() as patch:
            patch.setattr(compilation, "LONG", 0)
            patch.setattr(pieces, "SHORTEST", lines)
            patch.setattr(pieces, "LONGEST", 2 * lines)
            cut = gm.Backprop().prepare(problem)
        assert cut.source() == whole.source()
        for _ in range(2):
            for a, b in zip(*(flat(p(problem.params)) for p in (whole, cut)), strict=True):
                assert a.tobytes() == b.tobytes()


def test_a_long_program_keeps_nothing_that_it_was_given(monkeypatch):
    """Values that pieces share must go when the program ends: some are the user's memory."""
    monkeypatch.setattr(compilation, "LONG", 0)
    monkeypatch.setattr(pieces, "SHORTEST", 1)
    monkeypatch.setattr(pieces, "LONGEST", 2)
    problem = over(2)
    prepared = gm.Backprop().prepare(problem)
    params = {name: array.copy() for name, array in problem.params.items()}
    before = [sys.getrefcount(array) for array in params.values()]
    _, gradient = prepared(params)
    assert [sys.getrefcount(array) for array in params.values()] == before
    assert [sys.getrefcount(gradient[name]) for name in params] == [2, 2]


def outside(w, *, xp=np):
    """Leave the namespace."""
    return np.sum(w)


def test_the_collector_of_garbage_waits_while_a_graph_is_built():
    """It looked at all nodes again and again, for a third of the time, and must work afterwards."""
    seen = []

    def loss(w, *, xp=np):
        seen.append(gc.isenabled())
        return xp.sum(w * w)

    problem = gm.Problem(loss, np.array([0.3, 0.7]))
    seen.clear()
    gm.Backprop().prepare(problem)
    assert seen == [False]
    with pytest.raises(gm.UnsupportedOperation):
        gm.Backprop().prepare(gm.Problem(outside, np.array([0.3, 0.7])))
    assert gc.isenabled()


@pytest.mark.medium
def test_many_parts_are_joined_in_groups():
    """Each part looks at all others when its derivative is taken: thousands would take minutes."""

    def loss(w, *, xp=np):
        rows = xp.stack([xp.sin(w[i]) * i for i in range(100)], axis=0)
        return xp.sum(rows * rows[::-1])

    w = np.linspace(0.1, 1.3, 100)
    problem = gm.Problem(loss, w)
    assert max(len(node.operands) for node in record(problem).nodes()) == MOST_PARTS
    rows = np.sin(w) * np.arange(100)
    expected = 2 * rows[::-1] * np.cos(w) * np.arange(100)
    for name in ("backprop", "analytical:chain-rule", "numerical:complex-step"):
        found = gm.get_provider(name).prepare(problem)(w).gradient
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def nested(w, *, xp=np):
    for _ in range(10_000):
        w = xp.sin(w)
    return xp.sum(w)


@pytest.mark.slow
def test_ten_thousand_stages_need_no_stack():
    """A loop in a loss may be long; no limit on recursion may end the program of its user."""
    problem = gm.Problem(nested, np.array([0.3, 0.7]))
    truth = vector(problem, gm.certified_gradient(problem, 15).gradient)
    exact = ("backprop", "analytical", "analytical:cse", "numerical:complex-step")
    for name in (*exact, "numerical:central[reuse]"):
        prepared = gm.get_provider(name).prepare(problem)
        error = vector(problem, prepared(problem.params).gradient) - truth
        limit = 1e-5 if "reuse" in name else 1e-9
        assert np.linalg.norm(error) <= limit * np.linalg.norm(truth), name
    assert 'Use form="cse"' in str(gm.Analytical("expanded").obstacle(problem))
