"""Diagnose a wrong gradient in words: find the common mistake that would look like it.

Hypotheses are tried array by array, the most telling first; arrays with one explanation share its
sentence. In a long gradient wrong entries are found by halving: a random direction over a group
shows an error of any entry in it, and a group that errs is halved. So k wrong entries among n take
O(k log n) derivatives, where n would be needed one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.comparison.evidence import Evidence, Suspect
from gradmethods.comparison.hypotheses import ALONG, HYPOTHESES, single
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.truth.along import Row, Sample, along, draw
from gradmethods.truth.differences import differences
from gradmethods.truth.error_bounds import CLAIM
from gradmethods.truth.verdict import place

FEW = 3
"""Number of wrong entries that are named before the rest is counted."""


def diagnose(evidence: Evidence) -> str:
    """Say what is likely wrong: an empty string if the verdict finds nothing wrong.

    Parameters
    ----------
    evidence : Evidence
        A gradient, the truth, and the verdict.
    """
    words: dict[str, list[str]] = {}
    for name, found in evidence.verdict.arrays.items():
        if found.entries:
            with np.errstate(all="ignore"):
                words.setdefault(_explain(Suspect(name, evidence)), []).append(name)
    return "; ".join(
        _of(names, len(evidence.given)) + (text or _unexplained(names, evidence))
        for text, names in words.items()
    )


def diagnose_sample(evidence: Evidence, sample: Sample, gradient: Arrays) -> str:
    """Say what is likely wrong with a long gradient, of which a sample is known.

    Parameters
    ----------
    evidence : Evidence
        What the sample says.
    sample : Sample
        Which entries and directions.
    gradient : dict of str to numpy.ndarray
        All of what was given.
    """
    words: dict[str, list[str]] = {}
    for name, found in evidence.verdict.arrays.items():
        if found.entries:
            suspect = Suspect(name, evidence)
            with np.errstate(all="ignore"):
                text = next((t for hypothesis in ALONG for t in hypothesis(suspect)), "")
                text = text or _rearranged(suspect, sample, gradient)
            text = text or _searched(name, sample, gradient)
            words.setdefault(text, []).append(name)
    return "; ".join(_of(names, len(evidence.given)) + text for text, names in words.items())


def _rearranged(suspect: Suspect, sample: Sample, gradient: Arrays) -> str:
    """Name the order of axes or entries in which an array would be right."""
    name, given = suspect.name, gradient[suspect.name]
    flat = given.ravel()
    candidates: dict[str, Any] = {
        f"holds the gradient of {other!r}: arrays swapped": array.ravel()
        for other, array in gradient.items()
        if other != name and array.shape == given.shape
    } | {
        "its entries are in reverse order": flat[::-1],
        "its entries are shifted by one place (+1)": np.roll(flat, -1),
        "its entries are shifted by one place (-1)": np.roll(flat, 1),
    }
    if given.ndim == 2:
        candidates["transposed"] = given.reshape(given.shape[::-1]).T.ravel()
    for text, array in candidates.items():
        right = np.array([float(row.of(array)) for row in sample.rows[name]])
        if (abs(right - suspect.true) <= suspect.evidence.allowed[name]).all():
            return str(text)
    return ""


def _searched(name: str, sample: Sample, gradient: Arrays) -> str:
    """Search for the wrong entries of an array."""
    found, n = wrong_entries(sample.problem, name, gradient[name]), gradient[name].size
    if not found:
        many = "most" if found is None else "some"
        return f"{many} of {n:,} entries are wrong, by no pattern that is known"
    each = (f"{place(e.where)} is {e.given:.6g} where {e.true:.6g} is right" for e in found)
    shown = ", ".join(list(each)[:FEW])
    more = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    verb = "entry is" if len(found) == 1 else "entries are"
    return f"{len(found)} {verb} wrong of {n:,}: {shown}{more}"


def _explain(suspect: Suspect) -> str:
    """Return the first hypothesis that explains the error, or an empty string."""
    return next((text for hypothesis in HYPOTHESES for text in hypothesis(suspect)), "")


def _of(names: Sequence[str], every: int) -> str:
    if names == [""]:
        return ""
    some = ", ".join(names)
    return f"{some}: " if len(names) < every or every < 2 else f"every array ({some}): "


def _unexplained(names: Sequence[str], evidence: Evidence) -> str:
    suspects = [Suspect(name, evidence) for name in names]
    wrong = sum(len(suspect.entries) for suspect in suspects)
    n = sum(suspect.true.size for suspect in suspects)
    worst = max(suspects, key=lambda s: s.evidence.verdict.arrays[s.name].excess)
    index = max(worst.entries, key=lambda i: abs(worst.given[i] - worst.true[i]))
    text = single(worst, index)
    if n == 1:
        return text
    at = place(index) if worst.true.ndim else ""
    which = f"{worst.name}{at}"
    return f"{wrong:,} of {n:,} entries are wrong, by no pattern that is known; {which} {text}"


MANY = 32
"""Number of wrong groups on one level at which the search ends: most entries are wrong."""


class WrongEntry(NamedTuple):
    """A wrong entry: its place, the value that was given, and the value of differences."""

    where: tuple[int, ...]
    given: float
    true: float


class Off(NamedTuple):
    """A group of entries, and the error of their sum along a direction with its error bar."""

    places: NDArray[np.intp]
    by: float
    bar: float

    def errs(self, slack: float) -> bool:
        """Whether an entry among them is wrong."""
        return not abs(self.by) <= CLAIM * self.bar + slack


def wrong_entries(problem: Problem, name: str, gradient: NDArray[Any]) -> list[WrongEntry] | None:
    """Find the wrong entries of one array of a gradient; None if there are too many.

    Parameters
    ----------
    problem : Problem
    name : str
        Of the array.
    gradient : numpy.ndarray
        That array of it.
    """
    given = np.asarray(gradient, float).ravel()
    row = draw(problem, 0, 1, 0).rows[name][-1]
    moves = np.zeros(given.size)
    moves[row.places] = row.moves
    half = math.sqrt(float(np.finfo(problem.dtype).eps))

    def slack(places: NDArray[np.intp]) -> float:
        return float(half * np.linalg.norm(given[places] * moves[places]))

    def look(groups: Sequence[NDArray[np.intp]]) -> list[Off]:
        rows = [Row(places, moves[places]) for places in groups]
        truth = differences(along(problem, {name: rows}))
        found, bars = truth.problem.structure.check(truth.gradient)[name], truth.bars[name]
        parts = zip(groups, rows, found.tolist(), bars.tolist(), strict=True)
        return [Off(p, float(r.of(given)) - true, bar) for p, r, true, bar in parts]

    bad = [off for off in look([np.arange(given.size)]) if off.errs(slack(off.places))]
    singles: list[NDArray[np.intp]] = []
    while bad:
        if len(bad) > MANY:
            return None
        halves = [off.places[: off.places.size // 2] for off in bad if off.places.size > 1]
        singles += [off.places for off in bad if off.places.size == 1]
        wide = [off for off in bad if off.places.size > 1]
        bad = []
        for off, left in zip(wide, look(halves) if halves else [], strict=True):
            rest = off.places[left.places.size :]
            right = Off(rest, off.by - left.by, off.bar + left.bar)
            bad += [each for each in (left, right) if each.errs(slack(each.places))]
    if not singles:
        return []
    found = []
    for off in look(singles):
        if off.errs(slack(off.places)):
            place = int(off.places[0])
            where = tuple(map(int, np.unravel_index(place, np.shape(gradient))))
            true = given[place] - off.by / moves[place]
            found.append(WrongEntry(where, float(given[place]), float(true)))
    return found
