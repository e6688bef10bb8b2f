"""Round-off: losses that lose their digits, and parameters of very different size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import sigmoid

DEGREE = 9
COEFFICIENTS = tuple((-1.0) ** (DEGREE - k) * math.comb(DEGREE, k) for k in range(DEGREE, -1, -1))
"""The coefficients of (x − 1)⁹, the highest power first."""
SIZE = 10
"""The size of the Hilbert matrix, whose condition number is then 1.6e13."""


def flat_cosine(x: Any, *, xp: Any = np) -> Any:
    """Sum (1 − cos x)/x², as a textbook writes it."""
    return xp.sum((1.0 - xp.cos(x)) / x**2)


def expanded(x: Any, *, xp: Any = np) -> Any:
    """Evaluate (x − 1)⁹ from its coefficients, by Horner's rule."""
    value = x * COEFFICIENTS[0]
    for coefficient in COEFFICIENTS[1:-1]:
        value = (value + coefficient) * x
    return value + COEFFICIENTS[-1]


def quadratic(x: Any, H: Any, b: Any, *, xp: Any = np) -> Any:
    """Evaluate xᵀHx/2 − bᵀx."""
    return x @ (H @ x) / 2.0 - b @ x


def circuit(params: Any, t: Any, v: Any, *, xp: Any = np) -> Any:
    """Compare the voltage of a discharging capacitor with measurements."""
    return xp.mean((xp.exp(-t / (params["R"] * params["C"])) - v) ** 2)


def sigmoids(z: Any, *, xp: Any = np) -> Any:
    """Sum the activations σ(z)."""
    return xp.sum(sigmoid(z, xp))


def tangents(z: Any, *, xp: Any = np) -> Any:
    """Sum the activations tanh z."""
    return xp.sum(xp.tanh(z))


def cancellation() -> Problem:
    """Subtract two numbers that agree in ten digits."""
    return Problem(flat_cosine, np.array([1e-5, 3e-5]), name="cancellation")


def expanded_power() -> Problem:
    """Evaluate an expanded polynomial beside its ninefold root."""
    return Problem(expanded, np.asarray(1.01), name="expanded-power")


def hilbert() -> Problem:
    """Stand near the minimum of a quadratic form of condition 1.6e13."""
    i = np.arange(SIZE)
    H = 1 / (i[:, None] + i + 1.0)
    x = 1 + 1e-11 * np.sqrt(i + 2.0)
    return Problem(quadratic, x, {"H": H, "b": H.sum(axis=1)}, name="hilbert")


def two_scales() -> Problem:
    """Fit a resistance of 1e12 ohms and a capacitance of 1e-12 farads."""
    t = np.sqrt(np.arange(1.0, 7.0))
    params = {"R": np.asarray(1.1e12), "C": np.asarray(0.9e-12)}
    return Problem(circuit, params, {"t": t, "v": np.exp(-t)}, name="two-scales")


def saturated_sigmoid() -> Problem:
    """Saturate sigmoids, so that σ is near 1."""
    return Problem(sigmoids, np.array([15.0, 40.0]), name="saturated-sigmoid")


def saturated_tanh() -> Problem:
    """Saturate hyperbolic tangents."""
    return Problem(tangents, np.array([9.0, 19.5]), name="saturated-tanh")


CASES = (
    Family(
        name="cancellation",
        title="A formula that cancels",
        formula=r"\sum_i (1 - \cos x_i) / x_i^2",
        domain="All real x except 0; the point is (1e-5, 3e-5).",
        hard=(
            "1 − cos x loses ten of sixteen digits, and the two terms of its derivative the rest: "
            "1e5 − 1e5 for a result of 1e-6."
        ),
        source=(
            "N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002, "
            "section 1.7."
        ),
        draw=cancellation,
    ),
    Family(
        name="expanded-power",
        title="An expanded power near its root",
        formula=r"x^9 - 9 x^8 + 36 x^7 - 84 x^6 + \cdots - 1 = (x - 1)^9",
        domain="All real x; the point is 1.01.",
        hard="Terms of size 126 make a derivative of 9e-16, less than a rounding error of theirs.",
        source=(
            "J. H. Wilkinson, Rounding Errors in Algebraic Processes, HMSO 1963, chapter 2: "
            "polynomials with multiple roots."
        ),
        draw=expanded_power,
    ),
    Family(
        name="hilbert",
        title="A quadratic form of condition 1.6e13, near its minimum",
        formula=r"\frac{1}{2} x^\top H x - b^\top x, \quad H_{ij} = 1 / (i + j - 1)",
        domain="All real x; ten variables, some 1e-11 from the minimum at (1, …, 1).",
        hard="The gradient Hx − b is left of numbers of size 1 that agree in eleven digits.",
        source="D. Hilbert, Acta Mathematica 18 (1894) 155-159.",
        draw=hilbert,
    ),
    Family(
        name="two-scales",
        title="Parameters of 1e12 and 1e-12",
        formula=r"\frac{1}{N} \sum_k (e^{-t_k / (R C)} - v_k)^2",
        domain="R, C > 0; the point is 1.1e12 ohms and 0.9e-12 farads.",
        hard=(
            "A capacitance of 1e-12 is far smaller than a step made for parameters near 1; nothing "
            "is wrong with the loss."
        ),
        source="Common: physical units, here those of a discharging capacitor.",
        draw=two_scales,
    ),
    Family(
        name="saturated-sigmoid",
        title="Saturated sigmoids",
        formula=r"\sum_i \sigma(z_i), \quad \sigma(z) = 1 / (1 + e^{-z})",
        domain="All real z; the point is (15, 40).",
        hard=(
            "The derivative σ(1 − σ) subtracts a number near 1 from 1: of e^{−15} nine digits are "
            "left, of e^{−40} none. The function is not to blame: e^{−z} σ² keeps all of them."
        ),
        source=(
            "S. Hochreiter, Y. Bengio, P. Frasconi and J. Schmidhuber, Gradient flow in recurrent "
            "nets, in A Field Guide to Dynamical Recurrent Neural Networks, IEEE Press 2001: "
            "vanishing gradients."
        ),
        draw=saturated_sigmoid,
    ),
    Family(
        name="saturated-tanh",
        title="Saturated hyperbolic tangents",
        formula=r"\sum_i \tanh z_i",
        domain="All real z; the point is (9, 19.5).",
        hard=(
            "The derivative 1 − tanh² subtracts a number near 1 from 1, and is 0 from 19.1 on; "
            "1/cosh² keeps all digits."
        ),
        source="Common: what libraries use as the rule of tanh.",
        draw=saturated_tanh,
    ),
)
