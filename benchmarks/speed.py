"""``python -m benchmarks.speed``: how close the engines come to their limits, in four minutes.

Four tables: the complex step ÷ forward differences, whose passes are real and as many;
backpropagation ÷ the loss, where examples are few or many and n grows; the time of preparation; and
central differences of a small network ÷ their passes, and with reuse ÷ plain.
What is compared takes turns, on one thread; ratios are medians, with their 95 % intervals. The
variables ``NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL"`` and ``OPENBLAS_CORETYPE=Haswell`` leave
AVX-512 out.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np

from benchmarks.peers.handwritten import HandWritten
from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.numerical import Numerical
from gradmethods.timing.bootstrap import Estimate
from gradmethods.timing.provenance import provenance
from gradmethods.timing.rounds import Rounds
from gradmethods.timing.timing import measure, plain_loss, quiet, take

SECONDS = 3.0
"""How long the rounds of each cell take."""

PASSES = (
    "xor", "mlp", "logistic-regression", "recurrent-network", "lstm", "attention", "convolution",
    "rosenbrock", "log-sum-exp", "gaussian-mixture", "network-1-1-1",
)  # fmt: skip
"""Ten problems of different kinds, for the complex step; and the smallest network."""

SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
BATCHES = (1, 10, 100)
INPUTS = 32

LETTERS = (64, 256, 1024)
PREPARED = 3
"""Times that each is prepared."""

WALK = 20
"""Points that differ by a thousandth from one to the next."""
WALKS, TOTALS = (10, 100), (1, 2, 3, 5, 10)


def complex_steps(seconds: float) -> Iterator[str]:
    """Yield the table of the complex step."""
    yield "Complex step (n passes) ÷ forward differences (n + 1 real passes)"
    for name in PASSES:
        problem = problems.get(name)
        turned, real = (
            partial(provider.prepare(problem), problem.params)
            for provider in (Numerical("complex-step"), Numerical("forward", step=1e-6))
        )
        rounds = Rounds(turned, real)
        take(rounds, seconds)
        yield f"  {name:22s} n = {problem.size:4d}  {_shown(rounds.cost().ratio)}"


def batches(seconds: float, largest: int) -> Iterator[str]:
    """Yield the table of backpropagation."""
    yield "Backpropagation ÷ loss, and the same pass by hand ÷ loss (sigmoid network of two layers)"
    for size in (size for size in SIZES if size <= largest):
        width = round(math.sqrt(size + 17**2) - 17)
        for batch in BATCHES:
            problem = problems.get("mlp", widths=(INPUTS, width, width, 1), batch=batch)
            ours, hand = (
                _shown(measure(provider.prepare(problem), problem, seconds=seconds / 2).ratio)
                for provider in (Backprop(), HandWritten())
            )
            yield f"  n = {problem.size:9d}  batch {batch:3d}  {ours}  by hand {hand}"


def preparation(longest: int) -> Iterator[str]:
    """Yield the table of times of preparation."""
    yield f"Preparation of backpropagation, seconds (median and least of {PREPARED})"
    yield f"  {'2-3-1 network':28s} {_prepared(problems.get('xor'))}"
    for letters in (letters for letters in LETTERS if letters <= longest):
        for name, options in (
            ("lstm", {"layers": 2, "letters": letters}),
            ("recurrent-network", {"steps": letters}),
        ):
            label = f"{name}, {letters} steps"
            yield f"  {label:28s} {_prepared(problems.get(name, **options))}"


def small_differences(seconds: float) -> Iterator[str]:
    """Yield the table of central differences of the 2-3-1 network."""
    problem = problems.get("xor")
    plain, passes = Numerical(), 2 * problem.size + 1
    yield f"Central differences of the 2-3-1 network ÷ {passes} passes of the loss"
    loss = plain_loss(problem)
    starts = [problem.unflatten(problem.flat_params * (1 + 1e-3 * k)) for k in range(WALK)]

    def walk(provider: Numerical, count: int) -> None:
        prepared = provider.prepare(problem)
        for k in range(count):
            prepared(starts[k % WALK])

    def losses(count: int) -> None:
        for _ in range(passes * count):
            loss()

    prepared = plain.prepare(problem)
    places = cycle(starts[1:])
    cells: list[tuple[str, Callable[[], Any], int]] = [
        ("where it was prepared", lambda: prepared(problem.params), 1),
        ("where the point moved", lambda: prepared(next(places)), 1),
        *((f"preparation and {k}", partial(walk, plain, k), k) for k in WALKS),
    ]
    for name, gradient, count in cells:
        rounds = Rounds(gradient, partial(losses, count))
        take(rounds, seconds)
        yield f"  {name:28s} {_shown(rounds.cost().ratio)}"
    yield "The same, reuse ÷ plain, preparation included"
    for k in TOTALS:
        rounds = Rounds(partial(walk, Numerical(evaluation="reuse"), k), partial(walk, plain, k))
        take(rounds, seconds)
        yield f"  gradients: {k:2d}                {_shown(rounds.cost().ratio)}"


def _shown(ratio: Estimate) -> str:
    return f"{ratio.median:6.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _prepared(problem: Problem) -> str:
    seconds = []
    for _ in range(PREPARED):
        start = time.process_time()
        Backprop().prepare(problem)
        seconds.append(time.process_time() - start)
    return f"{median(seconds):8.4f}  {min(seconds):8.4f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of rounds for each cell")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="most parameters")
    parser.add_argument("--longest", type=int, default=LETTERS[-1], help="most steps of a loop")
    options = parser.parse_args(arguments)
    write = sys.stdout.write
    about = provenance(["python", "-m", "benchmarks.speed"])
    found = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    write(f"{about['machine']['processor']}; NumPy {np.__version__}, {', '.join(found)}\n")
    tables: list[Callable[[], Iterator[str]]] = [
        partial(complex_steps, options.seconds),
        partial(batches, options.seconds, options.largest),
        partial(preparation, options.longest),
        partial(small_differences, options.seconds),
    ]
    for table in tables:
        with quiet():
            for line in table():
                write(f"{line}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
