"""List the catalogue, or describe one problem of it."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from gradmethods.app.arguments import new

PLACE = 10


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "problems",
        "list the problems of the catalogue",
        "gradmethods problems mlp\n  gradmethods problems --hard",
    )
    command.add_argument("name", nargs="?", help="describe this one")
    command.add_argument("--hard", action="store_true", help="list the hard cases instead")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods import problems
    from gradmethods.app.locate import find_family
    from gradmethods.output.terminal import plain
    from gradmethods.problems import hard

    if options.name:
        family = find_family(options.name)
        print(f"{family.name}: {family.title}\n")
        print(textwrap.fill(f"formula: {plain(family.formula)}", 100, subsequent_indent="  "))
        for label in ("domain", "hard", "source"):
            print(textwrap.fill(f"{label}: {getattr(family, label)}", 100, subsequent_indent="  "))
        if family.options:
            print("options: " + ", ".join(f"{k}={v!r}" for k, v in family.options.items()))
        return 0
    shelf = hard if options.hard else problems
    names = hard.names() if options.hard else problems.names(field=True, real=True)
    families = [shelf.describe(name) for name in names]
    width = max(map(len, names))
    for family in families:
        absent = " (not installed)" if family.missing() else ""
        print(f"{family.name:{width}}  {family.title}{absent}")
    for reason in {family.missing() for family in families} - {None}:
        print(f"\n{reason}")
    return 0
