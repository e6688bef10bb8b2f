"""What there is to do in a run of the accuracy report, in order of worth; each leaves a record.

Nothing is written here, and nothing is timed but gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gradmethods.comparison.kills import kill_table
from gradmethods.core.problem import Problem
from gradmethods.providers import get_provider
from gradmethods.providers.attempt import Gap, attempt
from gradmethods.providers.registry import traits
from gradmethods.providers.schemes import NAMES
from gradmethods.studies.accuracy.atlas import DTYPES, PER_DECADE, curve
from gradmethods.studies.accuracy.gallery import gallery_rows
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import VARIANTS, gradient_record, reference_record

MOST = 2000
"""Parameters up to which whole gradients are certified; of more, a sample of components is."""

LONG = 50
"""Parameters from which formulas written out take so long that all else comes first."""

REFERENCE, GRADIENT, PLANTED = "reference", "gradient", "planted"
GALLERY, ATLAS = "gallery", "atlas"
"""Kinds of records."""


@dataclass(frozen=True)
class Settings:
    """How thoroughly to look.

    Attributes
    ----------
    seconds : float
        Seconds to time each provider on each problem.
    per_decade : int
        Steps of the atlas.
    seed : int
        Of samples.
    providers : tuple of str
        Names of those that are held against the truth.
    """

    seconds: float = 0.1
    per_decade: int = PER_DECADE
    seed: int = 0
    providers: tuple[str, ...] = VARIANTS


@dataclass(frozen=True)
class Task:
    """A piece of work that leaves one record.

    Attributes
    ----------
    kind : str
        Of the record.
    about : dict
        What tells it from its like, in the record whether it succeeds or not.
    work : callable
        Returns what it found, as plain values.
    limit : float, optional
        Seconds after which it is stopped; no bound by default.
    """

    kind: str
    about: dict[str, Any]
    work: Callable[[], dict[str, Any]] = field(repr=False)
    limit: float = math.inf

    @property
    def key(self) -> str:
        """Names the record."""
        return "/".join([self.kind, *map(str, self.about.values())])

    def record(self) -> dict[str, Any]:
        """Do it. What has no answer is a gap, and its reason is the answer."""
        found = attempt(self.work, self.limit)
        if isinstance(found, Gap):
            return self.gap(found.kind, found.reason)
        return {"key": self.key, "kind": self.kind, **self.about, "outcome": "measured", **found}

    def gap(self, kind: str, reason: str) -> dict[str, Any]:
        """Return the record of a task that was not done."""
        head = {"key": self.key, "kind": self.kind, **self.about}
        return head | {"outcome": "gap", "gap": kind, "reason": reason}


def tasks(
    problems: Sequence[Problem], settings: Settings | None = None, *, hard: bool = False
) -> list[Task]:
    """List what there is to do, what is worth most first.

    Parameters
    ----------
    problems : sequence of Problem
        With different names.
    settings : Settings, optional
        How thoroughly.
    hard : bool, default False
        Whether the hard cases belong to it.
    """
    settings = settings or Settings()
    references: list[Task] = []
    gradients: list[Task] = []
    plants: list[Task] = []
    curves: list[Task] = []
    late: list[Task] = []
    for problem in problems:
        about, dtype = {"problem": problem.name}, str(problem.dtype)
        for precision in DTYPES:
            subject = Subject(problem, precision, seed=settings.seed)
            if precision == dtype and subject.components < problem.size <= MOST:
                judged = Subject(problem, precision, MOST)
            elif precision == dtype:
                judged = subject
            for scheme in NAMES:
                more = {"dtype": precision, "scheme": scheme}
                work = partial(curve, subject, scheme, per_decade=settings.per_decade)
                curves.append(Task(ATLAS, about | more, work))
        references.append(Task(REFERENCE, about, partial(reference_record, judged)))
        # The time of a gradient of a sample is not that of the gradient.
        seconds = settings.seconds if judged.is_whole else 0.0
        for name in settings.providers:
            work = partial(gradient_record, judged, get_provider(name), seconds=seconds)
            slow = traits(name).repeats and problem.size > LONG
            (late if slow else gradients).append(Task(GRADIENT, about | {"provider": name}, work))
        if judged.is_whole:
            plants.append(Task(PLANTED, about, partial(_planted, problem)))
    curves.sort(key=lambda task: DTYPES.index(task.about["dtype"]))  # stable
    extra = hard_tasks() if hard else []
    return [*references, *gradients, *plants, *extra, *curves, *late]


def hard_tasks() -> list[Task]:
    """List the hard cases: what each method gives on each, and why."""
    from gradmethods.problems import hard

    return [Task(GALLERY, {"problem": name}, partial(_gallery, name)) for name in hard.names()]


def _gallery(name: str) -> dict[str, Any]:
    return {"rows": gallery_rows([name])}


def _planted(problem: Problem) -> dict[str, Any]:
    return {"rows": kill_table([problem]).to_dict("records")}
