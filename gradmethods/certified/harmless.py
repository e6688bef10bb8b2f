"""Choices between equal values at a point, settled where it does not matter how."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from flint import arb

from gradmethods.certified.arrays import from_list
from gradmethods.certified.decisions import Settled, Tie, Undecided
from gradmethods.certified.evaluate import point_of, run
from gradmethods.certified.residues import Field
from gradmethods.certified.tangents import Tangents
from gradmethods.certified.ties import Choosing
from gradmethods.errors import NotDifferentiable
from gradmethods.problem import Problem

Result = TypeVar("Result")


def harmless_choices(problem: Problem) -> list[Settled] | None:
    """Settle the choices between equal values at a point, if it does not matter how.

    Returns
    -------
    list of Settled, or None
        None if the loss or its gradient may depend on a choice.

    Raises
    ------
    Undecided
        If balls of this precision do not tell.
    """
    field = Field()
    found = []
    rows = [secrets.randbelow(2**60) - 2**59 for _ in range(2 * problem.size)]
    directions = from_list([arb(x) for x in rows], (len(rows),)).reshape(2, problem.size)
    for _ in range(2):
        xp = Choosing(field)
        point = {name: xp.numbers(values) for name, values in point_of(problem).items()}
        start, seeds = 0, {}
        for name, values in point.items():
            part = directions[:, start : start + values.size]
            seeds[name] = Tangents(xp.numbers(part).reshape(2, *values.shape))
            start += values.size
        loss, variation = run(problem, point, seeds, xp)
        slopes = variation.whole().tolist() if isinstance(variation, Tangents) else []
        found.append((xp.made, [xp.number(x) for x in (loss, *slopes)]))
    (made, first), (_, second) = found
    if not (first[0].is_finite() and all(x.ball.is_finite() for x in first)):
        raise Undecided("A derivative is not a finite number, however choices fall")
    alike = all(x.residue == y.residue for x, y in zip(first, second, strict=True))
    return made if alike else None


class Ties:
    """Choices between equal values at a point, settled once they stand in the way.

    Parameters
    ----------
    problem : Problem

    Attributes
    ----------
    choices : list of Settled, or None
        How they are settled; None if that was not asked for.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.choices: list[Settled] | None = None

    def beyond(self, attempt: Callable[[list[Settled] | None], Result]) -> Result:
        """Try something, and once more with choices settled if these alone stand in the way."""
        try:
            return attempt(self.choices)
        except Tie as tie:
            error = tie.error
            error.args = tie.args  # by now with the place in the loss
        if self.choices is not None:
            raise error
        try:
            self.choices = harmless_choices(self.problem)
        except Undecided:
            raise error from None
        if self.choices is None:  # and more bits would not help
            raise NotDifferentiable(str(error))
        return self.beyond(attempt)
