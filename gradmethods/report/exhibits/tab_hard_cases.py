"""What each method gives on each hard case, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import HARD_TRUTH
from gradmethods.studies.accuracy.hard_cases import INACCURATE, NOT_ZERO, RIGHT, WRONG, ZERO

CAPTION = Caption(
    "Hard cases: what each method gives, and why",
    "Correct digits: −log10 of the norm of the error ÷ the norm of the truth, for the worst "
    "parameter array. Right: within the method's tolerance; inaccurate: not, but with a digit "
    "or more; wrong: with less. Not zero: the truth is 0, and this differs by more than "
    "round-off. Number: one was given though there is no gradient. Marked: the method itself "
    "says that it does not resolve some entries. Methods that share outcome and reason share a "
    f"row. {HARD_TRUTH}",
)


DIGITAL = (RIGHT, INACCURATE)
"""Outcomes of which the digits say something."""


def hard_cases_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the hard cases for readers: methods of one outcome and one reason share a row."""
    rows = []
    alike = ["case", "outcome", "why", frame["marked"] > 0]
    for (case, outcome, why, marked), group in frame.groupby(alike, sort=False):
        first, whole = group.iloc[0], len(group) == frame["provider"].nunique()
        rows.append(
            {
                "Case": case,
                "Methods": "all" if whole else _methods(group["provider"]),
                "Outcome": outcome
                + (_span(group["digits"]) if outcome in DIGITAL else "")
                + ", marked" * marked,
                "Gives": first["gives"] + (" …" if len(set(group["gives"])) > 1 else ""),
                "Truth": "none" if pd.isna(first["certified_digits"]) else first["truth"],
                "Why": why or f"Unexpected. {first['refusal']}".strip(),
            }
        )
    columns = ["Case", "Methods", "Outcome", "Gives", "Truth", "Why"]
    return pd.DataFrame(rows, columns=columns)


def _methods(providers: Iterable[str]) -> str:
    """Name methods, the variants of one together."""
    variants: dict[str, list[str]] = {}
    for provider in providers:
        method, _, variant = style_of(provider).label.partition(", ")
        variants.setdefault(method, []).extend([variant] if variant else [])
    named = (f"{m}: {', '.join(v)}" if v else m for m, v in variants.items())
    return "; ".join(named)


def _span(digits: pd.Series) -> str:
    low, high = (f"{end:.0f}" for end in (digits.min(), digits.max()))
    return f", {low} digits" if low == high else f", {low} – {high} digits"


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if hard cases were tried."""
    frame = run.hard_cases
    if len(frame):
        shown = hard_cases_table(frame)
        silent = shown["Outcome"].isin([WRONG, ZERO, NOT_ZERO])
        caption = run.partly(CAPTION, "gallery", "cases")
        yield Table(
            "tab-hard-cases", caption, frame, shown, list(silent),
            "answers that are wrong although nothing shows it",
        )  # fmt: skip


EXHIBIT = Exhibit("hard-cases", 20, ACCURACY, make)
