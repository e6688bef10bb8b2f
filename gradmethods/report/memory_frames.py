"""Peak memory of the methods as data frames, and how it grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gradmethods.report import cost_frames
from gradmethods.report.quantities import ITEMSIZE
from gradmethods.timing.fits import FEWEST_POINTS, fit_asymptote
from gradmethods.timing.sweeps import SWEEPS, size_of

PARTS = ("preparation", "gradient")

COLUMN = "gradient_bytes"
"""The column whose growth is fitted."""


def memory_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per measured case: peaks in bytes, and as multiples of the parameters' own bytes."""
    measured = [
        record
        for record in records
        if record.get("sweep") in SWEEPS and record.get("outcome") == "measured"
    ]
    names = ["sweep", "provider", "network", "scale", "n", "size", "outcome"]
    costs = cost_frames.costs_frame(measured)[names]
    peaks = {(r["sweep"], r["provider"], size_of(r)[1]): r for r in measured}
    keys = zip(costs["sweep"], costs["provider"], costs["size"], strict=True)
    rows = [peaks[key] for key in keys]
    costs["parameter_bytes"] = ITEMSIZE * costs["n"]
    for part in PARTS:
        found = pd.array([row.get(f"{part}_bytes") for row in rows], dtype="Float64")
        costs[f"{part}_bytes"] = pd.Series(found, dtype="float64")
    for part in PARTS:
        own = costs["parameter_bytes"].astype(float)
        costs[f"{part}_multiple"] = costs[f"{part}_bytes"] / own
    return costs


def slopes_frame(memories: pd.DataFrame) -> pd.DataFrame:
    """Fit how the memory of a gradient grows with n, where enough sizes were traced.

    The columns are those of `gradmethods.report.cost_frames.slopes_frame`; no theory is known, but
    that a gradient holds as much as the parameters.
    """
    rows = []
    traced = memories.dropna(subset=COLUMN)
    for (sweep, provider), group in traced.groupby(["sweep", "provider"], sort=False):
        row = {"sweep": sweep, "provider": provider, "quantity": COLUMN}
        row |= {"points": len(group)}
        size = group["size"].to_numpy(float)
        if np.unique(size).size >= FEWEST_POINTS:
            law = fit_asymptote(size, group[COLUMN].to_numpy(float))
            if law.end >= cost_frames.LEAST_RANGE * law.start:
                names = ("exponent", "low", "high", "points", "settled", "constant")
                row |= {name: getattr(law, name) for name in names}
                row |= {"start": int(law.start), "end": int(law.end)}
        rows.append(row)
    columns = cost_frames.slopes_frame(cost_frames.costs_frame([])).columns
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"start": "Int64", "end": "Int64", "points": "Int64"})
