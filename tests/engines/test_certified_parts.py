"""Certified samples of long gradients, and certified derivatives of higher order."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm


def scalar(function, at):
    """The problem of one function of one number."""
    return gm.Problem(lambda w, *, xp=np: function(xp, w), np.asarray(at, float))


def test_sample_finds_errors_and_passes_what_is_right():
    """For long gradients the sample is the only judge: it must see an error, and make up none."""
    problem = gm.problems.get("mlp", widths=(2, 20, 20, 1), batch=10)
    sample = gm.certified_sample(problem, components=5, directions=6, seed=1)
    truth = gm.certified_gradient(problem)
    flat = truth.structure.join(truth.gradient)
    assert sample.digits >= 30
    assert len(set(sample.components)) == 5
    u = 2.0**-53
    assert (abs(sample.component_error(truth.gradient)) <= u * abs(flat[sample.components])).all()
    norm = np.linalg.norm(flat)
    assert (abs(sample.directional_error(truth.gradient)) < 10 * u * norm).all()
    wrong = flat.copy()
    wrong[7] += 1e-6 * norm
    shown = abs(sample.directional_error(dict(truth.structure.split(wrong))))
    assert shown.max() > 1e-7 * norm
    wrong = flat.copy()
    wrong[sample.components[2]] *= 1 + 1e-12
    shown = sample.component_error(dict(truth.structure.split(wrong)))
    assert np.argmax(abs(shown)) == 2
    assert str(problem.size) in sample.coverage


def test_sample_of_nothing_and_of_everything():
    """The ends of the range of components and directions."""
    problem = gm.problems.get("rosenbrock")
    everything = gm.certified_sample(problem, components=99, directions=0)
    assert list(everything.components) == list(range(problem.size))
    nothing = gm.certified_sample(problem, components=0, directions=1)
    assert nothing.partials.size == 0
    with pytest.raises(gm.InvalidOption, match="components"):
        gm.certified_sample(problem, components=-1)


PLAIN = ["sin", "cos", "tan", "asin", "acos", "atan"]
PLAIN += ["sinh", "cosh", "tanh", "asinh", "atanh", "exp"]


def _named(name):
    return lambda xp, w: getattr(xp, name)(w)


HIGHER = {
    **{name: _named(name) for name in (*PLAIN, "expm1")},
    "shifted": lambda xp, w: xp.log(1 + w) + xp.log2(2 + w) + xp.log10(3 + w) + xp.log1p(w),
    "roots": lambda xp, w: xp.sqrt(1 + w) + xp.acosh(2 + w) + (1 + w) ** 2.5 + 1 / (2 + w),
    "pairs": lambda xp, w: xp.hypot(w, 1 - w) + xp.atan2(w - 1, w) + xp.logaddexp(w, 2 * w),
    "powers": lambda xp, w: w**3 + (1 + w) ** -2 + (1 + w) ** w + 2**w,
    "branches": lambda xp, w: xp.maximum(w, -w) * xp.where(w > 0, w**2, w) * xp.sign(w),
    "arrays": lambda xp, w: xp.sum(xp.cumulative_sum(xp.stack([w, w**2]) @ np.eye(2))),
}


@pytest.mark.medium
@pytest.mark.parametrize("name", HIGHER)
def test_higher_derivatives_are_those_of_sympy(name):
    """Truncation errors are predicted from these: SymPy is asked for the same numbers."""
    import sympy

    at = 0.3
    x = sympy.Symbol("x", real=True)
    expression = SYMBOLIC[name](x)
    expected = [
        float(sympy.diff(expression, x, k).evalf(30, subs={x: sympy.Float(at, 40)}))
        for k in range(6)
    ]
    found = gm.certified_derivatives(scalar(HIGHER[name], at), 5)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def _symbolic():
    import sympy as sp

    functions = {name: getattr(sp, name) for name in PLAIN}
    half = sp.Rational(5, 2)
    return functions | {
        "expm1": lambda x: sp.exp(x) - 1,
        "shifted": lambda x: (
            2 * sp.log(1 + x) + sp.log(2 + x) / sp.log(2) + sp.log(3 + x) / sp.log(10)
        ),
        "roots": lambda x: sp.sqrt(1 + x) + sp.acosh(2 + x) + (1 + x) ** half + 1 / (2 + x),
        "pairs": lambda x: (
            sp.sqrt(x**2 + (1 - x) ** 2) + sp.atan((x - 1) / x) + sp.log(sp.exp(x) + sp.exp(2 * x))
        ),
        "powers": lambda x: x**3 + (1 + x) ** -2 + (1 + x) ** x + 2**x,
        "branches": lambda x: x**3,
        "arrays": lambda x: 2 * x + x**2,
    }


SYMBOLIC = _symbolic()


def test_derivatives_of_some_components():
    """Large problems are asked about a few coordinates only."""
    problem = gm.problems.get("rosenbrock")
    whole = gm.certified_derivatives(problem, 2)
    np.testing.assert_array_equal(gm.certified_derivatives(problem, 2, [3, 1]), whole[[3, 1]])
    assert (whole[:, 0] == gm.certified_gradient(problem).value).all()
    with pytest.raises(gm.InvalidOption, match="order"):
        gm.certified_derivatives(problem, -1)
