"""Begin a run: resume what its folder holds, or move an older run aside.

A run has a name of its own, which each of its records bears; nothing is measured here.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradmethods.errors import GradientError
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    MILLION,
    PROVENANCE,
    PYTEST,
    RECORDS,
    read_origin,
    write_json,
)
from gradmethods.output.run_folder import PREVIOUS, remove_listed

SAME = ("source", "machine", "python", "packages", "blas", "seed")
"""Provenance that a run must share with the one that it resumes, beside the commit."""


CHANGING = ("budget", "reported")
"""Provenance that differs at each start of a run."""


def begin(
    path: Path,
    now: Mapping[str, Any],
    *,
    options: Sequence[str] = (),
    resume: bool | None = None,
    kept: Callable[[], str],
    clear: Callable[[], object],
) -> dict[str, Any]:
    """Resume the run in a folder, or move it aside for a new one; say which, and why.

    Parameters
    ----------
    path : pathlib.Path
        The provenance in the folder.
    now : dict
        That of a run that starts now.
    options : sequence of str
        Further entries that must be the same.
    resume : bool, optional
        By default an unfinished run is gone on with if it is the same, else a new one starts.
        True insists on the former, and takes a finished run too; False on the latter. A run is
        unfinished if its provenance says so of ``finished``, or of its report, ``reported``.
    kept : callable
        Says what the folder holds, in words.
    clear : callable
        Moves an earlier run away.

    Returns
    -------
    dict
        The provenance that was written: unfinished.

    Raises
    ------
    GradientError
        If there is nothing to go on with, and that was insisted on.
    """
    before = read_origin(path)
    obstacle = None if before is None else difference(before, now, options)
    if resume:
        if before is None:
            raise GradientError("There is no run to go on with in this folder. Start a new one.")
        if obstacle is not None:
            raise GradientError(
                f"Cannot go on with the run in this folder: {obstacle}. Start a new run without "
                "--resume."
            )
    elif before is not None and resume is None and not _is_unfinished(before):
        obstacle = "it is finished"
    elif resume is False:
        obstacle = "as asked for"
    origin: dict[str, Any]
    if before is not None and obstacle is None:
        say(f"Going on with the run of {before.get('date')} in {path.parent}: {kept()}.")
        times = before.get("resumed", 0)
        origin = before | {"finished": False, "resumed": times + 1 if type(times) is int else 1}
        origin |= {name: now[name] for name in CHANGING if name in now}
    else:
        if before is not None:
            say(
                f"Starting a new run; that of {before.get('date')} in {path.parent} is not gone on "
                f"with: {obstacle}. Its records move to previous/."
            )
        clear()
        origin = {**now, "finished": False, "run_id": secrets.token_hex(6)}
    write_json(path, origin)
    return origin


def difference(
    before: Mapping[str, Any], now: Mapping[str, Any], options: Sequence[str] = ()
) -> str | None:
    """Say in what two runs differ so that they must not mix; None if they do not.

    Examples
    --------
    >>> difference(
    ...     {"python": "3.11", "packages": {"numpy": "2.0"}},
    ...     {"python": "3.11", "packages": {"numpy": "2.1"}},
    ... )
    'its packages, numpy, was 2.0, now it is 2.1'
    """
    gits = [origin.get("git") for origin in (before, now)]
    commits = [git.get("commit") if isinstance(git, Mapping) else None for git in gits]
    pairs = {"commit": commits}
    pairs |= {name: [before.get(name), now.get(name)] for name in (*SAME, *options)}
    for name, (old, new) in pairs.items():
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            part = next(key for key in {**old, **new} if old.get(key) != new.get(key))
            return f"its {name}, {part}, was {old.get(part)}, now it is {new.get(part)}"
        return f"its {name} was {old}, now it is {new}"
    return None


def _is_unfinished(origin: Mapping[str, Any]) -> bool:
    return origin.get("finished") is False or origin.get("reported") is False


def clear(folder: Path) -> None:
    """Make room for a new run: records move to ``previous/``, what was made of them goes.

    Only files that a run wrote are touched.
    """
    remove_listed(folder)
    million = [f"million/{name}" for name in MILLION]
    names = (RECORDS, ACCURACY, CLAIMS, DERIVATIONS, PYTEST, *million, PROVENANCE)
    move_aside(folder, names)


def move_aside(folder: Path, names: Sequence[str]) -> None:
    """Move a run's files, its provenance named last, to ``previous/``, which keeps one run.

    A run that has measured nothing replaces nothing there. The provenance moves first: a kill
    before that changes nothing in the folder, and after it the rest just follows.
    """
    *records, provenance = names
    held = [name for name in records if (folder / name).exists()]
    if held and (folder / provenance).exists():
        for name in names:
            (folder / PREVIOUS / name).unlink(missing_ok=True)
        held.insert(0, provenance)
    for name in held:
        (folder / PREVIOUS / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).replace(folder / PREVIOUS / name)


def say(text: str) -> None:
    """Print a line about the progress of a run; its results go to files."""
    with suppress(OSError, ValueError):  # that nobody reads it is no reason to end a run
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
