"""Error measures: what they are on errors made by hand, at the ends of the range, and with NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradmethods.core.distance import gradient_error
from gradmethods.errors import ShapeMismatch
from gradmethods.truth.measures import digits, in_ulps, measure
from tests.known import Known, linear

MATRIX: dict[str, Any] = {
    "W": np.array([[3.0, -1.5], [0.75, 1e-9]]),
    "b": np.array([-2.0, 0.0]),
    "c": 5.0,
}


def rows(gradient, truth):
    return {row.array: row for row in measure(gradient, truth)}


def copied(gradient):
    return {name: np.array(array, float) for name, array in gradient.items()}


def test_the_right_gradient_has_no_error():
    """A measure with an offset would call every method wrong."""
    truth = linear(MATRIX)
    found = rows(copied(MATRIX), truth)
    assert list(found) == ["W", "b", "c", None]
    for row in found.values():
        assert (row.error, row.worst, row.ulps_worst, row.wrong_signs, row.not_finite) == (0,) * 5
        assert (row.digits, row.cosine) == (30.0, pytest.approx(1, abs=1e-15))
    assert [row.n for row in found.values()] == [4, 2, 1, 7]


def test_an_error_is_measured_beyond_the_last_digit():
    """Half a unit in the last place must show, though it vanishes in a difference of floats."""
    truth = linear(np.array([1.0, 4.0]))
    tail = {"": np.array([0.0, 0.25 * np.spacing(4.0)])}
    known = Known(truth.problem, truth.gradient, tail)
    (array, whole) = measure(truth.gradient, known)
    assert (array.ulps_median, array.ulps_worst) == (0.25, 0.25)
    assert array.error == pytest.approx(0.25 * np.spacing(4.0) / math.hypot(1, 4), rel=1e-12)
    assert whole.digits == pytest.approx(16.27, abs=0.01)


def test_one_error_in_each_measure():
    """Each column is another question: none may answer that of its neighbour."""
    truth = linear(MATRIX)
    wrong = copied(MATRIX)
    wrong["W"][1, 1] *= 1 + 8 * 2.0**-52
    wrong["W"][0, 1] *= -1
    wrong["b"][1] = 1e-3
    found = rows(wrong, truth)
    size = np.linalg.norm(MATRIX["W"])
    assert found["W"].error == pytest.approx(3 / size)
    assert found["W"].worst == 2
    assert found["W"].wrong_signs == 1
    assert found["W"].ulps_worst == 3 / np.spacing(1.5)
    assert found["W"].ulps_median in (0.0, 8.0, 9.0)
    # A true 0 has no sign to be wrong and no size to be relative to: the norm stands in.
    assert found["b"].wrong_signs == 0
    assert found["b"].worst == pytest.approx(5e-4)
    assert found["b"].ulps_worst == pytest.approx(1e-3 / np.spacing(2.0))
    assert found["c"].error == 0
    assert found[None].error == pytest.approx(gradient_error(wrong, copied(MATRIX)).norm)
    assert found["W"].cosine == pytest.approx((size**2 - 2 * 1.5**2) / size**2)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nothing_that_is_not_finite_is_near(bad):
    """A comparison with NaN is false: an error of NaN would pass every limit."""
    truth = linear(MATRIX)
    wrong = copied(MATRIX)
    wrong["b"][0] = bad
    for row in (rows(wrong, truth)["b"], rows(wrong, truth)[None]):
        assert row.error == row.worst == row.ulps_worst == math.inf
        assert (row.digits, row.cosine, row.not_finite) == (0, 0, 1)
    assert rows(wrong, truth)["W"].error == 0
    nowhere = {name: np.full_like(array, bad) for name, array in copied(MATRIX).items()}
    for row in measure(nowhere, truth):
        assert row.ulps_median == row.ulps_99 == math.inf
        assert row.not_finite == row.n


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_numbers_have_units_too(dtype):
    """Of an infinite unit every error is 0: a number far off passed for right to the last place."""
    most = float(np.finfo(dtype).max)
    units = in_ulps(np.array([most / 2]), np.array([most]), most, np.dtype(dtype))
    assert units == pytest.approx(2.0 ** np.finfo(dtype).nmant)


def test_an_array_of_zeros():
    """Where the truth is 0, 0 is right and anything else is infinitely wrong; neither is NaN."""
    truth = linear({"dead": np.zeros(3), "w": np.array([1.0])})
    right = rows({"dead": np.zeros(3), "w": np.ones(1)}, truth)["dead"]
    assert (right.error, right.worst, right.ulps_worst, right.digits, right.cosine) == (
        0, 0, 0, 30, 1,
    )  # fmt: skip
    wrong = rows({"dead": np.array([0, 0, 1e-300]), "w": np.ones(1)}, truth)
    assert wrong["dead"].error == wrong["dead"].worst == wrong["dead"].ulps_worst == math.inf
    assert (wrong["dead"].digits, wrong["dead"].cosine) == (0, 0)
    assert wrong[None].error == 1e-300
    zero = rows({"dead": np.zeros(3), "w": np.zeros(1)}, truth)
    assert (zero["w"].error, zero["w"].cosine, zero["w"].wrong_signs) == (1, 0, 1)


@pytest.mark.parametrize("scale", [1e-300, 5e-324, 1e300])
def test_the_ends_of_the_range(scale):
    """Squares of such numbers are 0 or infinite: a tiny wrong gradient must not look right."""
    gradient = scale * np.array([3.0, -4.0, 0.0])
    truth = linear(gradient)
    for factor, size, signs in ((2, 1.0, 0), (-1, 2.0, 2), (0, 1.0, 2)):
        (row, _) = measure(factor * gradient, truth)
        assert row.error == pytest.approx(size)
        assert row.worst == pytest.approx(size)
        assert row.digits == 0
        assert row.wrong_signs == signs
    assert measure(gradient, truth)[0].cosine == pytest.approx(1)
    assert measure(-gradient, truth)[0].cosine == pytest.approx(-1)


def test_a_subnormal_has_fewer_places():
    """The unit of a subnormal number is the smallest one, not eps of the number."""
    truth = linear(np.array([1e-310, 1e-310]))
    (row, _) = measure(np.array([1e-310, 1e-310 + 5e-324]), truth)
    assert row.ulps_worst == 1


def test_float32_counts_its_own_places():
    """An error of one float32 unit is half a billion float64 units: the dtype decides."""
    truth = linear(np.array([1.0, 3.0]), np.float32)
    wrong = np.array([1.0, np.nextafter(np.float32(3), np.float32(4))], np.float32)
    (row, _) = measure(wrong, truth)
    assert row.ulps_worst == 1
    tiny = linear(np.array([1.0]), np.float32)
    below = Known(tiny.problem, np.array([1e-60]))
    (row, _) = measure(np.zeros(1, np.float32), below)
    assert row.wrong_signs == 0
    assert row.ulps_worst == pytest.approx(1e-60 / 1.4e-45, rel=0.01)


def test_scalars_bare_arrays_and_percentiles():
    """A 0-d array, or one without a name, must not fall out of the table."""
    (row, whole) = measure(np.array(2.0), linear(np.array(2.0)))
    assert (row.array, row.n, row.error, whole.array) == ("", 1, 0, None)
    gradient = np.ones(100)
    wrong = 1 + np.arange(100) * 2.0**-52
    (row, _) = measure(wrong, linear(gradient))
    assert (row.ulps_median, row.ulps_99, row.ulps_worst) == (50, 99, 99)


def test_another_structure_is_refused():
    """Measured by position, a gradient with two arrays swapped would be measured against itself."""
    truth = linear(MATRIX)
    with pytest.raises(ShapeMismatch):
        measure(np.zeros(7), truth)
    with pytest.raises(ShapeMismatch):
        measure(copied(MATRIX) | {"b": np.zeros(3)}, truth)


def test_digits_stay_within_what_is_known():
    """More digits than the truth has cannot be counted; fewer than none do not exist."""
    assert [digits(e, 20) for e in (0.0, 1e-25, 1e-3, 1.0, 7.0, math.inf, math.nan)] == [
        20, 20, pytest.approx(3), 0, 0, 0, 0,
    ]  # fmt: skip


def test_a_table_is_one_step_away():
    """The rows are made for pandas: their fields are its columns."""
    import pandas as pd

    table = pd.DataFrame(measure(copied(MATRIX), linear(MATRIX)))
    assert list(table["n"]) == [4, 2, 1, 7]
    assert {"error", "worst", "ulps_99", "digits", "cosine", "wrong_signs"} <= set(table)
