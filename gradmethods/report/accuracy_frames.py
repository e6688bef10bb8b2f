"""Records of an accuracy run as tidy data frames, and as cells of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from gradmethods.comparison.kills import COLUMNS
from gradmethods.output import format as fmt
from gradmethods.providers.registry import style_of
from gradmethods.studies.accuracy.survey import VARIANTS
from gradmethods.truth.measures import Measures

Records = Iterable[Mapping[str, Any]]

WHOLE = "(all)"
"""Stands for all parameter arrays together, as in the records."""

WIDEST = 0.1
"""The widest step of a sweep; that of theory may be wider, and then no measured one can be so."""

UNJUDGED = {"obstacle": "no truth", "error": "failed"}
"""The entry of the verdict column where no verdict was given, by the kind of gap."""

_CURVE = ("problem", "dtype", "scheme", "provider", "n", "components")
_ABOUT = ("problem", "dtype", "n", "components")
_MEASURED = tuple(x.name for x in fields(Measures) if x.type == "float")
_COUNTED = tuple(x.name for x in fields(Measures) if x.type == "int" and x.name != "n")
_MEASURES = (*_MEASURED, "bound", "excess")
_COST = ("gradient_s", "gradient_low_s", "gradient_high_s", "ratio")

HARD_CASE = [
    "case", "provider", "n", "dtype", "value", "outcome", "digits", "error", "gives", "truth",
    "certified_digits", "refusal", "marked", "why", "expected",
]  # fmt: skip
"""Columns of the frame of hard cases."""

FORMER = {
    "within bound": "right",
    "beyond bound": "wrong",
    "not finite": "wrong",
    "unresolved": "not decided",
}
"""What verdicts are called in the records of earlier runs."""


def references_frame(records: Records) -> pd.DataFrame:
    """One row per problem and parameter array, and for all: what is certified, and conditioning."""
    columns = [
        *_ABOUT, "array", "array_n", "norm", "condition", "amplification", "value", "digits",
        "component_digits", "bits", "seconds", "outcome", "reason",
    ]  # fmt: skip
    rows = []
    for record in of_kind(records, "reference"):
        shared = {name: record.get(name) for name in columns}
        arrays = record.get("arrays") or [{"array": WHOLE}]
        rows += [_with(shared, array) for array in arrays]
    frame = pd.DataFrame(rows, columns=columns)
    floats = ["norm", "condition", "amplification", "value", "component_digits", "seconds"]
    return _typed(frame, floats, ["n", "components", "array_n", "digits", "bits"])


def gradients_frame(records: Records) -> pd.DataFrame:
    """One row per problem, provider and parameter array, and for all: errors, bound and verdict.

    A provider without a gradient has one row, with its reason.
    """
    columns = [
        *_ABOUT, "provider", "array", "array_n", *_MEASURES, *_COUNTED, "verdict", "verdict_all",
        "reason", "forward_passes", "unresolved", "preparation_s", *_COST,
        "contended",
    ]  # fmt: skip
    rows = []
    for record in of_kind(records, "gradient"):
        shared = {name: record.get(name) for name in columns}
        shared["verdict_all"] = record.get("verdict") or UNJUDGED.get(record["gap"], "not run")
        shared["preparation_s"] = record.get("preparation")
        shared |= _cost(record.get("cost") or {})
        arrays = record.get("arrays") or [{"array": WHOLE, "verdict": shared["verdict_all"]}]
        rows += [_with(shared, array) for array in arrays]
    frame = _ordered(pd.DataFrame(rows, columns=columns))
    for column in ("verdict", "verdict_all"):
        frame[column] = frame[column].replace(FORMER)
    integers = ["n", "components", "array_n", *_COUNTED, "forward_passes"]
    integers += ["unresolved"]
    return _typed(frame, [*_MEASURES, *_COST, "preparation_s"], integers)


def matrix_frame(gradients: pd.DataFrame, column: str) -> pd.DataFrame:
    """Lay a column of the whole gradients out as providers × problems."""
    whole = gradients[gradients["array"] == WHOLE]
    wide = whole.pivot_table(
        index="provider", columns="problem", values=column, sort=False, dropna=False
    )
    return wide.reset_index()


def points_frame(records: Records) -> pd.DataFrame:
    """One row per problem, dtype, scheme and step of a sweep."""
    columns = [*_CURVE, "step", "error", "worst", "median", "predicted", "passes", "lost"]
    rows = [
        {name: record[name] for name in _CURVE} | point
        for record in of_kind(records, "atlas")
        if record["outcome"] == "measured"
        for point in record["points"]
    ]
    floats = ["step", "error", "worst", "median", "predicted"]
    return _typed(pd.DataFrame(rows, columns=columns), floats, ["n", "components", "passes"])


def steps_frame(records: Records) -> pd.DataFrame:
    """One row per problem, dtype and scheme: best, theoretical and default step."""
    kinds = {"best": (), "theory": ("predicted",), "default": ("step_low", "step_high")}
    named = {
        f"{kind}_{name}": (kind, name)
        for kind, more in kinds.items()
        for name in ("step", "error", "passes", *more)
    }
    rows = [
        {name: record[name] for name in _CURVE}
        | {column: (record[kind] or {}).get(name) for column, (kind, name) in named.items()}
        | {name: record[name] for name in ("noise", "bend", "slope")}
        | {"least_error": record["least"]}
        for record in of_kind(records, "atlas")
        if record["outcome"] == "measured"
    ]
    columns = [*_CURVE, *named, "least_error", "noise", "bend", "slope"]
    integers = [name for name in columns if name.endswith("passes")]
    floats = [name for name in columns if name not in (*_CURVE, *integers)]
    frame = _typed(pd.DataFrame(rows, columns=columns), floats, ["n", "components", *integers])
    frame["step_ratio"] = frame["theory_step"] / frame["best_step"]
    frame["default_ratio"] = frame["default_error"] / frame["least_error"]
    return frame


def has_theory(steps: pd.DataFrame) -> pd.Series:
    """Tell where theory names a best step among those that were measured."""
    return (steps["best_step"] > 0) & (steps["theory_step"] > 0) & (steps["theory_step"] <= WIDEST)


def gaps_frame(records: Records) -> pd.DataFrame:
    """One row per piece of work that left no result, with its reason."""
    columns = ["kind", "problem", "provider", "dtype", "scheme", "gap", "reason"]
    rows = [record for record in records if record["outcome"] == "gap"]
    return pd.DataFrame([{name: r.get(name) for name in columns} for r in rows], columns=columns)


def of_kind(records: Records, kind: str) -> list[Mapping[str, Any]]:
    """Return the records of one kind."""
    return [record for record in records if record["kind"] == kind]


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by problem and method: what takes long is done last, and must not stand last."""
    problems = {name: rank for rank, name in enumerate(dict.fromkeys(frame["problem"]))}
    methods = {name: rank for rank, name in enumerate([*VARIANTS, *frame["provider"]][::-1])}

    def key(column: pd.Series) -> pd.Series:
        return column.map(problems) if column.name == "problem" else -column.map(methods)

    return frame.sort_values(["problem", "provider"], key=key, kind="stable", ignore_index=True)


def _with(shared: Mapping[str, Any], array: Mapping[str, Any]) -> dict[str, Any]:
    """Join what a record says of a parameter array to what it says of all; both have an n."""
    return {**shared, **array, "array_n": array.get("n"), "n": shared["n"]}


def _cost(cost: Mapping[str, Any]) -> dict[str, Any]:
    gradient = cost.get("gradient") or {}
    return {
        "gradient_s": gradient.get("median"),
        "gradient_low_s": gradient.get("low"),
        "gradient_high_s": gradient.get("high"),
        "ratio": (cost.get("ratio") or {}).get("median"),
        "contended": bool(cost.get("contended")),
    }


def _typed(frame: pd.DataFrame, floats: list[str], integers: list[str]) -> pd.DataFrame:
    """Give columns their types; infinities came as words, as JSON has none."""
    frame[floats] = frame[floats].apply(pd.to_numeric).astype(np.float64)
    return frame.astype(dict.fromkeys(integers, "Int64"))


def planted_frame(records: Records) -> pd.DataFrame:
    """One row per problem and planted gradient, from `gradmethods.comparison.kills.kill_table`."""
    rows = [row for record in of_kind(records, "planted") for row in record.get("rows") or ()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    numbers = ["change", "amount"]
    frame[numbers] = frame[numbers].apply(pd.to_numeric).astype(float)
    return frame


def hard_cases_frame(records: Records) -> pd.DataFrame:
    """One row per hard case and method, from `gradmethods.studies.accuracy.hard_cases`."""
    rows = [row for record in of_kind(records, "gallery") for row in record.get("rows", ())]
    frame = pd.DataFrame(rows, columns=HARD_CASE)
    floats = ["value", "digits", "error", "certified_digits"]  # JSON has infinities as words.
    frame[floats] = frame[floats].apply(pd.to_numeric)
    frame["marked"] = pd.to_numeric(frame["marked"]).fillna(0)  # Older runs mark nothing.
    return frame.astype({"n": "Int64", "certified_digits": "Int64", "marked": "Int64"})


WORDS = {"obstacle": "refused", "not run": "not run", "right": ""}
"""The words for verdicts in table cells; a right answer shows its number alone."""


def matrix(gradients: pd.DataFrame, cell: Callable[[dict[Any, Any]], str]) -> pd.DataFrame:
    """Lay whole gradients out as methods × problems, each in a word or two."""
    rows: dict[str, dict[str, str]] = {}
    for row in gradients[gradients["array"] == WHOLE].to_dict("records"):
        label = style_of(row["provider"]).label
        rows.setdefault(label, {"Method": label})[row["problem"]] = _cell(row, cell)
    return pd.DataFrame(list(rows.values())).fillna(fmt.NONE)


def _cell(row: dict[Any, Any], cell: Any) -> str:
    verdict = row["verdict"] if isinstance(row["verdict"], str) else "not run"
    if fmt.missing(row["error"]):
        return WORDS.get(verdict, verdict)
    word = WORDS.get(verdict, verdict)
    return f"{cell(row)} ({word})" if word else str(cell(row))


def ulps_text(value: float) -> str:
    """Write units in the last place: plain while few, a magnitude when many.

    Examples
    --------
    >>> [ulps_text(x) for x in (0.0, 0.55, 16.2, 3.7e9, 1e11, float("inf"))]
    ['0', '0.55', '16', '4e9', '1e11', 'inf']
    """
    if fmt.missing(value):
        return fmt.NONE
    if value == 0 or not value < float("inf"):
        return f"{value:g}"
    return (
        fmt.significant(value, 2)
        if value < 999.5
        else f"{value:.0e}".replace("e+", "e").replace("e0", "e")
    )


def size_text(row: dict[Any, Any]) -> str:
    """Write the number of parameters, and of those that were looked at if they are fewer."""
    n, sample = fmt.count(row["n"]), fmt.count(row["components"])
    return n if sample in (n, fmt.NONE) else f"{sample} of {n}"


def dense(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop a column of reasons that gives none."""
    if "Reason" in frame and not any(frame["Reason"]):
        return frame.drop(columns="Reason")
    return frame


def share(part: int, whole: int) -> str:
    """Write how many of how many."""
    return f"{part:,} of {whole:,}" if whole else fmt.NONE
