"""Random losses over examples: whether what is proven of them holds of numbers.

``python -m tests.example_programs 0:10000`` runs the study: it prints every loss that is proven a
mean or a sum and is none, and how many are proven, refused, and refused although they seem to be.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.engines.examples import prove
from gradmethods.engines.graph import Graph, Recorder
from gradmethods.engines.graph.record import trace

NAMES = ("x", "t", "k")
COUNTS = (2, 3, 4, 6)
LARGEST = 4000
TRIES = 12
REFUSED = (gm.GradientError, ValueError, IndexError, TypeError, AttributeError)
"""What an operation raises on arrays that it cannot take: others are tried then."""

# fmt: off
OPERATIONS: list[Callable[..., Any]] = [
    lambda xp, r, n, k, a, b: a + b,
    lambda xp, r, n, k, a, b: a - b,
    lambda xp, r, n, k, a, b: a * b,
    lambda xp, r, n, k, a, b: a / (1 + b * b),
    lambda xp, r, n, k, a, b: xp.tanh(a),
    lambda xp, r, n, k, a, b: xp.maximum(a, b),
    lambda xp, r, n, k, a, b: a @ b,
    lambda xp, r, n, k, a, b: a.T,
    lambda xp, r, n, k, a, b: xp.sum(a, axis=int(r.integers(a.ndim))),
    lambda xp, r, n, k, a, b: xp.mean(a, axis=int(r.integers(a.ndim)), keepdims=True),
    lambda xp, r, n, k, a, b: xp.max(a, axis=int(r.integers(a.ndim))),
    lambda xp, r, n, k, a, b: xp.reshape(a, (-1,)),
    lambda xp, r, n, k, a, b: xp.reshape(a, (n, -1)),
    lambda xp, r, n, k, a, b: xp.reshape(a, (-1, 3)),
    lambda xp, r, n, k, a, b: a[..., None],
    lambda xp, r, n, k, a, b: a[None],
    lambda xp, r, n, k, a, b: a[..., :2],
    lambda xp, r, n, k, a, b: a[..., int(r.integers(-1, 2))],
    lambda xp, r, n, k, a, b: xp.concat([a, b], axis=int(r.integers(a.ndim))),
    lambda xp, r, n, k, a, b: a[..., k],
    lambda xp, r, n, k, a, b: a[k],
    lambda xp, r, n, k, a, b: a[xp.arange(n), k],
    lambda xp, r, n, k, a, b: xp.cumulative_sum(a, axis=int(r.integers(a.ndim))),
    lambda xp, r, n, k, a, b: xp.broadcast_to(a, (n, *a.shape)),
    lambda xp, r, n, k, a, b: xp.tile(a, (n, 1)),
    lambda xp, r, n, k, a, b: xp.where(a > 0, a, b),
    lambda xp, r, n, k, a, b: xp.linalg.solve(xp.tanh(a[..., :3, :3]) + 4 * xp.eye(3), b),
    lambda xp, r, n, k, a, b: xp.linalg.det(a),
    lambda xp, r, n, k, a, b: xp.linalg.cholesky(a @ a.mT + xp.eye(a.shape[-2])),
    lambda xp, r, n, k, a, b: a / n,
    lambda xp, r, n, k, a, b: a * n,
    lambda xp, r, n, k, a, b: xp.sum(a) / n,
    lambda xp, r, n, k, a, b: xp.permute_dims(a, tuple(r.permutation(a.ndim).tolist())),
    lambda xp, r, n, k, a, b: sum(xp.tanh(a[i]) for i in range(len(a))),
    lambda xp, r, n, k, a, b: sum(a[i] * b[i] for i in range(len(a))),
    lambda xp, r, n, k, a, b: a[int(r.integers(-2, 3))],
    lambda xp, r, n, k, a, b: sum(a[i : i + 1] for i in range(n)),
]
# fmt: on


def data(count: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    normal = rng.normal
    x, t, k = normal(size=(count, 3)), normal(size=count), rng.integers(0, 3, count)
    return {"x": x, "t": t, "k": k, "s": normal(size=3), "q": normal(size=(3, 3))}


def params() -> dict[str, Any]:
    normal = np.random.default_rng(5).normal
    return {"w": normal(size=3), "V": normal(size=(3, 3)), "b": np.array(0.3)}


def loss_of(seed: int) -> Callable[..., Any]:
    def loss(p: Any, x: Any, t: Any, k: Any, s: Any, q: Any, *, xp: Any = np) -> Any:
        rng = np.random.default_rng(seed)
        pool = [x, t, x @ p["V"].T, t * p["b"], s, q, p["w"], p["V"], p["b"], xp.asarray(0.7)]

        def pick() -> Any:
            latest = rng.random() < 0.6
            return pool[-1 - int(rng.integers(4))] if latest else pool[int(rng.integers(len(pool)))]

        for _ in range(int(rng.integers(2, 10))):
            operation = OPERATIONS[int(rng.integers(len(OPERATIONS)))]
            for _ in range(TRIES):
                a, b = pick(), pick()
                with suppress(*REFUSED):
                    found = operation(xp, rng, len(x), k, a, b)
                    if 0 < found.size < LARGEST:
                        pool.append(found)
                        break
        return xp.mean(pool[-1]) if rng.random() < 0.6 else xp.sum(pool[-1])

    return loss


def holds(rule: str, whole: Graph, single: Graph, count: int) -> bool | None:
    """Say whether a loss is the mean, or the sum, of those of its examples, at other data.

    None if an index is out of bounds there: a number of one example may not be one of all.
    """
    for seed in (1, 2):
        given = data(count, seed)
        rows = [
            {name: x[i : i + 1] if name in NAMES else x for name, x in given.items()}
            for i in range(count)
        ]
        try:
            with np.errstate(all="ignore"):
                together = float(whole.evaluate(params(), given)[0])
                apart = [float(single.evaluate(params(), row)[0]) for row in rows]
        except IndexError:
            return None
        expected = np.mean(apart) if rule == "mean" else np.sum(apart)
        scale = max(*np.abs(apart), abs(together))
        if np.isfinite(scale) and abs(together - expected) > 1e-9 * scale:
            return False
    return True


def study(seed: int) -> str:
    """Return what is said of the loss of a seed: a rule, "refused", "needlessly" or "WRONG"."""
    count = COUNTS[seed % len(COUNTS)]
    try:
        problem = gm.Problem(loss_of(seed), params(), data(count, 0))
        vars(problem).update(examples=NAMES)
        graphs = trace(problem, Recorder()), trace(problem.on_examples([0]), Recorder())
    except gm.GradientError:
        return "no loss"
    try:
        rule = prove(problem)
    except gm.InvalidProblem:
        either = any(holds(rule, *graphs, count) for rule in ("mean", "sum"))
        return "needlessly" if either else "refused"
    return "WRONG" if holds(rule, *graphs, count) is False else rule


if __name__ == "__main__":
    first, last = map(int, sys.argv[1].split(":"))
    outcomes: Counter[str] = Counter()
    for at in range(first, last):
        outcome = study(at)
        outcomes[outcome] += 1
        if outcome == "WRONG":
            print(f"seed {at} is proven, and wrong")
    print(dict(outcomes))
