"""Say which method to use."""

from __future__ import annotations

import argparse
from typing import Any

from gradmethods.app.arguments import add_problem, new

PLACE = 60


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "advise",
        "say which method to use for a loss, for how many gradients and digits",
        "gradmethods advise path/to/file.py:problem\n"
        "  gradmethods advise mlp --set widths=2,32,32,1",
    )
    add_problem(command)
    command.add_argument(
        "--seconds",
        type=float,
        default=0.5,
        help="time to spend on measuring each method (default: %(default)s)",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_problem
    from gradmethods.comparison import advise

    advice = advise(find_problem(options.problem, options.size), seconds=options.seconds)
    print(advice)
    return 0 if advice.able() else 1
