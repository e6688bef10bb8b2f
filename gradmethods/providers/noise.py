"""How much round-off there is in a loss: differences of high order along a line show it.

Source: J. J. Moré and S. M. Wild, Estimating computational noise, SIAM Journal on Scientific
Computing 33 (2011) 1292-1314.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

POINTS = 9
"""Of a line, the point itself in the middle."""
POWERS = (1 / 2, 3 / 4, 7 / 8)
"""Of u, the relative spacings of lines, as many as it takes."""
WIDEST = 1 / 4
"""The power for a staircase: its steps must be climbed to be seen."""
ORDERS = (4, 5, 6)
"""Of the differences: in a smooth function they vanish faster than noise, at any order, grows."""
ALIKE = 4.0
"""Noise tells the same at neighbouring orders and at all spacings, within this factor."""
PLAIN = 30.0
"""So many times u|f| are believed at once; more may be a kink or an oscillation."""
FAINT = (1e4, 1e-4)
"""Waves are noise from so many times round-off on, which a kink would not lose at once, up to that
part of the loss."""


def noise_along(line: Callable[[float, int], float], value: float, u: float) -> tuple[float, float]:
    """Estimate the standard deviation of the round-off in a function of one variable near 0.

    Parameters
    ----------
    line : callable
        ``line(spacing, k)``: the function k spacings away; these are relative, and all alike to the
        last bit, or their rounding would pass for noise.
    value : float
        The function at 0.
    u : float
        Unit round-off.

    Returns
    -------
    noise : float
        At least u|f|/2, what rounding the result alone does: arithmetic on few bits is exact, and
        a constant that dwarfs all else hides differences, so that less may be seen.
    slope : float
        Magnitude of the derivative, roughly; 0 if nothing was finite.
    """
    slope, largest = 0.0, abs(value)
    seen: list[float] = []
    rough: list[float] = []
    for f, spacing in _lines(line, value, u):
        largest = max(largest, float(abs(f).max()))
        slope = abs(float(f[-1] - f[0])) / ((POINTS - 1) * spacing)
        levels = [_rough(f, order) for order in ORDERS]
        level = levels[-1]
        alike = max(levels) <= ALIKE * min(levels)
        confirmed = any(before / ALIKE <= level <= ALIKE * before for before in seen)
        plain = level <= PLAIN * u * largest
        if alike and (plain or confirmed):
            # Round-off at a narrow spacing, and a rough loss at a wide one: waves, or steps with
            # slopes of their own. Small, they are noise in the eyes of who wants the gradient.
            waves = [w for w in rough if FAINT[0] * PLAIN * u * largest < w <= FAINT[1] * largest]
            seen = [max(waves)] if plain and waves else [level]
            break
        seen.append(level)
        rough += [level] if alike else []
    # Undecided, the least: whatever else showed comes on top of the noise.
    return max(min(seen, default=0.0), u * largest / 2, float(np.finfo(float).tiny)), slope


def _lines(
    line: Callable[[float, int], float], value: float, u: float
) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Yield values on lines of several spacings, and these: where values are finite and vary."""
    for power in POWERS:
        f, spacing = _values(line, value, u**power), u**power
        flat = _is_flat(f)
        if flat and power == POWERS[0]:
            f, spacing = _values(line, value, u**WIDEST), u**WIDEST
        if np.isfinite(f).all() and not _is_flat(f):
            yield f, spacing
        if flat:  # narrower ones are flatter still
            return


def _values(
    line: Callable[[float, int], float], value: float, spacing: float
) -> NDArray[np.float64]:
    places = range(-(POINTS // 2), POINTS // 2 + 1)
    return np.array([line(spacing, k) if k else value for k in places])


def _is_flat(f: NDArray[np.float64]) -> bool:
    return len(np.unique(f)) <= POINTS // 2


def _rough(f: NDArray[np.float64], order: int) -> float:
    """Return the noise, from differences of one order (equation 2.1)."""
    differences = np.diff(f, order)
    largest = float(abs(differences).max()) or 1.0  # squares would under- or overflow
    of_one = math.factorial(order) ** 2 / math.factorial(2 * order)
    return largest * math.sqrt(of_one * float(np.mean((differences / largest) ** 2)))
