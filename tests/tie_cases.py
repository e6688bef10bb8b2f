"""Points at which branches meet, domains end or losses jump, each with its answer by hand.

A row says why in one line. `w` is the vector of parameters; f'(d) is a one-sided slope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.engines.certified import Kind

GRADIENT, NONE, ENCLOSED, OPEN = Kind

Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Case:
    """A loss at a point, what can be proven of it, and why."""

    name: str
    loss: Loss
    at: list[float]
    kind: Kind
    gradient: list[float] | None
    why: str
    valid: tuple[list[float], ...] = ()
    invalid: tuple[list[float], ...] = ()

    def problem(self) -> gm.Problem:
        """Make the problem."""
        loss = self.loss
        return gm.Problem(lambda w, *, xp=np: loss(xp, w), np.array(self.at), name=self.name)


def smooth(name: str, loss: Loss, at: list[float], gradient: list[float], why: str) -> Case:
    """Make a case that is differentiable."""
    return Case(name, loss, at, GRADIENT, gradient, why)


def kink(
    name: str,
    loss: Loss,
    at: list[float],
    why: str,
    valid: tuple[list[float], ...] = (),
    invalid: tuple[list[float], ...] = (),
) -> Case:
    """Make a case that has no gradient."""
    return Case(name, loss, at, NONE, None, why, valid, invalid)


def refused(name: str, loss: Loss, at: list[float], why: str) -> Case:
    """Make a case of which nothing is proven."""
    return Case(name, loss, at, OPEN, None, why)


def log_sum_exp(xp: Any, z: Any) -> Any:
    m = xp.max(z)
    return m + xp.log(xp.sum(xp.exp(z - m)))


def softmax(xp: Any, z: Any) -> Any:
    e = xp.exp(z - xp.max(z))
    return e / xp.sum(e)


def logistic(xp: Any, z: Any) -> Any:
    return xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))


def logistic_by_where(xp: Any, z: Any) -> Any:
    return xp.where(z > 0, z, 0) + xp.log1p(xp.exp(-xp.abs(z)))


def larger(xp: Any, w: Any) -> Any:
    return xp.maximum(w[0], w[1])


def huber(xp: Any, r: Any) -> Any:
    return xp.where(xp.abs(r) <= 1, r * r / 2, xp.abs(r) - 0.5)


def smooth_step(xp: Any, w: Any) -> Any:
    t = xp.clip(w, 0, 1)
    return t * t * (3 - 2 * t)


# fmt: off
SMOOTH = [
    smooth("x |x|", lambda xp, w: xp.sum(w * xp.abs(w)), [0.0, 2.0], [0, 4], "(x |x|)' = 2 |x|"),
    smooth("|x|²", lambda xp, w: xp.sum(xp.abs(w) ** 2), [0.0, -3.0], [0, -6], "x², 2 x"),
    smooth("|x|³", lambda xp, w: xp.sum(xp.abs(w) ** 3), [0.0], [0], "3 x |x|"),
    smooth("max + min with 0", lambda xp, w: xp.sum(xp.maximum(w, 0) + xp.minimum(w, 0)),
        [0.0, 1.0], [1, 1], "one of the two is x, the other 0: x"),
    smooth("max + min", lambda xp, w: xp.maximum(w[0], w[1]) + xp.minimum(w[0], w[1]), [1.0, 1.0],
        [1, 1], "a + b, whichever is larger"),
    smooth("max min", lambda xp, w: xp.maximum(w[0], w[1]) * xp.minimum(w[0], w[1]), [3.0, 3.0],
        [3, 3], "a b, whichever is larger"),
    smooth("max - |·|/2", lambda xp, w: xp.maximum(w[0], w[1]) - xp.abs(w[0] - w[1]) / 2,
        [1.0, 1.0], [0.5, 0.5], "max(a, b) = (a + b + |a - b|)/2"),
    smooth("range of two, squared", lambda xp, w: (xp.max(w) - xp.min(w)) ** 2, [2.0, 2.0], [0, 0],
        "(a - b)², 2 (a - b)"),
    smooth("sorted sum of three",
        lambda xp, w: xp.max(w) + xp.min(w) + (xp.sum(w) - xp.max(w) - xp.min(w)), [1.0, 1.0, 1.0],
        [1, 1, 1], "the sum, in whatever order"),
    smooth("sum of sorted pairs squared",
        lambda xp, w: xp.maximum(w[0], w[1]) ** 2 + xp.minimum(w[0], w[1]) ** 2, [1.5, 1.5], [3, 3],
        "a² + b²"),
    smooth("log-sum-exp, all equal", log_sum_exp, [0.0, 0.0, 0.0], [1 / 3] * 3,
        "softmax of equals"),
    smooth("log-sum-exp, two largest", log_sum_exp, [0.0, 0.0], [0.5, 0.5],
        "softmax of equals"),
    smooth("log-sum-exp, two of three", log_sum_exp, [0.3, 0.3, -0.7],
        [np.e / (2 * np.e + 1), np.e / (2 * np.e + 1), 1 / (2 * np.e + 1)],
        "softmax: e, e and 1 over their sum, as 0.3 and -0.7 are 1 apart but for rounding"),
    smooth("softmax, first entry", lambda xp, w: softmax(xp, w)[0], [0.0, 0.0], [0.25, -0.25],
        "p (1 - p), -p q at p = q = 1/2"),
    smooth("log-softmax", lambda xp, w: w[0] - log_sum_exp(xp, w), [0.7, 0.7], [0.5, -0.5],
        "1 - p, -q"),
    smooth("logistic loss with max and |z|", lambda xp, w: xp.sum(logistic(xp, w)), [0.0], [0.5],
        "log(1 + e^z), sigmoid(0)"),
    smooth("logistic loss with where and |z|", lambda xp, w: xp.sum(logistic_by_where(xp, w)),
        [0.0], [0.5], "log(1 + e^z), sigmoid(0)"),
    smooth("sigmoid in two pieces",
        lambda xp, w: xp.sum(xp.where(w >= 0, 1 / (1 + xp.exp(-w)), xp.exp(w) / (1 + xp.exp(w)))),
        [0.0], [0.25], "σ (1 - σ) at 1/2"),
    smooth("norm squared", lambda xp, w: xp.linalg.vector_norm(w) ** 2, [0.0, 0.0], [0, 0],
        "Σ x², 2 x"),
    smooth("norms squared, summed",
        lambda xp, w: xp.sum(xp.linalg.vector_norm(xp.reshape(w, (2, 2)), axis=1) ** 2),
        [0.0, 0.0, 3.0, 4.0], [0, 0, 6, 8], "Σ x², 2 x, a row of zeros or not"),
    smooth("hypot squared", lambda xp, w: xp.hypot(w[0], w[1]) ** 2, [0.0, 0.0], [0, 0], "x² + y²"),
    smooth("norm to the third", lambda xp, w: xp.linalg.vector_norm(w) ** 3, [0.0, 0.0], [0, 0],
        "3 |w| w"),
    smooth("√x⁴", lambda xp, w: xp.sum(xp.sqrt(w**4)), [0.0], [0], "x²"),
    smooth("√(x⁴ + y⁴) and a line", lambda xp, w: xp.sqrt(w[0] ** 4 + w[1] ** 4) + w[0] / 3,
        [0.0, 0.0], [1 / 3, 0], "no more than x² + y²"),
    smooth("√(x² y²)", lambda xp, w: xp.sqrt(w[0] ** 2 * w[1] ** 2), [0.0, 0.0], [0, 0], "|x y|"),
    smooth("hypot of squares", lambda xp, w: xp.hypot(w[0] ** 2, w[1] ** 2), [0.0, 0.0], [0, 0],
        "no more than x² + y²"),
    smooth("1-norm squared", lambda xp, w: xp.sum(xp.abs(w)) ** 2, [0.0, 0.0], [0, 0],
        "f ≤ 2 |w|²: no first-order term"),
    smooth("largest size, squared", lambda xp, w: xp.max(xp.abs(w)) ** 2, [0.0, 0.0], [0, 0],
        "f ≤ |w|²: no first-order term"),
    smooth("relu squared", lambda xp, w: xp.sum(xp.maximum(w, 0) ** 2), [0.0], [0], "2 max(x, 0)"),
    smooth("relu times relu of minus", lambda xp, w: xp.sum(xp.maximum(w, 0) * xp.maximum(-w, 0)),
        [0.0], [0], "0 everywhere"),
    smooth("leaky relu, slope 1", lambda xp, w: xp.sum(xp.where(w > 0, w, 1.0 * w)), [0.0], [1],
        "x on both sides"),
    smooth("relu less its mirror image", lambda xp, w: xp.sum(xp.maximum(w, 0) - xp.maximum(-w, 0)),
        [0.0], [1], "x"),
    smooth("masks that share a side", lambda xp, w: xp.sum((w > 0) * w + (w <= 0) * w), [0.0], [1],
        "x: one of the two is true"),
    smooth("where with open sides",
        lambda xp, w: xp.sum(xp.where(w > 0, w, 0) + xp.where(w < 0, w, 0)), [0.0], [1],
        "x, at 0 also"),
    smooth("where not equal", lambda xp, w: xp.sum(xp.where(w != 0, w**2, 0)), [0.0], [0], "x²"),
    smooth("where of a square", lambda xp, w: xp.sum(xp.where(w**2 > 0, w**2, 0)), [0.0], [0],
        "x²"),
    smooth("the same twice", lambda xp, w: xp.sum(xp.where(xp.equal(w, w), 3 * w, 0)), [1.0], [3],
        "w == w is true"),
    smooth("sign times a square", lambda xp, w: xp.sum(xp.sign(w) * w**2), [0.0], [0], "x |x|"),
    smooth("floor times what vanishes", lambda xp, w: xp.sum(xp.floor(w) * (w - 1) ** 2), [1.0],
        [0], "at most (x - 1)² beside 1"),
    smooth("Huber's joint", lambda xp, w: xp.sum(huber(xp, w)), [1.0, -1.0, 0.0], [1, -1, 0],
        "r inside, the sign of r outside"),
    smooth("quadratic hinge", lambda xp, w: xp.sum(xp.maximum(1 - w, 0) ** 2), [1.0], [0],
        "-2 max(1 - x, 0)"),
    smooth("smooth step", lambda xp, w: xp.sum(smooth_step(xp, w)), [0.0, 1.0], [0, 0],
        "6 t (1 - t) at its ends"),
    smooth("clip and what it cuts off",
        lambda xp, w: xp.sum(xp.clip(w, 0, 1) + (w - xp.clip(w, 0, 1))), [0.0, 1.0], [1, 1], "x"),
    smooth("clip at an edge, squared", lambda xp, w: xp.sum((w - xp.clip(w, 0, 1)) ** 2),
        [0.0, 1.0], [0, 0], "the squared distance from [0, 1]"),
    smooth("variance by |·|", lambda xp, w: xp.sum(xp.abs(w - xp.mean(w)) ** 2), [2.0, 2.0], [0, 0],
        "2 (w - mean)"),
    smooth("inexact values, max + min",
        lambda xp, w: larger(xp, xp.exp(w)) - larger(xp, -xp.exp(w)), [0.5, 0.5],
        [np.exp(0.5), np.exp(0.5)], "e^a + e^b"),
    smooth("tie that the loss discards", lambda xp, w: xp.max(xp.stack([w[0], w[1], w[0] + 1])),
        [1.0, 1.0], [1, 0], "the third is larger by 1"),
    smooth("nested ties", lambda xp, w: xp.maximum(xp.abs(w[0]), xp.abs(w[1])) ** 2, [0.0, 0.0],
        [0, 0], "at most |w|²"),
    smooth("logic",
        lambda xp, w: xp.sum(xp.where(xp.logical_not(w > 0), w, 2 * w) - xp.where(w > 0, w, 0)),
        [0.0], [1], "x on both sides"),
]

KINKS = [
    kink("|x|", lambda xp, w: xp.sum(xp.abs(w)), [0.0], "f'(1) = f'(-1) = 1",
        ([1.0], [-1.0], [0.0], [0.3]), ([1.5], [-2.0], [np.nan])),
    kink("relu", lambda xp, w: xp.sum(xp.maximum(w, 0)), [0.0, 1.0], "f'(±e₁) = 1, 0",
        ([0.0, 1.0], [1.0, 1.0], [0.5, 1.0]), ([0.5, 0.5], [-0.1, 1.0], [1.1, 1.0])),
    kink("relu by where", lambda xp, w: xp.sum(xp.where(w > 0, w, 0)), [0.0], "f'(±1) = 1, 0",
        ([0.0], [1.0], [0.5]), ([1.5],)),
    kink("relu by a mask", lambda xp, w: xp.sum((w > 0) * w), [0.0], "f'(±1) = 1, 0",
        ([0.0], [1.0], [0.5]), ([1.5], [-0.5])),
    kink("a choice within a choice", lambda xp, w: xp.sum(
        xp.maximum(xp.abs(w), 0) - xp.where(w > 0, xp.abs(w), 0)), [0.0],
        "max(-x, 0): |x| parts from 0 in the ratio of x, and not where x does",
        ([0.0], [-1.0], [-0.5]), ()),
    kink("leaky relu", lambda xp, w: xp.sum(xp.where(w > 0, w, 0.25 * w)), [0.0],
        "f'(1) = 1, f'(-1) = -1/4", ([1.0], [0.25], [0.5]), ([2.0],)),
    kink("max of two", lambda xp, w: xp.max(w), [1.0, 1.0], "f'(1, -1) = f'(-1, 1) = 1",
        ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5]), ([1.5, 0.0], [-0.5, 1.0])),
    kink("max of three", lambda xp, w: xp.max(w), [1.0, 1.0, 1.0], "f'(e₁) = 1, f'(-e₁) = 0",
        ([1 / 3] * 3, [1.0, 0.0, 0.0]), ([1.6, 0.0, 0.0],)),
    kink("min", lambda xp, w: xp.min(w), [0.5, 0.5], "f'(±e₁) = 0, -1", ([0.5, 0.5],), ()),
    kink("clip at its edge", lambda xp, w: xp.sum(xp.clip(w, 0, 1)), [1.0],
        "f'(1) = 0, f'(-1) = -1", ([0.5], [0.0], [1.0]), ([1.5],)),
    kink("norm", lambda xp, w: xp.linalg.vector_norm(w), [0.0, 0.0], "f'(d) = |d|",
        ([0.0, 0.0],), ([1.5, 0.0],)),
    kink("hypot", lambda xp, w: xp.hypot(w[0], w[1]), [0.0, 0.0], "f'(d) = |d|",
        ([0.0, 0.0],), ([0.0, -1.1],)),
    kink("root of a square", lambda xp, w: xp.sum(xp.sqrt(w * w)), [0.0], "|x|",
        ([0.0],), ([2.0],)),
    kink("root of what may be negative", lambda xp, w: xp.sqrt(w[0] * w[1] + w[0] ** 4),
        [0.0, 0.0], "√(a b) has two slopes along (1, 1), and none along (1, -1)"),
    kink("norm and a line", lambda xp, w: 3 * w[0] - xp.linalg.vector_norm(w), [0.0, 0.0],
        "f'(d) = 3 d₁ - |d|", ([3.0, 0.0],), ([0.0, 0.0], [3.0, 1.1])),
    kink("norm of a matrix times w",
        lambda xp, w: xp.linalg.vector_norm(xp.asarray([[1.0, 2.0], [2.0, 0.0]]) @ w), [0.0, 0.0],
        "a column's norm is the steepest slope along it: √5 and 2", ([0.0, 0.0],),
        ([2.3, 0.0], [0.0, 2.1])),
    kink("two norms", lambda xp, w: xp.linalg.vector_norm(w[:2]) + xp.linalg.vector_norm(w[2:]),
        [0.0, 0.0, 3.0, 4.0], "the second one is smooth", ([0.0, 0.0, 0.6, 0.8],),
        ([0.0, 0.0, 0.0, 0.0],)),
    kink("hypot of a square", lambda xp, w: xp.hypot(w[0] ** 2, w[1]), [0.0, 0.0], "|y| for x = 0",
        ([0.0, 0.0],), ([0.1, 0.0],)),
    kink("1-norm", lambda xp, w: xp.linalg.vector_norm(w, ord=1), [0.0, 1.0], "f'(±e₁) = 1",
        ([0.0, 1.0], [1.0, 1.0]), ([0.0, 0.0],)),
    kink("where with two slopes", lambda xp, w: xp.sum(xp.where(w > 0, 2 * w, w)), [0.0],
        "f'(1) = 2, f'(-1) = -1", ([1.0], [2.0], [1.5]), ([3.5],)),
    kink("sign times x", lambda xp, w: xp.sum(xp.sign(w) * w), [0.0], "|x|", (), ()),
    kink("max - |·|/3", lambda xp, w: xp.maximum(w[0], w[1]) - xp.abs(w[0] - w[1]) / 4, [1.0, 1.0],
        "(a + b)/2 + |a - b|/4", ([0.5, 0.5],), ()),
    kink("hinge", lambda xp, w: xp.sum(xp.maximum(1 - w, 0)), [1.0], "f'(1) = 0, f'(-1) = 1",
        ([0.0], [-1.0], [-0.5]), ([0.5],)),
    kink("standard deviation of equals", lambda xp, w: xp.std(w), [2.0, 2.0], "|a - b|/2", (), ()),
    kink("Huber with a wrong joint",
        lambda xp, w: xp.sum(xp.where(xp.abs(w) <= 1, w * w / 2, xp.abs(w) / 2)), [1.0],
        "f'(1) = 1/2, f'(-1) = -1", ([1.0], [0.5], [0.75]), ([2.5],)),
    kink("a half-plane of a plane", lambda xp, w: xp.where(w[0] > 0, w[1], 0), [0.0, 0.0],
        "f'(1, 1) = 1, f'(-1, -1) = 0", (), ()),
    kink("two kinks that are none together, but for x²",
        lambda xp, w: xp.maximum(w[0], 0) - xp.maximum(w[1], 0), [0.0, 0.0],
        "f'(e₁) = 1, f'(-e₁) = 0", ([0.0, 0.0], [1.0, -1.0]), ([1.0, 1.0],)),
]

JUMPS = [
    kink("step", lambda xp, w: xp.sum(xp.where(w > 0, 1.0, 0.0) + w), [0.0], "from 0 to 1"),
    kink("sign", lambda xp, w: xp.sum(xp.sign(w)), [0.0], "-1, 0, 1"),
    kink("floor", lambda xp, w: xp.sum(xp.floor(w)), [2.0], "from 1 to 2"),
    kink("round", lambda xp, w: xp.sum(xp.round(w)), [2.5], "from 2 to 3"),
    kink("value of its own", lambda xp, w: xp.sum(xp.where(w == 0, 1.0, w)), [0.0], "1 at 0 alone"),
    kink("angle across the cut", lambda xp, w: xp.sum(xp.atan2(w, -1.0)), [0.0], "from -π to π"),
    kink("sign of an angle", lambda xp, w: xp.sum(xp.sign(xp.atan2(w, -1.0)) + w), [0.0],
        "from -1 to 1 across the cut"),
    kink("branch by an angle", lambda xp, w: xp.sum(xp.where(xp.atan2(w, -1.0) > 0, w, 5)), [0.0],
        "5 below the cut, 0 above"),
    kink("least angle", lambda xp, w: xp.sum(xp.minimum(xp.atan2(w, -1.0), 0) + w), [0.0],
        "-π below the cut, 0 above"),
    kink("rounded angle", lambda xp, w: xp.sum(xp.round(xp.atan2(w, -1.0)) + w), [0.0], "-3 and 3"),
    kink("branch by a power of 0", lambda xp, w: xp.sum(xp.where(0.0**w > 0.5, w, 5)), [0.0],
        "0 at 0, 5 to the right: 0^w is 1, then 0"),
    kink("limited floor", lambda xp, w: xp.sum(xp.clip(xp.floor(w), 0, 2) + w), [1.0],
        "from 1 to 2: a limit between two values of a step decides nothing"),
    kink("larger than a sign", lambda xp, w: xp.sum(xp.maximum(xp.sign(w), 0.5) + w), [0.0],
        "from 1/2 to 1"),
    kink("mask", lambda xp, w: xp.sum((w >= 1) * w), [1.0], "0 below, 1 above"),
]

EDGES = [
    refused("branch by a root", lambda xp, w: xp.sum(xp.where(xp.sqrt(w) < 1, w + 1, 0)), [0.0],
        "0 to the left, 1 at 0: √x < 1 is false of NaN"),
    refused("branch by a power", lambda xp, w: xp.sum(xp.where((-2.0) ** w > 1, w, 0)), [2.0],
        "(-2)^w is a number at whole w alone"),
    refused("branch by isnan", lambda xp, w: xp.sum(xp.where(xp.isnan(xp.sqrt(w)), 0, 5 + w)),
        [0.0], "0 to the left, 5 at 0"),
    refused("branch by x^1.5", lambda xp, w: xp.sum(xp.where(w**1.5 < 1, w + 1, 0)), [0.0],
        "0 to the left, 1 at 0"),
    refused("branch by an arc", lambda xp, w: xp.sum(xp.where(xp.acos(w) < 1, w, 7)), [1.0],
        "7 to the right, 1 at 1"),
    refused("larger than a root", lambda xp, w: xp.sum(xp.maximum(xp.sqrt(w), 1) + w), [0.0],
        "NaN to the left"),
    refused("larger than an arc", lambda xp, w: xp.sum(xp.maximum(xp.pi, xp.acos(w)) + w), [1.0],
        "NaN to the right"),
    refused("step of an area", lambda xp, w: xp.sum(xp.floor(0.5 + xp.acosh(w)) + w), [1.0],
        "NaN to the left"),
    refused("smaller than an arc", lambda xp, w: xp.sum(xp.minimum(xp.asin(w), 3) * 0 + w), [1.0],
        "NaN to the right"),
    refused("any of a root", lambda xp, w: xp.sum(xp.where(xp.any(xp.sqrt(w) < 1), w, 0)), [0.0],
        "0 to the left"),
    refused("isfinite of an arc", lambda xp, w: xp.sum(xp.where(xp.isfinite(xp.asin(w)), w, 9)),
        [-1.0], "9 to the left"),
    refused("a root chosen by itself", lambda xp, w: xp.sum(xp.where(w >= 0, xp.sqrt(w), 0)), [0.0],
        "an infinite slope to the right"),
    refused("half of x^1.5", lambda xp, w: xp.sum(xp.where(w > 0, w**1.5, 0)), [0.0],
        "smooth in truth, with 0; a power at the end of its domain is not followed"),
    refused("logarithm that a factor hides",
        lambda xp, w: xp.sum(xp.where(w > 0, w**2 * xp.log(w), 0)), [0.0],
        "smooth in truth, with 0; log is not followed to 0"),
    refused("odd parts of one choice", lambda xp, w: xp.sum(xp.sign(w) * xp.abs(w)), [0.0],
        "x in truth: the square of a choice is not reduced"),
    refused("reciprocal", lambda xp, w: xp.sum(xp.minimum(1 / w, 3.0)), [0.0], "no value at 0"),
]
# fmt: on

CASES = [*SMOOTH, *KINKS, *JUMPS, *EDGES]
