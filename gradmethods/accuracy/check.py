"""Check a gradient that a user wrote against the certified one, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.accuracy.bounds import SLACK, exact_bound
from gradmethods.accuracy.diagnosis import diagnose
from gradmethods.accuracy.evidence import Evidence
from gradmethods.accuracy.given import Given, callable_of, read
from gradmethods.accuracy.measures import measure
from gradmethods.accuracy.truth import Truth
from gradmethods.accuracy.verdict import GRAVITY, WITHIN, Verdict, verdict
from gradmethods.errors import GradientError, InvalidProblem, NotDifferentiable
from gradmethods.problem import Problem
from gradmethods.structure import Arrays

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 25
"""Of the reference: more than float64 has, so that its own error does not count."""

BESIDE = 2
"""Points beside the problem's own, at which a function is checked too."""

DISTANCES = (1e-1, 1e-2, 1e-3)
"""Relative; the largest at which the loss still has a gradient is taken."""


class GradientMismatch(GradientError, AssertionError):
    """A gradient is wrong, or cannot be told right."""


@dataclass(frozen=True)
class PointCheck:
    """A gradient at one point, against the truth there.

    Attributes
    ----------
    where : str
        Which point.
    truth : Truth
        What is right there.
    given : Given
        What came.
    allowed : dict of str to numpy.ndarray
        The error that a right gradient may have.
    verdict : Verdict
        On the gradient.
    """

    where: str
    truth: Truth
    given: Given
    allowed: Arrays
    verdict: Verdict

    @property
    def wrong_value(self) -> bool:
        """Whether it told a loss that is not the right one."""
        if self.given.value is None:
            return False
        u = float(np.finfo(self.truth.problem.dtype).eps) / 2
        allowed = SLACK * self.truth.loss_rounding() + u * abs(self.truth.value)
        return not abs(self.given.value - self.truth.value) <= allowed

    @property
    def ok(self) -> bool:
        """Whether gradient and loss are right."""
        return self.verdict.ok and not self.wrong_value

    @cached_property
    def evidence(self) -> Evidence:
        """What a diagnosis needs."""
        return Evidence(self.truth, self.given.gradient, self.allowed, self.verdict)


@dataclass(frozen=True, eq=False, repr=False)
class Check:
    """What came out of checking a gradient; printing it says it in words.

    Attributes
    ----------
    name : str
        Of the gradient.
    problem : Problem
        Whose gradient it should be.
    points : tuple of PointCheck
        The problem's own point; for a function, others beside it too.
    mistake : str
        What is likely wrong, with the arrays and entries concerned; empty if it is right.
    """

    name: str
    problem: Problem
    points: tuple[PointCheck, ...]
    mistake: str

    @property
    def ok(self) -> bool:
        """Whether the gradient is right at every point, as far as rounding lets one know."""
        return all(point.ok for point in self.points)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per parameter array, from the point where it is worst, in these columns.

        ==============  ============================================================================
        point           which one
        n               entries
        error           norm of the error ÷ norm of the array
        worst           largest relative error of an entry
        ulps_worst      largest error in units in the last place
        digits          correct digits
        wrong_signs     entries with a wrong sign
        not_finite      entries that are NaN or infinite
        bound           norm of the error that rounding may cause ÷ norm of the array
        excess          largest error ÷ bound of an entry: above 1 it is wrong
        hidden          entries that are smaller than their bound: 0 would pass
        verdict         see `gradmethods.accuracy.verdict.ArrayVerdict`
        ==============  ============================================================================
        """
        import pandas as pd

        rows = [self._row(name) for name in self.problem.structure.shapes]
        return pd.DataFrame(rows).set_index("array")

    def _row(self, name: str) -> dict[str, Any]:
        def gravity(point: PointCheck) -> tuple[int, float]:
            found = point.verdict.arrays[name]
            return GRAVITY.index(found.outcome), found.excess

        point = max(self.points, key=gravity)
        found = point.verdict.arrays[name]
        row = next(
            row
            for row in measure(
                point.truth.problem.structure.restore(point.given.gradient), point.truth
            )
            if row.array == name
        )
        return {
            "array": name,
            "point": point.where,
            "n": row.n,
            "error": row.error,
            "worst": row.worst,
            "ulps_worst": row.ulps_worst,
            "digits": row.digits,
            "wrong_signs": row.wrong_signs,
            "not_finite": row.not_finite,
            "bound": found.resolution,
            "excess": found.excess,
            "hidden": found.hidden,
            "verdict": found.outcome,
        }

    def __str__(self) -> str:
        from gradmethods.accuracy.check_text import render

        return render(self)

    __repr__ = __str__


def check_gradient(gradient: Any, problem: Problem, *, truth: Truth | None = None) -> Check:
    """Check a gradient that you wrote.

    Parameters
    ----------
    gradient : callable, or array_like or dict of str to array_like
        ``gradient(params)`` or ``gradient(params, **data)``, with those data of the problem that it
        has arguments for, returns the gradient, or a pair of loss and gradient; or the values of
        the gradient at the problem's point; or a provider.
    problem : Problem
        The loss, its parameters and its data.
    truth : Truth, optional
        The certified gradient of `problem`, if you have it already.

    Returns
    -------
    Check
        With ``.ok``, ``.table`` and ``.mistake``; printing it says everything in words.

    Raises
    ------
    ShapeMismatch
        If the gradient has other names, shapes or types than the parameters.
    NotDifferentiable
        If the loss has no gradient at the problem's point, or it is not decided that it has.
    InvalidProblem
        If `problem` is no `Problem`.
    InvalidOption
        If the function cannot be called with the parameters and the data.

    Notes
    -----
    A function is called at the problem's point and at points beside it: what is right at one point
    by luck, or because its first arguments were kept, is not right at the next. The error of each
    entry is held against what rounding does to it: `SLACK` times a proven bound for forward mode,
    because the order of your operations is not known, and one rounding of the result.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.5, 2.0, 3.0]))
    >>> gm.check_gradient(lambda w: np.cos(w), problem).ok
    True
    >>> gm.check_gradient(lambda w: -np.cos(w), problem).mistake
    'the sign is wrong'
    >>> gm.check_gradient([np.cos(0.5), np.cos(2.0), 0.0], problem).mistake
    'one entry is wrong: [2] is 0 where -0.989992 is right (the last one: is it never reached?)'
    """
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    if not callable(gradient) and not hasattr(gradient, "prepare"):
        given = read(gradient, problem)
        point = _judge("the point of the problem", truth or _truth(problem), given)
        return Check("the gradient", problem, (point,), _mistake((point,)))
    ask, name = callable_of(gradient, problem)
    given = ask(problem)  # a function that fails does so before the long work
    points = [_judge("the point of the problem", truth or _truth(problem), given)]
    for k, beside in enumerate(_beside(problem), 1):
        points.append(_judge(f"point {k} beside it", beside, ask(beside.problem)))
    return Check(name, problem, tuple(points), _mistake(tuple(points)))


def assert_gradient(gradient: Any, problem: Problem, *, truth: Truth | None = None) -> None:
    """Raise if `check_gradient` finds a gradient wrong: for your own tests.

    Parameters
    ----------
    gradient, problem, truth
        As for `check_gradient`.

    Raises
    ------
    GradientMismatch
        An `AssertionError`, with the text of the check.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w**2), np.array([0.3, 0.7]))
    >>> gm.assert_gradient(lambda w: 2 * w, problem)
    """
    check = check_gradient(gradient, problem, truth=truth)
    if not check.ok:
        raise GradientMismatch(str(check))


def _truth(problem: Problem) -> Truth:
    from gradmethods.certified import certified_gradient

    return certified_gradient(problem, digits=DIGITS)


def _judge(where: str, truth: Truth, given: Given) -> PointCheck:
    allowed = exact_bound(truth)
    found = verdict(truth.problem.structure.restore(given.gradient), truth, allowed)
    return PointCheck(where, truth, given, allowed, found)


def _beside(problem: Problem) -> Iterator[Truth]:
    for seed in range(BESIDE):
        for distance in DISTANCES:
            moved = move(problem, distance, seed)
            try:
                truth = _truth(moved)
            except NotDifferentiable:
                continue
            if np.isfinite(moved.value()) or not np.isfinite(problem.value()):
                yield truth
                break


def move(problem: Problem, distance: float, seed: int) -> Problem:
    """Return the same problem at a point beside its own, drawn from a seed."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, x in problem.structure.check(problem.params).items():
        away = distance * rng.uniform(0.5, 1, x.shape) * rng.choice([-1.0, 1.0], x.shape)
        arrays[name] = np.where(x == 0, away, x * (1 + away)).astype(problem.dtype)
    moved = Problem(
        problem.loss, problem.structure.restore(arrays), problem.data, name=problem.name
    )
    moved.examples = problem.examples  # what was checked of them does not depend on the point
    return moved


def _mistake(points: tuple[PointCheck, ...]) -> str:
    bad = [point for point in points if not point.ok]
    if not bad:
        return ""
    kept = _kept(points)
    if kept:
        return kept
    first = bad[0]
    words = [] if first.verdict.outcome == WITHIN else [diagnose(first.evidence)]
    if first.wrong_value:
        words.insert(0, f"the loss is {first.given.value!r} where {first.truth.value!r} is right")
    text = "; ".join(filter(None, words)) or first.verdict.reason
    if len(points) > len(bad) and first is not points[0]:
        return f"right at {points[0].where}, wrong at {first.where}: {text}"
    return text


def _kept(points: tuple[PointCheck, ...]) -> str:
    """Say whether a function gives what was right at a point that it was called at before."""
    if len(points) < 2 or points[1].ok:
        return ""
    first, second = points[:2]
    join = first.truth.problem.structure.join
    before, now = join(first.given.gradient), join(second.given.gradient)
    if np.array_equal(before, now) and not np.array_equal(
        join(first.evidence.true), join(second.evidence.true)
    ):
        return "the same at every point: it does not depend on the parameters that it is given"
    stale = verdict(
        first.truth.problem.structure.restore(second.given.gradient), first.truth, first.allowed
    )
    return "that of the point of the call before: stale parameters" if stale.ok else ""
