"""What the command has to do with the system that runs it: signals, streams and errors of files."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

PIPE = 13
"""The number of the signal that ends a program whose reader is gone; Windows has none."""

_ROOM = "Make room and run the command again; what was finished is kept."
_RIGHTS = "Change its permissions, or name another place."

ADVICE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "Name a place that can be written to.",
}
"""What to do about an error of the system."""


class Stopped(BaseException):
    """Raised where the command was when the system asked it to end.

    Not a `KeyboardInterrupt`, after which a run still writes its report: who sends this does not
    wait for long.

    Attributes
    ----------
    number : int
        That of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in this block when the system asks the process to end, as `kill` does.

    A signal that is ignored, as under ``nohup``, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise Stopped(number)

    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    ours = [n for n in numbers if n is not None and signal.getsignal(n) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def open_streams() -> None:
    """Let a stream that was closed lead nowhere, and none fail at a letter that it cannot show."""
    # A file takes the lowest number that is free: without this, a record would take that of the
    # standard output, and what is printed would be written into it.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  # for as long as we live
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def drop(stream: Any) -> None:
    """Let what is still to be written to a stream go nowhere, instead of failing at the end."""
    with suppress(OSError, ValueError):
        number = os.open(os.devnull, os.O_WRONLY)
        os.dup2(number, stream.fileno())
        os.close(number)


def of_system(error: OSError) -> str:
    """Say in a line what the system refused, of what file, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    if not where:
        try:
            Path.cwd()
        except OSError:
            return "the folder that you are in is gone. Go to another one."
    advice = ADVICE.get(error.errno or 0, "")
    return f"{where}{error.strerror or error}{f'. {advice}' if advice else ''}"
