"""Measures of the error of a gradient, array by array: norms, entries, digits, signs.

Nothing here judges: `bounds` says how large an error may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.truth.truth import Truth, in_doubles, true_arrays

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """The error of one parameter array of a gradient, or of the whole.

    Attributes
    ----------
    array : str or None
        Name of the parameter array, empty for a bare one; None for the whole gradient.
    n : int
        How many components.
    error : float
        Euclidean norm of the error ÷ norm of the truth: 0 where both are 0, infinite where the
        truth alone is 0 or a component is not finite.
    worst : float
        The largest relative error of a component.
    ulps_median, ulps_99, ulps_worst : float
        Errors in units in the last place of the true component, in the problem's dtype: median,
        99th percentile (an error that really occurs, not one in between) and largest.
    digits : float
        Correct decimal digits, −log₁₀ `error`: no fewer than 0, no more than the truth has.
    cosine : float
        Of the angle between gradient and truth: 1 where both are 0, 0 where one is, or where a
        component is not finite.
    wrong_signs : int
        Components without the sign of a truth that is not 0; 0 and NaN are without.
    not_finite : int
        Components that are NaN or infinite.

    Notes
    -----
    Where the truth is exactly 0, an error has no component to be relative to: the norm of the
    array (of the whole gradient, for the whole) takes its place, for `worst` and for ULPs. If that
    is 0 too, any error is infinite.
    """

    array: str | None
    n: int
    error: float
    worst: float
    ulps_median: float
    ulps_99: float
    ulps_worst: float
    digits: float
    cosine: float
    wrong_signs: int
    not_finite: int


def measure(gradient: Any, truth: Truth) -> list[Measures]:
    """Measure a gradient against the truth.

    Parameters
    ----------
    gradient : array_like or dict of str to array_like
        In the structure of the problem's parameters.
    truth : Truth
        For example what `certified_gradient` returns.

    Returns
    -------
    list of Measures
        One for each parameter array in order, and one, whose `array` is None, for the whole.
        ``pandas.DataFrame(measure(...))`` makes a table of them.

    Raises
    ------
    ShapeMismatch
        If `gradient` has another structure.
    """
    problem = truth.problem
    given = in_doubles(problem).check(gradient)
    true = true_arrays(truth)
    errors = truth.error(gradient)
    rows = [
        measure_array(name, given[name], true[name], errors[name], problem.dtype, truth.digits)
        for name in problem.structure.shapes
    ]
    join = problem.structure.join
    whole = measure_array(None, join(given), join(true), join(errors), problem.dtype, truth.digits)
    return [*rows, whole]


def measure_array(
    name: str | None,
    gradient: NDArray[Any],
    truth: NDArray[Any],
    error: NDArray[Any],
    dtype: np.dtype[Any],
    known: float,
) -> Measures:
    """Measure one array: `error` is `gradient` - `truth`, to the last digit that is `known`."""
    g, t = (np.asarray(array, np.float64).ravel() for array in (gradient, truth))
    finite = np.isfinite(g)
    # What is not finite is infinitely wrong, and never not a number, which compares with nothing.
    e = np.where(finite, abs(np.asarray(error, np.float64).ravel()), np.inf)
    e = np.where(np.isnan(e), np.inf, e)
    size = norm(t)
    relative = quotient(norm(e), size)
    ulps = in_ulps(e, t, size, dtype)
    with np.errstate(over="ignore", under="ignore"):
        signs = np.sign(t.astype(dtype))
    return Measures(
        array=name,
        n=g.size,
        error=relative,
        worst=float(_over(e, np.where(t == 0, size, abs(t))).max(initial=0.0)),
        ulps_median=_percentile(ulps, 50),
        ulps_99=_percentile(ulps, 99),
        ulps_worst=float(ulps.max(initial=0.0)),
        digits=digits(relative, known),
        cosine=_cosine(g, t) if (finite & np.isfinite(t)).all() else 0.0,
        wrong_signs=int(((signs != 0) & ~(np.sign(g) == signs)).sum()),
        not_finite=int((~finite).sum()),
    )


def in_ulps(error: Vector, truth: Vector, size: float, dtype: np.dtype[Any]) -> Vector:
    """Express errors in units in the last place of the truth; of `size` where the truth is 0.

    The unit is the distance from the truth, rounded to `dtype`, to the next larger number of that
    dtype; below the smallest normal number it is the smallest subnormal one.
    """
    scale = np.where(truth == 0, size, abs(truth))
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.minimum(scale.astype(dtype), np.nextafter(np.finfo(dtype).max, dtype.type(0)))
    unit = np.where(scale == 0, 0.0, np.spacing(rounded).astype(np.float64))
    return np.asarray(_over(error, unit))


def digits(relative: float, known: float) -> float:
    """Turn a relative error into correct decimal digits, from 0 to as many as are `known`."""
    if not relative > 0:
        return float(known) if relative == 0 else 0.0
    return min(max(0.0, -math.log10(relative)), float(known)) if relative < math.inf else 0.0


def quotient(numerator: float, denominator: float) -> float:
    """Divide numbers from 0 on; 0/0 is 0, and what cannot be related to is infinitely large."""
    return float(_over(np.float64(numerator), np.float64(denominator)))


def _over(numerator: Any, denominator: Any) -> Any:
    with np.errstate(all="ignore"):
        ratio = np.asarray(numerator / denominator)
    return np.where(numerator == 0, 0.0, np.where(np.isnan(ratio), np.inf, ratio))


def _percentile(values: Vector, percent: float) -> float:
    if not values.size:
        return 0.0
    # A value that occurs: between infinity and a number there is nothing to interpolate.
    return float(np.percentile(values, percent, method="higher"))


def _cosine(g: Vector, t: Vector) -> float:
    longest, largest = (float(abs(x).max(initial=0.0)) for x in (g, t))
    if longest == 0 or largest == 0:
        return 1.0 if longest == largest else 0.0
    # Squares of huge entries overflow, those of tiny ones vanish: to the scale of 1 first.
    g, t = g / longest, t / largest
    return float(np.clip((g / np.linalg.norm(g)) @ (t / np.linalg.norm(t)), -1, 1))
