"""What a loss may do in NumPy and not over `xp`: the messages, and the line that they name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm

W = np.array([0.3, -1.7, 0.9])


def _adds_in_place(xp, w):
    total = np.zeros(3)
    total += w
    return xp.sum(total)


def _writes_into_numpy(xp, w):
    y = np.zeros(3)
    y[0] = w[0]
    return xp.sum(y * w)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda xp, w: xp.sum(w[0] & 1), r"operator &.*got float64 and 1"),
        (lambda xp, w: xp.sum(xp.where(~w, 1.0, w)), "operator ~.*got float64"),
        (lambda xp, w: sum(w[i] for i in range(w)), r"range\(x\.shape\[0\]\)"),
        (lambda xp, w: xp.sum(w) * math.sin(w[0]), r"xp\.sin\(x\) for math\.sin"),
        (lambda xp, w: xp.sum(np.exp(w)), r"^NumPy's np\.exp was called.*Write xp\.exp\."),
        (lambda xp, w: xp.sum(np.power(w, 2)), r"np\.power was called.*Write xp\.pow"),
        (lambda xp, w: np.linalg.norm(w), r"np\.linalg\.norm was called"),
        (lambda xp, w: xp.linalg.lstsq(w, w), r"xp\.linalg\.lstsq is not among"),
        (lambda xp, w: xp.linalg.vectornorm(w), r"Write xp\.linalg\.vector_norm"),
        (lambda xp, w: xp.sum(w, 0, 1), "by keyword"),
        (lambda xp, w: round(w[0]), r"xp\.round\(x\) for round"),
        (lambda xp, w: xp.sum(w[True]), "xp.where"),
        (_adds_in_place, r"in place.*\(total \+= w\).*a = a \+ x"),
        (_writes_into_numpy, r"into a NumPy array.*xp\.stack"),
    ],
)
def test_what_numpy_can_and_xp_cannot(function, words):
    """A raw TypeError from inside would not say what to write, and would stop a comparison."""
    plain = gm.Problem(lambda w, *, xp=np: xp.sum(w), W)
    plain = plain.replace(loss=lambda w, *, xp=np: function(xp, w))
    with pytest.raises(gm.UnsupportedOperation, match=words) as caught:
        gm.Backprop().prepare(plain)
    assert "__array_ufunc__" not in str(caught.value)
    assert gm.Backprop().obstacle(plain)


@pytest.mark.parametrize("name", ["analytical", "numerical:complex-step", "backprop"])
def test_the_line_of_the_loss(name):
    """In a loss of a hundred lines, what is wrong is half of the answer; where is the other."""

    def helper(xp, w):
        return xp.sum(xp.median(w))

    def loss(w, *, xp=np):
        return xp.sum(w) * helper(xp, w)

    line = helper.__code__.co_firstlineno + 1
    with pytest.raises(gm.UnsupportedOperation, match=rf"\[test_refusals\.py:{line}\]$"):
        gm.get_provider(name).prepare(gm.Problem(loss, W))(W)


def test_a_loss_without_source():
    """A loss typed at the prompt has no lines to quote; its error must come all the same."""
    scope: dict[str, Any] = {"np": np}
    exec("def loss(w, *, xp=np): return xp.sum(np.exp(w))", scope)  # noqa: S102
    with pytest.raises(gm.UnsupportedOperation, match=r"NumPy's own function.*\[<string>:1\]"):
        gm.Backprop().prepare(gm.Problem(scope["loss"], W))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda la, a: la.inv(a), r"square matrices.*\(2, 3\).*xp\.linalg\.pinv"),
        (lambda la, a: la.solve(a, a), r"square.*\(2, 3\)"),
        (lambda la, a: la.solve(a[:, :2], a[0]), r"vector of 2 entries.*shape \(3,\).*b\[\.\.\., "),
        (lambda la, a: la.det(a[0]), r"last two axes, got shape \(3,\).*x\[:, None\]"),
        (lambda la, a: la.svd(a), r"full_matrices=False.*arbitrary"),
        (lambda la, a: la.qr(a.T, mode="complete"), "arbitrary"),
        (lambda la, a: la.eigvalsh(a[:, :2], "X"), "'L' or 'U'.*'X'"),
        (lambda la, a: la.cross(a[:, :2], a[:, :2]), r"vectors of 3 entries.*\(2, 2\)"),
        (lambda la, a: la.matrix_norm(a, ord=3), "'nuc'.*got 3"),
        (lambda la, a: la.norm(a[None], axis=(0, 1, 2)), "vector_norm"),
        (lambda la, a: la.multi_dot([a]), "at least two"),
    ],
)
def test_functions_of_matrices_say_what_to_write(call, words):
    """A message from LAPACK's wrapper tells nobody what the loss should say."""

    def loss(a, *, xp=np):
        result = call(xp.linalg, a) if xp is not np else 0.0
        return xp.sum(result[0] if isinstance(result, tuple) else result) + xp.sum(a)

    problem = gm.Problem(loss, np.arange(6.0).reshape(2, 3), name="loss")
    with pytest.raises(gm.GradientError, match=words):
        gm.Backprop().prepare(problem)
