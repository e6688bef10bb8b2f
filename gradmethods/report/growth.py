"""Operations against depth at fixed width, and against width at fixed depth: laws of growth.

The sweeps that are timed grow n as training would. Here one of the two grows alone, so that what a
formula owes to depth is not mixed with what it owes to width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.providers.registry import BASELINE, style_of
from gradmethods.report.captions import COUNTED as HOW
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
        for provider in reversed(COUNTED):  # the baseline first: the others are compared with it
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


def laws_table(laws: pd.DataFrame) -> pd.DataFrame:
    """Write the laws for readers."""
    rows = []
    for row in laws.to_dict("records"):
        direction = DIRECTIONS[row["growing"]]
        rows.append(
            {
                "Growing": row["growing"],
                "Method": style_of(row["provider"]).label,
                "Networks with": direction.where(row["fixed"]),
                "Sizes": fmt.count(row["points"]),
                "Operations": _own(row, direction),
                "÷ backprop's": f"{fmt.significant(row['first'])} – {fmt.significant(row['last'])}",
                "and grows": _growth(row, direction),
            }
        )
    return pd.DataFrame(rows)


def _own(row: Mapping[Any, Any], direction: Direction) -> str:
    if fmt.missing(row["leading"]):
        return "too few sizes" if row["points"] < FEWEST_POINTS else "no clear law"
    if fmt.missing(row["degree"]):
        return _factor(row, "leading", "low", "high", direction)
    number = (
        fmt.significant(row["leading"])
        if row["exact"]
        else fmt.interval(row["leading"], row["low"], row["high"])
    )
    words = f"{number} {_power(direction.letter, int(row['degree']))}".strip()
    return f"{words} + …, exactly" if row["exact"] else f"{words} + …"


def _growth(row: Mapping[Any, Any], direction: Direction) -> str:
    names = ("multiple_leading", "multiple_low", "multiple_high")
    if fmt.missing(row["multiple_leading"]):
        return fmt.NONE
    if fmt.missing(row["multiple_degree"]):
        return f"exponentially, {_factor(row, *names, direction)}"
    middle, low, high = (row[name] for name in names)
    number = fmt.significant(middle) if low == high else fmt.interval(middle, low, high)
    degree = int(row["multiple_degree"])
    if degree == 0:
        return f"to {number}"
    return f"as {number} {_power(direction.letter, degree)}"


def _factor(row: Mapping[Any, Any], *names: Any) -> str:
    *ends, direction = names
    return f"× {fmt.interval(*(row[name] for name in ends))} per {direction.unit}"


def _power(letter: str, degree: int) -> str:
    return "" if degree == 0 else letter + ("", "²", "³")[degree - 1]


FITTED = (
    "A polynomial through every count, of the third degree or less and with two counts more than "
    "its degree at least, is called exact. Otherwise its leading coefficient is that of the "
    "polynomial of lowest degree within 3 % of every count, by least squares of relative "
    "deviations, with the 95 % interval of Student's t; or, where there is none, the factor by "
    "which one more layer or unit multiplies the count, fitted on a log axis to the four largest "
    "sizes or more that lie within 10 % of an exponential."
)

LAWS = Caption(
    "Growth of operations with depth and with width",
    "Scalar operations of the loss and its gradient, while depth d grows at fixed width, and width "
    "w at fixed depth; then the same as a multiple of backprop's, at the smallest and the largest "
    f"size, and how it goes on: to a constant, or as a power, or exponentially. {HOW} {FITTED} "
    "Widths start at 2.",
)
