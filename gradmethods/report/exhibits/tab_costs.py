"""Cost and error of every case, gaps in their places."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import LARGEST, disturbed, largest, problem_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import ERRORS, INTERVALS, ROUNDS, SETTING

CAPTION = Caption(
    "Cost and error of every case",
    "Loss calls: how often one gradient called the loss, counted by a wrapper outside of the "
    "timed rounds wherever a gradient takes less than a second; compiled methods replay what "
    "they recorded and never call it. One call of finite differences is for the value.",
    (SETTING, ROUNDS, INTERVALS, ERRORS),
)


def costs_table(costs: pd.DataFrame) -> pd.DataFrame:
    """Write the costs for readers, gaps in their places."""
    rows = []
    for row in costs.to_dict("records"):
        gap = row["outcome"] == "gap"
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": problem_of(row),
                "n": fmt.count(row["n"]),
                "N": fmt.count(row["batch"]),
                "Gradient": fmt.time_interval(
                    row["gradient_s"], row["gradient_low_s"], row["gradient_high_s"]
                ),
                "÷ loss": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
                "Prepare": fmt.time(row["preparation_s"]),
                "Loss calls": fmt.count(row["loss_calls_counted"]),
                "Operations": fmt.count(row["operations"]),
                "Error": fmt.error(row["error"]),
                "Note": fmt.STOPS.get(row["gap"], row["gap"]) if gap else disturbed(row),
            }
        )
    return pd.DataFrame(rows)


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    yield Table(
        "tab-costs", CAPTION, run.costs, costs_table(run.costs), largest(run.costs), LARGEST
    )


EXHIBIT = Exhibit("tables", 20, RECORDS, make)
