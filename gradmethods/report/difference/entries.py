"""What a run says of each case, in one form for every kind of record."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradmethods.output.format import STOPS
from gradmethods.report.accuracy_frames import FORMER
from gradmethods.studies.claims.claim import UNDECIDED
from gradmethods.timing.sweeps import SWEEPS

Interval = tuple[float, float, float]
"""A median, and the two ends of its interval, which are NaN where there is none."""

Record = Mapping[str, Any]

FULL = -math.log10(2.0**-53)
"""Correct digits of what differs by no more than rounding."""

PASSING = frozenset(
    {
        "measured", "finished", "right", "inaccurate", "a valid subgradient",
        "caught", "accepted", "certified", "supported",
    }
)  # fmt: skip
UNKNOWN = frozenset({"", "not decided"})
"""Outcomes that are an answer, and those that are none; all others are failures of a method."""

SHORT = ("limit", "budget", "not run")
"""Kinds of gap that say something of the time that a run had, and nothing of the method."""


@dataclass(frozen=True)
class Cost:
    """The time of a gradient.

    Attributes
    ----------
    time : Interval
        In seconds.
    ratio : Interval
        In units of the loss.
    contended : bool
        Whether other processes had the processor meanwhile.
    """

    time: Interval
    ratio: Interval
    contended: bool

    @property
    def loss(self) -> float:
        """Seconds of the loss."""
        return self.time[0] / self.ratio[0]


@dataclass(frozen=True)
class Entry:
    """One case of a run.

    Attributes
    ----------
    part : str
        Of the run: ``cost``, ``accuracy``, …
    case, method : str
        What was looked at, and whose answer it is; empty if it is nobody's.
    outcome : str
        How it ended, in a word or two.
    missing : str
        Why it was left out for want of time; empty if it was not.
    counts : dict of str to number
        What is the same wherever it is counted.
    digits : float, optional
        Correct decimal digits.
    cost : Cost, optional
        What a gradient took.
    """

    part: str
    case: str
    method: str
    outcome: str
    missing: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)
    digits: float | None = None
    cost: Cost | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is held against: the same case of the same part, by the same method."""
        return self.part, self.case, self.method

    @property
    def passes(self) -> bool | None:
        """Whether its outcome is an answer; None if it is neither that nor a failure."""
        if self.outcome in UNKNOWN:
            return None
        return self.outcome in PASSING


def cost_entries(records: Iterable[Record]) -> Iterator[Entry]:
    """Read the cases of a benchmark, and those in which operations are counted."""
    for record in records:
        sweep = str(record.get("sweep"))
        if sweep not in SWEEPS and not sweep.startswith("count-"):
            continue
        size = f"N = {record['batch']:,}" if sweep == "batch" else f"n = {record['n']:,}"
        yield Entry(
            part="cost",
            case=f"{sweep}: {record['network']}, {size}",
            method=str(record["provider"]),
            outcome=_outcome(record, "kind"),
            missing=_missing(record, "kind"),
            counts=_counts(record, "operations", "loss_calls_per_gradient", "forward_passes"),
            digits=digits(record.get("error")),
            cost=_cost(record, "gradient", "ratio"),
        )


def accuracy_entries(records: Iterable[Record]) -> Iterator[Entry]:
    """Read the pieces of an accuracy report."""
    for record in records:
        reader = _PIECES.get(record["kind"])
        if reader is not None:
            yield from reader(record)


def _gradients(record: Record) -> Iterator[Entry]:
    arrays = record.get("arrays") or []
    whole = arrays[-1] if arrays else {}
    verdict = record.get("verdict") or _outcome(record, "gap")
    yield Entry(
        part="accuracy",
        case=str(record["problem"]),
        method=str(record["provider"]),
        outcome=FORMER.get(verdict, verdict),
        missing=_missing(record, "gap"),
        counts=_counts(record, "forward_passes") | _counts(whole, "wrong_signs", "not_finite"),
        digits=digits(whole.get("error")),
        cost=_cost(record.get("cost") or {}, "gradient", "ratio"),
    )


def _references(record: Record) -> Iterator[Entry]:
    yield Entry(
        part="certificates",
        case=str(record["problem"]),
        method="",
        outcome="certified" if record["outcome"] == "measured" else _outcome(record, "gap"),
        missing=_missing(record, "gap"),
        counts=_counts(record, "digits", "components"),
    )


def _steps(record: Record) -> Iterator[Entry]:
    yield Entry(
        part="steps",
        case=f"{record['problem']}, {record['dtype']}",
        method=str(record.get("provider") or record["scheme"]),
        outcome=_outcome(record, "gap"),
        missing=_missing(record, "gap"),
        digits=digits((record.get("default") or {}).get("error")),
    )


def _hard_cases(record: Record) -> Iterator[Entry]:
    if record["outcome"] == "gap":
        yield Entry(
            "hard cases", str(record["problem"]), "", _outcome(record, "gap"),
            _missing(record, "gap"),
        )  # fmt: skip
    for row in record.get("rows") or ():
        yield Entry(
            part="hard cases",
            case=row["case"],
            method=str(row["provider"]),
            outcome=row["outcome"],
            digits=digits(row["error"]),
        )


def _planted(record: Record) -> Iterator[Entry]:
    """Read whether a planted mistake was caught; a right gradient must be accepted."""
    for row in record.get("rows") or ():
        mistake, outcome = row["mistake"], row["outcome"]
        if mistake:
            of = f"{row['problem']}: {mistake}, {row['where']}"
            case, method = of if row["amount"] is None else f"{of}, {row['amount']:g}", ""
        else:
            case, method = f"{row['problem']}: the right gradient", row["where"]
            outcome = {"passed": "accepted", "caught": "rejected"}.get(outcome, outcome)
        yield Entry("planted mistakes", case, method, outcome)


_PIECES: Mapping[str, Callable[[Record], Iterator[Entry]]] = {
    "gradient": _gradients,
    "reference": _references,
    "atlas": _steps,
    "gallery": _hard_cases,
    "planted": _planted,
}
"""By the kind of record of an accuracy report."""


def claim_entries(records: Iterable[Record]) -> Iterator[Entry]:
    """Read the verdicts of the ledger, and of every criterion; those not reached are missing."""
    for record in records:
        if not str(record["key"]).startswith("claim-"):
            continue
        rows = [("claims", f"{record['id']}: {record['title']}", record["verdict"])]
        rows += [
            (
                "criteria of claims",
                f"{record['id']}, {each['name']}: {each['quantity']}",
                each["verdict"],
            )
            for each in record["criteria"]
        ]
        for part, case, verdict in rows:
            yield Entry(part, case, "", verdict, missing=verdict if verdict == UNDECIDED else "")


def peer_entries(records: Iterable[Record]) -> Iterator[Entry]:
    """Read a comparison with other packages."""
    for record in records:
        if "contender" not in record or record.get("role") == "loss":
            continue
        yield Entry(
            part="beside other packages",
            case=f"{record['family']}: {record['network']}, n = {record['n']:,}",
            method=str(record["contender"]),
            outcome=_outcome(record, "kind"),
            missing=_missing(record, "kind"),
            counts=_counts(record, "forward_passes"),
            digits=digits(record.get("error")),
            cost=_cost(record, "time", "per_loss"),
        )


_BESIDE = (
    ("differences", "numerical:forward", ", black box"),
    ("reuse", "numerical:forward", ", over the graph"),
    ("backprop", "backprop", ""),
)
"""What is measured beside a million passes: its name in the result, the method, and words."""


def million_entries(result: Record) -> Iterator[Entry]:
    """Read a million forward passes, and what was measured beside them."""
    for name, method, words in _BESIDE:
        found, errors = result[name], result["certified"]["errors"]
        yield Entry(
            part="a million passes",
            case=f"{result['network']}, n = {result['n']:,}{words}",
            method=method,
            outcome="measured",
            counts=_counts(result, "calls") if name == "differences" else {},
            digits=digits(errors.get(name)),
            cost=_cost({**found, "time": {"median": found["seconds"]}}, "time", "ratio"),
        )


def training_entries(problem: str, rows: Iterable[Record]) -> Iterator[Entry]:
    """Read the table of a training on one problem."""
    for row in rows:
        yield Entry(
            part="training",
            case=problem,
            method=str(row["provider"]),
            outcome=row.get("stopped") or "finished",
            counts=_counts(row, "epochs", "passes", "loss", "accuracy"),
        )


def digits(error: object) -> float | None:
    """Return the correct digits that an error leaves; None where there is no error.

    Examples
    --------
    >>> digits(1e-9), digits(2.0), digits("inf"), digits(None)
    (9.0, 0.0, 0.0, None)
    >>> digits(0.0) == digits(1e-18) == FULL
    True
    """
    value = _number(error)
    if value is None:
        return None
    return FULL if value == 0 else min(FULL, max(0.0, -math.log10(value)))


def _outcome(record: Record, kind: str) -> str:
    """Say how a piece of work ended: gaps by their kind."""
    if record["outcome"] != "gap":
        return str(record["outcome"])
    gap = str(record.get(kind) or "gap")
    return STOPS.get(gap, gap)


def _missing(record: Record, kind: str) -> str:
    gap = record.get(kind)
    return STOPS[str(gap)] if record["outcome"] == "gap" and gap in SHORT else ""


def _counts(record: Record, *names: str) -> dict[str, float]:
    """Pick what is counted, under names for readers."""
    found = {name.replace("_", " "): _number(record.get(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _cost(record: Record, time: str, ratio: str) -> Cost | None:
    """Read the time of a gradient under these names; None if it was not taken."""
    taken, multiple = _interval(record.get(time)), _interval(record.get(ratio))
    if taken is None or multiple is None:
        return None
    return Cost(taken, multiple, bool(record.get("contended")))


def _interval(estimate: Any) -> Interval | None:
    """Read a median with its interval; None if there is none above 0."""
    if not estimate:
        return None
    middle, low, high = (_number(estimate.get(end)) for end in ("median", "low", "high"))
    if middle is None or not 0 < middle < math.inf:
        return None
    if low is None or high is None or not 0 < low <= high:
        return middle, math.nan, math.nan
    return middle, low, high


def _number(value: object) -> float | None:
    """Return a number, of a word if JSON had none for it; None for anything else, and for NaN."""
    if not isinstance(value, (int, float, str)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number
