"""Bytes to and from the disk: no other module opens a file for writing.

A file is written beside its place, forced to the disk and then renamed; a line that is appended is
whole or not there. Nothing here knows what a file holds.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradmethods.core.naming import printable
from gradmethods.errors import GradientError

PART = ".gradmethods-*.part"
"""What a file is called until it is whole."""

LOCK = ".lock"
"""What a run locks in the folder that it writes to."""

HELD: dict[Path, tuple[int, int] | None] = {}
"""Folders that a run of this process writes to, each with the identity of its lock."""


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file as a whole: readers see the old one or the new one.

    Raises
    ------
    OSError
        If it cannot be written; then the old one is as it was.
    GradientError
        If its folder was taken away while a run writes to it.
    """
    check_held(path)
    # Beside the target: os.replace is atomic only within a file system.
    temporary = path.with_name(PART.replace("*", secrets.token_hex(8)))
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, os.O_CREAT | os.O_EXCL, content)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def write_part(path: Path, place: int, content: bytes) -> None:
    """Write into a file, from a place on, and return once it is on the disk."""
    check_held(path)
    with _named(path):
        _write(path, os.O_CREAT, content, place)


def append_line(path: Path, line: bytes) -> None:
    """Append a line, on the disk when this returns; if it cannot be whole, none of it stays."""
    check_held(path)
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.stat().st_size if path.exists() else 0
        try:
            # A line torn by a kill must not swallow this one.
            torn = before > 0 and _last_byte(path) != b"\n"
            _write(path, os.O_CREAT | os.O_APPEND, b"\n" * torn + line + b"\n")
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)
            raise


def content_of(path: Path) -> bytes | None:
    """Return what a file holds; None if there is none.

    Raises
    ------
    GradientError
        If there is something else in its place, such as a folder or a pipe.
    """
    try:
        # Before it is opened: to read from a pipe is to wait.
        if not stat.S_ISREG(path.stat().st_mode):
            raise unreadable(path, "it is not a file")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def unreadable(path: Path, why: str) -> GradientError:
    """Make the error for a file of a run that cannot be what a run wrote."""
    return GradientError(
        f"{path} cannot be read: {printable(why)}. Restore it, or remove it and run again, or "
        "choose another folder."
    )


def check_held(path: Path) -> None:
    """Refuse to write where the folder of a run was, if somebody removed or replaced it."""
    for folder, lock in HELD.items():
        if path.is_relative_to(folder) and identity(folder / LOCK) != lock:
            raise GradientError(
                f"The folder {folder} was removed or replaced while a run was writing to it. What "
                "it held is gone with it; start the run again."
            )


def identity(path: Path) -> tuple[int, int] | None:
    """Return device and number of a file, which no other has at the same time; None without one."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _write(path: Path, how: int, content: bytes, place: int | None = None) -> None:
    """Write to a file that is opened in some way: at its end, or from a place on."""
    # Windows would change line ends.
    file = os.open(path, os.O_WRONLY | how | getattr(os, "O_BINARY", 0), 0o666)
    try:
        if place is not None:
            os.lseek(file, place, os.SEEK_SET)
        left = memoryview(content)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error of the system name the file that was meant."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
