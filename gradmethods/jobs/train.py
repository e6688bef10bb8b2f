"""Train a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.jobs.new import OUT, new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "train",
        "train a network with one method or with all, and write curves and maps",
        "gradmethods train --data xor --method all\n"
        "  gradmethods train --data digits --method backprop --rate 0.5 --epochs 200\n"
        "  gradmethods train --data moons --set noise=0.2 --animate",
    )
    job.add_argument(
        "--data",
        required=True,
        help="island, xor, moons, digits, breast-cancer or another problem, or file.py:problem",
    )
    job.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", dest="size",
        help="an option of a catalogue problem, e.g. batch=100; may be repeated",
    )  # fmt: skip
    job.add_argument(
        "--method",
        default="all",
        help="all, or providers with commas between them (default: %(default)s)",
    )
    job.add_argument("--epochs", type=int, default=2000, help="(default: %(default)s)")
    job.add_argument("--rate", type=float, default=1.0, help="ε (default: %(default)s)")
    job.add_argument("--seed", type=int, help="of weights and data (default: 0)")
    job.add_argument("--out", type=Path, default=Path("results/training"), help=OUT)
    job.add_argument("--animate", action="store_true", help="write a GIF of the map as it learns")
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.locate import find_problem
    from gradmethods.runs.article import run_training

    size = [*options.size, *([] if options.seed is None else [f"seed={options.seed}"])]
    return run_training(
        find_problem(options.data, size),
        options.method,
        options.out,
        epochs=options.epochs,
        rate=options.rate,
        seed=options.seed or 0,
        animate=options.animate,
    )
