"""Names that users give: exact strings inside, printable text where they are shown, never code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gradmethods.errors import InvalidProblem

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Replacement for a character that cannot be shown."""

LONGEST = 60
"""Number of characters of a name that are shown in a program or a drawing."""


def exact(name: str) -> str:
    """Return a name as a string of Python's own.

    Members of enumerations, NumPy's strings and a user's subclasses may write themselves otherwise,
    and run code when they do.

    Examples
    --------
    >>> import numpy as np
    >>> exact(np.str_("W"))
    'W'
    """
    return str.__str__(name)


def by_exact_names(what: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dict under exact names.

    Raises
    ------
    InvalidProblem
        If two of the names become the same.
    """
    named = {exact(name): value for name, value in given.items()}
    if len(named) < len(given):
        raise InvalidProblem(
            f"Two {what} have the same name, as strings: {[*map(exact, given)]}. Rename one."
        )
    return named


def printable(text: str) -> str:
    r"""Return a text in one line, without characters that end a line, a page or a file early.

    Examples
    --------
    >>> printable("a\nb\x00")
    'a b�'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else UNKNOWN for c in text)


def brief(name: str) -> str:
    """Return a name as it is shown where room is scarce.

    Examples
    --------
    >>> len(brief("w" * 5000))
    60
    """
    text = printable(name)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def called(function: Any, otherwise: str) -> str:
    """Return the name of a function, or of an object's class; something else for a lambda.

    Examples
    --------
    >>> called(called, "loss"), called(lambda w: w, "loss")
    ('called', 'loss')
    """
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        name = type(function).__name__
    return otherwise if name == "<lambda>" else name


def file_part(name: str) -> str:
    """Return a name as part of a file name: short, without slashes or spaces.

    Examples
    --------
    >>> file_part("mine & more")
    'mine---more'
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name) or "-"
    if len(plain) <= LONGEST:
        return plain
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return f"{plain[: LONGEST - 9]}-{digest}"
