"""What is likely wrong with a gradient, in words: which mistake of the catalogue would look so.

Hypotheses are tried array by array, the most telling first; arrays with one explanation share its
sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradmethods.comparison.evidence import Evidence, Suspect
from gradmethods.comparison.hypotheses import HYPOTHESES, single
from gradmethods.truth.verdict import place


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
