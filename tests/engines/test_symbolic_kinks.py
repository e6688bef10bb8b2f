"""Formulas with kinks: the derivative at ties, and how they print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import gradmethods as gm

FORMS = ["cse", "expanded"]


KINKS: dict[str, tuple[Callable[..., Any], list[float], list[float]]] = {
    "abs": (lambda w, xp: xp.sum(xp.abs(w)), [0.0, -2.0, 3.0], [0, -1, 1]),
    "sign": (lambda w, xp: xp.sum(w * xp.sign(w)), [0.0, -2.0, 3.0], [0, -1, 1]),
    "maximum": (lambda w, xp: xp.sum(xp.maximum(w, 1)), [1.0, 0.5, 2.0], [0.5, 0, 1]),
    "minimum": (lambda w, xp: xp.sum(xp.minimum(1, w)), [1.0, 0.5, 2.0], [0.5, 1, 0]),
    "max of ties": (lambda w, xp: xp.max(w), [4.0, 4.0, 1.0], [0.5, 0.5, 0]),
    "max of all": (lambda w, xp: xp.max(w), [4.0, 4.0, 4.0], [1 / 3] * 3),
    "min of one": (lambda w, xp: xp.min(w), [4.0, 3.0, 1.0], [0, 0, 1]),
    "min of ties": (lambda w, xp: xp.min(w), [1.0, 3.0, 1.0], [0.5, 0, 0.5]),
    "max of two": (lambda w, xp: xp.max(w[:2]) * w[2], [4.0, 4.0, 3.0], [1.5, 1.5, 4]),
    "steps": (
        lambda w, xp: xp.sum(w * (xp.floor(w) + xp.ceil(w) + xp.trunc(w) + xp.round(w))),
        [0.5, 1.5, -2.5],
        [1, 6, -9],
    ),
    "where": (lambda w, xp: xp.sum(xp.where(w > 1, w**2, 3 * w)), [1.0, 2.0, -1.0], [3, 4, 3]),
    "where beside a pole": (
        lambda w, xp: xp.sum(xp.where(w == 0, w, xp.sqrt(xp.abs(w)))),
        [0.0, 4.0, 9.0],
        [1, 1 / 4, 1 / 6],
    ),
    "power at zero": (lambda w, xp: xp.sum(w ** w[2]), [0.0, 2.0, 2.0], [0, 4, 4 + 8 * np.log(2)]),
    "power of zero": (lambda w, xp: w[0] ** w[1] * w[2], [0.0, 0.0, 5.0], [0, 0, 1]),
    "an operand twice": (lambda w, xp: xp.sum(xp.maximum(w, w)), [1.0, 2.0, 3.0], [1, 1, 1]),
    "logaddexp": (
        lambda w, xp: xp.logaddexp(w[0], w[1]) * w[2],
        [0.0, np.log(3), 2.0],
        [0.5, 1.5, np.log(4)],
    ),
    "logaddexp far apart": (
        lambda w, xp: xp.logaddexp(w[0], w[1]) * w[2],
        [1000.0, 0.0, 2.0],
        [2, 0, 1000],
    ),
    "hypot": (lambda w, xp: xp.hypot(w[0], w[1]) * w[2], [3.0, 4.0, 10.0], [6, 8, 5]),
    "atan2": (
        lambda w, xp: xp.atan2(w[0], w[1]) * w[2],
        [3.0, -4.0, 25.0],
        [-4, -3, np.arctan2(3, -4)],
    ),
    "sums that tie": (
        lambda w, xp: xp.max(xp.stack([w[0] + w[1] + w[2], w[2] + w[1] + w[0], w[0]])),
        [0.1, 0.2, 0.3],
        [1, 1, 1],
    ),
    "conditions as numbers": (
        lambda w, xp: xp.sum((w > 1) * w) + xp.sum(w > 1) * w[0],
        [1.0, 2.0, 3.0],
        [2, 1, 1],
    ),
    "logic": (
        lambda w, xp: xp.sum(xp.where(~(w > 1) ^ ((w > 2) | (w < 0)), w**2, xp.any(w > 2) * w)),
        [1.0, 2.0, 3.0],
        [2, 1, 6],
    ),
    "not a number": (
        lambda w, xp: xp.sum(
            xp.where(xp.isnan(w / w) | xp.isinf(1 / w), 2 * w, xp.isfinite(w) * w)
        ),
        [0.0, 1.0, 2.0],
        [2, 1, 1],
    ),
    "masked by infinity": (
        lambda w, xp: xp.max(xp.where(np.array([True, False, True]), w, -xp.inf)) ** 2,
        [1.0, 9.0, 3.0],
        [0, 0, 6],
    ),
}


@pytest.mark.medium
@pytest.mark.parametrize("examples", [False, True], ids=["floats", "arrays"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", KINKS)
def test_kinks(name, form, examples):
    """Methods that take another side of a kink disagree where nothing is wrong."""
    loss, at, expected = KINKS[name]

    def averaged(w, x, *, xp=np):
        return xp.mean(x) * loss(w, xp)

    data = {"x": np.array([0.5, 1.5])}
    problem = gm.Problem(
        averaged, np.array([0.3, 0.7, 1.9]), data, examples=("x",) if examples else ()
    )
    point = np.array(at)
    result = gm.Analytical(form).prepare(problem)(point)
    np.testing.assert_allclose(result.gradient, expected, rtol=1e-14)
    np.testing.assert_allclose(result.value, problem.value(point), rtol=1e-14)


@pytest.mark.medium
@pytest.mark.parametrize("name", sorted(KINKS.keys() - {"not a number", "power at zero"}))
def test_formulas_can_be_rewritten_and_printed(name):
    """Users go on with SymPy's own Piecewise, and put formulas into papers."""
    loss, at, expected = KINKS[name]
    problem = gm.Problem(lambda w, xp=np: loss(w, xp), np.array([0.3, 0.7, 1.9]))
    prepared = gm.Analytical().prepare(problem)
    values = dict(zip(prepared.symbols[""], map(sympy.nsimplify, at), strict=True))
    for index, entry in enumerate(expected):
        formula = prepared.formula(index=index)
        rewritten = formula.rewrite(sympy.Piecewise)
        assert float(rewritten.subs(values)) == pytest.approx(entry, rel=1e-14)
        text = prepared.latex("", index)
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
        assert str(formula)


def test_names_in_latex():
    """A formula in a paper needs its bars, braces and cases."""

    def loss(w, *, xp=np):
        smooth = xp.logaddexp(w[0], w[1]) * xp.hypot(w[0], w[1]) * xp.atan2(w[0], w[1])
        return xp.abs(w[0]) * xp.where(w[0] > 0, xp.floor(w[0]), w[1]) ** 2 * smooth

    text = gm.Analytical().prepare(gm.Problem(loss, np.array([0.5, 0.7]))).latex("", 0)
    for part in (r"\left|x_{0}\right|", r"\begin{cases}", r"\operatorname{Hypot}", r"\lfloor"):
        assert part in text
