"""The answer of a run: which method for which n, at what price and to how many digits.

One table at one common size, and a sentence for each way to compute a gradient. The page, the
terminal and the README begin with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.providers.registry import style_of, traits
from gradmethods.report.accuracy_frames import WHOLE
from gradmethods.report.recorded import Recorded
from gradmethods.timing.sweeps import SWEEPS

SWEEP = "width"
"""The sweep in which every method takes part."""

MOST = -np.log10(2.0**-53)
"""Digits of float64: no error can be seen that is smaller."""

Row = dict[str, Any]


def methods_frame(run: Recorded) -> pd.DataFrame:
    """One row per method at the largest size that all of them reached: price, digits, growth.

    Digits are those of the certified problems, the least, the median and the most; where none was
    certified, those of the networks of the sweep against the reference of the run. Empty if no
    network was measured.
    """
    costs = run.costs
    measured = costs[(costs["sweep"] == SWEEP) & (costs["outcome"] == "measured")]
    rows: list[Row] = []
    common = _common(measured)
    slopes = run.slopes[(run.slopes["sweep"] == SWEEP) & (run.slopes["quantity"] == "ratio")]
    laws = {row["provider"]: row for row in slopes.to_dict("records")}
    for provider, own in measured.groupby("provider", sort=False):
        here = own[own["n"] == common]
        row = here.iloc[0] if len(here) else pd.Series(dtype=float)
        law = laws.get(provider, {})
        rows.append(
            {
                "provider": provider,
                "n": common,
                **{name: row.get(name, np.nan) for name in _COLUMNS},
                **_digits(run, str(provider), own),
                **{name: law.get(name, np.nan) for name in ("exponent", "low", "high")},
                "largest": int(own["n"].max()),
                "smallest": int(own["n"].min()),
                "most_ratio": own["ratio"].max(),
                "span": _extremes(own),
            }
        )
    return pd.DataFrame(rows)


_COLUMNS = (
    "gradient_s", "gradient_low_s", "gradient_high_s", "ratio", "ratio_low", "ratio_high",
    "preparation_s",
)  # fmt: skip


def _common(measured: pd.DataFrame) -> int:
    """Return the largest size that most methods, and all of them if there is one, were measured at.

    Examples
    --------
    >>> found = pd.DataFrame({"n": [7, 15, 7, 15, 37], "provider": ["a", "a", "b", "b", "b"]})
    >>> _common(found)
    15
    """
    if not len(measured):
        return 0
    methods = measured.groupby("n")["provider"].nunique()
    return int(methods[methods == methods.max()].index.max())


def _extremes(own: pd.DataFrame) -> str:
    """Write the least and the largest price of a method, with their intervals."""
    ends = [own.loc[own["ratio"].idxmin()], own.loc[own["ratio"].idxmax()]]
    return " to ".join(dict.fromkeys(_price(dict(end)) for end in ends))


def _digits(run: Recorded, provider: str, own: pd.DataFrame) -> Row:
    gradients = run.gradients
    whole = gradients[(gradients["array"] == WHOLE) & (gradients["provider"] == provider)]
    found = whole["digits"].dropna()
    if not len(found):
        with np.errstate(divide="ignore"):
            found = -np.log10(own["error"].dropna().astype(float))
    found = found.clip(upper=MOST)
    names = ("digits_least", "digits", "digits_most")
    ends = (found.min(), found.median(), found.max()) if len(found) else (np.nan,) * 3
    return dict(zip(names, ends, strict=True)) | {"problems": len(whole["digits"].dropna())}


def methods_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the answer for readers."""
    return pd.DataFrame(
        [
            {
                "Method": style_of(row["provider"]).label,
                "Gradient ÷ loss": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
                "Time": fmt.time_interval(
                    row["gradient_s"], row["gradient_low_s"], row["gradient_high_s"]
                ),
                "Prepare, once": fmt.time(row["preparation_s"]),
                "Right digits": _span(row),
                "Gradient ÷ loss ∝": "–"
                if fmt.missing(row["exponent"])
                else f"n^{fmt.exponent(row['exponent'], row['low'], row['high'])}",
                "Measured up to n": fmt.count(row["largest"]),
            }
            for row in frame.to_dict("records")
        ]
    )


def _span(row: Row) -> str:
    if fmt.missing(row["digits"]):
        return fmt.NONE
    least, most = (f"{row[name]:.1f}" for name in ("digits_least", "digits_most"))
    return f"{row['digits']:.1f} [{least}, {most}]"


def sentences(frame: pd.DataFrame) -> list[str]:
    """Say which method for which n, a sentence for each way to compute a gradient.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `methods_frame`.
    """
    rows = frame.to_dict("records") if len(frame) else []
    calls = [row for row in rows if traits(row["provider"]).passes is not None]
    derived = [row for row in rows if traits(row["provider"]).derivation is not None]
    rest = [row for row in rows if row not in calls and row not in derived]
    return [
        words
        for part, own in ((_reverse, rest), (_differences, calls), (_formulas, derived))
        if own
        for words in [part(own)]
    ]


def _reverse(rows: list[Row]) -> str:
    """Speak of what goes through the recorded graph: of the method that stays cheapest."""
    best = min(rows, key=lambda row: (row["most_ratio"] / row["largest"], row["most_ratio"]))
    name = style_of(best["provider"]).label
    return (
        f"{name[:1].upper()}{name[1:]} is for any n, wherever a loss can be recorded: from n = "
        f"{fmt.count(best['smallest'])} to {fmt.count(best['largest'])} a gradient took "
        f"{best['span']} losses, and had {_right(best)}."
    )


def _differences(rows: list[Row]) -> str:
    """Speak of what calls the loss for each parameter."""
    each = ", ".join(
        f"{_price(row)} losses ({_short(row)}, {_range(row)} right digits)" for row in rows
    )
    return (
        "Finite differences are for losses of which only values are to be had, and for small n: at "
        f"n = {fmt.count(rows[0]['n'])} a gradient took {each}, in proportion to n."
    )


def _formulas(rows: list[Row]) -> str:
    """Speak of formulas."""
    each = ", ".join(f"{_price(row)} losses ({_short(row)})" for row in rows)
    times = [row["preparation_s"] for row in rows if not fmt.missing(row["preparation_s"])]
    once = f", after {_between(min(times), max(times))} of deriving" if times else ""
    return (
        f"Formulas are for few parameters, and to be read: at n = {fmt.count(rows[0]['n'])} a "
        f"gradient took {each}{once}, and had "
        f"{_right(min(rows, key=lambda row: row['digits_least']))}."
    )


def _short(row: Row) -> str:
    return traits(row["provider"]).short


def _price(row: Row) -> str:
    return fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"])


def _range(row: Row) -> str:
    if fmt.missing(row["digits"]):
        return fmt.NONE
    least, most = (f"{row[name]:.1f}" for name in ("digits_least", "digits_most"))
    return least if least == most else f"{least} to {most}"


def _right(row: Row) -> str:
    where = f" on {row['problems']} certified problems" if row["problems"] > 1 else ""
    return f"{_range(row)} right digits{where}"


def _between(low: float, high: float) -> str:
    return fmt.time(low) if low == high else f"{fmt.time(low)} to {fmt.time(high)}"


def setting(frame: pd.DataFrame, costs: pd.DataFrame) -> str:
    """Say at what size the methods are compared, and on what."""
    n = int(frame["n"].iloc[0])
    all_there = frame["ratio"].notna().all()
    here = costs[(costs["sweep"] == SWEEP) & (costs["n"] == n)]
    return (
        f"At n = {n:,}, the network {here['network'].iloc[0]}, the largest that "
        f"{'every method' if all_there else 'most methods'} reached in this run; the exponents and "
        f"the last column are of all sizes of the sweep, {SWEEPS[SWEEP].against}."
    )
