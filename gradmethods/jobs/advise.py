"""Say which method to use."""

from __future__ import annotations

import argparse
from typing import Any

from gradmethods.jobs.new import add_problem, new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "advise",
        "say which method to use for a loss, for how many gradients and digits",
        "gradmethods advise path/to/file.py:problem\n"
        "  gradmethods advise mlp --set widths=2,32,32,1",
    )
    add_problem(job)
    job.add_argument(
        "--seconds",
        type=float,
        default=0.5,
        help="time to spend on measuring each method (default: %(default)s)",
    )
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.comparison import advise
    from gradmethods.locate import find_problem

    advice = advise(find_problem(options.problem, options.size), seconds=options.seconds)
    print(advice)
    return 0 if advice.able() else 1
