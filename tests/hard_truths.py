"""The gradients of the hard cases in closed form: Fractions, or mpmath at 120 digits.

Written by hand from the formulas, for the exact values of the float64 inputs: nothing here shares
code with the suite but the points and the data. A case without a gradient is not in `RULES`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.hard import kinks, plateaus, rounding
from gradmethods.studies.accuracy.hard_cases import hard_case_rows

DIGITS = 120


def fractions(array: Any) -> list[Fraction]:
    """Turn float64 or float32 numbers into what they are."""
    return [Fraction(float(x)) for x in np.ravel(array)]


def numbers(array: Any) -> list[Any]:
    """Turn them into mpmath's numbers, exactly."""
    return [mpmath.mpf(float(x)) for x in np.ravel(array)]


def bare(rule: Any) -> Any:
    """Differentiate a loss of one array that is a sum over entries, entry by entry."""
    return lambda problem: {"": [rule(x) for x in numbers(problem.params)]}


def relu(problem: Problem) -> Any:
    return {"": [Fraction(int(x > 0)) for x in fractions(problem.params)]}


def continued_log(x: Any) -> Any:
    return 1 / x if x > kinks.JOIN else 1 / mpmath.mpf(kinks.JOIN)


def brightness(problem: Problem) -> Any:
    (y,) = numbers(problem.params)
    return {"": [mpmath.fsum(x**y * mpmath.log(x) for x in numbers(problem.data["x"]) if x)]}


def tariff(problem: Problem) -> Any:
    return {"": [2 * x for x in fractions(problem.params)]}


def zero(problem: Problem) -> Any:
    return {"": [Fraction(0)] * problem.size}


def dead(problem: Problem) -> Any:
    params: Any = problem.params
    gradient = {name: [Fraction(0)] * np.size(array) for name, array in params.items()}
    targets, (c,) = fractions(problem.data["t"]), fractions(params["c"])
    return gradient | {"c": [2 * sum((c - t for t in targets), Fraction(0)) / len(targets)]}


def noise(x: Any) -> Any:
    a, k = mpmath.mpf(plateaus.AMPLITUDE), mpmath.mpf(plateaus.FREQUENCY)
    return 2 * x + a * k * mpmath.cos(k * x)


def cancellation(x: Any) -> Any:
    return mpmath.sin(x) / x**2 - 2 * (1 - mpmath.cos(x)) / x**3


def expanded(problem: Problem) -> Any:
    (x,) = fractions(problem.params)
    return {"": [rounding.DEGREE * (x - 1) ** (rounding.DEGREE - 1)]}


def hilbert(problem: Problem) -> Any:
    x, b = fractions(problem.params), fractions(problem.data["b"])
    rows = [fractions(row) for row in problem.data["H"]]
    products = [sum((h * v for h, v in zip(row, x, strict=True)), Fraction(0)) for row in rows]
    return {"": [p - q for p, q in zip(products, b, strict=True)]}


def circuit(problem: Problem) -> Any:
    params: Any = problem.params
    (R,), (C,) = numbers(params["R"]), numbers(params["C"])
    pairs = list(zip(numbers(problem.data["t"]), numbers(problem.data["v"]), strict=True))
    decays = [(t, mpmath.exp(-t / (R * C)), v) for t, v in pairs]
    common = 2 * mpmath.fsum((y - v) * y * t for t, y, v in decays) / (len(pairs) * R * C)
    return {"R": [common / R], "C": [common / C]}


def sigmoid(z: Any) -> Any:
    return 1 / (1 + mpmath.exp(-z))


def slope_of_sigmoid(z: Any) -> Any:
    return sigmoid(z) * sigmoid(-z)


def slope_of_tanh(z: Any) -> Any:
    return mpmath.sech(z) ** 2


def cross_entropy(problem: Problem) -> Any:
    pairs = zip(numbers(problem.params), numbers(problem.data["t"]), strict=True)
    return {"": [(sigmoid(z) - t) / problem.size for z, t in pairs]}


def squared(problem: Problem) -> Any:
    pairs = zip(numbers(problem.params), numbers(problem.data["t"]), strict=True)
    terms = [(sigmoid(z), sigmoid(-z), t) for z, t in pairs]
    return {"": [2 * (y - t) * y * below / problem.size for y, below, t in terms]}


def softmax(problem: Problem) -> Any:
    weights = [mpmath.exp(x) for x in numbers(problem.params)]
    return {"": [w / mpmath.fsum(weights) for w in weights]}


def entropy(p: Any) -> Any:
    return -mpmath.log(p) - 1


def root_of_squares(problem: Problem) -> Any:
    x = numbers(problem.params)
    return {"": [v / mpmath.sqrt(mpmath.fsum(w * w for w in x)) for v in x]}


def parallel(problem: Problem) -> Any:
    params: Any = problem.params
    (x,), (y,) = fractions(params["x"]), fractions(params["y"])
    return {"x": [(y / (x + y)) ** 2], "y": [(x / (x + y)) ** 2]}


RULES: dict[str, Any] = {
    "relu-beside-kink": relu,
    "where-infinite-branch": bare(continued_log),
    "power-at-zero": brightness,
    "jump-nearby": tariff,
    "staircase": zero,
    "dead-relu": dead,
    "noise": bare(noise),
    "stationary": zero,
    "cancellation": bare(cancellation),
    "expanded-power": expanded,
    "hilbert": hilbert,
    "two-scales": circuit,
    "saturated-sigmoid": bare(slope_of_sigmoid),
    "saturated-tanh": bare(slope_of_tanh),
    "saturated-probabilities": cross_entropy,
    "saturated-logits": cross_entropy,
    "overflow-in-exp": squared,
    "log-sum-exp-plain": softmax,
    "log-sum-exp-shifted": softmax,
    "edge-of-domain": bare(entropy),
    "overflow-float32": root_of_squares,
    "underflow": parallel,
}


def truth(problem: Problem) -> dict[str, list[Any]]:
    """Return the exact partial derivatives, flat, by parameter array."""
    with mpmath.workdps(DIGITS):
        found: dict[str, list[Any]] = RULES[problem.name](problem)
        return found


@cache
def measured() -> list[dict[str, Any]]:
    """Measure the hard cases, once for all tests that look at them."""
    return hard_case_rows()
