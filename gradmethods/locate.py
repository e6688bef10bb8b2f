"""Find the problem that a command line names: one of the catalogue, or one in a user's file."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from gradmethods import problems
from gradmethods.errors import InvalidOption, UnknownName
from gradmethods.problem import Problem


def find_problem(name: str, size: Sequence[str] = ()) -> Problem:
    """Return the problem called `name`.

    Parameters
    ----------
    name : str
        A name of the catalogue, or ``path/to/file.py:variable``, where the variable holds a
        `Problem` or a function without arguments that returns one.
    size : sequence of str
        Options of a catalogue problem as ``option=value``; a value with commas is a tuple.

    Raises
    ------
    UnknownName
        If there is no such problem, file or variable.
    InvalidOption
        If an option is not of that form, or is given with a file.
    """
    path, colon, variable = name.rpartition(":")
    if colon and path.endswith(".py"):
        if size:
            raise InvalidOption("Options belong to problems of the catalogue, not to a file's.")
        return _from_file(Path(path), variable)
    if name.endswith(".py"):
        raise UnknownName(
            f"{name!r} names a file; add the variable that holds the problem, as in {name}:problem."
        )
    return problems.get(name, **dict(map(_option, size)))


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


def _from_file(path: Path, variable: str) -> Problem:
    if not path.is_file():
        raise UnknownName(f"There is no file {str(path)!r}.")
    module = _load(path)
    if not hasattr(module, variable):
        known = [name for name, value in vars(module).items() if isinstance(value, Problem)]
        raise UnknownName.among(f"variable in {path}", variable, known)
    found = getattr(module, variable)
    problem = found() if callable(found) else found
    if not isinstance(problem, Problem):
        raise UnknownName(
            f"{variable!r} in {path} is a {type(problem).__name__}; expected a gradmethods.Problem "
            "or a function without arguments that returns one."
        )
    return problem


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A script finds the modules beside it; so does a problem's file.
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module
