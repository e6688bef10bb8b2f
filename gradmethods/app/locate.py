"""Find what a command line names, in the catalogue or in a user's file."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradmethods import problems
from gradmethods.core.black_box import LOST, BlackBox, black_boxes_taken
from gradmethods.core.problem import Problem
from gradmethods.core.user_files import failing, variable_of
from gradmethods.errors import GradientError, InvalidOption, UnknownName
from gradmethods.problems import Family, hard


def find_problem(name: str, size: Sequence[str] = ()) -> Problem:
    """Return the problem called `name`.

    Parameters
    ----------
    name : str
        A name of the catalogue or of a hard case, or ``path/to/file.py:variable``, where the
        variable holds a `Problem`, a function without arguments that returns one, or a `Family`.
    size : sequence of str
        Options of a catalogue problem as ``option=value``; a value with commas is a tuple.

    Raises
    ------
    UnknownName
        If there is no such problem, file or variable.
    InvalidOption
        If an option is not of that form, or is given with a file.
    InvalidProblem
        If the file cannot be imported, or its function fails; the cause is the file's own error.
    """
    path, colon, variable = name.rpartition(":")
    if colon and path.endswith(".py") and variable:
        return _from_file(Path(path), variable, dict(map(_option, size)))
    file = name.removesuffix(":")
    if file.endswith(".py"):
        raise UnknownName(
            f"{name!r} names a file; add the variable that holds the problem, as in {file}:problem."
        )
    stem, _, variable = name.partition(":")
    if Path(f"{stem}.py").is_file() and name not in _known():
        raise UnknownName(
            f"{name!r} is no problem of the catalogue. For a problem of the file {stem}.py, name "
            f"the variable that holds it: {stem}.py:{variable or 'problem'}."
        )
    family = find_family(name)
    if family.name not in hard.CASES:
        return problems.get(name, **dict(map(_option, size)))
    if size:
        raise InvalidOption(f"The hard case {name!r} has no options: its point is what is hard.")
    return family.build()


def find_family(name: str) -> Family:
    """Return the description of a problem of the catalogue or of a hard case.

    Raises
    ------
    UnknownName
        If there is no such problem.
    """
    known = _known()
    if name not in known:
        raise UnknownName.among("problem", name, known)
    return known[name]


def _known() -> dict[str, Family]:
    return problems.FAMILIES | problems.FIELD | problems.REAL | hard.CASES


GRADIENT = "gradient"
"""Default name of the gradient in the files of a folder."""


def find_gradients(names: Sequence[str]) -> dict[str, Any]:
    """Return gradients by short names; one that is missing is returned as its error.

    Parameters
    ----------
    names : sequence of str
        Each as `find_gradient` takes it, or a folder, ``path/to/folder`` or
        ``path/to/folder:variable``, in all files of which the variable is a gradient.

    Raises
    ------
    UnknownName, InvalidOption, InvalidProblem
        Where a single file has no such gradient; in a folder that is an answer.
    """
    found: dict[str, Any] = {}
    for name in names:
        path, colon, variable = name.rpartition(":")
        folder = Path(path if colon and not Path(name).is_dir() else name)
        if not folder.is_dir():
            found[_unlike(found, name.rpartition(":")[2], name)] = find_gradient(name)
            continue
        files = sorted(folder.glob("*.py"))
        if not files:
            raise UnknownName(f"There is no .py file in the folder {str(folder)!r}.")
        for file in files:
            try:
                each = find_gradient(f"{file}:{variable if colon else GRADIENT}")
            except GradientError as error:
                each = error
            found[_unlike(found, file.stem, str(file))] = each
    return found


def _unlike(found: dict[str, Any], short: str, long: str) -> str:
    """Return a short name, or the whole one if the short name is taken."""
    return short if short not in found else long


def find_gradient(name: str) -> Any:
    """Return the gradient called `name`, to be checked.

    Parameters
    ----------
    name : str
        ``path/to/file.py:variable``, where the variable holds a function of the parameters, or the
        values of a gradient.

    Raises
    ------
    UnknownName
        If there is no such file or variable.
    InvalidOption
        If `name` is not of that form.
    InvalidProblem
        If the file cannot be imported; the cause is the file's own error.
    """
    path, colon, variable = name.rpartition(":")
    if not (colon and path.endswith(".py") and variable):
        raise InvalidOption(
            f"{name!r} does not name a gradient. Name a file and a variable in it, as in "
            "path/to/file.py:my_gradient."
        )
    return variable_of(Path(path), variable, inspect.isfunction)


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidOption(f"Expected OPTION=VALUE, got {text!r}; for example n=20.")
    return key.strip(), _value(value.strip())


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text  # a word, such as an activation


def _from_file(path: Path, variable: str, size: dict[str, Any]) -> Problem:
    found = variable_of(path, variable, lambda value: isinstance(value, (Problem, Family)))
    if isinstance(found, Family):
        return found.build(**size)
    if size:
        raise InvalidOption("Options belong to families of problems, not to a problem of a file.")
    if callable(found):
        if not _without_arguments(found):
            raise UnknownName(
                f"{variable!r} in {path} is a function that takes arguments, such as a loss. Name "
                "a gradmethods.Problem, as in problem = gm.Problem(loss, params, data), or a "
                "function without arguments that returns one."
            )
        with failing(f"{variable}() in {path}", path), black_boxes_taken():
            found = found()
    if not isinstance(found, Problem):
        raise UnknownName(
            f"{variable!r} in {path} is a {type(found).__name__}; expected a gradmethods.Problem "
            "or a function without arguments that returns one."
        )
    if isinstance(found.loss, BlackBox) and not found.loss.asked:
        sys.stderr.write(
            f"The loss {found.name!r} takes no xp, and is taken as a black box. {LOST}. To have "
            "all, write def loss(params, *, xp=np).\n"
        )
    return found


def _without_arguments(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    except ValueError:  # written in C: its arguments are not known
        return True
    return True
