"""The gradient of a black box: by differences of its values, with error bars.

It stands where a certificate cannot be had, and says of each entry how far it may be off itself.
Nobody can be held to more than that. The bars know truncation, round-off and random noise of the
loss; what is the same at every point near by, as the error of an inner solver, no difference sees:
what its jumps tell of it, and what the user says of it (`Problem`'s ``loss_error``), widens them.

Sources: as for `gradmethods.providers.default_steps` (noise and steps), and L. F. Richardson and
J. A. Gaunt, The deferred approach to the limit, Philosophical Transactions A 226 (1927) 299-361.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays, Parameters
from gradmethods.providers import get_provider
from gradmethods.providers.probe import Probe, sizes_of
from gradmethods.truth.along import MISSED, Sample, along, draw
from gradmethods.truth.error_bounds import CLAIM, SURE, Bound, least_errors
from gradmethods.truth.stretch import Line, Vector, trend
from gradmethods.truth.truth import Truth, in_doubles, true_arrays

METHOD = "numerical:richardson"
"""Name of the scheme, which decides at each entry how far it extrapolates."""

ENTRIES = 100
"""Number of parameters up to which every entry is differenced."""

SINGLES, DIRECTIONS = 4, 4
"""The entries of each array, and the random directions within it, that are looked at where there
are more parameters."""

LEFT_OPEN = "differences of the loss leave open"
"""Where a bound comes from, as the beginning of a sentence."""

DECISIVE = 0.1
"""Part of an array above which its error bars decide nothing."""


@dataclass(frozen=True, eq=False)
class Differences:
    """A gradient by differences of the loss, a `Truth` that knows its own errors.

    Attributes
    ----------
    problem : Problem
        The loss, or the loss along some steps.
    value : float
        The loss.
    gradient : numpy.ndarray, or containers of them
        The gradient, in float64.
    bars : dict of str to numpy.ndarray
        The estimated error of each entry, infinite where differences do not resolve it.
    noise : float
        The noise level of the loss.
    jump : float
        The size of jumps of the loss near by, if they were looked for and found.
    hidden : float
        The slope, per size of a parameter, that the loss may hide: the bars allow for it.
    """

    problem: Problem
    value: float
    gradient: Parameters
    bars: Arrays
    noise: float
    jump: float = 0.0
    hidden: float = 0.0

    @cached_property
    def sizes(self) -> Arrays:
        """The size of each parameter, by array."""
        structure = self.problem.structure
        sizes = sizes_of(structure.join(structure.check(self.problem.params)))
        return dict(structure.split(sizes))

    @property
    def hides(self) -> bool:
        """Whether an error bar is there mostly for what the loss hides."""
        return any((2 * self.hidden >= bar * self.sizes[n]).any() for n, bar in self.bars.items())

    def widened(self, hidden: float, jump: float = 0.0) -> Differences:
        """Return the same with bars that allow for a slope that the loss hides, at least."""
        more = max(hidden - self.hidden, 0.0)
        bars = {name: bar + more / self.sizes[name] for name, bar in self.bars.items()}
        jump, hidden = max(self.jump, jump), max(self.hidden, hidden)
        return replace(self, bars=bars, jump=jump, hidden=hidden)

    @cached_property
    def digits(self) -> int:
        """Number of digits of the best known array that the error bars leave."""
        true = true_arrays(self)
        parts = [norm(self.bars[n]) / norm(x) if norm(x) else math.inf for n, x in true.items()]
        best = min(parts, default=math.inf)
        return int(-math.log10(max(best, 1e-16))) if best < 1 else 0

    def error(self, gradient: Any) -> Arrays:
        """Return gradient − differences for each entry, in float64."""
        given, true = in_doubles(self.problem).check(gradient), true_arrays(self)
        with np.errstate(all="ignore"):
            return {name: given[name] - true[name] for name in given}

    def rounding(self) -> Arrays:
        """Return the error bars: no bound on rounding is proven."""
        return self.bars

    def branching(self) -> Arrays:
        """Return False for every entry: no branch is known to be open."""
        return {name: np.zeros(bar.shape, bool) for name, bar in self.bars.items()}

    def loss_rounding(self) -> float:
        """Return the noise level of the loss."""
        return self.noise


def differences(problem: Problem) -> Differences:
    """Differentiate a loss entry by entry, of which values alone are asked for.

    Where its values differ from call to call, so that neighbours tell little, the slope of a
    stretch is taken instead if it is known better.
    """
    prepared: Any = get_provider(METHOD).prepare(problem)
    value, gradient = prepared(problem.params)
    structure = problem.structure
    round_off = prepared.step.round_off  # None where a step was given
    both = gradient, prepared.error_estimate
    slopes, errors = (structure.join(structure.check(each)).astype(float) for each in both)
    noise = 0.0 if round_off is None else float(round_off.noise)
    if not problem.repeats:
        _smooth(problem, slopes, errors, noise)
    return Differences(
        problem,
        float(value),
        in_doubles(problem).restore(structure.split(slopes)),
        structure.split(errors),
        noise,
    ).widened(problem.loss_error)


def _smooth(problem: Problem, slopes: Vector, errors: Vector, noise: float) -> None:
    """Take the slopes of stretches where differences leave no digit, and these are known better."""
    probe = Probe(problem)
    sizes = sizes_of(probe.point)
    for i in np.flatnonzero(~(errors <= DECISIVE / (2 * SURE) * abs(slopes))).tolist():
        slope, error = trend(Line(probe, i, float(sizes[i])), noise)
        if not errors[i] <= error:
            slopes[i], errors[i] = slope, error


def by_differences(
    problem: Problem, *, entries: int = ENTRIES, directions: int = DIRECTIONS, seed: int = 0
) -> tuple[Differences, Sample | None]:
    """Return the gradient by differences; of a long one some entries and random directions.

    Parameters
    ----------
    problem : Problem
    entries : int
        Up to so many parameters all are looked at, one by one.
    directions : int
        Random directions within each array otherwise.
    seed : int
        Of the draw.
    """
    if problem.size <= entries:
        return differences(problem), None
    singles = min(SINGLES, entries)
    sample = draw(problem, singles, directions, seed)
    return differences(along(problem, sample.rows)), sample


def differences_bound(truth: Truth, claim: Arrays | None = None) -> Bound:
    """Bound the error of a gradient that is held against differences.

    More than `CLAIM` times their bars, and what a method claims of itself, is an error; what is
    within them is right, if they leave a digit; and so is what is within `SURE` times, where only
    that leaves one. Half of the digits of the loss's precision, relative to each entry, is no error
    either: a formula that is wrong is so by more, and what is computed by an adjoint solver or in
    other ways errs by less. To how many digits something is right, `digits_of` says.
    Where the bars leave no digit of an array, nor of an entry in it, no error is right there: NaN.
    """
    least, true = least_errors(truth), true_arrays(truth)
    half = math.sqrt(float(np.finfo(truth.problem.dtype).eps))
    sure, most = {}, {}
    with np.errstate(all="ignore"):
        for name, bar in truth.rounding().items():
            own = bar if claim is None else bar + np.nan_to_num(claim[name], nan=np.inf)
            size = abs(true[name])
            slack = least[name] + half * size
            allowed = np.full(size.shape, np.nan)
            for times in (SURE, CLAIM):  # the wider where it decides, too
                within = times * own + slack
                left = within + SURE * own  # so much it may be off the gradient itself
                whole = norm(left) <= DECISIVE * norm(size)
                known = whole | (left <= DECISIVE * size) | (own == 0)
                allowed = np.where(known, within, allowed)
            sure[name], most[name] = allowed, CLAIM * own + slack
    blind = all(np.isnan(each).any() for each in true.values())
    source = "the loss gives no finite number beside the point." if blind else LEFT_OPEN
    return Bound(sure, most, source=source)


def digits_of(gradient: Arrays, truth: Truth, part: Sample | None, whole: Arrays) -> dict[str, int]:
    """Return to how many digits each array of a gradient is right, in its norm.

    An array that is 0 has no digits, and is left out. Along random directions an error of an array
    may show by little: so much is taken off. Where they move entries by their own sizes, the norm
    is that of entries times these.
    """
    errors, found = truth.error(truth.problem.structure.restore(gradient)), {}
    for name, bar in truth.rounding().items():
        off = abs(errors[name]) + SURE * bar
        size = norm(true_arrays(truth)[name])
        if part is not None and len(part.rows[name]) < whole[name].size:
            off = np.array([off.max() / MISSED])
            size = norm(part.scales[name] * whole[name].ravel())
        if size or norm(off):
            share = norm(off) / size if size else math.inf
            found[name] = int(-math.log10(max(share, 1e-16))) if share < 1 else 0
    return found
