"""Check a gradient that a user wrote against the certified one, and say what is wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gradmethods.comparison.check_result import BESIDE, OWN, Check, PointCheck, beside
from gradmethods.comparison.check_text import check_text
from gradmethods.comparison.diagnosis import diagnose, diagnose_sample
from gradmethods.comparison.taylor import Taylor, taylor
from gradmethods.core.naming import printable
from gradmethods.core.problem import Problem
from gradmethods.errors import GradientMismatch, InvalidOption, InvalidProblem, NotDifferentiable
from gradmethods.providers.handwritten import Call, Given, callable_of, read
from gradmethods.truth.along import Sample
from gradmethods.truth.differences import ENTRIES, Differences
from gradmethods.truth.find import Found, find_by_differences, find_truth
from gradmethods.truth.judge import MEETING, Answered, bound_of, judge, reconsidered
from gradmethods.truth.truth import Truth

BUDGET = 20.0
"""Number of seconds that certifying a whole gradient may take."""

DISTANCES = (1e-1, 1e-2, 1e-3)
"""Relative distances of the points beside; the largest where the loss has a gradient is used."""

DIRECTIONS = 2
"""Number of random directions within each array, at points beside, where only values are known.
"""

TAYLOR = 2
"""Number of directions of the Taylor test."""


def check_gradient(
    gradient: Any, problem: Problem, *, truth: Truth | Found | None = None, rtol: float = 0.0
) -> Check:
    """Check a gradient that you wrote.

    Parameters
    ----------
    gradient : callable, or array_like or dict of str to array_like
        ``gradient(params)`` or ``gradient(params, **data)``, with those data of the problem that it
        has arguments for, returns the gradient, or a pair of loss and gradient; or the values of
        the gradient at the problem's point; or a provider.
    problem : Problem
        The loss, its parameters and its data.
    truth : Truth or Found, optional
        The certified gradient of `problem`, or what `gradmethods.truth.find_truth` found, if you
        have it already.
    rtol : float, default 0
        An error that you accept, relative to an entry, or to the root mean square of its array if
        that is larger: 1e-6 for a gradient by differences, or by a solver that is no more accurate.

    Returns
    -------
    Check
        With ``.ok``, ``.table`` and ``.mistake``; printing it says everything in words.

    Raises
    ------
    ShapeMismatch
        If the gradient has other names, shapes or types than the parameters.
    InvalidProblem
        If `problem` is no `Problem`.
    InvalidOption
        If the function cannot be called with the parameters and the data; if `rtol` is no number
        from 0 to 1.

    Notes
    -----
    A function is called at the problem's point and at points beside it; what loss or gradient raise
    there is a finding and does not escape. What is right at one point by luck, or because its first
    arguments were kept, is not right at the next. The error of each entry is compared with a bound
    on the rounding in it, that of `gradmethods.truth.error_bounds.rounding_bound`. Where
    this is more than one hundredth of an entry, nothing is decided there, and ``.ok`` is None, as
    where the loss has no gradient, or none that can be certified. Beyond what can be certified in
    seconds, some components, and a direction within each parameter array, are.

    Where values are all that is known of a loss (`Problem` with ``black_box=True``), differences
    with error bars take the place of the certificate. The check says to how many digits a gradient
    is right by them; it is wrong where it is beyond ten bars and half of the digits of its
    precision; where the bars leave no digit, nothing is decided, unless points beside decide it, as
    at an optimum, where every gradient looks right. Along random directions the remainder of the
    Taylor expansion is shown to fall as h². Of a long gradient some entries and random directions
    are looked at, and halving groups of entries finds those that are wrong.

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
    if not 0 <= rtol < 1:
        raise InvalidOption(f"rtol must be a number from 0 on, below 1, got {rtol!r}.")
    if not callable(gradient) and not hasattr(gradient, "prepare"):
        given = read(gradient, problem)
        point = _judge(OWN, _found(problem, truth), given, rtol)
        return _checked("the gradient", problem, [point], rtol)
    ask, name = callable_of(gradient, problem)
    given = ask(problem)  # a function that fails does so before the long work
    points = [_judge(OWN, _found(problem, truth), given, rtol)]
    failures, unchecked = [], []
    for k in range(1, BESIDE + 1):
        found = _judge_beside(points[0], k, ask, rtol)
        points += [found.point] if found.point else []
        failures += [found.failure] if found.failure else []
        unchecked += [found.unchecked] if found.unchecked else []
    return _checked(name, problem, points, rtol, failures, unchecked)


def _checked(
    name: str,
    problem: Problem,
    points: list[PointCheck],
    rtol: float,
    failures: Sequence[str] = (),
    unchecked: Sequence[str] = (),
) -> Check:
    mistake = _mistake(tuple(points)) or "; ".join(failures[:1])
    found = points[0].found
    tests: list[Taylor] = []
    if isinstance(found.truth, Differences):
        given, noise = points[0].given.gradient, found.truth.noise
        tests = [taylor(problem, given, noise, seed) for seed in range(TAYLOR)]
    made = Check(
        name, problem, tuple(points), mistake, tuple(failures), tuple(unchecked), rtol, tuple(tests)
    )
    return replace(made, text=check_text(made))


def assert_gradient(
    gradient: Any, problem: Problem, *, truth: Truth | Found | None = None, rtol: float = 0.0
) -> None:
    """Raise if `check_gradient` finds a gradient wrong: for your own tests.

    Parameters
    ----------
    gradient, problem, truth, rtol
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
    check = check_gradient(gradient, problem, truth=truth, rtol=rtol)
    if not check.ok:
        raise GradientMismatch(str(check))


def _found(problem: Problem, truth: Truth | Found | None) -> Found:
    if truth is None:
        return find_truth(problem, BUDGET)
    return truth if isinstance(truth, Found) else Found(problem, truth)


def _judge(
    where: str, found: Found, given: Given, rtol: float, *, jumps: bool = True
) -> PointCheck:
    # Whatever it comes from: who asks for a check wants what rounding alone may have changed.
    answer = Answered(given.gradient, given.value, exact=True, rtol=rtol)
    found = reconsidered(answer, found) if jumps else found
    bound = bound_of(answer, found) if found.truth is not None else None
    return PointCheck(where, found, given, bound, judge(answer, found))


class _Beside(NamedTuple):
    """The result at a point beside the problem's own: a judgement, or why there is none."""

    point: PointCheck | None = None
    failure: str = ""
    unchecked: str = ""


def _judge_beside(first: PointCheck, k: int, ask: Call, rtol: float) -> _Beside:
    """Judge a function at a point beside, as far away as the loss is seen to have a gradient.

    The user did not choose this point: whatever loss and gradient raise there is a finding. What is
    wrong at the own point already needs no look for jumps, which might excuse it.
    """
    own, jumps = first.found, first.ok is not False
    problem, failure, unchecked = own.problem, "", ""
    for distance in DISTANCES:
        try:
            moved = move(problem, distance, seed=k)
            if np.isfinite(problem.value()) and not np.isfinite(moved.value()):
                continue
            key = (k, distance)
            if key not in own.beside:
                own.beside[key] = _found_beside(own, moved, k)
            found = own.beside[key]
        except Exception as error:  # noqa: BLE001  # the user's own, of any kind
            unchecked = f"{beside(k)}, where the loss raises {_said(error)}"
            continue
        if found.truth is None:
            continue
        try:
            given = ask(moved)
        except NotDifferentiable:
            continue
        except Exception as error:  # noqa: BLE001  # as above
            failure = f"at {beside(k)}, where the loss has a gradient, it raises {_said(error)}"
            continue
        point = _judge_closely(beside(k), own, key, given, rtol, jumps=jumps)
        if point.ok is not None:
            return _Beside(point)
    if not unchecked and not own.certified and own.truth is not None:
        unchecked = f"{beside(k)}, where differences decide nothing"
    return _Beside(failure=failure, unchecked="" if failure else unchecked)


def _judge_closely(
    where: str, own: Found, key: tuple[int, float], given: Given, rtol: float, *, jumps: bool
) -> PointCheck:
    """Judge a gradient; if it is short and wrong along directions, judge it entry by entry.

    What jumps hide at the own point, they may hide here, be there a jump or not.
    """
    found = own.beside[key]
    point = _judge(where, _hiding(found, own), given, rtol, jumps=False)
    if point.ok is not False:
        return point
    if isinstance(found.part, Sample) and found.problem.size <= ENTRIES:
        if (*key, ENTRIES) not in own.beside:
            own.beside[*key, ENTRIES] = find_by_differences(found.problem)
        found = own.beside[*key, ENTRIES]
    return _judge(where, _hiding(found, own), given, rtol, jumps=jumps)


def _hiding(found: Found, own: Found) -> Found:
    """Return what is found beside a point, less sure by what jumps hide at the point itself."""
    here, there = found.truth, own.truth
    if not (isinstance(here, Differences) and isinstance(there, Differences) and there.jump):
        return found
    return replace(found, truth=here.widened(there.hidden, there.jump))


def _found_beside(own: Found, moved: Problem, k: int) -> Found:
    if own.truth is None or own.certified:
        return find_truth(moved, BUDGET)
    return find_by_differences(moved, entries=0, directions=DIRECTIONS, seed=k)


def _said(error: Exception) -> str:
    """Return an exception in one line."""
    text = printable(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def move(problem: Problem, distance: float, seed: int) -> Problem:
    """Return the same problem at a point beside its own, drawn from a seed."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, x in problem.structure.check(problem.params).items():
        away = distance * rng.uniform(0.5, 1, x.shape) * rng.choice([-1.0, 1.0], x.shape)
        arrays[name] = np.where(x == 0, away, x * (1 + away)).astype(problem.dtype)
    if problem.bounds is not None:
        home = problem.structure.join(problem.structure.check(problem.params))
        beside_it = problem.bounds.beside(home, problem.structure.join(arrays))
        arrays = problem.structure.split(beside_it)
    return problem.replace(params=problem.structure.restore(arrays))


def _mistake(points: tuple[PointCheck, ...]) -> str:
    bad = [point for point in points if point.ok is False]
    if not bad:
        return "" if points[0].ok else points[0].verdict.reason
    kept, first = _kept(points), bad[0]
    if kept and points[0].ok:
        return kept
    words = [] if first.evidence is None else [_diagnosed(first)]
    if first.wrong_value:
        words.insert(0, first.wrong_value)
    if MEETING in first.verdict.said:
        words.append(MEETING)
    text = "; ".join(filter(None, words)) or first.verdict.reason
    if kept and any(array.any() for array in first.given.gradient.values()):
        return f"{text}; {kept}"
    if len(points) > len(bad) and first is not points[0]:
        own = f"right at {points[0].where}, " if points[0].ok else ""
        return f"{own}wrong at {first.where}: {text}"
    return text


def _diagnosed(point: PointCheck) -> str:
    """Say what is wrong at a point; of a sample, which entries are, if they can be found."""
    assert point.evidence is not None
    found = point.found
    if isinstance(found.part, Sample):
        return diagnose_sample(point.evidence, found.part, point.given.gradient)
    return diagnose(point.evidence)


def _kept(points: tuple[PointCheck, ...]) -> str:
    """Say whether a function returns at every point what was right at an earlier one."""
    if len(points) < 2 or all(point.ok for point in points[1:]):
        return ""
    join = points[0].found.problem.structure.join
    first, *others = [join(point.given.gradient) for point in points]
    if np.isfinite(first).all() and all(np.array_equal(first, other) for other in others):
        return "the same at every point: it does not depend on the parameters that it is given"
    stale = all(
        judge(Answered(now.given.gradient, exact=True), before.found).ok
        for before, now in itertools.pairwise(points)
    )
    return "that of the point of the call before: stale parameters" if stale else ""
