"""A run of the accuracy report: certify, judge, sweep steps; every result is on disk at once.

Nothing of the report is written here.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradmethods.app.runs.accuracy_tasks import Task
from gradmethods.core.deadline import deadline
from gradmethods.core.naming import file_part
from gradmethods.errors import InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    append_record,
    locked,
    records_so_far,
    write_json,
)
from gradmethods.report import write_report
from gradmethods.timing.provenance import provenance


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
    end = math.inf if seconds is None else time.monotonic() + seconds
    finished = 0
    try:
        for task in _shown(waiting):
            limit = deadline(end - time.monotonic())
            try:
                with limit:
                    record = task.record()
            except limit.passed:
                break
            append_record(path, record)
            finished += 1
    except KeyboardInterrupt:
        for task in waiting[finished:]:
            append_record(path, task.gap("not run", "The run was interrupted before this."))
        raise
    for task in waiting[finished:]:
        append_record(path, task.gap("budget", "The time for accuracy was used up."))


def assess(todo: Sequence[Task], out: Path | str, seed: int = 0) -> list[Path]:
    """Do tasks in a folder of their own; write records, tables, figures and a report.

    Parameters
    ----------
    todo : sequence of Task
        From `tasks`.
    out : path
        Folder to write to; an earlier run there moves to ``previous/``.
    seed : int, default 0
        Of their samples, for the provenance.

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
    folder = Path(out).resolve()
    with locked(folder):
        clear(folder)
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        origin = provenance(command, seed=seed, finished=False)
        write_json(folder / PROVENANCE, origin)
        finished = False
        try:
            carry_out(todo, folder / ACCURACY)
            finished = True
        finally:
            write_json(folder / PROVENANCE, origin | {"finished": finished})
            written = write_report(folder)
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
