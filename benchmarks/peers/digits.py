"""What was judged, as data frames: digits by problem and method, and planted mistakes by size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmarks.peers.checkers import CHECKERS
from gradmethods import problems
from gradmethods.comparison.kills import CAUGHT, Ours
from gradmethods.core.discovery import entries_of
from gradmethods.providers.registry import get_provider
from gradmethods.report.accuracy_frames import WHOLE, gradients_frame, hard_cases_frame
from gradmethods.studies.accuracy.hard_cases import INACCURATE, NOT_FINITE, REFUSED, RIGHT, WRONG

CATALOGUE, HARD = "catalogue", "hard cases"
COLUMNS = [
    "block", "problem", "provider", "n", "outcome", "digits", "marked", "certified_digits",
    "reason",
]  # fmt: skip

SIZES = {
    "NaN or infinity": (float("inf"), float("inf")),
    "0.1 or more": (0.1, float("inf")),
    "1e-4 to 0.1": (1e-4, 0.1),
    "1e-8 to 1e-4": (1e-8, 1e-4),
    "below 1e-8": (0.0, 1e-8),
}
"""Planted mistakes by what they change: norm of the change ÷ norm of the array."""

WORST = (WRONG, NOT_FINITE, INACCURATE, RIGHT)
"""Outcomes on the catalogue, the worst first."""

RIGHT_ONES = "right ones"
"""Stands for what is not planted, and must not be rejected."""


def digits_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per problem or hard case and method: outcome, digits of the worst array, marks.

    Outcomes are those of `gradmethods.studies.accuracy.hard_cases`; of the catalogue a gradient is
    right where the judge calls it so, and otherwise inaccurate, or wrong without a digit.
    """
    given = list(records)
    hard = hard_cases_frame(given).rename(columns={"case": "problem", "refusal": "reason"})
    frames = [_catalogue(given), hard.assign(block=HARD)]
    return pd.concat(
        [part.reindex(columns=COLUMNS) for part in frames if len(part)], ignore_index=True
    )


def _catalogue(records: list[Mapping[str, Any]]) -> pd.DataFrame:
    arrays = gradients_frame(records)
    rows = []
    for (problem, provider), group in arrays.groupby(["problem", "provider"], sort=False):
        first, each = group.iloc[0], group[group["array"] != WHOLE]
        digits = each["digits"].min()
        if pd.isna(digits):
            outcome = REFUSED
        elif each["not_finite"].sum():
            outcome = NOT_FINITE
        elif digits < 1:
            outcome = WRONG
        else:
            outcome = RIGHT if first["verdict_all"] == "right" else INACCURATE
        rows.append(
            {
                "block": CATALOGUE,
                "problem": problem,
                "provider": provider,
                "n": first["n"],
                "outcome": outcome,
                "digits": digits,
                "marked": 0 if pd.isna(first["unresolved"]) else int(first["unresolved"]),
                "certified_digits": None,
                "reason": first["reason"] if outcome == REFUSED else "",
            }
        )
    return pd.DataFrame(rows)


def condensed(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the problems that the field compares methods on one row for each of their folders.

    A row holds the worst outcome and the fewest digits; ``refused`` counts the problems that a
    method gave no gradient of.
    """
    folders = {
        family.name: folder
        for folder in problems.FOLDERS
        for family in entries_of(f"{problems.__name__}.{folder}", _path(folder), problems.Family)
    }
    grouped = frame["problem"].map(folders).where(frame["block"] == CATALOGUE)
    rows = []
    for (folder, _), group in frame[grouped.notna()].groupby([grouped, "provider"], sort=False):
        given = group[group["outcome"] != REFUSED]
        worst = min(given["outcome"], key=WORST.index, default=REFUSED)
        marked = given.loc[given["outcome"] == worst, "marked"]
        rows.append(
            group.iloc[0].to_dict()
            | {
                "problem": f"{folder}, {len(group)} problems",
                "outcome": worst,
                "digits": given["digits"].min(),
                "marked": int(marked.max()) if len(marked) else 0,
                "refused": len(group) - len(given),
            }
        )
    single = frame[grouped.isna()].assign(refused=0)
    easy, hard = (single[single["block"] == block] for block in (CATALOGUE, HARD))
    return pd.concat([easy, pd.DataFrame(rows), hard], ignore_index=True)


def _path(folder: str) -> list[str]:
    return [f"{problems.__path__[0]}/{folder}"]


def checker_of(method: str) -> str | None:
    """Name the checker that comes with a method's package; None if there is none.

    Examples
    --------
    >>> checker_of("torch"), checker_of("backprop"), checker_of("casadi")
    ('torch.gradcheck', 'gradmethods', None)
    """
    packages = getattr(get_provider(method), "packages", None)
    if packages is None:
        return Ours.name
    found = [c.name for c in CHECKERS.values() if set(c.packages) & set(packages)]
    return found[0] if found else None


def plants_frame(planted: pd.DataFrame) -> pd.DataFrame:
    """One row per size of mistakes and checker: how many there were, and how many it rejected.

    The last rows are those of right gradients.
    """
    judged = planted[planted["outcome"] != ""]
    wrong = judged["mistake"] != ""
    # What is not finite has no size: its change is NaN or infinite.
    change = judged["change"].fillna(float("inf"))
    kinds = {
        name: wrong & ((change >= low) & (change < high) if low < high else change.isin([high]))
        for name, (low, high) in SIZES.items()
    }
    rows = []
    for kind, chosen in (kinds | {RIGHT_ONES: ~wrong}).items():
        for checker, group in judged[chosen].groupby("checker", sort=False):
            rejected = int((group["outcome"] == CAUGHT).sum())
            rows.append(
                {"kind": kind, "checker": checker, "given": len(group), "rejected": rejected}
            )
    return pd.DataFrame(rows, columns=["kind", "checker", "given", "rejected"])
