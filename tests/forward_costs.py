"""Forward mode beside backpropagation: what a direction costs as n grows, and the dot-product test.

`python -m tests.forward_costs` prints a table: operations counted, and the processor time of rounds
that take all three in turn; and below it the dot-product test of all primitives. Theory: at most
1.5 times the operations of the loss for a direction, beside one evaluation of the loss (A. Griewank
and A. Walther, Evaluating Derivatives, SIAM 2008, section 3.2), so that forward ÷ backprop grows
like n.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.engines.forward.differentiate import Forward, aligned
from gradmethods.engines.graph import Graph, Node, record
from gradmethods.engines.program import recognise
from gradmethods.engines.tape.reverse import Reverse
from gradmethods.xp.array import Array
from tests.primitive_cases import CASES, by_function

WIDTHS = ((2, 3, 1), (2, 32, 1), (8, 32, 16, 1), (16, 96, 64, 32, 1), (16, 128, 56, 4, 1))
ROUNDS = 5


def softmax(xp: Any, x: Any) -> Any:
    return xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True)


RECOGNISED = {
    "sigmoid": lambda x, *, xp=np: xp.sum(1 / (1 + xp.exp(-x))),
    "sech": lambda x, *, xp=np: xp.sum(1 / xp.cosh(x)),
    "quotient": lambda x, *, xp=np: xp.sum(xp.exp(x) / (xp.exp(x) + 3)),
    "softmax": lambda x, *, xp=np: xp.sum(softmax(xp, x) ** 2),
    "shares": lambda x, *, xp=np: xp.sum((x**2 / xp.sum(x**2, axis=0, keepdims=True)) ** 2),
}
"""Losses that hold primitives which no loss names."""
POINT = np.random.default_rng(0).normal(size=(2, 3))


def problems(every: int) -> Iterator[gm.Problem]:
    for cases in by_function(CASES).values():
        yield from (case.problem() for case in cases[::every])
    yield from (gm.Problem(loss, POINT, name=name) for name, loss in RECOGNISED.items())


def scalar_products(node: Any, values: Any, rng: Any) -> tuple[Any, Any, Any]:
    """Return <g, J t> and <Jᵀ g, t> of a node at a point, and what they are small beside."""
    operands = [values[x] if isinstance(x, Node) else x for x in node.operands]
    active = [i for i, x in enumerate(node.operands) if isinstance(x, Node) and x.dtype.kind == "f"]
    g = rng.normal(size=node.shape)
    tangents = {i: rng.normal(size=(3, *node.operands[i].shape)) for i in active}
    forward, back = Forward(), Reverse()
    y = values[node]

    def lift(xp, x):
        return x if type(x) in (int, float) else Array(xp, np.asarray(x))

    def apply(xp, rule, first, **static):
        return rule(xp, first, lift(xp, y), *(lift(xp, x) for x in operands), **static)

    along = np.zeros((3, *node.shape))
    rules = forward.rules(node.primitive)
    if callable(rules):
        given = [
            lift(forward, tangents[i]) if i in tangents else None for i in range(len(node.operands))
        ]
        along += apply(forward, rules, given, **node.static).payload
    else:
        for i, t in tangents.items():
            rule = forward.rule(node, i)
            if rule is not None:
                first = aligned(forward, lift(forward, t), node)
                along += apply(forward, rule, first, **node.static).payload
    left = np.tensordot(along, g, axes=g.ndim)
    right, size = np.zeros(3), np.tensordot(np.abs(along), np.abs(g), axes=g.ndim)
    for i, t in tangents.items():
        rule = back.rule(node, i)
        found = None if rule is None else apply(back, rule, lift(back, g), **node.static)
        if found is not None:
            pulled = np.asarray(found.payload)
            shape = np.broadcast_shapes(pulled.shape, t.shape[1:])
            whole = t.reshape(3, *(1,) * (len(shape) - t.ndim + 1), *t.shape[1:])
            product = np.broadcast_to(pulled, shape) * whole
            right += product.reshape(3, -1).sum(axis=1)
            size += np.abs(product).reshape(3, -1).sum(axis=1)
    return left, right, size


def dot_products(every: int = 1) -> Iterator[tuple[str, str, float]]:
    """Yield of each step of each case its primitive, and by how much <g, Jt> and <Jᵀg, t> differ.

    The difference is relative to the sum of the sizes of all terms.
    """
    rng = np.random.default_rng(5)
    for problem in problems(every):
        graph = recognise(record(problem))
        nodes = [node for node in graph.nodes() if node.primitive is not None]
        inputs = [*graph.params.values(), *graph.data.values()]
        joint = Graph(graph.params, graph.data, (*inputs, *nodes))
        arrays = problem.structure.check(problem.params)
        values = dict(zip((*inputs, *nodes), joint.evaluate(arrays, problem.data), strict=True))
        for node in nodes:
            if node.dtype.kind == "f" and node.primitive is not None:
                left, right, size = scalar_products(node, values, rng)
                apart = np.abs(left - right) / np.where(size > 0, size, 1)
                yield problem.name, node.primitive.name, float(apart.max())


def operations(problem: Any) -> tuple[int, int, int]:
    """Count those of the loss, of forward mode and of backpropagation."""
    loss = record(problem).operations().total()
    forward = gm.Forward().prepare(problem).program.operations
    return loss, forward, gm.Backprop().prepare(problem).program.operations


def seconds(problem: Any, rounds: int) -> list[float]:
    """Return the median processor times of the loss, of forward mode and of backpropagation."""
    calls: list[Callable[[], Any]] = [problem.value]
    for provider in (gm.Forward(), gm.Backprop()):
        prepared: Any = provider.prepare(problem)
        prepared(problem.params)
        calls.append(partial(prepared, problem.params))
    found: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, found, strict=True):
            start, count = time.process_time(), 0
            while not count or time.process_time() - start < 0.02:
                call()
                count += 1
            times.append((time.process_time() - start) / count)
    return [statistics.median(times) for times in found]


def rows() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| n | (forward - loss) / n loss | forward / backprop | the same in time | in time |"
    yield "|---|---|---|---|---|"
    for widths in WIDTHS:
        problem = gm.problems.get("mlp", widths=widths, batch=32)
        n = problem.size
        loss, forward, backprop = operations(problem)
        t_loss, t_forward, t_backprop = seconds(problem, ROUNDS)
        yield (
            f"| {n:,} | {(forward - loss) / n / loss:.2f} | {forward / backprop:.3g} "
            f"| {(t_forward - t_loss) / n / t_loss:.2f} | {t_forward / t_backprop:.3g} |"
        )


def shown() -> str:
    """Say what came of the dot-product test over all cases."""
    found = list(dot_products())
    name, primitive, worst = max(found, key=lambda row: row[2])
    return (
        f"dot products: {len(found):,} steps of {len({p for _, p, _ in found})} primitives agree "
        f"within {worst:.1e} of the sizes of their terms (most apart: {primitive} in {name})"
    )


if __name__ == "__main__":
    sys.stdout.writelines(f"{row}\n" for row in rows())
    sys.stdout.write(f"{shown()}\n")
