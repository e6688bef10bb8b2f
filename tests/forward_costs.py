"""What forward mode costs a direction, and beside backpropagation, as n grows.

`python -m tests.forward_costs` prints a table: operations counted, and the processor time of rounds
that take all three in turn. Theory: at most 1.5 times the operations of the loss for a direction,
beside one evaluation of the loss (A. Griewank and A. Walther, Evaluating Derivatives, SIAM 2008,
section 3.2), so that forward ÷ backprop grows like n.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gradmethods as gm
from gradmethods.engines.graph.record import record

WIDTHS = ((2, 3, 1), (2, 32, 1), (8, 32, 16, 1), (16, 96, 64, 32, 1), (16, 128, 56, 4, 1))
ROUNDS = 5


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


if __name__ == "__main__":
    sys.stdout.writelines(f"{row}\n" for row in rows())
