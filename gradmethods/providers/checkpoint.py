"""Finished parts of a gradient on disk, so that a run that was stopped goes on where it was.

A part is a file of plain numbers, which appears as a whole. Whatever decides the numbers is in the
name of its folder or in the file; a file that does not fit is reported, and its part done again.
Nothing that is read is executed.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import io
import marshal
import pickle
import re
import types
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.black_box import BlackBox
from gradmethods.core.problem import Problem
from gradmethods.core.shipping import surroundings
from gradmethods.core.structure import Arrays
from gradmethods.errors import InvalidOption
from gradmethods.output.disk import write_bytes

NAME = re.compile(r"(\d+)-(\d+)\.npz")
"""The file of a part, of entries from the first number to before the second."""


@dataclass
class Checkpoint:
    """The parts in a folder that belong to one work; without a folder, none.

    Attributes
    ----------
    folder : pathlib.Path or None
    ranges : list of tuple of int
        First and last entries, of files that do not overlap.
    notes : list of str
        What was found that does not belong there.
    """

    folder: Path | None = None
    ranges: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, folder: Any, problem: Problem, point: NDArray[Any], data: Arrays, more: tuple[Any, ...]
    ) -> Checkpoint:
        """Look into a folder for parts of a work.

        Raises
        ------
        InvalidOption
            If the folder is a file, or nothing tells the loss from others.
        """
        if folder is None:
            return cls()
        root = Path(folder)
        if root.exists() and not root.is_dir():
            raise InvalidOption(f"checkpoint must be a folder, and {root} is a file.")
        key = digest(identity(problem.loss), point, data, more, surroundings())
        place = root / key[:32]
        found = cls(place)
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            name = NAME.fullmatch(path.name)
            if name is None:
                found.notes.append(f"{path} is no part of a gradient; it was left as it is")
                continue
            found._add(int(name[1]), int(name[2]), problem.size, path)
        return found

    def _add(self, start: int, stop: int, size: int, path: Path) -> None:
        free = all(stop <= first or last <= start for first, last in self.ranges)
        if 0 <= start < stop <= size and free:
            self.ranges.append((start, stop))
            self.ranges.sort()
        else:
            self.notes.append(f"{path} is of other parts than the files beside it; it is not used")

    def gaps(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield all entries from one to another: what is kept, and what is between."""
        for first, last in self.ranges:
            if first < start or last > stop:
                continue
            if first > start:
                yield start, first
            yield first, last
            start = last
        if start < stop:
            yield start, stop

    def read(self, part: slice, arguments: tuple[Any, ...]) -> NDArray[np.float64] | None:
        """Return what is kept of a part, None if there is nothing that fits."""
        if self.folder is None or (part.start, part.stop) not in self.ranges:
            return None
        path = self._path(part)
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                asked, found = str(file["asked"]), file["found"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            self.notes.append(f"{path} cannot be read ({error}); it was done again")
            return None
        if asked != digest(arguments) or found.shape[-1:] != (part.stop - part.start,):
            self.notes.append(f"{path} is of other steps; it was done again")
            return None
        return np.asarray(found, np.float64)

    def write(self, part: slice, arguments: tuple[Any, ...], found: NDArray[np.float64]) -> None:
        """Keep a part."""
        if self.folder is not None:
            content = io.BytesIO()
            np.savez(content, asked=np.array(digest(arguments)), found=found)
            write_bytes(self._path(part), content.getvalue())

    def _path(self, part: slice) -> Path:
        assert self.folder is not None
        return self.folder / f"{part.start}-{part.stop}.npz"


def digest(*values: Any) -> str:
    """Return a name for plain values, the same for equal ones in every process."""
    found = hashlib.sha256()
    _update(found, values)
    return found.hexdigest()


def _update(found: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        found.update(f"array {value.dtype.str} {value.shape} ".encode())
        found.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, bytes):
        found.update(b"bytes %d " % len(value) + value)
    elif isinstance(value, tuple | list):
        found.update(f"{len(value)} of ".encode())
        for each in value:
            _update(found, each)
    elif isinstance(value, dict):
        _update(found, sorted(value.items()))
    else:
        found.update(f"{type(value).__name__} {value!r} ".encode())


def identity(loss: Any) -> tuple[Any, ...]:
    """Return what tells a loss from others: its code, the file of it, and what it holds.

    Raises
    ------
    InvalidOption
        If it holds something of which that cannot be told.
    """
    if isinstance(loss, BlackBox):
        return identity(loss.function)
    if isinstance(loss, functools.partial):
        kept = sorted(loss.keywords.items())
        return (*identity(loss.func), [identity(each) for each in (*loss.args, kept)])
    if isinstance(loss, types.MethodType):
        return (*identity(loss.__func__), identity(loss.__self__))
    if isinstance(loss, types.FunctionType):
        cells = [cell.cell_contents for cell in loss.__closure__ or ()]
        held = [*cells, loss.__defaults__ or (), sorted((loss.__kwdefaults__ or {}).items())]
        code = marshal.dumps(loss.__code__)
        return loss.__qualname__, code, _file_of(loss), [identity(each) for each in held]
    if isinstance(loss, types.ModuleType):
        return ("module", loss.__name__)
    if isinstance(loss, list | tuple):
        return tuple(identity(each) for each in loss)
    if isinstance(loss, np.ndarray):
        return (loss,)
    try:
        return (pickle.dumps(loss, 5), _file_of(type(loss)))
    except Exception as error:
        raise InvalidOption(
            f"checkpoint needs a loss that can be told from others, but it holds an object of type "
            f"{type(loss).__qualname__}, which cannot be pickled: {error}. Pass it as data, or "
            "make it inside the loss; or leave checkpoint out."
        ) from error


def _file_of(thing: Any) -> bytes:
    try:
        path = inspect.getsourcefile(thing)
    except TypeError:  # built in
        path = None
    if path is None or not Path(path).is_file():
        return b""
    return hashlib.sha256(Path(path).read_bytes()).digest()
