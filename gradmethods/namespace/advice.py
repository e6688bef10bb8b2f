"""What to write instead of a NumPy name that a loss cannot use."""

from __future__ import annotations

import difflib
from collections.abc import Collection

import numpy as np

from gradmethods.namespace.rewrites import NOTES, PLAIN, REWRITES

BY_VALUE = (
    "argmax", "argmin", "argpartition", "argsort", "argwhere", "bincount", "digitize",
    "flatnonzero", "histogram", "median", "nonzero", "partition", "percentile", "quantile",
    "searchsorted", "sort", "unique", "unique_all", "unique_counts", "unique_inverse",
    "unique_values",
)  # fmt: skip
"""Functions whose result is arranged by values that are not known while a loss is recorded."""

DET = "x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]"

ALIKE = 0.8
"""How alike two words must be for one to be a slip of the other; see also `_slips`."""

OF_DATA = "Of data alone, compute it with NumPy beforehand and pass it as data"


def advice(name: str, known: Collection[str], prefix: str = "xp") -> str:
    """Say in one or two sentences what to write for `name`, where the `known` functions exist."""
    if name in known:
        return f"Write {prefix}.{name}."
    if name in REWRITES:
        note = NOTES.get(name)
        return f"Write {REWRITES[name]}{f', {note}' if note else ''}."
    if name in PLAIN:
        return f"Write {PLAIN[name]}."
    if name in BY_VALUE:
        return (
            f"The result of {name} is arranged by values, which are not known here. {OF_DATA}; of "
            "parameters, write the loss without it: xp.max, xp.min, xp.where and indexing by "
            "integer data are available."
        )
    slip = _slip(name, known)
    if slip:
        return f"Write {prefix}.{slip}."
    small = f" Of 2 × 2 matrices, write {DET}." if name == "det" else ""
    there = hasattr(np, name) or hasattr(np.linalg, name)
    call = "" if there else "call the function of the package that has it, and "
    return (
        f"There is no formula for it here.{small} {OF_DATA}; of parameters, write it with what xp "
        f"has, or {call}take finite differences of the loss in plain NumPy, with gm.Numerical()."
    )


def _slip(name: str, known: Collection[str]) -> str:
    """Return the function whose name was misspelt, "" if there is none: no other function."""
    if hasattr(np, name) or hasattr(np.linalg, name):
        return ""
    public = [other for other in known if not other.startswith("_")]
    near = difflib.get_close_matches(name, public, n=1, cutoff=ALIKE)
    return near[0] if near and _slips(name, near[0]) <= (1 if len(name) < 6 else 2) else ""


def _slips(a: str, b: str) -> int:
    """Count the letters to insert, delete or replace."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
