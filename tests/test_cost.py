"""The timing protocol, fits and counts. No test looks at a real time."""

from __future__ import annotations

import contextlib
import gc
import itertools
import subprocess
import sys

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.cost import (
    Estimate,
    counted,
    fit_asymptote,
    fit_power_law,
    measure,
    noise_floor,
)
from gradmethods.cost.deadline import OutOfTime, deadline
from gradmethods.cost.reference import check, restricted, sample
from gradmethods.cost.timing import Rounds, calls_for, quiet
from gradmethods.errors import InvalidOption


class FakeClock:
    """Time that passes only when work is done, as fast as the machine is slow."""

    def __init__(self):
        self.now = 0.0
        self.slowness = 1.0
        self.log = []

    def __call__(self):
        return self.now

    def work(self, name, seconds):
        def function(*args, **kwargs):
            self.log.append(name)
            self.now += seconds * self.slowness
            return name

        return function


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def problem():
    def loss(params, x, *, xp=np):
        h = xp.tanh(x @ params["W"].T + params["b"])
        return xp.mean(h**2) + params["c"] ** 2

    rng = np.random.default_rng(1)
    params = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=3), "c": np.array(0.3)}
    return gm.Problem(loss, params, {"x": rng.normal(size=(5, 4))})


def test_rounds_alternate_and_hold_their_calls(clock):
    """If rounds did not alternate, drift of the machine would not cancel in the ratio."""
    rounds = Rounds(clock.work("g", 3e-3), clock.work("l", 0.4e-3), clock=clock)
    rounds.calibrate()
    assert (rounds.gradient_calls, rounds.loss_calls) == (1, 5)  # the fewest that fill 1 ms
    clock.log.clear()
    for _ in range(2):
        rounds.loss_round()
        rounds.gradient_round()
    assert clock.log == ["l"] * 5 + ["g"] + ["l"] * 5 + ["g"]
    cost = rounds.cost()
    assert cost.gradient.median == pytest.approx(3e-3)
    assert cost.loss.median == pytest.approx(0.4e-3)
    assert cost.ratio.median == pytest.approx(7.5)


def test_drift_cancels_in_the_ratio(clock):
    """If rounds were not paired, a machine that slows down would look like a slow gradient."""
    rounds = Rounds(clock.work("g", 3e-3), clock.work("l", 1e-3), clock=clock)
    for slowness in (1.0, 2.0, 4.0, 8.0, 16.0):
        clock.slowness = slowness
        rounds.loss_round()
        rounds.gradient_round()
    cost = rounds.cost()
    assert cost.gradient.high > 2 * cost.gradient.low
    assert cost.ratio.low == pytest.approx(3.0)
    assert cost.ratio.high == pytest.approx(3.0)


def test_a_slow_gradient_is_not_called_for_calibration(clock):
    """If a known gradient were called to calibrate, an hour would be spent twice."""
    rounds = Rounds(clock.work("g", 100.0), clock.work("l", 1e-3), clock=clock)
    rounds.calibrate(known=100.0)
    assert "g" not in clock.log


@pytest.mark.parametrize(("seconds", "calls"), [(5e-3, 1), (0.6e-3, 2), (1e-4, 10), (1e-6, 1000)])
def test_calls_fill_the_shortest_round(clock, seconds, calls):
    """If rounds were shorter than this, the clock would be measured instead of the function."""
    found, each = calls_for(clock.work("f", seconds), 0.99e-3, clock)
    assert found == calls
    assert each == pytest.approx(seconds)


def test_measure_takes_the_rounds_asked(problem):
    """If rounds were not honoured, runs could not be made comparable."""
    cost = measure(gm.Backprop().prepare(problem), problem, rounds=7)
    assert cost.rounds == 7
    with pytest.raises(InvalidOption, match="rounds"):
        measure(gm.Backprop().prepare(problem), problem, rounds=0)


def test_measure_stops_at_its_time_limit_and_at_its_precision(problem, clock):
    """If it did not stop, a budget could not be kept; if too early, the interval would lie."""
    prepared = clock.work("g", 2e-3)
    problem.loss = clock.work("l", 1e-3)
    assert measure(prepared, problem, seconds=0.3, clock=clock).rounds == 100
    assert measure(prepared, problem, seconds=1e-9, clock=clock).rounds == 1
    assert measure(prepared, problem, seconds=0.3, precision=0.01, clock=clock).rounds == 10


def test_noise_floor_times_the_loss_against_itself(problem, clock):
    """If two functions took part, the noise floor would hold a difference."""
    problem.loss = clock.work("l", 1e-3)
    cost = noise_floor(problem, seconds=0.1, clock=clock)
    assert set(clock.log) == {"l"}
    assert cost.ratio.median == pytest.approx(1.0)


def test_quiet_holds_the_collector_and_the_threads():
    """If they ran on, a round would now and then hold a collection or a second core."""
    from threadpoolctl import threadpool_info

    before = gc.isenabled()
    with quiet():
        assert not gc.isenabled()
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())
    assert gc.isenabled() == before


def test_intervals_are_seeded():
    """If the bootstrap drew anew each time, a report could not be written again unchanged."""
    values = np.random.default_rng(0).exponential(size=30)
    assert Estimate.of(values, seed=3) == Estimate.of(values, seed=3)
    assert Estimate.of(values, seed=3) != Estimate.of(values, seed=4)


def test_intervals_cover_the_true_median():
    """If the intervals were too narrow, noise would be published as a difference."""
    rng = np.random.default_rng(0)
    estimates = [Estimate.of(rng.exponential(size=25)) for _ in range(300)]
    covered = np.mean([e.low <= np.log(2) <= e.high for e in estimates])
    assert 0.90 <= covered <= 0.99


def test_few_rounds_claim_no_bootstrap():
    """If one round had an interval, a single measurement would look certain."""
    one, three = Estimate.of([2.0]), Estimate.of([3.0, 1.0, 2.0])
    assert np.isnan(one.low)
    assert np.isnan(one.high)
    assert (three.low, three.high, three.minimum) == (1.0, 3.0, 1.0)
    with pytest.raises(InvalidOption):
        Estimate.of([])


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


def test_a_deadline_is_not_swallowed():
    """If libraries could swallow it, a derivation would run on after its limit."""

    def stubborn():
        for _ in itertools.count():
            with contextlib.suppress(Exception):
                sum(range(1000))

    with pytest.raises(OutOfTime), deadline(0.05):
        stubborn()
    with deadline(float("inf")):
        pass


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
    chosen = sample(problem, seed=0, most=9)
    assert sum(index.size for index in chosen.values()) == 9
    part = restricted(problem, chosen)
    assert part.size == 9
    assert part.value() == problem.value()
    whole = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    gradient = part.structure.check(gm.Backprop().prepare(part)(part.params).gradient)
    for name, index in chosen.items():
        expected = np.ravel(whole[name])[index]
        np.testing.assert_allclose(gradient[f"offsets {name}"], expected, rtol=1e-13)


@pytest.mark.parametrize("provider", ["backprop", "numerical"])
def test_the_check_finds_a_wrong_gradient(problem, provider):
    """If the benchmark's check were empty, its column of errors would prove nothing."""
    gradient = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    assert check(gradient, problem, provider, seed=0).error < 1e-13
    assert check({k: -v for k, v in gradient.items()}, problem, provider, 0).error == 2.0
    assert check({k: 0 * v for k, v in gradient.items()}, problem, provider, 0).error == 1.0
    gradient["W"] = gradient["W"] * np.nan
    assert check(gradient, problem, provider, seed=0).error == np.inf


def test_cost_and_report_load_nothing_heavy():
    """If they did, everyone who imports them would wait for pandas, matplotlib and SymPy."""
    code = (
        "import sys, gradmethods.cost, gradmethods.report;"
        "print([m for m in ('pandas', 'matplotlib', 'sympy', 'flint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
