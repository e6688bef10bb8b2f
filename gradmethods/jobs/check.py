"""Check a gradient that a user wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.jobs.new import add_problem, new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "check",
        "check a gradient that you wrote against the certified one",
        "gradmethods check path/to/file.py:problem --gradient path/to/file.py:my_gradient",
    )
    add_problem(job)
    job.add_argument(
        "--gradient",
        required=True,
        metavar="FILE.py:NAME",
        help="a function of the parameters, and of the data by name if it wants them; or values",
    )
    job.add_argument("--csv", type=Path, help="write the table to this file too")
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.accuracy import check_gradient
    from gradmethods.locate import find_gradient, find_problem
    from gradmethods.output.files import check_target, csv_text, write_text

    if options.csv:
        check_target(options.csv)
    problem = find_problem(options.problem, options.size)
    check = check_gradient(find_gradient(options.gradient), problem)
    print(check)
    if options.csv:
        write_text(options.csv, csv_text(check.table, index=True))
        print(f"\nThe table is in {options.csv}.")
    return 0 if check.ok else 1
