"""``python -m benchmarks.workers``: what workers cost and what they bring, in five minutes.

Tables: the seconds of a part of no work; a gradient by two workers ÷ the same gradient by one
process, taking turns, with what is equal to the last bit; runs in which a worker is killed, or the
whole is interrupted, at a random moment. Dask takes part where it is installed.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.core.workers import Workers
from gradmethods.timing.bootstrap import Estimate
from gradmethods.timing.provenance import provenance
from gradmethods.timing.timing import quiet
from tests.providers.test_checkpoint import go_on, stop_after_some
from tests.worker_losses import slow, smooth

PARTS = 400
"""Parts of no work."""

WIDTHS = ((2, 8, 1), (2, 30, 30, 1), (2, 100, 100, 1), (2, 200, 200, 1))
ROUNDS = 7
"""Rounds of a comparison; each way has one turn in every round."""

WORKERS = 2


def pools(stack: ExitStack) -> Iterator[tuple[str, Any]]:
    """Yield executors by name, each with its processes started."""
    yield "process pool", stack.enter_context(ProcessPoolExecutor(WORKERS))
    with suppress(ImportError):
        from dask.distributed import Client, LocalCluster

        cluster = LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        )
        client = stack.enter_context(Client(stack.enter_context(cluster)))
        yield "Dask", client.get_executor()


def nothing(places: Any) -> Any:
    """Return what it was given: a part of no work."""
    return places


def overhead(executor: Any) -> tuple[float, float]:
    """Return the seconds of a part of no work: one after another, and many at once."""
    places = np.zeros((2, 1000))
    workers = Workers(executor)
    results = workers.map(nothing, (), ((str, (places,)) for _ in range(10 * WORKERS)))
    list(results)
    alone = []
    for _ in range(PARTS // 4):
        start = time.perf_counter()
        list(workers.map(nothing, (), [(str, (places,))]))
        alone.append(time.perf_counter() - start)
    start = time.perf_counter()
    list(workers.map(nothing, (), ((str, (places,)) for _ in range(PARTS))))
    return float(np.median(alone)), (time.perf_counter() - start) / PARTS


def speedups(executors: dict[str, Any], rounds: int) -> Iterator[str]:
    """Yield the table of gradients: serial seconds ÷ seconds with workers."""
    ways = [("central", "plain"), ("richardson", "plain"), ("central", "reuse")]
    for widths, (scheme, evaluation) in [
        *((widths, ways[0]) for widths in WIDTHS),
        *((WIDTHS[-2], way) for way in ways[1:]),
    ]:
        problem = gm.problems.get("mlp", widths=widths, batch=10)
        made = functools.partial(gm.Numerical, scheme, evaluation=evaluation)
        step = None if evaluation == "plain" and scheme == "richardson" else 1e-5
        turns: dict[str, Callable[..., Any]] = {"serial": made(step).prepare(problem)}
        turns |= {name: made(step, executor=e).prepare(problem) for name, e in executors.items()}
        seconds: dict[str, list[float]] = {name: [] for name in turns}
        bits = set()
        for turn in range(rounds + 1):
            for name, prepared in turns.items():
                start = time.perf_counter()
                with quiet():
                    gradient = prepared(problem.params).gradient
                if turn:  # the first sends the problem
                    seconds[name].append(time.perf_counter() - start)
                bits.add(problem.structure.join(gradient).tobytes())
        serial = seconds.pop("serial")
        line = f"{problem.size:>7,} {scheme:>10} {evaluation:>5}  {np.median(serial):8.3f} s"
        for name, taken in seconds.items():
            ratio = Estimate.of([one / other for one, other in zip(serial, taken, strict=True)])
            line += f"   {name} {ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
        yield line + ("   equal bits" if len(bits) == 1 else "   DIFFERENT BITS")


def killed(runs: int, rng: random.Random) -> Iterator[str]:
    """Kill a worker at a random moment of each run; say how many gradients are whole and equal."""
    point = np.full(600, 0.5)
    right = gm.Numerical(step=1e-3).prepare(gm.Problem(smooth, point))(point).gradient
    problem = gm.Problem(slow, point)
    equal, hit, took = 0, 0, []
    for _ in range(runs):
        made = gm.Numerical(step=1e-3, executor=functools.partial(ProcessPoolExecutor, WORKERS))
        prepared: Any = made.prepare(problem)
        timer = threading.Timer(rng.uniform(0.02, 0.65), _kill_one, [prepared, rng])
        timer.start()
        start = time.perf_counter()
        equal += prepared(point).gradient.tobytes() == right.tobytes()
        took.append(time.perf_counter() - start)
        timer.cancel()
        hit += bool(prepared.mishaps)
        prepared.close()
    yield (
        f"A worker killed at a random moment: {equal} of {runs} gradients whole and equal; "
        f"{hit} had parts done again; median {np.median(took):.2f} s, at most {max(took):.2f} s"
    )


def _kill_one(prepared: Any, rng: random.Random) -> None:
    processes = list(prepared.team.workers.pool._processes)  # whom to kill
    if processes:
        with suppress(ProcessLookupError):
            os.kill(rng.choice(processes), signal.SIGKILL)


def interrupted(runs: int, rng: random.Random) -> Iterator[str]:
    """Press Ctrl-C at a random moment of each run, look for processes, and go on."""
    took, kept = [], 0
    for i in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            whom = ["the process", "all of them"][i % 2]
            took.append(stop_after_some(folder, whom, rng.randint(0, 14)))
            kept += go_on(folder)
    yield (
        f"Ctrl-C at a random moment: {runs} of {runs} left no process, and went on from the "
        f"checkpoint to the same bits; stopped within {max(took):.2f} s; {kept} parts were kept"
    )


def say(text: str = "") -> None:
    """Write a line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each gradient")
    parser.add_argument("--sizes", type=int, default=len(WIDTHS), help="of the network, at most")
    parser.add_argument("--kills", type=int, default=50, help="runs in which a worker is killed")
    parser.add_argument("--stops", type=int, default=20, help="runs that are interrupted")
    options = parser.parse_args(arguments)
    rng = random.Random(0)
    machine = provenance([Path(sys.argv[0]).name])["machine"]
    say(f"{machine['processor']}, {machine['cores']} cores; {WORKERS} workers")
    with ExitStack() as stack:
        executors = dict(pools(stack))
        say("\nA part of no work (16 kB each way)")
        for name, executor in executors.items():
            alone, among = overhead(executor)
            say(f"{name:>13}: {alone * 1e3:.2f} ms alone, {among * 1e3:.2f} ms among others")
        say("\nSerial ÷ workers      n     scheme")
        some = speedups(executors, options.rounds)
        for line in some if options.sizes >= len(WIDTHS) else islice(some, options.sizes):
            say(line)
    say()
    for runs, lines in ((options.kills, killed), (options.stops, interrupted)):
        for line in lines(runs, rng) if runs else ():
            say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
