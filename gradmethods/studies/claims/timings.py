"""The times of a run's records, as claims use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradmethods.timing.fits import FEWEST_POINTS, PowerLaw, fit_asymptote

SWEEPS = ("width", "depth")
NAMES = {"width": "width, 2-h-h-1", "depth": "depth, layers of 8 units"}

DECADE = 10.0
"""Largest size ÷ smallest, at least, of a fit: over less an exponent describes the scatter."""


@dataclass(frozen=True)
class Timing:
    """One measured case: seconds, with the ends of their intervals, and the ratio to the loss."""

    n: int
    ratio: float
    low: float
    high: float
    preparation: float
    gradient: float
    gradient_low: float
    gradient_high: float


def measured(records: Iterable[Mapping[str, Any]], sweep: str, provider: str) -> list[Timing]:
    """Return the cases of a provider in a sweep, by size, without those that were disturbed."""
    found = []
    for record in records:
        same = record.get("sweep") == sweep and record.get("provider") == provider
        if same and record.get("outcome") == "measured" and not record.get("contended"):
            ratio, gradient = record["ratio"], record["gradient"]
            found.append(
                Timing(
                    int(record["n"]), *_ends(ratio), float(record["preparation"]), *_ends(gradient)
                )
            )
    return sorted(found, key=lambda timing: timing.n)


def _ends(estimate: Mapping[str, Any]) -> tuple[float, float, float]:
    """Return median and ends; of a single round the ends are not known."""
    ends = (estimate["median"], estimate["low"], estimate["high"])
    median, low, high = (float("nan") if end is None else float(end) for end in ends)
    return median, low, high


def asymptote(points: Sequence[Timing]) -> PowerLaw | None:
    """Fit the growth of the ratio at large n; None if the sizes are too few or too near."""
    if len({point.n for point in points}) < FEWEST_POINTS:
        return None
    law = fit_asymptote([p.n for p in points], [p.ratio for p in points])
    return law if law.end >= DECADE * law.start else None
