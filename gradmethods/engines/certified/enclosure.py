"""What is certified: a ball for the loss and for each partial derivative, and what it tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays, Parameters, ParametersLike, Structure
from gradmethods.engines.certified import numbers
from gradmethods.engines.certified.arrays import NAN, each, holds, is_finite
from gradmethods.engines.certified.decisions import Settled
from gradmethods.engines.certified.evaluate import Enclosures, enclose_rounded
from gradmethods.engines.certified.piecewise import EITHER
from gradmethods.engines.certified.precision import working
from gradmethods.errors import NotDifferentiable


@dataclass(frozen=True, eq=False)
class CertifiedGradient:
    """The gradient of a loss, enclosed: the truth is certain to lie in the balls.

    Attributes
    ----------
    problem : Problem
        What was differentiated; its parameters and data are taken as exact binary numbers.
    loss : flint.arb
        The ball that holds the loss.
    enclosure : dict of str to numpy.ndarray of flint.arb
        The balls that hold the partial derivatives, by parameter array.
    bits : int
        Working precision.
    seconds : float
        Time taken.
    choices : sequence of Settled, optional
        How choices between equal values were made, of which it is proven that they do not matter.
    bounded : bool
        Whether to find out what rounding does where that is asked for; if not, nothing is known.
    """

    problem: Problem
    loss: arb = field(repr=False)
    enclosure: Enclosures = field(repr=False)
    bits: int
    seconds: float
    choices: Sequence[Settled] | None = field(default=None, repr=False)
    bounded: bool = field(default=True, repr=False)

    def __repr__(self) -> str:
        return (
            f"<CertifiedGradient of {self.problem.name!r}: {self.problem.size} components, "
            f"{self.digits} digits>"
        )

    @property
    def value(self) -> float:
        """The float64 nearest to the loss."""
        return numbers.rounded(self.loss)

    @property
    def structure(self) -> Structure:
        """The structure of the parameters, in float64 whatever their own dtype."""
        return replace(self.problem.structure, dtype=np.dtype(np.float64))

    @cached_property
    def is_zero(self) -> dict[str, NDArray[np.bool_]]:
        """Components whose balls hold 0 and no float64 beside it; they count as 0."""
        return {name: holds(numbers.is_zero, x) for name, x in self.enclosure.items()}

    @cached_property
    def _nearest(self) -> Arrays:
        return {
            name: np.where(zero, 0.0, each(numbers.nearest, self.enclosure[name])).astype(float)
            for name, zero in self.is_zero.items()
        }

    @property
    def gradient(self) -> Parameters:
        """The float64 nearest to each partial derivative, in the structure of the parameters."""
        return self.structure.restore({name: array.copy() for name, array in self._nearest.items()})

    @cached_property
    def tail(self) -> Arrays:
        """What the nearest float64 leaves of each midpoint: together they have some 32 digits."""
        with working(self.bits):
            return {
                name: np.where(self.is_zero[name], 0.0, each(numbers.rest, balls, near)).astype(
                    float
                )
                for (name, balls), near in zip(
                    self.enclosure.items(), self._nearest.values(), strict=True
                )
            }

    @property
    def radius(self) -> Parameters:
        """Upper bounds on the distance of each derivative from ``gradient``, rounding included."""
        with working(self.bits):
            return self.structure.restore(
                {
                    name: each(numbers.distance, balls, self._nearest[name]).astype(float)
                    for name, balls in self.enclosure.items()
                }
            )

    @property
    def tail_radius(self) -> Arrays:
        """Upper bounds on the distance of each derivative from ``gradient + tail``."""
        with working(self.bits):
            return {
                name: each(numbers.distance, balls, self._nearest[name], self.tail[name]).astype(
                    float
                )
                for name, balls in self.enclosure.items()
            }

    @property
    def digits(self) -> int:
        """Digits of the array that is known least well, relative to the norm of that array."""
        return math.floor(min(self.array_digits.values()))

    @cached_property
    def array_digits(self) -> dict[str, float]:
        """Digits of each array relative to its norm; as many as there are bits where it is 0."""
        most = self.bits * numbers.LOG10_2
        with working(self.bits):
            found = {}
            for name, balls in self.enclosure.items():
                known = balls[~self.is_zero[name]]
                size = numbers.norm(ball.mid() for ball in known)
                error = numbers.norm(ball.rad() for ball in known)
                lost = numbers.orders(size, error) if known.size else most
                found[name] = min(lost, most)
            return found

    @cached_property
    def component_digits(self) -> Arrays:
        """Digits of each component relative to itself, infinity where it is exact or is 0."""
        return {
            name: np.where(self.is_zero[name], math.inf, each(numbers.digits, balls)).astype(float)
            for name, balls in self.enclosure.items()
        }

    def error(self, gradient: ParametersLike) -> Arrays:
        """Subtract the truth from a gradient.

        Parameters
        ----------
        gradient : array_like or dict of str to array_like
            In the structure of the parameters.

        Returns
        -------
        dict of str to numpy.ndarray of float64
            Signed errors, right to a few units in their own last place; NaN where an entry is NaN.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.exp(w)), np.array([1.0]))
        >>> truth = gm.certified_gradient(problem)
        >>> float(truth.error(np.array([np.e]))[""][0])  # e, rounded
        -1.4456468917292502e-16
        """
        given = self.structure.check(gradient)
        with np.errstate(all="ignore"):
            return {
                name: (given[name] - self._nearest[name]) - self.tail[name] for name in self.tail
            }

    def rounding(self) -> Arrays:
        """Bound the rounding errors of evaluating this gradient in the problem's own precision.

        The loss is evaluated once more in balls of that precision, which hold what rounding makes
        of values and derivatives, carried forward, whatever the order of summation, and near a kink
        what comes of every branch that it may take. The bound is the distance of the farthest
        number in a ball from the truth.

        Returns
        -------
        dict of str to numpy.ndarray of float64
            Absolute, by parameter array; infinite where rounding may lead out of a domain.
        """
        return {name: bound.copy() for name, bound in self._own_precision[1].items()}

    def branching(self) -> Arrays:
        """Say of which components rounding may take another branch, or lead out of a domain.

        Returns
        -------
        dict of str to numpy.ndarray of bool
            By parameter array.
        """
        return self._branching

    def loss_rounding(self) -> float:
        """Bound the rounding error of evaluating the loss in the problem's own precision."""
        return self._own_precision[0]

    @cached_property
    def _own_precision(self) -> tuple[float, Arrays]:
        found = self._in_own_precision(EITHER)
        if found is None:
            return math.inf, {n: np.full(x.shape, math.inf) for n, x in self.enclosure.items()}
        loss, enclosure = found
        with working(self.bits):
            return numbers.farthest(loss, self.loss), {
                name: each(numbers.farthest, x, self.enclosure[name]).astype(float)
                for name, x in enclosure.items()
            }

    @cached_property
    def _branching(self) -> Arrays:
        found = self._in_own_precision(NAN)
        if found is None:
            return {name: np.ones(x.shape, bool) for name, x in self.enclosure.items()}
        return {name: ~holds(is_finite, x) for name, x in found[1].items()}

    def _in_own_precision(self, either: Any) -> tuple[arb, Enclosures] | None:
        with suppress(NotDifferentiable):
            if not self.bounded:
                return None
            return enclose_rounded(self.problem, self.choices, either)
        return None
