"""Measure cost and accuracy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.jobs.new import new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "bench",
        "measure cost and accuracy; write tables, plots and a report",
        "gradmethods bench --out results/latest --budget 300",
    )
    job.add_argument(
        "--out",
        type=Path,
        default=Path("results/latest"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    job.add_argument(
        "--budget", type=float, help="seconds for the whole run (default: as long as it takes)"
    )
    job.add_argument(
        "--full",
        action="store_true",
        help="allow a case two hours (default: 15 seconds), and measure each longer",
    )
    job.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was stopped, on the same commit",
    )
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.bench import run_benchmarks

    return run_benchmarks(options.out, options.budget, full=options.full, resume=options.resume)
