"""Break-even counts and sizes."""

from __future__ import annotations

import math

from gradmethods.timing.breakeven import BreakEven, Price, ahead_from, evaluations


def test_the_interval_holds_what_the_times_allow():
    """If it did not, a break-even would look surer than the times behind it."""
    one, other = Price(10.0, 1.0, 0.5, 1.5), Price(0.0, 3.0, 2.0, 4.0)
    # Between 10 / (4 - 0.5) and 10 / (2 - 1.5), rounded up.
    assert evaluations(one, other) == BreakEven(5.0, 3.0, 20.0)


def test_cheaper_from_the_start_and_never():
    """If these had other counts, advice would send a user to prepare for nothing."""
    one, other = Price(0.0, 1.0, 1.0, 1.0), Price(5.0, 2.0, 2.0, 2.0)
    assert evaluations(one, other) == BreakEven(0.0, 0.0, 0.0)
    assert evaluations(other, one).low == math.inf


def test_unknown_times_promise_nothing():
    """If NaN counted as cheap, a method that was not measured would be advised."""
    nan = math.nan
    unknown = Price(0.0, nan, nan, nan)
    assert evaluations(unknown, Price(0, 1, 1, 1)).low == math.inf
    assert ahead_from([1, 2], [unknown] * 2, [Price(0, 1, 1, 1)] * 2).low == math.inf


def test_ahead_means_at_every_larger_size():
    """If one lucky size counted, a crossing would be reported where there is none."""
    one = [Price(0, t, t, t) for t in (1.0, 5.0, 1.0)]
    other = [Price(0, 2.0, 2.0, 2.0)] * 3
    assert ahead_from([10, 20, 30], one, other).value == 30
