"""The comparison's folder: what its records say, and tables and figures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.peers import digits, exhibits, frames
from benchmarks.peers.sentences import FAIR, SETTING, source_line, speed
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    read_origin,
    read_records,
    records_so_far,
    write_text,
)
from gradmethods.output.items import Drawing, Item, Table, Writer
from gradmethods.report.accuracy_frames import planted_frame
from gradmethods.report.cite import name_of_run
from gradmethods.report.exhibit import write_exhibits
from gradmethods.report.report_files import write_listing
from gradmethods.report.sentences import FITS

SPEED = "speed.md"
"""What a README may say of the run, in sentences."""


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


class Restricted(Writer):
    """Writes what was measured without some instructions, which every title says."""

    def write(self, thing: Drawing | Table) -> Item:
        """Write a figure or a table."""
        titled = replace(thing.caption, title=f"{thing.caption.title}, without AVX-512")
        return super().write(replace(thing, caption=titled))


def write_results(out: Path | str) -> list[Path]:
    """Write every table and figure of a comparison from its records alone.

    Parameters
    ----------
    out : path
        Folder of the run.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    GradientError
        If the folder holds no records.
    """
    folder = Path(out)
    accuracy = records_so_far(folder / ACCURACY)
    records = records_so_far(folder / RECORDS) if accuracy else read_records(folder / RECORDS)
    origin = read_origin(folder / PROVENANCE)
    run = name_of_run(folder)
    source = f"{source_line(origin, records)} Run {run}."
    compared = Compared(records, accuracy, seed=(origin or {}).get("seed") or 0)
    writer = Restricted if (origin or {}).get("without") else Writer
    found = write_exhibits(writer(folder, source), exhibits, compared)
    items = [*found.get("tables", []), *found.get("figures", [])]
    how = (SETTING, FAIR, FITS) if records else ()
    listed = write_listing(folder, items, run, origin, source, how)
    if records:
        listed.append(write_text(folder / SPEED, speed(compared.overall, origin)))
    return [*listed, *(folder / file for item in items for file in item.files)]
