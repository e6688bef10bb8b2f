"""Operations of the compiled methods, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import BASELINE, style_of
from gradmethods.report.cost_frames import problem_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import COUNTED
from gradmethods.timing.sweeps import SWEEPS

CAPTION = Caption(
    "Operations of compiled gradients",
    "Scalar operations of the loss and its gradient; in brackets as a multiple of backprop's. "
    f"{COUNTED}",
)


def operations_frame(costs: pd.DataFrame) -> pd.DataFrame:
    """Scalar operations of the compiled methods, one row per case, beside backprop's.

    They are those of one example: where only examples grow, they do not.
    """
    growing = costs[costs["sweep"].map(lambda name: SWEEPS[name].grows) != "N"]
    names = ["sweep", "provider", "network", "scale", "n", "operations"]
    counted = growing.dropna(subset="operations")[names]
    base = counted[counted["provider"] == BASELINE].set_index(["sweep", "scale"])["operations"]
    return counted.join(base.rename("backprop"), on=["sweep", "scale"]).assign(
        multiple=lambda frame: frame["operations"].astype(float) / frame["backprop"].astype(float)
    )


def operations_table(operations: pd.DataFrame) -> pd.DataFrame:
    """Write the operations of the compiled methods side by side."""
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for row in operations.to_dict("records"):
        start = {"Sweep": row["sweep"], "Problem": problem_of(row), "n": fmt.count(row["n"])}
        count = fmt.count(row["operations"])
        if row["provider"] != BASELINE and not fmt.missing(row["multiple"]):
            count += f" ({fmt.significant(row['multiple'])}×)"
        rows.setdefault((row["sweep"], row["scale"]), start)[style_of(row["provider"]).label] = (
            count
        )
    return pd.DataFrame(list(rows.values())).fillna(fmt.NONE)


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    operations = operations_frame(run.costs)
    yield Table("tab-operations", CAPTION, operations, operations_table(operations))


EXHIBIT = Exhibit("tables", 30, RECORDS, make)
