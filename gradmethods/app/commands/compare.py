"""Compare providers on one problem."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, add_providers, names_of, new
from gradmethods.errors import InvalidOption

PLACE = 20


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "compare",
        "hold the providers against each other on one problem, and say which to use",
        "gradmethods compare island\n"
        "  gradmethods compare mlp --set widths=2,32,32,1 --set activation=relu\n"
        "  gradmethods compare path/to/file.py:problem --gradient path/to/file.py:my_gradient\n"
        "  gradmethods compare path/to/file.py:problem --providers backprop,torch,own.py:provider",
    )
    add_problem(command)
    add_providers(command, "analytical,numerical,numerical:complex-step,backprop")
    command.add_argument(
        "--gradient",
        action="append",
        default=[],
        metavar="FILE.py:NAME",
        help="a gradient that you wrote, to compare with them: a function of the parameters, and "
        "of the data by name if it wants them; may be repeated",
    )
    command.add_argument(
        "--seconds",
        type=float,
        default=0.5,
        help="time to spend on measuring each provider; 0 measures none (default: %(default)s)",
    )
    command.add_argument(
        "--truth-seconds",
        type=float,
        default=5.0,
        help="seconds of computing that certifying the gradient may take (default: %(default)s)",
    )
    command.add_argument("--csv", type=Path, help="write the table to this file too")
    command.add_argument(
        "--plot", type=Path, help="write error against time to this SVG, PDF or PNG"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_problem
    from gradmethods.comparison import DEFAULT_PROVIDERS, compare
    from gradmethods.output.files import check_target, csv_text, write_text

    if not 0 <= options.seconds < math.inf:
        raise InvalidOption(f"--seconds must be a number from 0 on, got {options.seconds}.")
    if not 0 <= options.truth_seconds < math.inf:
        raise InvalidOption(
            f"--truth-seconds must be a number from 0 on, got {options.truth_seconds}."
        )
    if options.csv:
        check_target(options.csv)
    if options.plot:
        if options.seconds == 0:
            raise InvalidOption("--plot shows times, and --seconds 0 measures none.")
        from gradmethods.output.figures import check_format, save

        check_format(check_target(options.plot))
    problem = find_problem(options.problem, options.size)
    names = names_of(options.providers)
    chosen = [*(DEFAULT_PROVIDERS if names is None else names), *options.gradient]
    comparison = compare(
        problem, chosen, seconds=options.seconds, truth_seconds=options.truth_seconds
    )
    print(comparison)
    if options.csv or options.plot:
        print()
    if options.csv:
        write_text(options.csv, csv_text(comparison.table, index=True))
        print(f"The table is in {options.csv}.")
    if options.plot:
        save(comparison.plot().figure, options.plot)
        print(f"The plot is in {options.plot}.")
    return comparison.status
