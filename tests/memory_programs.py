"""Random losses that move and repeat their parameters: programs that share memory on purpose.

Arrays are square, of one entry or empty, and most steps are views: a value that is computed later
then often has just the shape of an operand, and could be laid in its place. `python -m
tests.memory_programs 5000` compares so many of them with certified gradients; a few are in
`test_memory_of_values`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradmethods as gm

STEPS = 9
"""Functions in a program, at most."""

KEPT = 200
"""Entries of a value, at most."""

Function = Callable[[Any, Any, np.random.Generator], Any]


def _permuted(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    return xp.permute_dims(x, tuple(int(i) for i in rng.permutation(x.ndim)))


def _reshaped(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    shapes = [(-1,), (1, -1), (-1, 1), x.shape[::-1], (*x.shape, 1), (1, *x.shape)]
    if x.size and x.size % 2 == 0:
        shapes += [(2, -1), (-1, 2)]
    shape = shapes[rng.integers(len(shapes))]
    size = int(np.prod(list(x.shape), dtype=int))
    if -1 in shape:
        rest = abs(int(np.prod(shape)))
        shape = tuple(size // rest if n == -1 else n for n in shape)
    return xp.reshape(x, shape)


def _sliced(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    parts: list[Any] = []
    for n in x.shape:
        choices: list[Any] = [slice(None), slice(None, None, -1), slice(None, None, 2)]
        choices += [slice(1, None), slice(None, -1), slice(0, 0)] if rng.random() < 0.3 else []
        choices += [int(rng.integers(n))] if n and rng.random() < 0.5 else []
        parts.append(choices[rng.integers(len(choices))])
        if rng.random() < 0.1:
            parts.append(None)
    return x[tuple(parts)]


def _taken(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    axis = int(rng.integers(x.ndim))
    length = int(rng.integers(4)) if x.shape[axis] else 0
    return xp.take(x, rng.integers(max(x.shape[axis], 1), size=length), axis=axis)


def _spread(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    shape = [int(rng.integers(1, 4)) if n == 1 else n for n in x.shape]
    front = [int(n) for n in rng.integers(1, 4, size=rng.integers(2))]
    return xp.broadcast_to(x, (*front, *shape))


def _joined(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    return xp.concat([x, x[::-1]], axis=int(rng.integers(x.ndim)))


def _triangle(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    return xp.tril(x) if rng.random() < 0.5 else xp.triu(x)


def _reduced(xp: Any, x: Any, rng: np.random.Generator) -> Any:
    axis = tuple(i for i in range(x.ndim) if rng.random() < 0.5)
    keep = bool(rng.random() < 0.5)
    if rng.random() < 0.3 and all(x.shape[i] for i in axis):
        return xp.max(x, axis=axis, keepdims=keep)
    return xp.tanh(xp.sum(x, axis=axis, keepdims=keep))


# fmt: off
MOVES: dict[str, tuple[int, Function]] = {
    "transpose": (0, lambda xp, x, rng: x.T),
    "permute": (0, _permuted),
    "reshape": (0, _reshaped),
    "slice": (1, _sliced),
    "take": (1, _taken),
    "broadcast": (0, _spread),
    "flip": (0, lambda xp, x, rng: xp.flip(x)),
    "roll": (1, lambda xp, x, rng: xp.roll(x, 1, axis=0)),
    "tile": (1, lambda xp, x, rng: xp.tile(x, (2,) * x.ndim)),
    "concat": (1, _joined),
    "diagonal": (2, lambda xp, x, rng: xp.diagonal(x)),
    "triangle": (2, _triangle),
    "full": (0, lambda xp, x, rng: xp.full((2, 3), xp.tanh(xp.sum(x)))),
}
FUNCTIONS: dict[str, tuple[int, Function]] = {
    "tanh": (0, lambda xp, x, rng: xp.tanh(x)),
    "sin": (0, lambda xp, x, rng: xp.sin(2 * x)),
    "sigmoid": (0, lambda xp, x, rng: 1 / (1 + xp.exp(-x))),
    "square": (0, lambda xp, x, rng: x**2 / 2),
    "negative": (0, lambda xp, x, rng: 0.3 - x),
    "sqrt": (0, lambda xp, x, rng: xp.sqrt(1 + x * x)),
    "where": (0, lambda xp, x, rng: xp.where(x > 0.1234, x, xp.sin(x))),
    "reduce": (0, _reduced),
    "running": (1, lambda xp, x, rng: xp.tanh(xp.cumulative_sum(x, axis=0))),
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda xp, a, b: (a + b) / 2,
    "subtract": lambda xp, a, b: a - b,
    "multiply": lambda xp, a, b: a * b,
    "divide": lambda xp, a, b: a / (2 + xp.cos(b)),
    "maximum": lambda xp, a, b: xp.maximum(a, b + 0.0123),
    "hypot": lambda xp, a, b: xp.hypot(a + 3, b),
    "logaddexp": lambda xp, a, b: xp.logaddexp(a, b) / 2,
    "matmul": lambda xp, a, b: xp.tanh(a @ b),
    "outer": lambda xp, a, b: xp.outer(xp.reshape(a, (-1,)), xp.reshape(b, (-1,))),
}
# fmt: on


@dataclass(frozen=True)
class Program:
    """A loss made of random steps, the same at every call.

    Attributes
    ----------
    seed : int
        Decides everything.
    """

    seed: int

    def __call__(self, params: dict[str, Any], X: Any, k: Any, *, xp: Any = np) -> Any:
        """Evaluate the loss: the last values, weighted and summed."""
        rng = np.random.default_rng(self.seed)
        values = [*params.values(), X, xp.astype(k, X.dtype) / 4]
        for _ in range(int(rng.integers(2, STEPS))):
            name, value = self._step(xp, values, rng)
            if name and _size(value) <= KEPT:
                values.append(value)
        # No parameter itself: its last use is to be in the middle, or a view's.
        chosen = values[-2:] if len(values) > len(params) + 3 else [*params.values()]
        weights = rng.uniform(0.3, 1.2, size=len(chosen))
        total = 0.1 * xp.sum(chosen[0])
        for weight, value in zip(weights.tolist(), chosen, strict=True):
            total = total + weight * xp.sum(xp.sin(value + 0.1))
        return total

    def _step(self, xp: Any, values: list[Any], rng: np.random.Generator) -> tuple[str, Any]:
        recent = values[-4:] if rng.random() < 0.5 else values
        a, b = (recent[i] for i in rng.integers(len(recent), size=2))
        kind = rng.random()
        if kind < 0.7:
            table = MOVES if kind < 0.35 else FUNCTIONS
            name = list(table)[rng.integers(len(table))]
            ndim, function = table[name]
            return (name, function(xp, a, rng)) if a.ndim >= ndim else ("", None)
        name = list(BINARY)[rng.integers(len(BINARY))]
        if name == "matmul" and (not a.ndim or not b.ndim or a.shape[-1] != b.shape[-2:][0]):
            return "", None
        if name not in ("outer", "matmul") and not _broadcast(a.shape, b.shape):
            return "", None
        if name == "matmul" and not _broadcast(a.shape[:-2], b.shape[:-2]):
            return "", None
        return name, BINARY[name](xp, a, b)

    def problem(self, dtype: str = "float64") -> gm.Problem:
        """Draw parameters and data: square, of one entry, empty, strided, or one array twice."""
        rng = np.random.default_rng(self.seed)
        n = int(rng.integers(1, 4))
        shapes = [(n, n), (n, n), (n,), (1, n), (n, 1), (), (1,), (0,), (0, n), (n, 0), (n, n, n)]
        params: dict[str, Any] = {}
        for i in range(int(rng.integers(1, 4))):
            array = rng.uniform(-1.2, 1.2, size=shapes[rng.integers(len(shapes) if i else 3)])
            if i and rng.random() < 0.2:
                array = params["w0"]
            elif rng.random() < 0.2:
                array = array.T
            elif rng.random() < 0.1 and array.size:
                array = np.broadcast_to(array.ravel()[0], array.shape)
            params[f"w{i}"] = array if array is params.get("w0") else array.astype(dtype)
        data = {"X": rng.uniform(-1.2, 1.2, size=(n, n)).T, "k": rng.integers(-3, 4, size=(n, n))}
        return gm.Problem(self, params, data, name=f"program-{self.seed}")


def _size(value: Any) -> int:
    return int(np.prod(value.shape, dtype=int))


def _broadcast(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def differs(problem: gm.Problem, found: Any, truth: Any, bound: float) -> bool:
    """Say whether a gradient is further from the true one than `bound` of its largest entry."""
    join = problem.structure.join
    a, b = (join(problem.structure.check(g)) for g in (found, truth))
    return not bool(np.all(abs(a - b) <= bound * (1 + abs(b).max(initial=0))))


def misplaced(provider: gm.Provider, problem: gm.Problem) -> str:
    """Overwrite inputs and results between calls; say which number that changed, if any did."""
    check, restore = problem.structure.check, problem.structure.restore
    prepared = provider.prepare(problem)
    point = {name: np.array(x) for name, x in check(problem.params).items()}
    data = {name: np.array(x) for name, x in problem.data.items()}
    first = prepared(restore(point), **data)
    found = check(first.gradient)
    kept = [float(first.value), *(x.copy() for x in found.values())]
    everything = [*found.values(), *point.values(), *data.values(), *problem.data.values()]
    for i, gradient in enumerate(found.values()):
        if any(np.shares_memory(gradient, other) for other in everything[i + 1 :]):
            return "a gradient shares memory"
    rng = np.random.default_rng(0)
    for given in (*point.values(), *data.values()):  # by numbers that every function takes
        given[...] = rng.uniform(0.3, 0.9, given.shape) if given.dtype.kind == "f" else 1
    if not _same(first, kept, problem):
        return "overwriting the inputs changed a result"
    prepared(restore(point), **data)
    if not _same(first, kept, problem):
        return "another call changed a result"
    for gradient in found.values():
        gradient[...] = np.nan
    if not _same(prepared(problem.params), kept, problem):
        return "overwriting a result changed the next one"
    return ""


def _same(result: Any, kept: list[Any], problem: gm.Problem) -> bool:
    arrays = [result.value, *problem.structure.check(result.gradient).values()]
    return all(np.array_equal(a, b) for a, b in zip(arrays, kept, strict=True))


def main() -> None:
    """Compare programs with certified gradients: how many, and from which seed on."""
    count, start = (*map(int, sys.argv[1:]), *(5000, 0)[len(sys.argv) - 1 :])
    providers: tuple[Any, ...] = (gm.Backprop(), gm.Numerical(evaluation="reuse", step=1e-5))
    wrong = refused = 0
    for seed in range(start, start + count):
        problem = Program(seed).problem()
        try:
            truth = gm.certified_gradient(problem).gradient
        except gm.NotDifferentiable:
            refused += 1
            continue
        for provider, bound in zip(providers, (1e-12, 1e-8), strict=True):
            found = provider.prepare(problem)(problem.params).gradient
            if differs(problem, found, truth, bound):
                wrong += 1
                print(f"{seed}: {provider.name} gives {found}, not {truth}")  # noqa: T201
    print(f"{count} programs from seed {start}: {wrong} wrong, {refused} at a kink")  # noqa: T201  # a report


if __name__ == "__main__":
    main()
