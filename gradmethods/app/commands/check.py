"""Check a gradient that a user wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.commands.new import add_problem, new


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "check",
        "check a gradient that you wrote against the certified one",
        "gradmethods check path/to/file.py:problem --gradient path/to/file.py:my_gradient",
    )
    add_problem(command)
    command.add_argument(
        "--gradient",
        required=True,
        metavar="FILE.py:NAME",
        help="a function of the parameters, and of the data by name if it wants them; or values",
    )
    command.add_argument("--csv", type=Path, help="write the table to this file too")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_gradient, find_problem
    from gradmethods.comparison import check_gradient
    from gradmethods.output.files import check_target, csv_text, write_text

    if options.csv:
        check_target(options.csv)
    problem = find_problem(options.problem, options.size)
    check = check_gradient(find_gradient(options.gradient), problem)
    print(check)
    if options.csv:
        write_text(options.csv, csv_text(check.table, index=True))
        print(f"\nThe table is in {options.csv}.")
    return check.status
