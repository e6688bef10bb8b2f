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
from typing import Any

import numpy as np

from gradmethods.providers.balance import Choice, reference
from gradmethods.providers.entry import Guess, choose
from gradmethods.providers.estimates import UNSEEN, Marks
from gradmethods.providers.hidden import hidden
from gradmethods.providers.ladder import AGREE, Ladder, even_grows
from gradmethods.providers.noise import RoundOff, unit_of
from gradmethods.providers.probe import sizes_of
from gradmethods.providers.schemes import SCHEMES, Estimate, StepRule, Vector, lost_step, or_nan

FIVE_POINT = SCHEMES["five-point"]
"""Where its steps lie, there is most to extrapolate from."""
WIDER = 3
"""Rungs beyond those, at most."""
WORTH = 1.0
"""A wider rung must bring the error down to this part at least."""


def richardson(evaluate: Callable[[], float], point: Vector, step: StepRule) -> Estimate:
    """Estimate the gradient and its error, deciding at each entry how many passes it takes."""
    value = evaluate()
    evaluate = or_nan(evaluate)
    u = unit_of([], point.dtype)
    round_off = step.round_off or RoundOff(UNSEEN * u * abs(value), u)
    rng = np.random.default_rng(0)
    guess = Guess(round_off, value)
    steps, sizes = step(point), sizes_of(point)
    found = []
    passes = 0
    for i, x in enumerate(point.copy()):
        if x + steps[i] == x:
            raise lost_step(x)
        moved = partial(_moved, evaluate, point, i)
        ladder = Ladder(moved, x, value, round_off, rng)
        choice = choose(ladder, FIVE_POINT, float(steps[i]), guess.alike(float(sizes[i])))
        guess.note(float(sizes[i]), choice)
        found.append(_extrapolated(ladder, choice))
        passes += ladder.passes
    gradient = np.array([choice.quotient for choice in found], point.dtype)
    size = np.nan_to_num(abs(gradient), posinf=0.0)
    errors = np.array([choice.error for choice in found]) + u * size
    bends, shown = (np.array(x) for x in zip(*[(c.bend, c.shown) for c in found], strict=True))
    marks = Marks()
    errors = marks.add(0, size, errors, bends, (size == 0) & (bends == 0) & (shown == 0))
    marks.finish(errors)
    return Estimate(
        value, gradient, passes, np.where(np.isfinite(gradient), errors, np.inf).astype(point.dtype)
    )


def _extrapolated(ladder: Ladder, found: Choice) -> Choice:
    """Return five points, or what more of them extrapolate to where that is better known."""
    if not math.isfinite(found.error):
        return found
    top = ladder.rung(found.reach)
    value, error, h = reference(ladder, top)
    for _ in range(WIDER):
        wider = ladder.rung(top.h * 2)
        # A tableau of higher order reaches further than five points; it stops where it does not.
        better = reference(ladder, wider) if wider.finite and even_grows(wider, top) else None
        if better is None or better[1] > WORTH * error:
            break
        top, (value, error, h) = wider, better
    off = abs(value - found.quotient)
    unseen = max(error + off, hidden(ladder, top, h, value))
    unseen += ladder.rung(h).slope_noise + ladder.doubt
    if error < found.error and off <= AGREE * ladder.rung(found.step).slope_noise:
        # The two differ by noise alone, of which there is less in what is extrapolated.
        return found._replace(quotient=value, error=min(unseen, found.error + off))
    return found._replace(quotient=value, error=unseen) if unseen < found.error else found


def _moved(evaluate: Callable[[], float], point: Vector, i: int, place: Any) -> float:
    before = point[i]
    point[i] = place
    try:
        return evaluate()
    finally:
        point[i] = before
