"""Cite the software, a run, or a figure or table."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new

PLACE = 170


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "cite",
        "print how to cite the software, a run, or one figure or table",
        "gradmethods cite\n"
        "  gradmethods cite fig-time-width --run results/reference\n"
        "  gradmethods cite tab-claims --format text",
    )
    command.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help="a figure or table, e.g. fig-time-width, whose works, caption, files and origin are "
        "printed too, or a work, e.g. baydin2018 (default: the run or, if none is named, the "
        "software)",
    )
    command.add_argument(
        "--run",
        type=Path,
        dest="folder",
        metavar="FOLDER",
        help="folder of the run (default: results/latest, or results/reference if there is none)",
    )
    command.add_argument(
        "--format", choices=("bibtex", "text"), default="bibtex", help="(default: %(default)s)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.report.cite import cite

    found = cite(options.id, options.folder)
    print("\n".join(getattr(each, options.format).strip("\n") + "\n" for each in found), end="")
    if options.format == "bibtex" and (about := found[0].about):
        print(textwrap.indent(f"\n{about}", "% ", predicate=bool).replace("% \n", "\n", 1))
    return 0
