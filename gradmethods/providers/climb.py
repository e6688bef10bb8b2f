"""How wide a step may be: down a ladder until a rung is trusted, then up until one is not.

What fails above is either what truncation must look like there, growing as a power of h from below
the noise, or something else: a kink, a jump, the edge of a domain. The second is closed in on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradmethods.providers.ladder import (
    AGREE,
    COARSE,
    DISTINCT,
    FURTHEST,
    LEAST,
    RATIO,
    Ladder,
    Rung,
    agree,
    even_falls,
    even_grows,
    through,
)
from gradmethods.providers.noise import POINTS, ROUGH, is_flat, noise_of, ragged

MOST = 24
"""Rungs on one ladder, at most."""
TRIES = 4 * MOST
"""Rungs to look at on the way down, at most, where some are the same again."""
LAWFUL = 1.3
"""Truncation grows by its power of h, or a little more: higher terms take part."""
CLOSE = 2.0
"""Between a rung that is trusted and the next, which is not, once this is the ratio all is said."""
STUBBORN = 3
"""Rungs that failed before noise is suspected: differences of noise grow as the step shrinks."""
STEADY = 1e-2
"""Slopes that differ by this part only, and no less the finer the rungs are, show noise."""
SAME_EVEN = 0.25
"""Even parts that differ by this part only, from one rung to the next, are the same."""
WORSE = 2.0
"""Noise along one parameter counts if it is so many times what was seen along a line."""

ALONE = 0.2
"""Noise in a slope between jumps, in units of what the jumps add to it."""
OTHER = 1.6
"""From one spacing of a line to another."""
CLEAR = 30.0
"""A difference shows a slope if it is so many times the noise."""


class Summit(NamedTuple):
    """The widest rung that is trusted, and the first above that is not.

    Attributes
    ----------
    top : Rung or None
        None if no rung is trusted.
    beyond : Rung or None
        None if the widest step is trusted, or enough was seen.
    lawful : bool
        Whether truncation explains what `beyond` shows.
    """

    top: Rung | None
    beyond: Rung | None = None
    lawful: bool = False

    @property
    def unlawful(self) -> bool:
        """Whether something is beyond that truncation does not explain."""
        return self.beyond is not None and self.beyond.finite and not self.lawful


def climb(
    ladder: Ladder,
    start: float,
    order: int = 1,
    enough: float = math.inf,
) -> Summit:
    """Find the widest rung that agrees with all finer ones.

    Parameters
    ----------
    ladder : Ladder
        The loss along one parameter.
    start : float
        The step to begin with.
    order : int
        1 if slopes shall agree, 2 if they may lie on a parabola.
    enough : float
        A trusted rung shows all that is needed if its even part is so many times the noise.
    """
    # With room below it: the first step may be that of another parameter, and at the lower end.
    top, beyond = _down(ladder, max(start, RATIO**2 * ladder.narrowest), order)
    if top is None:
        return Summit(None, beyond)
    leap = RATIO
    while len(ladder.rungs) < MOST and top.h < ladder.widest / DISTINCT and not top.shows(enough):
        above = min(ladder.jittered(top.h * leap), ladder.widest)
        if beyond is not None and above * CLOSE > beyond.h:
            break
        rung = ladder.around(above, top.h)
        if rung.h <= top.h:
            break
        if not ladder.trusted(rung, order):
            beyond = rung
            break
        leap = leap * leap if ladder.flat(rung) else RATIO
        top = rung
    if beyond is None or top.shows(enough):
        return Summit(top)
    return _closed_in(ladder, top, beyond, order)


def _closed_in(ladder: Ladder, top: Rung, beyond: Rung, order: int) -> Summit:
    """Bisect between a rung that is trusted and one that is not, until that is understood."""
    while len(ladder.rungs) < MOST:
        lawful = is_lawful(ladder, beyond, top, order)
        if (lawful and not ladder.flat(top)) or beyond.h < CLOSE * top.h:
            break
        between = [r for r in ladder.rungs if top.h < r.h < beyond.h]
        # Root by root: the product of tiny steps underflows.
        rung = between[-1] if between else ladder.rung(math.sqrt(top.h) * math.sqrt(beyond.h))
        if not top.h < rung.h < beyond.h:
            break
        top, beyond = (rung, beyond) if ladder.trusted(rung, order) else (top, rung)
    return Summit(top, beyond, is_lawful(ladder, beyond, top, order))


def _down(ladder: Ladder, start: float, order: int) -> tuple[Rung | None, Rung | None]:
    """Go to finer steps until one is trusted; return it, and the last that was not."""
    failed: Rung | None = None
    gaps: list[float] = []
    leap = RATIO
    measured = False
    rung = ladder.rung(start)
    for _ in range(TRIES):
        if _proved(ladder, rung, order, failed):
            return rung, failed
        if failed is None or rung.h < failed.h:
            failed = rung
        if rung.h <= 1.5 * ladder.narrowest or len(ladder.rungs) >= MOST:
            return None, failed
        below = ladder.below(rung) if rung.finite else None
        if below is None:
            rung, leap = ladder.rung(ladder.jittered(rung.h / leap)), leap * leap
            continue
        gap = abs(rung.slope - below.slope) * below.h
        gaps.append(gap)
        falls = len(gaps) < STUBBORN or gap < max(gaps[-STUBBORN:]) / 20
        if not falls and not measured and gap > AGREE * ladder.noise and not _jumps(rung, below):
            measured = True
            noise = noise_along_entry(ladder, below)
            if _steady(rung, below):  # wide rungs may be noisier than fine ones
                noise = max(noise, *gaps[-STUBBORN:])
            if noise > WORSE * ladder.noise:
                ladder.noise = noise
                failed, gaps = None, []
                rung = max(r for r in ladder.rungs if r.finite)
                continue
        rung = _next(ladder, rung, below)
    return None, failed


def _proved(ladder: Ladder, rung: Rung, order: int, failed: Rung | None) -> bool:
    """Whether a rung is trusted, with two finer ones where something unexplained is above it.

    Two rungs may agree by chance if the wider ones see nothing but waves.
    """
    if not ladder.trusted(rung, order):
        return False
    below = ladder.below(rung)
    if failed is None or below is None or is_lawful(ladder, failed, rung, order):
        return True
    return ladder.below(below) is None or ladder.trusted(rung, order)


def _steady(rung: Rung, below: Rung) -> bool:
    """Whether two slopes are nearly the same: what they differ by is neither a jump nor a kink."""
    return abs(rung.slope - below.slope) < STEADY * abs(below.slope)


def _jumps(rung: Rung, below: Rung) -> bool:
    """Whether even parts at two steps are the same: that is a jump at x, and no noise."""
    return abs(rung.even - below.even) < SAME_EVEN * abs(below.even)


def _next(ladder: Ladder, rung: Rung, below: Rung) -> Rung:
    """Return the next rung to try: further down the more truncation is in sight."""
    excess = abs(rung.slope - below.slope) * below.h / (AGREE * below.noise)
    # Of order h², truncation is out of sight a third of the excess's logarithm further down, at
    # most: a quarter is a safe way.
    further = excess ** (1 / 4.5) / RATIO if math.isfinite(excess) else 1.0
    if further <= 1 or not even_falls(rung, below):
        return below
    return ladder.rung(ladder.jittered(below.h / min(further, RATIO**2)))


def is_lawful(ladder: Ladder, beyond: Rung, top: Rung, order: int) -> bool:
    """Whether truncation below the noise at the top explains what is seen beyond it."""
    finer = ladder.finer(top)
    if not beyond.finite or not all(even_falls(beyond, r) for r in [*finer, top]):
        return False
    q = min(beyond.h / top.h, FURTHEST) ** 2
    if order == 1 or not finer:
        # Of close rungs, the truncation of the wider shows in part only.
        noises = ((top.slope_noise + r.slope_noise, (r.h / top.h) ** 2) for r in finer)
        passed = min((noise / (1 - part) for noise, part in noises), default=2 * top.slope_noise)
        allowed = AGREE * LAWFUL * q * passed
        return abs(beyond.slope - top.slope) <= allowed and abs(beyond.even) <= 2 * q * (
            abs(top.even) + AGREE * top.noise
        )
    lowest = finer[-1]
    fit = through(top, lowest)
    noise = fit.noise + finer[max(len(finer) - 2, 0)].slope_noise
    growth = q * min(beyond.h / lowest.h, FURTHEST) ** 2
    return abs(beyond.slope - fit.at(beyond.h)) <= AGREE * LAWFUL * growth * noise and even_grows(
        beyond, top
    )


def noise_along_entry(ladder: Ladder, rung: Rung) -> float:
    """Return the noise in the loss along the one parameter: the same at all spacings, if it is."""
    seen = noise_of(ladder.values(ladder.places(rung.h / 4)))
    if not seen > WORSE * ladder.noise:
        return 0.0
    # A wave that is too fast for a wide spacing is not noise at a narrow one, nor are jumps: the
    # finest decides on which the loss is not flat.
    narrow = [ladder.values(ladder.places(rung.h / 4 / 10**k)) for k in (6, 4, 2)]
    told = (noise_of(values, alike=False) for values in narrow if not is_flat(values))
    return min(seen, next(told, seen))


def quieter(ladder: Ladder, h: float) -> float:
    """Return the noise near x along the one parameter, if it is less than that of the ladder.

    A loss is as noisy along a line as it is along the noisiest of its parameters; and where it is
    0, the less is noise the nearer one looks.
    """
    if ladder.noise <= ROUGH * ladder.rounding_at(h):
        return ladder.noise
    values = ladder.values(ladder.places(ladder.near or h / COARSE))
    noise = max(noise_of(values, alike=False), ladder.floor, LEAST)
    return ladder.noise if is_flat(values) or not noise < ladder.noise else noise


def stairs(ladder: Ladder, summit: Summit) -> float:
    """Return the noise that jumps make where they are dense, 0 where there are no such jumps.

    From jump to jump the loss is smooth, and all jumps are up, or all are down: the slope across
    many of them is on one side of the slopes between them. A single jump or kink is in one
    interval, and the slopes of waves are on either side.
    """
    top, beyond = summit.top, summit.beyond
    assert top is not None
    spacing = ladder.rough
    if beyond is not None and summit.unlawful:
        # A jump may be near by, and the others farther apart.
        widest = max((r.h for r in ladder.rungs if r.finite and not agree(r, top)), default=0.0)
        spacing = ladder.jittered(max(RATIO * beyond.h, math.sqrt(beyond.h * widest)))
    # Where it is a multiple of the way from jump to jump, a spacing shows none of them.
    spacings = [spacing, OTHER * spacing, *[ladder.size / 2] * summit.unlawful]
    for tried in spacings:
        found = _stairs(ladder, top, tried)
        # A fast wave that is seen at nearly the same phase each time looks like that; not twice.
        again = _stairs(ladder, top, ladder.jittered(tried / OTHER)) if found else 0.0
        if found * again > 0:
            return max(abs(found), abs(again))
    return 0.0


def _stairs(ladder: Ladder, top: Rung, spacing: float) -> float:
    """Return the noise that jumps make at a spacing, with the sign of the way they all go."""
    if not CLOSE * top.h < spacing <= ladder.widest / POINTS:
        return 0.0
    places = ladder.outwards(spacing)
    values = ladder.values(places)
    across = np.diff(values) / np.diff(places.astype(float))
    gap = float(np.median(abs(across - top.slope)))
    if not np.isfinite(values).all() or not gap * spacing > 2 * AGREE * ladder.noise:
        return 0.0
    level = ragged(values)
    if not level > WORSE * ladder.noise:
        return 0.0
    for rung in [*ladder.finer(top), top]:
        beside = places + places.dtype.type(rung.h)
        moved = (beside - places).astype(float)
        if 2 * rung.noise / moved.min() < ALONE * gap:
            local = (ladder.values(beside) - values) / moved
            # One of them may cross a jump.
            middle = np.median(np.lib.stride_tricks.sliding_window_view(local, 3), axis=1)
            local = np.pad(middle, 1, "edge")
            off = across - (local[1:] + local[:-1]) / 2
            way = np.sign(off).sum() / off.size
            clear = abs(way) == 1 and np.median(abs(off)) > ALONE * gap
            return float(level * way) if clear else 0.0
    return 0.0


def near_slopes(ladder: Ladder, noise: float, slope: float) -> list[Rung]:
    """Return rungs very near x that agree on a slope, if there is one that less noise lets see.

    There are none where the loss is constant there.
    """
    if slope == 0 or not math.isfinite(noise / slope):
        return []
    rougher, ladder.noise = ladder.noise, noise
    near: list[Rung] = []
    h = CLEAR * noise / abs(slope)
    while len(near) < STUBBORN or ladder.plateau >= near[-1].h:
        rung = ladder.rung(ladder.jittered(h))
        h = RATIO * max(h, rung.h)
        if not all(alike(rung, other) for other in near) or rung.h >= ladder.widest:
            break
        near.append(rung)
    ladder.noise = rougher
    return [] if len(near) < STUBBORN or ladder.plateau >= near[-1].h else near


def alike(one: Rung, other: Rung) -> bool:
    """Whether two slopes agree within their noise, or nearly."""
    return agree(one, other) or abs(one.slope - other.slope) <= STEADY * abs(other.slope)
