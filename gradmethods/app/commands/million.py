"""Run a million forward passes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_resume, new

PLACE = 90


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "million",
        "run a million forward passes: differences of a network of a million parameters",
        "gradmethods million --out results/million",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("results/million"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    add_resume(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.runs.million import run_million
    from gradmethods.output.files import read_from
    from gradmethods.report.summary import result_text

    result = run_million(options.out, resume=options.resume)
    with read_from(options.out):
        said = result_text(result)
    print(said)
    return 0
