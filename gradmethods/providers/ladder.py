"""The loss along one parameter: central differences at several steps, and what makes one credible.

A central difference at a step h, D(h), is believed only if it agrees with those of all finer steps
within their noise, and if the even part of the loss, the mean of f(x ± h) less f(x), falls as h²
does: a kink at x makes it fall as h, and a jump not at all. The first is Lepski's test for the
widest of several estimates of growing bias, the second sees what no central difference can.

Source: O. V. Lepskii, On a problem of adaptive estimation in Gaussian white noise, Theory of
Probability and its Applications 35 (1991) 454-466.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.noise import POINTS, POWERS, RoundOff

AGREE = 6.0
"""Two values are believed to differ only by noise up to so many standard deviations of it."""
FLAT = 20.0
"""Up to so many standard deviations of the noise a loss is taken for constant."""
GROWTH = 3.0
"""The even part may miss its growth as h² by this factor: terms of higher order take part."""
RATIO = 8.0
"""Between neighbouring steps, roughly."""
JITTER = 0.25
"""Each step is off its power of `RATIO` by up to so many octaves, at random: steps in an exact
ratio agree by chance on a loss that is periodic or takes values on a lattice."""
CONFIDENT = 2.0
"""Standard deviations of noise in the estimate of an error."""
SAME = 1e-6
"""Steps that differ by this part only are the same."""
DISTINCT = 1.5
"""Rungs closer than this factor tell nothing new."""
FURTHEST = 1e100
"""Ratios of steps that are larger do as if they were so large: their squares overflow."""
NEARBY = 2.5
"""A rung within this factor of another will do in its place."""
LEAST = float(np.finfo(float).smallest_normal)
"""Noise of a slope, at least: where it underflows, slopes are still compared in units of it."""
CENTRAL_NOISE = math.sqrt(0.5)
"""A central difference at h errs by this, times ε/h, if losses err by ε (standard deviation)."""
APART = 4.0
"""A step spans so many neighbouring numbers at least, so that it is never lost in rounding."""
COARSE = 64.0
"""Up to so many of the least steps, what is computed from x moves in steps of its own."""
SQUARES = 2.0
"""Up to so many √u, squares near 1 move in steps of their own."""
NEAR = 3 / 4
"""In units of x, the spacing that shows noise is this power of u."""
TINY = 1e4
"""The least step at 0, in smallest normal numbers."""
WIDEST = 1 / 8
"""The widest step, in units of max(1, |x|)."""


class Rung(NamedTuple):
    """The loss at both sides of x, a step h away.

    Attributes
    ----------
    h : float
        Half the distance between the two places.
    above, below : float
        f(x + h) and f(x − h).
    slope : float
        The central difference, (f(x + h) − f(x − h)) / 2h.
    even : float
        The mean of f(x + h) and f(x − h), less f(x).
    noise : float
        The standard deviation of the round-off in these losses.
    """

    h: float
    above: float
    below: float
    slope: float
    even: float
    noise: float

    @property
    def finite(self) -> bool:
        """Whether both losses are numbers."""
        return math.isfinite(self.slope) and math.isfinite(self.even)

    @property
    def slope_noise(self) -> float:
        """The standard deviation of the round-off in the slope."""
        return max(CENTRAL_NOISE * self.noise / self.h, LEAST)

    @property
    def flat(self) -> bool:
        """Whether the loss looks constant between the two places."""
        return self.finite and max(abs(self.slope) * self.h, abs(self.even)) <= FLAT * self.noise

    def shows(self, times: float) -> bool:
        """Whether the even part is more than so many times the noise."""
        return abs(self.even) > times * self.noise


class Parabola(NamedTuple):
    """Slopes as a function of the step: slope + bend · (h/unit)², through two rungs."""

    slope: float
    bend: float
    unit: float
    noise: float

    def at(self, h: float) -> float:
        """Return the slope expected at a step."""
        return self.slope + self.bend * min(h / self.unit, FURTHEST) ** 2


def through(wide: Rung, narrow: Rung) -> Parabola:
    """Extrapolate two slopes to step 0, as Richardson does."""
    q = min(wide.h / narrow.h, FURTHEST) ** 2
    less = (narrow.slope - wide.slope) / (q - 1)
    noise = (q * narrow.slope_noise + wide.slope_noise) / (q - 1)
    return Parabola(narrow.slope + less, -less, narrow.h, noise)


class Ladder:
    """The loss along one parameter, evaluated at steps as they are asked for.

    Parameters
    ----------
    at : callable
        The loss with the parameter at a place, a number of the dtype of `x`.
    x : numpy.floating
        The parameter.
    value : float
        The loss at x.
    round_off : RoundOff
        What is known of it in the loss.
    rng : numpy.random.Generator
        Draws the jitter of the steps.

    Attributes
    ----------
    narrowest, widest : float
        The range of steps.
    rungs : list of Rung
        What was seen, from narrow to wide.
    passes : int
        How often the loss was evaluated.
    rough : float
        The spacing at which there may be jumps that no step sees; 0 if there is none (see
        `noise.jumps_along`).
    exact : bool
        Whether values at neighbouring numbers show no rounding of what is computed from x.
    doubt : float
        How far the slope very near x is from the one that was found, where that is wide of it.
    """

    def __init__(
        self,
        at: Callable[[Any], float],
        x: Any,
        value: float,
        round_off: RoundOff,
        rng: np.random.Generator,
    ) -> None:
        self._at, self._x, self.value, self._rng = at, x, value, rng
        self._noise, self._unit = round_off.noise, round_off.unit
        self._elsewhere = round_off.elsewhere
        self.rough = round_off.rough * abs(float(x))
        info = np.finfo(x.dtype)
        self._u = float(info.eps) / 2
        least = float(np.spacing(abs(x))) if x else TINY * float(info.smallest_normal)
        self.narrowest = APART * least
        self.widest = max(WIDEST * max(1.0, abs(float(x))), RATIO * self.narrowest)
        self._losses = {float(x): value}
        self._seen: dict[float, Rung] = {}
        self.rungs: list[Rung] = []
        self.passes = 0
        self.doubt = 0.0
        self.exact = False

    @property
    def noise(self) -> float:
        """The noise of the loss along this parameter; what is set holds for all rungs."""
        return self._noise

    @noise.setter
    def noise(self, noise: float) -> None:
        self._noise = noise
        self._seen = {h: r._replace(noise=self._of(r)) for h, r in self._seen.items()}
        self._sort()

    def rung(self, h: float) -> Rung:
        """Evaluate the loss a step away on both sides, once."""
        x = self._x
        h = min(max(h, self.narrowest), self.widest)
        # On the grid of the farther place, so that both are as far away as they are meant to be.
        grid = float(np.spacing(x.dtype.type(abs(float(x)) + h)))
        half = max(round(h / grid), 1) * grid
        # Half of a step, doubled, may be another number than the step, but no other rung.
        half = next((seen for seen in self._seen if abs(seen - half) <= SAME * half), half)
        if half not in self._seen:
            step = x.dtype.type(half)
            up, down = self._loss(x + step), self._loss(x - step)
            # Halves first: the sum or the difference of the largest losses overflows.
            slope = (up / 2 - down / 2) / half
            even = (up / 2 - self.value / 2) + (down / 2 - self.value / 2)
            rung = Rung(half, up, down, slope, even, 0.0)
            self._seen[half] = rung._replace(noise=self._of(rung))
            self._sort()
        return self._seen[half]

    def around(self, h: float, above: float = 0.0) -> Rung:
        """Return the rung nearest to a step, evaluated if none is near, and above another step."""
        near = [r for r in self.rungs if max(h / NEARBY, DISTINCT * above) < r.h < NEARBY * h]
        return min(near, key=lambda r: abs(math.log(r.h / h)), default=None) or self.rung(h)

    def keep(self, least: float = 0.0, most: float = math.inf) -> None:
        """Forget finer rungs, of which noise hides more than they show, or wider ones."""
        self._seen = {h: r for h, r in self._seen.items() if least <= h <= most}
        self._sort()

    def places(self, spacing: float, first: int = -(POINTS // 2)) -> NDArray[Any]:
        """Return equidistant places around x, or others on their line."""
        x = self._x
        grid = float(np.spacing(abs(x))) if x else 0.0
        spacing = math.copysign(max(abs(spacing), self.narrowest), spacing)
        if grid and abs(spacing) < grid / self._u:  # else it is a multiple of that as it is
            spacing = round(spacing / grid) * grid
        return np.asarray(float(x) + np.arange(first, first + POINTS) * spacing).astype(x.dtype)

    def outwards(self, spacing: float) -> NDArray[Any]:
        """Return equidistant places, x first, on the side that is not towards 0."""
        return self.places(-spacing if self._x < 0 else spacing, 0)

    def values(self, places: NDArray[Any]) -> NDArray[np.float64]:
        """Evaluate the loss at some places."""
        return np.array([self._loss(place) for place in places])

    def _loss(self, place: Any) -> float:
        """Evaluate the loss at a place, once."""
        key = float(place)
        if key not in self._losses:
            self._losses[key] = self._at(place)
            self.passes += 1
        return self._losses[key]

    def _of(self, rung: Rung) -> float:
        noise = max(self._noise, self._rounded(rung), LEAST)
        if rung.finite and (self._elsewhere or self.is_coarse(rung.h)):
            noise = max(noise, self.rounding(rung.slope))
        return noise

    def rounding(self, slope: float) -> float:
        """Return the noise of a loss with some slope that rounding of an argument makes."""
        return self._u / 2 * self.size * abs(slope)

    def _rounded(self, rung: Rung) -> float:
        return self._unit / 2 * max(abs(rung.above), abs(rung.below), abs(self.value))

    def is_coarse(self, h: float) -> bool:
        """Whether rounding of what is computed from x may be no noise within a step, but a slope.

        Between few numbers it moves by steps of its own. Near 1 the square moves by twice as much
        as x exactly, up to some √u: all slopes are off by the same part then. It is not if `exact`.
        """
        few = max(COARSE * self.narrowest, SQUARES * self._u ** POWERS[0] * self.size)
        return not self.exact and h < few

    def _sort(self) -> None:
        self.rungs = sorted(self._seen.values())

    @property
    def floor(self) -> float:
        """The least noise that there can be: that of rounding the loss itself."""
        return self._unit / 2 * abs(self.value)

    def rounding_at(self, h: float) -> float:
        """Return the least noise that there can be in a loss a step away."""
        return self._rounded(self.rung(h))

    @property
    def size(self) -> float:
        """The size of x."""
        return abs(float(self._x))

    @property
    def near(self) -> float:
        """A spacing so fine that smooth losses show noise alone."""
        return float(self._u**NEAR * self.size)

    @property
    def plateau(self) -> float:
        """The widest step within which the loss is constant to the last bit; 0 if there is none."""
        same = itertools.takewhile(lambda r: r.above == r.below == self.value, self.rungs)
        return max((r.h for r in same), default=0.0)

    def jittered(self, h: float) -> float:
        """Move a step off its power of the ratio, at random."""
        return float(h * 2 ** self._rng.uniform(-JITTER, JITTER))

    def finer(self, rung: Rung) -> list[Rung]:
        """Return the rungs below one, the narrowest first."""
        return [r for r in self.rungs if r.h < rung.h and r.finite]

    def below(self, rung: Rung) -> Rung | None:
        """Return a finite rung that is finer by about the ratio, evaluated if there is none."""
        finer = self.finer(rung)
        if finer and finer[-1].h * 2 * RATIO > rung.h:
            return finer[-1]
        if rung.h <= 1.5 * self.narrowest:
            return finer[-1] if finer else None
        found = self.rung(self.jittered(rung.h / RATIO))
        return found if found.finite and found.h < rung.h else None

    def flat(self, rung: Rung) -> bool:
        """Whether nothing shows at a rung, nor at any finer one."""
        return rung.flat and all(r.flat for r in self.finer(rung))

    def trusted(self, rung: Rung, order: int = 1) -> bool:
        """Whether a rung agrees with all finer ones, which show neither a kink nor a jump.

        Of order 1, their slopes are one and the same; of order 2, they may lie on a parabola.
        """
        if not rung.finite:
            return False
        if self.flat(rung):
            return True
        below = self.below(rung)
        # Held against all finer rungs: from one to a close one, what grows as h is no more than h².
        finer = self.finer(rung)
        if below is None or not all(even_falls(rung, r) for r in finer):
            return False
        if not even_grows(rung, below, 4):  # kinks or jumps at like distances on both sides
            return False
        if all(agree(rung, r) for r in finer):
            return True
        return order > 1 and even_grows(rung, below) and self._on_a_parabola(rung, below)

    def contradicts(self, slope: float, h: float, reach: float) -> bool:
        """Whether a loss that was seen within reach is far from all that rungs up to a step show.

        What is rough at a few places only may leave most rungs alone.
        """
        shown = max(
            (abs(r.even) + abs(r.slope - slope) * r.h for r in self.rungs if r.h <= h),
            default=math.inf,
        )
        noise = FLAT * max(self.noise, self._unit * abs(self.value), self.rounding(slope))

        def allowed(move: float) -> float:
            """Bound a change that grows as h⁴ at most: rungs show no less of what is smooth."""
            times: float = min(max(abs(move) / max(h, LEAST), 1.0), FURTHEST ** (2 / 4))
            return GROWTH * times**4 * shown + noise

        moves = ((place - float(self._x), loss) for place, loss in self._losses.items())
        return any(
            not abs((loss - self.value) - slope * move) <= allowed(move)
            for move, loss in moves
            if abs(move) <= reach
        )

    def _on_a_parabola(self, rung: Rung, below: Rung) -> bool:
        lowest = self.below(below)
        if lowest is None or not even_falls(below, lowest):
            return False
        fit = through(rung, below)
        return all(
            abs(r.slope - fit.at(r.h)) <= AGREE * (r.slope_noise + fit.noise)
            for r in self.finer(below)
        )


def agree(one: Rung, other: Rung) -> bool:
    """Whether two slopes differ by no more than their noise."""
    return abs(one.slope - other.slope) <= AGREE * (one.slope_noise + other.slope_noise)


def even_falls(wide: Rung, narrow: Rung) -> bool:
    """Whether the even part falls as h² from one rung to a finer one, or faster."""
    q = min(wide.h / narrow.h, FURTHEST) ** 2
    return q * abs(narrow.even) <= GROWTH * abs(wide.even) + AGREE * q * narrow.noise


def even_grows(wide: Rung, narrow: Rung, order: int = 2) -> bool:
    """Whether the even part grows no faster than h², as it does at a kink or a jump between."""
    q: float = min(wide.h / narrow.h, FURTHEST ** (2 / order)) ** order
    return abs(wide.even) <= GROWTH * q * (abs(narrow.even) + AGREE * narrow.noise)
