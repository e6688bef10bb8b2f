"""What is true of the gradient at a point, as one of a few kinds of answer.

The kinds, and what a given gradient can be called where each is known, are one table: that of the
module `gradmethods.truth.verdict`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import ParametersLike
from gradmethods.engines.certified import numbers
from gradmethods.engines.certified.agreement import Disagreement, check_agreement
from gradmethods.engines.certified.arrays import ZERO, Objects, each, exact, holds
from gradmethods.engines.certified.enclosure import CertifiedGradient
from gradmethods.engines.certified.evaluate import Enclosures, enclose, point_of, value_at
from gradmethods.engines.certified.gradient import BUDGET, certified_gradient
from gradmethods.engines.certified.precision import first_bits, working
from gradmethods.engines.certified.rays import TERMS, OneSided, along, enclose_roots
from gradmethods.errors import NotDifferentiable

RANDOM, MOST, AXES = 3, 7, 6
"""Random directions, such that part any two of up to 2**7 entries, and axes along which a loss is
looked at, to both sides."""

DIGITS = 30

ALMOST = 1e-12
"""What counts as 0 where weights are looked for."""


class Kind(StrEnum):
    """What is proven of the gradient at a point."""

    GRADIENT = "certified gradient"
    """The loss is differentiable there, and its gradient lies in the balls."""
    NONE = "no gradient exists"
    """Two one-sided slopes violate f'(d) = -f'(-d), or the loss jumps."""
    ENCLOSED = "every subgradient lies in this ball"
    """The balls hold what all gradients beside the point tend to."""
    OPEN = "not decided"
    """Nothing; the reason is given."""


class Selection(NamedTuple):
    """A gradient that the loss tends to along a ray: balls, and their midpoints."""

    balls: Objects
    middle: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Proven:
    """What is known of the gradient of a loss at a point, all of it proven.

    Attributes
    ----------
    problem : Problem
    kind : Kind
    reason : str
        Why there is no certified gradient; empty where there is one.
    certificate : CertifiedGradient, or None
        Where `kind` is ``Kind.GRADIENT``.
    enclosure : dict of str to numpy.ndarray of flint.arb, or None
        Balls that hold every subgradient of Clarke; None where nothing is known of them.
    seconds : float
        Time that may be taken to look for subgradients.
    """

    problem: Problem
    kind: Kind
    reason: str = ""
    certificate: CertifiedGradient | None = field(default=None, repr=False)
    enclosure: Enclosures | None = field(default=None, repr=False)
    seconds: float = BUDGET

    def is_subgradient(
        self, gradient: ParametersLike, bound: float | ParametersLike = 0.0
    ) -> bool | None:
        """Say whether a gradient is a valid one, up to a bound on its errors.

        Parameters
        ----------
        gradient : array_like, or containers of them
            In the structure of the parameters.
        bound : float, or in the structure of the parameters
            Absolute error that each entry may have.

        Returns
        -------
        bool, or None
            True if it is within the bound of the certified gradient, or of a subgradient: of an
            average of gradients that the loss has beside the point along some directions. False if
            an entry is farther from all of these. None if neither is proven.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.zeros(2))
        >>> truth = certified_truth(problem)
        >>> [truth.is_subgradient(np.full(2, slope)) for slope in (-1.0, 0.0, 1.5)]
        [True, True, False]
        """
        given, allowed = self._flat(gradient), self._flat(bound)
        if not np.isfinite(given).all():
            return False
        if self.certificate is not None:
            error = self._flat(self.certificate.error(gradient))
            return bool((abs(error) <= allowed).all())
        if self.enclosure is None:
            return None
        if not _within(_flat(self.enclosure), exact(given), allowed):
            return False
        rows: list[Selection] = []
        for row in self._selections():
            rows.append(row)
            if _is_average(rows, given, allowed):
                return True
        return None

    def _selections(self) -> Iterator[Selection]:
        """Yield gradients that the loss tends to along rays."""
        bits = first_bits(DIGITS)
        deadline = time.perf_counter() + self.seconds
        for direction in _directions(self.problem):
            if time.perf_counter() > deadline:
                return
            with working(bits, terms=TERMS), suppress(NotDifferentiable):
                side = along(self.problem, direction)
                if side.choices is not None:
                    _, found = enclose(self.problem, bits, choices=side.choices)
                    balls = _flat(found)
                    yield Selection(balls, each(numbers.nearest, balls).astype(float))

    def _flat(self, given: Any) -> NDArray[np.float64]:
        """Read what has the structure of the parameters, or is one number for all of them."""
        structure = replace(self.problem.structure, dtype=np.dtype(np.float64))
        if isinstance(given, (int, float)):
            return np.full(structure.size, float(given))
        if isinstance(given, dict) and given.keys() == structure.shapes.keys():
            return structure.join(given)
        return structure.join(structure.check(given))


def certified_truth(problem: Problem, digits: int = 30, *, budget: float = BUDGET) -> Proven:
    """Find out what can be proven of the gradient at a point.

    Parameters
    ----------
    problem, digits, budget
        As in `certified_gradient`, whose errors pass through but `NotDifferentiable`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> print(certified_truth(gm.Problem(lambda w, xp=np: xp.sum(w * xp.abs(w)), np.zeros(2))).kind)
    certified gradient
    >>> print(certified_truth(gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.zeros(2))).kind)
    no gradient exists
    """
    try:
        certificate = certified_gradient(problem, digits, budget=budget)
    except Disagreement as error:
        return Proven(problem, Kind.OPEN, str(error))
    except NotDifferentiable as error:
        try:
            return _without_gradient(problem, str(error), budget)
        except Disagreement as disagreement:
            return Proven(problem, Kind.OPEN, str(disagreement))
    return Proven(problem, Kind.GRADIENT, "", certificate, certificate.enclosure)


def _without_gradient(problem: Problem, reason: str, budget: float) -> Proven:
    """Look to both sides of a point for a proof that there is no gradient, and for bounds."""
    bits, deadline = first_bits(DIGITS), time.perf_counter() + budget
    enclosure: Enclosures | None = None
    with working(bits, terms=TERMS):
        value = value_at(problem, point_of(problem))
        check_agreement(problem, value)
        with suppress(NotDifferentiable):
            _, enclosure = enclose_roots(problem) or (None, None)
        for direction in _pairs(problem):
            if time.perf_counter() > deadline:
                break
            sides = [_beside(problem, [sign * x for x in direction]) for sign in (1, -1)]
            found = [side for side in sides if side is not None]
            limits = [*(side.limit for side in found), value]
            for limit in limits[1:]:
                if not limit.overlaps(limits[0]):
                    jump = f"it is {limit.str(17)} and {limits[0].str(17)} as near as may be"
                    return Proven(problem, Kind.NONE, f"The loss jumps: {jump}. {reason}")
            for side in found:
                if enclosure is None and side.choices is not None:
                    with suppress(NotDifferentiable):
                        _, enclosure = enclose(problem, bits, choices=side.choices, free=True)
            up, down = sides
            if up is None or down is None or (up.slope + down.slope).contains(0):
                continue
            slopes = f"{up.slope.str(8)} and {down.slope.str(8)}"
            return Proven(
                problem,
                Kind.NONE,
                f"The slopes to the two sides along one direction are {slopes}, which are not "
                f"opposite. {reason}",
                None,
                enclosure,
                budget,
            )
    kind = Kind.OPEN if enclosure is None else Kind.ENCLOSED
    return Proven(problem, kind, reason, None, enclosure, budget)


def _beside(problem: Problem, direction: list[arb]) -> OneSided | None:
    with suppress(NotDifferentiable):
        return along(problem, direction)
    return None


def _pairs(problem: Problem) -> Iterator[list[arb]]:
    """Yield directions: to one side of all entries, to both sides of any two, random, along axes.

    Their sizes are random, so that no choice is likely to be blind to them.
    """
    rng, n = np.random.default_rng(0), problem.size
    places = np.arange(n)
    signs = [
        np.ones(n),
        *((-1.0) ** (places >> k & 1) for k in range(min((n - 1).bit_length(), MOST))),
    ]
    signs += [rng.choice([-1.0, 1.0], n) for _ in range(RANDOM)]
    for sign in signs:
        yield exact(sign * rng.integers(2**18, 2**20, n) / 2**20).tolist()
    for i in places if n <= AXES else rng.choice(n, AXES, replace=False):
        yield exact((places == i).astype(float)).tolist()


def _directions(problem: Problem) -> Iterator[list[arb]]:
    for direction in _pairs(problem):
        yield direction
        yield [-x for x in direction]


def _flat(enclosure: Enclosures) -> Objects:
    return np.concatenate([balls.ravel() for balls in enclosure.values()])


def _within(balls: Objects, given: Objects, allowed: NDArray[np.float64]) -> bool:
    """Say whether entries may be within a bound of what balls hold."""
    return bool(holds(lambda x, y, r: (x + arb(0, r)).overlaps(y), balls, given, allowed).all())


def _is_average(
    rows: list[Selection], given: NDArray[np.float64], allowed: NDArray[np.float64]
) -> bool:
    """Say whether an average of gradients is for certain within a bound of a given one.

    The weights are those of the average that is closest; whatever they are, what they give is an
    average, and its distance is enclosed.
    """
    if _is_close(rows[-1].balls, given, allowed):
        return True
    table = np.array([np.append(row.middle - given, 1.0) for row in rows])
    weights = [arb(float(weight)) for weight in _weights(table.T, np.append(0 * given, 1.0))]
    total = sum(weights, arb(0))
    if not total > 0:
        return False
    average = sum((row.balls * (w / total) for row, w in zip(rows, weights, strict=True)), ZERO)
    return _is_close(average, given, allowed)


def _is_close(balls: Objects, given: NDArray[np.float64], allowed: NDArray[np.float64]) -> bool:
    """Say whether what balls hold is for certain within a bound of a given vector."""
    apart = each(lambda x, y: (x - y).abs_upper(), balls, exact(given))
    return bool(holds(lambda x, r: x <= arb(r), apart, allowed).all())


def _weights(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, none negative, with which columns come closest to a vector.

    Source: C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, SIAM 1995, chapter 23.
    """
    found, used = np.zeros(a.shape[1]), np.zeros(a.shape[1], bool)
    for _ in range(3 * a.shape[1]):
        gain = np.where(used, 0.0, a.T @ (b - a @ found))
        if gain.max() <= ALMOST * np.abs(a).max() * np.abs(b).max():
            break
        used[np.argmax(gain)] = True
        while True:
            best = np.zeros_like(found)
            best[used] = np.linalg.lstsq(a[:, used], b, rcond=None)[0]
            if not (best[used] <= 0).any():
                break
            falling = used & (best <= 0)
            step = np.min(found[falling] / (found[falling] - best[falling]))
            found = found + step * (best - found)
            used &= found > ALMOST
            if not used.any():
                return found
        found = best
    return found
