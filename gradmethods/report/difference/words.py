"""A comparison of two runs in words: what was compared, what was found, and tables of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gradmethods.errors import GradientError
from gradmethods.output import format as fmt
from gradmethods.output.caption import commit
from gradmethods.output.terminal import fill, table
from gradmethods.output.typeset import is_numeric
from gradmethods.providers.registry import style_of
from gradmethods.report.difference.runs import Run, read_run
from gradmethods.report.difference.two_runs import (
    HALF,
    KINDS,
    LOST,
    NEW,
    Change,
    Difference,
    compare_runs,
    differing,
    ratio_words,
)

PREVIOUS = "previous/"
"""What a run is called that made room for another."""

ROWS = 12
"""Rows of a kind of change in the terminal; all stand in the file."""


@dataclass(frozen=True)
class Block:
    """A table with its heading."""

    title: str
    frame: pd.DataFrame


def headline(difference: Difference) -> str:
    """Say in one sentence what changed."""
    found = Counter(change.kind for change in difference.changes)
    counted = ", ".join(f"{found[kind]:,} {kind}" for kind in KINDS if found[kind])
    if not counted:
        return "No difference."
    if not found.keys() - {LOST, NEW}:
        return f"No difference in what both runs have; {counted}."
    return f"{counted[0].upper()}{counted[1:]}."


def sentences(difference: Difference) -> list[str]:
    """Say what was compared and how, what was not, and why."""
    said = [_compared(difference), _timed(difference)]
    if difference.slight:
        count = len(difference.slight)
        said.append(
            f"{count:,} answer{'s' * (count > 1)} differ{'s' * (count == 1)} by less than {HALF} "
            f"digits, at most by {max(difference.slight):.2f}: called no difference."
        )
    runs = (difference.first, difference.second)
    for name, run, only in zip("AB", runs, difference.only, strict=True):
        if only:
            said.append(f"In {name} only: {', '.join(only)}.")
        if run.faults:
            said.append(f"Left out of {name}: {'; '.join(run.faults)}.")
        if run.origin.get("finished") is False:
            said.append(f"{name} was stopped before its end: what it lacks says nothing.")
    return said


def _compared(difference: Difference) -> str:
    parts = Counter(first.part for first, _ in difference.pairs)
    named = ", ".join(f"{part} {count:,}" for part, count in parts.items())
    if not parts:
        return "The runs have no case in common."
    return (
        f"{len(difference.pairs):,} cases are in both ({named}). Outcomes, counts and digits are "
        "exact, and compared whatever the machines."
    )


def _timed(difference: Difference) -> str:
    found = difference.speeds
    if found is None:
        machines = [_machine(run) for run in (difference.first, difference.second)]
        return (
            f"Times are not compared: the runs come from two machines ({machines[0]}; "
            f"{machines[1]}), or do not say from which. --times compares them as gradient ÷ loss."
        )
    if not found.cases:
        return "No case has times in both runs."
    floors = ", ".join(f"{floor:.2f} ({part})" for part, floor in found.floors.items())
    where = (
        "as far as the loss, timed in both runs, is from itself"
        if difference.here
        else "within each run; these are two machines, on which ratios may differ for good"
    )
    busy = f" {found.contended} contended cases are left out." if found.contended else ""
    return (
        f"Times of {len(found.cases):,} cases are compared as gradient ÷ loss. A difference "
        f"counts if its whole interval is beyond the noise floor, a factor of {floors}, {where}; "
        f"and for all cases of a method together of {found.floor:.2f}, the loss against itself "
        f"within a run.{busy}"
    )


def _machine(run: Run) -> str:
    machine = run.origin.get("machine") or {}
    return f"{machine.get('processor', 'unknown')}, {machine.get('cores', '?')} cores"


def changed(difference: Difference) -> list[Block]:
    """Lay out every change, a table for each kind."""
    return [
        Block(f"{kind[0].upper()}{kind[1:]}", _rows(found))
        for kind in KINDS
        if (found := difference.of(kind))
    ]


def _rows(changes: Iterable[Change]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {
                "Part": change.part,
                "Case": change.case,
                "Method": style_of(change.method).label if change.method else "",
                "A": change.before,
                "B": change.after,
                "Change": change.words,
            }
            for change in changes
        ]
    )
    return frame if any(frame["Change"]) else frame.drop(columns="Change")


def by_method(difference: Difference) -> Block | None:
    """Lay out the times of methods, those without a difference included."""
    found = difference.speeds
    if found is None or not found.methods:
        return None
    rows = [
        {
            "Part": speed.part,
            "Method": style_of(speed.method).label,
            "Cases": speed.case.split()[1],
            "B ÷ A, gradient ÷ loss": ratio_words(speed),
            "B ÷ A, time": f"× {fmt.significant(speed.time)}" if difference.here else fmt.NONE,
            "Called": speed.called,
        }
        for speed in found.methods
    ]
    return Block("Times by method", pd.DataFrame(rows))


def provenance(difference: Difference) -> Block:
    """Lay out where the runs come from, and in what they differ."""
    runs = (difference.first, difference.second)
    rows = [("run", *(run.name for run in runs))]
    rows += [("commit", *(commit(run.origin) for run in runs))]
    different = differing(difference.first.origin, difference.second.origin)
    rows += [row for row in different if not row[0].startswith("git")]
    if difference.here:
        rows += [("machine, processor", *[_machine(run) for run in runs])]
    return Block("The two runs", pd.DataFrame(rows, columns=["", "A", "B"]))


def text(difference: Difference) -> str:
    """Write the comparison for the terminal."""
    runs = (difference.first, difference.second)
    lines = [
        *(f"{letter}: {run.name} ({_about(run)})" for letter, run in zip("AB", runs, strict=True)),
        "",
        headline(difference),
        *map(fill, sentences(difference)),
    ]
    times = by_method(difference)
    for block in [*([times] if times else []), *changed(difference)]:
        more = len(block.frame) - ROWS
        lines += ["", f"{block.title} ({len(block.frame)})", "", _laid_out(block.frame[:ROWS])]
        if more > 0:
            lines += [f"… and {more} more; --out writes all."]
    return "\n".join(lines) + "\n"


def since_previous(folder: Path) -> str:
    """Write how a run differs from the one that made room for it; nothing if none did.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run, in which the earlier one is ``previous/``.
    """
    previous = folder / "previous"
    if not previous.is_dir():
        return ""
    try:
        difference = compare_runs(read_run(previous, PREVIOUS), read_run(folder, folder.name))
    except GradientError as error:  # This run is finished, whatever is left of the earlier one.
        return f"\nNot compared with {PREVIOUS}: {error}\n"
    said = [headline(difference), *sentences(difference)]
    told = "\n".join(fill(words) for words in said)
    more = f"gradmethods diff {previous} {folder} shows them, --out difference.html with figures."
    return f"\nSince {PREVIOUS}:\n{told}\n" + (f"{fill(more)}\n" if difference.changes else "")


def _laid_out(frame: pd.DataFrame) -> str:
    """Lay out a table of words; what are numbers in a column ends flush."""
    words = [str(name) for name in frame if not is_numeric(frame[name])]
    return table(frame.to_dict("records"), left=words)


def _about(run: Run) -> str:
    date = str(run.origin.get("date", "no date"))[:10]
    return f"{date}, {commit(run.origin)}, {_machine(run)}"
