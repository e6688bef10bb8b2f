"""A study of budgets: thirty losses, the seconds announced against the seconds taken.

Run it with ``python -m tests.budget_study``, with the name of a form or for the default one. The
suite asserts outcomes of a few such losses in `tests.engines.test_symbolic_budget`, and no time.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import gradmethods as gm

RNG = np.random.default_rng(12)


def draw(*shape: int) -> Any:
    """Draw parameters or data."""
    return RNG.normal(size=shape) / 2


def log_sum_exp(w, *, xp=np):
    return xp.log(xp.sum(xp.exp(w - xp.max(w)))) + xp.max(w)


def softmax(w, t, *, xp=np):
    return xp.sum((xp.exp(w) / xp.sum(xp.exp(w)) - t) ** 2)


def root_mean_square(w, *, xp=np):
    return xp.sum((w / xp.sqrt(xp.mean(w**2) + 1e-6)) ** 3)


def layer_norm(w, *, xp=np):
    return xp.sum(xp.tanh((w - xp.mean(w)) / xp.std(w)))


def radial(params, x, y, *, xp=np):
    basis = xp.exp(-(((x[:, None] - params["c"]) / params["s"]) ** 2))
    return xp.mean((basis @ params["a"] + params["b"] - y) ** 2)


def mixture(params, x, *, xp=np):
    d = (x[:, None, :] - params["m"]) * xp.exp(-params["s"])
    q = params["a"] - xp.sum(d**2, axis=2) / 2 - xp.sum(params["s"], axis=1)
    return -xp.mean(xp.log(xp.sum(xp.exp(q), axis=1)))


def product(w, *, xp=np):
    return xp.prod(1 + w)


def running(w, *, xp=np):
    return xp.sum(xp.cumulative_sum(w) ** 2)


def attention(params, x, *, xp=np):
    q, k = x @ params["q"], x @ params["k"]
    a = xp.exp(q @ k.T)
    return xp.mean((a / xp.sum(a, axis=1, keepdims=True) @ x) ** 2)


def recurrent(params, x, *, xp=np):
    h = xp.zeros(3)
    for t in range(len(x)):
        h = xp.tanh(params["U"] @ h + params["w"] * x[t])
    return xp.sum(h**2)


def pendulum(w, *, xp=np):
    angle, speed = w[0], w[1]
    for _ in range(40):
        speed = speed - 0.1 * w[2] * xp.sin(angle)
        angle = angle + 0.1 * speed
    return angle**2


def distances(params, *, xp=np):
    d = params["x"][:, None, :] - params["x"][None, :, :]
    return xp.sum(xp.sqrt(1 + xp.sum(d**2, axis=2)))


def hinge(w, x, *, xp=np):
    return xp.sum(xp.maximum(0, 1 - x @ w)) + xp.sum(xp.abs(w))


def bundle(size: int) -> dict[str, Any]:
    """Return the parameters of a fit by radial functions."""
    return {"c": draw(size), "s": 1 + draw(size) ** 2, "a": draw(size), "b": np.array(0.1)}


def components(count: int, size: int) -> dict[str, Any]:
    """Return the parameters of a mixture."""
    return {"m": draw(count, size), "s": draw(count, size), "a": draw(count)}


def square(size: int) -> dict[str, Any]:
    """Return the parameters of attention."""
    return {"q": draw(size, size), "k": draw(size, size)}


def losses() -> dict[str, gm.Problem]:
    """Return the thirty losses, by name."""
    return {
        **{f"log-sum-exp {n}": gm.Problem(log_sum_exp, draw(n)) for n in (10, 40, 100)},
        **{f"softmax {n}": gm.Problem(softmax, draw(n), {"t": draw(n)})
           for n in (8, 64)},
        **{f"rms norm {n}": gm.Problem(root_mean_square, draw(n)) for n in (8, 64)},
        **{f"layer norm {n}": gm.Problem(layer_norm, draw(n)) for n in (6, 48)},
        **{f"radial {n}": gm.Problem(radial, bundle(n), {"x": draw(20), "y": draw(20)})
           for n in (2, 6)},
        "radial by example": gm.Problem(
            radial, bundle(6), {"x": draw(20), "y": draw(20)}, examples=("x", "y")),
        "mixture 90": gm.Problem(mixture, components(6, 7), {"x": draw(50, 7)},
                                         examples="x"),
        "mixture 15": gm.Problem(mixture, components(3, 2), {"x": draw(9, 2)},
                                         examples="x"),
        **{f"product {n}": gm.Problem(product, draw(n)) for n in (12, 200)},
        **{f"running {n}": gm.Problem(running, draw(n)) for n in (20, 100)},
        **{f"attention {n}": gm.Problem(attention, square(n), {"x": draw(3, n)})
           for n in (2, 4)},
        **{f"recurrent {n}": gm.Problem(
            recurrent, {"U": draw(3, 3), "w": draw(3)}, {"x": draw(n)}) for n in (2, 30)},
        "pendulum": gm.Problem(pendulum, np.array([0.5, 0.1, 1.0])),
        "distances": gm.Problem(distances, {"x": draw(8, 2)}),
        "hinge": gm.Problem(hinge, draw(10), {"x": draw(12, 10)}),
        **{f"rosenbrock {n}": gm.problems.get("rosenbrock", n=n)
           for n in (20, 1000)},
        "helmholtz 16": gm.problems.get("helmholtz", n=16),
        "network": gm.problems.get("mlp", widths=(2, 4, 4, 1), batch=5),
        "wide network": gm.problems.get("mlp", widths=(2, 100, 100, 1), batch=5),
    }  # fmt: skip


def main(form: str = "auto") -> int:
    """Print a line for each loss; return 1 if one takes thrice what was announced."""
    late, provider = 0, gm.Analytical(form)
    for name, problem in losses().items():
        start = time.thread_time()
        refused = provider.obstacle(problem)
        estimated = time.thread_time() - start
        start = time.thread_time()
        if refused is None:
            prepared = provider.prepare(problem)
            taken = time.thread_time() - start
            late += taken > 3 * prepared.announced
            words = f"{prepared.form:10} announced {prepared.announced:6.2f} s took {taken:6.2f} s"
        else:
            words = refused[:80]
        sys.stdout.write(f"{name:18} n = {problem.size:6,}  estimate {estimated:5.2f} s  {words}\n")
        sys.stdout.flush()
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
