"""What a comparison with peers recorded, as data frames that its exhibits share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from benchmarks.peers import digits, frames
from gradmethods.output.files import ACCURACY, RECORDS
from gradmethods.report.accuracy_frames import planted_frame

Records = Sequence[Mapping[str, Any]]


class Compared:
    """The records of a comparison, and the data frames that follow from them.

    Parameters
    ----------
    records : sequence of dict
        One per case and contender.
    accuracy : sequence of dict
        What was judged: of digits, hard cases and planted mistakes.
    seed : int
        Of the resampling of rounds.
    """

    def __init__(self, records: Records, accuracy: Records = (), *, seed: int = 0) -> None:
        self.records, self.accuracy, self.seed = records, accuracy, seed

    def has(self, file: str) -> bool:
        """Tell whether there are records in the file of this name."""
        return bool({RECORDS: self.records, ACCURACY: self.accuracy}[file])

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

    @cached_property
    def exponents(self) -> pd.DataFrame:
        """How the time of a gradient grows with n."""
        return frames.exponents_frame(self.times)

    @cached_property
    def digits(self) -> pd.DataFrame:
        """What each method gave on each problem and hard case."""
        return digits.digits_frame(self.accuracy)

    @cached_property
    def planted(self) -> pd.DataFrame:
        """Which planted mistakes each checker caught."""
        return planted_frame(self.accuracy)
