"""Choosing steps one parameter at a time: each ladder starts where that of one alike ended."""

from __future__ import annotations

from functools import partial

import numpy as np

from gradmethods.core.structure import Arrays
from gradmethods.providers.balance import Choice
from gradmethods.providers.entry import Guess, choose
from gradmethods.providers.ladder import Ladder
from gradmethods.providers.noise import POINTS, RoundOff, jumps_along, noise_along, unit_of
from gradmethods.providers.probe import Probe, sizes_of
from gradmethods.providers.schemes import Scheme
from gradmethods.providers.steps import Known


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

    def each(self, scheme: Scheme, home: Arrays) -> Known:
        """Choose a step for each parameter by itself."""
        sizes = sizes_of(self.probe.point)
        choices = [self.choose(i, scheme, float(size)) for i, size in enumerate(sizes)]
        return Known.of(choices, home, sizes, sizes, self.round_off, self.probe.constant(choices))
