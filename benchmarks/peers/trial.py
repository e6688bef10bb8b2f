"""One case of the comparison: prepare everybody, check everybody, time them in turn.

A round is a turn of each contender, in an order drawn anew: what slows the machine slows all of
them, and cancels in the ratios of a round. What tells disturbed rounds, and how many calls make
one, is the suite's (`gradmethods.timing.rounds`).

It runs in a process of its own, in which every library has one thread; `run` starts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.cases import LOSS, Case, ours
from benchmarks.peers.libraries import kernels
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.output.format import duration
from gradmethods.providers.attempt import Gap, attempt, prepare
from gradmethods.providers.peers.peer import PreparedPeer
from gradmethods.timing.bootstrap import FEWEST_FOR_BOOTSTRAP, Estimate
from gradmethods.timing.rounds import Rounds, calls_for
from gradmethods.timing.timing import plain_loss, quiet

Keep = Callable[[dict[str, Any]], Any]
"""What puts a record on the disk."""

ROUND = 0.02
"""Seconds of a turn at least. Several calls of a network of a million parameters: within a turn a
contender finds the caches as it left them, as in training, and not as its neighbour did."""

MOST_ROUNDS = 200

PATIENCE = 10.0
"""Seconds that may go into repeating one slow contender until it has an interval."""

LONG = 1.0
"""Seconds from which a gradient is too expensive to compute for warming up alone."""


@dataclass
class Entered:
    """A contender that is ready.

    Attributes
    ----------
    rounds : Rounds
        Its turns, which are timed.
    facts : dict
        What is known of it beside its time.
    known : float, optional
        Seconds of a call, where that was seen already.
    most : int
        Number of turns.
    """

    rounds: Rounds
    facts: dict[str, Any]
    known: float | None = None
    most: int = 1

    def calibrate(self, share: float) -> None:
        """Warm up, and choose how many calls make a turn, and how many turns `share` seconds."""
        rounds, each = self.rounds, self.known
        if each is None or each < ROUND:
            rounds.gradient_calls, each = calls_for(rounds.gradient, ROUND)
        each *= rounds.gradient_calls
        fewest = FEWEST_FOR_BOOTSTRAP if share and each * FEWEST_FOR_BOOTSTRAP < PATIENCE else 1
        self.most = min(max(fewest, int(share / each)), MOST_ROUNDS)


def run_case(case: Case, keep: Keep, *, seconds: float, limit: float, seed: int = 0) -> None:
    """Measure a case, and keep a record of every contender: its numbers, or why there are none.

    Parameters
    ----------
    case : Case
        What to measure.
    keep : callable
        Gets each record: of gaps at once, of times when all are taken.
    seconds : float
        For all rounds together; 0 for a single round.
    limit : float
        Seconds for preparing one contender and computing one gradient.
    seed : int
        Of the network, the components and the order.
    """
    problem, reference = case.problem(seed), case.reference(seed)
    plain = plain_loss(problem)
    entered = {LOSS: Entered(Rounds(plain, plain), {"value": float(problem.value())})}
    for name, provider in case.contenders().items():
        outcome = _enter(provider, problem, reference, limit)
        if isinstance(outcome, Gap):
            keep(describe(case, name, seed) | gap_record(outcome))
        else:
            entered[name] = outcome
    take_turns(list(entered.values()), seconds, seed)
    own, loaded = [name for name in ours(case.family) if name in entered], kernels()
    for name, contender in entered.items():
        others = () if name in (LOSS, *own) else own
        beside = {other: entered[other].rounds for other in others}
        found = _summary(contender.rounds, entered[LOSS].rounds, beside, seed)
        record = {"outcome": "measured", **contender.facts, **found, "kernels": loaded}
        keep(describe(case, name, seed) | record)


def take_turns(entered: Sequence[Entered], seconds: float, seed: int) -> None:
    """Let contenders take turns, round by round; slow ones leave when they have had theirs."""
    rng = np.random.default_rng(seed)
    with quiet():
        for each in entered:
            each.calibrate(seconds / len(entered))
        for done in range(max(each.most for each in entered)):
            for i in rng.permutation(len(entered)):
                if done < entered[i].most:
                    entered[i].rounds.gradient_round()


def _summary(
    contender: Rounds, loss: Rounds, own: Mapping[str, Rounds], seed: int
) -> dict[str, Any]:
    """Say what a contender takes, its time ÷ that of the loss, and that of ours ÷ its own."""
    cost = contender.beside(loss).cost(seed=seed)
    pairs = {name: each.beside(contender) for name, each in own.items()}
    costs = [cost, *(each.cost(seed=seed) for each in pairs.values())]
    paired = {
        name: (np.array(each.gradient_seconds) / np.array(each.loss_seconds))[each.kept]
        for name, each in pairs.items()
    }
    return {
        "time": asdict(cost.gradient),
        "per_loss": asdict(cost.ratio),
        "ratios": {name: asdict(Estimate.of(x, seed=seed)) for name, x in paired.items()},
        "paired": {name: [float(f"{x:.5g}") for x in each] for name, each in paired.items()},
        "rounds": cost.rounds,
        "calls_per_round": cost.gradient_calls,
        "threads": float(np.sum(contender.gradient_processor) / np.sum(contender.gradient_seconds)),
        "contended": any(each.contended for each in costs),
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
    return Entered(Rounds(call, call), facts, known)


def _call(prepared: Any, problem: Problem) -> Callable[[], Any]:
    """Return what is timed: ours as users call it, checks included; a peer bare."""
    if isinstance(prepared, PreparedPeer):
        return prepared.ready(problem.params)
    return partial(prepared, problem.params)
