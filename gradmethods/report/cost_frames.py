"""Records of cost as tidy data frames: cases, fits and gaps, times, operations and memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.report.quantities import ITEMSIZE
from gradmethods.timing.cases import PROVIDERS
from gradmethods.timing.fits import FEWEST_POINTS, PowerLaw, fit_asymptote, fit_power_law
from gradmethods.timing.noise_floor import factor
from gradmethods.timing.plan import first_reason
from gradmethods.timing.sweeps import SWEEPS, Sweep, size_of

QUANTITIES = ("gradient_s", "ratio", "preparation_s", "operations")
"""Fitted columns."""

LEAST_RANGE = 10.0
"""Largest size fitted ÷ smallest: over less than a decade an exponent describes the scatter."""

_LAW = ("exponent", "low", "high", "points", "settled", "constant")

_INTEGERS = (
    "n",
    "batch",
    "size",
    "scale",
    "rounds",
    "dropped",
    "calls_per_round",
    "loss_calls_per_round",
    "forward_passes",
    "loss_calls_counted",
    "operations",
    "components",
)


def costs_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per case, measured or not, ordered by sweep, provider and size.

    ``size`` is what grows in the sweep: n, or the number of examples.
    """
    rows = [_cost_row(record) for record in records if record.get("sweep") in SWEEPS]
    frame = pd.DataFrame(rows, columns=list(_cost_row({})))
    frame = frame.astype(dict.fromkeys(_INTEGERS, "Int64"))
    floats = [name for name in frame if name.endswith("_s") or name.startswith("ratio")]
    frame = frame.astype(dict.fromkeys([*floats, "error"], float))
    return _ordered(frame, ["sweep", "provider", "size"])


def disturbed(row: Mapping[str, Any]) -> str:
    """Say in a word or two if other work disturbed a case much; else nothing."""
    if row["contended"]:
        return "contended"
    dropped = 0 if pd.isna(row["dropped"]) else int(row["dropped"])
    return f"{dropped} rounds dropped" if dropped and dropped > row["rounds"] else ""


LARGEST = "of each sweep and method the largest size that was measured"


def problem_of(row: Mapping[Any, Any]) -> str:
    """Name the problem of a row, with its size where neither n nor N says it."""
    letter, size = size_of(row)
    return str(row["network"]) if letter in "nN" else f"{row['network']}, {letter} = {size:,}"


def largest(frame: pd.DataFrame, column: str = "gradient_s") -> list[bool]:
    """Tell of each case whether it is the largest of its sweep and method that has a value."""
    sizes = frame["size"].where(frame[column].notna())
    most = sizes.groupby([frame["sweep"], frame["provider"]]).transform("max")
    return [bool(same) for same in (sizes == most).fillna(value=False)]


def gaps_frame(costs: pd.DataFrame) -> pd.DataFrame:
    """One row per case that could not be run, with its reason."""
    gaps = costs[costs["outcome"] == "gap"]
    return gaps[_GAP].reset_index(drop=True)


_GAP = ["sweep", "provider", "network", "n", "size", "gap", "reason"]


def noise_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Compute the ratio of the loss to itself, per size and moment of the run: truly 1."""
    rows = [
        {"moment": record.get("moment") or "", **_cost_row(record)}
        for record in records
        if record.get("sweep") == "noise"
    ]
    names = [
        "moment", "network", "n", "loss_s", "ratio", "ratio_low", "ratio_high", "rounds",
        "dropped", "contended",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["moment", *_cost_row({})])[names]
    return frame.sort_values(["moment", "n"], ignore_index=True)


def noise(frame: pd.DataFrame) -> float | None:
    """Return the noise floor as a factor: how far an interval of an A/A run reached from 1."""
    return factor(frame[["ratio", "ratio_low", "ratio_high"]].to_numpy(float).ravel())


def slopes_frame(costs: pd.DataFrame) -> pd.DataFrame:
    """Fit exponents of growth, with their intervals, beside those of theory."""
    rows = []
    measured = costs[costs["outcome"] == "measured"]
    for (sweep, provider), group in measured.groupby(["sweep", "provider"], sort=False):
        kind = SWEEPS[str(sweep)]
        for quantity in QUANTITIES:
            # Operations are counted for one example, however many there are.
            if quantity == "operations" and kind.grows == "N":
                continue
            points = group[["size", quantity]].dropna().astype(float)
            points = points[points[quantity] > 0]
            if not len(points):  # The method has no such quantity.
                continue
            theory = theoretical(kind, str(provider), quantity)
            row = {"sweep": sweep, "provider": provider, "quantity": quantity, "theory": theory}
            row["points"] = len(points)
            # With too few sizes, the row has no exponent, and so shows that one is missing.
            law = _law(points["size"].to_numpy(float), points[quantity].to_numpy())
            # Preparation may be mostly overhead: unless it grows by a law, or by a decade along a
            # line that bends little, its exponent means nothing.
            steep = points[quantity].max() >= LEAST_RANGE * points[quantity].min()
            grows = law is not None and law.low > (0 if law.settled else law.exponent / 2)
            grows &= law is not None and (law.settled or steep)
            if law is not None and (grows or quantity != "preparation_s"):
                row |= {name: getattr(law, name) for name in _LAW}
                row |= {"start": int(law.start), "end": int(law.end)}
                row["theory_inside"] = None if theory is None else law.low <= theory <= law.high
            rows.append(row)
    columns = [
        "sweep", "provider", "quantity", "exponent", "low", "high", "theory", "theory_inside",
        "start", "end", "points", "settled", "constant",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"start": "Int64", "end": "Int64", "points": "Int64"})


def theoretical(sweep: Sweep, provider: str, quantity: str) -> float | None:
    """Return the exponent that theory knows for large sizes, or None.

    The time of a gradient grows as the ratio does, and as a pass takes longer besides.
    """
    ratio = sweep.ratio_exponent(provider)
    added = {"ratio": 0.0, "gradient_s": sweep.work}.get(quantity)
    return None if ratio is None or added is None else ratio + added


def _law(n: NDArray[np.float64], values: NDArray[np.float64]) -> PowerLaw | None:
    """Fit the asymptote, if it has sizes enough and they are far enough apart."""
    if np.unique(n).size < FEWEST_POINTS:
        return None
    law = fit_asymptote(n, values)
    if law.end >= LEAST_RANGE * law.start:
        return law
    # A law over less than a decade gives way to one over a decade, even if that bends.
    wide = int(np.count_nonzero(n > n.max() / LEAST_RANGE)) + 1
    return fit_power_law(n, values, last=wide) if wide <= n.size else None


def stops(costs: pd.DataFrame, sweep: str) -> dict[str, tuple[int | None, str, str]]:
    """Tell where each provider stopped in a sweep: largest size measured, kind of gap, reason."""
    found = {}
    for provider, group in costs[costs["sweep"] == sweep].groupby("provider", sort=False):
        gaps = group[group["outcome"] == "gap"]
        done = group[group["outcome"] == "measured"]
        if len(gaps):
            largest = int(done["size"].max()) if len(done) else None
            first = gaps.iloc[0]
            found[str(provider)] = (largest, str(first["gap"]), str(first["reason"]))
    return found


def folded(gaps: pd.DataFrame) -> pd.DataFrame:
    """Fold successive gaps of a provider that have one reason, from ``size`` to ``last``."""
    rows: list[dict[Any, Any]] = []
    for row in gaps.to_dict("records"):
        row |= {"reason": first_reason(row["reason"]), "last": row["size"]}
        same = ("sweep", "provider", "gap", "reason")
        if rows and all(rows[-1][name] == row[name] for name in same):
            rows[-1]["last"] = row["size"]
        else:
            rows.append(row)
    frame = pd.DataFrame(rows, columns=[*gaps.columns, "last"])
    frame["final"] = ~frame.duplicated(["sweep", "provider"], keep="last")
    return frame


def _cost_row(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("sweep", "provider", "network", "scale", "n", "batch", "outcome")
    row: dict[str, Any] = {name: record.get(name) for name in names}
    _, row["size"] = size_of(row)
    for quantity, unit in (("gradient", "_s"), ("loss", "_s"), ("ratio", "")):
        estimate = record.get(quantity) or {}
        row[f"{quantity}{unit}"] = estimate.get("median")
        for end in ("low", "high", "minimum"):
            row[f"{quantity}_{end}{unit}"] = estimate.get(end)
    return row | {
        "rounds": record.get("rounds"),
        "dropped": record.get("dropped"),
        "contended": bool(record.get("contended")),
        "calls_per_round": record.get("gradient_calls"),
        "loss_calls_per_round": record.get("loss_calls"),
        "preparation_s": record.get("preparation"),
        "forward_passes": record.get("forward_passes"),
        "loss_calls_counted": record.get("loss_calls_per_gradient"),
        "operations": record.get("operations"),
        "error": _number(record.get("error")),
        "reference": record.get("reference"),
        "components": record.get("components"),
        "gap": record.get("kind"),
        "reason": record.get("reason"),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _ordered(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sort with sweeps and providers in the suite's order, strangers after them."""
    ranks = {"sweep": tuple(SWEEPS), "provider": PROVIDERS}

    def key(column: pd.Series) -> pd.Series:
        known = ranks.get(str(column.name))
        if known is None:
            return column
        strangers = sorted(set(column) - set(known))
        return column.map({name: rank for rank, name in enumerate([*known, *strangers])})

    return frame.sort_values(by, key=key, ignore_index=True, kind="stable")


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
    costs = costs_frame(measured)[names]
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


def memory_slopes_frame(memories: pd.DataFrame) -> pd.DataFrame:
    """Fit how the memory of a gradient grows with n, where enough sizes were traced.

    The columns are those of `slopes_frame`; no theory is known, but
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
            if law.end >= LEAST_RANGE * law.start:
                names = ("exponent", "low", "high", "points", "settled", "constant")
                row |= {name: getattr(law, name) for name in names}
                row |= {"start": int(law.start), "end": int(law.end)}
        rows.append(row)
    columns = slopes_frame(costs_frame([])).columns
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"start": "Int64", "end": "Int64", "points": "Int64"})
