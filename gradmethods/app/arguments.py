"""Make a sub-command, and add the arguments that several sub-commands share."""

from __future__ import annotations

import argparse
import re
from typing import Any

OUT = "folder to write to; what an earlier run wrote there is replaced (default: %(default)s)"


def new(commands: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """Make a sub-command whose help shows an example."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command


def add_problem(command: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add the arguments that name a problem."""
    command.add_argument(
        "problem",
        nargs="?" if optional else None,
        help="a name of the catalogue, or path/to/file.py:problem",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        dest="size",
        help="an option of a catalogue problem, e.g. n=20 or widths=2,8,1; may be repeated",
    )


def add_providers(command: argparse.ArgumentParser, default: str) -> None:
    """Add the argument that names providers."""
    command.add_argument(
        "--providers",
        help="names with commas between them, of ours, of peers (torch, jax, autograd), or "
        f"path/to/file.py:provider of your own (default: {default})",
    )


def names_of(text: str | None) -> list[str] | None:
    """Return the names in an argument; a comma within brackets belongs to an option."""
    if text is None:
        return None
    return [name.strip() for name in re.split(r",(?![^\[]*\])", text) if name.strip()]


def add_resume(command: argparse.ArgumentParser) -> None:
    """Add the options that say whether to resume a run; by default it is resumed if possible."""
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--resume",
        action="store_const",
        const=True,
        help="insist on going on with the run in the folder, also with a finished one that left "
        "gaps for want of time; by default one that was stopped is gone on with if code, machine "
        "and options are the same, and else a new one starts",
    )
    how.add_argument(
        "--fresh",
        action="store_const",
        const=False,
        dest="resume",
        help="start a new run in any case",
    )
