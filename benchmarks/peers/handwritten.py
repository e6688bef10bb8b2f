"""A backward pass written by hand in NumPy for the catalogue's networks: the expert's yardstick.

What an expert does who knows this one network: every intermediate value in a buffer that is made
once, results through `out`, σ' from σ, products of matrices for outer products and sums over
examples, −(h Wᵀ + b) as (−b) − h Wᵀ, a division for the reciprocal (which NumPy does not
vectorise), scalar products for the two sums of the cross entropy. What no provider here does, the
expert does not either: the loss is differentiated by y and y by z, which are not cancelled against
each other into y − t, and nothing is kept from one call to the next, for the data may change.
Results are in fresh memory, and transposed weights are read as they lie.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, Nature 323 (1986) 533-536, in array form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import (
    add,
    divide,
    dot,
    exp,
    log,
    multiply,
    negative,
    subtract,
)
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.output.style import BLACK, Style
from gradmethods.problems.mlp import MultilayerPerceptron
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer

Real = NDArray[Any]
Head = Callable[[Real, Real, Real], Any]
"""``head(z, t, d)`` returns the loss, and leaves ∂L/∂z in `d`; `z` is overwritten."""

MODEL = ("sigmoid", "cross-entropy")
"""Activation and loss of the networks that the comparison measures."""


@dataclass(frozen=True)
class HandWritten(Peer):
    """Backpropagation through a multilayer perceptron, as an expert writes it down."""

    name: ClassVar[str] = "hand-written"
    family: ClassVar[str] = "backprop"
    exact: ClassVar[bool] = True
    style: ClassVar[Style] = Style("by hand, NumPy", BLACK, "s", (0, (5, 1.5)))

    def _refusal(self, problem: Problem) -> str | None:
        model = problem.loss
        if isinstance(model, MultilayerPerceptron) and (model.activation, model.loss) == MODEL:
            return None
        return f"written by hand for the catalogue's mlp with {' and '.join(MODEL)} alone"

    def _prepare(self, problem: Problem) -> PreparedHandWritten:
        watch = Stopwatch()
        with watch("buffers"):
            function = backward_pass(problem)
        return PreparedHandWritten(problem, watch.seconds, function)


class PreparedHandWritten(PreparedPeer):
    """The pass and its buffers, for networks of one size."""

    def __init__(self, problem: Problem, preparation: dict[str, float], function: Any) -> None:
        super().__init__(problem, preparation)
        self._function = function

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        function, X, t = self._function, data["X"], data["t"]
        return lambda: function(params, X, t)

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        value, gradients = result
        return value, gradients


def backward_pass(problem: Problem) -> Callable[[Arrays, Real, Real], tuple[Any, Arrays]]:
    """Make ``f(params, X, t)`` → loss and fresh gradients, working in its own buffers."""
    model = problem.loss
    assert isinstance(model, MultilayerPerceptron)
    batch, dtype = len(problem.data["X"]), problem.dtype
    names = [(f"W{k}", f"b{k}") for k in range(1, model.layers + 1)]
    widths = [problem.structure.shapes[b][0] for _, b in names]
    values = [np.empty((batch, width), dtype) for width in widths]
    errors = [np.empty((batch, width), dtype) for width in widths]
    head = _cross_entropy(batch, widths[-1], dtype)
    layers = list(zip(names, values, strict=True))
    top = layers.pop()
    ones, last = np.ones(batch, dtype), errors[-1]
    # Each step down: names, what the layer read, and where ∂L/∂(what it read) goes.
    steps = [
        (*names[k], values[k - 1], errors[k - 1]) for k in range(model.layers - 1, 0, -1)
    ]  # fmt: skip
    W1, b1 = names[0]

    def value_and_gradient(params: Arrays, X: Real, t: Real) -> tuple[Any, Arrays]:
        h = X
        for (W, b), z in layers:
            dot(h, params[W].T, z)
            _sigmoid(z, params[b])
            h = z
        (W, b), z = top
        dot(h, params[W].T, z)
        add(z, params[b], z)
        d = last
        loss = head(z, t, d)
        gradients = {}
        for W, b, h, e in steps:
            gradients[W] = dot(d.T, h)
            gradients[b] = dot(ones, d)
            dot(d, params[W], e)
            _sigmoid_scale(e, h)
            d = e
        gradients[W1] = dot(d.T, X)
        gradients[b1] = dot(ones, d)
        return loss, gradients

    return value_and_gradient


ONE = np.array(1.0)
"""The number 1 as an array: NumPy takes it faster beside another array than a Python number."""


def _sigmoid(z: Real, b: Real) -> None:
    subtract(-b, z, z)
    exp(z, z)
    add(z, ONE, z)
    divide(ONE, z, z)


def _sigmoid_scale(e: Real, h: Real) -> None:
    multiply(e, h, e)
    subtract(ONE, h, h)
    multiply(e, h, e)


def _cross_entropy(batch: int, outputs: int, dtype: Any) -> Head:
    size = batch * outputs
    no, log_no, down, slope = (np.empty(size, dtype) for _ in range(4))
    share = np.array(1 / size, dtype)

    def head(z: Real, t: Real, d: Real) -> Any:
        y, t, d = z.reshape(-1), t.reshape(-1), d.reshape(-1)
        negative(y, y)
        exp(y, y)
        add(y, ONE, y)
        divide(ONE, y, y)
        subtract(ONE, y, no)
        subtract(ONE, t, down)
        log(y, slope)
        log(no, log_no)
        loss = -(dot(t, slope) + dot(down, log_no)) / size
        divide(t, y, slope)  # ∂L/∂y = −(t/y − (1 − t)/(1 − y)) / N
        divide(down, no, down)
        subtract(down, slope, d)
        multiply(y, no, y)  # σ' from σ
        multiply(y, share, y)
        multiply(d, y, d)
        return loss

    return head
