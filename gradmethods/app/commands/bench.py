"""Measure cost and accuracy."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_resume, names_of, new

PLACE = 50


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "bench",
        "measure cost and accuracy, decide claims; write tables, plots and a report",
        "gradmethods bench --out results/latest --budget 300\n"
        "  gradmethods bench --full --out results/full --budget 2400",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("results/latest"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    command.add_argument(
        "--budget",
        type=float,
        help="seconds for the run, from each start of it (default: as long as it takes)",
    )
    command.add_argument(
        "--full",
        action="store_true",
        help="run a million forward passes too, allow a case two minutes (default: 15 seconds), "
        "and measure each longer",
    )
    command.add_argument(
        "--providers",
        help="names with commas between them, to measure beside those of the suite: peers (torch, "
        "jax, autograd), or path/to/file.py:provider of your own",
    )
    command.add_argument(
        "--problems",
        help="path/to/file.py:problem of your own, with commas between them, on which every method "
        "is judged before it is on those of the catalogue",
    )
    add_resume(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    started = time.monotonic()  # On a busy machine what a run needs is loaded in half a minute.
    from gradmethods.app.runs.bench import run_benchmarks

    return run_benchmarks(
        options.out,
        options.budget,
        full=options.full,
        resume=options.resume,
        providers=names_of(options.providers) or (),
        problems=names_of(options.problems) or (),
        started=started,
    )
