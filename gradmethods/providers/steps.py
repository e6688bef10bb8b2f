"""Rules for steps: one given, one from the precision alone, one chosen for a problem.

How a problem's own is chosen, by looking at its loss, is in `choice`; what each rule knows of the
error of a quotient, in `estimates`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays
from gradmethods.providers.balance import Choice
from gradmethods.providers.entry import HALF, SURE, Guess
from gradmethods.providers.ladder import AGREE, APART
from gradmethods.providers.noise import RoundOff
from gradmethods.providers.probe import sizes_of
from gradmethods.providers.schemes import COMPLEX_STEP, RICHARDSON, SCHEMES, WHOLE, Vector

WIDE = 1 / 64
"""Where Richardson extrapolation looks first, on the scale of the loss."""
NEAR = 0.1
"""What is near 0, on the scale of the loss."""
WIDEST = 0.1
"""Times max(1, |x|), the widest step away from the prepared point."""
FEW = 16.0
"""Steps away from which the rise of a loss to the middle of a jump is unlike a parabola's."""
SLIGHT = 1e-3
"""Slopes change by less of themselves within a few steps, most of them."""
BENT = 2.0
"""Slopes of a convex parabola change by less than this times what its curvatures say."""
STRAY = 0.4
"""A smooth loss leaves the mean slope on a way by less than this part of what slopes changed."""


def step_for(scheme: str, x: Vector, dtype: np.dtype[Any]) -> Vector:
    """Return the step for a loss that varies on the scale s = max(1, |x|) of its parameters.

    A real scheme errs twice: it truncates the Taylor series, and it amplifies the round-off of each
    loss. Of a loss that errs by ε (standard deviation), the quotient errs by κε/h, and by c hᵖ
    f⁽ᵖ⁺¹⁾ from truncation. The sum of squares is least at h = (κε / (c √p |f⁽ᵖ⁺¹⁾|))^(1/(p+1)). If
    nothing more is known, ε = u|f|, u = eps/2 being the unit round-off, and |f⁽ᵖ⁺¹⁾| = |f|/sᵖ⁺¹:

    ===========  ===  ===========  =========  =====================
    scheme       p    truncation   κ          step
    ===========  ===  ===========  =========  =====================
    forward      1    h/2 f''      √2         (2√2 u)^(1/2) s
    backward     1    h/2 f''      √2         (2√2 u)^(1/2) s
    central      2    h²/6 f'''    √(1/2)     (3u)^(1/3) s
    five-point   4    h⁴/30 f⁽⁵⁾   √(65/72)   (14.25 u)^(1/5) s
    ===========  ===  ===========  =========  =====================

    Such steps are where the choice for a problem begins, and what is left where a loss shows
    nothing. Richardson extrapolation finds its own way up and down from s/64. The complex step
    subtracts nothing, so its step is as small as leaves real parts untouched, u²|x|: with the
    magnitude of x, because a fixed 1e-200 underflows in 1/z at 1e160. It is u² at 0, never less
    than the smallest normal number, and never more than u: exp of a wide imaginary part is a wave.

    Source: P. E. Gill, W. Murray and M. H. Wright, Practical Optimization, Academic Press 1981,
    section 8.6, with standard deviations for bounds.

    Parameters
    ----------
    scheme : str
        One of `schemes.NAMES`.
    x : numpy.ndarray
        Parameters.
    dtype : numpy.dtype
        float64 or float32.

    Returns
    -------
    numpy.ndarray
        Positive steps of the shape and dtype of `x`.
    """
    info = np.finfo(dtype)
    u = float(info.eps) / 2
    if scheme == COMPLEX_STEP:
        steps = np.where(x == 0, u * u, np.clip(u * u * abs(x), info.smallest_normal, u))
    else:
        relative = WIDE if scheme == RICHARDSON else SCHEMES[scheme].relative_step(u)
        steps = relative * np.maximum(1, abs(x))
    return steps.astype(dtype)


@dataclass(frozen=True)
class FixedStep:
    """The same absolute step for all parameters, wherever they are."""

    step: float
    passes = 0
    known = None
    round_off = None

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        return lambda part: np.full_like(point[part], self.step)


@dataclass(frozen=True)
class PrecisionStep:
    """The step that the precision asks for: `step_for`."""

    scheme: str
    passes = 0
    known = None
    round_off = None

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        return lambda part: step_for(self.scheme, point[part], point.dtype)


@dataclass(frozen=True)
class FirstSteps:
    """Where Richardson extrapolation looks first, in a loss of known noise."""

    round_off: RoundOff
    value: float
    passes: int
    known = None

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        guess, scheme = Guess(self.round_off, self.value), SCHEMES["five-point"]
        steps = guess.first(scheme, 1.0) * sizes_of(point)
        steps = np.maximum(steps, APART * abs(np.spacing(point))).astype(point.dtype)
        return lambda part: steps[part]


def _itself(part: slice) -> slice:
    return part


class Answer(NamedTuple):
    """A loss and its gradient at a point, all of them flat copies."""

    point: Vector
    value: float
    gradient: Vector

    def strays(self, later: Answer, noise: float) -> bool:
        """Whether a loss of some noise did not rise from here as the slopes at both ends say.

        Of a parabola, it rises by the mean slope. A jump, or a step as steep, right at the end is
        seen nowhere else: it looks alike to both sides.
        """
        move = later.point.astype(float, copy=False) - self.point
        here, there = self.gradient * move, later.gradient * move
        off = abs(later.value - self.value - float(np.add.reduce(here + there)) / 2)
        if not off > STRAY * float(np.add.reduce(abs(there - here))) + AGREE * noise:
            return False
        rounding = float(np.finfo(later.gradient.dtype).eps) * float((abs(here) + abs(there)).sum())
        return off - AGREE * noise - rounding > STRAY * float(abs(there - here).sum())

    def leaves_open(
        self, later: Answer, step: Callable[[Vector], Vector], root_curvature: Vector
    ) -> Vector | None:
        """Return how slopes changed where the rise of a loss does not say whether by a jump.

        A jump of 2 J is J high from one side to its middle, and its difference quotient is J / h:
        after a move of 2 h, that is the slope of a parabola. It is so, too, where moves along some
        parameters lead up, and those along others down again. What the curvature along the
        parameters explains is no jump's.

        Returns
        -------
        numpy.ndarray or None
            Zero where it does; None if it does everywhere.
        """
        change, move = later.gradient - self.gradient, later.point - self.point
        sizes, moves = abs(change), abs(move)
        some = sizes > BENT * (root_curvature @ moves) * root_curvature
        if not np.logical_or.reduce(some):
            return None
        some &= sizes > SLIGHT * abs(later.gradient)
        few = some & (move != 0) & (moves <= FEW * step(later.point))
        much = some & (sizes > SURE * abs(later.gradient))
        rises = (change * move)[much]
        if abs(rises.sum()) < HALF * abs(rises).sum():
            few |= much
        return np.where(few, change, 0.0) if few.any() else None


@dataclass(frozen=True)
class Known:
    """What ladders found, for groups of parameters that are alike; often each is its own group.

    Attributes
    ----------
    home : dict of str to numpy.ndarray
        The point; empty where the losses were those of data that may not be the same again.
    steps, errors, shown, bends : numpy.ndarray, shape (groups,)
        The step; the estimated error of the quotient there, infinite where the ladder resolved
        nothing; what the losses of the quotient showed of it (`Scheme.shown`); and how much the
        slope changes near by.
    least, most : numpy.ndarray, shape (groups,)
        The range of sizes |x| in a group.
    round_off : RoundOff
        What is known of it in the loss.
    constant : bool
        Whether the loss is one number, wherever anybody looked: see `Probe.constant`.
    groups : callable
        The groups of a slice of the parameters.
    unseen : callable, optional
        ``unseen(part, size)``: what a check of the groups could not see of some of the `size`
        parameters, in units of the loss. None where each parameter has a ladder of its own.
    answer : Answer, optional
        What the ladders found, if each parameter has one.
    """

    home: Arrays
    steps: NDArray[np.float64]
    errors: NDArray[np.float64]
    shown: NDArray[np.float64]
    bends: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    round_off: RoundOff
    constant: bool
    groups: Callable[[slice], Any] = _itself
    unseen: Callable[[slice, int], NDArray[np.float64]] | None = None
    answer: Answer | None = None

    @classmethod
    def of(cls, choices: Iterable[Choice], home: Arrays, *others: Any) -> Known:
        """Make it of what was chosen for each group."""
        table = np.array([(c.step, c.error, c.shown, c.bend) for c in choices]).reshape(-1, 4)
        return cls(home, *table.T, *others)

    @cached_property
    def root_curvature(self) -> Vector:
        """The root of what losses showed of the second derivative along each parameter."""
        seen = 2 * np.maximum(self.shown, self.errors) / self.steps
        return np.asarray(np.sqrt(np.where(np.isfinite(seen), seen, 0.0))[self.groups(WHOLE)])

    @cached_property
    def largest(self) -> float:
        """The largest size of all parameters."""
        return float(self.most.max())

    def is_home(self, point: Vector) -> bool:
        """Whether this is the point; compared without a copy, and sooner than by NumPy."""
        start = 0
        for array in self.home.values():
            stop = start + array.size
            if array.ravel().data != point[start:stop].data:
                return False
            start = stop
        return start == point.size


@dataclass(frozen=True)
class ChosenSteps:
    """Steps chosen for a problem at its point, and what to make of them elsewhere.

    Attributes
    ----------
    scheme : str
        What they are for.
    known : Known or None
        The steps; None if nothing was seen, or if the scheme climbs ladders of its own.
    away : tuple of float
        How large the loss is near by, and how much it varies in units of the parameters' sizes.
    passes : int
        Forward passes that the choice took.
    """

    scheme: str
    known: Known | None
    away: tuple[float, float]
    passes: int

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        with np.errstate(all="ignore"):
            return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        known = self.known
        if known is None:
            return PrecisionStep(self.scheme).near(point)
        at_home = known.is_home(point)

        def steps(part: slice) -> Vector:
            x, groups = point[part], known.groups(part)
            h = known.steps[groups] if at_home else self._elsewhere(abs(x.astype(float)), groups)
            least: Vector = APART * abs(np.spacing(x))
            return np.maximum(h, least).astype(x.dtype, copy=False)

        return steps

    def _elsewhere(self, size: NDArray[np.float64], groups: Any) -> NDArray[np.float64]:
        """Return steps for parameters that have these sizes now.

        Nobody knows whether the loss still varies on the same scale, so that the best step is the
        same, or on a scale that went along with the parameter. If this grew or shrank by a factor
        r, the step goes by r^a, with the a that makes the worse of the two mistakes the least: a
        step too wide by r costs rᵖ, one too narrow costs r. That is a = 1/(p+1) where parameters
        grow, and p/(p+1) where they shrink. Up to the scale on which the loss varies nothing grows,
        and near 0 on that scale nothing shrinks: there, 0 is no special place.

        A derivative that vanished at the prepared point need not vanish here: steps are no wider
        than suits a loss that varies on the scale of max(1, |x|).
        """
        p, widest = SCHEMES[self.scheme].order, self._widest
        steps, most, least, near = (column[groups] for column in self._moving)
        grown = np.maximum(size / most, 1)
        shrunk = np.minimum(np.maximum(size, near) / least, 1)
        moved = steps * grown ** (1 / (p + 1)) * shrunk ** (p / (p + 1))
        return np.asarray(np.minimum(moved, widest * np.maximum(1, size)))

    @cached_property
    def _moving(self) -> tuple[NDArray[np.float64], ...]:
        """The step of each group elsewhere, the sizes where it grows or shrinks, and what is 0.

        Where losses are larger than at home, they are noisier.
        """
        assert self.known is not None
        rule, (noise, u, *_) = SCHEMES[self.scheme], self.known.round_off
        scale = self.known.steps / rule.relative_step(u)
        noisier = (self._noise / noise) ** (1 / (rule.order + 1))
        most, least = np.maximum(self.known.most, scale), np.maximum(self.known.least, NEAR * scale)
        return self.known.steps * noisier, most, least, NEAR * scale

    @cached_property
    def _widest(self) -> float:
        """The widest step elsewhere, for a size of 1."""
        assert self.known is not None
        rule, u, variation = SCHEMES[self.scheme], self.known.round_off.unit, self.away[1]
        share = min(max(self._noise / variation, u), math.sqrt(u)) if variation > 0 else u
        return min(rule.relative_step(share), WIDEST)

    @property
    def _noise(self) -> float:
        """The round-off of losses elsewhere."""
        assert self.known is not None
        noise, u, *_ = self.known.round_off
        return max(noise, u * self.away[0] / 2)

    @property
    def round_off(self) -> RoundOff | None:
        """What is known of it in the loss, None if that is nothing."""
        return None if self.known is None else self.known.round_off
