"""Numerical differentiation: counts, orders, steps, and that the loss stays a black box."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption, NotDifferentiable, ShapeMismatch, UnknownName
from gradmethods.providers import schemes
from gradmethods.providers.extrapolation import extrapolate
from gradmethods.providers.numerical import Numerical
from gradmethods.tape import rules as tape_rules

PASSES = {"forward": 1, "backward": 1, "central": 2, "five-point": 4, "complex-step": 1}
ORDERS = {"forward": 1, "backward": 1, "central": 2, "five-point": 4}


def bound(scheme, dtype):
    """Round-off u at the best step of a scheme of order p: u^(p/(p+1)), and room for constants."""
    u = float(np.finfo(dtype).eps) / 2
    if scheme == "complex-step":
        return 50 * u
    if scheme == "richardson":
        return 1e4 * u
    return 100 * u ** (ORDERS[scheme] / (ORDERS[scheme] + 1))


def prepare(scheme: str, problem: gm.Problem, **options: Any) -> Any:
    return Numerical(scheme, **options).prepare(problem)


class Counter:
    """Wraps a loss and counts its calls, independently of what a provider reports."""

    def __init__(self, loss):
        self.loss, self.calls = loss, 0

    def __call__(self, params, **data):
        self.calls += 1
        return self.loss(params, **data)


def network(params, X, t, *, xp=np):
    h = xp.tanh(X @ params["W"] + params["b"])
    return xp.mean((h @ params["v"] - t) ** 2) + params["c"] ** 3


def draw(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = {"W": rng.normal(size=(2, 3)), "b": rng.normal(size=3), "v": rng.normal(size=3)}
    params = {
        name: array.astype(dtype) for name, array in (params | {"c": rng.normal(size=())}).items()
    }
    return params, {"X": rng.normal(size=(7, 2)), "t": rng.normal(size=7)}


def by_hand(params, X, t):
    p = {name: np.asarray(array, float) for name, array in params.items()}
    h = np.tanh(X @ p["W"] + p["b"])
    residual = 2 * (h @ p["v"] - t) / len(t)
    dz = np.outer(residual, p["v"]) * (1 - h * h)
    return {"W": X.T @ dz, "b": dz.sum(0), "v": h.T @ residual, "c": 3 * p["c"] ** 2}


def error(gradient, expected):
    """Largest error relative to the largest entry of each array."""
    return max(
        np.abs(gradient[name] - array).max() / np.abs(array).max()
        for name, array in expected.items()
    )


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_reported_passes_are_the_passes_made(scheme):
    """Costs are cited: a pass that is made and not reported falsifies them."""
    params, data = draw()
    loss = Counter(network)
    problem = gm.Problem(loss, params, data)
    prepared = prepare(scheme, problem)
    assert prepared.forward_passes == (
        None if scheme == "richardson" else PASSES[scheme] * problem.size
    )
    for seed in (0, 1):
        before = loss.calls
        prepared(draw(seed)[0])
        assert loss.calls - before == prepared.forward_passes + prepared.value_passes
    assert prepared.value_passes == 1


def test_preparing_calls_nothing():
    """A pass spent on preparation would be missing from the count of a gradient."""
    params, data = draw()
    loss = Counter(network)
    problem = gm.Problem(loss, params, data)
    before = loss.calls
    prepared = prepare("central", problem)
    assert loss.calls == before
    assert set(prepared.preparation) == {"steps"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_accuracy_at_another_point_on_other_data(scheme, dtype):
    """A step of the wrong size, a lost sign, or a first point that stuck would show."""
    params, data = draw(0, dtype)
    prepared = prepare(scheme, gm.Problem(network, params, data))
    for seed in (0, 1, 2):
        params, data = draw(seed, dtype)
        value, gradient = prepared(params, **data)
        assert value.dtype == dtype
        assert {array.dtype for array in gradient.values()} == {np.dtype(dtype)}
        assert {k: a.shape for k, a in gradient.items()} == {k: a.shape for k, a in params.items()}
        assert value == pytest.approx(network(params, **data), rel=1e-6)
        assert error(gradient, by_hand(params, **data)) < bound(scheme, dtype)


@pytest.mark.parametrize("scheme", schemes.NAMES)
@pytest.mark.parametrize("params", [math.pi, [math.e, -math.sqrt(2)], {"a": 0.7, "b": [[1.1]]}])
def test_structures(scheme, params):
    """Scalars, bare arrays and dicts must come back as they went in."""

    def loss(params, *, xp=np):
        parts = params.values() if isinstance(params, dict) else [params]
        return sum(xp.sum(xp.sin(part)) for part in parts)

    problem = gm.Problem(loss, params)
    _, gradient = prepare(scheme, problem)(params)
    named: dict[str, Any] = params if isinstance(params, dict) else {"": params}
    assert isinstance(gradient, dict) == isinstance(params, dict)
    for name, x in named.items():
        array = gradient[name] if isinstance(params, dict) else gradient
        assert array.shape == np.shape(x)
        np.testing.assert_allclose(array, np.cos(x), rtol=1e-6)


@pytest.mark.parametrize("scheme", ORDERS)
def test_order_of_convergence(scheme):
    """A wrong weight or offset lowers the order, which no check of one step would see."""
    x = np.array([math.sqrt(2)])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(xp.sin(3 * w))), x)
    exact = 3 * np.cos(3 * x) * np.exp(np.sin(3 * x))
    errors = [
        float(abs(prepare(scheme, problem, step=h)(x).gradient - exact)[0])
        for h in (0.01, 0.005, 0.0025)
    ]
    rates = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(rates, ORDERS[scheme], atol=0.1)


@pytest.mark.parametrize("scheme", ORDERS)
def test_default_steps_balance_truncation_and_round_off(scheme):
    """A default step off by a large factor wastes digits that the scheme could give."""
    x = np.linspace(0.31, 1.27, 60)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), x)
    separate = [gm.Problem(lambda w, *, xp=np: xp.exp(w), v) for v in x]

    def median_error(step):
        gradient = [float(prepare(scheme, p, step=step)(p.params).gradient) for p in separate]
        return np.median(np.abs(gradient - np.exp(x)))

    default = schemes.step_for(scheme, np.ones(1), problem.dtype)[0]
    at_default = median_error(default)
    assert at_default < median_error(30 * default)
    assert at_default < median_error(default / 30)


def test_steps_come_from_the_unit_round_off():
    """The formulas of the docstring, for both dtypes and both ends of the scale."""
    for dtype in (np.float64, np.float32):
        u = float(np.finfo(dtype).eps) / 2
        x = np.array([0.0, 1e-9, -40.0], dtype)
        scale = np.array([1, 1, 40.0])
        expected = {
            "forward": 2 * u**0.5, "backward": 2 * u**0.5, "central": (3 * u) ** (1 / 3),
            "five-point": (11.25 * u) ** 0.2, "richardson": 1 / 8,
        }  # fmt: skip
        for scheme, relative in expected.items():
            steps = schemes.step_for(scheme, x, np.dtype(dtype))
            assert steps.dtype == dtype
            np.testing.assert_allclose(steps, relative * scale, rtol=1e-6)
        steps = schemes.step_for("complex-step", x, np.dtype(dtype))
        np.testing.assert_allclose(steps, u * u * np.array([1, 1e-9, 40]), rtol=1e-6)
        assert schemes.step_for("complex-step", np.full(1, 1e-37, dtype), np.dtype(dtype))[0] > 0


def test_the_step_taken_is_the_step_divided_by():
    """Dividing by the step asked for, not taken, costs digits: x + h is rounded."""
    x = np.array([1e8 / 3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), x)
    for scheme in ORDERS:
        _, gradient = prepare(scheme, problem, step=1e-7)(x)
        assert gradient == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_places_lie_symmetrically(scheme):
    """A place that is rounded to one side adds a first-order error to an even-order scheme."""
    x, seen = 1e8 / 3, []

    def loss(w, *, xp=np):
        seen.append(float(w))
        return 1.0 * w

    prepared = prepare(scheme, gm.Problem(loss, x), step=1.1e-7)
    seen.clear()
    prepared(x)
    offsets = [place - x for place in seen[1:]]
    assert offsets[0] == pytest.approx(1.1e-7, rel=0.05)
    assert offsets == [k * offsets[0] for k in schemes.SCHEMES[scheme].offsets]


@pytest.mark.parametrize("scheme", [*ORDERS, "richardson"])
def test_a_step_lost_in_rounding_is_refused(scheme):
    """0/0 would come out as NaN, or 0/h as a gradient of zero."""
    x = np.array([1.0, 1e9 / 7])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), x)
    with pytest.raises(InvalidOption, match=r"lost in rounding.*142857142"):
        prepare(scheme, problem, step=1e-10)(x)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda xp, w: xp.exp(w), np.exp),
        (lambda xp, w: xp.sin(9 * w), lambda x: 9 * np.cos(9 * x)),
        (lambda xp, w: 1 / (1 + xp.exp(-w)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        (lambda xp, w: w**2, lambda x: 2 * x),
        (lambda xp, w: xp.log(w), lambda x: 1 / x),
        (lambda xp, w: 1 / w**2, lambda x: -2 / x**3),
        (lambda xp, w: xp.cos(w) * 1e-9 + 1, lambda x: -np.sin(x) * 1e-9),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_richardson_knows_its_error(function, derivative, dtype):
    """An estimate below the error misleads; one far above is of no use."""
    for x in np.array([0.05, 0.37, math.sqrt(2), math.pi]).astype(dtype):
        problem = gm.Problem(lambda w, *, xp=np: function(xp, w), x)
        prepared = prepare("richardson", problem)
        value, gradient = prepared(x)
        exact = float(derivative(np.float64(x)))
        u = float(np.finfo(dtype).eps) / 2
        true = abs(float(gradient) - exact)
        estimate = float(prepared.error_estimate)
        assert prepared.error_estimate.shape == ()
        assert true <= 5 * estimate
        # Round-off: u|f|/h with h of a hundredth or so; the loss itself errs by a few u.
        assert estimate <= 1e4 * u * (abs(exact) + abs(float(value)) / float(x))


def test_richardson_takes_what_it_needs():
    """It is adaptive: a rough component must cost more than a smooth one, both be right."""

    def loss(w, *, xp=np):
        return w[0] ** 2 + xp.sin(40 * w[1])

    x = np.array([0.3, 0.2])
    prepared = prepare("richardson", gm.Problem(loss, x))
    _, gradient = prepared(x)
    np.testing.assert_allclose(gradient, [0.6, 40 * np.cos(8)], rtol=1e-11)
    smooth = prepare("richardson", gm.Problem(lambda w, *, xp=np: xp.sum(w**2), x))
    smooth(x)
    assert smooth.forward_passes == 2 * 2 * 2  # two rows of two passes for each of two entries
    assert smooth.forward_passes < prepared.forward_passes - 4
    assert prepared.error_estimate.shape == (2,)
    first = prepared.forward_passes
    prepared(np.array([0.3, 7.0]))
    assert prepared.forward_passes > first


def test_richardson_comes_back_from_outside_the_domain():
    """Its first steps are wide: NaN beyond log's domain must not end the search."""
    x = np.array([0.01])
    prepared = prepare("richardson", gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), x))
    _, gradient = prepared(x)
    np.testing.assert_allclose(gradient, 100, rtol=1e-8)


def test_richardson_without_a_finite_row():
    """No finite difference means no answer: not a number, with an infinite error."""
    derivative, error, rows = extrapolate(lambda h: (math.nan, 0.0), 1.0)
    assert math.isnan(derivative)
    assert error == math.inf
    assert rows > 1


@pytest.mark.parametrize("scale", [1e160, 1e-12, 1e-160, 1.0])
def test_complex_step_follows_the_magnitude(scale):
    """A fixed step of 1e-200 underflows in 1/z at 1e160, and one of 1e-20 swamps 1e-160."""
    c = np.array([math.pi, -math.e])
    problem = gm.Problem(lambda w, *, xp=np: scale * xp.sum(1 / w), c * scale)
    _, gradient = prepare("complex-step", problem)(c * scale)
    np.testing.assert_allclose(gradient, -1 / c**2 / scale, rtol=1e-14)


def test_complex_step_at_zero():
    """A step in proportion to the magnitude would be no step at all."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.expm1(w) / 1e100), np.zeros(2))
    _, gradient = prepare("complex-step", problem)(np.zeros(2))
    np.testing.assert_allclose(gradient, 1e-100, rtol=1e-14)


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_nothing_outside_is_touched(scheme):
    """The caller's arrays may be read-only, and must hold what they held."""
    params, data = draw()
    for array in params.values():
        array.setflags(write=False)
    before = {name: array.copy() for name, array in params.items()}
    prepared = prepare(scheme, gm.Problem(network, params, data))
    first = prepared(params).gradient
    kept = {name: array.copy() for name, array in first.items()}
    prepared(draw(1)[0])
    for name, array in params.items():
        np.testing.assert_array_equal(array, before[name])
        np.testing.assert_array_equal(first[name], kept[name])


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_a_loss_that_raises_midway_leaves_no_trace(scheme):
    """A perturbation left behind would shift every later gradient."""
    x = np.array([0.3, 0.4, 0.5])
    state = {"calls": 0, "fuse": math.inf}

    def loss(w, *, xp=np):
        state["calls"] += 1
        if state["calls"] > state["fuse"]:
            raise KeyError("lost")
        return xp.sum(xp.sin(w))

    prepared = prepare(scheme, gm.Problem(loss, x))
    expected = prepared(x)
    state["fuse"] = state["calls"] + 3
    with pytest.raises(KeyError, match="lost"):
        prepared(x)
    state["fuse"] = math.inf
    again = prepared(x)
    assert again.value == expected.value
    np.testing.assert_array_equal(again.gradient, expected.gradient)
    np.testing.assert_array_equal(x, [0.3, 0.4, 0.5])


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_a_loss_that_returns_or_keeps_its_argument(scheme):
    """The private copy moves: a result that is a view of it must be read at once."""
    problem = gm.Problem(lambda w, *, xp=np: w, 0.7)
    value, gradient = prepare(scheme, problem)(0.7)
    assert value == 0.7
    assert gradient == pytest.approx(1, rel=1e-9)
    kept = []

    def keeping(params, *, xp=np):
        kept.append(params["a"])
        params["a"] = 2 * params["a"]  # its own dict: the next pass must not see this
        return xp.sum(params["a"] ** 2)

    problem = gm.Problem(keeping, {"a": [0.3, 0.7]})
    _, gradient = prepare(scheme, problem)(problem.params)
    np.testing.assert_allclose(gradient["a"], [2.4, 5.6], rtol=1e-6)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_a_loss_that_writes_into_its_argument_is_stopped(scheme):
    """Writing would move the point itself, for all later passes."""
    armed: list[bool] = []

    def loss(w, *, xp=np):
        if armed:
            w[0] = 5.0
        return xp.sum(w**2)

    prepared = prepare(scheme, gm.Problem(loss, np.ones(2)))
    armed.append(True)
    with pytest.raises(ValueError, match="read-only"):
        prepared(np.ones(2))


@pytest.mark.parametrize("scheme", ["forward", "five-point", "complex-step"])
def test_memory_does_not_grow_with_passes(scheme):
    """A copy per pass, or all places laid out at once, would not reach a million parameters."""
    n = 3 * schemes.BLOCK
    x = np.full(n, 0.3)
    prepared = prepare(scheme, gm.Problem(lambda w, *, xp=np: w[0] * w[1], x))
    prepared(x)
    tracemalloc.start()
    prepared(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 8 * n + 800 * schemes.BLOCK


def test_blocks_join_without_a_seam(monkeypatch):
    """An entry dropped or moved twice at the edge of a block would be a wrong gradient."""
    monkeypatch.setattr(schemes, "BLOCK", 4)
    x = np.linspace(0.1, 1.3, 11)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), x)
    for scheme in schemes.NAMES:
        _, gradient = prepare(scheme, problem)(x)
        np.testing.assert_allclose(gradient, np.cos(x), rtol=1e-6)


def test_vjp_rules_take_no_part(monkeypatch):
    """A method that used the tape's rules could not check them."""

    def poison(*args, **kwargs):
        raise AssertionError("a vjp rule was called")

    for name, row in tape_rules.RULES.items():
        monkeypatch.setitem(tape_rules.RULES, name, tuple(poison for _ in row or ()))
    monkeypatch.setattr(tape_rules, "rule", poison)
    params, data = draw()
    for scheme in schemes.NAMES:
        _, gradient = prepare(scheme, gm.Problem(network, params, data))(params)
        assert error(gradient, by_hand(params, **data)) < 1e-6


def test_the_loss_sees_plain_numpy():
    """A wrapper around the arrays would tax, and could change, the forward pass."""
    seen = set()

    def loss(params, X, *, xp=np):
        seen.add((type(params), type(params["w"]), type(X), xp))
        return xp.sum(params["w"]) * xp.sum(X)

    prepared = prepare("central", gm.Problem(loss, {"w": np.ones(2)}, {"X": np.ones(2)}))
    seen.clear()
    prepared({"w": np.ones(2)})
    assert seen == {(dict, np.ndarray, np.ndarray, np)}


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_nan_is_never_silent(scheme):
    """A loss that is NaN has no gradient; a number in its place would be believed."""
    x = np.array([0.4, 0.3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w) + 0 * xp.log(xp.max(w) - 0.5), x)
    prepared = prepare(scheme, problem)
    if scheme == "complex-step":
        with pytest.raises(NotDifferentiable, match=r"xp\.log at -0\.09"):
            prepared(x)
    else:
        value, gradient = prepared(x)
        assert np.isnan(value)
        # Richardson's wide steps reach where the loss is defined; its error says so.
        assert np.isnan(gradient).all() or scheme == "richardson"


def test_names_tell_providers_apart():
    """Rows of a table are known by these names."""
    assert Numerical().name == "numerical"
    assert Numerical("forward").name == "numerical:forward"
    assert Numerical("forward", step=1e-6).name == "numerical:forward[step=1e-06]"
    assert Numerical(step=0.5).name == "numerical:central[step=0.5]"
    assert Numerical("complex-step").name == "numerical:complex-step"


def test_options_are_checked():
    """A misspelt scheme must not be found out after an hour."""
    with pytest.raises(UnknownName, match="Did you mean 'central'"):
        Numerical("centre")
    with pytest.raises(UnknownName, match="Did you mean 'reuse'"):
        Numerical(evaluation="re-use")
    wrong: list[Any] = [0.0, -1e-6, math.inf, math.nan, "small", True]
    for step in wrong:
        with pytest.raises(InvalidOption, match="positive finite"):
            Numerical(step=step)


def test_obstacles():
    """The real schemes take any loss, the complex step none that leaves its namespace."""
    problem = gm.Problem(lambda w, *, xp=np: np.sum(w**2), np.ones(2))
    for scheme in schemes.NAMES:
        assert (Numerical(scheme).obstacle(problem) is None) == (scheme != "complex-step")
    params, data = draw()
    assert Numerical("complex-step").obstacle(gm.Problem(network, params, data)) is None


def test_wrong_shapes_are_refused():
    """A gradient of another structure would be compared with the wrong thing."""
    prepared = prepare("central", gm.Problem(lambda w, *, xp=np: xp.sum(w), np.ones(2)))
    with pytest.raises(ShapeMismatch, match=r"\(2,\)"):
        prepared(np.ones(3))
