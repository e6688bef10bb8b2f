"""Cells of tables of accuracy: numbers as words, and methods laid out against problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.providers.registry import style_of
from gradmethods.report.accuracy_frames import WHOLE

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
