"""Write a report again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new

PLACE = 150


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "report",
        "write tables, plots and report again from a run's records; measure nothing",
        "gradmethods report results/latest\n"
        "  gradmethods report results/full --publish results/reference",
    )
    command.add_argument("out", type=Path, help="folder of a run")
    command.add_argument(
        "--publish",
        type=Path,
        metavar="FOLDER",
        help="write the run there as it is committed: records without single rounds, the page, and "
        "one file of each figure and table",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.report import write_report
    from gradmethods.report.publish import publish
    from gradmethods.report.summary import summary

    if options.publish is not None:
        publish(options.out, options.publish)
        print(f"The run is in {options.publish}.")
        return 0
    write_report(options.out)
    print(summary(options.out), end="")
    return 0
