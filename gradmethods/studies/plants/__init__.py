"""Mistakes to plant into right gradients: what a check must reject, or it checks nothing.

Each mistake is a small function that takes the `Ground` it is planted in and yields wrong
gradients: by changing numbers (`changes`), or as right gradients of something else (`elsewhere`).
Here they are all planted, and those that change less than rounding does are set aside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.structure import Arrays
from gradmethods.studies.plants.changes import CHANGES, LADDER
from gradmethods.studies.plants.elsewhere import ELSEWHERE
from gradmethods.studies.plants.ground import Ground, Mistake, NotHere
from gradmethods.truth.error_bounds import exact_bound
from gradmethods.truth.measures import quotient
from gradmethods.truth.truth import Truth, true_arrays

__all__ = ["MISTAKES", "Plant", "planted"]

MISTAKES: Mapping[str, Mistake] = {**CHANGES, **ELSEWHERE}
"""The catalogue: every mistake by its name."""


@dataclass(frozen=True)
class Plant:
    """One wrong gradient, or why there is none.

    Attributes
    ----------
    mistake : str
        A name in the catalogue.
    where : str
        The arrays or the entry concerned.
    gradient : dict of str to numpy.ndarray, or None
        The wrong gradient; None where the mistake cannot be made, or shows less than rounding.
    reason : str
        Why there is none; empty if there is one.
    change : float
        Norm of the change ÷ norm of the array, the largest over the arrays.
    amount : float
        Of one component, relative to it, for the mistakes of that kind; NaN for the others.
    """

    mistake: str
    where: str
    gradient: Arrays | None
    reason: str = ""
    change: float = math.nan
    amount: float = math.nan


def planted(truth: Truth, allowed: Arrays | None = None) -> list[Plant]:
    """Plant every mistake of the catalogue into the gradient of a problem.

    Parameters
    ----------
    truth : Truth
        The true gradient; rounded to the problem's dtype, it is what the mistakes change.
    allowed : dict of str to numpy.ndarray, optional
        The errors that a right gradient may have; those of exact methods by default.

    Returns
    -------
    list of Plant
        At least one for each mistake. Those that cannot be made here, or that change no component
        by more than a right gradient may err, hold no gradient but the reason.

    Examples
    --------
    >>> import gradmethods as gm
    >>> truth = gm.certified_gradient(gm.problems.get("rosenbrock", n=2))
    >>> plants = {plant.mistake: plant for plant in planted(truth)}
    >>> plants["sign flipped"].change
    2.0
    >>> plants["transposed"].reason
    'no array has rows and columns'
    """
    problem = truth.problem
    gradient = {name: array.astype(problem.dtype) for name, array in true_arrays(truth).items()}
    ground = Ground(problem, gradient, exact_bound(truth) if allowed is None else allowed)
    return [
        plant
        for mistake, plants in MISTAKES.items()
        for plant in _sow(mistake, plants, ground, truth)
    ]


def _sow(mistake: str, plants: Mistake, ground: Ground, truth: Truth) -> Iterator[Plant]:
    count = 0
    try:
        with np.errstate(all="ignore"):
            for where, wrong in plants(ground):
                count += 1
                yield _tried(mistake, where or "all", wrong, ground, truth)
    except NotHere as reason:
        yield Plant(mistake, "", None, str(reason))
        return
    if not count:
        yield Plant(mistake, "", None, "rounding hides every component")


def _tried(mistake: str, where: str, wrong: Arrays, ground: Ground, truth: Truth) -> Plant:
    """Set aside what is no mistake: a change that a right gradient may differ by."""
    error = truth.error(ground.problem.structure.restore(wrong))
    seen = {name: ~(abs(error[name]) <= ground.allowed[name]) for name in error}
    change = max(_relative(error[name], ground.gradient[name]) for name in error)
    if not any(where.any() for where in seen.values()):
        reason = "changes no component by more than rounding may"
        return Plant(mistake, where, None, reason, change)
    amount = math.nan
    if mistake == LADDER:
        here = next(name for name in seen if seen[name].any())
        ratio = error[here][seen[here]] / ground.gradient[here][seen[here]]
        amount = float(abs(ratio).max())
    return Plant(mistake, where, wrong, "", change, amount)


def _relative(error: NDArray[Any], gradient: NDArray[Any]) -> float:
    if not np.isfinite(error).all():
        return math.inf
    return quotient(norm(error), norm(np.asarray(gradient, float)))
