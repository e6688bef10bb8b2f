"""Describe an error of a user's loss with the line of the user's own file that raised it."""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from pathlib import Path

from gradmethods.errors import GradientError

LONGEST = 80
"""Number of characters of a line that are shown."""

_OURS = str(Path(__file__).resolve().parents[1])
_OTHERS = tuple(
    str(Path(path).resolve())
    for path in {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
)


def user_line(error: BaseException) -> str:
    """Return the innermost line of a user's own code that an error passed through.

    Returns
    -------
    str
        ``"mine.py:12: return np.sum(z)"``; empty if it passed through none: code of this package,
        of the standard library and of what is installed is nobody's own.
    """
    frames = [
        (entry.filename, entry.lineno)
        for entry in traceback.extract_tb(error.__traceback__)
        if entry.lineno is not None and _is_own(entry.filename)
    ]
    if not frames:  # perhaps one that was put into better words did
        before = error.__cause__ or error.__context__
        return user_line(before) if before else ""
    file, line = frames[-1]
    text = linecache.getline(file, line).strip()
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 2]} …"
    return f"{Path(file).name}:{line}" + (f": {text}" if text else "")


def in_words(error: BaseException) -> str:
    """Return the message of an error, with its type if it is not ours, and the user's line."""
    said = str(error)
    if not isinstance(error, GradientError):
        said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    line = user_line(error)
    if not line or line in said:
        return said
    place = f"[{':'.join(line.split(':')[:2])}]"
    if place in said:  # whoever ran the loss told where already: what stands there is added
        return said.replace(place, f"[{line}]")
    return f"{said} [{line}]"


def is_users(error: BaseException) -> bool:
    """Tell whether a user's own code raised an error, or called what raised it."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_within(frame.filename, _OURS):
            return False
        if _is_own(frame.filename):
            return True
    return False


def _is_own(file: str) -> bool:
    if file.startswith("<"):  # code that was generated, or typed at a prompt
        return False
    return not any(_is_within(file, folder) for folder in (_OURS, *_OTHERS))


def _is_within(file: str, folder: str) -> bool:
    return Path(file).resolve().is_relative_to(folder)
