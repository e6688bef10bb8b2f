"""The catalogue of problems: losses against independent formulas, gradients derived by hand, data.

The gradients by hand share nothing with any provider: agreement between methods cannot reveal a
wrong rule that they have in common, and it cannot reveal a wrong loss at all.
"""

from __future__ import annotations

import itertools
import math
import pickle
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

from gradmethods import Backprop, problems
from gradmethods.errors import InvalidOption, UnknownName
from gradmethods.problems import datasets

EXACT = 1e-12
"""Of the norm of an array: a thousand roundings of 1.1e-16 in a row, and cancellation by ten."""

CENTRAL = 3e-8
"""Of the norm of the gradient: with step ∛u·|x|, or ∛u/10 near 0, a central difference errs by
u^(2/3), 2e-11, times ratios of value and third derivative to gradient, some hundreds here."""

SINGLE = 2e-5
"""Of the norm of an array: three hundred roundings of 6e-8 in a row, which is float32."""


# -- gradients by hand


def sigma(z):
    return 1 / (1 + np.exp(-z))


def smallest_by_hand(params, x, t):
    h = sigma(params["w_h"] * x + params["b_h"])
    y = sigma(params["w_y"] * h + params["b_y"])
    to_z_y = 2 * (y - t) * y * (1 - y)
    to_z_h = to_z_y * params["w_y"] * h * (1 - h)
    return {"w_h": to_z_h * x, "b_h": to_z_h, "w_y": to_z_y * h, "b_y": to_z_y}


def classifier_by_hand(params, X, t):
    h = sigma(X @ params["W1"].T + params["b1"])
    to_z2 = (sigma(h @ params["W2"] + params["b2"]) - t) / len(t)
    to_z1 = np.outer(to_z2, params["W2"]) * h * (1 - h)
    return {"W1": to_z1.T @ X, "b1": to_z1.sum(axis=0), "W2": h.T @ to_z2, "b2": to_z2.sum()}


VALUES: dict[str, Any] = {"sigmoid": sigma, "tanh": np.tanh, "relu": lambda z: z * (z > 0)}
# Written with the values h that the activations take.
SLOPES: dict[str, Any] = {
    "sigmoid": lambda h: h * (1 - h),
    "tanh": lambda h: 1 - h**2,
    "relu": lambda h: (h > 0) * 1.0,
}


def mlp_by_hand(activation: str, loss: str) -> Any:
    def gradient(params, X, t):
        values, layers = [X], len(params) // 2
        for k in range(1, layers):
            z = values[-1] @ params[f"W{k}"].T + params[f"b{k}"]
            values.append(VALUES[activation](z))
        y = sigma(values[-1] @ params[f"W{layers}"].T + params[f"b{layers}"])
        delta = (y - t) / t.size
        if loss == "squared-error":
            delta = 2 * delta * y * (1 - y)
        gradients: dict[str, Any] = {}
        for k in range(layers, 0, -1):
            gradients |= {f"W{k}": delta.T @ values[k - 1], f"b{k}": delta.sum(axis=0)}
            delta = delta @ params[f"W{k}"] * SLOPES[activation](values[k - 1])
        return {name: gradients[name] for name in params}

    return gradient


def logistic_by_hand(params, X, t, penalty):
    residual = (sigma(X @ params["w"] + params["b"]) - t) / len(t)
    return {"w": residual @ X + penalty * params["w"], "b": residual.sum()}


def rosenbrock_by_hand(x):
    bend = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[1:] += 200 * bend
    gradient[:-1] += -400 * x[:-1] * bend - 2 * (1 - x[:-1])
    return gradient


def helmholtz_by_hand(x, A, b, RT):
    plus, minus = 1 + math.sqrt(2), 1 - math.sqrt(2)
    s, Ax = b @ x, A @ x
    ideal = np.log(x / (1 - s)) + 1 + x.sum() * b / (1 - s)
    scale, log_ratio = x @ Ax / (math.sqrt(8) * s), np.log((1 + plus * s) / (1 + minus * s))
    # d log_ratio / ds, the fractions brought together: plus − minus = √8, plus · minus = −1.
    slope = math.sqrt(8) / (1 + 2 * s - s**2)
    to_scale = 2 * Ax / (math.sqrt(8) * s) - scale / s * b
    return RT * ideal - to_scale * log_ratio - scale * slope * b


def log_sum_exp_by_hand(x):
    weights = np.exp(x - x.max())
    return weights / weights.sum()


CASES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "smallest": ("network-1-1-1", {}, smallest_by_hand),
    "island": ("island", {}, classifier_by_hand),
    "xor": ("xor", {"batch": 37, "seed": 4}, classifier_by_hand),
    "logistic": ("logistic-regression", {}, logistic_by_hand),
    "logistic-9": ("logistic-regression", {"features": 9, "penalty": 3.7}, logistic_by_hand),
    "rosenbrock": ("rosenbrock", {}, rosenbrock_by_hand),
    "rosenbrock-2": ("rosenbrock", {"n": 2}, rosenbrock_by_hand),
    "helmholtz": ("helmholtz", {}, helmholtz_by_hand),
    "helmholtz-40": ("helmholtz", {"n": 40, "seed": 2}, helmholtz_by_hand),
    "log-sum-exp": ("log-sum-exp", {}, log_sum_exp_by_hand),
    "log-sum-exp-100": ("log-sum-exp", {"n": 100, "spread": 5.0}, log_sum_exp_by_hand),
    "mlp": ("mlp", {}, mlp_by_hand("sigmoid", "cross-entropy")),
    "mlp-one-layer": (
        "mlp",
        {"widths": (4, 3), "loss": "logits"},
        mlp_by_hand("sigmoid", "logits"),
    ),
}
CASES |= {
    f"mlp-{activation}-{loss}": (
        "mlp",
        {"widths": (3, 7, 5, 4, 2), "batch": 11, "activation": activation, "loss": loss, "seed": 1},
        mlp_by_hand(activation, loss),
    )
    for activation in ("sigmoid", "tanh", "relu")
    for loss in ("cross-entropy", "logits", "squared-error")
}


@pytest.fixture(params=CASES)
def case(request):
    name, options, by_hand = CASES[request.param]
    return problems.get(name, **options), by_hand


def moved(problem):
    """Another point than the one prepared at; all problems stay inside their domains."""
    point = problem.structure.check(problem.params)
    return problem.structure.restore({name: 1.07 * array for name, array in point.items()})


def as_dict(gradient):
    return gradient if isinstance(gradient, dict) else {"": gradient}


def assert_equal(gradient, expected, tolerance):
    """Compare array by array, relative to each array's norm; NaN fails."""
    given, wanted = as_dict(gradient), as_dict(expected)
    assert list(given) == list(wanted)
    for name, array in wanted.items():
        assert np.shape(given[name]) == np.shape(array)
        error = np.linalg.norm(np.ravel(given[name] - array))
        assert error <= tolerance * np.linalg.norm(np.ravel(array)), name


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


# -- losses against independent formulas, in 50 digits


def exact_sigma(z):
    return 1 / (1 + mpmath.exp(-z))


def exact_layer(rows, W, b, activate):
    return [
        [activate(mpmath.fdot(row, w) + bias) for w, bias in zip(W, b, strict=True)] for row in rows
    ]


def exact_mlp(params, X, t, activation, loss):
    activate = {
        "sigmoid": exact_sigma,
        "tanh": mpmath.tanh,
        "relu": lambda z: max(z, mpmath.mpf(0)),
    }
    params = {name: array.tolist() for name, array in params.items()}
    rows, layers = X.tolist(), len(params) // 2
    for k in range(1, layers):
        rows = exact_layer(rows, params[f"W{k}"], params[f"b{k}"], activate[activation])
    rows = exact_layer(rows, params[f"W{layers}"], params[f"b{layers}"], exact_sigma)
    terms = []
    for y, target in zip(itertools.chain(*rows), t.ravel().tolist(), strict=True):
        if loss == "squared-error":
            terms.append((y - target) ** 2)
        else:
            terms.append(-mpmath.log(y if target else 1 - y))
    return mpmath.fsum(terms) / t.size


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
def test_mlp_loss_is_the_formula(activation, loss):
    # If it fails, the loss behind every cost measurement is not the network that it claims to be.
    problem = problems.get("mlp", widths=(2, 4, 3, 2), batch=5, activation=activation, loss=loss)
    with mpmath.workdps(50):
        exact = exact_mlp(problem.params, **problem.data, activation=activation, loss=loss)
        assert abs(exact - float(problem.value())) <= EXACT * abs(exact)


@pytest.mark.parametrize("name", ["island", "xor"])
def test_the_articles_classifier_is_an_mlp(name):
    # If it fails, the article's network is not 2-3-1 with sigmoids and a mean cross entropy.
    problem = problems.get(name, batch=9)
    params: Any = problem.params
    params |= {"W2": params["W2"][None, :], "b2": params["b2"][None]}
    X, t = problem.data["X"], problem.data["t"][:, None]
    with mpmath.workdps(50):
        exact = exact_mlp(params, X, t, "sigmoid", "cross-entropy")
        assert abs(exact - float(problem.value())) <= EXACT * abs(exact)


def exact_smallest(params, x, t):
    w_h, b_h, w_y, b_y = (mpmath.mpf(float(params[k])) for k in ("w_h", "b_h", "w_y", "b_y"))
    h = exact_sigma(w_h * float(x) + b_h)
    return (exact_sigma(w_y * h + b_y) - float(t)) ** 2


def exact_logistic(params, X, t, penalty):
    w, b = params["w"].tolist(), float(params["b"])
    total = mpmath.mpf(0)
    for row, target in zip(X.tolist(), t.tolist(), strict=True):
        probability = exact_sigma(mpmath.fdot(row, w) + b)
        total -= mpmath.log(probability if target else 1 - probability)
    return total / len(t) + float(penalty) / 2 * mpmath.fdot(w, w)


def exact_rosenbrock(x):
    x = [mpmath.mpf(entry) for entry in x.tolist()]
    return mpmath.fsum(
        100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)
    )


def exact_helmholtz(x, A, b, RT):
    x, A, b = x.tolist(), A.tolist(), b.tolist()
    bx = mpmath.fdot(b, x)
    root = mpmath.sqrt(2)
    mixing = mpmath.fsum(entry * mpmath.log(entry / (1 - bx)) for entry in x)
    xAx = mpmath.fsum(
        p * q * A[i][j] for i, p in enumerate(x) for j, q in enumerate(map(mpmath.mpf, x))
    )
    ratio = (1 + (1 + root) * bx) / (1 + (1 - root) * bx)
    return float(RT) * mixing - xAx / (mpmath.sqrt(8) * bx) * mpmath.log(ratio)


def exact_log_sum_exp(x):
    return mpmath.log(mpmath.fsum(map(mpmath.exp, x.tolist())))


@pytest.mark.parametrize(
    ("name", "options", "exact"),
    [
        ("network-1-1-1", {}, exact_smallest),
        ("logistic-regression", {"batch": 20}, exact_logistic),
        ("rosenbrock", {}, exact_rosenbrock),
        ("helmholtz", {}, exact_helmholtz),
        ("log-sum-exp", {}, exact_log_sum_exp),
        ("log-sum-exp", {"spread": 1000.0}, exact_log_sum_exp),
    ],
)
def test_loss_is_the_formula(name, options, exact):
    # If it fails, all methods may agree on the gradient of something else.
    problem = problems.get(name, **options)
    with mpmath.workdps(50):
        value = exact(problem.params, **problem.data)
        assert abs(value - float(problem.value())) <= EXACT * abs(value)


def test_logits_stay_finite_where_probabilities_round_to_one():
    # If it fails, the stable form is not stable, or the two forms are not the same function.
    by_loss = {
        loss: problems.get("mlp", widths=(2, 1), loss=loss) for loss in ("cross-entropy", "logits")
    }
    values = {loss: problem.value() for loss, problem in by_loss.items()}
    assert values["logits"] == pytest.approx(values["cross-entropy"], rel=EXACT)
    params: Any = by_loss["logits"].params
    far = {name: 1e4 * array for name, array in params.items()}
    assert not np.isfinite(by_loss["cross-entropy"].value(far))
    value, gradient = Backprop().prepare(by_loss["logits"])(far)
    assert np.isfinite(value)
    assert_equal(gradient, stable_by_hand(far, **by_loss["logits"].data), EXACT)


def stable_by_hand(params, X, t):
    z = X @ params["W1"].T + params["b1"]
    small = np.exp(-abs(z))
    residual = (np.where(z > 0, 1, small) / (1 + small) - t) / t.size
    return {"W1": residual.T @ X, "b1": residual.sum(axis=0)}


def test_penalty_is_data():
    # If it fails, a prepared gradient has baked the penalty in.
    problem = problems.get("logistic-regression")
    gradient = Backprop().prepare(problem)(problem.params, penalty=0.7).gradient
    expected = logistic_by_hand(problem.params, **problem.data | {"penalty": 0.7})
    assert_equal(gradient, expected, EXACT)


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


# -- data sets


@pytest.mark.parametrize("draw", [datasets.island, datasets.xor, datasets.moons])
def test_data_sets_are_balanced_and_deterministic(draw):
    # If it fails, an accuracy of one half no longer means guessing, or plots change between runs.
    X, t = draw(200, seed=3)
    assert (X.shape, t.shape, X.dtype, t.dtype) == ((200, 2), (200,), float, float)
    assert set(t) == {0.0, 1.0}
    assert t.mean() == 0.5
    assert np.array_equal(draw(200, seed=3)[0], X)
    assert not np.array_equal(draw(200, seed=4)[0], X)
    assert np.array_equal(draw(200, seed=np.random.default_rng(3))[0], X)


def test_island_has_class_1_in_the_middle():
    # If it fails, the island is not an island.
    X, t = datasets.island(400, noise=0.3)
    distance = np.linalg.norm(X, axis=1)
    assert distance[t == 1].max() < distance[t == 0].min()


def test_xor_has_opposite_corners_in_one_class():
    # If it fails, the corners are not those of exclusive or.
    X, t = datasets.xor(400, noise=0.3)
    assert np.array_equal(t == 1, (X[:, 0] > 0) != (X[:, 1] > 0))
    assert {tuple(signs) for signs in np.sign(X)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_moons_reach_into_each_other():
    # If it fails, the moons are two heaps that a line separates.
    X, t = datasets.moons(400, noise=0.01)
    upper, lower = X[t == 0], X[t == 1]
    assert upper[:, 0].max() > lower[:, 0].min() + 2  # side by side in part
    assert upper[:, 1].min() < lower[:, 1].max() - 1  # and one above the other's ends
    assert abs(X.mean(axis=0)).max() < 0.3


@pytest.mark.parametrize("name", ["island", "xor", "mlp"])
@pytest.mark.parametrize("seed", range(5))
def test_no_straight_line_separates_the_classes(name, seed):
    # If it fails, the toy problems need no hidden layer.
    problem = problems.get(name, seed=seed, batch=200)
    X, t = problem.data["X"], problem.data["t"].reshape(-1)
    columns = np.column_stack([X, np.ones(len(X))])
    best = columns @ np.linalg.lstsq(columns, 2 * t - 1)[0]
    assert ((best > 0) == (t == 1)).mean() < 0.8


@pytest.mark.parametrize("name", ["island", "xor"])
def test_the_article_can_be_repeated(name):
    # If it fails, gradient descent as in the article (rate 1, 2,000 epochs) learns nothing here.
    problem = problems.get(name)
    prepared = Backprop().prepare(problem)
    params: Any = problem.params
    for _ in range(2000):
        gradient: Any = prepared(params).gradient
        params = {key: params[key] - gradient[key] for key in params}
    X, t = problem.data["X"], problem.data["t"]
    h = sigma(X @ params["W1"].T + params["b1"])
    assert ((h @ params["W2"] + params["b2"] > 0) == (t == 1)).mean() >= 0.95


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
