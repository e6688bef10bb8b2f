"""Losses with an inner solver of loose tolerance: what a check says of gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm


def root(params, step=0.5, tolerance=1e-4):
    """Return the root of x³ + x = p by damped Newton steps, to a tolerance."""
    p, x, off = float(params[0]), 1.0, 1.0
    while abs(off) > tolerance:
        off = step * (x**3 + x - p) / (3 * x * x + 1)
        x -= off
    return x


def test_a_tolerance_within_the_loss_rejects_no_right_gradient():
    """The error of an inner solver has a slope of its own, from which a right gradient differs."""

    def gradient(params):
        return [1 / (3 * root(params, 1.0, 1e-12) ** 2 + 1)]

    problem = gm.Problem(root, np.array([3.0]), black_box=True)
    check = gm.check_gradient(gradient, problem)
    assert check.ok
    assert check.digits == 2
    assert "near by as if a solver in it stopped early" in " ".join(str(check).split())
    mine = gm.Handwritten(gradient, name="mine")
    compared = gm.compare(problem, ["numerical", mine], seconds=0)
    assert compared.verdicts == {"numerical": "right", "mine": "right"}  # as the check says
    assert compared.table["digits"].max() < 5  # none is right to more than is known
    assert "near by as if a solver in it stopped early" in " ".join(str(compared).split())
    doubled = gm.check_gradient(lambda p: [1.3 * g for g in gradient(p)], problem)
    assert doubled.ok is False
    tight = gm.Problem(lambda p: root(p, 0.5, 1e-13), np.array([3.0]), black_box=True)
    assert gm.check_gradient(gradient, tight).ok


def integral(f, a, b, tolerance):
    """Integrate by Simpson's rule, halving where halves say something else."""
    m = (a + b) / 2
    whole = (b - a) / 6 * (f(a) + 4 * f(m) + f(b))
    halves = sum((r - x) / 6 * (f(x) + 4 * f((x + r) / 2) + f(r)) for x, r in ((a, m), (m, b)))
    if abs(halves - whole) <= 15 * tolerance:
        return halves
    return integral(f, a, m, tolerance / 2) + integral(f, m, b, tolerance / 2)


@pytest.mark.parametrize(("point", "tolerance"), [((0.7, 0.4), 1e-6), ((0.31, 1.1), 1e-5)])
def test_an_integral_over_a_kink_rejects_no_right_gradient(point, tolerance):
    """Its error jumps everywhere, at all scales, and what it hides is more than one jump tells."""

    def distance(w):
        return integral(lambda x: abs(x - w[0]) * math.exp(-w[1] * x), 0.0, 2.0, tolerance)

    def gradient(w):
        (a, k), e = w, np.exp(-w[1] * np.array([0.0, w[0], 2.0]))
        x = np.array([0.0, a, 2.0])
        first, second = -e * (x / k + 1 / k**2), -e * (x**2 / k + 2 * x / k**2 + 2 / k**3)
        (low, high), (low2, high2) = np.diff(first), np.diff(second)
        return np.array([(e[0] - 2 * e[1] + e[2]) / k, low2 - a * low + a * high - high2])

    problem = gm.Problem(distance, np.array(point), black_box=True)
    assert gm.check_gradient(gradient, problem).ok
    assert gm.check_gradient(lambda w: gradient(w) * [1.1, 1.0], problem).ok is False


def test_an_error_of_a_thousand_steps_rejects_no_right_gradient():
    """One step more changes a solver's error by little, and its slope is the same near by."""

    def solved(w):
        error = np.cos(w) + 5e-4 * (-1) ** np.floor(2000 * w)
        return float(np.sum(np.sin(3 * w) + 1e-5 * error))

    problem = gm.Problem(solved, np.array([0.4, 1.3]), black_box=True)
    check = gm.check_gradient(lambda w: 3 * np.cos(3 * w), problem)
    assert check.ok
    assert check.digits is not None
    assert 2 <= check.digits <= 5
    assert gm.check_gradient(lambda w: 3.03 * np.cos(3 * w), problem).ok is False


def test_what_jumps_hide_at_a_point_they_hide_beside_it():
    """The error of a solver is as large where no jump is near enough to show it."""

    def solved(w):
        return float(np.sum(np.sin(3 * w)) + 3e-4 * np.sum(np.cos(2 * w)) * (1 + (w[0] < 0.49)))

    problem = gm.Problem(solved, np.array([0.4, 1.3]), black_box=True)
    check = gm.check_gradient(lambda w: 3 * np.cos(3 * w), problem)
    assert check.ok
    assert check.digits == 2
    assert gm.check_gradient(lambda w: 3.1 * np.cos(3 * w), problem).ok is False


def test_every_wrong_entry_is_asked_what_jumps_hide():
    """The largest slope may be hidden along the entry that is off by the least part of itself."""
    scale = np.array([0.01, 0.01, 0.01, 0.01, 10.0])
    error = scale * [1e-3, 1e-3, 1e-3, 1e-3, 3e-4]

    def solved(w):
        return float(scale @ np.sin(3 * w) + error @ (np.cos(2 * w) * (1 + (w > 0.43))))

    problem = gm.Problem(solved, [0.41, 0.4, 0.42, 0.405, 0.415], black_box=True)
    mine = gm.Handwritten(lambda w: 3 * scale * np.cos(3 * w), name="mine")
    assert gm.compare(problem, [mine], seconds=0).verdicts == {"mine": "right"}


def test_jumps_beside_one_another_are_found():
    """What is smooth beside one jump cannot be told from values between the next ones."""
    sizes = [0.0, -1.8, -1.9, 1.4, 0.3, -1.1, 1.0, -0.9, -0.3, 0.6]

    def solved(w):
        k = int(np.clip((w[0] - 0.4591) / 0.00625 + 1, 0, 9))
        return float(np.sin(3 * w[0]) + 3e-4 * np.cos(2 * w[0]) * (1 + sizes[k]))

    problem = gm.Problem(solved, np.array([0.4]), black_box=True)
    mine = gm.Handwritten(lambda w: 3 * np.cos(3 * w), name="mine")
    assert gm.compare(problem, [mine], seconds=0).verdicts == {"mine": "right"}


def test_little_jumps_of_a_bent_loss_are_found():
    """Between two values a loss may bend by more than it jumps."""

    def solved(w):
        return float(10 * np.sin(4 * w[0]) + 1e-6 * (10 * w[0] % 1))

    problem = gm.Problem(solved, np.array([0.44]), black_box=True)
    mine = gm.Handwritten(lambda w: 40 * np.cos(4 * w), name="mine")
    found = gm.compare(problem, [mine], seconds=0)
    assert found.verdicts == {"mine": "right"}
    assert found.truth.jump == pytest.approx(1e-6, rel=1e-2)


def test_many_jumps_too_small_to_matter_each_are_found():
    """Steps of a part in float32 hide all of its slope, though none is worth anything by itself."""
    a = np.random.default_rng(1).standard_normal((100, 2))

    def loss(w):
        z = a.astype(np.float32) @ w.astype(np.float32)
        return float(np.mean(np.logaddexp(np.float32(0), z)) + 0.05 * w @ w)

    problem = gm.Problem(loss, [0.3, -0.5], black_box=True)
    slope = a.T @ (1 / (1 + np.exp(-a @ problem.params))) / 100 + 0.1 * problem.params
    assert gm.check_gradient(slope, problem).ok is None


def euler(w):
    """Solve y' = sin(b) - a y by 40 steps of Euler's method, whose error is smooth."""
    y = 1.0
    for _ in range(40):
        y += 0.05 * (math.sin(w[1]) - w[0] * y)
    return y


def test_an_error_without_jumps_is_what_its_user_says():
    """No value tells it: who says how large it is must get fewer digits, not "wrong"."""

    def gradient(w):
        e, s = math.exp(-2 * w[0]), math.sin(w[1]) / w[0]
        return np.array([2 * e * (s - 1) - s / w[0] * (1 - e), math.cos(w[1]) / w[0] * (1 - e)])

    point = np.array([0.8, 0.6])
    told = str(gm.check_gradient(gradient, gm.Problem(euler, point, black_box=True)))
    error = float(told.split("loss_error=")[1].split(maxsplit=1)[0])
    problem = gm.Problem(euler, point, black_box=True, loss_error=error)
    check = gm.check_gradient(gradient, problem)
    assert (error, check.ok, check.digits) == (9e-4, True, 1)  # as it was advised
    assert "whose values may be off by 0.0009 (loss_error)" in " ".join(str(check).split())
    assert gm.check_gradient(lambda w: 1.3 * gradient(w), problem).ok is False
    mine = gm.Handwritten(gradient, name="mine")
    assert gm.compare(problem, [mine], seconds=0).verdicts == {"mine": "right"}
    loose = gm.Problem(euler, point, black_box=True, loss_error=0.1)
    said = " ".join(str(gm.check_gradient(gradient, loose)).split())
    assert "NOT DECIDED" in said
    assert "The loss may be off by 0.1, as loss_error says: a tighter tolerance" in said
    assert loose.of_components(np.array([1])).loss_error == 0.1  # and of its parts
    assert loose.in_dtype("float32").loss_error == 0.1


@pytest.mark.parametrize(
    ("error", "box", "says"),
    [
        (-1.0, True, "a number from 0 on"),
        (math.nan, True, "a number from 0 on"),
        ("much", True, "a number from 0 on"),
        (1e-6, False, "for black boxes"),
    ],
)
def test_a_loss_error_that_cannot_be(error, box, says):
    """It is a number, and of a loss of which values alone are known."""
    with pytest.raises(gm.InvalidProblem, match=says):
        gm.Problem(lambda w, xp=np: xp.sum(w), [1.0], black_box=box, loss_error=error)


def test_kinks_hide_nothing():
    """If halving took a kink for a jump, bars would widen, and a wrong gradient be accepted."""

    def kinked(w):
        return float(np.sum(abs(w - 0.43) + np.sin(w)))

    problem = gm.Problem(kinked, np.array([0.4, 0.5]), black_box=True)
    slope = np.array([-1.0, 1.0])
    assert gm.check_gradient(lambda w: np.sign(w - 0.43) + np.cos(w), problem).ok
    check = gm.check_gradient(slope + np.cos(problem.params) + 1e-5, problem)
    assert check.ok is False
    assert check.points[0].found.jump == 0


def test_a_power_that_begins_at_a_bound_hides_nothing():
    """It is ragged at one end alone: no solver's error, which would excuse a wrong gradient."""
    problem = gm.Problem(lambda w: float(np.sum(w**1.5)), [0.0, 2.0], black_box=True, bounds=(0, 9))
    check = gm.check_gradient(lambda w: 1.5 * w**0.5 + 1e-3, problem)
    assert check.ok is False
    assert check.points[0].found.jump == 0
