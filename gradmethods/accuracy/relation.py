"""When two gradients agree, contradict each other, or cannot be told apart.

They agree if every parameter array, taken by itself and relative to its own norm, differs by no
more than the two methods' tolerances and noise. So neither a small array beside a large one nor a
small gradient as a whole can hide a mistake: a zero gradient is off by 1, a flipped sign by 2.

Exact methods are held to more, component by component: opposite signs, or zero against a number,
contradict however small they are beside their array, unless they lie within the floor that
round-off leaves (see `roundoff`). And they are held to less where that floor is above their
tolerance.

What the loss itself cannot see, because it moves by less than its own round-off, may be a
cancellation that no perturbation reveals: 1 - tanh(x)² is 0 for large x, and stays 0 nearby. Such a
difference contradicts only if it is there at all points elsewhere too, as a mistake in a rule is.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.accuracy.answers import Answer
from gradmethods.accuracy.roundoff import PlainLoss
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.distance import norm
from gradmethods.problem import Problem


class Relation(IntEnum):
    """How two gradients stand to each other; of several arrays, the greatest counts."""

    AGREE = 0
    UNKNOWN = 1
    CONTRADICT = 2


AGREE, UNKNOWN, CONTRADICT = Relation

RESOLVED = 10.0
"""Differences resolve an array whose norm is so many times their noise."""
FLOOR = 1 / 3
"""A floor above u to this power of an array's norm leaves too few digits to agree on."""
ALIKE = 1e7
"""Exact methods may differ so many times in the round-off that they show: one may divide by a
rounded 1 - y where another cancels it. Single precision in place of double is 500 million times."""
UNSEEN = 1e3
"""A change of the loss by so many times its noise is one that it cannot see."""


class Relations:
    """Relations between answers to one problem; each is found once."""

    def __init__(self, problem: Problem, loss: PlainLoss) -> None:
        self._problem, self._loss = problem, loss
        self._u = float(np.finfo(problem.dtype).eps) / 2
        self._found: dict[tuple[int, int, str], Relation] = {}

    def __call__(self, a: Answer, b: Answer) -> Relation:
        """Relate two finite answers."""
        return max(self.of_array(a, b, name) for name in self._problem.structure.shapes)

    def of_array(self, a: Answer, b: Answer, name: str) -> Relation:
        """Relate their gradients of one array."""
        key = (min(id(a), id(b)), max(id(a), id(b)), name)
        if key not in self._found:
            with np.errstate(all="ignore"):
                self._found[key] = self._relate(a, b, name)
        return self._found[key]

    def resolver(self, answer: Answer) -> Callable[[str], bool]:
        """Return the function that says whether it can tell its gradient of an array from zero."""

        def resolves(name: str) -> bool:
            assert answer.gradient is not None
            if answer.noise is None:
                return True
            return norm(answer.gradient[name]) > RESOLVED * norm(answer.noise[name])

        return resolves

    def _relate(self, a: Answer, b: Answer, name: str) -> Relation:
        x, y = _array(a, name), _array(b, name)
        difference = abs(x - y)
        relative = tolerance(a.provider, self._problem.dtype)
        relative += tolerance(b.provider, self._problem.dtype)
        noise = _sum(a.noise, b.noise, name, x.shape)
        floor = self._floor(a, b, name) + self._floor(b, a, name)
        both = self.resolver(a)(name) and self.resolver(b)(name)
        size = (min if both else max)(norm(x), norm(y))
        allowed = relative * size + norm(noise)
        if not norm(np.maximum(difference - floor, 0)) <= allowed:
            return self._unless_unseen(a, b, name, np.ones(x.shape, bool), relative)
        if norm(difference) > allowed and norm(floor) > self._u**FLOOR * size:
            return UNKNOWN
        if a.noise is None and b.noise is None:
            smallest = float(np.finfo(self._problem.dtype).smallest_normal)
            opposed = (np.sign(x) != np.sign(y)) & (difference > floor + 4 * smallest)
            if opposed.any():
                return self._unless_unseen(a, b, name, opposed, None)
        return AGREE

    def _floor(self, answer: Answer, other: Answer, name: str) -> NDArray[np.float64]:
        """Return the floor of an exact method, no higher than what the other's makes credible.

        Round-off is the problem's as much as the method's: who alone is rough is inaccurate.
        """
        if answer.floor is None:
            return np.zeros(_array(answer, name).shape)
        floor = np.asarray(answer.floor[name], np.float64)
        if other.floor is None:
            return floor
        credible = ALIKE * max(norm(other.floor[name]), self._u * norm(_array(other, name)))
        size = norm(floor)
        return floor * (credible / size) if size > credible else floor

    def _unless_unseen(
        self, a: Answer, b: Answer, name: str, where: NDArray[Any], relative: float | None
    ) -> Relation:
        """Judge a difference in some components, of norms (`relative`) or of signs (None)."""
        point = self._problem.structure.check(self._problem.params)[name].astype(float)
        moves = abs(_array(a, name) - _array(b, name)) * np.where(point == 0, 1, abs(point))
        if norm(moves[where]) > UNSEEN * self._loss.noise:
            return CONTRADICT
        there = [
            (_array_of(p, name), _array_of(q, name))
            for p, q in zip(a.elsewhere, b.elsewhere, strict=False)
            if p is not None and q is not None
        ]
        finite = [(p, q) for p, q in there if np.isfinite(p).all() and np.isfinite(q).all()]
        if relative is None:
            lasts = [(np.sign(p) != np.sign(q))[where].any() for p, q in finite]
        else:
            lasts = [norm(p - q) > relative * min(norm(p), norm(q)) for p, q in finite]
        return CONTRADICT if all(lasts) else UNKNOWN


def _array(answer: Answer, name: str) -> NDArray[np.float64]:
    assert answer.gradient is not None
    return _array_of(answer.gradient, name)


def _array_of(arrays: Any, name: str) -> NDArray[np.float64]:
    return np.asarray(arrays[name], np.float64)


def _sum(a: Any, b: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    zero = np.zeros(shape)
    return (zero if a is None else a[name]) + (zero if b is None else b[name])
