"""Run a million forward passes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.jobs.new import add_resume, new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "million",
        "run a million forward passes: differences of a network of a million parameters",
        "gradmethods million --out results/million",
    )
    job.add_argument(
        "--out",
        type=Path,
        default=Path("results/million"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    add_resume(job)
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.report.million import result_text
    from gradmethods.runs.million import run_million

    print(result_text(run_million(options.out, resume=options.resume)))
    return 0
