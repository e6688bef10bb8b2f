"""What goes to a worker and what runs there: parcels, sent once to each, and tasks that name them.

A task names its parcels by digest. A worker that does not hold one says so, and the task comes
again with the content. Nothing here knows what the work is.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import multiprocessing
import os
import pickle
import platform
import sys
import threading
import time
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, cached_property, partial
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradmethods.core.deadline import deadline
from gradmethods.core.problem import Problem
from gradmethods.core.user_files import STATE, load_file
from gradmethods.errors import UnsupportedOperation

HELD = 8
"""Parcels that a worker holds: of more, those that were not used for longest are dropped."""

DEPTH = 16
"""How deep to look for the part of an object that cannot be pickled."""


class Parcel:
    """An object that workers hold: made there once, by ``make(*arguments)``.

    Parameters
    ----------
    make : callable
        A function of a module.
    *arguments
        Losses in them that Python's own pickle cannot write are sent if cloudpickle is installed.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self.make, self.arguments = make, arguments

    @cached_property
    def content(self) -> bytes:
        """What is sent.

        Raises
        ------
        UnsupportedOperation
            If a part of it cannot be.
        """
        return packed((self.make, self.arguments))

    @cached_property
    def digest(self) -> str:
        """The name of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def made(self) -> Any:
        """The object itself, for threads of this process."""
        return self.make(*self.arguments)


class Task(NamedTuple):
    """A piece of work: ``function(*held, *arguments)``.

    Attributes
    ----------
    function : callable
        Of a module.
    parcels : tuple of (str, bytes, Parcel or None)
        Names of what it is given first, and each as content, as itself (for a thread), or None.
    arguments : tuple
        What it is given after that.
    seconds : float
        After which it is stopped.
    home : tuple
        `surroundings` that give the same numbers.
    sender : int
        The process that sends it.
    number : int
        Tells it from its repetitions.
    """

    function: Callable[..., Any]
    parcels: tuple[tuple[str, Any], ...]
    arguments: tuple[Any, ...]
    seconds: float
    home: tuple[str, ...]
    sender: int
    number: int


DONE, MISSING, LATE, FAILED, UNLIKE, UNREADABLE = (
    "done", "missing", "late", "failed", "unlike", "unreadable",
)  # fmt: skip
"""What came of a task."""


class Answer(NamedTuple):
    """What a worker answers: what came of the task, and its result, or what went wrong."""

    kind: str
    result: Any
    worker: str
    seconds: float = 0.0


_held: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()
_home_pid = 0
"""The process that sends tasks; another one, if it was forked from it, is a worker's."""


def perform(task: Task) -> Answer:
    """Do a task: this is what runs in a worker."""
    start = time.perf_counter()
    return _performed(task)._replace(seconds=time.perf_counter() - start)


def _performed(task: Task) -> Answer:
    worker = f"process {os.getpid()} on {platform.node()}"
    if not _pinned:
        _pin()
        _end_with(task.sender)
    here = surroundings()
    if here != task.home:
        return Answer(UNLIKE, here, worker)
    try:
        found = [_held_or_made(name, content) for name, content in task.parcels]
    except _NotHeldError:
        return Answer(MISSING, None, worker)
    except Exception as error:  # noqa: BLE001  # of a user's class or module
        return Answer(UNREADABLE, _sendable(error), worker)
    limit = deadline(task.seconds)
    try:
        with limit, np.errstate(all="ignore"):
            return Answer(DONE, task.function(*found, *task.arguments), worker)
    except limit.passed:
        return Answer(LATE, None, worker)
    except Exception as error:  # noqa: BLE001  # a loss may raise anything
        return Answer(FAILED, _sendable(error), worker)


class _NotHeldError(Exception):
    pass


def _held_or_made(name: str, content: bytes | Parcel | None) -> Any:
    with _lock:
        if isinstance(content, Parcel):
            return content.made
        if name in _held:
            _held.move_to_end(name)
            return _held[name]
        if content is None:
            raise _NotHeldError
        make, arguments = pickle.loads(content)  # noqa: S301  # what this suite sent
        _held[name] = made = make(*arguments)
        _pin()
        while len(_held) > HELD:
            _held.popitem(last=False)
        return made


_pinned: list[Any] = []


def _pin() -> None:
    """Compute with one thread for each worker, in all libraries that were loaded by now."""
    from threadpoolctl import threadpool_limits

    if os.getpid() != _home_pid:
        _pinned[:] = [threadpool_limits(limits=1)]


def _end_with(sender: int) -> None:
    """End this process when the one dies that started it and sends tasks, in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid == sender:
        threading.Thread(target=_wait_for, args=(parent,), daemon=True).start()


def _wait_for(parent: Any) -> None:
    parent.join()
    os._exit(1)  # nobody is left to tell


def sends_from_here() -> None:
    """Take note that this process sends tasks, and that its own threads are not a worker's."""
    global _home_pid  # noqa: PLW0603  # a fact about the process
    _home_pid = os.getpid()


@cache
def surroundings() -> tuple[str, ...]:
    """Return what must be the same wherever numbers are to be the same."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (f"Python {python}", f"numpy {np.__version__}", f"gradmethods {version('gradmethods')}")


def _sendable(error: Exception) -> Exception:
    """Return an error, or one that says the same if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:  # noqa: BLE001  # whatever it is, it cannot
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def packed(thing: Any) -> bytes:
    """Pickle an object, by cloudpickle if it is installed and Python's own cannot.

    Raises
    ------
    UnsupportedOperation
        If a part of it cannot be pickled; it says which, and what to do.
    """
    try:
        return _dumps(_Pickler, thing)
    except Exception as error:
        if _cloudpickle() is not None:
            with suppress(Exception):
                return _dumps(_cloud_pickler(), thing)
        path, part = _to_blame("the work", thing)
        raise UnsupportedOperation(
            f"{path} cannot be sent to workers: it is {_described(part)} ({error}). Define it with "
            "def at the top of a module that workers can import, open files and make connections "
            "inside the loss, and pass constants as data; or install cloudpickle, which comes with "
            "Dask and sends functions by value; or use a ThreadPoolExecutor, to which nothing is "
            "sent."
        ) from error


def _dumps(pickler: Any, thing: Any) -> bytes:
    content = io.BytesIO()
    pickler(content, protocol=5).dump(thing)
    return content.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        own = isinstance(thing, type | types.FunctionType) and thing.__module__ == "__main__"
        if own and _cloudpickle() is not None:
            raise pickle.PicklingError("it is defined in __main__")  # by value, then
        return _reduced(thing)


@cache
def _cloudpickle() -> Any:
    found = importlib.util.find_spec("cloudpickle")
    return None if found is None else importlib.import_module("cloudpickle")


@cache
def _cloud_pickler() -> Any:
    class Pickler(_cloudpickle().Pickler):  # type: ignore[misc]  # of an optional package
        def reducer_override(self, thing: Any) -> Any:
            reduced = _reduced(thing)
            return super().reducer_override(thing) if reduced is NotImplemented else reduced

    return Pickler


def _reduced(thing: Any) -> Any:
    """Say how problems, and what a user's file defines, are pickled; of others, nothing."""
    if isinstance(thing, Problem):
        return _problem, (type(thing), dict(vars(thing)))
    if isinstance(thing, type | types.FunctionType):
        module = sys.modules.get(thing.__module__)
        state = vars(module).get(STATE) if module is not None else None
        if state is not None and "<" not in thing.__qualname__:
            return _of_file, (state[0], thing.__qualname__)
    return NotImplemented


def _problem(kind: type[Problem], state: dict[str, Any]) -> Problem:
    problem = object.__new__(kind)
    problem.__setstate__(state)
    return problem


def _of_file(path: str, name: str) -> Any:
    return attrgetter(name)(load_file(Path(path)))


def _to_blame(path: str, thing: Any, depth: int = DEPTH) -> tuple[str, Any]:
    """Return the innermost part that cannot be pickled, and the way to it."""
    for name, part in _parts(path, thing) if depth else ():
        try:
            _dumps(_Pickler, part)
        except Exception:  # noqa: BLE001  # that is what is looked for
            return _to_blame(name, part, depth - 1)
    return path, thing


def _parts(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Problem):
        here = f"the problem {thing.name!r}"
        yield f"The loss of {here}", getattr(thing.loss, "function", thing.loss)
        yield f"The structure of the parameters of {here}", thing.structure
    elif isinstance(thing, dict):
        yield from ((f"{path}[{key!r}]", part) for key, part in thing.items())
    elif isinstance(thing, list | tuple):
        yield from ((f"{path}[{i}]", part) for i, part in enumerate(thing))
    elif isinstance(thing, partial):
        held = {"func": thing.func, "args": thing.args, "keywords": thing.keywords}
        yield from ((f"{path}.{name}", part) for name, part in held.items())
    elif isinstance(thing, types.MethodType):
        yield f"{path}.__self__", thing.__self__
    elif not isinstance(thing, type | types.FunctionType | types.ModuleType):
        held = getattr(thing, "__dict__", {})
        yield from ((f"{path}.{name}", part) for name, part in held.items())


def _described(part: Any) -> str:
    name = getattr(part, "__qualname__", "")
    if isinstance(part, types.FunctionType):
        line = f"{part.__code__.co_filename}:{part.__code__.co_firstlineno}"
        if part.__name__ == "<lambda>":
            return f"a lambda, of {line}"
        if "<locals>" in name:
            return f"the function {part.__name__} inside another function, of {line}"
        return f"the function {name} of {part.__module__}"
    if isinstance(part, type):
        return f"the class {name} of {part.__module__}"
    if hasattr(part, "fileno") and hasattr(part, "read"):
        return f"an open file, {getattr(part, 'name', part)!r}"
    return f"an object of type {type(part).__qualname__}"
