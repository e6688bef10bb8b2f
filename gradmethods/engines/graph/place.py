"""Where in a loss an error came from: the line that the user wrote, and the call in it."""

from __future__ import annotations

import inspect
import linecache
import re
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

import numpy as np

INNER = ("gradmethods.xp.array.", "gradmethods.xp.", "gradmethods.core.black_box.", "numpy.")
"""Modules, and what is within them: a user's own may be called numpy_losses."""


class Place(NamedTuple):
    """A line of a loss, and the text of the expression in it that failed ("" if unknown).

    The `function` is what the expression calls, ``np.name`` of NumPy's under whatever name; empty
    if it is no call.
    """

    file: str
    line: int
    text: str
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def in_place(self) -> bool:
        """Whether the expression is an augmented assignment, such as ``a += x``."""
        return bool(re.match(r"[^=]*[-+*/@]=", self.text))


def place_of(error: BaseException) -> Place | None:
    """Find the last line of the user's before an error left for the suite or NumPy.

    Parameters
    ----------
    error : BaseException
        Caught by the function that called the loss.
    """
    here = error.__traceback__
    found: TracebackType | None = None
    entry = here.tb_next if here else None
    while entry and not f"{entry.tb_frame.f_globals.get('__name__', '')}.".startswith(INNER):
        found, entry = entry, entry.tb_next
    if found is None:
        return None
    return place_in(found.tb_frame, found.tb_lasti, found.tb_lineno)


def calling_frame() -> FrameType | None:
    """Return the frame of the user's from which the suite was entered."""
    frame = inspect.currentframe()
    inside = False
    while frame:
        inner = f"{frame.f_globals.get('__name__', '')}.".startswith(INNER)
        if inside and not inner:
            return frame
        inside, frame = inside or inner, frame.f_back
    return None


def place_in(frame: FrameType, instruction: int, line: int) -> Place:
    """Return the place of an instruction of a frame."""
    file = frame.f_code.co_filename
    text = _expression(frame, instruction, file)
    return Place(Path(file).name, line, text, _function(text, frame))


def _expression(frame: FrameType, instruction: int, file: str) -> str:
    """Cut the expression that was evaluated out of its source; it may be gone, or never was."""
    positions = frame.f_code.co_positions()
    first, last, start, stop = next(islice(positions, instruction // 2, None))
    if first is None or first != last or start is None or stop is None:
        return ""
    line = linecache.getline(file, first, frame.f_globals)
    return line.encode()[start:stop].decode()


def _function(text: str, frame: FrameType) -> str:
    call = re.match(r"([\w.]+)\(", text)
    if not call:
        return ""
    first, *rest = call[1].split(".")
    called = frame.f_locals.get(first, frame.f_globals.get(first))
    for name in rest:
        called = getattr(called, name, None)
    name = getattr(called, "__name__", "")
    known = isinstance(called, np.ufunc) and getattr(np, name, None) is called
    return f"np.{name}" if known else call[1]
