"""Time per gradient of every contender, why there are gaps, and how times grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.frames import ENDS, PREPARES
from benchmarks.peers.results import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, NAMES, PREPARED, SETTING, problem_cells
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.sentences import FITS

TIMES = Caption(
    "Time per gradient of every contender",
    f"{INTERVALS} ÷ loss: of paired rounds, the loss in plain NumPy. Error: norm of the "
    f"difference from our backprop's gradient ÷ its norm. {PREPARED} Compile: the part of it that "
    "compiles; the rest traces and derives. Threads: processor time of all "
    "threads ÷ time. Passes: forward passes for the gradient.",
    (SETTING, FAIR),
)
GAPS = Caption(
    "Contenders that were not measured, and why",
    "A refusal is quoted; a package that is not installed is a gap like any other.",
)
EXPONENTS = Caption(
    "How gradients and their preparation grow with n, ours and theirs",
    f"Of every contender that was measured at four sizes of a family or more. {PREPARED} Where it "
    f"takes less than {PREPARES:g} s everywhere it is left out.",
    (SETTING, FITS),
)
WHY = ["family", "contender", "network", "n", "kind", "reason"]


def times_table(times: pd.DataFrame) -> pd.DataFrame:
    """Write every contender's time for readers, gaps in their places."""
    rows = [
        {
            **problem_cells(row),
            "Method": contender_style(row["contender"]).label,
            "Gradient": fmt.time_interval(*(row[f"time_{end}"] for end in ENDS)),
            "÷ loss": fmt.interval(*(row[f"per_loss_{end}"] for end in ENDS)),
            "Prepare": fmt.time(row["prepared"]),
            "Compile": fmt.time(row["compile"]),
            "Passes": fmt.count(row["forward_passes"]),
            "Error": fmt.error(row["error"]),
            "Threads": fmt.NONE if fmt.missing(row["threads"]) else f"{row['threads']:.2f}",
            "Rounds": fmt.count(row["rounds"]),
            "Note": _note(row),
        }
        for row in times.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _note(row: dict[Any, Any]) -> str:
    if row["outcome"] == "gap":
        return str(fmt.STOPS.get(row["kind"], row["kind"]))
    notes = [] if fmt.missing(row["components"]) else [f"{int(row['components'])} components"]
    return ", ".join([*notes, *(["other work ran"] if row["contended"] is True else [])])


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write the gaps for readers, reasons in full."""
    rows = [
        {
            **problem_cells(row),
            "Method": contender_style(row["contender"]).label,
            "Kind": fmt.STOPS.get(row["kind"], row["kind"]),
            "Reason": row["reason"],
        }
        for row in gaps.to_dict("records")
    ]
    return pd.DataFrame(rows)


def exponents_table(exponents: pd.DataFrame) -> pd.DataFrame:
    """Write the fitted exponents for readers."""
    rows = [
        {
            "Family": NAMES[row["family"]],
            "Method": contender_style(row["contender"]).label,
            "Of": row["quantity"],
            "Exponent": fmt.exponent(row["exponent"], row["low"], row["high"])
            + ("" if row["settled"] else ", bending"),
            "Fitted sizes": f"n = {fmt.count(row['start'])} – {fmt.count(row['end'])}",
            "Points": fmt.count(row["points"]),
        }
        for row in exponents.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Compared) -> Iterator[Table]:
    """Yield the tables; that of exponents, if a family has sizes enough."""
    yield Table("tab-peers-times", TIMES, run.times, times_table(run.times))
    gaps = run.times[run.times["outcome"] == "gap"]
    yield Table("tab-peers-gaps", GAPS, gaps[WHY], gaps_table(gaps))
    if len(run.exponents):
        table = exponents_table(run.exponents)
        yield Table("tab-peers-exponents", EXPONENTS, run.exponents, table)


EXHIBIT = Exhibit("tables", 20, RECORDS, make)
