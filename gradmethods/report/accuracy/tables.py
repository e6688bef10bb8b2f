"""Tables of accuracy for readers: frames of numbers as frames of words, rounded and with units."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.providers.registry import style_of, traits
from gradmethods.report.accuracy.frames import WHOLE, WIDEST

WORDS = {"obstacle": "refused", "not run": "not run", "right": ""}
"""The words for verdicts in table cells; a right answer shows its number alone."""

KINDS = {
    "reference": "certified gradient",
    "gradient": "accuracy",
    "planted": "planted mistakes",
    "gallery": "hard case",
    "atlas": "step sizes",
}
"""What records are about, in words."""


def certified_table(references: pd.DataFrame) -> pd.DataFrame:
    """Write what is certified for readers: a row per problem."""
    rows = [
        {
            "Problem": row["problem"],
            "n": _size(row),
            "Digits": fmt.count(row["digits"]),
            "Digits, worst component": fmt.count(row["component_digits"]),
            "Bits": fmt.count(row["bits"]),
            "Time": fmt.time(row["seconds"]),
            "Condition": fmt.significant(row["condition"], 2),
            "Condition, worst component": fmt.significant(row["amplification"], 2),
            "Reason": row["reason"] if isinstance(row["reason"], str) else "",
        }
        for row in references[references["array"] == WHOLE].to_dict("records")
    ]
    return _dense(pd.DataFrame(rows))


def digits_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write correct digits as methods × problems; a word where the bound is broken, or nothing."""
    return _matrix(gradients, lambda row: f"{row['digits']:.1f}")


def ulps_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write median and worst errors in units in the last place as methods × problems."""
    return _matrix(
        gradients, lambda row: f"{_ulps(row['ulps_median'])} / {_ulps(row['ulps_worst'])}"
    )


def bounds_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write the largest error ÷ bound of a component as methods × problems."""
    return _matrix(gradients, lambda row: fmt.significant(row["excess"], 2))


def accuracy_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write every measure for readers: a row per problem, method and parameter array.

    A bare array is all there is of its problem: it has no row beside that of the whole.
    """
    rows = [
        {
            "Problem": row["problem"],
            "Method": style_of(row["provider"]).label,
            "Array": row["array"],
            "n": fmt.count(row["array_n"]),
            "Error": fmt.error(row["error"]),
            "Bound": fmt.error(row["bound"]),
            "Error ÷ bound": fmt.significant(row["excess"], 2),
            "Worst component": fmt.error(row["worst"]),
            "ULPs median": _ulps(row["ulps_median"]),
            "99 %": _ulps(row["ulps_99"]),
            "worst": _ulps(row["ulps_worst"]),
            "Digits": fmt.NONE if fmt.missing(row["digits"]) else f"{row['digits']:.1f}",
            "1 − cosine": fmt.error(1 - row["cosine"]),
            "Wrong signs": fmt.count(row["wrong_signs"]),
            "Passes": fmt.count(row["forward_passes"]),
            "Unresolved": fmt.count(row["unresolved"]) if row["unresolved"] else fmt.NONE,
            "Verdict": row["verdict"] if isinstance(row["verdict"], str) else "not run",
            "Reason": _reason(row),
        }
        for row in gradients[gradients["array"] != ""].to_dict("records")
    ]
    return pd.DataFrame(rows)


def steps_table(steps: pd.DataFrame) -> pd.DataFrame:
    """Write best, theoretical and default steps for readers."""
    rows = []
    for row in steps.to_dict("records"):
        narrow = row["theory_step"] <= WIDEST
        rows.append(
            {
                "Problem": row["problem"],
                "dtype": row["dtype"],
                "Scheme": traits(row["provider"]).short,
                "Best step": fmt.error(row["best_step"]),
                "in theory": fmt.error(row["theory_step"]) if narrow else _wider(row),
                "Theory ÷ measured": fmt.significant(row["step_ratio"], 2) if narrow else fmt.NONE,
                "Default step": _range(row),
                "Least error": fmt.error(row["least_error"]),
                "by theory's step": fmt.error(row["theory_error"]),
                "predicted": fmt.error(row["theory_predicted"]),
                "by default": fmt.error(row["default_error"]),
                "Default ÷ least": fmt.significant(row["default_ratio"], 2),
                "Passes": fmt.count(row["default_passes"]),
            }
        )
    return pd.DataFrame(rows)


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write what was not done, with the reasons."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in gaps.to_dict("records"):
        what = KINDS.get(row["kind"], row["kind"])
        key = (what, row["problem"], row["reason"])
        entry = rows.setdefault(
            key, {"What": what, "Problem": row["problem"], "Of": [], "Reason": row["reason"]}
        )
        parts = [row[name] for name in ("dtype", "scheme") if isinstance(row[name], str)]
        entry["Of"].append(
            style_of(row["provider"]).label if isinstance(row["provider"], str) else " ".join(parts)
        )
    return pd.DataFrame([row | {"Of": ", ".join(filter(None, row["Of"]))} for row in rows.values()])


def _matrix(gradients: pd.DataFrame, cell: Any) -> pd.DataFrame:
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


def _ulps(value: float) -> str:
    """Write units in the last place: plain while few, a magnitude when many.

    Examples
    --------
    >>> _ulps(0.0), _ulps(0.55), _ulps(16.2), _ulps(3.7e9), _ulps(1e11), _ulps(float("inf"))
    ('0', '0.55', '16', '4e9', '1e11', 'inf')
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


def _size(row: dict[Any, Any]) -> str:
    n, sample = fmt.count(row["n"]), fmt.count(row["components"])
    return n if sample in (n, fmt.NONE) else f"{sample} of {n}"


def _reason(row: dict[Any, Any]) -> str:
    given = row["reason"] if isinstance(row["reason"], str) else ""
    return fmt.shortened(given) if given and row["array"] == WHOLE else ""


def _wider(row: dict[Any, Any]) -> str:
    return fmt.NONE if fmt.missing(row["theory_step"]) else f"> {WIDEST:g}"


def _range(row: dict[Any, Any]) -> str:
    low, high = row["default_step_low"], row["default_step_high"]
    if fmt.missing(low):
        return fmt.NONE
    return fmt.error(low) if low == high else f"{fmt.error(low)} – {fmt.error(high)}"


def _dense(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop a column of reasons that gives none."""
    if "Reason" in frame and not any(frame["Reason"]):
        return frame.drop(columns="Reason")
    return frame
