"""What a run recorded, as data frames that the exhibits share: each is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY, CLAIMS, RECORDS
from gradmethods.report import accuracy_frames, cost_frames, count_frames

Records = Sequence[Mapping[str, Any]]


class Recorded:
    """The records of a run, and the data frames that follow from them.

    Parameters
    ----------
    records, accuracy, claims : sequence of dict
        Of cost, of accuracy and of the ledger of claims; any may be empty.
    """

    def __init__(self, records: Records = (), accuracy: Records = (), claims: Records = ()) -> None:
        self.records, self.accuracy, self.claims = list(records), accuracy, claims

    def has(self, file: str) -> bool:
        """Tell whether the run has records in the file of this name."""
        files = {RECORDS: self.records, ACCURACY: self.accuracy, CLAIMS: self.claims}
        return bool(files[file])

    def partly(self, caption: Caption, kind: str, things: str) -> Caption:
        """Say in a title of how many pieces of work on accuracy, of a kind, there is a result."""
        outcomes = [r["outcome"] for r in self.accuracy if r.get("kind") == kind]
        done, asked = outcomes.count("measured"), len(outcomes)
        if done == asked:
            return caption
        return replace(caption, title=f"{caption.title} ({done} of {asked} {things})")

    @cached_property
    def costs(self) -> pd.DataFrame:
        """One row per case, measured or not."""
        return cost_frames.costs_frame(self.records)

    @cached_property
    def slopes(self) -> pd.DataFrame:
        """Fitted exponents of times, ratios and operations."""
        return cost_frames.slopes_frame(self.costs)

    @cached_property
    def noise(self) -> pd.DataFrame:
        """The loss timed against itself."""
        return cost_frames.noise_frame(self.records)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Operations by width and depth."""
        return count_frames.counts_frame(self.records)

    @cached_property
    def memories(self) -> pd.DataFrame:
        """Peaks of memory."""
        return cost_frames.memory_frame(self.records)

    @cached_property
    def memory_slopes(self) -> pd.DataFrame:
        """Fitted exponents of memory."""
        return cost_frames.memory_slopes_frame(self.memories)

    @cached_property
    def references(self) -> pd.DataFrame:
        """What is certified."""
        return accuracy_frames.references_frame(self.accuracy)

    @cached_property
    def gradients(self) -> pd.DataFrame:
        """Errors, bounds and verdicts."""
        return accuracy_frames.gradients_frame(self.accuracy)

    @cached_property
    def points(self) -> pd.DataFrame:
        """Errors of differences, step by step."""
        return accuracy_frames.points_frame(self.accuracy)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """Best, theoretical and default steps."""
        return accuracy_frames.steps_frame(self.accuracy)

    @cached_property
    def hard_cases(self) -> pd.DataFrame:
        """What each method gives on the hard cases."""
        return accuracy_frames.hard_cases_frame(self.accuracy)

    @cached_property
    def planted(self) -> pd.DataFrame:
        """Which planted mistakes were caught."""
        return accuracy_frames.planted_frame(self.accuracy)
