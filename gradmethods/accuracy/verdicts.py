"""Who is right: the rules by which answers to one problem are judged.

No method is trusted before the others: the set with the most methods of which every two agree is
right, the rest
is wrong, and where several sets are as large, nobody outside their intersection is called right.
`relation` says what "agree" means for two gradients; here are the verdicts that follow.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from gradmethods.accuracy.answers import Answer
from gradmethods.accuracy.relation import AGREE, CONTRADICT, UNKNOWN, Relations
from gradmethods.accuracy.roundoff import SLACK, PlainLoss
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.distance import error
from gradmethods.problem import Problem
from gradmethods.providers.registry import traits

AGREES = "agrees"
DISAGREES = "disagrees"
WRONG_VALUE = "wrong value"
NOT_FINITE = "not finite"
UNRESOLVED = "unresolved"
UNDECIDED = "undecided"
OBSTACLE = "obstacle"

WRONG = {DISAGREES, WRONG_VALUE, NOT_FINITE}

VALUE = 1e3
"""The loss may be wrong by so many u|f|: the order of a long sum is a method's own."""


class Judge:
    """Verdicts on the answers to a problem, with reasons.

    Parameters
    ----------
    problem : Problem
        What was differentiated.
    loss : PlainLoss
        Its loss in plain NumPy.
    answers : sequence of Answer
        What the providers gave.
    """

    def __init__(self, problem: Problem, loss: PlainLoss, answers: Sequence[Answer]) -> None:
        self.problem, self.loss, self.answers = problem, loss, answers
        self.relations = Relations(problem, loss)

    @cached_property
    def voters(self) -> list[Answer]:
        """The answers that can judge: finite, of the right loss, resolving some array."""
        finite = [a for a in self.answers if a.is_finite and not self.is_wrong_value(a)]
        return [a for a in finite if any(map(self.relations.resolver(a), self._names))]

    @cached_property
    def camps(self) -> list[list[Answer]]:
        """The sets of voters of which every two agree, with the most methods in them.

        Schemes of differences share their truncation, and forms of formulas their derivation: they
        count as one.
        """
        found: list[list[Answer]] = []
        for size in range(len(self.voters), 0, -1):
            for camp in itertools.combinations(self.voters, size):
                pairs = itertools.combinations(camp, 2)
                agree = all(self.relations(a, b) == AGREE for a, b in pairs)
                if agree and not any(set(map(id, camp)) < set(map(id, larger)) for larger in found):
                    found.append(list(camp))
        most = max(map(methods, found), default=0)
        return [camp for camp in found if methods(camp) == most]

    @property
    def in_doubt(self) -> bool:
        """Whether two voters do not agree."""
        pairs = itertools.combinations(self.voters, 2)
        return any(self.relations(a, b) != AGREE for a, b in pairs)

    def reference(self) -> Answer | None:
        """Return whom errors refer to: of the largest camps, the most exact."""
        members = [answer for camp in self.camps for answer in camp]
        finite = [answer for answer in self.answers if answer.is_finite]
        return min(
            members or finite, key=lambda a: tolerance(a.provider, self.problem.dtype), default=None
        )

    def is_wrong_value(self, answer: Answer) -> bool:
        """Whether an answer's loss is off by more than round-off."""
        u = float(np.finfo(self.problem.dtype).eps) / 2
        bound = VALUE * u * abs(self.loss.value) + SLACK * self.loss.noise
        same = answer.value == self.loss.value
        return not (same or abs(answer.value - self.loss.value) <= bound)

    def verdict(self, answer: Answer) -> tuple[str, str]:
        """Return the verdict on an answer and the reason, empty if it agrees."""
        if answer.gradient is None:
            return OBSTACLE, answer.obstacle
        if not answer.is_finite:
            return NOT_FINITE, self._not_finite(answer)
        if self.is_wrong_value(answer):
            return WRONG_VALUE, (
                f"gives {answer.value!r} for the loss, which is {self.loss.value!r} in plain NumPy"
            )
        if answer not in self.voters:
            return UNRESOLVED, self._hidden(answer, self._names)
        if len(self.voters) == 1:
            return UNDECIDED, "nobody to compare with"
        if len(self.camps[0]) > 1 and all(answer in camp for camp in self.camps):
            return self._on_member(answer)
        return self._on_dissenter(answer)

    @property
    def _names(self) -> list[str]:
        return list(self.problem.structure.shapes)

    def _on_member(self, answer: Answer) -> tuple[str, str]:
        hidden, alone = [], []
        for name in self._names:
            assert answer.gradient is not None
            others = [a for a in self.camps[0] if a is not answer and self._resolves(a, name)]
            if self._resolves(answer, name):
                if not others:
                    alone.append(name)
                continue
            # What several others know, and this one gives to the last digit, it may claim.
            same = any(
                np.array_equal(answer.gradient[name], (a.gradient or {})[name]) for a in others
            )
            if not (same and len(others) > 1):
                hidden.append(name)
        if hidden:
            return UNRESOLVED, self._hidden(answer, hidden)
        if alone:
            return UNRESOLVED, f"no other method resolves {_gradient_of(alone)}"
        return AGREES, ""

    def _on_dissenter(self, answer: Answer) -> tuple[str, str]:
        opponents = {id(a): a for camp in self.camps for a in camp if a is not answer}
        found = {id(a): self.relations(answer, a) for a in opponents.values()}
        against = [a for key, a in opponents.items() if found[key] == CONTRADICT]
        if not against:
            doubtful = [a for key, a in opponents.items() if found[key] == UNKNOWN]
            if not doubtful:
                return UNRESOLVED, "agrees with some that do not agree with one another"
            names = self._differing(answer, doubtful)
            others = ", ".join(a.provider for a in doubtful)
            return UNRESOLVED, (
                f"differs from {others} in {_gradient_of(names)}, where round-off hides the answer"
            )
        reference = self.reference()
        other = reference if any(a is reference for a in against) else against[0]
        return DISAGREES, self._difference(answer, other or against[0])

    def _resolves(self, answer: Answer, name: str) -> bool:
        return self.relations.resolver(answer)(name)

    def _differing(self, answer: Answer, others: Iterable[Answer]) -> list[str]:
        relation = self.relations.of_array
        return [n for n in self._names if any(relation(answer, a, n) != AGREE for a in others)]

    def _difference(self, answer: Answer, other: Answer) -> str:
        assert answer.gradient is not None
        assert other.gradient is not None
        names = self._differing(answer, [other])
        mine, theirs = answer.gradient, other.gradient
        worst = max(names, key=lambda name: error(mine[name], theirs[name]).norm)
        size = error(mine[worst], theirs[worst])
        text = (
            f"differs from {other.provider} in {_gradient_of(names)}: error {size.norm:.1e} of "
            f"its norm, {size.worst:.1e} of the worst component"
        )
        return text + self._about_steps(answer)

    @staticmethod
    def _about_steps(answer: Answer) -> str:
        """Say what else makes differences differ: kinks, and steps that the user gave."""
        if traits(answer.provider).order is None:
            return ""
        options = answer.provider.partition("[")[2]
        given = ", and so does a step that is too wide or too narrow" if "step=" in options else ""
        return f". A kink of the loss within a step looks the same{given}"

    def _not_finite(self, answer: Answer) -> str:
        if not np.isfinite(self.loss.value):
            return f"the loss itself is {self.loss.value} here"
        if not np.isfinite(answer.value):
            return f"gives {answer.value} for the loss, which is {self.loss.value!r} in plain NumPy"
        assert answer.gradient is not None
        names = [n for n, array in answer.gradient.items() if not np.isfinite(array).all()]
        return f"NaN or infinity in {_gradient_of(names)}"

    @staticmethod
    def _hidden(answer: Answer, names: Iterable[str]) -> str:
        text = f"the round-off of the loss hides {_gradient_of(names)} from differences"
        if answer.unresolved:
            plural = "entry" if answer.unresolved == 1 else "entries"
            text += f", or a kink or a jump does: no step resolves {answer.unresolved:,} {plural}"
        return text


def methods(answers: Iterable[Answer]) -> int:
    """Count the independent methods among answers."""
    told = [traits(answer.provider) for answer in answers]
    return len({(method.family, method.exact) for method in told})


def _gradient_of(names: Iterable[str]) -> str:
    arrays = ", ".join(repr(name) for name in names if name)
    return f"the gradient of {arrays}" if arrays else "the gradient"
