"""Reuse from call to call: blocks, threads, infinities on the way, and what is refused."""

from __future__ import annotations

import sys
import threading
from itertools import product

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.incremental import perturbations
from gradmethods.providers import parts
from gradmethods.providers.numerical import Numerical
from tests.entries import poison_rules
from tests.reuse_checks import SCHEMES, assert_same, everything, flat, moved, prepare
from tests.samples import sampled


def test_data_that_the_caller_writes_to():
    """An array that was passed before may hold other numbers now."""
    problem = everything()
    prepared = prepare(problem)
    t = problem.data["t"].copy()
    prepared(problem.params, t=t)
    t += 1
    again = prepared(problem.params, t=t)
    assert again.value == pytest.approx(problem.value(t=t), rel=1e-13)
    assert prepared(problem.params).value == pytest.approx(problem.value(), rel=1e-13)


SIZES = list(product((1, 5, 4096), (1, 300, 1000, 4000)))
KEPT = [(1, 1), (1, 1000), (5, 300), (5, 4000), (4096, 300), (4096, 4000)]


@pytest.mark.medium
@pytest.mark.parametrize("sizes", sampled(SIZES, kept=KEPT), ids=str)
def test_blocks_join_without_a_seam(monkeypatch, sizes):
    """Blocks of one, and blocks that do not divide the parameters, must lose and repeat nothing."""
    block, budget = sizes
    monkeypatch.setattr(perturbations, "BUDGET", budget)
    monkeypatch.setattr(parts, "BLOCK", block)
    for problem in (everything(), gm.problems.get("mlp", widths=(2, 5, 3, 1), batch=4)):
        assert_same(problem, moved(problem))
        assert_same(problem, moved(problem), "five-point")


def test_calls_do_not_share_memory():
    """A gradient that the next call overwrote would be wrong in the user's hands."""
    problem = everything()
    prepared = prepare(problem)
    first = prepared(problem.params)
    kept = flat(problem, first.gradient).copy()
    prepared(everything(1).params)
    np.testing.assert_array_equal(flat(problem, first.gradient), kept)
    np.testing.assert_array_equal(flat(problem, prepared(problem.params).gradient), kept)


def test_threads_take_turns(monkeypatch):
    """Two calls at once in the same buffers would mix their values."""
    interval = sys.getswitchinterval()
    monkeypatch.setattr(
        perturbations, "BUDGET", 20_000
    )  # many blocks, and many chances to mix them up
    problem = gm.problems.get("mlp", widths=(2, 8, 8, 1), batch=20)
    prepared = prepare(problem)
    points = [moved(problem, seed) for seed in range(4)]
    expected = [flat(problem, prepared(point).gradient) for point in points]
    wrong: list[int] = []

    def work(i):
        found = (flat(problem, prepared(points[i]).gradient) for _ in range(20))
        wrong.extend(i for gradient in found if not np.array_equal(gradient, expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, xp: 1 / (1 + xp.sum(xp.exp(w))) + xp.sum(w),
        lambda w, xp: xp.where(xp.sum(xp.exp(w)) > 1e300, w[0], xp.log(xp.sum(xp.exp(w)))),
        lambda w, xp: xp.sum(1 / w[1:]) + 1 / xp.sum(xp.square(1e200 * w)),
    ],
)
def test_overflow_on_the_way(loss):
    """The difference of two infinities is no number, where the loss itself has one."""
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), np.array([800.0, 0.5, 0.7]))
    assert_same(problem, problem.params)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nan_is_never_silent(scheme):
    """A loss that is NaN has no gradient; a number in its place would be believed."""
    x = np.array([0.4, 0.3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w) + 0 * xp.log(xp.max(w) - 0.5), x)
    value, gradient = prepare(problem, scheme)(x)
    assert np.isnan(value)
    assert np.isnan(gradient).all()


def test_vjp_rules_take_no_part(monkeypatch):
    """Reuse works on a graph, but must stay independent of how graphs are differentiated."""
    poison_rules(monkeypatch)
    assert_same(everything(), everything().params)


def test_options_and_names():
    """A scheme without reuse must say so at once; rows of a table are known by these names."""
    assert Numerical(evaluation="reuse").name == "numerical:central[reuse]"
    assert Numerical("forward", 1e-6, "reuse").name == "numerical:forward[reuse,step=1e-06]"
    for scheme in ("richardson", "complex-step"):
        with pytest.raises(gm.InvalidOption, match="'reuse' serves the schemes 'forward'"):
            Numerical(scheme, evaluation="reuse")


def test_obstacle():
    """Reuse needs a graph: a loss that leaves the namespace must be refused with the reason."""
    problem = gm.Problem(lambda w, *, xp=np: np.sum(w**2), np.ones(2))
    reuse = Numerical(evaluation="reuse")
    assert "xp" in str(reuse.obstacle(problem))
    assert reuse.obstacle(everything()) is None
    with pytest.raises(gm.UnsupportedOperation):
        reuse.prepare(problem)


def test_a_step_lost_in_rounding_is_refused():
    """0/0 would come out as NaN, or 0/h as a gradient of zero."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), np.array([1.0, 1e9 / 7]))
    with pytest.raises(gm.InvalidOption, match=r"lost in rounding.*142857142"):
        prepare(problem, step=1e-10)(problem.params)


@pytest.mark.parametrize("scheme", ["forward", "backward"])
@pytest.mark.parametrize(
    "loss",
    [
        lambda w, x, xp: xp.sum(xp.where(-w * xp.exp(x) < 5, w**2, 3 * w)),
        lambda w, x, xp: xp.sum(xp.where(xp.isnan(w / (x - x)), w, 2 * w)),
        lambda w, x, xp: xp.sum(xp.where(xp.isfinite((w + 1) * xp.exp(x)), w, 3 * w)),
    ],
)
def test_what_is_not_finite_inside(loss, scheme):
    """A difference of infinities is NaN; a guard that asks for it would choose another branch."""
    x = np.array([1.0, 2.0, 3.0])
    problem = gm.Problem(lambda w, x, *, xp=np: loss(w, x, xp), np.array([0.1, 0.5, 0.3]), {"x": x})
    with np.errstate(all="ignore"):
        assert_same(problem, np.array([8.0, 0.5, 0.0]), scheme, x=800 * x)


@pytest.mark.medium
def test_views_of_views():
    """Each view is made of the one before it; thousands must not use up the stack."""

    def loss(w, *, xp=np):
        for _ in range(2000):
            w = xp.reshape(w[None, 0], (1, 1))[0]
        return xp.sum(w**2)

    assert_same(gm.Problem(loss, np.array([0.7])), [0.7])
