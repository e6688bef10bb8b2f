"""Losses that cannot be called as every method calls them, and some that can."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import gradmethods as gm

W = np.array([0.3, -1.7, 0.9])


class Callable:
    def __call__(self, w, *, xp=np):
        return xp.sum(w)


@pytest.mark.parametrize(
    ("loss", "data", "words"),
    [
        (lambda w: w @ w, {}, r"keyword xp.*Write def loss\(params, \*, xp=np\)"),
        (lambda w, x: np.sum(w), {"x": W}, r"Write def loss\(params, x, \*, xp=np\)"),
        (lambda w, x, *, xp=np: xp.sum(w), {}, r"needs \['x'\]"),
        (lambda w, x, *, xp=np: xp.sum(w), {"x": W, "y": W}, r"does not take the data \['y'\]"),
        (lambda w, x, /, *, xp=np: xp.sum(w), {}, r"\['x'\] by position"),
        (lambda w, *, xp=np: xp.sum(w), {"w": W}, "first argument, 'w'"),
        (lambda *, xp=np: 0.0, {}, "no argument for the parameters"),
        (lambda xp, w: xp.sum(w), {"w": W}, "takes xp first"),
        (lambda w, **d: 0.0, {"params": W}, "'params' and 'self' by prepared gradients"),
        (lambda w, **d: 0.0, {"xp": W}, "'xp' is taken"),
        (np.sum, {}, "cannot be called"),
        (max, {}, "cannot be called"),
    ],
)
def test_a_loss_that_cannot_be_called(loss, data, words):
    """A raw TypeError names an argument that the user never wrote."""
    with pytest.raises(gm.InvalidProblem, match=words):
        gm.Problem(loss, W, data)


@pytest.mark.parametrize(
    ("loss", "data"),
    [
        (lambda w, **d: d["xp"].sum(w), {"x": W}),
        (lambda *arguments, xp: xp.sum(arguments[0]), {}),
        (lambda x, /, *, xp=np, **d: xp.sum(x * d["x"]), {"x": W}),
        (lambda w, y=2.0, *, xp=np: y * xp.sum(w), {}),
        (functools.partial(lambda scale, w, *, xp=np: scale * xp.sum(w), 3.0), {}),
        (Callable(), {}),
    ],
)
def test_signatures_that_will_do(loss, data):
    """A check of the signature that refuses what can be called would be worse than none."""
    gm.Backprop().prepare(gm.Problem(loss, W, data))(W)


def test_a_wrapper_is_called_with_its_own_signature():
    """A decorator that supplies xp makes a loss of a function without it."""

    @functools.wraps(lambda w: None)
    def wrapped(w, *, xp=np):
        return xp.sum(w)

    gm.Problem(wrapped, W)


def test_errors_of_the_loss_itself_stay():
    """An error in the user's code must keep its type, or debuggers and tests miss it."""

    def loss(w, *, xp=np):
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$") as caught:
        gm.Problem(loss, W)
    assert not isinstance(caught.value, gm.GradientError)
