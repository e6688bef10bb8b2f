"""Operations against depth at fixed width, and against width at fixed depth: laws of growth.

The sweeps that are timed grow n as training would. Here one of the two grows alone, so that what a
formula owes to depth is not mixed with what it owes to width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradmethods.providers.registry import BASELINE
from gradmethods.timing.cases import COUNTED, Case
from gradmethods.timing.fits import FEWEST_POINTS
from gradmethods.timing.laws import Law, fit_count


@dataclass(frozen=True)
class Direction:
    """What grows, and what stays: columns, the letter in formulas, and words for a reader.

    Attributes
    ----------
    least : int
        Of what grows. A sum over the only unit of a layer is none: it takes no addition, and no law
        of wider layers holds for it.
    """

    growing: str
    fixed: str
    letter: str
    unit: str
    least: int

    def where(self, value: int) -> str:
        """Name the networks in which one of the two is fixed."""
        if self.fixed == "width":
            return f"{value} unit{'s' * (value > 1)} a layer"
        return f"{value} hidden layer{'s' * (value > 1)}"


DIRECTIONS = {
    "depth": Direction("depth", "width", "d", "layer", 1),
    "width": Direction("width", "depth", "w", "unit", 2),
}
FIXED = (1, 2, 3)
"""Widths and depths of which a row stands in the table however few sizes there are."""

_OWN = ("degree", "leading", "low", "high", "exact", "start", "end")


def counts_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Operations per provider, width and depth, and as a multiple of backprop's.

    Timed cases count as well: their programs are the same.
    """
    rows = {}
    for record in records:
        sweep = str(record.get("sweep"))
        if record.get("operations") and (sweep in DIRECTIONS or sweep.startswith("count-")):
            case = Case(sweep, record["provider"], record["scale"])
            rows[case.provider, *case.hidden] = (case.network, case.n, record["operations"])
    names = ["provider", "width", "depth", "network", "n", "operations"]
    frame = pd.DataFrame([(*key, *rows[key]) for key in sorted(rows)], columns=names)
    place = ["width", "depth"]
    base = frame[frame["provider"] == BASELINE].set_index(place)["operations"]
    joined = frame.join(base.rename("backprop"), on=place)
    return joined.assign(multiple=joined["operations"] / joined["backprop"])


def gaps_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per network that could not be counted, with its reason, like that of timed cases.

    The million passes are one, if there was no time for them.
    """
    names = {"sweep": "sweep", "provider": "provider", "network": "network", "n": "n"}
    names |= {"kind": "gap", "reason": "reason"}
    rows = [
        {column: record.get(name) for name, column in names.items()}
        for record in records
        if str(record.get("sweep")).startswith(("count-", "million")) and record["outcome"] == "gap"
    ]
    frame = pd.DataFrame(rows, columns=list(names.values())).astype({"n": "Int64"})
    frame.insert(4, "size", frame["n"])
    return frame.sort_values(["sweep", "provider", "n"], ignore_index=True)


def laws_frame(counts: pd.DataFrame) -> pd.DataFrame:
    """Fit the growth of every method's operations, and of their multiple of backprop's.

    Where both are polynomials, the multiple grows in the end as their quotient does: by the
    difference of the degrees, with the quotient of the leading coefficients.
    """
    rows = []
    for name, direction in DIRECTIONS.items():
        fitted: dict[tuple[str, int], Law] = {}
        for provider in reversed(COUNTED):  # The others are compared with the baseline.
            own = counts[counts["provider"] == provider]
            for key, group in own.groupby(direction.fixed):
                fixed = int(str(key))
                points = group[group[name] >= direction.least].sort_values(name)
                few = len(points) < FEWEST_POINTS and fixed not in FIXED
                if few or not len(points):
                    continue
                row = {"growing": name, "provider": provider, "fixed": fixed, "points": len(points)}
                row |= {"first": points["multiple"].iloc[0], "last": points["multiple"].iloc[-1]}
                if len(points) >= FEWEST_POINTS:
                    law = fitted[provider, fixed] = fit_count(points[name], points["operations"])
                    row |= {field: getattr(law, field) for field in _OWN}
                    row |= _multiple(law, fitted.get((BASELINE, fixed)))
                rows.append(row)
    names = [
        "growing", "provider", "fixed", "points", "first", "last", *_OWN, "multiple_degree",
        "multiple_leading", "multiple_low", "multiple_high",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names)
    whole = ["degree", "start", "end", "multiple_degree"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _multiple(law: Law, backprop: Law | None) -> dict[str, Any]:
    if backprop is None or backprop.degree is None or not backprop.exact:
        return {}
    over = 1.0 if law.degree is None else backprop.leading
    found: dict[str, Any] = {
        f"multiple_{end}": getattr(law, end) / over for end in ("leading", "low", "high")
    }
    if law.degree is not None:
        found["multiple_degree"] = law.degree - backprop.degree
    return found
