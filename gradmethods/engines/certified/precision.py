"""The working precision: where it starts, how it is raised, and where that ends."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from flint import ctx

from gradmethods.core.problem import Problem
from gradmethods.engines.certified.decisions import Undecided
from gradmethods.engines.certified.numbers import LOG10_2
from gradmethods.errors import InvalidOption, InvalidProblem, NotDifferentiable

GUARD = 32
"""Bits beyond those of the digits asked for: rounding and mild cancellation take them."""

MOST_BITS = 8192
"""Where raising the precision ends."""

Result = TypeVar("Result")

_context = threading.RLock()


@contextmanager
def working(bits: int, *, terms: int | None = None) -> Iterator[None]:
    """Work with `bits` bits, and with series of so many `terms`; restore what was there before.

    python-flint has one precision and one length of series for the whole process. So threads take
    turns here; one that is at it may enter again, as where a loss asks for a certificate itself.
    """
    with _context:
        before = ctx.prec, ctx.cap
        try:
            ctx.prec = bits
            if terms is not None:
                ctx.cap = terms
            yield
        finally:
            ctx.prec, ctx.cap = before


def raised(problem: Problem, first: int, attempt: Callable[[int], tuple[Result, bool]]) -> Result:
    """Double the precision until an attempt is good enough, or the limit is reached.

    Raises
    ------
    NotDifferentiable
        If no precision decides.
    """
    for bits in _doublings(first):
        try:
            result, enough = attempt(bits)
        except NotDifferentiable as error:
            open_still = isinstance(error, Undecided)
            if open_still and 2 * bits <= MOST_BITS:
                continue
            raise NotDifferentiable(
                f"The loss {problem.name!r} is not differentiable at this point, or it is not "
                f"decided{f' with {bits} bits' if open_still else ''}. {error}."
            ) from error
        if enough or 2 * bits > MOST_BITS:
            return result
    raise AssertionError


def _doublings(bits: int) -> Iterator[int]:
    while True:
        yield bits
        bits *= 2


def first_bits(digits: int) -> int:
    """Return the precision to begin with."""
    return math.ceil(digits / LOG10_2) + GUARD


def check_request(problem: Problem, digits: int) -> None:
    """Refuse what is no problem, and a number of digits that makes no sense."""
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    if type(digits) is not int or not 1 <= digits <= 1000:
        raise InvalidOption(f"digits must be a whole number from 1 to 1000, got {digits!r}.")
