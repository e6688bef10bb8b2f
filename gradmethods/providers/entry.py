"""The step of a difference scheme for one parameter, and how far its quotient may be off.

The ladder shows truncation and noise; the step balances them (see `steps.step_for`). The quotient
there must agree with what the ladder itself extrapolates.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradmethods.providers.climb import (
    MOST,
    Summit,
    climb,
    extrapolated,
    quieter,
    slope_between,
    stairs,
)
from gradmethods.providers.hidden import distinct, hidden
from gradmethods.providers.ladder import (
    AGREE,
    CONFIDENT,
    DISTINCT,
    LEAST,
    RATIO,
    Ladder,
    Rung,
    agree,
    even_falls,
    through,
)
from gradmethods.providers.noise import POINTS, ROUGH, SHARE, is_flat, noise_of
from gradmethods.providers.schemes import SCHEMES, Scheme

CENTRAL = SCHEMES["central"]
ALIKE = 64.0
"""Sizes within this factor: the ladder of the one starts where that of the other ended."""
SEEN = 10.0
"""The even part shows the curvature if it is so many times the noise."""
NEAR, NARROWER = 1.5, 2.0
"""A rung is taken for the best step up to these factors above and below it: truncation grows as a
power of the step, noise no faster than the step shrinks."""
SHRINK = 4.0
"""Where the quotient disagrees with the ladder, the step shrinks by this, a few times."""
ATTEMPTS = 6
EXACT = 0.1
"""Less than this part of a rounding of x is none."""
LEVELS = 4
"""Between the noise of numbers and a rounding of x, so many levels are tried."""
WIDE = 1e-3
"""A loss that is constant to the last bit within this part of max(1, |x|) is constant there."""
HALF = 0.5
"""Two slopes that differ by this part are not the same."""
SPREAD = 4.0
"""With slopes D(h) = f' + b h² + c h⁴, five points at h give f' − 4c h⁴."""
NEGLECTED = 1.5
"""The terms of truncation that are left out may make it so many times larger."""


class Power(NamedTuple):
    """A part of an error that goes as a power of the step: size · (h/unit)ᵖ."""

    size: float
    unit: float
    order: int

    def at(self, h: float) -> float:
        """Return the error at a step."""
        return self.size * (h / self.unit) ** self.order

    def balanced(self, noise: float) -> float:
        """Return the step where this and noise/h are least together; infinite if this is 0."""
        if self.size <= 0:
            return math.inf
        share = noise / (self.size * self.unit * math.sqrt(self.order))
        return float(self.unit * share ** (1 / (self.order + 1)))


class Choice(NamedTuple):
    """The step for one parameter, and what is known of the loss there.

    Attributes
    ----------
    step : float
    quotient : float
        The derivative at that step.
    error : float
        Its estimated absolute error; infinite if it is not resolved.
    truncation : Power
        The truncation error of the quotient, of size 0 if none is seen.
    shown : float
        What the losses of the quotient itself show of an error: see `estimates.truncated`.
    noise : float
        The standard deviation of the round-off in the loss.
    bend : float
        How much the slope changes within the widest trusted step, 0 if that is not seen.
    reach : float
        The widest step that may be extrapolated from.
    """

    step: float
    quotient: float
    error: float
    truncation: Power
    shown: float
    noise: float
    bend: float
    reach: float


class Guess:
    """Where ladders start: at the step of a parameter of like size, or where the noise suggests."""

    def __init__(self, noise: float, value: float, u: float) -> None:
        share = noise / abs(value) if value else u
        self._share = min(max(share, u), math.sqrt(u)) if math.isfinite(share) else u
        self._last: tuple[float, float] | None = None

    def note(self, size: float, found: Choice) -> None:
        """Take note of what was found for a parameter of a size."""
        if math.isfinite(found.error):
            self._last = size, found.step

    def alike(self, size: float, otherwise: float) -> float:
        """Return the last step if the last parameter was of like size."""
        if self._last is not None and 1 / ALIKE <= size / self._last[0] <= ALIKE:
            return self._last[1]
        return otherwise

    def first(self, scheme: Scheme, size: float) -> float:
        """Return the step for a loss that varies on the scale of the size."""
        # A one-sided scheme finds its way down from the step of a central one, where it sees more.
        return float(self._share ** (1 / (max(scheme.order, 2) + 1)) * size)


def choose(ladder: Ladder, scheme: Scheme, start: float) -> Choice:
    """Choose the step of a scheme for one parameter, beginning with a guess of it.

    Where the loss is rougher along the parameter than it is at fine spacings, its slope there is
    held against what was found: either may be meant.
    """
    noise = ladder.noise
    found = _chosen(ladder, scheme, start)
    raised = ladder.noise > noise
    if not raised:
        found = _quieter(ladder, scheme, found)
        if ladder.is_coarse(found.step) and ladder.narrowest < 1 and ladder.size:
            found = _between_numbers(ladder, scheme, found)
        noise = ladder.noise
    if _may_be_a_wave(ladder):
        return found._replace(error=math.inf, bend=0.0)
    rounding = max(ladder.rounding_at(found.step), ladder.rounding(found.quotient))
    rough = raised or noise > ROUGH * rounding
    if rough and math.isfinite(found.error):
        between = slope_between(ladder, noise if raised else ladder.floor, found.quotient)
        ladder.doubt = abs(found.quotient - between)
        clear = ladder.doubt <= HALF * min(abs(found.quotient), abs(between))
        error = found.error + ladder.doubt if clear else math.inf
        # What such noise hides is not known to be next to nothing.
        return found._replace(error=error, bend=0.0)
    return found


def _quieter(ladder: Ladder, scheme: Scheme, found: Choice) -> Choice:
    """Choose a step once more if there is less noise along the parameter than along a line."""
    more, less = ladder.noise, quieter(ladder, found.step)
    if less < more:
        ladder.noise = less
        again = _chosen(ladder, scheme, found.step)
        off = abs(again.quotient - found.quotient)
        if ladder.noise <= less and again.error < found.error < math.inf and off <= found.error:
            return again
        ladder.noise = more
    return found


def _between_numbers(ladder: Ladder, scheme: Scheme, found: Choice) -> Choice:
    """Choose a step of few numbers once more if neighbouring numbers show no rounding.

    That within so many numbers what is computed from x moves as x does leaves a part of its slope
    in doubt, of one rounding over all of them. Where the least steps are too wide for the noise,
    truncation is taken for it.
    """
    rounding, more = ladder.rounding(found.quotient), ladder.noise
    values = ladder.values(ladder.places(ladder.narrowest))
    noise = max(noise_of(values, alike=False), ladder.floor, LEAST)
    if is_flat(values) or not noise < EXACT * rounding:
        return found
    ladder.exact = True
    for level in np.geomspace(noise, rounding, LEVELS, endpoint=False).tolist():
        ladder.noise = level
        again = _chosen(ladder, scheme, found.step)
        off = abs(again.quotient - found.quotient)
        if ladder.noise <= level and math.isfinite(again.error) and off <= found.error:
            doubt = ladder.rounding(again.quotient) / (POINTS // 2 * ladder.narrowest)
            return again._replace(error=min(again.error + doubt, found.error + off))
    ladder.exact, ladder.noise = False, more
    return found


def _may_be_a_wave(ladder: Ladder) -> bool:
    """Whether what is taken for noise may be a wave faster than numbers near x can show.

    It may if it is a good part of the loss, or if neighbouring numbers are as far apart as the
    scale of 1, on which losses vary.
    """
    if ladder.narrowest >= 1 and ladder.noise > max(ROUGH * ladder.floor, LEAST):
        return True
    seen = [abs(value) for r in ladder.rungs if r.finite for value in (r.above, r.below)]
    return ladder.noise > max(SHARE * max(seen, default=math.inf), LEAST)


def _chosen(ladder: Ladder, scheme: Scheme, start: float) -> Choice:
    order = 2 if scheme.order > 2 else 1
    if order == 2:  # the rungs of the quotient itself, and one below
        lowest = ladder.rung(ladder.jittered(start / RATIO))
        start = ladder.rung(2 * ladder.rung(max(start, RATIO / 2 * lowest.h)).h).h
    summit = climb(ladder, start, order, SEEN if scheme.one_sided else math.inf)
    if summit.top is None:
        return _unresolved(ladder, scheme, start)
    noise = stairs(ladder, summit)
    if noise > 0:
        beyond = summit.beyond if summit.unlawful else None
        wider = RATIO * (ladder.rough if beyond is None else beyond.h)
        ladder.noise, ladder.rough = noise, 0.0
        return _chosen(ladder, scheme, wider)
    cut = truncation(ladder, scheme, summit)
    found = _confirmed(ladder, scheme, summit, cut)
    if len(ladder.rungs) < MOST and math.isfinite(found.error):
        # There must be evidence below the step itself, not only above.
        rung = ladder.rung(found.step)
        below = None if ladder.finer(rung) else ladder.below(rung)
        new = below is not None and not (agree(rung, below) and even_falls(rung, below))
        if new or not ladder.trusted(summit.top, order):
            return _chosen(ladder, scheme, below.h if below is not None else rung.h)
    return found


def truncation(ladder: Ladder, scheme: Scheme, summit: Summit) -> Power:
    """Return the truncation error of the quotient, of size 0 if none is seen."""
    top, beyond = summit.top, summit.beyond
    assert top is not None
    if scheme.one_sided:
        seen = beyond if beyond is not None and summit.lawful and not top.shows(SEEN) else top
        size = abs(seen.even) / seen.h if seen.shows(2) else 0.0
        return Power(size, seen.h, 1)
    none = Power(0.0, top.h, scheme.order)
    if beyond is None or not summit.lawful:
        return none
    if scheme.order == 2:
        size = max(abs(beyond.slope - top.slope), top.slope_noise)
        size *= scheme.remainder / CENTRAL.remainder  # slopes show that of central differences
        return Power(size / (1 - (top.h / beyond.h) ** 2), beyond.h, 2)
    fit = extrapolated(ladder, top)
    if fit is None:
        return none
    residual = max(abs(beyond.slope - fit.at(beyond.h)), fit.noise)
    for other in (top, ladder.finer(top)[-1]):
        residual /= 1 - min(other.h / beyond.h, 1 / DISTINCT) ** 2
    return Power(SPREAD * residual, beyond.h, 4)


def quotient(ladder: Ladder, scheme: Scheme, h: float) -> tuple[float, float]:
    """Return the scheme's quotient near a step, and the step that was taken."""
    rung = ladder.rung(h)
    if not (scheme.one_sided or scheme.symmetric):
        losses = np.array(_losses(ladder, scheme, rung.h))[:, None]
        places = [math.copysign(ladder.rung(abs(k) * rung.h).h, k) for k in scheme.offsets]
        return float(scheme.quotient(losses, np.array([*places, 0.0])[:, None])[0]), rung.h
    if scheme.order > 2:
        far = ladder.rung(2 * rung.h)
        return rung.slope + (rung.slope - far.slope) / 3, rung.h
    return rung.slope + scheme.side * rung.even / rung.h, rung.h


def _confirmed(ladder: Ladder, scheme: Scheme, summit: Summit, cut: Power) -> Choice:
    """Take the quotient at the best step, and hold it against the ladder."""
    top, beyond = summit.top, summit.beyond
    assert top is not None
    furthest = beyond if summit.lawful and beyond is not None else top
    value, error, _ = reference(ladder, furthest)
    # Wider rungs are not always quieter: the loss may be much larger there, and so its rounding.
    quiet = min([*ladder.finer(top), top], key=lambda r: r.slope_noise)
    limit = furthest if quiet is top else quiet
    if ladder.flat(top) and beyond is not None and ladder.plateau > 0:
        limit = ladder.rung(ladder.plateau)
    best = cut.balanced(scheme.round_off * quiet.noise)
    h = min(best, limit.h / max(map(abs, scheme.offsets)))
    near = [h_ for h_ in _reached(ladder, scheme, furthest.h) if h / NARROWER <= h_ <= h * NEAR]
    h = min(near, key=lambda other: abs(math.log(other / h)), default=h)
    p = scheme.order
    for _ in range(ATTEMPTS):
        found, h = quotient(ladder, scheme, h)
        noise = scheme.round_off * ladder.rung(h).noise / h * _scatter(ladder, top, p)
        off = abs(found - value)
        if math.isfinite(found) and off <= 2 * error + 3 * cut.at(h) + AGREE * noise:
            break
        if h <= ladder.narrowest:
            return _unresolved(ladder, scheme, h)
        h /= SHRINK
    else:
        return _unresolved(ladder, scheme, h)
    wide = ladder.plateau > WIDE * max(1.0, ladder.size)
    constant = ladder.flat(top) and (beyond is None or wide)
    off = off if scheme.one_sided else off - error / 2
    unseen = hidden(ladder, furthest, h, found)
    estimate = max(off, NEGLECTED * cut.at(h), unseen) + CONFIDENT * noise
    if not cut.size:
        estimate = max(estimate, error)
    if beyond is not None and summit.unlawful and ladder.flat(top) and not constant:
        # Next to nothing below something unexplained: a jump, or a step of a staircase.
        estimate += abs(beyond.slope) + abs(beyond.even) / beyond.h
    bend = abs(top.even) / top.h if top.shows(AGREE) else 0.0
    shown = _shown(ladder, scheme, h)
    return Choice(h, found, estimate, cut, shown, ladder.noise, bend, furthest.h)


def _shown(ladder: Ladder, scheme: Scheme, h: float) -> float:
    losses = np.array(_losses(ladder, scheme, h))
    return float(scheme.shown(losses[:, None], np.array([h]))[0])


def _losses(ladder: Ladder, scheme: Scheme, h: float) -> list[float]:
    """Return the losses that a quotient is made of, as a scheme takes them."""
    rungs = [(k, ladder.rung(abs(k) * h)) for k in scheme.offsets]
    return [*(rung.above if k > 0 else rung.below for k, rung in rungs), ladder.value]


def _reached(ladder: Ladder, scheme: Scheme, widest: float) -> list[float]:
    """Return the steps whose quotients take no further evaluation."""
    steps = [r.h for r in ladder.rungs if r.finite and r.h <= widest]
    return [h for h in steps if all(abs(k) * h in steps for k in scheme.offsets)]


def _scatter(ladder: Ladder, top: Rung, order: int) -> float:
    """Return by how much slopes scatter more than their noise, from 1 to what was let pass."""
    finer = ladder.finer(top)
    if order <= 2 or len(finer) < 2:
        seen = [abs(top.slope - r.slope) / (top.slope_noise + r.slope_noise) for r in finer]
    else:
        fit = through(top, finer[-1])
        seen = [abs(fit.at(r.h) - r.slope) / (fit.noise + r.slope_noise) for r in finer[:-1]]
    return min(max([1.0, *seen]), AGREE)


def reference(ladder: Ladder, top: Rung) -> tuple[float, float, float]:
    """Return the best derivative that a ladder gives, its error, and the least step that it is of.

    It is the best of Neville's tableau in h².
    """
    best, least, of = math.nan, math.inf, top.h
    row: list[float] = []
    rungs = distinct([*ladder.finer(top), top])[::-1]
    for i, rung in enumerate(rungs):
        new = [rung.slope]
        noise = rung.slope_noise
        if i and abs(rung.slope - row[0]) + CONFIDENT * noise < least:
            best, least, of = rung.slope, abs(rung.slope - row[0]) + CONFIDENT * noise, rung.h
        for j, left in enumerate(row[:3]):
            q = min(rungs[i - j - 1].h / rung.h, 1e100) ** 2
            y = new[-1] + (new[-1] - left) / (q - 1)
            error = abs(y - new[-1]) + noise
            if error < least:
                best, least, of = y, error, rung.h
            new.append(y)
        row = new
    if len(rungs) == 1:
        best, least = rungs[0].slope, abs(rungs[0].slope) + CONFIDENT * rungs[0].slope_noise
    return best, least, of


def _unresolved(ladder: Ladder, scheme: Scheme, start: float) -> Choice:
    """Return the finest finite rung, marked."""
    rung = next((r for r in ladder.rungs if r.finite), None)
    h = start if rung is None else rung.h
    found = math.nan if rung is None else rung.slope + scheme.side * rung.even / rung.h
    nothing = Power(0.0, h, scheme.order)
    return Choice(h, found, math.inf, nothing, 0.0, ladder.noise, 0.0, h)
