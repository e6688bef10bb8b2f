"""Bounds on the error of a method: by theory, by its own estimate, or by observed rounding.

Everything comes from the truth: what rounding does to a gradient computed in the problem's own
precision, what it does to the loss, and the derivatives of higher order that differences truncate.

Sources: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002,
chapters 1 to 3 (forward error = condition × backward error); J. Nocedal and S. J. Wright, Numerical
Optimization, 2nd edition, Springer 2006, section 8.1 (truncation and round-off of differences).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.providers import get_provider
from gradmethods.providers.schemes import ALL, SCHEMES, Scheme
from gradmethods.truth.observed_rounding import textbook_errors
from gradmethods.truth.truth import Truth, true_arrays

SLACK = 8.0
"""Between the rounding of one order of operations, which is bounded with proof, and that of
another: reverse for forward mode, or a formula of one's own. Gradients written by hand and
backpropagation reached 2.2 times the bound for forward mode, on the catalogue at hundreds of
points."""

UNDERFLOW = 1e3
"""Smallest subnormal numbers that an entry may be off by: the bound on rounding knows no least
number, floating point has one, and each underflow in a computation loses half of it."""

REMAINDER = 2.0
"""The terms of a truncation error that are left out may be as large as those that are counted, and
losses beside the point round a little more than at it."""

TERMS = 5
"""Terms of the truncation error that are counted, from the leading one; of a symmetric scheme every
second one is 0."""

ROUNDINGS = 4
"""Number of roundings that every result is allowed, whatever comes before: forward mode may not
round at all where another order of operations does."""

CLAIM = 10.0
"""Error ÷ the method's own estimate up to which it is right."""

SURE = 3.0
"""Error ÷ that estimate beyond which it is wrong; between the two it is not decided."""

SEEN = 1e3
"""A gradient may err so many times as backpropagation with textbook slopes is seen to in its array,
where nothing better is known, before it is wrong. To first order rounding errors, all at their
worst, add up to √T times their root mean square if there are T of them (Cauchy and Schwarz)."""

NEAR = 30.0
"""It is right up to so many times the error of the entry, or of all in its array on average."""

DECISIVE = 1e-2
"""Part of an entry above which a bound decides nothing."""

Derivatives = Callable[..., NDArray[np.float64]]


def bound(method: Any, truth: Truth, derivatives: Derivatives | None = None) -> Arrays:
    r"""Bound the error of each component of a method's gradient at the problem's point.

    Parameters
    ----------
    method : Provider, PreparedGradient or str
        Of the truth's problem; a provider, or its name, is prepared. Anything that takes no finite
        differences is exact.
    truth : Truth
        The true gradient with its rounding, for example from `certified_gradient`.
    derivatives : callable, optional
        Takes the problem and an order; returns f, f′, f″, … along each coordinate in an array of
        shape (n, order + 1). By default `certified_derivatives`.

    Returns
    -------
    dict of str to numpy.ndarray
        Absolute errors in float64, by parameter array; infinite where theory promises nothing.

    Notes
    -----
    *Exact methods* (analytical, backprop, the complex step, and a user's own): `SLACK` times the
    rounding of the gradient in forward mode, `ROUNDINGS` roundings of the result, and `UNDERFLOW`
    subnormal numbers.

    *Differences*: with weights wⱼ for losses at x + δⱼ, the steps really taken, the error is
    Σₖ f⁽ᵏ⁾/k! Σⱼ wⱼ δⱼᵏ from the leading k on, of which `TERMS` are summed by magnitude and taken
    `REMAINDER` times, and Σⱼ \|wⱼ\| times the rounding of a loss; for central differences
    h²/6 \|f‴\| + h⁴/120 \|f⁽⁵⁾\| + … and 2ε/(2h).

    *Richardson* extrapolation decides itself which steps to combine, so no fixed expansion holds.
    What it claims is held against it: `CLAIM` times its own estimate, which knows truncation from
    the tableau and takes round-off in the loss for u|f|, scaled to the rounding that the loss has.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.problems.get("log-sum-exp", n=3)
    >>> truth = gm.certified_gradient(problem)
    >>> exact, differences = (bound(name, truth)[""] for name in ("backprop", "numerical"))
    >>> bool((1e-16 < exact).all() and (exact < 1e-11).all() and (exact < differences).all())
    True
    """
    if isinstance(method, str):
        method = get_provider(method)
    if isinstance(method, Provider):
        method = method.prepare(truth.problem)
    scheme = ALL.get(getattr(method, "scheme", ""))
    if scheme is None or not scheme.subtracts:
        return exact_bound(truth)
    if not scheme.has_law:
        return _claimed(method, truth)
    return _of_differences(scheme, method, truth, derivatives or _certified)


def exact_bound(truth: Truth) -> Arrays:
    """Bound the error of a gradient without truncation, whatever the order of its operations."""
    result = true_arrays(truth)
    u, least = _units(truth)
    return {
        name: SLACK * rounding + ROUNDINGS * u * abs(result[name]) + UNDERFLOW * least
        for name, rounding in truth.rounding().items()
    }


@dataclass(frozen=True)
class Bound:
    """The bound on the error of a gradient, entry by entry.

    Attributes
    ----------
    sure : dict of str to numpy.ndarray
        An error up to this is right. It is never more than `DECISIVE` of the entry, or of the norm
        of its array where the entry is 0.
    most : dict of str to numpy.ndarray
        An error above this is wrong; infinite where nothing is known. What lies between the two is
        not decided.
    seen : tuple of str
        Arrays in which the error that backpropagation makes with textbook slopes counts, because
        the proven bound is too coarse, or because they lose more than that.
    jointly : bool
        Whether an array is right as a whole where entries are not decided that are no more than
        `DECISIVE` of its norm, all together: differences of losses know no more of small entries
        beside large ones.
    source : str
        What it comes from, as the beginning of a sentence that ends with its size; one that ends
        with a full stop stands alone.
    """

    sure: Arrays
    most: Arrays
    seen: tuple[str, ...] = ()
    jointly: bool = False
    source: str = "rounding may change it by"


def scales(truth: Truth) -> Arrays:
    """Return the size to which the error of each entry is relative.

    That is the entry; where it is 0, the norm of its array; where that is 0, of the gradient.
    """
    true = true_arrays(truth)
    whole = norm(np.concatenate([np.ravel(array) for array in true.values()]))
    return {n: np.where(x == 0, norm(x) or whole, abs(x)) for n, x in true.items()}


def least_errors(truth: Truth) -> Arrays:
    """Return the error that the last roundings of any computation may leave in each entry."""
    u, least = _units(truth)
    return {n: np.maximum(ROUNDINGS * u * abs(x), least) for n, x in true_arrays(truth).items()}


def decisive(bounds: Mapping[str, NDArray[Any]], truth: Truth) -> Bound:
    """Return the bounds that decide: those of at most `DECISIVE` of an entry."""
    scale, least = scales(truth), least_errors(truth)
    sure = {n: _capped(np.asarray(b, float), scale[n], least[n]) for n, b in bounds.items()}
    return Bound(sure, {n: np.fmax(np.asarray(b, float), least[n]) for n, b in bounds.items()})


def _capped(bound: Any, scale: Any, least: Any) -> Any:
    """Return a bound where it is at most `DECISIVE` of an entry, else the last roundings alone."""
    return np.where(bound <= DECISIVE * scale, np.maximum(bound, least), least)


def claimed_bound(claim: Arrays, truth: Truth, losses: Arrays | None = None) -> Bound:
    """Bound the error of a method by its own estimate, and rounding beside it.

    Parameters
    ----------
    claim : dict of str to numpy.ndarray
        Estimated errors.
    truth : Truth
        The true gradient.
    losses : dict of str to numpy.ndarray, optional
        How many times the rounding error of one loss each entry may be off by: what it hides is not
        wrong, whatever was estimated.
    """
    scale, least, exact = scales(truth), least_errors(truth), exact_bound(truth)
    sure, most = {}, {}
    with np.errstate(over="ignore"):
        for name, given in claim.items():
            estimate = np.nan_to_num(np.asarray(given, float), nan=np.inf)
            rounding = np.where(np.isfinite(exact[name]), exact[name], least[name])
            sure[name] = _capped(SURE * estimate + rounding, scale[name], least[name])
            most[name] = CLAIM * estimate + exact[name]
            if losses is not None:
                most[name] = most[name] + losses[name] * truth.loss_rounding()
    return Bound(sure, most, jointly=True, source="by its own estimate it may be off by")


def losses_in(prepared: Any) -> Arrays | None:
    """Return how many times the rounding error of one loss each entry of differences may be off by.

    That is Σⱼ |wⱼ| of their quotient; None for what is no difference with steps of its own.
    """
    scheme, step = getattr(prepared, "scheme", None), getattr(prepared, "step", None)
    if scheme not in SCHEMES or not callable(step):
        return None
    weights, _ = _quotients(SCHEMES[scheme], prepared)
    return dict(prepared.problem.structure.split(abs(weights).sum(axis=0)))


def rounding_bound(truth: Truth, gradient: Any) -> Bound:
    """Bound the error of a gradient that has no truncation error, such as this one.

    It is `exact_bound`, wherever that decides and the gradient is within it. Elsewhere what
    backpropagation with textbook slopes is seen to err by, `SEEN` times, counts too. Bounds on
    rounding assume the worst of every operation, and grow with depth beyond use: then it is less,
    by what it errs where every rounding falls at random. And forward mode is not the measure of all
    formulas: σ′ = a (1 - a), as all write it, loses the digits of a saturated unit that the
    derivative of 1 / (1 + exp(-z)) keeps: then it is more, for an array of the gradient that has
    lost them. Where rounding may take another branch, what is seen of one says nothing of another,
    and the proven bound stands.

    Parameters
    ----------
    truth : Truth
        The true gradient.
    gradient : array_like, or containers of them
        In the structure of the parameters.
    """
    proven = exact_bound(truth)
    plain = decisive(proven, truth)
    errors = truth.error(gradient)
    if all((abs(errors[name]) <= plain.sure[name]).all() for name in errors):
        return plain
    found = textbook_errors(truth)
    if found is None:
        return plain
    scale, least = scales(truth), least_errors(truth)
    sure, most, counts = dict(plain.sure), dict(plain.most), []
    for name, error in found.plain.items():
        own = proven[name]
        coarse = own > DECISIVE * scale[name]
        rough = bool((error > own).any() and (abs(errors[name]) > own).any())
        if not (coarse.any() or rough):
            continue
        counts.append(name)
        entry, array = _from(error, truth, name)
        finer = _capped(entry, scale[name], least[name])
        _, far = _from(found.random[name], truth, name)
        less = np.where(truth.branching()[name], own, np.minimum(own, np.maximum(far, array)))
        sure[name] = np.where(coarse, finer, sure[name])
        most[name] = np.where(coarse, less, most[name])
        if rough:
            sure[name] = np.maximum(sure[name], finer)
            most[name] = np.maximum(most[name], array)
        most[name] = np.maximum(most[name], sure[name])
    return Bound(sure, most, tuple(counts))


def _from(error: NDArray[np.float64], truth: Truth, name: str) -> tuple[Any, Any]:
    """Return the errors up to which entries are right, and beyond which they are wrong."""
    x, (u, _) = abs(true_arrays(truth)[name]), _units(truth)
    average = norm(error) / math.sqrt(error.size) if error.size else 0.0
    entry = NEAR * np.maximum(np.maximum(error, average), u * x)
    return entry, np.maximum(entry, SEEN * max(norm(error), u * norm(x)))


def amplification(truth: Truth) -> Arrays:
    """Return the factor by which the computation of each component amplifies rounding.

    It is the bound on the rounding of the component ÷ (unit round-off × the component): 1 is that
    of a number which is only rounded; 1/u, of one in which no digit is sure. Where a component is
    0, it is relative to the norm of its array; 0 where nothing is rounded.
    """
    result = true_arrays(truth)
    u, _ = _units(truth)
    found = {}
    for name, rounding in truth.rounding().items():
        size = abs(result[name])
        scale = u * np.where(size == 0, norm(size), size)
        with np.errstate(all="ignore"):
            ratio = rounding / scale
        found[name] = np.where(rounding == 0, 0.0, np.where(np.isnan(ratio), np.inf, ratio))
    return found


def _of_differences(
    scheme: Scheme, prepared: Any, truth: Truth, derivatives: Derivatives
) -> Arrays:
    problem = truth.problem
    structure = problem.structure
    weights, places = _quotients(scheme, prepared)
    leading = scheme.order + 1
    order = leading + TERMS - 1
    along = derivatives(problem, order)
    u, least = _units(truth)
    with np.errstate(all="ignore"):
        errors = abs(weights).sum(axis=0) * truth.loss_rounding()
        for k in range(2, order + 1):  # those before the leading one cancel, but for rounding
            moment = (weights * (places - places[-1]) ** k).sum(axis=0)
            errors += abs(along[:, k] / math.factorial(k) * moment)
        result = abs(structure.join(true_arrays(truth)))
        total = REMAINDER * errors + ROUNDINGS * u * result + UNDERFLOW * least
    return structure.split(np.where(np.isnan(total), np.inf, total))


def _quotients(scheme: Scheme, prepared: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight of the loss at each place of differences, and these places.

    A quotient is linear in the losses. The places are those that are really taken.
    """
    structure = prepared.problem.structure
    point = structure.join(structure.check(prepared.problem.params))
    h = (point + np.asarray(prepared.step(point))) - point
    places = (point + np.array((*scheme.offsets, 0), point.dtype)[:, None] * h).astype(float)
    rows = []
    with np.errstate(all="ignore"):
        for j in range(len(places)):
            losses = np.zeros_like(places)
            losses[j] = 1
            rows.append(scheme.quotient(losses, places))
    return np.array(rows), places


def _claimed(prepared: Any, truth: Truth) -> Arrays:
    structure = truth.problem.structure
    prepared(truth.problem.params)
    estimate = structure.check(prepared.error_estimate)
    u, _ = _units(truth)
    value = abs(truth.value)
    rounding = truth.loss_rounding()
    ratio = rounding / (u * value) if value else (np.inf if rounding else 1.0)
    exact = exact_bound(truth)
    return {
        name: CLAIM * max(1.0, ratio) * np.nan_to_num(error.astype(float), nan=np.inf) + exact[name]
        for name, error in estimate.items()
    }


def _units(truth: Truth) -> tuple[float, float]:
    """Return the unit round-off and the smallest subnormal number of the problem's dtype."""
    info = np.finfo(truth.problem.dtype)
    return float(info.eps) / 2, float(info.smallest_subnormal)


def _certified(problem: Any, order: int) -> NDArray[np.float64]:
    from gradmethods.engines.certified import certified_derivatives

    return np.asarray(certified_derivatives(problem, order))
