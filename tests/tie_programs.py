"""Random losses of branches that meet, held against slopes to all sides in plain NumPy.

`python -m tests.tie_programs 0 5000` looks at the programs of these seeds, and prints faults.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.engines.certified import Kind, Proven, certified_truth

LEAVES = ("w[0]", "w[1]", "(-w[0])", "(w[0] - w[1])", "(w[0] + w[1])", "0.0 * w[0]", "(2 * w[1])")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
BRANCHES = (
    "({a} + {b})", "({a} - {b})", "({a} * {b})", "xp.maximum({a}, {b})", "xp.minimum({a}, {b})",
    "xp.abs({a})", "xp.maximum({a}, 0)", "xp.where({a} {c} {b}, {d}, {e})", "(({a} {c} 0) * {b})",
    "(xp.exp({a}) - 1)", "(xp.sign({a}) * {b})", "xp.max(xp.stack([{a}, {b}, {d}]))",
    "xp.hypot({a}, {b})",
    # of one part used twice: what cancels, and what only seems to
    "(xp.maximum({a}, {b}) + xp.minimum({a}, {b}))",
    "(xp.abs({a}) - xp.where({a} > 0, {a}, -{a}))",
    "(xp.maximum({a}, 0) - xp.where({a} > 0, {a}, 0) + {b})",
    "(xp.maximum({a}, {b}) - xp.abs({a} - {b}) * 0.5)",
    "({a} * xp.sign({a}) - xp.abs({a}))",
    "(xp.maximum(xp.abs({a}), 0) - xp.where({a} > 0, xp.abs({a}), 0))",
    "xp.where({b} > 0, xp.maximum({a}, 0), xp.maximum({a}, 0) + {b})",
)  # fmt: skip
POINTS = ([0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, -1.0])
STEP, NEAR, ENOUGH = 2.0**-24, 2.0**-12, 1e-4


def text(rng: np.random.Generator, depth: int) -> str:
    """Write an expression."""
    if depth == 0 or rng.random() < 0.12:
        return str(rng.choice(LEAVES))
    branch = str(rng.choice(BRANCHES))
    parts = {name: text(rng, depth - 1) for name in "abde" if f"{{{name}}}" in branch}
    return branch.format(c=rng.choice(COMPARISONS), **parts)


def problem_of(seed: int) -> gm.Problem:
    """Make the problem of a seed."""
    rng = np.random.default_rng(seed)
    expression = text(rng, int(rng.integers(2, 5)))
    loss = eval(f"lambda w, *, xp: xp.asarray(0.0) + {expression}")  # noqa: S307  # our own text
    return gm.Problem(loss, np.array(POINTS[rng.integers(len(POINTS))]), name=expression)


def fault(problem: gm.Problem, truth: Proven) -> str:
    """Say what plain NumPy shows to be wrong with an answer; nothing if nothing is."""
    rng = np.random.default_rng(0)
    corners = [[1, 0], [0, 1], [1, 1], [1, -1], [2, 1], [1, 2], [2, -1]]
    directions = np.concatenate([rng.standard_normal((10, 2)), corners, -np.array(corners)])
    x = problem.params

    def at(y: Any) -> float:
        return float(problem.value(y))

    slopes = np.array([(at(x + STEP * d) - at(x)) / STEP for d in directions])
    scale = max(1.0, float(np.max(np.abs(slopes))))
    if truth.certificate is not None:
        apart = abs(slopes - directions @ truth.certificate.gradient)
        return "" if apart.max() <= ENOUGH * scale else f"slopes are {apart.max()} off"
    if truth.kind is Kind.NONE and scale < 1 / ENOUGH:
        best = np.linalg.lstsq(directions, slopes, rcond=None)[0]
        if abs(slopes - directions @ best).max() < 1e-6 * scale:
            return f"there is a gradient, {best}"
    for d in directions[:6] if truth.enclosure is not None else ():
        y, h = x + NEAR * d, NEAR * 2.0**-20 * np.eye(2)
        right, left = ([(at(y + s * e) - at(y)) / (s * e.sum()) for e in h] for s in (1, -1))
        if np.allclose(right, left, atol=ENOUGH):
            allowed = 100 * NEAR * scale
            if truth.is_subgradient(np.array(right), allowed) is False:
                return f"{right} is a gradient beside the point, and not in the enclosure"
    return ""


def main() -> None:
    count: Counter[str] = Counter()
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        problem = problem_of(seed)
        truth = certified_truth(problem)
        count[str(truth.kind)] += 1
        if truth.certificate is not None:
            count["of these by ties"] += truth.certificate.choices is not None
        if wrong := fault(problem, truth):
            print(seed, problem.name, problem.params, truth.kind, wrong)
    print(dict(count))


if __name__ == "__main__":
    main()
