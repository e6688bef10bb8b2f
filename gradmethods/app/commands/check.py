"""Check gradients that a user wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, add_providers, names_of, new
from gradmethods.errors import InvalidOption

PLACE = 30


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "check",
        "check gradients that you wrote against the certified one",
        "gradmethods check path/to/file.py:problem --gradient path/to/file.py:my_gradient\n"
        "  gradmethods check file.py:problem --gradient a.py:g --gradient b.py:g --csv class.csv\n"
        "  gradmethods check file.py:problem --gradient students/:gradient --markdown class.md",
    )
    add_problem(command)
    command.add_argument(
        "--gradient",
        action="append",
        default=[],
        metavar="FILE.py:NAME",
        help="a function of the parameters, and of the data by name if it wants them; or values; "
        "or FOLDER:NAME, in all files of the folder (NAME is gradient if left out); may be "
        "repeated: several give one table",
    )
    add_providers(command, "none")
    command.add_argument(
        "--rtol",
        type=float,
        default=0.0,
        help="an error to accept, relative to an entry, or to the root mean square of its array "
        "if that is larger (default: what rounding may do)",
    )
    command.add_argument("--csv", type=Path, help="write the table to this file too")
    command.add_argument("--markdown", type=Path, help="write the table to this file too")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_gradients, find_problem
    from gradmethods.comparison import check_gradient, check_gradients
    from gradmethods.output.files import check_target, csv_text, write_text
    from gradmethods.providers import get_provider

    names = names_of(options.providers) or []
    if not options.gradient and not names:
        raise InvalidOption("Name a gradient to check: --gradient path/to/file.py:my_gradient.")
    for target in filter(None, (options.csv, options.markdown)):
        check_target(target)
    problem = find_problem(options.problem, options.size)
    gradients = find_gradients(options.gradient) | {name: get_provider(name) for name in names}
    alone = len(gradients) == 1 and not any(isinstance(g, Exception) for g in gradients.values())
    made: Any
    if alone:
        (gradient,) = gradients.values()
        made = check_gradient(gradient, problem, rtol=options.rtol)
    else:
        made = check_gradients(gradients, problem, rtol=options.rtol)
    print(made)
    if options.csv:
        write_text(options.csv, csv_text(made.table, index=True))
        print(f"\nThe table is in {options.csv}.")
    if options.markdown:
        write_text(options.markdown, f"{made.table.to_markdown(floatfmt='.3g')}\n")
        print(f"\nThe table is in {options.markdown}.")
    return int(made.status)
