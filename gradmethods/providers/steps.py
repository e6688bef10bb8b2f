"""Rules for steps: one given, one from the precision alone, one chosen for a problem.

How a problem's own is chosen, by looking at its loss, is in `choice`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.schemes import COMPLEX_STEP, RICHARDSON, SCHEMES, WHOLE, Scheme, Vector

WIDE = 0.25
"""Where Richardson extrapolation starts, on the scale of the loss."""
NEAR = 0.1
"""What is near 0, on the scale of the loss."""
TOGETHER = 4096
"""Up to so many parameters, all arrays are treated as one: a call does not look at each."""
APART = 4
"""A step spans so many numbers at least, so that it is never lost in rounding."""


def basis(scheme: str) -> Scheme:
    """Return the quotient that steps are chosen for; Richardson's start comes from five-point's."""
    return SCHEMES["five-point" if scheme == RICHARDSON else scheme]


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
    nothing. Richardson extrapolation starts wide, at s/4, and finds its own way down. The complex
    step subtracts nothing, so its step is as small as leaves real parts untouched, u²|x|: with the
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

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        return lambda part: step_for(self.scheme, point[part], point.dtype)


@dataclass(frozen=True)
class ArraySteps:
    """Steps for one parameter array.

    Attributes
    ----------
    entries : numpy.ndarray
        The places of those entries that were searched, increasing.
    own : numpy.ndarray
        The best steps found there.
    shared : float
        The step that suits them together, at entries of the size `least`.
    least, most : float
        The range of sizes |x| in the array at preparation.
    along : bool
        Whether steps go along with sizes.
    noisier : float
        How much wider steps are to be elsewhere because losses are larger there.
    cautious : float
        Times max(1, |x|), the widest step elsewhere.
    """

    entries: NDArray[np.intp]
    own: NDArray[np.float64]
    shared: float
    least: float
    most: float
    along: bool
    noisier: float = 1.0
    cautious: float = math.inf

    def at_home(self, x: NDArray[np.float64], where: slice) -> NDArray[np.float64]:
        """Return steps at the prepared point, for the entries `where` of the array, which are x."""
        steps = self.shared_at(x)
        first, last = np.searchsorted(self.entries, (where.start, where.stop))
        steps[self.entries[first:last] - where.start] = self.own[first:last]
        return steps

    def shared_at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the step that entries at `x` share, in proportion to them if it goes along."""
        return self.shared * np.where(self.along, np.maximum(abs(x) / self.least, 1), 1)

    def elsewhere(self, x: NDArray[np.float64], scheme: Scheme, u: float) -> NDArray[np.float64]:
        """Return steps for entries that are at x now.

        Nobody knows whether the loss still varies on the same scale, so that the best step is the
        same, or on a scale that went along with the parameter. If this grew or shrank by a factor
        r, the step goes by r^a, with the a that makes the worse of the two mistakes the least: a
        step too wide by r costs rᵖ, one too narrow costs r. That is a = 1/(p+1) where parameters
        grow, and p/(p+1) where they shrink. Up to the scale on which the loss varies nothing grows,
        and near 0 on that scale nothing shrinks: there, 0 is no special place.

        A derivative that vanished at the prepared point need not vanish here: steps are no wider
        than suits a loss that varies on the scale of max(1, |x|).
        """
        size = abs(x)
        scale, p = self.shared / scheme.relative_step(u), scheme.order
        grown = np.maximum(size / np.maximum(self.most, scale), 1)
        shrunk = np.maximum(size, NEAR * scale) / np.maximum(self.least, NEAR * scale)
        moved = grown ** (1 / (p + 1)) * np.minimum(shrunk, 1) ** (p / (p + 1))
        steps = self.shared_at(x) * np.where(self.along, 1, moved)
        return np.asarray(np.minimum(steps * self.noisier, self.cautious * np.maximum(1, size)))


@dataclass(frozen=True)
class ChosenSteps:
    """Steps chosen for a problem, array by array.

    Attributes
    ----------
    scheme : str
        What they are for.
    home : tuple of numpy.ndarray
        The point that they were chosen at, array by array; flat.
    arrays : tuple of ArraySteps
        The steps for each of them; empty if the loss is not finite there.
    passes : int
        Forward passes that the choice took.
    """

    scheme: str
    home: tuple[Vector, ...]
    arrays: tuple[ArraySteps, ...]
    passes: int

    def __call__(self, point: Vector) -> Vector:
        """Return the step for each parameter."""
        return self.near(point)(WHOLE)

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        if not self.arrays:
            return PrecisionStep(self.scheme).near(point)
        if point.size <= TOGETHER:
            return self._near_together(point)
        return self._near(point)

    def _near_together(self, point: Vector) -> Callable[[slice], Vector]:
        home, at_home, arrays = self._together
        if np.array_equal(home, point):
            return lambda part: at_home[part]
        u = float(np.finfo(point.dtype).eps) / 2
        with np.errstate(all="ignore"):
            h = arrays.elsewhere(point.astype(float), basis(self.scheme), u)
            steps = self._on_the_grid(h, point)
        return lambda part: steps[part]

    @cached_property
    def _together(self) -> tuple[Vector, Vector, ArraySteps]:
        """The prepared point, the steps there, and those of all arrays as if they were one."""
        home = np.concatenate(self.home)
        each = np.repeat(np.arange(len(self.arrays)), [x.size for x in self.home])

        def of_each(name: str) -> Any:
            return np.array([getattr(array, name) for array in self.arrays])[each]

        names = ("shared", "least", "most", "along", "noisier", "cautious")
        nothing = np.empty(0, np.intp)
        together = ArraySteps(nothing, np.empty(0), **{name: of_each(name) for name in names})
        at_home = self._near(home)(WHOLE)
        at_home.setflags(write=False)
        return home, at_home, together

    def _on_the_grid(self, h: NDArray[np.float64], x: Vector) -> Vector:
        """Make steps that are not lost in rounding; Richardson's begin wide, and are halved."""
        if self.scheme == RICHARDSON:
            u = float(np.finfo(x.dtype).eps) / 2
            scale = h / basis(self.scheme).relative_step(u)
            h = WIDE * np.minimum(scale, np.maximum(1, abs(x.astype(float))))
            h = np.exp2(np.round(np.log2(h)))  # halved, it stays on the grid of x
        return np.asarray(np.maximum(h, APART * abs(np.spacing(x))), x.dtype)

    def _near(self, point: Vector) -> Callable[[slice], Vector]:
        stops = np.cumsum([x.size for x in self.home]).tolist()
        starts = [0, *stops[:-1]]
        spans = list(zip(starts, stops, strict=True))
        at_home = all(
            np.array_equal(x, point[start:stop])
            for x, (start, stop) in zip(self.home, spans, strict=True)
        )
        u = float(np.finfo(point.dtype).eps) / 2
        scheme = basis(self.scheme)

        @np.errstate(all="ignore")
        def steps(part: slice) -> Vector:
            first, last, _ = part.indices(point.size)
            x = point[part].astype(float)
            h = np.empty(x.shape)
            for (start, stop), array in zip(spans, self.arrays, strict=True):
                low, high = max(first, start), min(last, stop)
                if low < high:
                    here = slice(low - first, high - first)
                    h[here] = (
                        array.at_home(x[here], slice(low - start, high - start))
                        if at_home
                        else array.elsewhere(x[here], scheme, u)
                    )
            return self._on_the_grid(h, point[part])

        return steps
