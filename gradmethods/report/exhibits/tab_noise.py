"""The noise floor: the loss timed against itself."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.cost_frames import disturbed
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import INTERVALS, ROUNDS

CAPTION = Caption(
    "Noise floor",
    "The loss timed against itself, at the start and the end of the run. The true ratio is 1: "
    "smaller differences between methods than those found here mean nothing.",
    (ROUNDS, INTERVALS),
)


def noise_table(noise: pd.DataFrame) -> pd.DataFrame:
    """Write the A/A runs for readers."""
    rows = [
        {
            "Run": row["moment"],
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Loss": fmt.time(row["loss_s"]),
            "Loss ÷ loss": "{:.3f} [{:.3f}, {:.3f}]".format(
                *(row[name] or float("nan") for name in ("ratio", "ratio_low", "ratio_high"))
            ),
            "Rounds": fmt.count(row["rounds"]),
            "Note": disturbed(row),
        }
        for row in noise.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    yield Table("tab-noise", CAPTION, run.noise, noise_table(run.noise))


EXHIBIT = Exhibit("reading", 10, RECORDS, make)
