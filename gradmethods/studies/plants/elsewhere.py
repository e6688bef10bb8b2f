"""Mistakes that need another gradient: of a part of the batch, another point, another precision.

They are right gradients of something else, by backpropagation, or by a backward pass of its own
with σ′ in the wrong place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.errors import GradientError, InvalidProblem
from gradmethods.problems import FAMILIES, get
from gradmethods.providers import Backprop
from gradmethods.studies.plants.ground import Ground, Mistake, NotHere, Sown
from gradmethods.studies.plants.slopes import wrong_slopes

STALE = 1e-2
"""Relative distance to the point of another iteration."""

OTHER_SEED = 1


def gradient_of(problem: Problem, params: Any = None) -> Arrays:
    """Differentiate a problem by backpropagation, at its own point or at another."""
    point = problem.params if params is None else params
    try:
        result = Backprop().prepare(problem)(point)
    except GradientError as error:
        raise NotHere(f"no gradient to take it from: {error}") from error
    return problem.structure.check(result.gradient)


def examples_of(problem: Problem) -> int:
    """Return the number of examples, if there are several."""
    if not problem.examples:
        raise NotHere("the problem declares no examples")
    count = len(problem.data[problem.examples[0]])
    if count < 2:
        raise NotHere("there is only one example")
    return count


def share_of_one(problem: Problem) -> float:
    """Return by what the gradient of one example enters: 1/N for a mean, 1 for a sum."""
    count = examples_of(problem)
    twice = problem.on_examples(np.tile(np.arange(count), 2))
    once = float(problem.value())
    # A sum doubles with its examples, a mean stays.
    return 1.0 if abs(twice.value() - 2 * once) < abs(twice.value() - once) else 1 / count


def _by_number(power: int) -> Mistake:
    def plant(ground: Ground) -> Sown:
        factor = float(examples_of(ground.problem)) ** power
        yield "all", ground.mapped(lambda array: factor * array)

    return plant


def _last_example(ground: Ground) -> Sown:
    count = examples_of(ground.problem)
    last = gradient_of(ground.problem.on_examples([count - 1]))
    share = share_of_one(ground.problem)
    yield "all", {n: g - g.dtype.type(share) * last[n] for n, g in ground.gradient.items()}


def _not_summed(ground: Ground) -> Sown:
    examples_of(ground.problem)
    first = gradient_of(ground.problem.on_examples(slice(1)))
    share = share_of_one(ground.problem)
    biases = [name for name in ground.names if ground.gradient[name].ndim < 2]
    if not biases:
        raise NotHere("every array is a matrix: none is a bias")
    for name in biases:
        yield name, ground.changed(name, share * first[name])


def _slopes(ground: Ground) -> Sown:
    wrong = wrong_slopes(ground.problem)
    if wrong is None:
        raise NotHere("no network with a hidden layer that the suite knows by name")
    yield "hidden layers", wrong


def stale_point(problem: Problem) -> Any:
    """Return a point beside the problem's, as of the iteration before."""
    rng = np.random.default_rng(0)
    moved = {}
    for name, x in problem.structure.check(problem.params).items():
        away = STALE * rng.choice([-1.0, 1.0], x.shape)
        moved[name] = np.where(x == 0, away, x * (1 + away)).astype(problem.dtype)
    return problem.structure.restore(moved)


def _stale(ground: Ground) -> Sown:
    yield "all", gradient_of(ground.problem, stale_point(ground.problem))


def _single(ground: Ground) -> Sown:
    problem = ground.problem
    half = problem.dtype == np.float32
    coarse = np.float16 if half else np.float32
    yield "rounded", ground.mapped(lambda array: array.astype(coarse))
    if half:
        return
    try:
        single = problem.in_dtype(coarse)
    except InvalidProblem:  # The numbers do not fit into float32.
        return
    yield "computed", {n: g.astype(problem.dtype) for n, g in gradient_of(single).items()}


def _another(ground: Ground) -> Sown:
    problem = ground.problem
    if problem.name in FAMILIES:
        other = get(problem.name, seed=OTHER_SEED, dtype=problem.dtype)
        if other.structure == problem.structure:
            yield "another seed", gradient_of(other)
            return
    rng = np.random.default_rng(OTHER_SEED)
    point = problem.structure.check(problem.params)
    drawn = {n: (x * rng.uniform(0.5, 1.5, x.shape)).astype(x.dtype) for n, x in point.items()}
    yield "parameters drawn again", gradient_of(problem, problem.structure.restore(drawn))


ELSEWHERE: Mapping[str, Mistake] = {
    "times N": _by_number(1),
    "divided by N": _by_number(-1),
    "last example forgotten": _last_example,
    "bias not summed over examples": _not_summed,
    "slope at the activation": _slopes,
    "at a stale point": _stale,
    "of another problem": _another,
    "single precision": _single,
}
"""By name."""
