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
        "gradmethods report results/latest",
    )
    command.add_argument("out", type=Path, help="folder of a run")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.report import write_report
    from gradmethods.report.summary import summary

    write_report(options.out)
    print(summary(options.out), end="")
    return 0
