"""The timing protocol and its estimates. No test looks at a real time."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption
from gradmethods.timing.bootstrap import Estimate
from gradmethods.timing.noise_floor import against_itself, factor, noise_record
from gradmethods.timing.rounds import Rounds, calls_for, disturbed
from gradmethods.timing.timing import measure, quiet


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
    rounds = Rounds(clock.work("g", 3e-3), clock.work("l", 0.4e-3), clock=clock, processor=clock)
    rounds.calibrate()
    assert (rounds.gradient_calls, rounds.loss_calls) == (1, 5)  # the fewest that fill 1 ms
    clock.log.clear()
    for _ in range(3):
        rounds.pair()
    loss = ["l"] * 5
    assert clock.log == [*loss, "g", "g", *loss, *loss, "g"]  # who is first alternates
    cost = rounds.cost()
    assert cost.gradient.median == pytest.approx(3e-3)
    assert cost.loss.median == pytest.approx(0.4e-3)
    assert cost.ratio.median == pytest.approx(7.5)


def test_drift_cancels_in_the_ratio(clock):
    """If rounds were not paired, a machine that slows down would look like a slow gradient."""
    rounds = Rounds(clock.work("g", 3e-3), clock.work("l", 1e-3), clock=clock, processor=clock)
    for slowness in (1.0, 2.0, 4.0, 8.0, 16.0):
        clock.slowness = slowness
        rounds.pair()
    cost = rounds.cost()
    assert cost.gradient.high > 2 * cost.gradient.low
    assert cost.ratio.low == pytest.approx(3.0)
    assert cost.ratio.high == pytest.approx(3.0)


def test_a_slow_gradient_is_not_called_for_calibration(clock):
    """If a known gradient were called to calibrate, an hour would be spent twice."""
    rounds = Rounds(clock.work("g", 100.0), clock.work("l", 1e-3), clock=clock, processor=clock)
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
    assert cost.rounds + cost.dropped == 7
    with pytest.raises(InvalidOption, match="rounds"):
        measure(gm.Backprop().prepare(problem), problem, rounds=0)


def test_measure_stops_at_its_time_limit_and_at_its_precision(problem, clock):
    """If it did not stop, a budget could not be kept; if too early, the interval would lie."""
    prepared = clock.work("g", 2e-3)
    problem = problem.replace(loss=clock.work("l", 1e-3))
    assert measure(prepared, problem, seconds=0.3, clock=clock, processor=clock).rounds == 100
    assert measure(prepared, problem, seconds=1e-9, clock=clock, processor=clock).rounds == 1
    assert (
        measure(prepared, problem, seconds=0.3, precision=0.01, clock=clock, processor=clock).rounds
        == 10
    )


def test_noise_floor_times_the_loss_against_itself(problem, clock):
    """If two functions took part, the noise floor would hold a difference."""
    problem = problem.replace(loss=clock.work("l", 1e-3))
    cost = against_itself(problem, 0.1, clock=clock, processor=clock).cost()
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


@pytest.fixture
def shared(clock):
    """A processor that others use too: its time stands still while they do."""
    away = iter(())

    def pair_with(pattern):
        nonlocal away
        away = iter(pattern)
        ran = [0.0]

        def gradient():
            clock.now += 2e-3
            ran[0] += 2e-3
            waited = next(away, 0.0)
            clock.now += waited

        def loss():
            clock.now += 1e-3
            ran[0] += 1e-3

        rounds = Rounds(gradient, loss, clock=clock, processor=lambda: ran[0])
        for _ in pattern:
            rounds.pair()
        return rounds.cost()

    return pair_with


def test_rounds_that_others_disturbed_are_dropped(shared):
    """If they counted, a busy machine would silently change the ratio of two methods."""
    cost = shared([0.0, 4e-3] * 10)
    assert (cost.rounds, cost.dropped, cost.contended) == (10, 10, False)
    assert cost.ratio.median == cost.ratio.high == pytest.approx(2.0)
    quiet_one = shared([0.0] * 20)
    assert (quiet_one.rounds, quiet_one.dropped, quiet_one.contended) == (20, 0, False)


def test_too_few_quiet_rounds_are_kept_and_flagged(shared):
    """If the flag were missing, a ratio from rounds that others shared would look like any."""
    cost = shared([4e-3] * 16 + [0.0] * 4)
    assert (cost.rounds, cost.dropped, cost.contended) == (20, 0, True)
    assert cost.ratio.median == pytest.approx(6.0)
    assert cost.record()["contended"] is True


def test_a_disturbance_is_more_than_the_tick_of_the_clock():
    """If a coarse clock counted as a disturbance, no round would count on some systems."""
    assert disturbed([1.1, 1.04, 1.0], [1.0, 1.0, 1.1]).tolist() == [True, False, False]


def test_a_pair_is_whole_under_another_driver(clock):
    """If pytest-benchmark left a pair open, rounds of gradient and loss would not be paired."""
    rounds = Rounds(clock.work("g", 1e-3), clock.work("l", 1e-3), clock=clock, processor=clock)
    for _ in range(3):
        rounds.open()
        rounds.gradient_round()
        rounds.close()
        rounds.close()  # without a teardown the driver closes the last one itself
    assert len(rounds.loss_seconds) == len(rounds.gradient_seconds) == 3


def test_the_noise_floor_is_a_factor():
    """If a ratio of one half counted less than one of two, noise would hide below 1."""
    assert factor([1.0, 0.5]) == factor([2.0, 1.0]) == pytest.approx(2.0)
    assert factor([None, float("nan")]) is None


def test_noise_is_recorded_with_its_rounds():
    """If the rounds were not kept, nobody could look again at what the machine did."""
    record = noise_record(2, "end", seconds=0.0)
    assert (record["key"], record["moment"], record["sweep"]) == ("noise-2-end", "end", "noise")
    names = ("gradient_seconds", "gradient_processor", "loss_seconds", "loss_processor")
    assert {len(record[name]) for name in names} == {1}


def test_intervals_are_seeded():
    """If the bootstrap drew anew each time, a report could not be written again unchanged."""
    values = np.random.default_rng(0).exponential(size=30)
    assert Estimate.of(values, seed=3) == Estimate.of(values, seed=3)
    assert Estimate.of(values, seed=3) != Estimate.of(values, seed=4)


@pytest.mark.medium
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


@pytest.mark.parametrize("loop", [Rounds._round, calls_for])
def test_what_is_timed_begins_on_a_fresh_piece_of_the_stack(loop):
    """Near the edge of a piece calls cost ten microseconds: times told how deep the caller was."""
    pieces = 16 * 1024 // 8
    assert loop.__code__.co_stacksize > 10 * pieces
