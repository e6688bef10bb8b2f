"""Our check of gradients beside those of other packages: who catches which planted mistake.

Nothing is timed. `python -m benchmarks.peers --checkers` writes the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.checkers import CHECKERS
from gradmethods import problems
from gradmethods.comparison.kills import kill_summary, kill_table, kills_by_mistake
from gradmethods.core.problem import Problem
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption, provenance_line
from gradmethods.output.files import csv_text, write_text
from gradmethods.output.typeset import write_table
from gradmethods.studies.plants.changes import JUST_ABOVE
from gradmethods.timing.provenance import provenance
from gradmethods.truth.error_bounds import SLACK

UNITS = 1e-6
"""Factor of a loss in other units."""

_RULES = " ".join(f"{checker.name}: {checker.rule}." for checker in CHECKERS.values())
_OURS = (
    f"gradmethods: the certified gradient, entry by entry, within {SLACK:g} times the bound on "
    "rounding."
)
_PLANTS = (
    "Each mistake of the catalogue is planted in the right gradient wherever it changes an entry "
    f"by more than that bound; the smallest changes of one entry are {JUST_ABOVE:g} times it. "
    "Checkers of other packages are given the loss as a NumPy function of one vector, and their "
    "documented default tolerances."
)

TABLES: Mapping[str, Caption] = {
    "summary": Caption(
        "Planted mistakes caught, and right gradients rejected, by checker",
        f"{_PLANTS} Smallest caught, largest missed: relative change of one entry; a dash "
        "where right gradients are rejected too. Right gradients: of three exact providers. A rate "
        "depends on how many small changes are planted: the table by mistake tells them apart. "
        f"{_OURS} {_RULES}",
    ),
    "mistakes": Caption(
        "Planted mistakes caught, by mistake",
        f"Over all problems. {_PLANTS} {_OURS} {_RULES}",
    ),
}


def field() -> list[Problem]:
    """Return the problems: the catalogue, and two that are hard on absolute tolerances."""
    catalogue = [problems.get(name) for name in problems.names()]
    peaked = problems.get("log-sum-exp", spread=10.0).replace(name="log-sum-exp, spread 10")
    network = problems.get("network-1-1-1")

    def in_other_units(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
        return UNITS * network.loss(params, x, t, xp=xp)

    small = Problem(
        in_other_units, network.params, network.data, name=f"network-1-1-1, loss × {UNITS:g}"
    )
    return [*catalogue, peaked, small]


def judge_checkers(out: Path | str) -> list[Path]:
    """Let every checker judge every mistake, and write the tables.

    Parameters
    ----------
    out : path
        Folder to write ``tables/tab-checkers-*`` to.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    origin = provenance(["python -m benchmarks.peers", *sys.argv[1:]], seed=0, finished=True)
    versions = ", ".join(_versions())
    source = f"{provenance_line(origin)} Checkers: {versions or 'none installed'}."
    table = kill_table(field(), list(CHECKERS.values()))
    folder = Path(out) / "tables"
    raw = write_text(folder / "tab-checkers-raw.csv", csv_text(table))
    written = [raw]
    summary, mistakes = kill_summary(table), kills_by_mistake(table)
    for name, data, shown in (
        ("summary", summary, summary_table(summary)),
        ("mistakes", mistakes, mistakes_table(mistakes)),
    ):
        written += write_table(folder, f"tab-checkers-{name}", data, shown, TABLES[name], source)
    return written


def summary_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Write the counts for readers."""
    rows = [
        {
            "Problem": row["problem"],
            "Checker": row["checker"],
            "Mistakes caught": _of(row["caught"], row["mistakes"]),
            "Rate": fmt.NONE if fmt.missing(row["rate"]) else f"{100 * row['rate']:.0f} %",
            # Who rejects right gradients catches the smallest mistake by accident.
            "Smallest caught": fmt.NONE if row["rejected"] else fmt.error(row["smallest_caught"]),
            "Largest missed": fmt.error(row["largest_missed"]),
            "Right ones rejected": _of(row["rejected"], row["right"]),
            "Reason": row["reason"],
        }
        for row in summary.to_dict("records")
    ]
    shown = pd.DataFrame(rows)
    return shown if (shown["Reason"] != "").any() else shown.drop(columns="Reason")


def mistakes_table(mistakes: pd.DataFrame) -> pd.DataFrame:
    """Write the counts by mistake for readers."""
    shown = mistakes.rename(columns={"mistake": "Mistake", "plants": "Plants"})
    for name in shown.columns[1:]:
        shown[name] = shown[name].map(fmt.count)
    return shown


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" if whole else fmt.NONE


def _versions() -> list[str]:
    packages = sorted({package for checker in CHECKERS.values() for package in checker.packages})
    found = []
    for package in packages:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return found
