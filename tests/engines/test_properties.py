"""Properties that hold for every loss: random programs, linearity, broadcasting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gradmethods as gm
from gradmethods.core.distance import error

# Functions that map (-2, 2) into (-2, 2), so that any nesting of them stays smooth and tame.
UNARY = {
    "sin": lambda xp, x: xp.sin(x),
    "tanh": lambda xp, x: xp.tanh(2 * x),
    "sigmoid": lambda xp, x: 1 / (1 + xp.exp(-x)),
    "log1p": lambda xp, x: xp.log1p(x * x),
    "flip": lambda xp, x: xp.flip(x),
    "roll": lambda xp, x: xp.roll(x, 1),
    "centre": lambda xp, x: (x - xp.mean(x)) / 2,
    "first": lambda xp, x: x + 0 * x[:1] + x[0] / 4,
    "hypot": lambda xp, x: xp.hypot(x, 0.5) / 2,
    "cumulative": lambda xp, x: xp.cumulative_sum(x, axis=0) / 3,
}
BINARY = {
    "product": lambda xp, a, b: a * b / 2,
    "difference": lambda xp, a, b: (a - b) / 2,
    "maximum": lambda xp, a, b: xp.maximum(a, b + 0.01),
    "where": lambda xp, a, b: xp.where(a > b, a * b, a - b) / 4,
    "matmul": lambda xp, a, b: (a @ b) * a / 12,
    "logaddexp": lambda xp, a, b: xp.logaddexp(a, b) / 2,
    "concat": lambda xp, a, b: xp.concat([b[1:], a[:1]]),
}
steps = st.lists(
    st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 10**6), st.integers(0, 10**6)),
    min_size=1,
    max_size=12,
)


def program(choices):
    """Build a loss that applies the chosen functions to earlier values."""

    def loss(w, *, xp=np):
        values = [w, xp.cos(w)]
        for name, i, j in choices:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[name](xp, a) if name in UNARY else BINARY[name](xp, a, b))
        return xp.sum(values[-1]) + xp.mean(values[len(values) // 2] ** 2) + xp.sum(w) / 7

    return loss


@pytest.mark.medium
@settings(max_examples=150, deadline=None)
@given(steps, st.integers(0, 10**6))
def test_backprop_and_complex_step_agree_on_random_programs(choices, seed):
    """Rules that are right one by one can still be wrong together: fan-out, reuse, broadcasting."""
    w = np.random.default_rng(seed).uniform(-1.5, 1.5, 4)
    problem = gm.Problem(program(choices), w)
    exact = gm.Numerical(scheme="complex-step").prepare(problem)(w)
    ours = gm.Backprop().prepare(problem)(w)
    assert error(ours.gradient, exact.gradient).norm < 1e-11
    assert abs(ours.value - problem.value()) <= 1e-13 * (1 + abs(ours.value))


@pytest.mark.medium
@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 10**6), st.floats(-3, 3), st.floats(-3, 3))
def test_the_gradient_is_linear_in_the_loss(choices, seed, alpha, beta):
    """∇(αf + βg) = α∇f + β∇g, whatever the program shares between f and g."""
    w = np.random.default_rng(seed).uniform(-1.5, 1.5, 4)
    f = program(choices)

    def g(w, *, xp=np):
        return xp.sum(xp.exp(w))

    def both(w, *, xp=np):
        return alpha * f(w, xp=xp) + beta * g(w, xp=xp)

    of_f, of_g, of_both = (gm.gradient(loss, w) for loss in (f, g, both))
    expected = alpha * of_f + beta * of_g
    size = abs(alpha) * np.linalg.norm(of_f) + abs(beta) * np.linalg.norm(of_g)
    assert np.linalg.norm(of_both - expected) <= 1e-12 * size


@pytest.mark.medium
@settings(max_examples=100, deadline=None)
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.integers(0, 999))
def test_broadcasting_is_undone_for_any_shapes(shapes, seed):
    """The cotangent of a repeated operand is the sum over its repetitions."""
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=shape) for shape in shapes.input_shapes)
    weights = rng.normal(size=shapes.result_shape)

    def loss(p, *, xp=np):
        return xp.sum(weights * (p["a"] * p["b"] - p["b"])) + p["c"] ** 2

    gradient = gm.gradient(loss, {"a": a, "b": b, "c": 0.5})
    full_a, full_b = np.broadcast_arrays(a, b)
    for name, full, entries in (("a", a, weights * full_b), ("b", b, weights * (full_a - 1))):
        extra = entries.ndim - full.ndim
        summed = entries.sum(axis=tuple(range(extra)))
        kept = tuple(i for i, n in enumerate(full.shape) if n == 1)
        expected = summed.sum(axis=kept, keepdims=True)
        np.testing.assert_allclose(gradient[name], expected, rtol=1e-12, atol=1e-12)
