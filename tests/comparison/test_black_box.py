"""Losses of which values are all that is known: who takes part, and what a check says of them."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.comparison.check import move
from gradmethods.truth.differences import differences

EXACT = (
    gm.Analytical(),
    gm.Backprop(),
    gm.Forward(),
    gm.Numerical("complex-step"),
    gm.Numerical(evaluation="reuse"),
)
SCHEMES = ("forward", "backward", "central", "five-point", "richardson")

POINT = np.linspace(-1.0, 1.2, 6)


def waves(w):
    return sum(math.sin(3 * x) + math.exp(x) for x in w)


def slopes(w):
    return 3 * np.cos(3 * w) + np.exp(w)


def box(loss=waves, point=POINT, **options):
    return gm.Problem(loss, point, black_box=True, **options)


@pytest.mark.parametrize("provider", EXACT, ids=lambda p: p.name)
def test_who_looks_inside_says_why_not(provider):
    """Otherwise a method would fail inside of a solver, in the solver's words."""
    refusal = provider.obstacle(box())
    assert refusal is not None
    assert "is a black box" in refusal
    assert "core" not in refusal  # no line of ours is the user's


@pytest.mark.parametrize("scheme", SCHEMES)
def test_differences_take_part(scheme):
    """Otherwise a black box would have no gradient, or one without an honest estimate."""
    prepared = gm.Numerical(scheme).prepare(box())
    gradient = prepared(POINT).gradient
    estimate = np.asarray(prepared.error_estimate)
    assert (abs(gradient - slopes(POINT)) <= 3 * estimate).all()


class Tensor:
    """A tensor of torch that belongs to a graph: it gives its numbers only when detached."""

    dtype = "torch.float64"

    def __init__(self, array):
        self.array = array

    def __array__(self, *_, **__):
        raise RuntimeError("Use tensor.detach().numpy() instead.")

    def detach(self):
        return self.array


def test_parameters_of_a_torch_module_are_taken_as_they_are():
    """Otherwise dict(module.named_parameters()), as everyone writes it, would be refused."""
    problem = box(lambda p: waves(p["w"]), {"w": Tensor(POINT)})
    assert (problem.params["w"] == POINT).all()
    assert gm.check_gradient(lambda p: {"w": Tensor(slopes(p["w"]))}, problem).ok


def test_arrays_are_the_functions_own():
    """Otherwise a loss that writes into its argument, or keeps it, would go wrong."""
    seen = []

    def rude(w):
        seen.append(w)
        value = float(np.sum(w**2))
        w[:] = 0
        return value

    check = gm.check_gradient(lambda w: 2 * w, box(rude))
    assert check.ok
    assert len({id(w) for w in seen}) == len(seen)


def test_a_right_gradient_is_right_to_some_digits():
    """Otherwise right black-box gradients would be rejected, or digits promised that are not."""
    check = gm.check_gradient(slopes, box())
    assert check.ok
    assert check.digits is not None
    assert 9 <= check.digits <= 14
    assert "by differences of the loss" in str(check)
    for test in check.taylor:
        assert 1.9 < test.order < 2.1
        assert 0.9 < test.order_without < 1.1


def test_a_table_tells_of_each_array_what_the_verdict_tells_of_all():
    """Entries were those at points beside, 2 of 6, and digits those there, more than in all."""

    def offset(w):
        return 1e4 + waves(w)

    check = gm.check_gradient(slopes, box(offset))
    assert check.table.loc["", "n"] == 6
    assert check.table.loc["", "right_to"] == check.digits == check.points[0].digits[""]
    assert "beside it, there along random directions, against" in " ".join(str(check).split())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda w: 20 * slopes(w), "20 times the right one, in every entry"),
        (lambda w: -slopes(w), "the sign is wrong"),
        (lambda w: 0 * w, "zero, as if never computed"),
        (lambda w: slopes(w)[::-1].copy(), "its entries are in reverse order"),
        (lambda w: np.where(w == w[3], 1.01, 1) * slopes(w), r"one entry is wrong: \[3\]"),
    ],
)
def test_a_mistake_is_named(wrong, said):
    """Otherwise a black-box gradient that is 20 times too large would go unchecked."""
    check = gm.check_gradient(wrong, box())
    assert check.ok is False
    assert np.any([said.replace("\\", "") in check.mistake])


def test_a_single_number_that_is_a_whole_multiple_is_called_so():
    """Every number is some multiple of another; a whole one is no accident, and tells why."""
    problem = box(lambda w: float(np.sin(w)), np.asarray(0.4))
    assert gm.check_gradient(lambda w: 8 * np.cos(w), problem).mistake == "8 times the right one"
    assert "times" not in gm.check_gradient(lambda w: 8.1 * np.cos(w), problem).mistake


def test_a_factor_is_named_as_well_as_differences_know_the_truth():
    """Half a gradient of a loss in float32 was called 0.499999 times the right one."""
    data = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    point = np.array([0.3, -1.2, 0.8, 2.1], np.float32)

    def squares(w):
        return np.mean((data @ w - 1) ** 2)

    def halved(w):
        return data.T @ (data @ w - 1) / 20

    assert gm.check_gradient(halved, box(squares, point)).mistake == "half the right one"


def test_a_wrong_entry_under_noise_is_beyond_its_bound_by_some_times():
    """It was called infinitely beyond, since no error was right where differences tell no digit."""
    rng = np.random.default_rng(5)

    def simulated(w):
        return float(np.mean((w[0] + w[1] * rng.standard_normal(1000) - 1) ** 2))

    problem = box(simulated, np.array([3.0, 0.5]))
    check = gm.check_gradient(lambda w: np.array([-2 * (w[0] - 1), 2 * w[1]]), problem)
    assert check.ok is False
    assert 1 < check.table["excess"].max() < 1e6


def test_at_an_optimum_points_beside_decide():
    """Otherwise every gradient would look right there, or none would be called so."""

    def valley(w):
        return float(np.sum(np.cosh(w - 1)))

    at = box(valley, np.ones(4))
    right = gm.check_gradient(lambda w: np.sinh(w - 1), at)
    assert right.ok
    assert "at points beside" in str(right)
    assert gm.check_gradient(lambda w: 1.5 * np.sinh(w - 1), at).ok is False
    assert gm.check_gradient(np.full(4, 1e-14), at).ok is None


def test_noise_is_estimated_and_not_refused():
    """Otherwise a simulation with noise could not be checked, or its noise would be an error."""
    rng = np.random.default_rng(3)
    noisy = box(lambda w: waves(w) * (1 + 1e-7 * rng.standard_normal()))
    assert not noisy.repeats
    check = gm.check_gradient(slopes, noisy)
    assert check.ok
    assert check.digits is not None
    assert 1 <= check.digits <= 6
    assert gm.check_gradient(lambda w: 1.2 * slopes(w), noisy).ok is False


def test_a_simulation_with_noise_is_told_from_one_that_is_far_off():
    """Neighbouring values drown in noise; those over a stretch show a sign or a factor of 20."""
    rng = np.random.default_rng(5)

    def simulated(w):
        drawn = w[0] + w[1] * rng.standard_normal(1000)
        return float(np.mean((drawn - 1) ** 2) + w[2] ** 2)

    def mean(w):
        return np.array([2 * (w[0] - 1), 2 * w[1], 2 * w[2]])

    problem = box(simulated, np.array([3.0, 0.5, 1.2]))
    right = gm.check_gradient(mean, problem)
    assert right.ok is None
    assert "Nothing speaks against it, and an error of 0." in " ".join(str(right).split())
    for factor in (20, 2, -1, 0):
        assert gm.check_gradient(lambda w, factor=factor: factor * mean(w), problem).ok is False


def test_stretches_over_waves_spoil_no_differences():
    """Waves shorter than the way between two values of a stretch look like noise of no slope."""
    rng = np.random.default_rng(6)

    def fast(w):
        return float(np.sum(np.sin(300 * w)) + 1e-2 * rng.standard_normal())

    problem = box(fast, np.array([1.0]))
    found = differences(problem)
    assert (abs(found.gradient - 300 * np.cos(300 * problem.params)) < 3 * found.bars[""]).all()


def test_noise_that_drowns_the_gradient_decides_nothing():
    """Otherwise a guess would be called a verdict, or nobody would learn what decides it."""
    rng = np.random.default_rng(4)
    drowned = box(lambda w: 1e6 + waves(w) + rng.standard_normal())
    check = gm.check_gradient(slopes, drowned)
    assert check.ok is None
    assert "Less noise would decide it" in str(check)


def test_bounds_are_never_left():
    """Otherwise a simulator would be called where it is not defined."""

    def inside(w):
        assert (w >= 0).all()
        assert (w <= 1).all()
        return float(np.sum(np.sqrt(1 + w)))

    problem = box(inside, np.array([0.0, 0.5, 1.0, 1e-9]), bounds=(0, 1))
    for scheme in SCHEMES:
        gradient = gm.Numerical(scheme).prepare(problem)(problem.params).gradient
        assert abs(gradient - 0.5 / np.sqrt(1 + problem.params)).max() < 1e-6
    check = gm.check_gradient(lambda w: 0.5 / np.sqrt(1 + w), problem)
    assert check.ok
    assert check.digits is not None
    assert check.digits >= 5
    assert gm.check_gradient(lambda w: 0.4 / np.sqrt(1 + w), problem).ok is False


def test_points_beside_lie_between_the_bounds_and_on_none():
    """A square root has no slope at its bound: a right gradient was called infinite there."""

    def rooted(w):
        return float(np.sum(np.sqrt(w)) + w[1] ** 2)

    problem = box(rooted, np.array([1e-9, 0.5, 0.999]), bounds=(0, 1))
    check = gm.check_gradient(lambda w: 0.5 / np.sqrt(w) + [0, 2 * w[1], 0], problem)
    assert check.ok
    for distance in (1e-3, 0.5, 3.0):
        for seed in range(4):
            moved = move(problem, distance, seed).params
            assert ((moved > 0) & (moved < 1) & (moved != problem.params)).all()


def test_a_bound_near_by_is_no_jump():
    """Otherwise what continues a loss beyond its bounds would excuse a wrong gradient."""

    def rounded(w):
        return math.floor(float(np.exp(w).sum()) * 1e9) / 1e9

    problem = box(rounded, np.array([1.0, 1.0, 2.0]), bounds=(np.array([0.95, 0.9, 0.0]), None))
    check = gm.check_gradient(lambda w: 1.001 * np.exp(w), problem)
    assert check.ok is False
    assert "1.001 times the right one" in str(check)
    assert "jumps" not in str(check)


def test_bounds_hold_in_single_precision():
    """A bound that rounds outwards made points beside NaN, and right gradients wrong."""
    point = np.array([0.79569906, 0.76246417, 1.2402788], np.float32)
    high = point.astype(float) + np.array([0.02, 0.3, 9.0])
    problem = box(lambda w: waves(np.float64(w)), point, bounds=(point - 0.01, high))
    assert gm.check_gradient(lambda w: slopes(np.float64(w)).astype(np.float32), problem).ok


def test_a_loss_without_values_beside_the_point_decides_nothing():
    """It called a gradient wrong "where nan is right"; and entries that can be moved count."""

    def whole(w):
        if w[1] != 3:
            raise ValueError
        return w[0] ** 2 + w[1]

    problem = box(whole, np.array([2.0, 3.0]))
    check = gm.check_gradient(lambda w: np.array([2 * w[0], 1.0]), problem)
    assert check.ok is None
    assert "Values beside the point would decide it" in str(check)
    check = gm.check_gradient(lambda w: np.array([w[0], 1.0]), problem)
    assert check.mistake.startswith("one entry is wrong: [0] is 2 where 4 is right")


def test_few_wrong_entries_of_many_are_found_without_looking_at_each():
    """Otherwise checking a long gradient would take as many derivatives as it has entries."""
    n, calls = 1000, []

    def long(w):
        calls.append(1)
        return float(np.sum(np.sin(3 * w)) + np.exp(w).sum())

    problem = box(long, np.linspace(-1, 1.2, n))

    def three(w):
        gradient = slopes(w)
        gradient[[3, 500, 777]] *= 1.5
        return gradient

    right = gm.check_gradient(slopes, problem)
    assert right.ok
    assert len(calls) < 600
    calls.clear()
    check = gm.check_gradient(three, problem)
    assert check.ok is False
    assert check.mistake.startswith("3 entries are wrong of 1,000:")
    assert all(f"[{place}] is" in check.mistake for place in (3, 500, 777))
    assert len(calls) < 2000


def test_bars_cover_the_error_of_differences():
    """Otherwise a right gradient would be called wrong, or a wrong one right."""
    found = differences(box())
    off = abs(found.gradient - slopes(POINT))
    assert (off <= found.bars[""]).all()
    assert (found.bars[""] < 1e-9).all()


def test_compare_and_advise_take_a_black_box():
    """Otherwise who has a solver could not see what his own gradient is worth."""
    problem = box()
    mine = gm.Handwritten(slopes, name="mine")
    found = gm.compare(problem, ["backprop", "numerical", mine], seconds=0)
    assert found.verdicts == {"backprop": "obstacle", "numerical": "right", "mine": "right"}
    assert found.status == 0
    assert "not certified" in str(found)
    assert [option.name for option in gm.advise(problem, seconds=0.01).able()] == [
        "numerical",
        "numerical:forward",
    ]


def test_a_loss_that_leaves_xp_is_checked_by_differences():
    """Otherwise a torch loss with an unused xp would be refused, as it was."""

    def loss(w, *, xp=np):
        return math.fsum(math.sin(x) for x in np.asarray(w))

    problem = gm.Problem(loss, POINT)
    assert gm.check_gradient(np.cos, problem).ok
    assert gm.check_gradient(lambda w: 2 * np.cos(w), problem).ok is False


def writing(w, X):
    """Centre the data where they lie, as many a loss does."""
    X -= X.mean()
    return float(np.sum((X * w - 1) ** 2))


def writing_through_a_pointer(w, X):
    """As compiled code does, which heeds no flag."""
    ctypes.memset(X.ctypes.data, 0, X.itemsize)
    return float(np.sum((X * w - 1) ** 2))


@pytest.mark.parametrize("loss", [writing, writing_through_a_pointer])
def test_a_black_box_may_write_into_its_data(loss):
    """Otherwise it would be refused, or the second call would see what the first one left."""
    X = np.array([1.0, 3.0, 5.5])
    problem = gm.Problem(loss, np.array([0.5, -1.0, 2.0]), {"X": X}, black_box=True)
    assert problem.repeats
    assert (problem.data["X"] == X).all()

    def gradient(w, X):
        X = X - X.mean() if loss is writing else X * [0, 1, 1]
        return 2 * X * (X * w - 1)

    assert gm.check_gradient(gradient, problem).ok
    assert (problem.data["X"] == X).all()
