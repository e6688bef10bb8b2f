"""Peak memory of preparing and of one gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import LARGEST, PARTS, largest
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.quantities import ITEMSIZE
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import PEAKS, UNTRACED
from gradmethods.timing.sweeps import SWEEPS

CAPTION = Caption(
    "Peak memory of preparing and of one gradient",
    f"In brackets as a multiple of the parameters' own bytes, {ITEMSIZE} each. {PEAKS} A "
    f"dash: not traced. {UNTRACED}.",
)


def memory_table(memories: pd.DataFrame) -> pd.DataFrame:
    """Write the peaks for readers."""
    return pd.DataFrame(
        [
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": row["network"],
                "Size": f"{SWEEPS[row['sweep']].grows} = {fmt.count(row['size'])}",
                "Parameters": fmt.memory(row["parameter_bytes"]),
                **{part.capitalize(): _peak(row, part) for part in PARTS},
            }
            for row in memories.to_dict("records")
        ]
    )


def _peak(row: Mapping[Any, Any], part: str) -> str:
    size, multiple = row[f"{part}_bytes"], row[f"{part}_multiple"]
    return fmt.NONE if fmt.missing(size) else f"{fmt.memory(size)} ({fmt.significant(multiple)}×)"


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    yield Table(
        "tab-memory", CAPTION, run.memories, memory_table(run.memories),
        largest(run.memories, "gradient_bytes"), LARGEST,
    )  # fmt: skip


EXHIBIT = Exhibit("tables", 40, RECORDS, make)
