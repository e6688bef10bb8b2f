"""Say where a loss or its gradient becomes NaN, infinite, or short of digits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, new

PLACE = 70


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "explain",
        "find the operations of a loss that make a NaN or an infinity, or lose digits",
        "gradmethods explain log-sum-exp-plain\n"
        "  gradmethods explain path/to/file.py:problem --csv findings.csv",
    )
    add_problem(command)
    command.add_argument("--csv", type=Path, help="write a row per finding to this file too")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status: 1 if an operation was found."""
    from gradmethods.app.locate import find_problem
    from gradmethods.comparison.explain import explain
    from gradmethods.output.files import check_target, csv_text, write_text

    if options.csv:
        check_target(options.csv)
    explanation = explain(find_problem(options.problem, options.size))
    print(explanation)
    if options.csv:
        write_text(options.csv, csv_text(explanation.table))
        print(f"\nThe table is in {options.csv}.")
    return 0 if explanation.ok else 1
