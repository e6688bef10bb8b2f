"""The hard cases: what each method gives on each, held against the certified gradient.

It counts the digits that a case leaves, and gives the counts names; it is no verdict on a method,
which `gradmethods.truth` gives: what rounding must lose is right there, and inaccurate here.

Outcomes are measured here. The sentences that explain them live in `reasons.py` beside this file,
and each belongs to one outcome: beside any other it does not appear, so none can outlive its fact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.errors import GradientError
from gradmethods.problems import hard
from gradmethods.providers import get_provider
from gradmethods.studies.accuracy.answers import Answer, ask
from gradmethods.studies.accuracy.reasons import reason
from gradmethods.studies.accuracy.survey import VARIANTS
from gradmethods.studies.accuracy.tolerances import tolerance

if TYPE_CHECKING:
    from gradmethods.engines.certified import CertifiedGradient

RIGHT, INACCURATE, WRONG, ZERO = "right", "inaccurate", "wrong", "zero"
NOT_ZERO, NOT_FINITE, REFUSED, NUMBER = "not zero", "not finite", "refused", "number"
OUTCOMES = (RIGHT, INACCURATE, WRONG, ZERO, NOT_ZERO, NOT_FINITE, REFUSED, NUMBER)
"""What a method can come to; see `hard_case_rows`."""

SHORT = 3
"""Gradients of so many entries are shown whole."""


def hard_case_rows(
    names: Iterable[str] | None = None, methods: Sequence[str] = VARIANTS
) -> list[dict[str, Any]]:
    """Run methods on the hard cases.

    Parameters
    ----------
    names : iterable of str, optional
        Names of `gradmethods.problems.hard`; all if not given.
    methods : sequence of str, optional
        Names of providers; every method of ours, in all variants, if not given.

    Returns
    -------
    list of dict
        A row for each case and method, of plain values:

        ================  ==========================================================================
        case, provider    names
        n, dtype          number and type of the parameters
        value             the loss that the method gives
        outcome           ``"right"``: within the method's tolerance. ``"inaccurate"``: not, but
                          with a digit or more. ``"wrong"``: with less. ``"zero"``: all 0, and the
                          truth is not. ``"not zero"``: the truth is 0, and this is
                          more than the round-off of evaluating it.
                          ``"not finite"``: NaN or infinity in it. ``"refused"``: none was given.
                          ``"number"``: one was given where there is no gradient
        digits            correct ones, −log₁₀ of the error, of the worst parameter array
        error             norm of the error ÷ norm of the truth, of the worst parameter array
        gives             the gradient where it is short, else its worst entry
        truth             the certified one likewise; or why there is none
        certified_digits  how many of its digits are certified; None if there is none
        refusal           why the method gave no gradient; empty if it did
        marked            how many entries the method itself marks as not resolved
        why               a sentence; empty if the outcome is not the one that it explains
        expected          whether it is
        ================  ==========================================================================

    Raises
    ------
    UnknownName
        If there is no case of a name.

    Examples
    --------
    >>> rows = hard_case_rows(["underflow"])
    >>> {row["gives"] for row in rows if row["provider"] in ("forward", "backprop")}
    {'(0.75, 0.25)'}
    """
    rows = []
    for name in hard.names() if names is None else names:
        problem = hard.get(name)
        truth = _certify(problem)
        for variant in methods:
            answer, _ = ask(problem, get_provider(variant), seconds=0)
            rows.append(_row(problem, truth, variant, answer))
    return rows


def _certify(problem: Problem) -> CertifiedGradient | str:
    from gradmethods.engines.certified import certified_gradient

    try:
        return certified_gradient(problem)
    except GradientError as refusal:
        return str(refusal)


def _row(
    problem: Problem, truth: CertifiedGradient | str, variant: str, answer: Answer
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "case": problem.name,
        "provider": variant,
        "n": problem.size,
        "dtype": str(problem.dtype),
        "value": answer.value,
        "digits": None,
        "error": None,
        "gives": "",
        "certified_digits": None,
        "refusal": answer.obstacle,
        "marked": answer.unresolved or 0,
    }
    if isinstance(truth, str):
        row |= _without_truth(answer) | {"truth": truth}
    else:
        row |= _against(problem, truth, variant, answer) | {"certified_digits": truth.digits}
    why = reason(problem.name, variant, row["outcome"])
    return row | {"why": why, "expected": bool(why)}


def _without_truth(answer: Answer) -> dict[str, Any]:
    if answer.gradient is None:
        return {"outcome": REFUSED}
    outcome = NUMBER if answer.is_finite else NOT_FINITE
    return {"outcome": outcome, "gives": _whole(answer.gradient)}


def _against(
    problem: Problem, certified: CertifiedGradient, variant: str, answer: Answer
) -> dict[str, Any]:
    truth = problem.structure.leaves(certified.gradient)
    if answer.gradient is None:
        return {"outcome": REFUSED, "truth": _shown(truth, truth)[0]}
    errors = certified.error(problem.structure.restore(answer.gradient))
    rounding = certified.rounding()
    relative = {name: _relative(errors[name], truth[name], rounding[name]) for name in truth}
    worst = max(relative.values())
    gives, true = _shown(answer.gradient, truth, errors)
    return {
        "outcome": _outcome(problem, variant, answer.gradient, truth, relative),
        "digits": _digits(worst, problem),
        "error": worst,
        "gives": gives,
        "truth": true,
    }


def _outcome(
    problem: Problem, variant: str, gradient: Arrays, truth: Arrays, relative: dict[str, float]
) -> str:
    error = max(relative.values())
    if not all(np.isfinite(array).all() for array in gradient.values()):
        return NOT_FINITE
    if any(relative[name] and not truth[name].any() for name in truth):
        return NOT_ZERO
    if error <= tolerance(variant, problem.dtype):
        return RIGHT
    if not any(array.any() for array in gradient.values()):
        return ZERO
    return INACCURATE if error <= 0.1 else WRONG


def _relative(difference: Any, truth: Any, rounding: Any) -> float:
    """Divide norms; NaN and infinity are far away, and so is from 0 what is more than round-off."""
    if not np.isfinite(difference).all():
        return math.inf
    size = norm(truth)
    if size:
        return norm(difference) / size
    return 0.0 if (abs(difference) <= np.where(np.isinf(rounding), 0, rounding)).all() else math.inf


def _digits(error: float, problem: Problem) -> float:
    most = -math.log10(float(np.finfo(problem.dtype).eps) / 2)
    return min(most, max(0.0, -math.log10(error))) if error else most


def _shown(gradient: Arrays, truth: Arrays, errors: Arrays | None = None) -> tuple[str, str]:
    """Write a gradient and the truth: in whole if they are short, else the worst entry."""
    if sum(array.size for array in truth.values()) <= SHORT:
        return _whole(gradient), _whole(truth)
    worst = errors or {name: abs(array) for name, array in truth.items()}
    ranks = {n: np.nan_to_num(abs(e), nan=np.inf).ravel() for n, e in worst.items() if e.size}
    name = max(ranks, key=lambda n: ranks[n].max())
    i = int(ranks[name].argmax())
    index = np.unravel_index(i, truth[name].shape)
    label = name + (f"[{', '.join(map(str, index))}]" if index else "")
    given, true = (_number(arrays[name].ravel()[i]) for arrays in (gradient, truth))
    return f"{label} = {given}", f"{label} = {true}"


def _whole(arrays: Arrays) -> str:
    entries = [_number(x) for array in arrays.values() for x in np.ravel(array)]
    return entries[0] if len(entries) == 1 else f"({', '.join(entries)})"


def _number(x: Any) -> str:
    return f"{float(x) + 0.0:.3g}"
