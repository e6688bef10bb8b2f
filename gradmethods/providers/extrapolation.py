"""Richardson extrapolation of central differences, with an estimate of its own error.

Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering
Software 4 (1982) 75-76. Ours halves the step where Ridders divides by 1.4: noise is amplified less
(at most twice, the product of (4^k + 1)/(4^k - 1)), and every step of the ladder is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradmethods.providers.schemes import Estimate, StepRule, Vector, lost_step

ROWS = 16
"""Steps at most: from s/4, where s is the scale of the loss, down to s/2**17."""
NOISE = 4.0
"""An error within so many times its round-off is good enough: truncation is spent."""

Ladder = Callable[[float], tuple[float, float]]
"""Maps a step to the central difference and the round-off in it."""


def richardson(evaluate: Callable[[], float], point: Vector, step: StepRule) -> Estimate:
    """Estimate the gradient and its error, deciding at each entry how many passes it takes."""
    value = evaluate()
    gradient, errors = np.empty_like(point), np.empty_like(point)
    u = float(np.finfo(point.dtype).eps) / 2
    steps = step(point)
    passes = 0
    for i in range(point.size):
        central = _central(evaluate, point, i, u)
        gradient[i], error, rows = extrapolate(central, float(steps[i]))
        errors[i] = error + u * abs(gradient[i])
        passes += 2 * rows
    return Estimate(value, gradient, passes, errors)


def _central(evaluate: Callable[[], float], point: Vector, i: int, u: float) -> Ladder:
    x = point[i]
    moved = False

    def at(h: float) -> tuple[float, float]:
        nonlocal moved
        point[i] = x + h
        above, plus = float(point[i]), evaluate()
        point[i] = x - h
        below, minus = float(point[i]), evaluate()
        point[i] = x
        if above == below and not moved:
            raise lost_step(x)
        moved = True
        if above == below:  # halved until it is lost: nothing near by was finite
            return math.nan, math.inf
        # Extrapolation doubles, at most, the round-off u|f|/h of the central difference.
        return (plus - minus) / (above - below), 2 * u * max(abs(plus), abs(minus)) / h

    return at


def extrapolate(central: Ladder, h: float) -> tuple[float, float, int]:
    """Extrapolate central differences to step zero.

    Returns
    -------
    derivative, error : float
        The entry of the tableau with the least estimated error; NaN and infinity if no two rows
        were finite.
    rows : int
        How many steps were tried.
    """
    best, least = math.nan, math.inf
    row: list[float] = []
    rows = 0
    for rows in range(1, ROWS + 1):  # noqa: B007  # the count is what is returned
        difference, noise = central(h)
        h /= 2
        if not math.isfinite(difference):
            row = []  # outside the domain: begin again from a smaller step
            continue
        above, row = row, [difference]
        power, error = 1.0, math.inf
        for left in above:
            power *= 4
            entry = row[-1] + (row[-1] - left) / (power - 1)
            error = max(abs(entry - row[-1]), abs(entry - left)) + noise
            row.append(entry)
            if error < least:
                best, least = entry, error
        # Round-off doubles with every row: beyond the least error no row can improve on it.
        if error <= NOISE * noise or noise > least:
            break
    return best, least, rows
