"""check_gradient: what it takes and refuses, and what it says of the mistakes that people make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption, InvalidProblem, ShapeMismatch
from tests.by_hand import CASES
from tests.planted import PARAMS, scaled


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e-300, 1e200])
def test_gradients_of_any_scale(scale):
    """A tiny gradient that is wrong must be called so; an absolute tolerance would let it pass."""
    problem = scaled(scale)
    right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    assert gm.check_gradient(right, problem).ok
    assert not gm.check_gradient({n: 0 * g for n, g in right.items()}, problem).ok
    check = gm.check_gradient({n: -g for n, g in right.items()}, problem)
    assert check.mistake == "every array (W, b): the sign is wrong"
    wrong = right | {"b": right["b"] * [1, 1 + 1e-9]}
    assert (
        "b: one entry is wrong: [1] is off by 1.0e-09" in gm.check_gradient(wrong, problem).mistake
    )


def cubes(x, *, xp=np):
    return xp.sum(x**3)


X = np.array([0.1, 0.9, 1.3])
CUBES = gm.Problem(cubes, np.array([0.3, -0.7, 1.1]))


def test_a_gradient_that_kept_its_first_point_fails():
    """Right at the one point where it is looked at, it would pass every check at one point."""
    first: Any = []

    def baked(x):
        if not first:
            first.append(3 * x**2)
        return first[0]

    check = gm.check_gradient(baked, CUBES)
    assert not check.ok
    assert "the same at every point" in check.mistake
    assert gm.check_gradient(3 * CUBES.params**2, CUBES).ok  # as values they are right


def test_a_gradient_of_the_call_before_fails():
    """A buffer that is filled too late gives each caller the gradient of the last one."""
    last: Any = [CUBES.params]

    def stale(x):
        previous, last[0] = last[0], x.copy()
        return 3 * previous**2

    check = gm.check_gradient(stale, CUBES)
    assert check.points[0].ok
    assert "stale parameters" in check.mistake


def test_what_is_wrong_everywhere_is_called_by_its_name_first():
    """Zeros are the same everywhere, too: that they are zero tells more."""
    assert gm.check_gradient(np.zeros_like, CUBES).mistake == "zero, as if never computed"
    mistake = gm.check_gradient(lambda x: -3 * CUBES.params**2, CUBES).mistake
    assert mistake.startswith("the sign is wrong; the same at every point")


def test_a_lucky_point_does_not_pass():
    """x**3 has the slope of x**2 at 2/3: a check there must look elsewhere too."""
    lucky = gm.Problem(lambda x, xp=np: xp.sum(x**3) - xp.sum(x**2), np.array([0.25, 0.5]))

    def half(x):
        return np.where(x == 0.25, 3 * x**2 - 2 * x, -0.25)

    check = gm.check_gradient(half, lucky)
    assert not check.ok
    assert check.mistake.startswith("right at the problem's own point, wrong at point 1 beside it")
    assert check.table["point"].str.endswith("beside it").all()


def test_a_constant_gradient_may_be_constant():
    """The gradient of a linear loss is the same everywhere, and that is right."""
    linear = gm.Problem(lambda x, xp=np: xp.sum(x * xp.asarray([0.1, 0.7])), np.array([0.3, 0.9]))
    assert gm.check_gradient(lambda x: np.array([0.1, 0.7]), linear).ok


def test_a_reused_buffer_and_a_changed_argument_do_no_harm():
    """A user's function may write where it likes, except into our points."""
    buffer = np.empty(3)

    def gradient(x):
        np.multiply(3 * x, x, out=buffer)
        x[:] = np.nan
        return buffer

    assert gm.check_gradient(gradient, CUBES).ok
    assert np.isfinite(CUBES.params).all()


def test_loss_and_gradient_in_one_function():
    """Most code returns both; a wrong loss there is a mistake too."""
    assert gm.check_gradient(lambda x: (cubes(x), 3 * x**2), CUBES).ok
    check = gm.check_gradient(lambda x: (2 * cubes(x), 3 * x**2), CUBES)
    assert not check.ok
    assert check.mistake.startswith("the loss is ")
    check = gm.check_gradient(lambda x: (np.nan, -3 * x**2), CUBES)
    assert "the loss is nan" in check.mistake
    assert "the sign is wrong" in check.mistake


def test_a_pair_is_not_taken_for_two_numbers():
    """A gradient of two entries given as a tuple is a gradient, not a loss and another one."""
    pair = gm.Problem(cubes, np.array([0.3, -0.7]))
    assert gm.check_gradient(tuple(3 * pair.params**2), pair).ok
    scalar = gm.Problem(lambda x, xp=np: x**3, np.array(0.7))
    assert gm.check_gradient(lambda x: (x**3, 3 * x**2), scalar).ok
    assert gm.check_gradient(lambda x: 3 * x**2, scalar).ok
    assert gm.check_gradient(3 * 0.7**2, scalar).ok
    assert gm.check_gradient(-3 * 0.7**2, scalar).mistake == "the sign is wrong"


@pytest.mark.parametrize(
    "gradient",
    [
        lambda params: {"w": 2 * params["w"] * X.sum()},
        lambda params, x: {"w": 2 * params["w"] * x.sum()},
        lambda p, *, x: {"w": 2 * p["w"] * x.sum()},
        lambda p, k=2, **data: {"w": k * p["w"] * data["x"].sum()},
        lambda params, x, y: {"w": 2 * params["w"] * (x.sum() + 0 * y.sum())},
    ],
)
def test_data_are_passed_by_name_to_who_wants_them(gradient):
    """A hand-written gradient has the signature that its author found convenient."""
    problem = gm.Problem(
        lambda params, x, y, xp=np: xp.sum(x) * xp.sum(params["w"] ** 2) + xp.sum(y),
        {"w": np.array([0.3, 0.7])}, {"x": X, "y": X},
    )  # fmt: skip
    assert gm.check_gradient(gradient, problem).ok


def test_a_missing_penalty_is_recognised():
    """The forgotten derivative of the weight decay is in no other array."""
    problem = gm.problems.get("logistic-regression", penalty=0.37)
    without = gm.problems.get("logistic-regression", penalty=1e-30)
    gradient = gm.Backprop().prepare(without)(without.params).gradient
    mistake = gm.check_gradient(gradient, problem).mistake
    assert "w: too small by 0.37 times the parameters" in mistake


@pytest.mark.medium
def test_one_factor_of_several_numbers_is_one_mistake():
    """If each number were judged alone, a factor of all of them would be called no pattern."""
    problem = gm.Problem(lambda p, *, xp=np: p["a"] ** 2 * xp.exp(p["b"]), {"a": 1.5, "b": 0.3})

    def seven_times(params):
        a, e = params["a"], np.exp(params["b"])
        return {"a": 7 * 2 * a * e, "b": 7 * a**2 * e}

    assert "every array (a, b): 7 times the right one" in str(
        gm.check_gradient(seven_times, problem)
    )


def test_wrong_rows_are_named():
    """One wrong line of a loop is one wrong row."""
    problem = gm.problems.get("mlp")
    gradient: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    gradient["W2"][3] = gradient["W2"][3] ** 2
    assert "W2: wrong in row 3 alone" in gm.check_gradient(gradient, problem).mistake
    gradient["W2"] = gradient["W2"].copy()
    gradient["W2"][:, 5] += 1
    assert "of 64 entries are wrong" in gm.check_gradient(gradient, problem).mistake


# -- what cannot be checked


def test_a_loss_that_is_no_number_decides_nothing():
    """Where there is no gradient to be right, an answer of either kind would be made up."""
    problem = gm.Problem(lambda x, xp=np: xp.sum(xp.log(x)), np.array([-1.0, 1.0]))
    check = gm.check_gradient(lambda x: 1 / x, problem)
    assert (check.ok, check.status) == (None, 3)
    assert "the loss itself is NaN" in check.mistake
    assert "NOT DECIDED" in str(check)


def test_kinks_beside_the_point_do_not_stop_the_check():
    """The points beside it are ours to choose: a bad one is no reason to refuse."""
    problem = gm.Problem(lambda x, xp=np: xp.sum(xp.log(x)), np.array([1e-3, 2.0]))
    assert gm.check_gradient(lambda x: 1 / x, problem).ok


def test_what_rounding_hides_is_not_called_right():
    """A bound that lets zero through has checked nothing."""
    problem = gm.Problem(lambda x, xp=np: xp.sum((x + 1e17) - 1e17 + x**2), np.array([0.3, 0.7]))
    right = 1 + 2 * problem.params
    assert gm.check_gradient(right, problem).ok
    hidden = gm.Problem(lambda x, xp=np: xp.sum((1e17 + x) ** 2 - 1e34 - 2e17 * x), np.array([0.3]))
    assert gm.check_gradient(2 * hidden.params, hidden).ok  # it has every digit
    for wrong in (2.02 * hidden.params, np.zeros(1), -2 * hidden.params):
        check = gm.check_gradient(wrong, hidden)
        assert (check.ok, check.status) == (None, 3)
        assert "NOT DECIDED" in str(check)
        assert check.table["open"].to_list() == [1]
        with pytest.raises(gm.GradientMismatch):
            gm.assert_gradient(wrong, hidden)


@pytest.mark.parametrize(
    ("gradient", "error", "words"),
    [
        ({"W": np.zeros((2, 2))}, ShapeMismatch, r"Missing: \['b'\]"),
        ({"W": np.zeros((2, 2)), "b": np.zeros(3)}, ShapeMismatch, r"gradient of 'b' .* \(2,\)"),
        (np.zeros(6), ShapeMismatch, "as a dict with the names"),
        ({"W": np.zeros((2, 2)), "b": [1j, 0]}, ShapeMismatch, "in real numbers"),
        ({"W": np.zeros((2, 2)), "b": ["a", "b"]}, ShapeMismatch, "in real numbers"),
        ({"W": np.zeros((2, 2)), "b": [[1], [1, 2]]}, ShapeMismatch, "as an array of float64"),
        (None, ShapeMismatch, "as a dict with the names"),
        (lambda: PARAMS, InvalidOption, r"cannot be called as .*\(params\)"),
        (lambda p, q: PARAMS, InvalidOption, "missing a required argument: 'q'"),
        (lambda p: None, ShapeMismatch, "got NoneType"),
    ],
)  # fmt: skip
def test_bad_gradients_are_refused_in_words(gradient, error, words):
    """A gradient of another shape is no wrong gradient: the sentence must say what is wanted."""
    with pytest.raises(error, match=words):
        gm.check_gradient(gradient, scaled(1.0))


def test_a_transposed_shape_is_recognised():
    """The commonest wrong shape has a name."""
    problem = gm.problems.get("island")
    gradient: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    with pytest.raises(ShapeMismatch, match="has the shape of the transpose"):
        gm.check_gradient(gradient | {"W1": gradient["W1"].T}, problem)


def test_other_arguments_are_refused():
    """The two arguments are easily swapped."""
    with pytest.raises(InvalidProblem, match="Expected a problem, got function"):
        gm.check_gradient(CUBES, cubes)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ShapeMismatch, match="as one array"):
        gm.check_gradient({"x": np.zeros(3)}, CUBES)


def test_the_users_own_error_is_not_hidden():
    """A gradient that fails must fail with its own traceback."""

    def broken(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        gm.check_gradient(broken, CUBES)


# -- large problems


@pytest.mark.medium
def test_beyond_the_budget_a_part_is_certified(monkeypatch):
    """A large network must be checked too, and the text must say by what."""
    monkeypatch.setattr("gradmethods.truth.find._whole", lambda *_: None)
    problem = gm.problems.get("rosenbrock", n=1000)
    by_hand = CASES["rosenbrock"][2]
    check = gm.check_gradient(by_hand, problem)
    assert check.ok, str(check)
    assert "64 of 1,000 components" in " ".join(str(check).split())

    def wrong(x):
        gradient = by_hand(x)
        gradient[137] *= 1 + 1e-6  # no component that is certified: the direction shows it
        return gradient

    found = gm.check_gradient(wrong, problem)
    assert found.ok is False
    assert found.table["verdict"].to_dict() == {"components": "right", "directions": "wrong"}


# -- for a user's own tests


def test_assert_gradient_raises_with_the_text():
    """What pytest shows must say what is wrong, not only that it is."""
    gm.assert_gradient(lambda x: 3 * x**2, CUBES)
    with pytest.raises(AssertionError, match="WRONG: twice the right one") as raised:
        gm.assert_gradient(lambda x: 6 * x**2, CUBES)
    assert isinstance(raised.value, gm.GradientError)
    assert "error ÷ bound" in str(raised.value)


def test_the_table_has_a_row_per_array():
    """A program reads the table; the columns are its interface."""
    problem = gm.problems.get("island")
    gradient: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    table = gm.check_gradient(gradient | {"b1": -gradient["b1"]}, problem).table
    assert list(table.index) == ["W1", "b1", "W2", "b2"]
    assert table["verdict"].to_list() == ["right", "wrong", "right", "right"]
    assert table.loc["b1", "wrong_signs"] == 3
    assert table.loc["b1", "error"] == 2
    assert (table["excess"] > 1).to_list() == [False, True, False, False]
    assert (table["bound"] < 1e-11).all()


def test_infinite_answers_tell_nothing_of_what_they_depend_on():
    """All infinities are equal: a function that overflows everywhere is not a constant."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**2), np.array([1.0, 2.0]))
    with np.errstate(over="ignore"):
        check = gm.check_gradient(lambda w: w * 1e308 * 1e308, problem)
    assert not check.ok
    assert "depend" not in check.mistake


def test_a_small_offset_is_no_penalty():
    """A hypothesis must explain the error, not hide behind the bound."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), np.array([0.5, 2.0, 3.0]))
    check = gm.check_gradient(lambda w: np.cos(w) + 1e-14, problem)
    assert not check.ok
    assert "penalty" not in check.mistake


def test_a_loss_that_is_no_number_is_refused():
    """A pair is read as loss and gradient: None in the place of the loss needs words."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**2), np.array([1.0, 2.0]))
    with pytest.raises(gm.ShapeMismatch, match="real number beside the gradient"):
        gm.check_gradient(lambda w: (None, 2 * w), problem)


def test_a_loss_of_whole_numbers_is_told_of():
    """Who rounds a loss to integers would look for a solver or for float32."""
    problem = gm.Problem(lambda w: int(1000 * (w @ w)), [0.5, 0.8], black_box=True)
    check = gm.check_gradient(lambda w: 2000 * w, problem)
    assert check.ok is None
    assert "whole numbers: unrounded ones would decide it" in " ".join(str(check).split())
