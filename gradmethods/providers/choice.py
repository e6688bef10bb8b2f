"""Choosing steps one parameter at a time: each ladder starts where that of one alike ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.providers.balance import Choice
from gradmethods.providers.entry import Guess, choose
from gradmethods.providers.ladder import Ladder
from gradmethods.providers.moved_loss import beside
from gradmethods.providers.noise import POINTS, RoundOff, jumps_along, noise_along, unit_of
from gradmethods.providers.probe import Probe, sizes_of
from gradmethods.providers.schemes import SCHEMES, Scheme
from gradmethods.providers.steps import Answer, Known
from gradmethods.providers.stretches import (
    BEND,
    ERROR,
    PASSES,
    QUOTIENT,
    SHOWN,
    STEP,
    Climbers,
    Trail,
    climb_stretches,
    in_stretches,
    mover,
)


class Chooser:
    """Ladders for parameters, each of which starts where that of one alike ended.

    Attributes
    ----------
    probe : Probe
        The loss.
    rng : numpy.random.Generator
        Of a fixed seed: the same problem always gets the same steps.
    away : tuple of float
        What losses are like near by: see `Probe.away`.
    round_off : RoundOff
        What the loss shows of it.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.rng = np.random.default_rng(0)
        self.away, losses = probe.away()
        u, unit = unit_of([], probe.point.dtype), unit_of(losses, probe.point.dtype)
        line = partial(probe.line, self.rng, POINTS)
        noise = noise_along(line, probe.value, u, unit, probe.far)
        self.round_off = RoundOff(noise, unit, jumps_along(line, noise, u, unit))
        self._guess = Guess(self.round_off, probe.value)

    def choose(self, i: int, scheme: Scheme, size: float) -> Choice:
        """Choose the step of a scheme for one parameter of a size."""
        guess = self._guess
        found = choose(self.ladder(i), scheme, guess.first(scheme, size), guess.alike(size))
        guess.note(size, found)
        return found

    def ladder(self, i: int) -> Ladder:
        """Make the ladder of one parameter."""
        probe = self.probe
        at = partial(probe.moved, i)
        return Ladder(at, probe.point[i], probe.value, self.round_off, self.rng)

    def each(self, scheme: Scheme, home: Arrays, climbers: Climbers | None = None) -> Known:
        """Choose a step for each parameter by itself."""
        probe = self.probe
        sizes = sizes_of(probe.point)
        climb = partial(_chosen, scheme.name, probe.moved, probe.point, rng=self.rng)
        before = probe.passes
        found = in_stretches(climb, Trail(probe.value, self.round_off), (sizes,), climbers)
        probe.passes = before + int(found[PASSES].sum())
        constant = probe.constant(found[QUOTIENT].tolist())
        steps, errors, shown, bends = found[[STEP, ERROR, SHOWN, BEND]]
        answer = Answer(probe.point, probe.value, found[QUOTIENT].astype(probe.point.dtype))
        rest = self.round_off, constant
        return Known(home, steps, errors, shown, bends, sizes, sizes, *rest, answer=answer)


def chosen_at(
    scheme: str,
    problem: Problem,
    here: tuple[NDArray[Any], Arrays | None],
    part: slice,
    trail: Trail,
    sizes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Choose steps for a part of the parameters: what a worker does."""
    evaluate, point = beside(problem, here)
    return _chosen(scheme, mover(evaluate, point), point, part, trail, sizes)


def _chosen(
    scheme: str,
    moved: Callable[[int, Any], float],
    point: NDArray[Any],
    part: slice,
    trail: Trail,
    sizes: NDArray[np.float64],
    *,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float64]:
    rule = SCHEMES[scheme]

    def look(ladder: Ladder, _: int, size: float, guess: Guess) -> Choice:
        found = choose(ladder, rule, guess.first(rule, size), guess.alike(size))
        guess.note(size, found)
        return found

    return climb_stretches(moved, point, part, sizes, trail, look, rng)
