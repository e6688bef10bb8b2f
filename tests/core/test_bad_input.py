"""Bad input: each mistake that a user can make has its own clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from tests.entries import replace_field

RECORDING = ["analytical", "numerical:complex-step", "backprop"]
W = np.array([0.3, -1.7, 0.9])


def problem(function, params=W, data=None, **options):
    return gm.Problem(lambda w, *, xp=np, **d: function(xp, w, **d), params, data, **options)


# -- the loss


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda xp, w: w, r"must return a scalar \(shape \(\)\), got shape \(3,\)"),
        (lambda xp, w: xp.sum(w) * 1j, "must return a real floating-point number, got complex128"),
        (lambda xp, w: xp.sum(w > 0), "must return a real floating-point number, got int64"),
        (lambda xp, w: xp.sum(w) > 0, "must return a real floating-point number, got bool"),
        (lambda xp, w: None, "must return a real floating-point number, got None"),
    ],
    ids=["vector", "complex", "integer", "boolean", "nothing"],
)
def test_loss_returns_something_else(function, words):
    """A loss that is no real scalar has no gradient; a silent sum would answer another question."""
    with pytest.raises(gm.GradientError, match=words):
        problem(function)


def test_loss_is_not_a_function():
    """The message must say what a loss is."""
    with pytest.raises(gm.InvalidProblem, match="must be a function"):
        gm.Problem(3.0, W)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("name", RECORDING)
@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda xp, w: np.sum(xp.exp(w)), "xp"),
        (lambda xp, w: xp.sum(np.exp(w)), "xp"),
        (lambda xp, w: xp.sum(np.where(w > 0, w, 0)), "xp.where"),
        (lambda xp, w: xp.sum(np.concatenate([w, w])), "xp.concat"),
        (lambda xp, w: float(np.asarray(w)[0]), "xp"),
    ],
    ids=["sum", "exp", "where", "concatenate", "asarray"],
)
def test_np_where_xp_was_needed(name, function, words):
    """The most likely mistake of all must name xp, not fail inside NumPy."""
    with pytest.raises(gm.UnsupportedOperation, match=words):
        gm.get_provider(name).prepare(problem(function))(W)


def _writes(xp, w):
    y = xp.exp(w)
    y[0] = 1.0
    return xp.sum(y)


def _writes_in_zeros(xp, w):
    y = xp.zeros(3)
    y[0] = w[0]
    return xp.sum(y)


@pytest.mark.parametrize("name", RECORDING)
@pytest.mark.parametrize("function", [_writes, _writes_in_zeros])
def test_writing_into_arrays(name, function):
    """A write that went unnoticed would be missing from the gradient."""
    with pytest.raises(gm.UnsupportedOperation, match="never written to"):
        gm.get_provider(name).prepare(problem(function))(W)


def test_augmented_assignment_rebinds():
    """`acc += x` makes a new array here, which is harmless unless NumPy's has another name."""

    def total(xp, w):
        acc = w * 0
        acc += w
        return xp.sum(acc * w)

    def shared(xp, w):
        acc = w * 0
        start = acc  # in NumPy this name sees the change
        acc += w
        return xp.sum(acc * w) + xp.sum(start)

    for name in RECORDING:
        gradient = gm.get_provider(name).prepare(problem(total))(W).gradient
        np.testing.assert_allclose(gradient, 2 * W)
        provider = gm.get_provider(name)
        with pytest.raises(gm.GradientError, match=r"3\.29.*3\.79.*a = a \+ x for a \+= x"):
            provider.prepare(problem(shared))


@pytest.mark.parametrize("name", RECORDING)
@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w: xp.sum(w) if w[0] > 0 else xp.sum(-w),
        lambda xp, w: xp.sum(w) * float(w[0]),
        lambda xp, w: xp.sum(w) * int(w[0]),
        lambda xp, w: xp.sum(w) * (w[0] > 0 and w[1] > 0),
        lambda xp, w: xp.sum(w) * max(w[0], w[1]),
    ],
    ids=["if", "float", "int", "and", "max"],
)
def test_branching_on_values(name, function):
    """A branch taken while recording would be baked into every later gradient."""
    plain = gm.Problem(lambda w, *, xp=np: xp.sum(w), W)
    plain = plain.replace(loss=lambda w, *, xp=np: function(xp, w))
    with pytest.raises(gm.UnsupportedOperation, match=r"xp\.where"):
        gm.get_provider(name).prepare(plain)(W)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda xp, w: xp.sum(xp.concatenate([w, w])), r"Write xp\.concat"),
        (lambda xp, w: xp.sum(xp.power(w, 2)), r"Write xp\.pow"),
        (lambda xp, w: xp.median(w), "arranged by values"),
        (lambda xp, w: xp.sum(w) * w.item(), "its value is not known"),
        (lambda xp, w: xp.sum(xp.tanhh(w)), r"Write xp\.tanh\b"),
        (lambda xp, w: xp.sum(w[w > 0]), r"xp\.where"),
        (lambda xp, w: xp.sum(w * [1, 2, 3]), r"xp\.asarray"),
    ],
)
def test_functions_that_no_method_has(function, words):
    """A missing function must name itself and what to write instead."""
    plain = gm.Problem(lambda w, *, xp=np: xp.sum(w), W)
    plain = plain.replace(loss=lambda w, *, xp=np: function(xp, w))
    with pytest.raises(gm.UnsupportedOperation, match=words):
        gm.Backprop().prepare(plain)
    assert gm.Backprop().obstacle(plain)


def test_primitive_without_rule(monkeypatch):
    """A missing rule must name the primitive, the shapes and the remedy."""
    replace_field(monkeypatch, "exp", vjp=None)
    with pytest.raises(gm.UnsupportedOperation, match=r"no vjp rule.*'exp'.*\(3,\).*field vjp"):
        gm.Backprop().prepare(problem(lambda xp, w: xp.sum(xp.exp(w))))


def test_arrays_of_another_recording():
    """An array kept from an earlier call would smuggle one graph into another."""
    kept = []

    def hoards(xp, w):
        if xp is not np:
            kept.append(w)
            return xp.sum(kept[0])
        return xp.sum(w)

    target = problem(hoards)
    gm.Backprop().prepare(target)
    with pytest.raises(gm.UnsupportedOperation, match="must not keep arrays"):
        gm.Backprop().prepare(target)


# -- the parameters and the data


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "params is empty"),
        (np.zeros((0, 3)), "nothing to differentiate"),
        ({"w": np.array([1, 2])}, "must be float64 or float32, got int64"),
        (np.array([1 + 1j]), "got complex128"),
        ({"w": W, "b": np.array([np.nan])}, "'b' has 1 entries that are NaN or infinite"),
        (np.array([np.inf, 1.0]), "NaN or infinite"),
        ({"w": W, "b": np.float32(1)}, "mixture of float32 and float64"),
        ({"w": "text"}, "must be float64 or float32"),
        ({3: W}, "non-empty strings"),
    ],
)
def test_bad_parameters(params, words):
    """A point at which no gradient can be right must be refused before anything is computed."""
    with pytest.raises(gm.InvalidProblem, match=words):
        gm.Problem(lambda w, *, xp=np: 0.0, params)


@pytest.mark.parametrize("name", list(gm.PROVIDERS))
def test_other_shapes_than_prepared(name):
    """Data or parameters of another shape would broadcast into a plausible wrong gradient."""

    def loss(params, x, k, *, xp=np):
        return xp.sum(params["w"] * x) * xp.sum(k) + params["b"] * 1.0

    target = gm.Problem(loss, {"w": W, "b": 0.5}, {"x": W * 2, "k": np.array([1, 2], np.int8)})
    prepared = gm.get_provider(name).prepare(target)
    mistakes: list[tuple[Any, dict[str, Any], str]] = [
        ({"w": W[:1], "b": 0.5}, {}, r"parameter 'w' of shape \(3,\), got shape \(1,\)"),
        ({"w": W}, {}, r"Missing: \['b'\]"),
        ({"w": W, "b": 0.5, "c": 0.1}, {}, r"unknown: \['c'\]"),
        (W, {}, "as a dict with the names"),
        ({"w": W, "b": 1}, {}, "dtype float64, got int64"),
        ({"w": W, "b": 0.5}, {"x": W[:2]}, r"data 'x' of shape \(3,\), got shape \(2,\)"),
        ({"w": W, "b": 0.5}, {"y": W}, r"Unknown data \['y'\]"),
        ({"w": W, "b": 0.5}, {"k": np.array([1.5, 2.0])}, "dtype int8, got float64"),
        ({"w": W, "b": 0.5}, {"k": np.array([300, 2])}, "do not fit into int8"),
        ({"w": W, "b": 0.5}, {"k": np.array([255, 2], np.uint8)}, "do not fit into int8"),
    ]
    for params, data, words in mistakes:
        with pytest.raises(gm.ShapeMismatch, match=words):
            prepared(params, **data)
    point: dict[str, Any] = {"w": W, "b": 0.5}
    expected = prepared(point, k=np.array([3, 4], np.int8)).value
    assert prepared(point, k=[3, 4]).value == expected
    bare = gm.get_provider(name).prepare(problem(lambda xp, w: xp.sum(w * w)))
    with pytest.raises(gm.ShapeMismatch, match="got a dict"):
        bare({"w": W})


def test_bad_data():
    """Text, complex data or a reserved name would fail deep inside a method."""
    with pytest.raises(gm.InvalidProblem, match="'xp' is taken"):
        gm.Problem(lambda w, xp=np: xp.sum(w), W, {"xp": W})
    with pytest.raises(gm.InvalidProblem, match="Data 'x' must be real numbers"):
        gm.Problem(lambda w, x, *, xp=np: xp.sum(w), W, {"x": ["a"]})


# -- examples


@pytest.mark.parametrize(
    ("function", "data", "words"),
    [
        (lambda xp, w, x: xp.max(x @ w), {"x": np.outer(W, W)}, "not a mean or a sum"),
        (lambda xp, w, x: xp.std(x @ w), {"x": np.outer(W, W) + 0.1}, "not a mean or a sum"),
        (lambda xp, w, x: xp.mean(x @ w) ** 2, {"x": np.outer(W, W)}, "not a mean or a sum"),
        (lambda xp, w, x: xp.sum(x @ w) + xp.sum(w), {"x": np.outer(W, W)}, "not a mean or a sum"),
        (
            lambda xp, w, x: xp.mean(x @ w) + (0.1 * w[0] if x.shape[0] > 20 else 0),
            {"x": np.sin(np.arange(75.0)).reshape(25, 3)},
            "not a mean or a sum",
        ),
        (lambda xp, w, x: xp.mean(x[:3] @ w + W), {"x": np.outer(W, W)}, "any number of them"),
        (lambda xp, w, z: xp.mean(z) * xp.sum(w), {"z": W}, "names 'x'"),
        (lambda xp, w, x: x * xp.sum(w), {"x": 2.0}, "without a leading axis"),
        (lambda xp, w, x: xp.sum(w) + xp.sum(x), {"x": np.zeros((0, 3))}, "counts no example"),
    ],
)
def test_examples_that_are_none(function, data, words):
    """A loss that couples examples would get the gradient of another loss."""
    with pytest.raises(gm.InvalidProblem, match=words):
        problem(function, data=data, examples=("x",))


def test_examples_of_different_counts():
    """Leading axes of different length cannot count the same examples."""
    with pytest.raises(gm.InvalidProblem, match="differ in length"):
        problem(
            lambda xp, w, x, t: xp.mean(x @ w) + xp.mean(t),
            data={"x": np.outer(W, W), "t": np.ones(2)},
            examples=("x", "t"),
        )


# -- names


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gm.get_provider("backprob"), "Did you mean 'backprop'"),
        (lambda: gm.get_provider("backprop:fast"), "Unknown provider"),
        (lambda: gm.get_provider("numerical:centrl"), "Did you mean 'central'"),
        (lambda: gm.Numerical(scheme="forwards"), "Did you mean 'forward'"),
        (lambda: gm.Analytical(form="expand"), "Did you mean 'expanded'"),
        (lambda: gm.problems.get("rosenbrok"), "Did you mean 'rosenbrock'"),
        (lambda: gm.gradient(lambda w, xp: xp.sum(w), W, method="magic"), "Unknown provider"),
    ],
)
def test_unknown_names_suggest_the_nearest(call, words):
    """A typing error should cost one second, not a search through the documentation."""
    with pytest.raises(gm.UnknownName, match=words):
        call()


def test_every_error_is_also_a_built_in_one():
    """Users who know nothing of the suite's exceptions catch those of Python."""
    members = [getattr(gm, name) for name in gm.__all__]
    errors = [e for e in members if isinstance(e, type) and issubclass(e, gm.GradientError)]
    assert len(errors) > 5
    built_in = (ValueError, TypeError, AssertionError, ImportError, RuntimeError)
    for error in errors:
        assert error is gm.GradientError or issubclass(error, built_in)


# -- black boxes


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.array, int])
def test_any_number_will_do(kind):
    """Otherwise a loss would be refused for the library that its number comes from."""
    assert gm.Problem(lambda w: kind(3.0 * w[0]), [1.0], black_box=True).value() == 3.0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, r"None \(does it end without return\?\)"),
        ([1.0], "a list of 1. Return its only entry"),
        ((1.0, 2.0), "a tuple of 2. Return the loss alone"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((1, 1)), r"shape \(1, 1\). Take its only entry, as with \.item\(\)"),
        (1j, "complex. Return its real part, if the other is 0"),
        (np.complex128(1), "complex128. Return its real part, if the other is 0"),
        ("3", "str. Return a float, as with float"),
    ],
)
def test_what_is_no_number_is_refused_in_words(value, said):
    """Otherwise the user would see an error of NumPy's."""
    with pytest.raises(gm.InvalidProblem, match=said):
        gm.Problem(lambda w: value, np.ones(2), black_box=True)


def test_a_loss_without_xp_is_told_of_the_option():
    """Otherwise who has a solver would not know that it can be checked at all."""
    with pytest.raises(gm.InvalidProblem, match="black_box=True"):
        gm.Problem(lambda w: float(w[0]), np.ones(2))


def test_bounds_are_read_in_the_structure_of_the_parameters():
    """Otherwise bounds of one array would be taken for those of another."""
    params = {"a": np.array([0.5, 2.0]), "b": 3.0}
    bounds = ({"a": [0, 1], "b": None}, {"a": None, "b": 4.0})
    found = gm.Problem(lambda p: p["b"], params, black_box=True, bounds=bounds).bounds
    assert found is not None
    assert found.low.tolist() == [0, 1, -np.inf]
    assert found.high.tolist() == [np.inf, np.inf, 4]
    with pytest.raises(gm.InvalidProblem, match="outside of the bounds"):
        gm.Problem(lambda p: p["b"], params, black_box=True, bounds=(1, 9))
    with pytest.raises(gm.InvalidProblem, match="must be below"):
        gm.Problem(lambda p: p["b"], params, black_box=True, bounds=(9, 1))
