"""What is likely wrong with a gradient, in words: which mistake of the catalogue would look so.

Hypotheses are tried array by array, the most telling first; arrays with one explanation share its
sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmethods.comparison.evidence import Evidence, Suspect
from gradmethods.comparison.hypotheses import ALONG, HYPOTHESES, single
from gradmethods.comparison.search import wrong_entries
from gradmethods.core.structure import Arrays
from gradmethods.truth.along import Sample
from gradmethods.truth.verdict import place

FEW = 3
"""Wrong entries that are named before the rest is counted."""


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
    """Name the order in which the entries of an array would be right."""
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
    """Return the first explanation that holds, or nothing."""
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
