"""List the places of a NumPy loss that must change before it runs over xp."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new
from gradmethods.errors import InvalidOption

PLACE = 80


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "port",
        "list all places of a NumPy loss that xp does not take, and what to write instead",
        "gradmethods port path/to/file.py:loss\n"
        "  gradmethods port path/to/file.py:loss --diff | patch",
    )
    command.add_argument("loss", metavar="FILE.py:NAME", help="a loss, or a problem made of one")
    command.add_argument(
        "--diff", action="store_true", help="print the rewritten source as a unified diff instead"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status: 1 if something is in the way."""
    from gradmethods.comparison.port import port

    path, colon, name = options.loss.rpartition(":")
    if not (colon and path.endswith(".py") and name):
        raise InvalidOption(
            f"{options.loss!r} does not name a loss. Name a file and a function in it, as in "
            "path/to/file.py:loss."
        )
    found = port(Path(path), name)
    print(found.diff if options.diff else found, end="" if options.diff else "\n")
    return 1 if found.places else 0
