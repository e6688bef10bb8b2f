"""A loss that keeps what it is given, and looks at it later, must not see it change."""

from typing import Any

import numpy as np
import pytest

import gradmethods as gm

X = np.array([1.0, -2.0, 0.5])


def by_identity():
    """Remember the last argument itself."""
    last: dict[str, Any] = {}

    def loss(x, *, xp=np):
        if last.get("x") is not x:
            last["x"], last["value"] = x, xp.sum(x * x)
        return last["value"]

    return loss


def by_value():
    """Compare with the last argument, of which it made no copy."""
    last: dict[str, Any] = {}

    def loss(x, *, xp=np):
        if xp is not np:
            return xp.sum(x * x)
        if "x" not in last or not np.array_equal(last["x"], x):
            last["x"], last["value"] = x, np.sum(x * x)
        return last["value"]

    return loss


def by_all_values():
    """Look through all arguments that there have been."""
    seen: list[tuple[Any, Any]] = []

    def loss(x, *, xp=np):
        if xp is not np:
            return xp.sum(x * x)
        for other, value in seen:
            if np.array_equal(other, x):
                return value
        seen.append((x, np.sum(x * x)))
        return seen[-1][1]

    return loss


def by_a_view():
    """Keep a view of the last argument."""
    last: dict[str, Any] = {}

    def loss(x, *, xp=np):
        if xp is not np:
            return xp.sum(x * x)
        if "x" not in last or not (last["x"] == x[::-1]).all():
            last["x"], last["value"] = x[::-1], np.sum(x * x)
        return last["value"]

    return loss


def by_moves():
    """Add to the last value what has changed since."""
    last: dict[str, Any] = {}

    def loss(x, *, xp=np):
        if xp is not np:
            return xp.sum(x * x)
        if "x" not in last or not np.array_equal(last["x"], x):
            moved = x - last.get("x", 0.0)
            total = last.get("value", 0.0) + np.sum(moved * (x + last.get("x", 0.0)))
            last["x"], last["value"] = x, total if "value" not in last else np.sum(x * x)
        return last["value"]

    return loss


def by_bytes():
    """Remember values by a copy, as it should be."""
    seen: dict[bytes, Any] = {}

    def loss(x, *, xp=np):
        if xp is not np:
            return xp.sum(x * x)
        return seen.setdefault(x.tobytes(), np.sum(x * x))

    return loss


LOSSES = [by_identity, by_value, by_all_values, by_a_view, by_moves, by_bytes]
SCHEMES = ["forward", "backward", "central", "five-point", "richardson", "complex-step"]
WAYS: dict[str, gm.Provider] = {scheme: gm.Numerical(scheme) for scheme in SCHEMES} | {
    "given step": gm.Numerical(step=1e-5),
    "reuse": gm.Numerical(evaluation="reuse"),
    "backprop": gm.Backprop(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", LOSSES)
def test_a_loss_that_keeps_its_argument_is_differentiated(make, way):
    """Differences move one buffer: such a loss returned old values, and gradients were zero."""
    problem = gm.Problem(make(), X)
    assert problem.keeps_arguments == (make is not by_bytes)
    prepared = WAYS[way].prepare(problem)
    for point in (X, X + 0.7):
        np.testing.assert_allclose(prepared(point).gradient, 2 * point, rtol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_a_part_that_is_kept_is_seen(way):
    """A loss that keeps the part that comes of one array errs only in that part."""
    last: dict[str, Any] = {}

    def loss(q, *, xp=np):
        if xp is not np:
            return xp.sum(q["a"] ** 2) * xp.sum(q["b"])
        if last.get("a") is not q["a"]:
            last["a"], last["part"] = q["a"], np.sum(q["a"] ** 2)
        return last["part"] * np.sum(q["b"])

    problem = gm.Problem(loss, {"a": X, "b": X[:2]})
    found = WAYS[way].prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found["a"], -2 * X, rtol=1e-6)
    np.testing.assert_allclose(found["b"], [5.25, 5.25], rtol=1e-6)


@pytest.mark.parametrize("inside", [False, True])
def test_a_loss_that_knows_points_by_their_address_is_refused(inside):
    """An address comes again: no copy would help, and the gradient was any number."""
    known: dict[int, Any] = {}

    def loss(q, *, xp=np):
        if xp is not np:
            return xp.sum(q["a"] ** 2)
        key = id(q["a"] if inside else q)
        if key not in known:
            known[key] = np.sum(q["a"] ** 2)
        return known[key]

    with pytest.raises(gm.InvalidProblem, match=r"takes one array for another.*x\.tobytes\(\)"):
        gm.Problem(loss, {"a": X})


def test_an_ordinary_loss_is_given_no_copies():
    """A copy in every pass would cost a gradient by a million passes as much as the passes."""
    given = set()

    def loss(x, *, xp=np):
        if xp is np:
            given.add(x.__array_interface__["data"][0])
        return xp.sum(x * x)

    prepared = gm.Numerical().prepare(gm.Problem(loss, np.arange(1.0, 30.0)))
    given.clear()
    prepared(np.arange(1.0, 30.0))
    assert len(given) == 1


def test_a_point_that_the_loss_refuses_is_no_hindrance():
    """The second point is not the user's: what a loss says there must not stop anything."""

    def loss(x, *, xp=np):
        if xp is np and not np.array_equal(x, X):
            message = "Only there."
            raise RuntimeError(message)
        return xp.sum(x * x)

    problem = gm.Problem(loss, X)
    assert not problem.keeps_arguments
    assert gm.Backprop().prepare(problem)(X).gradient.tolist() == [2.0, -4.0, 1.0]


@pytest.mark.parametrize("way", WAYS)
def test_nested_parameters_are_kept_apart_too(way):
    """Arrays in containers of containers move in the same buffer, and are told by their paths."""
    last: dict[str, Any] = {}

    def loss(q, *, xp=np):
        a, b = q["layers"][0]["W"], q["b"]
        q["layers"].append(None)  # its own list: the next call must not see this
        if xp is not np:
            return xp.sum(a**2) * xp.sum(b)
        if last.get("a") is not a:
            last["a"], last["part"] = a, np.sum(a**2)
        return last["part"] * np.sum(b)

    problem = gm.Problem(loss, {"layers": [{"W": X}], "b": X[:2]})
    assert problem.keeps_arguments
    found = WAYS[way].prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found["layers"][0]["W"], -2 * X, rtol=1e-6)
    np.testing.assert_allclose(found["b"], [5.25, 5.25], rtol=1e-6)
