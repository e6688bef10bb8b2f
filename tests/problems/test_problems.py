"""The catalogue of problems: gradients derived by hand, sizes, seeds, dtypes, and what is refused.

That the losses are the formulas that they claim to be is held by `test_loss_formulas.py`: agreement
between gradients cannot reveal a wrong loss.
"""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from gradmethods import Backprop, problems
from gradmethods.errors import InvalidOption, UnknownName
from tests.by_hand import CASES, EXACT, as_dict, assert_equal

CENTRAL = 3e-8
"""Error ÷ norm of the gradient: with step ∛u·|x|, or ∛u/10 near 0, a central difference errs by
u^(2/3), 2e-11, times ratios of value and third derivative to gradient, some hundreds here."""

SINGLE = 2e-5
"""Error ÷ norm of an array: three hundred roundings of 6e-8 in a row, which is float32."""


@pytest.fixture(params=CASES)
def case(request):
    name, options, by_hand = CASES[request.param]
    return problems.get(name, **options), by_hand


def moved(problem):
    """Another point than the one prepared at; all problems stay inside their domains."""
    point = problem.structure.check(problem.params)
    return problem.structure.restore({name: 1.07 * array for name, array in point.items()})


def central_differences(problem, params):
    point = problem.structure.join(problem.structure.check(params))
    gradient = np.empty_like(point)
    for i, entry in enumerate(point):
        h = np.cbrt(np.finfo(float).eps) * max(abs(entry), 0.1)
        ends = []
        for sign in (1, -1):
            shifted = point.copy()
            shifted[i] = entry + sign * h
            params = problem.structure.restore(problem.structure.split(shifted))
            ends.append((shifted[i], problem.value(params)))
        (above, f_above), (below, f_below) = ends
        gradient[i] = (f_above - f_below) / (above - below)
    return gradient


def test_backprop_agrees_with_the_gradient_by_hand(case):
    # If it fails, a vjp rule, the prepared program or the catalogue's loss is wrong.
    problem, by_hand = case
    prepared = Backprop().prepare(problem)
    for params in (problem.params, moved(problem)):
        value, gradient = prepared(params)
        assert_equal(gradient, by_hand(params, **problem.data), EXACT)
        assert value == pytest.approx(problem.value(params), rel=EXACT)


def test_the_gradient_by_hand_agrees_with_central_differences(case):
    # If it fails, a derivation by hand is wrong, and what it confirms is confirmed by nothing.
    problem, by_hand = case
    params = moved(problem)
    expected = problem.structure.join(as_dict(by_hand(params, **problem.data)))
    error = np.linalg.norm(central_differences(problem, params) - expected)
    assert error <= CENTRAL * np.linalg.norm(expected)


@pytest.mark.parametrize(
    "mistake", [lambda x: x * (1 + 1e-8), lambda x: -x, lambda x: x * math.nan]
)
def test_the_comparison_catches_one_wrong_entry(case, mistake):
    # If it fails, the comparisons above can pass on a wrong gradient.
    problem, by_hand = case
    expected = as_dict(by_hand(problem.params, **problem.data))
    for name, array in expected.items():
        wrong = np.array(array)
        entry = np.unravel_index(np.argmax(abs(wrong)), wrong.shape)
        wrong[entry] = mistake(wrong[entry])
        with pytest.raises(AssertionError):
            assert_equal(expected | {name: wrong}, expected, EXACT)


# -- sizes, seeds and dtypes

SIZES = [
    ("network-1-1-1", {}, 4),
    ("island", {"batch": 1}, 13),
    ("xor", {"batch": 3, "noise": 0.1}, 13),
    ("mlp", {"widths": (1, 1)}, 2),
    ("mlp", {"widths": [2, 3, 1], "batch": 1}, 13),
    ("mlp", {"widths": np.array([5, 4, 3, 2, 3]), "loss": "logits"}, 24 + 15 + 8 + 9),
    ("mlp", {"widths": (2, *[6] * 20, 1), "activation": "tanh"}, 18 + 19 * 42 + 7),
    ("mlp", {"widths": (30, 200, 10), "activation": "relu"}, 6200 + 2010),
    ("logistic-regression", {"features": 1, "batch": 1}, 2),
    ("logistic-regression", {"features": 50, "batch": 7}, 51),
    ("rosenbrock", {"n": 2}, 2),
    ("rosenbrock", {"n": 1000}, 1000),
    ("helmholtz", {"n": 1}, 1),
    ("helmholtz", {"n": 100}, 100),
    ("log-sum-exp", {"n": 1}, 1),
    ("log-sum-exp", {"n": 1000, "spread": 100.0}, 1000),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "options", "size"), SIZES)
def test_every_size_and_dtype_runs(name, options, size, dtype):
    # If it fails, a sweep over sizes measures another loss at some size, or none.
    problem = problems.get(name, **options, dtype=dtype)
    assert (problem.name, problem.size, problem.dtype) == (name, size, np.dtype(dtype))
    value, gradient = Backprop().prepare(problem)(problem.params)
    rounding = EXACT if dtype == "float64" else SINGLE
    assert np.isfinite(value)
    assert value == pytest.approx(problem.value(), rel=rounding, abs=rounding)
    assert all(array.dtype == dtype for array in as_dict(gradient).values())
    assert all(np.isfinite(array).all() for array in as_dict(gradient).values())


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
def test_float32_mlp_is_the_float64_one_rounded(activation, loss):
    # If it fails, single precision is another problem, or something is computed in double.
    options = {"widths": (3, 16, 16, 2), "activation": activation, "loss": loss}
    double, single = (problems.get("mlp", **options, dtype=d) for d in (float, np.float32))
    assert single.loss(single.params, **single.data, xp=np).dtype == np.float32
    expected = Backprop().prepare(double)(double.params)
    gradient = Backprop().prepare(single)(single.params).gradient
    assert_equal(gradient, expected.gradient, SINGLE)


@pytest.mark.parametrize("name", problems.names())
def test_the_seed_decides_everything(name):
    # If it fails, a number in the report cannot be reproduced, or all seeds are one.
    first, again, other = (problems.get(name, seed=seed) for seed in (5, 5, 6))
    assert_equal(again.params, first.params, 0)
    assert all(np.array_equal(again.data[key], first.data[key]) for key in first.data)
    assert again.value() == first.value()
    assert other.value() != first.value()


@pytest.mark.parametrize("name", problems.names())
def test_points_are_irrational(name):
    # If it fails, finite differences may be exact by accident: entries have few binary digits.
    problem = problems.get(name)
    point = problem.structure.check(problem.params)
    weights = {
        key: a
        for key, a in point.items()
        if name not in ("island", "xor", "moons") or key[0] == "W"
    }
    for array in weights.values():
        assert (array * 2.0**20 % 1 != 0).all()


@pytest.mark.parametrize("name", ["island", "xor", "moons", "mlp", "logistic-regression"])
def test_another_batch_leaves_the_parameters(name):
    # If it fails, comparing batch sizes compares different points too.
    assert_equal(problems.get(name, batch=3).params, problems.get(name, batch=8).params, 0)
    assert problems.get(name, batch=3).examples == ("X", "t")


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_signals_keep_their_size_through_thirty_layers(activation):
    # If it fails, deep networks of the catalogue have gradients of zero or infinity at their start.
    problem = problems.get(
        "mlp", widths=(8, *[64] * 30, 1), batch=20, activation=activation, loss="logits"
    )
    gradient: Any = Backprop().prepare(problem)(problem.params).gradient
    first, last = (np.linalg.norm(gradient[name]) for name in ("W2", "W30"))
    assert 0.1 < first / last < 10


def test_losses_can_be_pickled_and_compared():
    # If it fails, problems cannot be sent to another process to be measured there.
    for name in problems.names():
        problem = problems.get(name)
        copy = pickle.loads(pickle.dumps(problem))  # noqa: S301  # our own bytes
        assert copy.loss == problem.loss
        assert copy.value() == problem.value()


# -- the catalogue


def test_names_descriptions_and_defaults():
    # If it fails, `gradmethods problems` or the report shows an empty place, or a name has changed.
    assert set(problems.names()) == {
        "network-1-1-1", "island", "xor", "moons", "mlp", "rosenbrock", "helmholtz",
        "log-sum-exp", "logistic-regression",
    }  # fmt: skip
    for name in problems.names():
        family = problems.describe(name)
        texts = (family.title, family.formula, family.domain, family.hard, family.source)
        assert family.name == name
        assert all(texts)
        assert family.formula.count("{") == family.formula.count("}")
        assert problems.get(name, **family.options).value() == problems.get(name).value()
        assert {"seed": 0, "dtype": "float64"}.items() <= family.options.items()


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("rosenbrok", {}, UnknownName, "Did you mean 'rosenbrock'"),
        ("rosenbrock", {"m": 3}, InvalidOption, "no option 'm'. .* n=10, seed=0"),
        ("rosenbrock", {"n": 1}, InvalidOption, "n must be a whole number, at least 2, got 1"),
        ("rosenbrock", {"n": 2.5}, InvalidOption, "whole number"),
        ("rosenbrock", {"n": True}, InvalidOption, "whole number"),
        ("rosenbrock", {"seed": -1}, InvalidOption, "seed must be"),
        ("rosenbrock", {"seed": None}, InvalidOption, "seed must be"),
        ("rosenbrock", {"dtype": "float16"}, InvalidOption, "'float64' or 'float32'"),
        ("rosenbrock", {"dtype": "nonsense"}, InvalidOption, "'float64' or 'float32'"),
        ("rosenbrock", {"dtype": None}, InvalidOption, "'float64' or 'float32'"),
        ("helmholtz", {"n": 0}, InvalidOption, "at least 1"),
        ("log-sum-exp", {"n": 0}, InvalidOption, "at least 1"),
        ("log-sum-exp", {"spread": math.nan}, InvalidOption, "spread must be a finite number"),
        ("mlp", {"widths": (2,)}, InvalidOption, "at least two layers"),
        ("mlp", {"widths": "2,3"}, InvalidOption, "sequence of whole numbers"),
        ("mlp", {"widths": 7}, InvalidOption, "sequence of whole numbers"),
        ("mlp", {"widths": (2, 0, 1)}, InvalidOption, "Each entry of widths"),
        ("mlp", {"batch": 0}, InvalidOption, "batch"),
        ("mlp", {"activation": "tan"}, UnknownName, "Did you mean 'tanh'"),
        ("mlp", {"loss": "hinge"}, UnknownName, "'cross-entropy', 'logits', 'squared-error'"),
        ("logistic-regression", {"features": 0}, InvalidOption, "features"),
        ("logistic-regression", {"penalty": -1}, InvalidOption, "penalty"),
        ("island", {"noise": 0}, InvalidOption, "noise must be a finite number above 0"),
        ("xor", {"noise": "a"}, InvalidOption, "noise"),
        ("xor", {"batch": 0}, InvalidOption, "batch"),
    ],
)
def test_bad_requests_are_refused_in_words(name, options, error, words):
    # If it fails, a wrong size is taken for another one, or the message does not say what to do.
    with pytest.raises(error, match=words):
        problems.get(name, **options)
