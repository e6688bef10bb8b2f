"""Certificates for gradients that are too long to certify whole: some components, some directions.

A seeded sample of components finds mistakes in single entries if they are many; derivatives along
random directions find an error wherever it is, if it is large beside the norm.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.progress import shown
from gradmethods.core.structure import ParametersLike
from gradmethods.engines.certified import numbers
from gradmethods.engines.certified.agreement import check_agreement
from gradmethods.engines.certified.arrays import ONE, Objects, exact, filled, from_list
from gradmethods.engines.certified.decisions import Settled
from gradmethods.engines.certified.evaluate import ENTRIES, point_of, run, slopes
from gradmethods.engines.certified.harmless import Ties
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.precision import check_request, first_bits, raised, working
from gradmethods.engines.certified.tangents import Tangents
from gradmethods.errors import InvalidOption

Vector = NDArray[np.float64]

MISSED = 0.1
"""An error counts as seen in a direction where it shows at this fraction of its norm."""


@dataclass(frozen=True, eq=False)
class CertifiedSample:
    """Some components of a gradient, and its products with some directions, enclosed.

    Attributes
    ----------
    problem : Problem
        What was differentiated.
    loss : flint.arb
        The ball that holds the loss.
    components : numpy.ndarray of int
        Positions in the flat vector of all parameters, ascending.
    directions : numpy.ndarray of float64
        Shape (directions, n): standard normal numbers, rounded; exact as they stand.
    partials, slopes : numpy.ndarray of flint.arb
        Balls that hold the partial derivatives of `components`, and the derivatives along
        `directions`.
    bits : int
        Working precision.
    seconds : float
        Time taken.
    """

    problem: Problem
    loss: arb = field(repr=False)
    components: NDArray[np.intp] = field(repr=False)
    directions: Vector = field(repr=False)
    partials: Objects = field(repr=False)
    slopes: Objects = field(repr=False)
    bits: int
    seconds: float

    def __repr__(self) -> str:
        return f"<CertifiedSample of {self.problem.name!r}: {self.coverage}; {self.digits} digits>"

    @property
    def value(self) -> float:
        """The float64 nearest to the loss."""
        return numbers.rounded(self.loss)

    @property
    def digits(self) -> int:
        """Digits of the least well known of the derivatives that are not 0."""
        balls = (ball for ball in (*self.partials, *self.slopes) if not numbers.is_zero(ball))
        return math.floor(min((self.bits * numbers.LOG10_2, *map(numbers.digits, balls))))

    @property
    def coverage(self) -> str:
        """What an error could hide behind, in words."""
        chance = math.erf(MISSED / math.sqrt(2)) ** len(self.directions)
        return (
            f"{len(self.components)} of {self.problem.size} components, and {len(self.directions)} "
            f"random directions: the chance that an error shows in none of these at {MISSED:g} "
            f"of its norm is {chance:.1g}"
        )

    def component_error(self, gradient: ParametersLike) -> Vector:
        """Subtract the truth from the sampled components of a gradient."""
        flat = self._flat(gradient)[self.components]
        return self._less(exact(flat), self.partials)

    def directional_error(self, gradient: ParametersLike) -> Vector:
        """Subtract the true slopes from those that a gradient gives, its products with directions.

        An error vector of norm e shows in each as e times a standard normal number.
        """
        flat = exact(self._flat(gradient)[:, None])
        with working(self.bits):
            column = arb_mat(len(flat), 1, flat.ravel().tolist())
            products = [
                (arb_mat(1, len(flat), exact(d).tolist()) * column)[0, 0] for d in self.directions
            ]
        return self._less(from_list(products, (len(products),)), self.slopes)

    def _less(self, given: Objects, truth: Objects) -> Vector:
        with working(self.bits):
            differences = given - truth
        return np.array([float(ball.mid()) for ball in differences])

    def _flat(self, gradient: ParametersLike) -> Vector:
        structure = replace(self.problem.structure, dtype=np.dtype(np.float64))
        return structure.join(structure.check(gradient))


def certified_sample(
    problem: Problem, digits: int = 30, *, components: int = 64, directions: int = 8, seed: int = 0
) -> CertifiedSample:
    """Enclose some components of a gradient, and its derivatives along random directions.

    Parameters
    ----------
    problem : Problem
        The loss, at its own parameters and data; of any size.
    digits : int, default 30
        Decimal digits wanted of each derivative.
    components : int, default 64
        How many partial derivatives, drawn without replacement; all if there are no more.
    directions : int, default 8
        How many random directions; their entries are standard normal.
    seed : int, default 0
        Of the components and directions.

    Returns
    -------
    CertifiedSample
        With ``.component_error(gradient)``, ``.directional_error(gradient)``, ``.coverage``.

    Raises
    ------
    NotDifferentiable
        As in `certified_gradient`.

    Examples
    --------
    >>> import gradmethods as gm
    >>> problem = gm.problems.get("rosenbrock", n=1000)
    >>> sample = gm.certified_sample(problem, components=3, directions=2)
    >>> gradient = gm.Backprop().prepare(problem)(problem.params).gradient
    >>> bool((abs(sample.component_error(gradient)) < 1e-11).all())
    True
    >>> bool((abs(sample.directional_error(gradient)) < 1e-10).all())
    True
    """
    check_request(problem, digits)
    for name, count in (("components", components), ("directions", directions)):
        if type(count) is not int or count < 0:
            raise InvalidOption(f"{name} must be a whole number from 0 on, got {count!r}.")
    rng = np.random.default_rng(seed)
    count = min(components, problem.size)
    chosen = np.sort(rng.choice(problem.size, count, replace=False))
    towards = rng.standard_normal((directions, problem.size))
    start, ties = time.perf_counter(), Ties(problem)

    def attempt(bits: int) -> tuple[CertifiedSample, bool]:
        with working(bits):
            loss, found = ties.beyond(lambda choices: _enclose(problem, chosen, towards, choices))
        partials, slopes = found[:count], found[count:]
        seconds = time.perf_counter() - start
        result = CertifiedSample(problem, loss, chosen, towards, partials, slopes, bits, seconds)
        balls = (loss, *partials, *slopes)
        return result, all(numbers.is_known(ball, digits) for ball in balls)

    found = raised(problem, first_bits(digits), attempt)
    check_agreement(problem, found.loss)
    return found


def _enclose(
    problem: Problem,
    chosen: NDArray[np.intp],
    towards: Vector,
    choices: Sequence[Settled] | None,
) -> tuple[arb, Objects]:
    point = point_of(problem)
    xp = Balls(choices=choices)
    start = time.perf_counter()
    loss, _ = run(problem, point, {}, xp)
    total = len(chosen) + len(towards)
    seconds = (time.perf_counter() - start) * total
    rows = max(1, ENTRIES // max(xp.largest, problem.size))
    found: list[arb] = []
    parts = (slice(i, min(i + rows, total)) for i in range(0, total, rows))
    for part in shown(parts, total, seconds, "certifying"):
        seeds = _seeds(problem, chosen, towards, range(part.start, part.stop))
        found += slopes(problem, point, seeds, Balls(choices=choices))
    return loss, from_list(found, (len(found),))


def _seeds(
    problem: Problem, chosen: NDArray[np.intp], towards: Vector, rows: range
) -> dict[str, Tangents]:
    """Make the tangents of the parameters: unit vectors first, then directions."""
    block = filled((len(rows), problem.size))
    for row, which in zip(block, rows, strict=True):
        if which < len(chosen):
            row[chosen[which]] = ONE
        else:
            row[:] = exact(towards[which - len(chosen)])
    seeds, start = {}, 0
    for name, shape in problem.structure.shapes.items():
        stop = start + math.prod(shape)
        part = block[:, start:stop]
        touched = [which >= len(chosen) or start <= chosen[which] < stop for which in rows]
        if any(touched):
            seeds[name] = Tangents(part.reshape(len(rows), *shape))
        start = stop
    return seeds
