"""What is true of the gradient at a point, as one of a few kinds of answer.

| kind | what is proven |
|---|---|
| certified gradient | the loss is differentiable at the point, and its gradient lies in the balls |
| no gradient exists | two one-sided slopes violate f'(d) = -f'(-d), or the loss jumps there |
| every subgradient lies in this ball | those of Clarke lie in the balls; there may be a gradient |
| not decided | nothing; the reason is given |
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from gradmethods.certified.enclosure import CertifiedGradient
from gradmethods.certified.evaluate import Enclosures
from gradmethods.certified.gradient import BUDGET, certified_gradient
from gradmethods.errors import NotDifferentiable
from gradmethods.problem import Problem
from gradmethods.structure import Arrays, ParametersLike


class Kind(StrEnum):
    """What is known of the gradient at a point."""

    GRADIENT = "certified gradient"
    NONE = "no gradient exists"
    ENCLOSED = "every subgradient lies in this ball"
    OPEN = "not decided"


@dataclass(frozen=True, eq=False)
class Truth:
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
        Balls that hold every subgradient of Clarke; None where nothing is known.
    """

    problem: Problem
    kind: Kind
    reason: str = ""
    certificate: CertifiedGradient | None = field(default=None, repr=False)
    enclosure: Enclosures | None = field(default=None, repr=False)

    def is_subgradient(
        self, gradient: ParametersLike, bound: float | ParametersLike = 0.0
    ) -> bool | None:
        """Say whether a gradient is a valid one, up to a bound on its errors.

        Parameters
        ----------
        gradient : array_like or dict of str to array_like
            In the structure of the parameters.
        bound : float, or in the structure of the parameters
            Absolute error that each entry may have.

        Returns
        -------
        bool, or None
            True if it is within the bound of the certified gradient, or of a subgradient: of an
            average of gradients that the loss has close to the point along some directions. False
            if an entry is farther from all of these. None if neither is proven.
        """
        given, allowed = self._arrays(gradient), self._arrays(bound)
        if self.certificate is None:
            return None
        error = self.certificate.error(gradient)
        return all((abs(error[name]) <= allowed[name]).all() for name in given)

    def _arrays(self, given: Any) -> Arrays:
        """Read what has the structure of the parameters, or is one number for all of them."""
        structure = replace(self.problem.structure, dtype=np.dtype(np.float64))
        if isinstance(given, (int, float)):
            return {name: np.full(shape, float(given)) for name, shape in structure.shapes.items()}
        return structure.check(given)


def certified_truth(problem: Problem, digits: int = 30, *, budget: float = BUDGET) -> Truth:
    """Find out what can be proven of the gradient at a point.

    Parameters
    ----------
    problem, digits, budget
        As in `certified_gradient`, whose errors pass through but `NotDifferentiable`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> print(certified_truth(gm.Problem(lambda w, xp=np: xp.sum(w**2), np.ones(2))).kind)
    certified gradient
    """
    try:
        certificate = certified_gradient(problem, digits, budget=budget)
    except NotDifferentiable as error:
        return Truth(problem, Kind.OPEN, str(error))
    return Truth(problem, Kind.GRADIENT, "", certificate, certificate.enclosure)
