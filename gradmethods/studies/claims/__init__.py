"""The ledger of claims: what the literature says about ways to compute a gradient, decided here.

One claim a file. Each says what is claimed and by whom, what decides it, fixed before anything is
measured, and examines it. Nothing is written or drawn here. Read `claim.py` first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradmethods.core.deadline import deadline
from gradmethods.core.discovery import entries_of
from gradmethods.errors import GradientError
from gradmethods.studies.claims.claim import Claim, Evidence

__all__ = ["LEDGER", "Evidence", "claims_rows"]

LEDGER = tuple(sorted(entries_of(__name__, __path__, Claim), key=lambda claim: int(claim.id[1:])))
"""The claims that stand in the files beside this one, by number."""

LAST = tuple(claim for claim in LEDGER if claim.last)
"""They derive formulas as far as there is time: for what the others leave."""

SHARE = 0.8
"""This part of the time left goes to the first of them; the other one rests on the same counts."""


def claims_rows(
    records: Sequence[Mapping[str, Any]] = (),
    seconds: float | None = None,
    *,
    million: Mapping[str, Any] | None = None,
    seed: int = 0,
    keep: Callable[[dict[str, Any]], object] | None = None,
    known: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Examine every claim of the ledger.

    Parameters
    ----------
    records : sequence of dict
        Of a run of the benchmark; claims about times read them, and are not decided without.
    seconds : float, optional
        For everything; no bound by default. What does not fit is not decided.
    million : dict, optional
        The result of `gradmethods.app.runs.million.run_million`, or the gap that is there instead.
    seed : int, default 0
        Of everything that is drawn.
    keep : callable, optional
        Given each record as soon as it is there.
    known : sequence of dict
        Records of claims that the same evidence has decided: they are not examined again.

    Returns
    -------
    list of dict
        A record per claim, in the order of the ledger: plain values, for JSON lines.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds
    found = {str(record["id"]): dict(record) for record in known}
    for claim in [*(claim for claim in LEDGER if claim not in LAST), *LAST]:
        if claim.id in found:
            continue
        left = end - time.monotonic()
        own = SHARE * left if claim is LAST[0] else left
        evidence = Evidence(records, million, own, seed)
        found[claim.id] = _examine(claim, evidence, left)
        if keep is not None:
            keep(found[claim.id])
    return [found[claim.id] for claim in LEDGER]


def _examine(claim: Claim, evidence: Evidence, left: float) -> dict[str, Any]:
    start = time.monotonic()
    short = {"outcome": "gap", "kind": "budget"}
    if left <= 0:
        record = claim.undecided("There was no time left.") | short
    else:
        limit = deadline(left)
        try:
            with limit:
                record = claim.record(claim.examine(evidence))
        except limit.passed as stop:
            record = claim.undecided(f"{str(stop).capitalize()}, for want of time.") | short
        except GradientError as error:
            record = claim.undecided(str(error))
    return record | {"seconds": time.monotonic() - start}
