"""How large the error of a method may be, by theory, and whether it is larger.

Everything comes from the truth: what rounding does to a gradient computed in the problem's own
precision, what it does to the loss, and the derivatives of higher order that differences truncate.

Sources: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002,
chapters 1 to 3 (forward error = condition × backward error); J. Nocedal and S. J. Wright, Numerical
Optimization, 2nd edition, Springer 2006, section 8.1 (truncation and round-off of differences).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.accuracy.truth import Truth, true_arrays
from gradmethods.distance import norm
from gradmethods.provider import Provider
from gradmethods.providers import get_provider
from gradmethods.providers.schemes import RICHARDSON, SCHEMES, Scheme
from gradmethods.structure import Arrays

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
"""So many roundings go into a quotient and its result."""

CLAIM = 10.0
"""How far an error may exceed the method's own estimate of it."""

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
    rounding of the gradient in forward mode, one rounding of the result, and `UNDERFLOW` subnormal
    numbers.

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
    scheme = getattr(method, "scheme", None)
    if scheme == RICHARDSON:
        return _claimed(method, truth)
    if scheme in SCHEMES:
        return _of_differences(SCHEMES[scheme], method, truth, derivatives or _certified)
    return exact_bound(truth)


def exact_bound(truth: Truth) -> Arrays:
    """Bound the error of a gradient without truncation, whatever the order of its operations."""
    result = true_arrays(truth)
    u, least = _units(truth)
    return {
        name: SLACK * rounding + u * abs(result[name]) + UNDERFLOW * least
        for name, rounding in truth.rounding().items()
    }


def amplification(truth: Truth) -> Arrays:
    """Return by how much the computation of each component amplifies rounding.

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
    point = structure.join(structure.check(problem.params))
    h = (point + np.asarray(prepared.step(point))) - point
    places = (point + np.array((*scheme.offsets, 0), point.dtype)[:, None] * h).astype(float)
    leading = len(scheme.offsets) + 1
    order = leading + TERMS - 1
    along = derivatives(problem, order)
    u, least = _units(truth)
    with np.errstate(all="ignore"):
        weights = _weights(scheme, places)
        errors = abs(weights).sum(axis=0) * truth.loss_rounding()
        for k in range(2, order + 1):  # those before the leading one cancel, but for rounding
            moment = (weights * (places - places[-1]) ** k).sum(axis=0)
            errors += abs(along[:, k] / math.factorial(k) * moment)
        result = abs(structure.join(true_arrays(truth)))
        total = REMAINDER * errors + ROUNDINGS * u * result + UNDERFLOW * least
    return structure.split(np.where(np.isnan(total), np.inf, total))


def _weights(scheme: Scheme, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of the loss at each place: the quotient is linear in the losses."""
    rows = []
    for j in range(len(places)):
        losses = np.zeros_like(places)
        losses[j] = 1
        rows.append(scheme.quotient(losses, places))
    return np.array(rows)


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
    from gradmethods.certified import certified_derivatives

    return np.asarray(certified_derivatives(problem, order))
