"""check_gradient: no mistake passes, no right gradient is rejected, and the words fit."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption, InvalidProblem, ShapeMismatch
from gradmethods.studies.plants import planted
from gradmethods.studies.plants.changes import LADDER
from tests.planted import PARAMS, scaled
from tests.primitive_cases import CASES as PRIMITIVES
from tests.primitive_cases import each_function
from tests.problems.test_problems import CASES, mlp_by_hand
from tests.samples import sampled

PROBLEMS: dict[str, Any] = {name: (name, {}) for name in gm.problems.names()} | {
    "mlp in float32": ("mlp", {"widths": (2, 4, 1), "dtype": "float32"}),
    "helmholtz in float32": ("helmholtz", {"dtype": "float32"}),
    "relu": ("mlp", {"activation": "relu", "loss": "logits", "batch": 20}),
    "saturated": ("log-sum-exp", {"spread": 100.0}),
}


@cache
def certified(name):
    key, options = PROBLEMS[name]
    return gm.certified_gradient(gm.problems.get(key, **options))


@cache
def checked(name):
    """Every mistake that can be planted into the gradient of a problem, and its check."""
    truth, problem = certified(name), certified(name).problem
    plants = [plant for plant in planted(truth) if plant.gradient is not None]
    gradients = [problem.structure.restore(plant.gradient) for plant in plants]
    checks = [gm.check_gradient(gradient, problem, truth=truth) for gradient in gradients]
    return list(zip(plants, checks, strict=True))


@pytest.mark.medium
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_plant_is_rejected(name):
    """Kill rate 100 %: a check that one mistake passes is not one to rely on."""
    assert len(checked(name)) > 25
    assert not [(plant.mistake, plant.where) for plant, check in checked(name) if check.ok]


WORDS = {
    "zero": "zero, as if never computed",
    "NaN": "NaN",
    "infinite": "infinite",
    "one entry NaN": "NaN",
    "one entry infinite": "infinite",
    "sign flipped": "the sign is wrong",
    "sign of one entry flipped": "the sign is wrong",
    "twice": "twice the right one",
    "half": "half the right one",
    "one entry wrong": "one entry is wrong|twice the right one|where .* is right|zero",
    "one entry zero": "is 0 where|zero",
    "last entry forgotten": r"is 0 where .* is right \(the last one|zero",
    "transposed": "transposed",
    "arrays swapped": "arrays swapped",
    "entries reversed": "in reverse order",
    "entries shifted": r"shifted by one place \(\+1\)|in reverse order",
    "times N": r"times the right one: the 1/N of the mean is missing",
    "divided by N": "divided by N once too often",
    "last example forgotten": "the last example is missing",
    "bias not summed over examples": "not summed over examples",
    "slope at the activation": "slope σ′ .* is taken at the activation",
    "single precision": "single precision",
    LADDER: "off by|a few digits",
    "at a stale point": "by no pattern|times the right one",
    "of another problem": "by no pattern|times the right one",
}
"""What must be said about each mistake. Which point values are of, nobody can tell from them."""


@pytest.mark.medium
@pytest.mark.parametrize("name", gm.problems.names())
def test_each_mistake_is_called_by_its_name(name):
    """Whoever is told "transposed" looks at one line; who is told "wrong" looks at all."""
    shapes = certified(name).problem.structure.shapes
    for plant, check in checked(name):
        mistake = check.mistake
        assert re.search(WORDS[plant.mistake], mistake), (plant.mistake, plant.where, mistake)
        arrays = set(plant.where.split(", ")) & set(shapes)
        entry = re.match(r"(\w*)(\[[\d, ]+\])", plant.where)
        if entry and shapes[entry[1]] not in {(), (1,)}:
            assert entry[2] in mistake, (plant.where, mistake)
        for array in arrays:
            assert array in mistake, (plant.where, mistake)
        others = set(shapes) - arrays
        if arrays and plant.mistake != "arrays swapped":
            assert not any(f"{other}: " in mistake for other in others), (plant.where, mistake)


@pytest.mark.medium
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", sampled([0, 1], kept=[0]))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gradients_by_hand_are_right(case, seed, dtype):
    """A false alarm teaches people to ignore the true ones; their formulas are not ours."""
    name, options, by_hand = CASES[case]
    options = options | {"seed": seed, "dtype": dtype}
    problem = gm.problems.get(name, **options)
    if problem.size > 60 and seed:
        problem = gm.problems.get(name, **options | {"seed": 2})
    check = gm.check_gradient(by_hand, problem)
    open_entries = int(check.table["open"].sum())
    if dtype == "float32" and open_entries:  # where rounding hides a small entry, and it is said
        assert check.ok is None
        assert open_entries <= problem.size / 20
        return
    assert check.ok, str(check)
    assert check.mistake == ""
    assert "RIGHT" in str(check)


@pytest.mark.medium
@pytest.mark.parametrize(
    "provider",
    ["analytical:cse", "analytical:chain-rule", "numerical:complex-step", "backprop"],
)
@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_providers_are_right(name, provider):
    """Every exact method must pass: four ways to order the same operations."""
    truth = certified(name)
    assert gm.check_gradient(gm.get_provider(provider), truth.problem, truth=truth).ok


@pytest.mark.medium
@partial(each_function, cases=PRIMITIVES[::9])
def test_no_function_of_the_namespace_raises_a_false_alarm(case):
    """A bound that is too small for one function rejects every loss that uses it."""
    for dtype in ("float64", "float32"):
        problem = case.problem(dtype)
        right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
        truth = gm.certified_gradient(problem)
        assert gm.check_gradient(right, problem, truth=truth).ok, dtype
        if any(array.any() for array in right.values()):
            wrong = {name: -array for name, array in right.items()}
            assert not gm.check_gradient(wrong, problem, truth=truth).ok, dtype


@pytest.mark.medium
@pytest.mark.parametrize("provider", ["numerical", "numerical:forward"])
def test_differences_are_told_from_exact_gradients(provider):
    """Differences are right to a few digits: as an exact gradient that is wrong, and said so."""
    check = gm.check_gradient(gm.get_provider(provider), gm.problems.get("mlp"))
    assert not check.ok
    assert "right to a few digits" in check.mistake


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e-300, 1e200])
def test_gradients_of_any_scale(scale):
    """Beside an absolute tolerance a tiny gradient is never wrong; here it must be."""
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
    assert "of the call before: stale parameters" in check.mistake


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
    """Of a linear loss it is right that the gradient is the same everywhere."""
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
    assert "w: too small by 0.37 times the parameters: the term of a penalty" in mistake


@pytest.mark.medium
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


@pytest.mark.medium
def test_deep_networks_are_checked_where_the_proven_bound_is_too_coarse():
    """The bound on rounding grows with depth beyond use: what takes its place must still check."""
    problem = gm.problems.get("mlp", widths=(4, *[6] * 16, 1), activation="tanh", batch=3,
                              dtype="float32")  # fmt: skip
    right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    check = gm.check_gradient(right, problem)
    assert check.ok is not False, str(check)
    assert int(check.table["open"].sum()) <= 10
    assert check.points[0].bound is not None
    assert "W1" in check.points[0].bound.seen
    assert "1,000 times the error that backpropagation makes" in " ".join(str(check).split())
    wrong = right | {"W1": right["W1"] * np.float32(1.01)}
    assert "W1" in gm.check_gradient(wrong, problem).mistake


def saturated(scale, **options):
    """A network whose units are nearly all 0 or 1."""
    small = gm.problems.get("mlp", widths=(2, 4, 1), batch=6, **options)
    params = {name: scale * x for name, x in small.params.items()}
    return gm.Problem(small.loss, params, small.data, examples=small.examples, name="mlp")


@pytest.mark.medium
@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturated_units_are_no_mistake(activation, loss):
    """σ′ = a (1 - a) cancels where a unit is saturated; every textbook writes it, and is right."""
    problem = saturated(15, activation=activation, loss=loss)
    by_hand = mlp_by_hand(activation, loss)
    for gradient in (by_hand, gm.Backprop(), gm.Numerical("complex-step")):
        check = gm.check_gradient(gradient, problem)
        assert check.ok is not False, str(check)

    def wrong(params, X, t):
        gradient = by_hand(params, X, t)
        return gradient | {"W1": -gradient["W1"]}

    assert "W1: the sign is wrong" in gm.check_gradient(wrong, problem).mistake


def test_what_cancellation_takes_whole_is_not_right():
    """Where textbook formulas give 0, no digit is right; those that are right are never wrong."""
    problem = saturated(300, activation="tanh", loss="logits")
    check = gm.check_gradient(mlp_by_hand("tanh", "logits"), problem)
    assert not check.ok
    assert gm.check_gradient(gm.Backprop(), problem).ok is not False


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
