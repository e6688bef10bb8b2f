"""Two runs, case by case: what changed, what did not, and what cannot be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradmethods.output import format as fmt
from gradmethods.report.difference.entries import Entry
from gradmethods.report.difference.runs import Run
from gradmethods.report.difference.speed import NONE, SLOWER, Speed, Speeds, speeds

FAILING, PASSING, VERDICT = "newly failing", "newly passing", "changed verdict"
LESS, MORE = "less accurate", "more accurate"
COUNT, LOST, NEW = "changed count", "lost", "new"
KINDS = (FAILING, PASSING, VERDICT, LESS, MORE, SLOWER, "faster", COUNT, LOST, NEW)
"""What can change, in the order in which it is told."""

HALF = 0.5
"""Digits by which an answer must differ to be called more or less accurate: a factor of three."""

MACHINE = ("processor", "architecture", "cores", "memory_gib")
"""What two machines must have in common to be one."""

LEDGER = ("claims", "criteria of claims")


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes
    ----------
    kind : str
        Of `KINDS`.
    part, case, method : str
        Where.
    before, after : str
        What the two runs say, in words.
    amount : float
        Of times the ratio, above 1 if the second run is slower; of accuracy the digits won or, if
        below 0, lost; else NaN.
    words : str
        How much that is, for readers.
    """

    kind: str
    part: str
    case: str
    method: str
    before: str
    after: str
    amount: float = math.nan
    words: str = ""


@dataclass(frozen=True)
class Difference:
    """Two runs held against each other.

    Attributes
    ----------
    first, second : Run
        As their user named them: the earlier, and the later one.
    changes : list of Change
        In the order of `KINDS`.
    pairs : list of (Entry, Entry)
        The cases that both have.
    speeds : Speeds or None
        None if times are not compared.
    here : bool
        Whether both ran on one machine.
    only : list of list of str
        Parts that the first, and that the second run alone has.
    slight : list of float
        Digits of what differs by less than `HALF`.
    """

    first: Run
    second: Run
    changes: list[Change]
    pairs: list[tuple[Entry, Entry]]
    speeds: Speeds | None
    here: bool
    only: tuple[list[str], list[str]]
    slight: list[float]

    def of(self, kind: str) -> list[Change]:
        """Return the changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


def compare_runs(first: Run, second: Run, *, times: bool = False) -> Difference:
    """Hold two runs against each other.

    Parameters
    ----------
    first, second : Run
        The earlier, and the later one.
    times : bool, default False
        Whether to compare times also if the machines differ, as gradient ÷ loss.
    """
    before, after = ({entry.key: entry for entry in run.entries} for run in (first, second))
    parts = [list(dict.fromkeys(part for part, *_ in found)) for found in (before, after)]
    shared = set(parts[0]) & set(parts[1])
    pairs = [(entry, after[key]) for key, entry in before.items() if key in after]
    here = same_machine(first.origin, second.origin)
    found = None
    if here or times:
        found = speeds(pairs, (first.noise, second.noise), here=here)
    changes = [change for pair in pairs for change in _changes(*pair)]
    changes += [_gone(entry) for key, entry in before.items() if _is_alone(entry, after, shared)]
    changes += [_come(entry) for key, entry in after.items() if _is_alone(entry, before, shared)]
    changes += _timed(found)
    slight = [abs(won) for a, b in pairs if 0 < abs(won := _won(a, b)) < HALF]
    return Difference(
        first, second, sorted(changes, key=lambda change: KINDS.index(change.kind)), pairs, found,
        here, (sorted(set(parts[0]) - shared), sorted(set(parts[1]) - shared)), slight,
    )  # fmt: skip


def same_machine(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Tell whether two runs are known to come from one machine, or from two that are alike."""
    machines = [origin.get("machine") or {} for origin in (first, second)]
    return bool(machines[0]) and all(
        machines[0].get(name) == machines[1].get(name) for name in MACHINE
    )


def _is_alone(entry: Entry, others: Mapping[tuple[str, str, str], Entry], shared: set[str]) -> bool:
    return entry.part in shared and not entry.missing and entry.key not in others


def _changes(first: Entry, second: Entry) -> list[Change]:
    """Compare what is exact of a case that both runs have."""
    where = (first.part, first.case, first.method)
    if first.missing or second.missing:
        if bool(first.missing) == bool(second.missing):
            return []
        return [_gone(first, second.missing)] if second.missing else [_come(second, first.missing)]
    found = []
    if first.outcome != second.outcome:
        kind = VERDICT
        if first.part not in LEDGER and {first.passes, second.passes} == {True, False}:
            kind = PASSING if second.passes else FAILING
        found.append(Change(kind, *where, first.outcome, second.outcome))
        if kind != VERDICT:  # Digits of a missing answer say nothing.
            return found
    won = _won(first, second)
    if abs(won) >= HALF:
        before, after = (f"{entry.digits:.1f} digits" for entry in (first, second))
        words = f"{won:+.1f}".replace("-", "−")
        found.append(Change(MORE if won > 0 else LESS, *where, before, after, won, words))
    for name, a in first.counts.items():
        b = second.counts.get(name, a)
        if not math.isclose(a, b, rel_tol=1e-9):
            words = f"{b / a - 1:+.1%}".replace("-", "−") if a else ""
            found.append(Change(COUNT, *where, f"{_count(a)} {name}", _count(b), b - a, words))
    return found


def _won(first: Entry, second: Entry) -> float:
    """Return the digits that the second run has more; 0 where one has none."""
    if first.digits is None or second.digits is None:
        return 0.0
    # A number is compared to as many decimals as it was written with.
    return round(second.digits - first.digits, 6)


def _gone(entry: Entry, why: str = "") -> Change:
    return Change(LOST, *entry.key, entry.outcome, why or fmt.NONE)


def _come(entry: Entry, why: str = "") -> Change:
    return Change(NEW, *entry.key, why or fmt.NONE, entry.outcome)


def _timed(found: Speeds | None) -> list[Change]:
    """Tell of times that differ: of methods first."""
    if found is None:
        return []
    changes = []
    for speed in (*found.methods, *found.cases):
        before, after = (
            fmt.NONE if fmt.missing(end) else f"{fmt.significant(end)} × loss" for end in speed.ends
        )
        if speed.called != NONE:
            where = (speed.part, speed.case, speed.method)
            words = ratio_words(speed)
            changes.append(Change(speed.called, *where, before, after, speed.ratio[0], words))
    return changes


def ratio_words(speed: Speed) -> str:
    """Write how much slower or faster, with its interval."""
    return f"× {fmt.interval(*speed.ratio)}"


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List in what the provenance of two runs differs: what, and the two values, as words."""
    rows = []
    for name in (
        "date",
        "command",
        "git",
        "source",
        "python",
        "packages",
        "blas",
        "peers",
        "environment",
        "machine",
        "seed",
    ):
        a, b = first.get(name), second.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            keys: Sequence[str] = [key for key in {**a, **b} if a.get(key) != b.get(key)]
            rows += [(f"{name}, {key}", _word(a.get(key)), _word(b.get(key))) for key in keys]
        elif a != b:
            rows.append((name, _word(a), _word(b)))
    return rows


def _word(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return fmt.NONE if value is None else str(value)


def _count(value: float) -> str:
    return fmt.count(value) if float(value).is_integer() else fmt.significant(value)
