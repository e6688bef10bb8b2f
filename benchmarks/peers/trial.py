"""One case of the comparison: prepare everybody, check everybody, time them in turn.

It runs in a process of its own, in which every library has one thread; `run` starts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.peers.cases import BATCH, LOSS, Case, ours
from benchmarks.peers.contest import contest, summary
from gradmethods.cost.timing import plain_loss, quiet
from gradmethods.distance import gradient_error
from gradmethods.output.format import duration
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.providers.attempt import Gap, attempt, prepare
from gradmethods.providers.peers.peer import PreparedPeer
from gradmethods.structure import Arrays

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


LONG = 1.0
"""Seconds from which a gradient is too expensive to compute for warming up alone."""


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
    calls: dict[str, Callable[[], Any]] = {LOSS: plain_loss(problem)}
    facts: dict[str, dict[str, Any]] = {LOSS: {"value": float(problem.value())}}
    known: dict[str, float] = {}
    for name, provider in case.contenders().items():
        outcome = _enter(provider, problem, reference, limit)
        if isinstance(outcome, Gap):
            keep(describe(case, name, seed) | gap_record(outcome))
            continue
        calls[name], facts[name], known[name] = outcome
    own = tuple(name for name in ours(case.family) if name in calls)
    contenders = contest(calls, (LOSS, *own), seconds=seconds, known=known, seed=seed)
    kernels = _kernels()
    for name in calls:
        found = facts[name] | summary(contenders, name, own) | {"kernels": kernels}
        keep(describe(case, name, seed) | {"outcome": "measured"} | found)


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
        "batch": BATCH,
        "seed": seed,
    }


def gap_record(gap: Gap) -> dict[str, Any]:
    """End the record of a contender that was not measured."""
    return {"outcome": "gap", "kind": gap.kind, "reason": gap.reason}


def _enter(
    provider: Provider, problem: Problem, reference: Arrays, limit: float
) -> tuple[Callable[[], Any], dict[str, Any], float] | Gap:
    """Prepare a contender and check its gradient; return its call, facts and seconds per call."""
    return attempt(
        partial(_entered, provider, problem, reference),
        limit,
        f"Preparing it and its first gradient took more than {duration(limit)}.",
    )


def _entered(
    provider: Provider, problem: Problem, reference: Arrays
) -> tuple[Callable[[], Any], dict[str, Any], float]:
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
    return call, facts, known


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
