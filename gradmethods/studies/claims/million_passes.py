"""C2: a million-parameter network needs a million forward passes: run, not extrapolated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
)

MILLION = 1_000_000


def judge(record: Mapping[str, Any]) -> Finding:
    """Decide by what was counted in the finished run."""
    n, calls, ratio = record["n"], record["calls"], record["differences"]["ratio"]
    if n < MILLION:
        why = f"the run that there is has {n:,} parameters"
        return Finding({"passes": Decision(UNDECIDED, words=why)})
    times = record["differences"]["seconds"] / record["backprop"]["seconds"]
    words = (
        f"{calls:,} calls for {n:,} parameters in {record['differences']['seconds']:,.0f} s; "
        f"backprop took {record['backprop']['ratio']['median']:.2f} losses for the same gradient, "
        f"{times:,.0f} times less"
    )
    decisions = {
        "passes": Decision(exactly([calls == n + 1]), (calls - 1) / n, (calls - 1) / n,
                           (calls - 1) / n, words),
        "ratio": Decision(
            _ratio(ratio, n), ratio["median"], ratio["low"], ratio["high"],
            "seconds for the gradient ÷ seconds for the loss, which was timed after every block",
        ),
    }  # fmt: skip
    return Finding(decisions, (_panel(record),))


def examine(evidence: Evidence) -> Finding:
    """Read the record of the run; a run of minutes is not made here."""
    if evidence.million is None:
        why = "no run of `gradmethods million` was there to read"
    elif evidence.million.get("outcome") == "gap":
        why = str(evidence.million["reason"])
    else:
        return judge(evidence.million)
    return Finding({c.name: Decision(UNDECIDED, words=why) for c in CLAIM.criteria})


def _ratio(ratio: Mapping[str, float], n: int) -> str:
    low, high = ratio["low"], ratio["high"]
    if not 0 < low <= high:
        return UNDECIDED
    return exactly([high >= 0.9 * n]) if high < 0.9 * n or low >= 0.9 * n else UNDECIDED


def _panel(record: Mapping[str, Any]) -> Panel:
    rows = [("loss", "loss"), ("backprop", "backprop"), ("reuse", "numerical:forward"),
            ("differences", "numerical")]  # fmt: skip
    names = (
        "the loss",
        "backprop",
        "differences over\nthe recorded graph",
        "differences,\nblack box",
    )
    series = [
        Series(name, [place], [record[key]["seconds"]], provider=provider)
        for place, (name, (key, provider)) in enumerate(zip(names, rows, strict=True))
        if record.get(key)
    ]
    return Panel("", "seconds for one loss or gradient", tuple(series), log_x=False, ticks=names)


CLAIM = Claim(
    id="C2",
    title="A million parameters, a million passes",
    text="The gradient of a network with a million weights takes a million forward passes by "
    "finite differences.",
    source="the article",
    method="Forward differences of a network with more than a million parameters, every pass run "
    "and counted inside the loss; beside it backprop, and differences over the recorded graph.",
    criteria=(
        Criterion(
            "passes",
            "Supported if a finished run on at least 1,000,000 parameters called the loss exactly "
            "n + 1 times; refuted by any other count.",
            "extra calls per parameter",
            exact=True,
        ),
        Criterion(
            "ratio",
            "Supported if the whole interval of gradient time ÷ loss time is at least 0.9 n; "
            "refuted if none of it is.",
            "gradient time ÷ loss time",
        ),
    ),
    examine=examine,
)
