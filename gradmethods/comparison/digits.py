"""How many digits of a gradient are right: by the truth, by another method, or by theory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradmethods.accuracy.answers import Answer
from gradmethods.accuracy.judgement import Judgement
from gradmethods.accuracy.tolerances import power
from gradmethods.accuracy.verdicts import AGREES, UNRESOLVED, WRONG, methods
from gradmethods.comparison.advice import LEAST, Advice
from gradmethods.comparison.choices import Option
from gradmethods.deadline import deadline
from gradmethods.distance import gradient_error
from gradmethods.errors import BudgetExceeded, NotDifferentiable
from gradmethods.output.format import duration
from gradmethods.problem import Problem
from gradmethods.structure import Parameters

Grader = Callable[[Parameters], float]


class Truth(NamedTuple):
    """What counts correct digits, and in words what it counts by; or why there is no gradient."""

    grade: Grader | None
    words: str
    doubt: str = ""


def settle(
    problem: Problem,
    loss: float,
    options: Sequence[Option],
    answers: Sequence[Answer],
    judged: Judgement | Callable[[], Judgement],
    limit: float,
) -> Advice:
    """Give measured options their digits, and say which must not be used.

    Parameters
    ----------
    problem : Problem
        Whose gradient was computed.
    loss : float
        Seconds of one loss.
    options : sequence of Option
        With their times, and without digits.
    answers : sequence of Answer
        What they gave, in the same order.
    judged : Judgement or callable
        Of these answers: who is wrong in it is not advised. Judging takes dozens of forward passes:
        what makes a judgement is called only where there is no truth.
    limit : float
        Seconds that certifying may take.
    """
    if not np.isfinite(problem.value()):
        word = "NaN" if np.isnan(problem.value()) else "infinite"
        doubt = f"the loss itself is {word} here. Move the parameters to where it is a number."
        return _without_truth(problem, loss, options, doubt)
    truth = find_truth(problem, limit)
    if truth.doubt:
        return _without_truth(problem, loss, options, truth.doubt)
    able = [option for option in options if not (option.obstacle or option.estimated)]
    if not able:
        found = tuple(_by_theory(problem, option) for option in options)
        return Advice(problem, loss, found, "theory")
    verdicts: Judgement | None = None
    if isinstance(judged, Judgement):
        verdicts = judged
    elif truth.grade is None:
        verdicts = judged()
    given = {answer.provider: answer for answer in (verdicts.answers if verdicts else answers)}
    found = tuple(
        _known(problem, option, given[option.name], verdicts, truth)
        if option in able
        else _by_theory(problem, option)
        for option in options
    )
    words = truth.words
    if any(option.agreed for option in found):
        words = f"another method that agrees, as {truth.words}"
    elif truth.grade is None:
        words = f"theory, as there is no other method to compare with, and {truth.words}"
    return Advice(problem, loss, found, words)


def find_truth(problem: Problem, limit: float) -> Truth:
    """Certify a gradient, or derivatives along directions where that takes too long."""
    from gradmethods.certified import certified_gradient, certified_sample

    structure = problem.structure
    finest = _finest(problem)
    allowed = deadline(limit)
    try:
        with allowed:
            try:
                truth = certified_gradient(problem, 20, budget=limit / 2)
            except BudgetExceeded:
                sample = certified_sample(problem, 20, components=8, directions=8)
            else:
                norm = float(np.linalg.norm(structure.join(structure.check(truth.gradient))))

                def whole(gradient: Parameters) -> float:
                    error = truth.error(gradient)
                    return _digits(float(np.linalg.norm(structure.join(error))), norm, finest)

                n = problem.size
                every = f"all {n:,} components" if n > 1 else "its one component"
                null = ", which is zero: digits are those of an exact zero, or none" * (norm == 0)
                return Truth(whole, f"the certified gradient, {every}{null}")
    except allowed.passed:
        return Truth(None, f"certifying takes longer than {duration(limit)}")
    except NotDifferentiable as error:
        convention = "What a method gives there is its convention; elsewhere it can be judged."
        return Truth(None, "", f"{error} {convention}")
    except Exception:  # noqa: BLE001  # a stranger's loss may raise anything on balls
        return Truth(None, "the loss cannot be certified")

    def sampled(gradient: Parameters) -> float:
        errors = sample.directional_error(gradient)
        flat = structure.join(structure.check(gradient)).astype(float)
        slopes = sample.directions @ flat - errors
        return _digits(float(np.linalg.norm(errors)), float(np.linalg.norm(slopes)), finest)

    return Truth(sampled, f"certified derivatives along {len(sample.directions)} random directions")


def _known(
    problem: Problem, option: Option, answer: Answer, verdicts: Judgement | None, truth: Truth
) -> Option:
    """Return an option with its digits, and its fault if it has one."""
    assert answer.gradient is not None
    name, verdict, fault = answer.provider, "", ""
    if verdicts is not None:
        verdict = verdicts.verdicts[name]
        hidden = verdict == UNRESOLVED and answer.noise is not None and truth.grade is None
        if verdict in WRONG or hidden:
            fault = f"{verdict}: {verdicts.reasons[name]}"
    if truth.grade is not None:
        digits = truth.grade(problem.structure.restore(answer.gradient))
        if digits < LEAST:
            fault = f"fewer than {LEAST:.0f} correct digit"
        elif digits >= theory(problem, name) / 2:
            fault = ""  # the truth overrules a majority
        return replace(option, digits=digits, certified=True, fault=fault)
    if verdict == AGREES and verdicts is not None:
        errors = [
            gradient_error(answer.gradient, other.gradient or {}).norm
            for other in verdicts.delivered
            if verdicts.verdicts[other.provider] == AGREES and methods((answer, other)) == 2
        ]
        if errors:  # in which the nearest other method says the same: schemes share truncation
            return replace(option, digits=_digits(min(errors), 1.0, _finest(problem)), agreed=True)
    return replace(_by_theory(problem, option), fault=fault)


def theory(problem: Problem, name: str) -> float:
    """Return the digits that a method has at most, at the best step if it has one."""
    return power(name) * _finest(problem)


def _finest(problem: Problem) -> float:
    return _digits_of(float(np.finfo(problem.dtype).eps) / 2)


def _by_theory(problem: Problem, option: Option) -> Option:
    return replace(option, digits=theory(problem, option.name))


def _without_truth(problem: Problem, loss: float, options: Sequence[Option], doubt: str) -> Advice:
    found = tuple(replace(option, digits=math.nan) for option in options)
    return Advice(problem, loss, found, "", doubt)


def _digits(error: float, norm: float, finest: float) -> float:
    """Return −log₁₀ of a relative error: no less than none, no more than the dtype holds."""
    if error == 0:
        return finest
    # NaN and infinity, in the error or in what it is relative to, leave no digit.
    return max(0.0, min(finest, _digits_of(error / norm))) if 0 < error < math.inf and norm else 0.0


def _digits_of(relative: float) -> float:
    return -math.log10(relative)
