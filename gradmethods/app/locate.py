"""Find what a command line names: a problem of the catalogue, or what a user's file holds."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from gradmethods import problems
from gradmethods.core.blame import told
from gradmethods.core.problem import Problem
from gradmethods.errors import GradientError, InvalidOption, InvalidProblem, UnknownName
from gradmethods.problems import Family, hard

STATE = "__gradmethods_state__"
"""In a module of a user's file: where, when written and how long the file was."""


def find_problem(name: str, size: Sequence[str] = ()) -> Problem:
    """Return the problem called `name`.

    Parameters
    ----------
    name : str
        A name of the catalogue or of a hard case, or ``path/to/file.py:variable``, where the
        variable holds a `Problem` or a function without arguments that returns one.
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
        if size:
            raise InvalidOption("Options belong to problems of the catalogue, not to a file's.")
        return _from_file(Path(path), variable)
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
    """Tell what a problem of the catalogue or a hard case is.

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
    return _variable(Path(path), variable, _is_function)


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


def _variable(path: Path, variable: str, fits: Callable[[Any], bool]) -> Any:
    """Return a variable of a file; if there is none, suggest those that fit."""
    if not path.is_file():
        raise UnknownName(f"There is no file {str(path)!r}.")
    module = _load(path)
    if not hasattr(module, variable):
        known = [name for name, value in vars(module).items() if fits(value)]
        raise UnknownName.among(f"variable in {path}", variable, known)
    return getattr(module, variable)


def _is_function(value: Any) -> bool:
    return inspect.isfunction(value)


def _from_file(path: Path, variable: str) -> Problem:
    found = _variable(path, variable, lambda value: isinstance(value, Problem))
    if callable(found):
        if not _without_arguments(found):
            raise UnknownName(
                f"{variable!r} in {path} is a function that takes arguments, such as a loss. Name "
                "a gradmethods.Problem, as in problem = gm.Problem(loss, params, data), or a "
                "function without arguments that returns one."
            )
        with _failing(f"{variable}() in {path}", path):
            found = found()
    if not isinstance(found, Problem):
        raise UnknownName(
            f"{variable!r} in {path} is a {type(found).__name__}; expected a gradmethods.Problem "
            "or a function without arguments that returns one."
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


def _load(path: Path) -> ModuleType:
    name = _module_name(path)
    state = (str(path.resolve()), path.stat().st_mtime_ns, path.stat().st_size)
    loaded = sys.modules.get(name)
    if loaded is not None and vars(loaded).get(STATE) == state:
        return loaded  # its classes are the same ones for the problem and for the gradient
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    # A script finds the modules beside it; so does a problem's file. Dataclasses and pickles look
    # their own module up by name.
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)
    sys.modules[name] = module
    try:
        with _failing(str(path), path):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
        raise
    finally:
        if folder in sys.path:  # the file may have changed the list
            sys.path.remove(folder)
    vars(module)[STATE] = state
    return module


def _module_name(path: Path) -> str:
    """Return the file's name, or another one where a module of that name is in use."""
    name = path.stem
    taken = sys.modules.get(name)
    own = taken is not None and Path(getattr(taken, "__file__", None) or "").resolve() == (
        path.resolve()
    )
    if own or (taken is None and name not in sys.stdlib_module_names):
        return name
    return f"problem_file_{name}"


@contextmanager
def _failing(what: str, path: Path) -> Iterator[None]:
    """Say what a user's code raised and where; its own traceback is the cause of ours."""
    try:
        yield
    except GradientError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidProblem(f"{what} fails with {told(error)}. {_hint(what, path)}") from error


def _hint(what: str, path: Path) -> str:
    if what == str(path):
        return f"Run python {path} to see the traceback, and repair the file."
    return f"Call it in {path} and run the file to see the traceback."
