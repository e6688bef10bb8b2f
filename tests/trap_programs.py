"""Random programs of selections and steep functions, and their gradients by lazy evaluation.

``python -m tests.trap_programs 5000`` compares every exact method with the lazy gradient: one that
evaluates, entry by entry and in forward mode, only what is selected. It runs no rule of the suite.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np

import gradmethods as gm

METHODS: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "chain-rule": gm.Analytical(form="chain-rule"),
    "cse": gm.Analytical(form="cse"),
}
POINTS = np.array([0.0, 1.0, -1.0, 0.5, 800.0, -0.3, 2.0, 1.3])
CONSTANTS = (0.0, 1.0, -1.0, 0.5, 2.0)
FUNCTIONS: dict[str, Any] = {
    "sqrt": lambda x, y: 0.5 / y,
    "log": lambda x, y: 1 / x,
    "log1p": lambda x, y: 1 / (1 + x),
    "reciprocal": lambda x, y: -1 / x / x,
    "exp": lambda x, y: y,
    "cosh": lambda x, y: np.sinh(x),
    "asin": lambda x, y: 1 / np.sqrt((1 - x) * (1 + x)),
    "acos": lambda x, y: -1 / np.sqrt((1 - x) * (1 + x)),
    "acosh": lambda x, y: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)),
    "atanh": lambda x, y: 1 / ((1 - x) * (1 + x)),
    "atan": lambda x, y: 1 / (1 + x * x),
    "square": lambda x, y: 2 * x,
    "sin": lambda x, y: np.cos(x),
    "tanh": lambda x, y: 1 / np.cosh(x) ** 2,
    "negative": lambda x, y: -1.0,
    "abs": lambda x, y: np.sign(x),
}
CONDITIONS: dict[str, Any] = {
    "positive": lambda w, m: w > 0,
    "zero": lambda w, m: w == 0,
    "mask": lambda w, m: m,
}


def tree(rng, depth):
    """Draw an expression in w, a mask m and a factor f that is 0 where m is false."""
    kind = rng.random()
    if depth == 0 or kind < 0.12:
        return ("w",) if rng.random() < 0.8 else ("number", float(rng.choice(CONSTANTS)))
    parts = [tree(rng, depth - 1)]
    if kind < 0.5:
        return (str(rng.choice(list(FUNCTIONS))), *parts)
    if kind < 0.6:
        return ("times m" if rng.random() < 0.5 else "times f", *parts)
    parts.append(tree(rng, depth - 1))
    if kind < 0.72:
        return ("where", str(rng.choice(list(CONDITIONS))), *parts)
    return (str(rng.choice(["maximum", "minimum", "add", "subtract", "multiply"])), *parts)


def evaluate(expr, w, m, f, xp):
    """Evaluate an expression over arrays."""
    name, *parts = expr
    if name == "w":
        return w
    if name == "number":
        return xp.full(w.shape, parts[0], dtype=w.dtype)
    if name == "where":
        condition, *parts = parts
        return xp.where(CONDITIONS[condition](w, m), *(evaluate(x, w, m, f, xp) for x in parts))
    values = [evaluate(x, w, m, f, xp) for x in parts]
    if name.startswith("times"):
        return (m if name == "times m" else f) * values[0]
    return getattr(xp, name)(*values)


def lazy(expr, w, m, f):
    """Return the value and the slope of one entry; the slope is None where it does not vary."""
    name, *parts = expr
    if name == "w":
        return np.float64(w), np.float64(1)
    if name == "number":
        return np.float64(parts[0]), None
    if name == "where":
        condition, a, b = parts
        return lazy(a if CONDITIONS[condition](w, m) else b, w, m, f)
    (a, da), *rest = (lazy(x, w, m, f) for x in parts)
    if name.startswith("times"):
        factor = float(m) if name == "times m" else f
        return factor * a, None if da is None or factor == 0 else factor * da
    if name in FUNCTIONS:
        y = getattr(np, name)(a)
        return y, None if da is None else da * FUNCTIONS[name](a, y)
    ((b, db),) = rest
    if name in ("maximum", "minimum") and a != b:
        if np.isnan(a) or np.isnan(b):
            return np.float64(np.nan), np.float64(np.nan)
        return (a, da) if (a > b) == (name == "maximum") else (b, db)
    still = (da is None and a == 0, db is None and b == 0)
    value, by_a, by_b = {
        "add": (a + b, 1.0, 1.0),
        "subtract": (a - b, 1.0, -1.0),
        "multiply": (a * b, None if still[1] else b, None if still[0] else a),
    }.get(name, (a, 0.5, 0.5))
    terms = [d * by for d, by in ((da, by_a), (db, by_b)) if d is not None and by is not None]
    return value, sum(terms[1:], terms[0]) if terms else None


def compare(method: str, seed: int) -> Counter[str]:
    """Count the entries of one program at which a method is right, wrong, NaN or silent."""
    rng = np.random.default_rng(seed)
    expr = tree(rng, int(rng.integers(2, 6)))
    m = rng.random(len(POINTS)) < 0.6
    f = np.where(m, np.round(rng.uniform(0.5, 2, len(POINTS)), 3), 0.0)
    with np.errstate(all="ignore"):
        truths = [lazy(expr, *at) for at in zip(POINTS, m, f, strict=True)]
    kept = [i for i, (value, _) in enumerate(truths) if np.isfinite(value)]
    counts: Counter[str] = Counter()
    if not kept:
        return counts

    def loss(w, m, f, *, xp=np):
        return xp.sum(evaluate(expr, w, m, f, xp) + 0 * w)

    problem = gm.Problem(loss, POINTS[kept], {"m": m[kept], "f": f[kept]})
    try:
        _, gradient = METHODS[method].prepare(problem)(problem.params)
    except gm.GradientError:
        return Counter(refused=1)
    for i, entry in zip(kept, gradient, strict=True):
        slope = 0.0 if truths[i][1] is None else truths[i][1]
        if np.isfinite(slope):
            # Slopes that cancel leave a rounding error of the larger ones.
            counts["right" if abs(entry - slope) <= 1e-7 * abs(slope) + 1e-9 else "wrong"] += 1
        else:
            counts["silent" if np.isfinite(entry) else "not finite"] += 1
    return counts


def main() -> None:
    """Compare on as many programs as the command line says."""
    for method in METHODS:
        total: Counter[str] = Counter()
        for seed in range(int(sys.argv[1])):
            counts = compare(method, seed)
            total += counts
            if counts["wrong"]:
                print(method, seed, dict(counts))  # noqa: T201  # a study prints
        print(method, dict(total))  # noqa: T201  # as above


if __name__ == "__main__":
    main()
