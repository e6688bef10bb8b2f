"""What a provider answers to a problem, and the verdict; no failure of one hides another."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.providers.attempt import Gap, Ready, attempt, prepare
from gradmethods.providers.handwritten import Handwritten
from gradmethods.providers.registry import traits
from gradmethods.timing.timing import Cost, measure
from gradmethods.truth.error_bounds import losses_in
from gradmethods.truth.find import Found
from gradmethods.truth.judge import Answered, judge, measured, reconsidered
from gradmethods.truth.measures import Measures
from gradmethods.truth.verdict import WRONG, Verdict

Prepared = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one provider gave for a problem, or why it gave nothing.

    Attributes
    ----------
    provider : str
        Its name.
    given : Answered or None
        Copies of the loss and the gradient that it returned, and what it says of their errors;
        None if there is an obstacle.
    obstacle : str
        Empty if the provider delivered.
    own : bool
        Whether it is a function of the user's own, from which a gradient is expected.
    preparation : float
        Seconds.
    forward_passes : int or None
        For one gradient.
    unresolved : int or None
        Entries that the method itself marks as not resolved; None if it has no such notion.
    cost : Cost or None
        Measured time, None if it was not asked for.
    """

    provider: str
    given: Answered | None = None
    obstacle: str = ""
    own: bool = False
    preparation: float = float("nan")
    forward_passes: int | None = None
    unresolved: int | None = None
    cost: Cost | None = None

    @property
    def value(self) -> float:
        """The loss, NaN if there is an obstacle."""
        return math.nan if self.given is None or self.given.value is None else self.given.value

    @property
    def gradient(self) -> Arrays | None:
        """The gradient by parameter array, None if there is an obstacle."""
        return None if self.given is None else self.given.gradient

    @property
    def is_finite(self) -> bool:
        """Whether it holds a gradient, and that and the loss are numbers."""
        return self.given is not None and bool(
            np.isfinite(self.value)
            and all(np.isfinite(array).all() for array in self.given.gradient.values())
        )


def ask(problem: Problem, provider: Provider, seconds: float) -> tuple[Answer, Prepared | None]:
    """Let a provider differentiate a problem; return its answer and its prepared gradient.

    Its times are measured for so many seconds, and not at all if there are none.
    """
    own = isinstance(provider, Handwritten)
    ready = attempt(lambda: prepare(provider, problem))
    if isinstance(ready, Gap):
        return Answer(provider.name, obstacle=ready.reason, own=own), None
    answer = attempt(lambda: timed(answered(provider, ready)[0], ready, seconds))
    if isinstance(answer, Gap):
        return Answer(provider.name, obstacle=answer.reason, own=own), None
    return answer, ready.prepared


def answered(provider: Provider, ready: Ready) -> tuple[Answer, float]:
    """Evaluate what a provider prepared; return its answer, and the seconds that it took."""
    found = ready.answer()
    answer = Answer(
        provider.name,
        Answered(
            found.gradient,
            found.value,
            traits(provider).exact,
            claimed(ready.prepared, ready.problem),
            losses_in(ready.prepared),
            stated_bound(provider, ready.problem),
        ),
        own=isinstance(provider, Handwritten),
        preparation=ready.preparation,
        forward_passes=found.passes,
        unresolved=found.unresolved,
    )
    return answer, found.seconds


def timed(answer: Answer, ready: Ready, seconds: float) -> Answer:
    """Measure the time of an answer for so many seconds."""
    if seconds <= 0:
        return answer
    return replace(answer, cost=measure(ready.prepared, ready.problem, seconds=seconds))


def stated_bound(provider: Provider, problem: Problem) -> Arrays | None:
    """Return the bound that a provider states by a method ``bound(problem)``, None without one."""
    bound = getattr(provider, "bound", None)
    stated = bound(problem) if callable(bound) else None
    if stated is None:
        return None
    return {name: np.array(a, float) for name, a in problem.structure.leaves(stated).items()}


def claimed(prepared: Any, problem: Problem) -> Arrays | None:
    """Copy what a method estimates the error of its last gradient to be, None if it does not."""
    estimate = getattr(prepared, "error_estimate", None)
    if estimate is None:
        return None
    return {name: np.array(a, float) for name, a in problem.structure.leaves(estimate).items()}


def without_kind(reason: str) -> str:
    """Leave out what kind of array a method uses: for the user's loss the reason is one.

    Examples
    --------
    >>> without_kind("np.sum was called on a traced array of shape ().")
    'np.sum was called on an array of shape ().'
    """
    return re.sub(r"\b([aA]) (symbolic|complex|traced|ball) array", r"\1n array", reason)


OBSTACLE = "obstacle"
"""The entry of the verdict column for a provider that gave no gradient."""


@dataclass(frozen=True)
class Judged:
    """An answer, the verdict on it, and its error; these two are None if it holds no gradient."""

    answer: Answer
    verdict: Verdict | None = None
    measures: Measures | None = None

    @property
    def outcome(self) -> str:
        """The verdict in a word or two."""
        return self.verdict.outcome if self.verdict else OBSTACLE

    @property
    def reason(self) -> str:
        """Why it is not right; empty if it is."""
        return self.verdict.reason + self._about_steps if self.verdict else self.answer.obstacle

    @property
    def _about_steps(self) -> str:
        """Say what else makes differences wrong."""
        given = self.answer.given
        if self.outcome != WRONG or given is None or given.exact is not False:
            return ""
        if given.claim is None:
            return ""
        return ". A kink of the loss within a step, or a step that is too wide, looks the same"


def judge_answers(answers: Sequence[Answer], found: Found) -> tuple[Found, dict[str, Judged]]:
    """Judge the answers of providers by what is known of the gradient, all by the same.

    Where differences are all that is known, and disagree with an answer, jumps of the loss near by
    are looked for; what is then known is returned as well.
    """
    given = [answer.given for answer in answers if answer.given is not None]
    found = max((reconsidered(each, found) for each in given), key=_jump, default=found)
    return found, {answer.provider: _judged(answer, found) for answer in answers}


def _jump(found: Found) -> float:
    return found.jump


def _judged(answer: Answer, found: Found) -> Judged:
    if answer.given is None:
        return Judged(answer)
    return Judged(answer, judge(answer.given, found), measured(answer.given, found))
