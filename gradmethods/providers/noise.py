"""How much round-off there is in a loss: differences of high order along a line show it.

Sources: J. J. Moré and S. M. Wild, Estimating computational noise, SIAM Journal on Scientific
Computing 33 (2011) 1292-1314; R. W. Hamming, Introduction to Applied Numerical Analysis,
McGraw-Hill 1971, chapter 6 (difference tables of noise).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

POINTS = 9
"""A line has so many points, the point itself in the middle."""
POWERS = (1 / 2, 3 / 4, 7 / 8)
"""The relative spacings of lines are these powers of u, as many as it takes."""
WIDE = (1 / 4, 1 / 4, 1 / 8, 1 / 8)
"""The powers for a staircase: its steps must be climbed to be seen. Twice each, another way."""
APART = 1 / 6
"""The power for jumps that are many, but farther apart than the points of the other lines."""
ROUGH = 100.0
"""Jumps are looked for where noise seems to be so many times what it is at fine spacings."""
ORDERS = (4, 5, 6)
"""Orders of the differences, which vanish in a smooth function faster than noise grows in them."""
ALIKE = 6.0
"""Noise tells the same at neighbouring orders, within this factor."""
MARGIN = 1.5
"""Six differences of order 6 tell the standard deviation within about this factor."""
OUTLIER = 30.0
"""First or second differences hold an outlier if it is so many times their typical deviation: the
line crosses a kink or a jump."""
ROUNDED = 8.0
"""Nor is it an outlier up to so many roundings of an argument, which come in whole units."""
QUANTUM = 8.0
"""The largest deviation over the least, in values on a lattice: no outlier."""
STRAIGHT = 1e-2
"""Second differences of values on a straight line, in units of the first."""
DISTINCT = 3
"""Differences of values that are multiples of one of them: a lattice."""
OFF = 1e-3
"""Multiples may be off by so much."""
STEP = 0.25
"""The noise of a staircase, in units of its steps, roughly."""
SHARE = 0.1
"""At most this part of the largest loss may be noise."""


class RoundOff(NamedTuple):
    """What is known of the round-off in a loss near a point.

    Attributes
    ----------
    noise : float
        Its standard deviation.
    unit : float
        Unit round-off of losses, which may be computed in more digits than the parameters have.
    rough : float
        Where the loss looks far noisier, in units of the parameters: see `jumps_along`.
    elsewhere : bool
        Whether that was seen at another point, or with other data: what is computed from a
        parameter may round here where it did not there.
    """

    noise: float
    unit: float
    rough: float = 0.0
    elsewhere: bool = False


def unit_of(losses: Sequence[float] | NDArray[np.float64], dtype: np.dtype[Any]) -> float:
    """Return the unit round-off of losses: that of a dtype if all are numbers of it.

    Otherwise they were computed in float64, from parameters of fewer digits.
    """
    f = np.asarray(losses, float)
    f = f[np.isfinite(f)]
    wide = (f.astype(dtype) != f).any()
    return float(np.finfo(float if wide else dtype).eps) / 2


def noise_along(
    line: Callable[[float], Sequence[float]],
    value: float,
    u: float,
    unit: float,
    far: Callable[[], float],
) -> float:
    """Return the noise level of a loss: the standard deviation of its round-off near a point.

    Noise is there at all spacings, the finest included; kinks and fast waves are not.

    Parameters
    ----------
    line : callable
        ``line(spacing)``: `POINTS` losses at equal distances, a new line each time; the spacing is
        relative to the parameters.
    value : float
        The loss in the middle.
    u, unit : float
        Unit round-off of the parameters, and of the loss.
    far : callable
        The size of the loss far away: asked for where it is the same everywhere on a line. Large
        terms may cancel then, and what they leave, often 0, says nothing of their rounding.

    Returns
    -------
    float
        At least half a unit of |f|, what rounding the result alone does: arithmetic on few bits is
        exact, and a constant that dwarfs all else hides differences, so that less may be seen.
    """
    least = max(unit * abs(value) / 2, float(np.finfo(float).tiny))
    spacings = [float(u**power) for power in POWERS]
    values: Sequence[float] = ()
    rejected: list[float] = []
    large: list[float] = []
    for i, spacing in enumerate(spacings):
        wider, values = values, line(spacing)
        level = noise_of(values, rounded=u * _slope(values) / spacing)
        if is_flat(values):  # a staircase, narrower than the wider line if there was one
            if not i:
                return max(least, _of_a_staircase(line, value, u, unit) or unit * far() / 2)
            # The wider line may rise by the same whole steps everywhere; the finer would rise, too.
            rise = max(wider) - min(wider)
            hidden: float = STEP * rise * spacing / spacings[i - 1]
            climbed = noise_of(wider, alike=False)
            return max(least, climbed, hidden) if math.isfinite(climbed) else least
        if level <= SHARE * max(map(abs, values)):
            # Finer lines show the same noise, and no wave; on some of them, all may be exact.
            narrow = spacings[i + 1 :]
            finer: list[float] = []
            for one in narrow:
                finer.append(noise_of(line(one), alike=False))
                if 0 < finer[-1] <= ALIKE * level <= ALIKE**2 * finer[-1]:  # a third adds nothing
                    break
            if level > ALIKE * max([0.0, *finer]):
                finer += [noise_of(line(spacing), alike=False) for spacing in narrow]
            return max([least, *(x for x in finer if x > 0)] if any(finer) else [least, level])
        if _straight(values):
            rejected.append(noise_of(values, alike=False))
        large.append(level)
    # Where a loss is straight but for its noise, neither a kink nor a wave adds to that; and where
    # it is nothing but noise on every line, large terms cancel.
    if not any(map(math.isnan, large)):
        rejected.append(min(large))
    return max([least, *(x for x in rejected if x > 0)])


def jumps_along(
    line: Callable[[float], Sequence[float]], noise: float, u: float, unit: float
) -> float:
    """Return a spacing at which a loss looks far noisier than it is at fine ones, 0 if none.

    It may have fast waves there, or many jumps: of its own, or those that round-off makes.
    """
    spacing = u**APART
    values = line(spacing)
    least = max(noise, unit / 2 * max(map(abs, values)))
    return spacing if ragged(values) > ROUGH * least else 0.0


def ragged(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return how far equidistant values are from those of a smooth loss, 0 if they may be such.

    Unlike noise, they may repeat themselves, as at a spacing near the way from jump to jump.
    """
    f = np.asarray(values, float)
    if not np.isfinite(f).all():
        return 0.0
    levels = [rough(f, order) for order in ORDERS]
    return max(levels) if max(levels) <= ALIKE**2 * min(levels) else 0.0


def _of_a_staircase(
    line: Callable[[float], Sequence[float]], value: float, u: float, unit: float
) -> float:
    """Return the noise of a loss that is constant from point to point of a narrow line."""
    seen: list[float] = []
    for power in WIDE:
        values = line(u**power)
        level = noise_of(values)
        if 0 < level <= SHARE * max(map(abs, values)):
            return level
        seen += values
        quantum = _quantum(seen, value, unit) if len(seen) > POINTS else 0.0
        if quantum > 0:
            return quantum / 2
    return 0.0


def _quantum(values: Sequence[float], value: float, u: float) -> float:
    """Return the spacing of the lattice that values lie on, 0 if they do not lie on one.

    Values at equidistant points of one line lie on one if the loss is a polynomial: it takes two.
    """
    f = np.asarray(values, float)
    if not np.isfinite(f).all():
        return 0.0
    differences = np.unique(abs(f - value))
    differences = differences[differences > QUANTUM * u * abs(f).max()]
    if differences.size < DISTINCT:
        return 0.0
    quantum = float(differences[0])
    multiples = differences / quantum
    off = OFF + 2 * u * abs(f).max() / quantum  # each value is rounded to a number near the lattice
    return quantum if abs(multiples - np.round(multiples)).max() <= off else 0.0


def _slope(values: Sequence[float]) -> float:
    return abs(values[-1] - values[0]) / (POINTS - 1)


def _straight(values: Sequence[float]) -> bool:
    differences = np.diff(np.asarray(values, float))
    return bool(abs(np.diff(differences)).max() <= STRAIGHT * abs(differences).min())


def noise_of(
    values: Sequence[float] | NDArray[np.float64], *, alike: bool = True, rounded: float = 0.0
) -> float:
    """Return the noise in equidistant values, 0 if they are too flat to tell.

    It is NaN if a value is not finite or, unless `alike` is false, if what the differences show is
    no noise: if their orders disagree, or if few of them stand out by more than the rounding of an
    argument makes them, `rounded`.
    """
    f = np.asarray(values, float)
    if not np.isfinite(f).all():
        return math.nan
    if is_flat(f):
        return 0.0
    levels = [rough(f, order) for order in ORDERS]
    if alike and (max(levels) > ALIKE * min(levels) or _stands_out(f, rounded)):
        return math.nan
    return MARGIN * levels[-1]


def is_flat(values: Sequence[float] | NDArray[np.float64]) -> bool:
    """Whether so many values are the same that they show no noise."""
    return len(np.unique(values)) <= POINTS // 2


def _stands_out(f: np.ndarray, rounded: float) -> bool:
    for differences in (np.diff(f), np.diff(f, 2)):
        deviations = np.sort(abs(differences - np.median(differences)))
        positive = deviations[deviations > 0]
        quantised = positive.size > 2 and deviations[-1] <= QUANTUM * positive[0]
        if deviations[-1] > max(OUTLIER * deviations[3], ROUNDED * rounded) and not quantised:
            return True
    return False


def rough(f: np.ndarray, order: int) -> float:
    """Return the noise, from differences of one order (Moré and Wild, equation 2.1)."""
    differences = np.diff(f, order)
    largest = float(abs(differences).max()) or 1.0  # squares would under- or overflow
    of_one = math.factorial(order) ** 2 / math.factorial(2 * order)
    return largest * math.sqrt(of_one * float(np.mean((differences / largest) ** 2)))
