"""One case of the comparison: prepare everybody, check everybody, time them in pairs.

The rounds are those of the suite (`gradmethods.timing.rounds`): every contender beside the loss,
and every peer beside each of ours.

It runs in a process of its own, in which every library has one thread; `run` starts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.cases import LOSS, Case, ours
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.output.format import duration
from gradmethods.providers.attempt import Gap, attempt, prepare
from gradmethods.providers.peers.peer import PreparedPeer
from gradmethods.timing.bootstrap import FEWEST_FOR_BOOTSTRAP, Estimate
from gradmethods.timing.rounds import Rounds
from gradmethods.timing.timing import plain_loss, quiet

Keep = Callable[[dict[str, Any]], Any]
"""What puts a record on the disk."""

ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",  # XLA's pool of threads
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # SymPy orders terms by hash
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
"""One thread for everybody, set before anything is imported."""

RELEASED = (
    "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA",
    "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip
"""Variables that choose instructions for one library and not for the others: taken out, so that
each uses what it finds on the machine, as it would for its users."""


ROUND = 0.02
"""Seconds of a round at least. Several calls of a network of a million parameters: within a round
a contender finds the caches as it left them, as in training, and not as its neighbour did."""

MOST_ROUNDS = 200

PATIENCE = 30.0
"""Seconds that may go into repeating one slow contender until it has an interval."""

LONG = 1.0
"""Seconds from which a gradient is too expensive to compute for warming up alone."""


class Entered(NamedTuple):
    """A contender that is ready: what is timed, what is known of it, and seconds of a call."""

    call: Callable[[], Any]
    facts: dict[str, Any]
    seconds: float | None


def run_case(case: Case, keep: Keep, *, seconds: float, limit: float, seed: int = 0) -> None:
    """Measure a case, and keep a record of every contender: its numbers, or why there are none.

    Parameters
    ----------
    case : Case
        What to measure.
    keep : callable
        Gets each record as soon as it is final.
    seconds : float
        For all rounds together; 0 for a single round.
    limit : float
        Seconds for preparing one contender and computing one gradient.
    seed : int
        Of the network, the components and the order.
    """
    problem, reference = case.problem(seed), case.reference(seed)
    entered: dict[str, Entered] = {}
    for name, provider in case.contenders().items():
        outcome = _enter(provider, problem, reference, limit)
        if isinstance(outcome, Gap):
            keep(describe(case, name, seed) | gap_record(outcome))
        else:
            entered[name] = outcome
    plain, own = plain_loss(problem), [name for name in ours(case.family) if name in entered]
    entered = {LOSS: Entered(plain, {"value": float(problem.value())}, None)} | entered
    peers = len(entered) - 1 - len(own)
    pairs = len(entered) + len(own) * peers
    kernels = _kernels()
    for name, contender in entered.items():
        beside = {LOSS: plain} | ({} if name in (LOSS, *own) else {o: entered[o].call for o in own})
        found = {
            other: _timed(contender, call, seconds / pairs, PATIENCE / len(beside))
            for other, call in beside.items()
        }
        keep(
            describe(case, name, seed)
            | {"outcome": "measured", **contender.facts, **_summary(found, seed)}
            | {"kernels": kernels}
        )


def _timed(
    contender: Entered, beside: Callable[[], Any], seconds: float, patience: float
) -> Rounds:
    """Time a contender and another in turn, for so many seconds, and for five rounds if it can."""
    rounds, known = Rounds(contender.call, beside), contender.seconds
    with quiet():
        each = rounds.calibrate(known if known and known >= ROUND else None, ROUND)
        fewest = FEWEST_FOR_BOOTSTRAP if seconds and each * FEWEST_FOR_BOOTSTRAP < patience else 1
        for _ in range(min(max(fewest, int(seconds / each)), MOST_ROUNDS)):
            rounds.pair()
    return rounds


def _summary(found: dict[str, Rounds], seed: int) -> dict[str, Any]:
    """Say what a contender takes, its time ÷ that of the loss, and that of ours ÷ its own."""
    pairs = found[LOSS]
    cost = pairs.cost(seed=seed)
    paired = {
        other: (np.array(rounds.loss_seconds) / np.array(rounds.gradient_seconds))[rounds.kept]
        for other, rounds in found.items()
        if other != LOSS
    }
    return {
        "time": asdict(cost.gradient),
        "per_loss": asdict(cost.ratio),
        "ratios": {other: asdict(Estimate.of(x, seed=seed)) for other, x in paired.items()},
        "paired": {other: [float(f"{x:.5g}") for x in each] for other, each in paired.items()},
        "rounds": cost.rounds,
        "calls_per_round": cost.gradient_calls,
        "threads": float(np.sum(pairs.gradient_processor) / np.sum(pairs.gradient_seconds)),
        "contended": any(rounds.cost(seed=seed).contended for rounds in found.values()),
    }


def describe(case: Case, name: str, seed: int) -> dict[str, Any]:
    """Start a record: who computes what."""
    role = LOSS if name == LOSS else "ours" if name in ours(case.family) else "peer"
    return {
        "key": f"{case.key}-{name}",
        "family": case.family,
        "contender": name,
        "role": role,
        "network": case.network,
        "n": case.n,
        "components": case.components,
        "batch": case.batch,
        "dtype": case.dtype,
        "seed": seed,
    }


def gap_record(gap: Gap) -> dict[str, Any]:
    """End the record of a contender that was not measured."""
    return {"outcome": "gap", "kind": gap.kind, "reason": gap.reason}


def _enter(provider: Provider, problem: Problem, reference: Arrays, limit: float) -> Entered | Gap:
    """Prepare a contender and check its gradient."""
    return attempt(
        partial(_entered, provider, problem, reference),
        limit,
        f"Preparing it and its first gradient took more than {duration(limit)}.",
    )


def _entered(provider: Provider, problem: Problem, reference: Arrays) -> Entered:
    ready = prepare(provider, problem, fresh=True)
    with quiet():
        first = ready.answer()
        call, known = _call(ready.prepared, problem), first.seconds
        if known < LONG:
            start = time.perf_counter()
            call()
            known = time.perf_counter() - start
    facts = {
        "value": first.value,
        "error": gradient_error(first.gradient, reference).norm,
        "preparation": ready.preparation,
        "preparation_parts": getattr(ready.prepared, "preparation", None),
        "forward_passes": first.passes,
    }
    return Entered(call, facts, known)


def _call(prepared: Any, problem: Problem) -> Callable[[], Any]:
    """Return what is timed: ours as users call it, checks included; a peer bare."""
    if isinstance(prepared, PreparedPeer):
        return prepared.ready(problem.params)
    return partial(prepared, problem.params)


def _kernels() -> list[str]:
    """Name the linear algebra libraries that are loaded, and the instructions that they chose."""
    from threadpoolctl import threadpool_info

    return sorted(
        f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip()
        for pool in threadpool_info()
    )
