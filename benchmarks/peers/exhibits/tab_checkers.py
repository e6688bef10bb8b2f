"""The planted mistakes that each checker of gradients catches, by problem and by mistake."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.peers.checkers import CHECKERS
from benchmarks.peers.results import Compared
from gradmethods.comparison.kills import kill_summary, kills_by_mistake
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import share
from gradmethods.report.exhibit import Exhibit
from gradmethods.studies.plants.changes import JUST_ABOVE
from gradmethods.truth.error_bounds import SLACK

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

SUMMARY = Caption(
    "Planted mistakes caught, and right gradients rejected, by checker",
    f"{_PLANTS} Smallest caught, largest missed: relative change of one entry; a dash "
    "where right gradients are rejected too. Right gradients: of three exact providers. A rate "
    "depends on how many small changes are planted: the table by mistake tells them apart. "
    f"{_OURS} {_RULES}",
)
MISTAKES = Caption(
    "Planted mistakes caught, by mistake", f"Over all problems. {_PLANTS} {_OURS} {_RULES}"
)


def summary_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Write the counts for readers."""
    rows = [
        {
            "Problem": row["problem"],
            "Checker": row["checker"],
            "Mistakes caught": share(row["caught"], row["mistakes"]),
            "Rate": fmt.NONE if fmt.missing(row["rate"]) else f"{100 * row['rate']:.0f} %",
            # Who rejects right gradients catches the smallest mistake by accident.
            "Smallest caught": fmt.NONE if row["rejected"] else fmt.error(row["smallest_caught"]),
            "Largest missed": fmt.error(row["largest_missed"]),
            "Right ones rejected": share(row["rejected"], row["right"]),
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


def make(run: Compared) -> Iterator[Table]:
    """Yield the tables, if mistakes were planted."""
    if len(run.planted):
        summary, mistakes = kill_summary(run.planted), kills_by_mistake(run.planted)
        yield Table("tab-checkers-summary", SUMMARY, summary, summary_table(summary))
        yield Table("tab-checkers-mistakes", MISTAKES, mistakes, mistakes_table(mistakes))


EXHIBIT = Exhibit("tables", 50, ACCURACY, make)
