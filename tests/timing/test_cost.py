"""Counts, fits and what gradients are held against."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption
from gradmethods.timing.counts import counted
from gradmethods.timing.fits import fit_asymptote, fit_power_law
from gradmethods.timing.trial import check


@pytest.fixture
def problem():
    def loss(params, x, *, xp=np):
        h = xp.tanh(x @ params["W"].T + params["b"])
        return xp.mean(h**2) + params["c"] ** 2

    rng = np.random.default_rng(1)
    params = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=3), "c": np.array(0.3)}
    return gm.Problem(loss, params, {"x": rng.normal(size=(5, 4))})


def test_the_counter_counts_what_is_called(problem):
    """If the counter missed calls, a method could claim fewer forward passes than it takes."""
    twin, counter = counted(problem)
    for _ in range(3):
        twin.value()
    assert counter.calls == 3
    counter.reset()
    assert counter.calls == 0
    assert twin.value() == problem.value()
    assert counter.calls == 1  # the original is not counted


def test_fit_recovers_an_exponent():
    """If the fit or its interval were off, so would be every exponent in the report."""
    rng = np.random.default_rng(0)
    n = np.geomspace(10, 1e6, 12)
    inside = []
    for _ in range(200):
        law = fit_power_law(n, 3.0 * n**1.5 * np.exp(0.05 * rng.normal(size=n.size)))
        inside.append(law.low <= 1.5 <= law.high)
    assert 0.90 <= np.mean(inside) <= 0.99
    exact = fit_power_law(n, 3.0 * n**1.5)
    assert exact.exponent == pytest.approx(1.5)
    assert exact.constant == pytest.approx(3.0)
    assert exact(100.0) == pytest.approx(3000.0)


def test_the_asymptote_starts_behind_the_overhead():
    """If small sizes took part, fixed overheads would flatten every exponent."""
    n = 4.0 ** np.arange(1, 11)
    law = fit_asymptote(n, 1.0 + 1e-6 * n**2)
    assert law.settled
    assert law.start > 1000
    assert law.low <= 2 <= law.high
    assert fit_power_law(n, 1.0 + 1e-6 * n**2).exponent < 1.7


def test_a_curve_is_not_called_a_power_law():
    """If a bent line were called settled, its exponent would be read as a law."""
    n = np.geomspace(1, 1e6, 12)
    law = fit_asymptote(n, np.exp(np.log(n) ** 2))
    assert not law.settled
    assert law.points == 4


@pytest.mark.parametrize(
    ("n", "values"),
    [
        ([1, 2], [1.0, 2.0]),
        ([1, 2, 3, 4], [1.0, 2.0, float("nan"), 4.0]),
        ([1, 2, 3, 4], [1.0, 2.0, 0.0, 4.0]),
        ([1, 2, 3, 4], [1.0, 2.0]),
    ],
)
def test_fits_refuse_what_has_no_slope(n, values):
    """If NaN or zeros were let in, an exponent of nonsense would come out."""
    with pytest.raises(InvalidOption):
        fit_asymptote(n, values)


def test_a_restricted_problem_holds_its_part_of_the_gradient(problem):
    """If it differed, backprop would be held against the wrong components."""
    chosen = np.sort(np.random.default_rng(0).choice(problem.size, 9, replace=False))
    part = problem.of_components(chosen)
    assert part.size == 9
    assert part.value() == problem.value()
    whole = problem.structure.join(gm.Backprop().prepare(problem)(problem.params).gradient)
    gradient = gm.Backprop().prepare(part)(part.params).gradient
    np.testing.assert_allclose(gradient, whole[chosen], rtol=1e-13)


def test_the_check_finds_a_wrong_gradient(problem):
    """If the benchmark's check were empty, its column of errors would prove nothing."""
    gradient = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    assert check(gradient, problem).error < 1e-13
    assert check({k: -v for k, v in gradient.items()}, problem).error == 2.0
    assert check({k: 0 * v for k, v in gradient.items()}, problem).error == 1.0
    gradient["W"] = gradient["W"] * np.nan
    assert check(gradient, problem).error == np.inf
