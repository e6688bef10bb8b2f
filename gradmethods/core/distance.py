"""How far one gradient is from another: relative to the norm, and for the worst component.

Every measure is NaN-proof: a gradient with an entry that is not finite is infinitely far from any
finite one, never near it because a comparison with NaN came out false.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Error:
    """The distance of a gradient from a reference.

    Attributes
    ----------
    norm : float
        Euclidean norm of the difference ÷ norm of the reference. 0 if both are zero, infinite if
        the reference alone is zero or either holds an entry that is not finite.
    worst : float
        Largest over the components of the difference ÷ the component of the reference. Where that
        component is 0, the norm of the reference takes its place.
    """

    norm: float
    worst: float


def error(gradient: NDArray[Any], reference: NDArray[Any]) -> Error:
    """Measure how far `gradient` is from `reference`, two arrays of one shape.

    Examples
    --------
    >>> import numpy as np
    >>> error(np.array([1.0, 2.5]), np.array([1.0, 2.0])).worst
    0.25
    >>> error(np.array([1e-30]), np.array([-1e-30])).norm
    2.0
    >>> error(np.array([np.nan]), np.array([1.0])).norm
    inf
    """
    g = np.asarray(gradient, np.float64).ravel()
    r = np.asarray(reference, np.float64).ravel()
    if not (np.isfinite(g).all() and np.isfinite(r).all()):
        return Error(math.inf, math.inf)
    # Differences of huge entries may overflow; they are then infinitely far apart, as they should.
    with np.errstate(over="ignore"):
        difference = abs(g - r)
    if not difference.any():
        return Error(0.0, 0.0)
    size = norm(r)
    if size == 0:
        return Error(math.inf, math.inf)
    with np.errstate(over="ignore"):
        worst = float((difference / np.where(r == 0, size, abs(r))).max())
        return Error(norm(difference) / size, worst)


def gradient_error(gradient: Mapping[str, Any], reference: Mapping[str, Any]) -> Error:
    """Measure a gradient of several arrays as one vector."""
    return error(_joined(gradient, reference), _joined(reference, reference))


def _joined(arrays: Mapping[str, Any], order: Mapping[str, Any]) -> NDArray[Any]:
    return np.concatenate([np.ravel(arrays[name]) for name in order])


def norm(x: NDArray[Any]) -> float:
    """Return the Euclidean norm, also where squares would underflow or overflow."""
    largest = float(abs(x).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(x / largest))
