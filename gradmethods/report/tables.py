"""Tables for readers: frames of numbers as frames of words, rounded and with units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.providers.registry import BASELINE, style_of
from gradmethods.report.frames import disturbed, folded
from gradmethods.timing.fits import FEWEST_POINTS
from gradmethods.timing.sweeps import get_sweep, letter_of

QUANTITIES = {
    "gradient_s": "time per gradient",
    "ratio": "gradient ÷ loss",
    "preparation_s": "preparation",
    "operations": "operations",
    "gradient_bytes": "memory of a gradient",
}


def costs_table(costs: pd.DataFrame) -> pd.DataFrame:
    """Write the costs for readers, gaps in their places."""
    rows = []
    for row in costs.to_dict("records"):
        gap = row["outcome"] == "gap"
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": row["network"],
                "n": fmt.count(row["n"]),
                "N": fmt.count(row["batch"]),
                "Gradient": fmt.time_interval(
                    row["gradient_s"], row["gradient_low_s"], row["gradient_high_s"]
                ),
                "÷ loss": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
                "Prepare": fmt.time(row["preparation_s"]),
                "Loss calls": fmt.count(row["loss_calls_counted"]),
                "Operations": fmt.count(row["operations"]),
                "Error": fmt.error(row["error"]),
                "Note": fmt.STOPS.get(row["gap"], row["gap"]) if gap else disturbed(row),
            }
        )
    return pd.DataFrame(rows)


def slopes_table(slopes: pd.DataFrame) -> pd.DataFrame:
    """Write the fitted exponents for readers."""
    rows = []
    for row in slopes.to_dict("records"):
        inside = row["theory_inside"]
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Quantity": QUANTITIES[row["quantity"]],
                "Exponent": fmt.exponent(row["exponent"], row["low"], row["high"]),
                "Theory": fmt.NONE if fmt.missing(row["theory"]) else f"{row['theory']:g}",
                "Interval holds theory": fmt.NONE
                if fmt.missing(inside)
                else "yes"
                if inside
                else "no",
                "Fitted sizes": fmt.NONE
                if fmt.missing(row["start"])
                else f"{get_sweep(row['sweep']).grows} = {fmt.count(row['start'])} – "
                f"{fmt.count(row['end'])}",
                "Asymptote from": _asymptote(row),
                "Points": fmt.count(row["points"]),
                "Settled": _settled(row["settled"], row["points"]),
            }
        )
    return pd.DataFrame(rows)


def _asymptote(row: Mapping[Any, Any]) -> str:
    """Say from which size on one power law holds, if the sizes reach it."""
    if fmt.missing(row["start"]):
        return fmt.NONE
    letter = get_sweep(row["sweep"]).grows
    return f"{letter} = {fmt.count(row['start'])}" if row["settled"] else "not reached"


def _settled(value: object, points: int) -> str:
    if fmt.missing(value):
        return "too few sizes" if points < FEWEST_POINTS else "no clear law"
    return "yes" if value else "no"


def operations_table(operations: pd.DataFrame) -> pd.DataFrame:
    """Write the operations of the compiled methods side by side."""
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for row in operations.to_dict("records"):
        start = {"Sweep": row["sweep"], "Problem": row["network"], "n": fmt.count(row["n"])}
        count = fmt.count(row["operations"])
        if row["provider"] != BASELINE and not fmt.missing(row["multiple"]):
            count += f" ({row['multiple']:.2f}×)"
        rows.setdefault((row["sweep"], row["n"]), start)[style_of(row["provider"]).label] = count
    return pd.DataFrame(list(rows.values())).fillna(fmt.NONE)


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write the gaps for readers, reasons in full: successive sizes with one reason in one row."""
    rows = []
    for row in folded(gaps).to_dict("records"):
        several, first = row["last"] > row["size"], fmt.count(row["size"])
        letter = letter_of(row["sweep"])
        span = f"≥ {first}" if row["final"] else f"= {first} – {fmt.count(row['last'])}"
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": f"{row['network']} …" if several and letter == "n" else row["network"],
                "Size": f"{letter} {span if several else f'= {first}'}",
                "Kind": fmt.STOPS.get(row["gap"], row["gap"]),
                "Reason": row["reason"],
            }
        )
    return pd.DataFrame(rows)


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
