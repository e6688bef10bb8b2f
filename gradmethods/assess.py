"""A run of the accuracy report: certify, judge, sweep steps; every result is on disk at once.

What is done, and in which order of worth, is a list of tasks; each leaves one record, or a gap with
its reason. Nothing of the report is written here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gradmethods.accuracy.atlas import DTYPES, PER_DECADE, curve
from gradmethods.accuracy.report import VARIANTS, gradient_record, reference_record
from gradmethods.accuracy.subject import Subject
from gradmethods.cost.deadline import OutOfTime, deadline
from gradmethods.cost.provenance import provenance
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.problem import Problem
from gradmethods.providers import get_provider
from gradmethods.providers.schemes import NAMES
from gradmethods.report import write_report
from gradmethods.report.files import (
    ACCURACY,
    PROVENANCE,
    append_record,
    locked,
    records_so_far,
    write_json,
)

MOST = 2000
"""Parameters up to which whole gradients are certified; of more, a sample of components is."""

REFERENCE, GRADIENT, ATLAS = "reference", "gradient", "atlas"
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
    """

    seconds: float = 0.1
    per_decade: int = PER_DECADE
    seed: int = 0


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
    """

    kind: str
    about: dict[str, Any]
    work: Callable[[], dict[str, Any]] = field(repr=False)

    @property
    def key(self) -> str:
        """Names the record."""
        return "/".join([self.kind, *map(str, self.about.values())])

    def record(self) -> dict[str, Any]:
        """Do it. What has no answer is a gap, and its reason is the answer."""
        head = {"key": self.key, "kind": self.kind, **self.about}
        try:
            return head | {"outcome": "measured", **self.work()}
        except GradientError as refusal:
            return head | {"outcome": "gap", "gap": "obstacle", "reason": str(refusal)}
        except Exception as failure:  # noqa: BLE001  # one fault must not hide the other results
            reason = f"{type(failure).__name__}: {failure}"
            return head | {"outcome": "gap", "gap": "error", "reason": reason}

    def gap(self, kind: str, reason: str) -> dict[str, Any]:
        """Return the record of a task that was not done."""
        head = {"key": self.key, "kind": self.kind, **self.about}
        return head | {"outcome": "gap", "gap": kind, "reason": reason}


def tasks(problems: Sequence[Problem], settings: Settings) -> list[Task]:
    """List what there is to do, what is worth most first."""
    references, gradients, curves = [], [], []
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
        for name in VARIANTS:
            work = partial(gradient_record, judged, get_provider(name), seconds=seconds)
            gradients.append(Task(GRADIENT, about | {"provider": name}, work))
    curves.sort(key=lambda task: DTYPES.index(task.about["dtype"]))  # stable
    return [*references, *gradients, *curves]


def carry_out(todo: Sequence[Task], path: Path, seconds: float | None = None) -> None:
    """Do tasks until they are done or the time is up; append a record for each, done or not.

    Parameters
    ----------
    todo : sequence of Task
        In order of worth. What has a record that is no gap already is not done again.
    path : pathlib.Path
        The file of records.
    seconds : float, optional
        Time limit; none by default. What does not fit is a gap.
    """
    done = {r["key"] for r in records_so_far(path) if r["outcome"] == "measured"}
    waiting = [task for task in todo if task.key not in done]
    left = list(waiting)
    try:
        with deadline(math.inf if seconds is None else seconds):
            for task in _shown(waiting):
                append_record(path, task.record())
                left.pop(0)
    except OutOfTime:
        for task in left:
            append_record(path, task.gap("budget", "The time for accuracy was used up."))
    except KeyboardInterrupt:
        for task in left:
            append_record(path, task.gap("not run", "The run was interrupted before this."))
        raise


def assess(
    problems: Sequence[Problem], out: Path | str, settings: Settings | None = None
) -> list[Path]:
    """Certify, judge and sweep problems; write records, tables, figures and a report.

    Parameters
    ----------
    problems : sequence of Problem
        With different names.
    out : path
        Folder to write to; an earlier run there moves to ``previous/``.
    settings : Settings, optional
        How thoroughly.

    Returns
    -------
    list of pathlib.Path
        What was written, the report first.

    Raises
    ------
    InvalidOption
        If two problems have one name.
    GradientError
        If another run is writing to the folder.
    """
    names = [problem.name for problem in problems]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidOption(f"Problems need different names, got {repeated} twice. Pass name=….")
    from gradmethods.bench import clear

    settings, folder = settings or Settings(), Path(out).resolve()
    with locked(folder):
        clear(folder)
        origin = provenance(
            [Path(sys.argv[0]).name, *sys.argv[1:]], seed=settings.seed, finished=False
        )
        write_json(folder / PROVENANCE, origin)
        finished = False
        try:
            carry_out(tasks(problems, settings), folder / ACCURACY)
            finished = True
        finally:
            write_json(folder / PROVENANCE, origin | {"finished": finished})
            written = write_report(folder)
    return written


def _shown(todo: Sequence[Task]) -> Iterator[Task]:
    """Pass tasks on; show how far it is where someone may be watching."""
    if not sys.stderr.isatty():
        yield from todo
        return
    from tqdm import tqdm

    with tqdm(todo, unit=" tasks", leave=False) as bar:
        for task in bar:
            bar.set_description(" ".join(map(str, (task.kind, *task.about.values()))))
            yield task
