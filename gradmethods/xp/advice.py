"""What to write instead of a NumPy name that a loss cannot use."""

from __future__ import annotations

import difflib
from collections.abc import Collection

import numpy as np

from gradmethods.xp.rewrites import NOTES, PLAIN, REWRITES

BY_VALUE = (
    "argpartition", "argwhere", "bincount", "digitize", "flatnonzero", "histogram", "median",
    "nonzero", "partition", "percentile", "quantile", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
)  # fmt: skip
"""Functions whose result is arranged by values that are not known while a loss is recorded."""

SPECIAL = (
    "digamma", "erf", "erfc", "expit", "gammaln", "log_expit", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "ndtr", "softmax", "xlogy",
)  # fmt: skip
"""Functions of `gradmethods.special`, which stands above this room."""

IMPORTED = "of the module special: from gradmethods import special"

MATRICES = (
    "cholesky", "cross", "det", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power",
    "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "svd", "svdvals",
    "vector_norm",
)  # fmt: skip
"""Functions that are under `xp.linalg` alone, as in NumPy."""

SYMMETRIC = {"eig": "eigh", "eigvals": "eigvalsh"}

OF_DATA = "Of data alone, compute it with NumPy beforehand and pass it as data"


def advice(name: str, known: Collection[str], prefix: str = "xp") -> str:
    """Say in one or two sentences what to write for `name`, where the `known` functions exist."""
    if name in known:
        return f"Write {prefix}.{name}."
    if name in MATRICES:
        return f"Write xp.linalg.{name}."
    if name in REWRITES or name in SPECIAL:
        text = f"special.{name}(x)" if name in SPECIAL else REWRITES[name]
        note = IMPORTED if "special." in text else NOTES.get(name)
        return f"Write {text}{f', {note}' if note else ''}."
    if name in PLAIN:
        return f"Write {PLAIN[name]}."
    if name in BY_VALUE:
        return (
            f"The result of {name} is arranged by values, which are not known here. {OF_DATA}; of "
            "parameters, write the loss without it: xp.sort, xp.argsort, xp.max, xp.where and "
            "indexing by integers are available."
        )
    slip = _slip(name, known)
    if slip:
        return f"Write {prefix}.{slip}."
    of = SYMMETRIC.get(name)
    small = f" Of symmetric matrices, write xp.linalg.{of}." if of else ""
    there = hasattr(np, name) or hasattr(np.linalg, name)
    call = "" if there else "call the function of the package that has it, and "
    return (
        f"There is no formula for it here.{small} {OF_DATA}; of parameters, write it with what xp "
        f"has, or {call}take finite differences of the loss in plain NumPy, with gm.Numerical()."
    )


def _slip(name: str, known: Collection[str]) -> str:
    """Return the function whose name was misspelt, "" if there is none: no other function."""
    if any(hasattr(place, name) for place in (np, np.linalg, np.ndarray)):
        return ""
    public = [other for other in known if not other.startswith("_")]
    near = difflib.get_close_matches(name, public, n=3, cutoff=0.4)
    most = SWAP if len(name) < 4 else 1 if len(name) < 6 else 2
    close = [other for other in near if _slips(name, other) <= most]
    fewest = min((_slips(name, other) for other in close), default=0)
    nearest = [other for other in close if _slips(name, other) == fewest]
    return nearest[0] if len(nearest) == 1 else ""  # of several, none is the one meant


SWAP = 0.5
"""How much two letters that changed places count, beside one too many or too few."""


def _slips(a: str, b: str) -> float:
    """Count the letters to insert, delete, replace or swap."""
    rows: list[list[float]] = [[*range(len(b) + 1)]]
    for i, x in enumerate(a, 1):
        row: list[float] = [i]
        for j, y in enumerate(b, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y)))
            if i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                row[-1] = min(row[-1], rows[-2][j - 2] + SWAP)
        rows.append(row)
    return rows[-1][-1]
