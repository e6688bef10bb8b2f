"""What a reader must know before any number of a run: said first in the report and in the terminal.

Nothing here is about a single case; those are marked in the table of costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gradmethods.output.caption import is_unfinished
from gradmethods.report.cost_frames import noise
from gradmethods.timing.cases import grid
from gradmethods.timing.noise_floor import LOUD

LISTED = 3
"""Number of damaged lines that are told one by one."""


def damage(faults: Sequence[str]) -> list[str]:
    """Say which lines of the records do not count, if there are any, as `left_out` gives them.

    Examples
    --------
    >>> damage(["line 2 of claims.jsonl is torn or damaged"])
    ['DAMAGED: 1 line of the records does not count: line 2 of claims.jsonl is torn or damaged.']
    """
    if not faults:
        return []
    more = f"; and {len(faults) - LISTED} more" if len(faults) > LISTED else ""
    lines = "1 line" if len(faults) == 1 else f"{len(faults)} lines"
    verb = "does" if len(faults) == 1 else "do"
    listed = "; ".join(faults[:LISTED])
    return [f"DAMAGED: {lines} of the records {verb} not count: {listed}{more}."]


def caveats(
    origin: Mapping[str, Any] | None,
    costs: pd.DataFrame,
    floors: pd.DataFrame,
    faults: Sequence[str] = (),
) -> list[str]:
    """Return the reservations about a run, a sentence or two each; none for a sound one.

    Parameters
    ----------
    origin : dict or None
        The provenance of the run.
    costs, floors : pandas.DataFrame
        As from `gradmethods.report.cost_frames`: the cases, and the loss timed against itself.
    faults : sequence of str
        Lines of the records that do not count, and why.
    """
    found = damage(faults)
    if is_unfinished(origin) and not len(costs):
        found.append(
            "INCOMPLETE: the run was stopped before its end. What is missing says nothing about "
            "the methods."
        )
    elif is_unfinished(origin):
        tried = int((costs["gap"] != "not run").sum())
        cases = grid((origin or {}).get("cases", "all"))
        found.append(
            f"INCOMPLETE: the run was stopped before its end, after {tried} of {len(cases)} "
            "cases. What is missing says nothing about the methods. "
            "The same command goes on with it."
        )
    floor = noise(floors)
    if floor is not None and floor > LOUD:
        found.append(
            f"NOISY: the loss timed against itself differed by a factor of {floor:.2f}. "
            "Differences between methods below that mean nothing here."
        )
    contended = int(costs["contended"].sum()) + int(floors["contended"].sum())
    if contended:
        found.append(
            f"CONTENDED: other processes had the processor nearly all the time of {contended} "
            f"measurement{'s' * (contended > 1)}. Such times hold that work too, and are marked in "
            "the tables."
        )
    return found
