"""What a comparison with peers recorded, as data frames that its exhibits share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from benchmarks.peers import frames
from gradmethods.output.files import RECORDS


class Compared:
    """The records of a comparison, and the data frames that follow from them.

    Parameters
    ----------
    records : sequence of dict
        One per case and contender.
    seed : int
        Of the resampling of rounds.
    """

    def __init__(self, records: Sequence[Mapping[str, Any]], seed: int) -> None:
        self.records, self.seed = records, seed

    def has(self, file: str) -> bool:
        """Tell whether there are records in the file of this name."""
        return file == RECORDS and bool(self.records)

    @cached_property
    def times(self) -> pd.DataFrame:
        """One row per case and contender."""
        return frames.times_frame(self.records)

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """One row per case, provider of ours and peer."""
        return frames.ratios_frame(self.records)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Ours ÷ theirs over all sizes."""
        return frames.overall_frame(self.records, seed=self.seed)
