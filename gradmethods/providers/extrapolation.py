"""Richardson extrapolation of central differences, with an estimate of its own error.

Each parameter has a ladder of steps of its own at every call, so that it is known there, and not
only at the prepared point, how wide a step may be: up to the first that disagrees with the finer
ones, or shows a kink or a jump. What is trusted is extrapolated to step zero, by Neville's tableau.

Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering
Software 4 (1982) 75-76. Ours begins at a step that the noise of the loss suggests, and goes up or
down from there, where Ridders begins wide and goes down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.providers.balance import Choice, reference
from gradmethods.providers.entry import Guess, choose
from gradmethods.providers.estimates import UNSEEN, Marks
from gradmethods.providers.hidden import hidden_bend, hidden_kink
from gradmethods.providers.ladder import AGREE, Ladder, Rung, even_grows
from gradmethods.providers.moved_loss import beside
from gradmethods.providers.noise import RoundOff, unit_of
from gradmethods.providers.probe import sizes_of
from gradmethods.providers.schemes import SCHEMES, Estimate, StepRule, Vector, lost_step
from gradmethods.providers.steps import FirstSteps
from gradmethods.providers.stretches import (
    BEND,
    ERROR,
    PASSES,
    QUOTIENT,
    SHOWN,
    Climbers,
    Trail,
    climb_stretches,
    in_stretches,
    mover,
)

FIVE_POINT = SCHEMES["five-point"]
"""Where its steps lie, there is most to extrapolate from."""
WIDER = 3
"""Rungs beyond those, at most."""
BETWEEN, GAP = 3, 2.5
"""Rungs that are put between others, at most, and how far those are apart."""


def richardson(
    evaluate: Callable[[], float],
    value: float,
    point: Vector,
    step: StepRule,
    climbers: Climbers | None = None,
) -> Estimate:
    """Estimate the gradient and its error, deciding at each entry how many passes it takes."""
    u = unit_of([], point.dtype)
    round_off = step.round_off or RoundOff(UNSEEN * u * abs(value), u)
    at_home = isinstance(step, FirstSteps) and value == step.value
    round_off = round_off._replace(elsewhere=not at_home)
    steps, sizes = step(point), sizes_of(point)
    climb = partial(_climbed, evaluate, point)
    found = in_stretches(climb, Trail(value, round_off), (sizes, steps), climbers)
    gradient = found[QUOTIENT].astype(point.dtype)
    size = np.nan_to_num(abs(gradient), posinf=0.0)
    errors = found[ERROR] + u * size
    bends, shown = found[BEND], found[SHOWN]
    marks = Marks()
    errors = marks.add(0, size, errors, bends, (size == 0) & (bends == 0) & (shown == 0))
    marks.finish(errors)
    errors = np.where(np.isfinite(gradient), errors, np.inf).astype(point.dtype)
    return Estimate(value, gradient, int(found[PASSES].sum()), errors)


def climbed_at(
    problem: Problem, here: tuple[Vector, Arrays | None], part: slice, *arguments: Any
) -> Vector:
    """Climb the ladders of a part of the parameters: what a worker does."""
    return _climbed(*beside(problem, here), part, *arguments)


def _climbed(
    evaluate: Callable[[], float],
    point: Vector,
    part: slice,
    trail: Trail,
    sizes: Vector,
    steps: Vector,
) -> Vector:
    def look(ladder: Ladder, i: int, size: float, guess: Guess) -> Choice:
        h = steps[i - part.start]
        if point[i] + h == point[i]:
            raise lost_step(point[i])
        choice = choose(ladder, FIVE_POINT, float(h), guess.alike(size))
        guess.note(size, choice)
        return _extrapolated(ladder, choice)

    return climb_stretches(mover(evaluate, point), point, part, sizes, trail, look)


def _extrapolated(ladder: Ladder, found: Choice) -> Choice:
    """Return five points, or what more of them extrapolate to where that is better known."""
    if not math.isfinite(found.error):
        return found
    top = ladder.rung(found.reach)
    value, error, h = reference(ladder, top)
    top, (value, error, h) = _wider(ladder, top, (value, error, h))
    reach, kink = top, hidden_kink(ladder, top, value)
    for _ in range(BETWEEN):
        # Where noise of the finest rung is most of the error, one between it and the wide ones has
        # less of that, and between rungs that are close there is less truncation.
        pairs = pairwise([rung.h for rung in ladder.rungs if h <= rung.h <= top.h])
        gap, below = max(((b / a, a) for a, b in pairs), default=(0.0, h))
        if gap < GAP or ladder.rung(h).slope_noise < error / 2:
            break
        ladder.rung(below * math.sqrt(gap))
        top, (value, error, h) = _wider(ladder, top, reference(ladder, top))
    if ladder.contradicts(value, found.step, h):  # the losses that it steps over
        return found._replace(error=math.inf, bend=0.0)
    off = abs(value - found.quotient)
    unseen = max(error + off, kink, hidden_bend(ladder, reach) * h)
    unseen += ladder.rung(h).slope_noise + ladder.doubt
    if error < found.error and off <= AGREE * ladder.rung(found.step).slope_noise:
        # The two differ by noise alone, of which there is less in what is extrapolated.
        return found._replace(quotient=value, error=min(unseen, found.error + off))
    return found._replace(quotient=value, error=unseen) if unseen < found.error else found


def _wider(
    ladder: Ladder, top: Rung, known: tuple[float, float, float]
) -> tuple[Rung, tuple[float, float, float]]:
    """Extrapolate from wider rungs, too: a tableau of higher order reaches further."""
    for _ in range(WIDER):
        wider = ladder.rung(top.h * 2)
        better = reference(ladder, wider) if wider.finite and even_grows(wider, top) else None
        if better is None or better[1] >= known[1]:
            break
        if abs(better[0] - known[0]) > better[1] + known[1]:  # far out it is another slope
            break
        top, known = wider, better
    return top, known
