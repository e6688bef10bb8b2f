"""Where in a loss an error came from: the line that the user wrote, and the call in it."""

from __future__ import annotations

import linecache
import re
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

INNER = ("gradmethods.arrays.", "gradmethods.namespace.", "numpy.")
"""Modules, and what is within them: a user's own may be called numpy_losses."""


class Place(NamedTuple):
    """A line of a loss, and the text of the expression in it that failed ("" if unknown)."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def function(self) -> str:
        """What is called, as ``np.name``, if the expression is a call; empty otherwise."""
        call = re.match(r"([\w.]+)\(", self.text)
        return call[1] if call else ""

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
    file = found.tb_frame.f_code.co_filename
    return Place(Path(file).name, found.tb_lineno, _expression(found, file))


def _expression(entry: TracebackType, file: str) -> str:
    """Cut the expression that was evaluated out of its source; it may be gone, or never was."""
    positions = entry.tb_frame.f_code.co_positions()
    first, last, start, stop = next(islice(positions, entry.tb_lasti // 2, None))
    if first is None or first != last or start is None or stop is None:
        return ""
    line = linecache.getline(file, first, entry.tb_frame.f_globals)
    return line.encode()[start:stop].decode()
