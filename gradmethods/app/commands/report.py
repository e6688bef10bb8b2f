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
    from gradmethods.output.files import RECORDS, read_from, read_records
    from gradmethods.output.run_folder import folder_of, locked
    from gradmethods.report import write_report
    from gradmethods.report.publish import publish
    from gradmethods.report.summary import summary

    if options.publish is not None:
        publish(options.out, options.publish)
        print(f"The run is in {options.publish}.")
        return 0
    folder = folder_of(options.out)
    if not folder.exists():
        read_records(folder / RECORDS)  # which says what to do
    with locked(folder), read_from(options.out):
        write_report(folder)
        said = summary(options.out)
    print(said, end="")
    return 0
