"""What a reader must know before any number of a run: said first in the report and in the terminal.

Nothing here is about a single case; those are marked in the table of costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gradmethods.output.caption import is_unfinished
from gradmethods.report.cost_frames import noise
from gradmethods.timing.cases import grid
from gradmethods.timing.noise_floor import LOUD


def caveats(
    origin: Mapping[str, Any] | None, costs: pd.DataFrame, floors: pd.DataFrame
) -> list[str]:
    """Return the reservations about a run, a sentence or two each; none for a sound one.

    Parameters
    ----------
    origin : dict or None
        The provenance of the run.
    costs, floors : pandas.DataFrame
        As from `gradmethods.report.cost_frames`: the cases, and the loss timed against itself.
    """
    found = []
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
            f"CONTENDED: during {contended} measurements other processes had the processor nearly "
            "all the time. Their times hold that work too; they are marked in the tables."
        )
    return found
