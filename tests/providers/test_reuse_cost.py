"""What reuse costs: passes, operations, memory, and the bar that shows how far it is."""

from __future__ import annotations

import io
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.incremental import perturbations
from gradmethods.providers import parts, schemes
from gradmethods.providers.numerical import Numerical
from tests.reuse_checks import SCHEMES, everything, flat, prepare


@pytest.mark.parametrize("scheme", SCHEMES)
def test_passes_are_those_it_stands_for(scheme):
    """Costs are compared per pass: reuse must name as many as the black box, and call none."""
    twin = everything()
    calls = []

    def counting(params, **data):
        calls.append(1)
        return twin.loss(params, **data)

    problem = gm.Problem(counting, twin.params, twin.data)
    calls.clear()
    prepared = prepare(problem, scheme)
    made = len(calls) - 1  # recording calls it once, on arrays of another kind
    plain = Numerical(scheme).prepare(problem)
    assert made == prepared.preparation_passes == plain.preparation_passes
    np.testing.assert_array_equal(
        prepared.step(problem.structure.join(problem.params)),
        plain.step(problem.structure.join(problem.params)),
    )
    calls.clear()
    prepared(problem.params)
    assert not calls
    assert (prepared.forward_passes, prepared.value_passes) == (plain.forward_passes, 1)
    assert prepared.forward_passes == len(schemes.SCHEMES[scheme].offsets) * problem.size
    assert set(prepared.preparation) == {"steps", "trace", "compile"}


def test_work_is_counted():
    """The saving is cited in operations: by hand, for a sum and for a product with a matrix."""

    def separate(w, *, xp=np):
        return xp.sum(xp.exp(w))

    # At the base 5 exponentials and 4 additions; for each of 10 places an exponential, its
    # difference from the base, and that added to the sum.
    work = prepare(gm.Problem(separate, np.ones(5))).work
    assert work == (9 + 10 * 3, 11 * 9)

    # The logarithm belongs to the tail: once for each place, and once at the base.
    logarithm = gm.Problem(lambda w, *, xp=np: xp.log(separate(w, xp=xp)), np.ones(5))
    assert prepare(logarithm).work == (9 + 10 * 4 + 1, 11 * 10)

    def linear(W, X, *, xp=np):
        return xp.sum(xp.tanh(X @ W.T))

    # The base needs the product, 7 × 4 × (2·3 − 1), tanh and the sum over what is not touched:
    # 28 + 27. Each of 24 places takes a column times a step, added to the base, 7 + 7; tanh of
    # that, 7; its difference from the base, 7; the sum of 7 entries, 6; and 1 to add it.
    problem = gm.Problem(linear, np.ones((4, 3)), {"X": np.ones((7, 3))})
    work = prepare(problem).work
    assert work == (140 + 55 + 24 * 35, 25 * 195)


def test_less_work_on_larger_networks():
    """A hidden weight touches one unit: its share must fall as layers widen."""
    shares = []
    for width in (8, 16, 32, 64):
        problem = gm.problems.get("mlp", widths=(2, width, width, 1), batch=10)
        work = prepare(problem).work
        shares.append(work.done / work.plain)
    assert all(narrow > 1.8 * wide for narrow, wide in pairwise(shares))


def peak(problem: gm.Problem, provider: Numerical) -> int:
    params = problem.params
    tracemalloc.start()
    provider.prepare(problem)(params)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.medium
def test_memory_beyond_the_parameters_does_not_grow():
    """Places, indices or losses of all perturbations at once would not reach a million."""
    X = np.ones((5, 400))

    def loss(params, X, *, xp=np):
        return xp.mean(xp.tanh(X @ params["W"].T) @ params["v"])

    def problem(units):
        return gm.Problem(loss, {"W": np.ones((units, 400)), "v": np.ones(units)}, {"X": X})

    small, large = problem(20), problem(200)
    reuse = Numerical(evaluation="reuse")
    peak(small, reuse)  # modules that are imported on the way count only here
    growth = peak(large, reuse) - peak(small, reuse)
    # The point, the gradient, its estimated errors and marks, and the hidden layer's base values.
    assert growth < 4.6 * 8 * (large.size - small.size)
    for each in (small, large):
        assert prepare(each).workspace <= perturbations.BUDGET + 64 * 20
        assert peak(each, reuse) < 4.6 * 8 * each.size + 3 * perturbations.BUDGET


def test_values_on_the_way_are_not_kept():
    """A deep function of a large array would hold an array for each of its steps."""

    def loss(w, *, xp=np):
        for _ in range(20):
            w = xp.tanh(w)
        return xp.sum(w)

    problem = gm.Problem(loss, np.full(100_000, 0.3))
    # The point, the gradient, the last value of the chain, and the memory of blocks.
    assert (
        peak(problem, Numerical("forward", 1e-5, "reuse"))
        < 4.2 * 8 * 100_000 + 3 * perturbations.BUDGET
    )


@pytest.mark.medium
def test_plain_memory_is_three_copies():
    """A private point, the gradient and its errors: anything more of size n is not needed."""
    n = 300_000
    problem = gm.Problem(lambda w, *, xp=np: w[0] * w[1], np.full(n, 0.3))
    assert peak(problem, Numerical("forward")) < 3.2 * 8 * n + 800 * parts.BLOCK


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
def test_long_runs_show_progress(monkeypatch, evaluation):
    """Someone who waits for minutes wants to know how many; nobody else must see a thing."""
    from gradmethods.core import progress
    from gradmethods.providers import reuse

    problem = gm.problems.get("mlp", widths=(2, 5, 1), batch=5)
    prepared = Numerical(evaluation=evaluation).prepare(problem)
    expected = flat(problem, prepared(problem.params).gradient)
    screen, file = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    prepared(problem.params)
    assert screen.getvalue() == ""  # short
    monkeypatch.setattr(reuse, "SECONDS_PER_OPERATION", 1.0)
    for module in (parts, progress):
        monkeypatch.setattr(module, "LONG", 0.0)
    np.testing.assert_allclose(flat(problem, prepared(problem.params).gradient), expected)
    assert f"/{problem.size} " in screen.getvalue().replace(".0", "")
    monkeypatch.setattr(sys, "stderr", file)
    prepared(problem.params)
    assert file.getvalue() == ""  # long, but nobody is watching


def test_short_runs_do_not_load_the_bar(monkeypatch):
    """Importing it takes longer than many a gradient."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    for evaluation in ("plain", "reuse"):
        Numerical(evaluation=evaluation).prepare(everything())(everything().params)
