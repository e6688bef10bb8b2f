"""A run of the accuracy report: certify, judge, sweep steps; every result is on disk at once.

Nothing of the report is written here.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gradmethods.app.runs.progress import Progress
from gradmethods.comparison.kills import kill_table
from gradmethods.core.deadline import deadline
from gradmethods.core.naming import file_part
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    append_record,
    records_so_far,
    write_json,
)
from gradmethods.output.run_folder import folder_of, locked
from gradmethods.providers import get_provider
from gradmethods.providers.attempt import Gap, attempt
from gradmethods.providers.registry import traits
from gradmethods.providers.schemes import NAMES
from gradmethods.report import write_report
from gradmethods.studies.accuracy.hard_cases import hard_case_rows
from gradmethods.studies.accuracy.step_sweeps import DTYPES, PER_DECADE, curve
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import VARIANTS, gradient_record, reference_record
from gradmethods.timing.provenance import provenance

MOST = 2000
"""Number of parameters up to which whole gradients are certified, and not a sample."""

LONG = 50
"""Number of parameters from which formulas written out take so long that they come last."""

FIRST = 3
"""Problems whose step sweeps come before planted mistakes and the other sweeps."""

REFERENCE, GRADIENT, PLANTED = "reference", "gradient", "planted"
GALLERY, ATLAS = "gallery", "atlas"
"""Kinds of records."""

TIMES = ("preparation", "seconds", "cost")
"""Entries of records that are times."""


@dataclass(frozen=True)
class Settings:
    """How thoroughly a run measures accuracy.

    Attributes
    ----------
    seconds : float
        Seconds to time each provider on each problem.
    per_decade : int
        Steps of each sweep in a decade.
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
        """The name of the task in the records."""
        return "/".join([self.kind, *map(str, self.about.values())])

    def record(self) -> dict[str, Any]:
        """Do the task and return its record: a gap with its reason if there is no answer."""
        found = attempt(self.work, self.limit)
        if isinstance(found, Gap):
            return self.gap(found.kind, found.reason)
        return {"key": self.key, "kind": self.kind, **self.about, "outcome": "measured", **found}

    def gap(self, kind: str, reason: str) -> dict[str, Any]:
        """Return the record of a task that was not done."""
        head = {"key": self.key, "kind": self.kind, **self.about}
        return head | {"outcome": "gap", "gap": kind, "reason": reason}


def tasks(
    problems: Sequence[Problem],
    settings: Settings | None = None,
    *,
    judged_alone: Sequence[Problem] = (),
    hard: bool = False,
) -> list[Task]:
    """List the tasks of a run, the most valuable ones first.

    Parameters
    ----------
    problems : sequence of Problem
        With different names.
    settings : Settings, optional
        How thoroughly.
    judged_alone : sequence of Problem
        Others, on which every provider is judged, and nothing else is looked at.
    hard : bool, default False
        Whether the hard cases belong to it.
    """
    settings = settings or Settings()
    references: list[Task] = []
    gradients: list[Task] = []
    plants: list[Task] = []
    curves: list[Task] = []
    late: list[Task] = []
    for problem in (*problems, *judged_alone):
        about, dtype = {"problem": problem.name}, str(problem.dtype)
        for precision in DTYPES:
            subject = Subject(problem, precision, seed=settings.seed)
            if precision == dtype and subject.components < problem.size <= MOST:
                judged = Subject(problem, precision, MOST)
            elif precision == dtype:
                judged = subject
            for scheme in NAMES if problem in problems else ():
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
        if judged.is_whole and problem in problems:
            plants.append(Task(PLANTED, about, partial(_planted, problem)))
    sizes = {problem.name: problem.size for problem in problems}
    curves.sort(key=lambda task: (DTYPES.index(task.about["dtype"]), sizes[task.about["problem"]]))
    extra = hard_tasks() if hard else []
    first = len(NAMES) * FIRST
    return [
        *references, *gradients, *extra, *curves[:first], *plants, *curves[first:], *late
    ]  # fmt: skip


def hard_tasks() -> list[Task]:
    """List the tasks that judge every method on the hard cases."""
    from gradmethods.problems import hard

    return [Task(GALLERY, {"problem": name}, partial(_hard_case, name)) for name in hard.names()]


def _hard_case(name: str) -> dict[str, Any]:
    return {"rows": hard_case_rows([name])}


def _planted(problem: Problem) -> dict[str, Any]:
    return {"rows": kill_table([problem]).to_dict("records")}


def carry_out(
    todo: Sequence[Task],
    path: Path,
    seconds: float | None = None,
    shown: Progress | None = None,
    executor: Any = None,
) -> None:
    """Do tasks until they are done or the time is up; append a record for each, done or not.

    Parameters
    ----------
    todo : sequence of Task
        In order of worth. What has a record that is no gap already is not done again.
    path : pathlib.Path
        The file of records.
    seconds : float, optional
        Time limit; none by default. What does not fit is a gap.
    shown : Progress, optional
        Shows how far it is.
    executor : concurrent.futures.Executor or callable, optional
        Does the tasks, in any order; then nothing is timed. Records come in the order of tasks.
    """
    done = {r["key"] for r in records_so_far(path) if r["outcome"] == "measured"}
    waiting = [task for task in todo if task.key not in done]
    end = math.inf if seconds is None else time.monotonic() + seconds
    finished = 0
    shown = shown or Progress(1, lambda: None if seconds is None else end - time.monotonic())
    try:
        records = recorded(waiting, executor)
        with closing(records), shown.phase("accuracy", len(waiting)):
            for task in waiting:
                limit = deadline(end - time.monotonic())
                try:
                    with limit:
                        record = next(records)
                except limit.passed:
                    break
                append_record(path, record)
                finished += 1
                shown.step(" ".join(map(str, (task.kind, *task.about.values()))))
    except KeyboardInterrupt:
        for task in waiting[finished:]:
            append_record(path, task.gap("not run", "The run was interrupted before this."))
        raise
    for task in waiting[finished:]:
        append_record(path, task.gap("budget", "The time for accuracy was used up."))


def recorded(todo: Sequence[Task], executor: Any = None) -> Generator[dict[str, Any], None, None]:
    """Do tasks, here or by an executor, and yield their records in order."""
    if executor is None:
        yield from (task.record() for task in todo)
        return
    from gradmethods.core.shipping import Parcel
    from gradmethods.core.workers import Workers

    workers = Workers(executor)
    parts = ((partial(_named, task.key), (i,)) for i, task in enumerate(todo))
    try:
        yield from workers.map(record_of, (Parcel(tuple, list(todo)),), parts)
    finally:
        workers.close()


def record_of(todo: Sequence[Task], i: int) -> dict[str, Any]:
    """Do a task: what a worker does. What it took is nobody's time, and left out."""
    record = todo[i].record()
    return record | {name: None for name in TIMES if name in record}


def _named(key: str) -> str:
    return f"The task {key}"


def assess(todo: Sequence[Task], out: Path | str, *, executor: Any = None) -> list[Path]:
    """Do tasks in a folder of their own; write records, tables, figures and a report.

    Parameters
    ----------
    todo : sequence of Task
        From `tasks`.
    out : path
        Folder to write to; an earlier run there moves to ``previous/``.
    executor : concurrent.futures.Executor or callable, optional
        Who does them, as in `carry_out`.

    Returns
    -------
    list of pathlib.Path
        What was written, the report first.

    Raises
    ------
    InvalidOption
        If two tasks are about the same, as for two problems of one name.
    GradientError
        If another run is writing to the folder.
    """
    from gradmethods.app.runs.begin import clear

    _check_distinct(todo)
    folder = folder_of(out)
    with locked(folder):
        clear(folder)
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        origin = provenance(command, seed=0, finished=False)
        write_json(folder / PROVENANCE, origin)
        stopped: KeyboardInterrupt | None = None
        try:
            carry_out(todo, folder / ACCURACY, executor=executor)
        except KeyboardInterrupt as error:
            stopped = error
        write_json(folder / PROVENANCE, origin | {"finished": stopped is None})
        written = write_report(folder)
        if stopped is not None:
            raise stopped
    return written


def _check_distinct(todo: Sequence[Task]) -> None:
    keys = [task.key for task in todo]
    repeated = sorted(
        {str(task.about.get("problem", task.key)) for task in todo if keys.count(task.key) > 1}
    )
    if repeated:
        raise InvalidOption(
            f"Problems need different names; several are called {repeated[0]!r}. Name them with "
            "gm.Problem(…, name=…)."
        )
    # Of each problem there are figures, in files that its name is a part of.
    parts: dict[str, str] = {}
    for name in dict.fromkeys(
        str(task.about["problem"]) for task in todo if "problem" in task.about
    ):
        other = parts.setdefault(file_part(name), name)
        if other != name:
            raise InvalidOption(
                f"The problems {other!r} and {name!r} would have figures in files of one name. "
                "Give them names that differ in more than signs."
            )
