"""What rungs cannot exclude at x: a kink, or a jump of the curvature, below their noise.

Powers of the step that a smooth loss has are eliminated between neighbouring rungs. What is left of
the even parts bounds a kink, what is left of the slopes a jump of the curvature: it makes slopes go
as h, so that an extrapolation, which takes them to go as h², leaves far more than it seems to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gradmethods.providers.ladder import (
    AGREE,
    CONFIDENT,
    DISTINCT,
    FLAT,
    GROWTH,
    LEAST,
    Ladder,
    Rung,
)

LACKING = 1.2
"""What is seen of a jump of the curvature may lack a fifth: it is the least of what excludes more.
"""
BEHIND = 1.15
"""Standard deviations of noise that may hide a kink: those of terms are added up, not in squares.
"""
SHOWN = 0.1
"""A kink at x is one if it is this part of the slope and of the even part, and no noise."""

TWICE, SAME_ACROSS = 2.0, 0.25
"""At steps that differ by so many times, differences that are alike within this part are no slope.
"""


class Term(NamedTuple):
    """A coefficient of a power of the step that values show, and its noise."""

    size: float
    noise: float


def quartic(wide: Rung, middle: Rung, narrow: Rung) -> Term:
    """Return the term of slopes that grows as h⁴, at the widest of three steps.

    It is their second difference, divided: slopes of a smooth loss are f' + b h² + c h⁴ + …. Steps
    that are close are taken for a little less so: what they differ by may be noise.
    """
    q = min(middle.h / wide.h, 1 / DISTINCT) ** 2
    p = q * min(narrow.h / middle.h, 1 / DISTINCT) ** 2
    gap = max(q - p, LEAST)
    bend = (wide.slope - middle.slope) / (1 - q) - (middle.slope - narrow.slope) / gap
    noise = wide.slope_noise / ((1 - q) * (1 - p)) + middle.slope_noise / ((1 - q) * gap)
    return Term(abs(bend) / (1 - p), noise + narrow.slope_noise / ((1 - p) * gap))


def hidden(ladder: Ladder, furthest: Rung, h: float, slope: float) -> float:
    """Return what kinks and jumps of the curvature at x may add to a quotient at a step.

    It is infinite if the rungs up to one, which are trusted, show a kink all the same, or a jump.
    """
    return max(hidden_kink(ladder, furthest, slope), hidden_bend(ladder, furthest) * h)


def hidden_kink(ladder: Ladder, furthest: Rung, slope: float) -> float:
    """Return how large a kink at x may be, infinite if one shows."""
    seen = [*ladder.finer(furthest), furthest]
    (kink, unsure), sure = kinks_within(seen)
    narrow = next((abs(r.even) / r.h for r in ladder.rungs if r.shows(AGREE)), 0.0)
    shown = sure.size > max(AGREE * sure.noise, SHOWN * abs(slope), SHOWN * narrow)
    if shown or jumps_within(seen):
        return math.inf
    return max(kink + BEHIND * unsure, persistent(ladder.rungs))


def jump_across(ladder: Ladder, reach: float) -> bool:
    """Whether losses on both sides of x differ by the same at all steps up to one.

    That is a jump at x, or what is as narrow, with the loss at x half-way: even parts show nothing
    of it, and where rounding of x is taken for noise, that hides that slopes go as 1/h.
    """
    seen = [r for r in ladder.rungs if r.finite]
    clear = next((r.h for r in seen if r.h >= TWICE * seen[0].h), math.inf)
    across = [r.slope * r.h for r in seen if r.h <= max(reach, clear)]
    return (
        math.isfinite(clear)
        and abs(across[0]) > FLAT * max(ladder.noise, ladder.floor)
        and all(abs(one - across[0]) <= SAME_ACROSS * abs(across[0]) for one in across)
    )


def hidden_bend(ladder: Ladder, furthest: Rung) -> float:
    """Return how large a jump of the curvature at x may be, 0 if none is seen."""
    bend = bend_within([*ladder.finer(furthest), furthest])
    return LACKING * bend.size + bend.noise if bend.size > bend.noise else 0.0


def distinct(rungs: list[Rung]) -> list[Rung]:
    """Leave out rungs that are close to a wider one."""
    kept = rungs[-1:]
    for rung in rungs[-2::-1]:
        if rung.h * DISTINCT <= kept[0].h:
            kept.insert(0, rung)
    return kept


def kinks_within(rungs: list[Rung]) -> tuple[Term, Term]:
    """Return how large a kink at x may be, the least that is seen, and how large one shows.

    One even part bounds a kink. To show one, the curvature must be eliminated from it.
    """
    over, first, second = _kinks_of(rungs)
    bounds = [*_held(over, first), *_held(first, second), *second]
    return _least(bounds), _least([*first, *second] or over)


def jumps_within(rungs: list[Rung]) -> bool:
    """Whether what is left of even parts without curvature grows as the step shrinks.

    What is smooth leaves less the finer the step, a kink the same, and a jump at x more.
    """
    _, first, _ = _kinks_of(rungs)
    if len(first) < 2:
        return False
    fine, coarse = first[:2]
    return abs(fine.size) > AGREE * fine.noise + GROWTH * abs(coarse.size)


def _kinks_of(rungs: list[Rung]) -> tuple[list[Term], list[Term], list[Term]]:
    seen = distinct(rungs)
    return _by_numbers([r.h for r in seen], [Term(r.even, r.noise) for r in seen])


def _held(terms: list[Term], others: list[Term]) -> list[Term]:
    """Make terms as unsure as others show them to be, from which one more power is eliminated."""
    pairs = zip(terms, [*others, *others[-1:]], strict=False)
    return [
        Term(t.size, t.noise + max(abs(t.size - o.size) - CONFIDENT * (t.noise + o.noise), 0.0))
        for t, o in pairs
    ] or terms


def kinks(h: Sequence[float], evens: Sequence[Term]) -> list[Term]:
    """Return how large a kink at x may be by even parts at steps: by one, by two, by three.

    The size of a kink is half the jump of the slope. The even part of a kink goes as h, that of a
    smooth loss is a h² + c h⁴ + ….
    """
    return [term for terms in _by_numbers(h, evens) for term in terms]


def _by_numbers(
    h: Sequence[float], evens: Sequence[Term]
) -> tuple[list[Term], list[Term], list[Term]]:
    over = [Term(even.size / s, even.noise / s) for even, s in zip(evens, h, strict=True)]
    first = _without(over, h)
    return over, first, _without(first, [a * b * (a + b) for a, b in pairwise(h)])


def persistent(rungs: list[Rung]) -> float:
    """Return the kink that rungs show, if it may be at x for all that finer ones tell, else 0."""
    seen = [r for r in rungs if r.finite]
    for k, narrow in enumerate(seen):
        grows_as_h = any(
            abs(narrow.even) > GROWTH * (narrow.h / wide.h) ** 2 * abs(wide.even)
            for wide in seen[k + 1 :]
        )
        if narrow.shows(AGREE) and grows_as_h:
            kink = abs(narrow.even) / narrow.h
            hidden = all(abs(abs(r.even) - kink * r.h) <= AGREE * r.noise for r in seen[:k])
            return kink if hidden else 0.0
    return 0.0


def bend_within(rungs: list[Rung]) -> Term:
    """Return how large a jump of the curvature at x may be, half of it: the least that is seen.

    It makes slopes go as h; those of a smooth loss are f' + b h² + d h⁴ + ….
    """
    seen = distinct(rungs)
    h = [r.h / seen[-1].h for r in seen]
    linear = [
        Term((b.slope - a.slope) / (v - u), (a.slope_noise + b.slope_noise) / (v - u))
        for (a, b), (u, v) in zip(pairwise(seen), pairwise(h), strict=True)
    ]
    first = _without(linear, [a + b for a, b in pairwise(h)])
    threes = zip(h, h[1:], h[2:], strict=False)
    second = _without(first, [(a + b) * (b + c) * (a + c) for a, b, c in threes])
    least = _least([*linear, *first, *second])
    return Term(least.size / seen[-1].h, least.noise / seen[-1].h)


def _without(terms: Sequence[Term], others: Sequence[float]) -> list[Term]:
    """Eliminate another term, which grows in proportion to some numbers, between neighbours."""
    rest = []
    for (t, u), (a, b) in zip(pairwise(terms), pairwise(others), strict=True):
        share = a / (b - a) if b > a else 0.0  # so little that it underflowed
        rest.append(Term(t.size + (t.size - u.size) * share, t.noise + (t.noise + u.noise) * share))
    return rest


def _least(terms: list[Term]) -> Term:
    """Return the size that excludes the larger ones, without its sign."""
    least = min(
        terms,
        key=lambda term: abs(term.size) / CONFIDENT + term.noise,
        default=Term(math.inf, math.inf),
    )
    return Term(abs(least.size), least.noise)
