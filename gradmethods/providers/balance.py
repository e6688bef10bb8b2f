"""The step of a scheme on a ladder: truncation against noise, and how far its quotient may be off.

The ladder shows truncation and noise; the step balances them (see `steps.step_for`). The quotient
there must agree with what the ladder itself extrapolates.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradmethods.providers.climb import Summit
from gradmethods.providers.hidden import distinct, hidden, quartic
from gradmethods.providers.ladder import (
    AGREE,
    CONFIDENT,
    FURTHEST,
    RATIO,
    Ladder,
    Rung,
    through,
)
from gradmethods.providers.schemes import SCHEMES, Scheme

CENTRAL = SCHEMES["central"]
SEEN = 10.0
"""The even part shows the curvature if it is so many times the noise."""
NEAR, NARROWER = 1.5, 2.6
"""A rung is taken for the best step up to these factors above and below it: truncation grows as a
power of the step, noise no faster than the step shrinks."""
WORTH = 0.4
"""Logarithm of how far a step may be from the best one that takes no more evaluations than it."""
SHRINK = 4.0
"""Where the quotient disagrees with the ladder, the step shrinks by this, a few times."""
ATTEMPTS = 6
WIDE = 1e-3
"""A loss that is constant to the last bit within this part of max(1, |x|) is constant there."""
LINEAR = 1.5
"""What grows as the step may grow more by this, as the first that is seen is of few digits."""
SPREAD = 4.0
"""With slopes D(h) = f' + b h² + c h⁴, five points at h give f' − 4c h⁴."""
BESIDE = 1.5
"""Standard deviations of noise beside what is not seen, which is bounded by noise itself."""
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
    finer = ladder.finer(top)
    if not finer:
        return none
    size = quartic(beyond, top, finer[-1]).size
    return Power(SPREAD * max(size, through(top, finer[-1]).noise), beyond.h, 4)


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


def confirmed(ladder: Ladder, scheme: Scheme, summit: Summit, cut: Power) -> Choice:
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
    h = min(best, limit.h / scheme.lengths[-1])
    h = _nearest(ladder, scheme, h, furthest.h)
    p = scheme.order
    for _ in range(ATTEMPTS):
        found, h = quotient(ladder, scheme, h)
        # Truncation that makes wider slopes scatter is none of a difference to one side.
        widest = ladder.rung(h) if scheme.one_sided else top
        noise = scheme.round_off * ladder.rung(h).noise / h * _scatter(ladder, widest, p)
        off = abs(found - value)
        if math.isfinite(found) and off <= 2 * error + 3 * cut.at(h) + AGREE * noise:
            break
        if h <= ladder.narrowest:
            return unresolved(ladder, scheme, h)
        h /= SHRINK
    else:
        return unresolved(ladder, scheme, h)
    wide = ladder.plateau > WIDE * max(1.0, ladder.size)
    constant = ladder.flat(top) and (beyond is None or wide)
    if not scheme.one_sided:
        off -= error / 2
    elif off > 2 * CONFIDENT * noise:  # slopes change, as at a point of inflection
        off += error / 2
    unseen = hidden(ladder, furthest, h, found)
    sure = max(off, NEGLECTED * cut.at(h)) + CONFIDENT * noise
    estimate = max(sure, unseen + BESIDE * noise)
    if not cut.size:
        estimate = max(estimate, error)
    if beyond is not None and summit.unlawful and ladder.flat(top) and not constant:
        # Next to nothing below something unexplained: a jump, or a step of a staircase.
        estimate += abs(beyond.slope) + abs(beyond.even) / beyond.h
    if _is_kinked(ladder):
        estimate = math.inf
    bend = abs(top.even) / top.h if top.shows(AGREE) else 0.0
    shown = _shown(ladder, scheme, h)
    return Choice(h, found, estimate, cut, shown, ladder.noise, bend, furthest.h)


def _is_kinked(ladder: Ladder) -> bool:
    """Say whether there is a kink right above a plateau, where the even part grows as h.

    An even part that falls to nothing from one rung to the next looks lawful, and is none where
    squares of steps underflow: below that a norm is 0.
    """
    first = next((r for r in ladder.rungs if r.finite and r.h > ladder.plateau), None)
    if not ladder.plateau or first is None or not first.shows(AGREE):
        return False
    wide = ladder.rung(RATIO * first.h)
    return abs(wide.even) * first.h <= LINEAR * abs(first.even) * wide.h


def _shown(ladder: Ladder, scheme: Scheme, h: float) -> float:
    losses = np.array(_losses(ladder, scheme, h))
    return float(scheme.shown(losses[:, None], np.array([h]))[0])


def _losses(ladder: Ladder, scheme: Scheme, h: float) -> list[float]:
    """Return the losses that a quotient is made of, as a scheme takes them."""
    rungs = [(k, ladder.rung(abs(k) * h)) for k in scheme.offsets]
    return [*(rung.above if k > 0 else rung.below for k, rung in rungs), ladder.value]


def _nearest(ladder: Ladder, scheme: Scheme, best: float, widest: float) -> float:
    """Return a step near the best one whose quotient takes the fewest further evaluations."""
    steps = [r.h for r in ladder.rungs if r.finite and r.h <= widest]

    def price(h: float) -> tuple[int, float]:
        return sum(k * h not in steps for k in scheme.lengths), abs(math.log(h / best))

    near = (
        h for s in steps for k in scheme.lengths if best / NARROWER <= (h := s / k) <= best * NEAR
    )
    # What takes evaluations at all is to be worth them.
    worth = [h for h in near if not price(h)[0] or price(h)[1] < WORTH]
    return min(worth, key=price, default=best)


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
            q = min(rungs[i - j - 1].h / rung.h, FURTHEST) ** 2
            y = new[-1] + (new[-1] - left) / (q - 1)
            error = abs(y - new[-1]) + noise
            if error < least:
                best, least, of = y, error, rung.h
            new.append(y)
        row = new
    if len(rungs) == 1:
        best, least = rungs[0].slope, abs(rungs[0].slope) + CONFIDENT * rungs[0].slope_noise
    return best, least, of


def unresolved(ladder: Ladder, scheme: Scheme, start: float) -> Choice:
    """Return the finest finite rung, marked."""
    rung = next((r for r in ladder.rungs if r.finite), None)
    h = start if rung is None else rung.h
    found = math.nan if rung is None else rung.slope + scheme.side * rung.even / rung.h
    nothing = Power(0.0, h, scheme.order)
    return Choice(h, found, math.inf, nothing, 0.0, ladder.noise, 0.0, h)
