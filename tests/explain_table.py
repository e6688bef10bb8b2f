"""What `explain` finds in the hard cases and in kinds of NaN that people report.

`python -m tests.explain_table` writes `docs/explain.md`, in some seconds; the tests hold it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradmethods as gm
from gradmethods.comparison.explain import Explanation
from gradmethods.comparison.finding import Fault
from gradmethods.problems import hard
from gradmethods.problems.hard import kinks, ranges, rounding
from gradmethods.studies.accuracy.reasons import reason

PATH = Path(__file__).parents[1] / "docs/explain.md"
NAN, INFINITY, DIGITS = Fault.NAN, Fault.INFINITY, Fault.DIGITS

HEAD = """# Why is it NaN? Found in hard cases, and in what people report

Written by `python -m tests.explain_table`. `gradmethods explain mine.py:problem` names the first
operation at which a loss or its backward pass goes wrong, and what to write instead; where none
does, why what is hard there does no harm. The last column has the digits to which the gradient of
the loss that was rewritten so is certified, and those that `gm.Backprop()` has of it: few where
slopes cancel that no rewriting of one line helps.

| loss | first found | what to write instead | rewritten: certified, backprop |
|---|---|---|---|
"""


class Kind(NamedTuple):
    """A kind of NaN that people report, and the same loss as the remedy has it."""

    loss: Any
    rewritten: Any
    x: Any
    first: tuple[Fault, str, bool]
    """What is found first: fault, operation, and whether in the backward pass."""
    advice: str
    """What the remedy names."""


def _log_of_one_less_sigmoid(x, *, xp=np):
    p = 1 / (1 + xp.exp(-x))
    return -xp.sum(xp.log(1 - p))


def _logits(x, *, xp=np):
    return xp.sum(xp.logaddexp(0, x))


def _softplus(x, *, xp=np):
    return xp.sum(xp.log(1 + xp.exp(x)))


def _log_sum_exp(x, *, xp=np):
    return xp.log(xp.sum(xp.exp(x)))


def _shifted(x, *, xp=np):
    m = xp.max(x)
    return m + xp.log(xp.sum(xp.exp(x - m)))


def _log_softmax(x, *, xp=np):
    e = xp.exp(x)
    return -xp.log((e / xp.sum(e))[0])


def _log_softmax_of_logits(x, *, xp=np):
    return _shifted(x, xp=xp) - x[0]


TARGETS = np.array([0.0, 1.0])


def _cross_entropy(x, *, xp=np):
    return -xp.sum(TARGETS * xp.log(x))


def _cross_entropy_selected(x, *, xp=np):
    s = xp.where(TARGETS > 0, x, 1.0)
    return -xp.sum(xp.where(TARGETS > 0, TARGETS * xp.log(s), 0.0))


def _root_of_selected(x, *, xp=np):
    return xp.sum(xp.where(TARGETS > 0, xp.sqrt(x), 2 * x))


def _root_selected_twice(x, *, xp=np):
    s = xp.where(TARGETS > 0, x, 1.0)
    return xp.sum(xp.where(TARGETS > 0, xp.sqrt(s), 2 * x))


def _length(x, *, xp=np):
    return xp.sqrt(xp.sum(x**2))


def _length_scaled(x, *, xp=np):
    m = xp.max(xp.abs(x))
    return m * xp.sqrt(xp.sum((x / m) ** 2))


def _log_of_product(x, *, xp=np):
    return xp.log(xp.prod(x))


def _sum_of_logs(x, *, xp=np):
    return xp.sum(xp.log(x))


def _log_beside_one(x, *, xp=np):
    return xp.sum(xp.log(1 + x))


def _log1p(x, *, xp=np):
    return xp.sum(xp.log1p(x))


def _variance(x, *, xp=np):
    return xp.mean(x**2) - xp.mean(x) ** 2


def _variance_about_mean(x, *, xp=np):
    return xp.mean((x - xp.mean(x)) ** 2)


def _one_less_cosine(x, *, xp=np):
    return xp.sum(1 - xp.cos(x))


def _half_angle(x, *, xp=np):
    return xp.sum(2 * xp.sin(x / 2) ** 2)


def _exponential_less_one(x, *, xp=np):
    return xp.sum((xp.exp(x) - 1) / x)


def _expm1(x, *, xp=np):
    return xp.sum(xp.expm1(x) / x)


def _roots(x, *, xp=np):
    return xp.sum(xp.sqrt(x + 1) - xp.sqrt(x))


def _roots_rationalised(x, *, xp=np):
    return xp.sum(1 / (xp.sqrt(x + 1) + xp.sqrt(x)))


def _log_of_density(x, *, xp=np):
    return -xp.sum(xp.log(xp.exp(-(x**2) / 2) / 3.0))


def _half_square(x, *, xp=np):
    return xp.sum(x**2 / 2 + math.log(3.0))


def _quotient_of_exponentials(x, *, xp=np):
    return xp.sum(xp.exp(x) / (1 + xp.exp(x)))


def _sigmoid(x, *, xp=np):
    return xp.sum(1 / (1 + xp.exp(-x)))


def _geometric_mean(x, *, xp=np):
    return xp.prod(x) ** (1 / x.shape[0])


def _mean_of_logs(x, *, xp=np):
    return xp.exp(xp.mean(xp.log(x)))


KINDS = {
    "log(1 - σ)": Kind(
        _log_of_one_less_sigmoid, _logits, [40.0, 1.0], (INFINITY, "xp.log", False), "logaddexp"
    ),
    "softplus": Kind(_softplus, _logits, [800.0, 1.0], (INFINITY, "xp.exp", False), "logaddexp"),
    "log-sum-exp": Kind(
        _log_sum_exp, _shifted, [1000.0, 999.0], (INFINITY, "xp.exp", False), "xp.max(z)"
    ),
    "log-softmax": Kind(
        _log_softmax,
        _log_softmax_of_logits,
        [-800.0, 0.0],
        (INFINITY, "xp.log", False),
        "without the quotient",
    ),
    "0 log 0": Kind(
        _cross_entropy,
        _cross_entropy_selected,
        [0.0, 0.5],
        (INFINITY, "xp.log", False),
        "xp.where(x > 0, x, 1)",
    ),
    "root where another branch is taken": Kind(
        _root_of_selected, _root_selected_twice, [0.0, 1.0], (NAN, "xp.sqrt", True), "Select twice"
    ),
    "squares that overflow": Kind(
        _length, _length_scaled, [3e200, 4e200], (INFINITY, "**", False), "hypot"
    ),
    "product that underflows": Kind(
        _log_of_product, _sum_of_logs, [1e-200, 1e-200], (INFINITY, "xp.log", False), "xp.log(b)"
    ),
    "log beside 1": Kind(
        _log_beside_one, _log1p, [1e-12, 2e-12], (DIGITS, "xp.log", False), "log1p"
    ),
    "variance in one pass": Kind(
        _variance,
        _variance_about_mean,
        [1e6, 1e6 + 1, 1e6 + 2],
        (DIGITS, "-", False),
        "x - xp.mean(x)",
    ),
    "1 - cos": Kind(
        _one_less_cosine, _half_angle, [1e-5, 2e-5], (DIGITS, "-", False), "xp.sin(x / 2)"
    ),
    "exp - 1": Kind(_exponential_less_one, _expm1, [1e-9, 2e-9], (DIGITS, "-", False), "xp.expm1"),
    "log of a density": Kind(
        _log_of_density, _half_square, [40.0, 1.0], (INFINITY, "xp.log", False), "a - xp.log(b)"
    ),
    "exp / (1 + exp)": Kind(
        _quotient_of_exponentials,
        _sigmoid,
        [1000.0, 1.0],
        (INFINITY, "xp.exp", False),
        "1 / (1 + xp.exp(-z))",
    ),
    "geometric mean": Kind(
        _geometric_mean, _mean_of_logs, [1e-12] * 32, (INFINITY, "**", True), "logarithms"
    ),
    "difference of roots": Kind(
        _roots, _roots_rationalised, [1e12, 2e12], (DIGITS, "-", False), "xp.sqrt(a) + xp.sqrt(b)"
    ),
}


QUIET = {
    "relu-at-kink", "relu-beside-kink", "max-tie", "power-at-zero", "jump-nearby", "staircase",
    "dead-relu", "stationary", "two-scales", "saturated-sigmoid", "saturated-logits",
    "log-sum-exp-shifted", "edge-of-domain", "overflow-float32",
}  # fmt: skip
"""Hard cases whose operations are all well-conditioned: what is hard there is something else."""

FIRST = {
    "where-infinite-branch": (NAN, "xp.log", True),
    "norm-at-origin": (INFINITY, "xp.sqrt", True),
    "noise": (DIGITS, "xp.sin", True),
    "cancellation": (DIGITS, "-", False),
    "expanded-power": (DIGITS, "+", False),
    "hilbert": (DIGITS, "what is computed from the parameters", True),
    "saturated-tanh": (DIGITS, "xp.tanh", True),
    "saturated-probabilities": (INFINITY, "xp.log", False),
    "overflow-in-exp": (INFINITY, "xp.exp", False),
    "log-sum-exp-plain": (INFINITY, "xp.exp", False),
    "underflow": (DIGITS, "*", False),
}


def _select_twice(x: Any, *, xp: Any = np) -> Any:
    s = xp.where(x > kinks.JOIN, x, 1.0)
    low = x / kinks.JOIN + (np.log(kinks.JOIN) - 1)
    return xp.sum(xp.where(x > kinks.JOIN, xp.log(s), low))


def _half_angles(x: Any, *, xp: Any = np) -> Any:
    return xp.sum(2 * xp.sin(x / 2) ** 2 / x**2)


def _ninth_power(x: Any, *, xp: Any = np) -> Any:
    return (x - 1) ** rounding.DEGREE


def _tangents(z: Any, *, xp: Any = np) -> Any:
    return xp.sum(1 - 2 / (1 + xp.exp(2 * z)))


def _squared(z: Any, t: Any, *, xp: Any = np) -> Any:
    e = xp.exp(-xp.abs(z))
    return xp.mean((xp.where(z > 0, 1.0, e) / (1 + e) - t) ** 2)


def _parallel(params: Any, *, xp: Any = np) -> Any:
    return params["x"] / (1 + params["x"] / params["y"])


REWRITTEN: dict[str, Callable[..., Any] | str] = {
    "where-infinite-branch": _select_twice,
    "norm-at-origin": "no gradient exists",
    "noise": "none: it varies as fast as numbers do",
    "cancellation": _half_angles,
    "expanded-power": _ninth_power,
    "hilbert": "none: the matrix has a condition number of 1.6e13",
    "saturated-tanh": _tangents,
    "saturated-probabilities": ranges.from_logits,
    "overflow-in-exp": _squared,
    "log-sum-exp-plain": _shifted,
    "underflow": _parallel,
}
"""Hard cases as the remedy has them, or why there is no such loss."""


def hard_row(name: str) -> tuple[str, ...]:
    """Return the row of a hard case."""
    problem, found = hard.get(name), gm.explain(hard.get(name))
    after = REWRITTEN.get(name, "")
    if callable(after):
        after = _after(gm.Problem(after, problem.params, problem.data))
    return _row(name, found, after)


def kind_row(name: str) -> tuple[str, ...]:
    """Return the row of a kind of NaN."""
    kind = KINDS[name]
    problem, after = (gm.Problem(f, np.array(kind.x)) for f in (kind.loss, kind.rewritten))
    return _row(name, gm.explain(problem), _after(after))


def _row(name: str, found: Explanation, after: str) -> tuple[str, ...]:
    if found.findings:
        first = found.findings[0]
        return name, _cell(first.summary), _cell(first.remedy), after
    told = found.kink.partition(" By the certificate")[0]
    known = reason(name, "backprop", "right")  # what is hard here, and does no harm
    return name, _cell(told or "nothing: no operation is at fault"), _cell(known), after


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def _after(problem: gm.Problem) -> str:
    """Return how well the loss that was rewritten is certified, and differentiated."""
    digits = gm.certified_gradient(problem).digits
    return f"{digits}, {math.floor(gm.explain(problem).backprop)}"


def main() -> None:
    """Write the page."""
    rows = [*map(kind_row, KINDS), *map(hard_row, hard.names())]
    lines = [f"| {' | '.join(row)} |\n" for row in rows]
    PATH.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
