"""Load variables of a user's file, named as ``path/to/file.py:variable``.

Nothing here knows what they are.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from gradmethods.core.black_box import black_boxes_taken
from gradmethods.core.tracebacks import in_words
from gradmethods.errors import GradientError, InvalidProblem, UnknownName

STATE = "__gradmethods_state__"
"""Attribute of a loaded module that holds the path, time and size of its file."""


def variable_of(path: Path, variable: str, fits: Callable[[Any], bool]) -> Any:
    """Return a variable of a file; if there is none, suggest those that fit."""
    if not path.is_file():
        raise UnknownName(f"There is no file {str(path)!r}.")
    module = load_file(path)
    if not hasattr(module, variable):
        known = [name for name, value in vars(module).items() if fits(value)]
        raise UnknownName.among(f"variable in {path}", variable, known)
    return getattr(module, variable)


def load_file(path: Path) -> ModuleType:
    """Import a user's file, once for each state of it; losses without `xp` are black boxes in it.

    Raises
    ------
    InvalidProblem
        If it fails; the cause is its own error.
    """
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
        with failing(str(path), path), black_boxes_taken():
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
def failing(what: str, path: Path) -> Iterator[None]:
    """Say what a user's code raised and where; its own traceback is the cause of ours."""
    try:
        yield
    except GradientError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidProblem(f"{what} fails with {in_words(error)}. {_hint(what, path)}") from error


def _hint(what: str, path: Path) -> str:
    if what == str(path):
        return f"Run python {path} to see the traceback, and repair the file."
    return f"Call it in {path} and run the file to see the traceback."
