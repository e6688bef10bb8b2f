"""The step of a difference scheme for one parameter: looks at its ladder until it is understood.

Each look climbs the ladder and balances truncation and noise (`balance`). Where there is less noise
along the parameter than was thought, or more, it is looked at again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from gradmethods.providers.balance import (
    NARROWER,
    NEAR,
    SEEN,
    Choice,
    confirmed,
    truncation,
    unresolved,
)
from gradmethods.providers.climb import MOST, Summit, climb, near_slopes, quieter, stairs
from gradmethods.providers.hidden import jump_across, kinks_within, persistent, quartic
from gradmethods.providers.ladder import (
    AGREE,
    GROWTH,
    LEAST,
    NEARBY,
    RATIO,
    Ladder,
    Rung,
    agree,
    even_falls,
    even_grows,
)
from gradmethods.providers.noise import POINTS, ROUGH, SHARE, RoundOff, is_flat, noise_of
from gradmethods.providers.schemes import Scheme

ALIKE = 64.0
"""Sizes within this factor: the ladder of the one starts where that of the other ended."""
NEIGHBOURS = 3
"""Their median: one that is unlike the others leads nobody astray."""
KEPT = 32
"""Parameters of which that is remembered."""
MORE = 6.0
"""Noise measured once more differs up to this factor: a few values tell it no better."""
EXACT = 0.1
"""Less than this part of a rounding of x is none."""
LEVELS = 4
"""Between the noise of numbers and a rounding of x, so many levels are tried."""
BEYOND = 16.0
"""The number of steps away at which truncation shows if it balances the noise at one step."""
AGAIN = 3
"""Steps that are tried after that of another parameter before all is looked at anew."""
CLEAR = 4.0
"""Slopes show that they leave their parabola if it is by so many times the noise."""
SURE = 0.1
"""What is off by more of itself is looked at anew."""
HALF = 0.5
"""Two slopes that differ by this part are not the same."""


class Guess:
    """Where ladders start: at the step of a parameter of like size, or where the noise suggests."""

    def __init__(
        self, round_off: RoundOff, value: float, noted: Iterable[tuple[float, float]] = ()
    ) -> None:
        noise, u, *_ = round_off
        share = noise / abs(value) if value else u
        self._share = min(max(share, u), math.sqrt(u)) if math.isfinite(share) else u
        self._found = deque(noted, maxlen=KEPT)

    def note(self, size: float, found: Choice) -> None:
        """Take note of what was found for a parameter of a size."""
        if math.isfinite(found.error):
            self._found.appendleft((size, found.step))

    def alike(self, size: float) -> float | None:
        """Return the step of the parameter that is nearest in size, the last of these."""

        def apart(noted: tuple[float, float]) -> float:
            return max(size / noted[0], noted[0] / size)

        nearest = sorted(self._found, key=apart)[:NEIGHBOURS]
        most = min(ALIKE, NEARBY * apart(nearest[0])) if nearest else 0.0
        steps = sorted(noted[1] for noted in nearest if apart(noted) <= most)
        return steps[len(steps) // 2] if steps else None

    def first(self, scheme: Scheme, size: float) -> float:
        """Return the step for a loss that varies on the scale of the size."""
        # A one-sided scheme finds its way down from the step of a central one, where it sees more.
        return float(self._share ** (1 / (max(scheme.order, 2) + 1)) * size)


def choose(ladder: Ladder, scheme: Scheme, guess: float, alike: float | None) -> Choice:
    """Choose the step of a scheme for one parameter.

    It begins with the step of one that is alike, if there is any, or else with a guess.

    Where there is less noise next to x than along a line, the loss may be smooth there, or a kink
    that was rounded to flat steps: that is held against what was found.
    """
    along = ladder.noise
    found = _looked_at(ladder, scheme, guess, alike)
    if ladder.noise < along and math.isfinite(found.error):
        less, ladder.noise = ladder.noise, along
        found = found._replace(error=max(found.error, persistent(ladder.rungs)))
        ladder.noise = less
    reach = scheme.lengths[-1] * found.step
    if ladder.contradicts(found.quotient, found.step, reach) or jump_across(ladder, reach):
        return found._replace(error=math.inf, bend=0.0)
    return found


def _looked_at(ladder: Ladder, scheme: Scheme, guess: float, alike: float | None) -> Choice:
    """Choose the step by looks at the ladder, each with other noise if what was seen suggests that.

    Where the loss is rougher along the parameter than it is at fine spacings, its slope there is
    held against what was found: either may be meant.
    """
    noise = ladder.noise
    found = None if alike is None else _again(ladder, scheme, alike)
    if found is None:
        start = alike or guess
        ladder.keep(least=start)
        found = _chosen(ladder, scheme, start)
        if guess < start and _drowned(ladder, found):
            found = _chosen(ladder, scheme, guess)
    raised = ladder.noise > MORE * noise
    if not raised:
        found = _quieter(ladder, scheme, found)
        best = found.truncation.balanced(scheme.round_off * ladder.noise)
        if ladder.is_coarse(min(best, found.step)) and ladder.narrowest < 1 and ladder.size:
            found = _between_numbers(ladder, scheme, found)
        noise = ladder.noise
    if _may_be_a_wave(ladder):
        return found._replace(error=math.inf, bend=0.0)
    rounding = max(ladder.rounding_at(found.step), ladder.rounding(found.quotient))
    rough = raised or noise > ROUGH * rounding
    if rough and math.isfinite(found.error):
        less = noise if raised else ladder.floor
        near = near_slopes(ladder, less, found.quotient)
        between = near[-1].slope if near else found.quotient
        ladder.doubt = max((abs(found.quotient - r.slope) for r in near), default=0.0)
        if abs(found.quotient - between) > HALF * min(abs(found.quotient), abs(between)):
            return found._replace(error=math.inf, bend=0.0)
        finer = _finer(ladder, scheme, less, near, found.quotient)
        if finer is not None:
            return finer
        # What such noise hides is not known to be next to nothing.
        return found._replace(error=found.error + ladder.doubt, bend=0.0)
    return found


def _drowned(ladder: Ladder, found: Choice) -> bool:
    """Whether no slope was found at a step that makes the loss larger, and so its rounding."""
    loud = ladder.rounding_at(found.step) > MORE * ladder.noise
    return loud and not found.error <= HALF * abs(found.quotient)


def _quieter(ladder: Ladder, scheme: Scheme, found: Choice) -> Choice:
    """Choose a step once more if there is less noise along the parameter than along a line."""
    more, less = ladder.noise, quieter(ladder, found.step)
    if less < more:
        ladder.noise = less
        again = _chosen(ladder, scheme, found.step)
        off = abs(again.quotient - found.quotient)
        better = again.error < found.error < math.inf
        if ladder.noise <= less and better and off <= found.error + again.error:
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
    # Rounding that is alike from one number to the next is a slope there, and noise farther away.
    for part in (RATIO, RATIO**2):
        farther = ladder.values(ladder.places(ladder.jittered(found.step / part)))
        if not noise_of(farther, alike=False) < EXACT * rounding:
            return found
    ladder.exact = True
    ladder.keep(most=found.reach)
    for level in np.geomspace(noise, rounding, LEVELS, endpoint=False).tolist():
        ladder.noise = level
        again = _chosen(ladder, scheme, found.step)
        off = abs(again.quotient - found.quotient)
        if not (ladder.noise <= level and math.isfinite(again.error)):
            continue
        doubt = ladder.rounding(again.quotient) / (POINTS // 2 * ladder.narrowest)
        if off <= found.error or off <= again.error < found.error - doubt:
            error = min(again.error + doubt, max(found.error + off, again.error))
            ladder.doubt = error - again.error
            return again._replace(error=error)
    ladder.exact, ladder.noise = False, more
    return found


def _finer(
    ladder: Ladder, scheme: Scheme, noise: float, near: list[Rung], slope: float
) -> Choice | None:
    """Choose the step for the slope very near x, if another grows out of that as truncation does.

    Then what was taken for noise is smooth: a ripple, or a narrow peak.
    """
    if not near:
        return None
    more, ladder.noise = ladder.noise, noise
    summit = climb(ladder, near[-1].h)
    if summit.lawful and not ladder.flat(near[-1]):
        again = _chosen(ladder, scheme, near[-1].h)
        known = ladder.noise == noise and math.isfinite(again.error)
        if known and _grows_out(ladder, ladder.rung(again.step), slope):
            return again
    ladder.noise = more
    return None


def _grows_out(ladder: Ladder, near: Rung, slope: float) -> bool:
    """Whether slopes leave the one very near x step by step, and not all at once for another.

    A term of the loss that is rounded more coarsely than the others does not move near x at all.
    """
    part = SURE * abs(slope - near.slope)
    narrow, rung, allowed = near, near, math.inf
    while rung.h < ladder.widest / RATIO and abs(rung.slope - near.slope) <= part:
        wide = ladder.rung(ladder.jittered(RATIO * rung.h))
        seen = abs(rung.slope - narrow.slope) + AGREE * (rung.slope_noise + narrow.slope_noise)
        allowed = GROWTH * (wide.h / rung.h) ** 4 * seen
        narrow, rung = rung, wide
    return abs(rung.slope - narrow.slope) <= allowed


def _may_be_a_wave(ladder: Ladder) -> bool:
    """Whether what is taken for noise may be a wave faster than numbers near x can show.

    It may if it is a good part of the loss, or if neighbouring numbers are as far apart as the
    scale of 1, on which losses vary.
    """
    if ladder.narrowest >= 1 and ladder.noise > max(ROUGH * ladder.floor, LEAST):
        return True
    seen = [abs(value) for r in ladder.rungs if r.finite for value in (r.above, r.below)]
    return ladder.noise > max(SHARE * max(seen, default=math.inf), LEAST)


def _again(ladder: Ladder, scheme: Scheme, h: float) -> Choice | None:
    """Choose a step near that of a parameter that is alike, if truncation and noise balance there.

    The rungs of its quotient and one above them show that, and one below where slopes that grow
    as h must be told from those that grow as h². There is no need to look at finer ones if nothing
    but powers of the step is in their even parts, which have less noise than slopes.
    """
    for _ in range(AGAIN):
        if BEYOND / 2 * h > ladder.widest:
            return None
        narrow = ladder.rung(h)
        rungs = [ladder.rung(k * narrow.h) for k in scheme.lengths]
        top = rungs[-1]
        rungs.append(ladder.around(min(ladder.jittered(BEYOND * top.h), ladder.widest)))
        if scheme.order == 2:
            rungs.insert(0, ladder.around(ladder.jittered(narrow.h / RATIO)))
        if not _smooth(rungs) or (scheme.one_sided and not agree(rungs[-1], narrow)):
            return None
        summit = Summit(top, rungs[-1], lawful=True)
        cut = truncation(ladder, scheme, summit)
        # What noise alone tells apart would be in balance with it at any step.
        if scheme.order == 2:
            seen = not agree(rungs[-1], top)
        else:
            seen = scheme.one_sided or _leaves_a_parabola(rungs)
        best = cut.balanced(scheme.round_off * ladder.noise) if seen else math.inf
        if best / NARROWER <= narrow.h <= best * NEAR:
            found = confirmed(ladder, scheme, summit, cut)
            return found if found.error < SURE * abs(found.quotient) else None
        # By halves or doubles: five points share rungs with those.
        further = min(max(best / narrow.h, 1 / BEYOND), BEYOND ** (1 / scheme.order))
        h = narrow.h * 2 ** round(math.log2(further))
    return None


def _leaves_a_parabola(rungs: list[Rung]) -> bool:
    """Whether slopes at three rungs show what is not of a parabola, but truncation or noise."""
    bend = quartic(*rungs[::-1])
    return bend.size > CLEAR * bend.noise


def _smooth(rungs: list[Rung]) -> bool:
    """Whether even parts at some rungs show powers of the step and nothing else."""
    kink = kinks_within(rungs)[1]
    return (
        all(rung.finite for rung in rungs)
        and all(even_falls(wide, narrow) for narrow, wide in pairwise(rungs))
        and even_grows(rungs[-1], rungs[-2])
        and kink.size <= AGREE * kink.noise
    )


def _chosen(ladder: Ladder, scheme: Scheme, start: float) -> Choice:
    order = 2 if scheme.order > 2 else 1
    if order == 2:  # the rungs of the quotient itself, and one below
        start = min(start, ladder.widest / 2)
        lowest = ladder.rung(ladder.jittered(start / RATIO))
        start = ladder.rung(2 * ladder.rung(max(start, RATIO / 2 * lowest.h)).h).h
    summit = climb(ladder, start, order, SEEN if scheme.one_sided else math.inf)
    if summit.top is None:
        return unresolved(ladder, scheme, start)
    noise = stairs(ladder, summit)
    if noise > 0:
        beyond = summit.beyond if summit.unlawful else None
        wider = RATIO * (ladder.rough if beyond is None else beyond.h)
        ladder.noise, ladder.rough = noise, 0.0
        return _chosen(ladder, scheme, wider)
    cut = truncation(ladder, scheme, summit)
    found = confirmed(ladder, scheme, summit, cut)
    if len(ladder.rungs) < MOST and math.isfinite(found.error):
        # There must be evidence below the step itself, not only above.
        rung = ladder.rung(found.step)
        below = None if ladder.finer(rung) else ladder.below(rung)
        new = below is not None and not (agree(rung, below) and even_falls(rung, below))
        if new or not ladder.trusted(summit.top, order):
            return _chosen(ladder, scheme, below.h if below is not None else rung.h)
    return found
