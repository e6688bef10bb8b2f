"""Judge one answer: find the bound of its method, and compare it with the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.structure import Arrays
from gradmethods.truth.differences import Differences, differences_bound
from gradmethods.truth.error_bounds import (
    CLAIM,
    DECISIVE,
    SEEN,
    SLACK,
    SURE,
    Bound,
    claimed_bound,
    decisive,
    rounding_bound,
)
from gradmethods.truth.find import Found
from gradmethods.truth.jumps import beyond_jumps
from gradmethods.truth.measures import Measures, measure
from gradmethods.truth.truth import Truth, true_arrays
from gradmethods.truth.verdict import (
    NO_GRADIENT,
    SUBGRADIENT,
    UNDECIDED,
    WRONG,
    Verdict,
    verdict,
)

LEAST = 1.0
"""Number of correct digits below which a gradient is wrong, whatever its bound."""

AVERAGED = 64.0
"""Number of roundings of the largest entry by which an average of gradients may be off."""

VALUE = 1e3
"""Error of the loss that is right, in units of u|f|: the order of a long sum is a method's own."""


MEETING = "branches meet at this point (gm.explain tells where)"


@dataclass(frozen=True)
class Answered:
    """A gradient, with the claims of its method about its error.

    Attributes
    ----------
    gradient : dict of str to numpy.ndarray
        By parameter array.
    value : float or None
        The loss, if it came with it.
    exact : bool or None
        Whether rounding is the only error of the method; None if that is not known.
    claim : dict of str to numpy.ndarray or None
        The method's own estimate of the error of each entry.
    losses : dict of str to numpy.ndarray or None
        How many times the rounding error of one loss each entry may be off by, for differences.
    stated : dict of str to numpy.ndarray or None
        The bound on the error of each entry that the provider states.
    rtol : float
        An error that is accepted, whatever the bound: relative to an entry, or to the root mean
        square of its array, whichever is larger.
    """

    gradient: Arrays
    value: float | None = None
    exact: bool | None = None
    claim: Arrays | None = None
    losses: Arrays | None = None
    stated: Arrays | None = None
    rtol: float = 0.0


def judge(answer: Answered, found: Found) -> Verdict:
    """Judge an answer by the truth that is known.

    Parameters
    ----------
    answer : Answered
        The gradient, with what its method says of it.
    found : Found
        The truth, or why there is none.

    Returns
    -------
    Verdict
        ``"not decided"`` where there is no truth: nobody is called right or wrong.
    """
    truth = found.truth
    if found.tie is not None:
        return _at_a_tie(answer, found)
    if truth is None:
        return Verdict(UNDECIDED, said=found.why)
    gradient = truth.problem.structure.restore(found.project(answer.gradient))
    judged = verdict(gradient, truth, bound_of(answer, found))
    if said := wrong_value(answer.value, found):
        return Verdict(WRONG, judged.arrays, "; ".join(filter(None, (said, judged.reason))))
    if judged.outcome == WRONG and getattr(truth, "choices", None):
        return replace(judged, said=f"{judged.reason}; {MEETING}")
    return judged


def reconsidered(answer: Answered, found: Found) -> Found:
    """Return what is known of a gradient, and of what jumps hide if an answer would be wrong.

    A solver within the loss that stops at a tolerance has an error with a slope of its own: see
    `gradmethods.truth.jumps`. Only differences need it, once, and only of what they disagree with.
    """
    truth = found.truth
    if not isinstance(truth, Differences):
        return found
    judged = judge(answer, found).arrays
    if not all(each.finite for each in judged.values()):
        return found
    off = [(each.excess, name, i) for name, each in judged.items() for i in each.entries]
    wrong = [(name, i) for _, name, i in sorted(off, key=lambda each: -each[0])]
    if not wrong:
        return found
    gradient = truth.problem.structure.restore(found.project(answer.gradient))
    wider = beyond_jumps(truth, wrong, truth.error(gradient))
    return found if wider is truth else replace(found, truth=wider)


def _at_a_tie(answer: Answered, found: Found) -> Verdict:
    """Judge where there is no certified gradient: by the subgradients that are proven.

    One that is none of them is wrong only where rounding cannot be why, and where the method did
    not say itself that it does not know.
    """
    tie = found.tie
    assert tie is not None
    if not all(np.isfinite(array).all() for array in answer.gradient.values()):
        return Verdict(WRONG, said="NaN or infinity in the gradient")
    structure, u = found.problem.structure, float(np.finfo(found.problem.dtype).eps) / 2
    gradient, near, far, told = structure.restore(answer.gradient), {}, {}, False
    for name, array in answer.gradient.items():
        size = abs(np.asarray(array, float))
        claim = np.zeros(size.shape) if answer.claim is None else answer.claim[name]
        known = np.where(np.isfinite(claim), claim, 0.0)
        told |= not np.isfinite(claim).all()
        accepted = answer.rtol * np.maximum(size, root_mean_square(size))
        near[name] = AVERAGED * u * float(size.max(initial=0.0)) + SURE * known + accepted
        far[name] = SEEN * u * size + CLAIM * known + DECISIVE * size + accepted
    if tie.is_subgradient(gradient, structure.restore(near)):
        return Verdict(SUBGRADIENT, said=found.why)
    if not told and tie.is_subgradient(gradient, structure.restore(far)) is False:
        return Verdict(WRONG, said=f"it is no subgradient. {found.why}")
    return Verdict(NO_GRADIENT if tie.kind == NO_GRADIENT else UNDECIDED, said=found.why)


def bound_of(answer: Answered, found: Found) -> Bound:
    """Return the bound on the error of an answer, by its method.

    What a provider states is its bound. Rounding is all that exact methods may be off by, beside
    what they say themselves. What is not exact is held to its own estimate. Without one there is no
    bound: then digits alone count, and an array with fewer than `LEAST` is wrong. Nobody can be
    held to more than differences know, where these are all there is.
    """
    assert found.truth is not None
    limits = _bound_of(answer, found, found.truth)
    return accepting(limits, answer.rtol, found.truth) if answer.rtol else limits


def _bound_of(answer: Answered, found: Found, truth: Truth) -> Bound:
    gradient = truth.problem.structure.restore(found.project(answer.gradient))
    if answer.stated is not None:
        return decisive(found.errors(answer.stated), truth)
    claim = None if answer.claim is None else found.errors(answer.claim)
    if not found.certified:
        return differences_bound(truth, claim)
    if answer.exact:
        limits = rounding_bound(truth, gradient)
        if claim is None:
            return limits
        own = {n: CLAIM * np.nan_to_num(np.asarray(c, float), nan=np.inf) for n, c in claim.items()}
        most = {name: np.maximum(limits.most[name], own[name]) for name in own}
        return Bound(limits.sure, most, limits.seen)
    if claim is not None:
        losses = None if answer.losses is None else found.errors(answer.losses)
        return claimed_bound(claim, truth, losses)
    return _by_digits(truth, gradient)


def accepting(limits: Bound, rtol: float, truth: Truth) -> Bound:
    """Accept errors up to a part of each entry, or of the root mean square of its array."""
    sure = {}
    for name, true in true_arrays(truth).items():
        accepted = rtol * np.maximum(abs(true), root_mean_square(true))
        sure[name] = np.fmax(limits.sure[name], accepted)  # an array of 0 accepts nothing
        sure[name] = np.where(accepted > 0, sure[name], limits.sure[name])
    most = {name: np.fmax(most, sure[name]) for name, most in limits.most.items()}
    return replace(limits, sure=sure, most=most)


def root_mean_square(array: NDArray[Any]) -> float:
    """Return the typical size of the entries of an array."""
    return norm(array) / math.sqrt(array.size) if array.size else 0.0


def _by_digits(truth: Truth, gradient: Any) -> Bound:
    """Accept errors that rounding explains; call wrong only what has no correct digit."""
    limits, errors = rounding_bound(truth, gradient), truth.error(gradient)
    most = {}
    for name, true in true_arrays(truth).items():
        without = not norm(errors[name]) <= 10**-LEAST * norm(true)
        most[name] = limits.sure[name] if without else np.full(true.shape, np.inf)
    return Bound(limits.sure, most, limits.seen, source="the method tells no bound of its error.")


def wrong_value(value: float | None, found: Found) -> str:
    """Say why a loss is wrong: by the certified one, not by plain NumPy's. Empty if it is not.

    What is as near as the loss in plain NumPy, twice, is not: nobody need do better than that.
    """
    truth = found.truth
    if value is None or truth is None:
        return ""
    u = float(np.finfo(found.problem.dtype).eps) / 2
    plain = abs(float(found.problem.value()) - truth.value)
    allowed = max(SLACK * truth.loss_rounding(), 2 * plain) + VALUE * u * abs(truth.value)
    if abs(value - truth.value) <= allowed:
        return ""
    return f"the loss is {value!r} where {truth.value!r} is right"


def measured(answer: Answered, found: Found) -> Measures | None:
    """Measure the error of a whole gradient, or of the part that is known; None without one."""
    if found.truth is None or any(np.isnan(x).any() for x in true_arrays(found.truth).values()):
        return None
    return measure(
        found.truth.problem.structure.restore(found.project(answer.gradient)), found.truth
    )[-1]
