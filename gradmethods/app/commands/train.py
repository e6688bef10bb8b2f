"""Train a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import OUT, new

PLACE = 110


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "train",
        "train a network with one method or with all, and write curves and maps",
        "gradmethods train --data xor --method all\n"
        "  gradmethods train --data digits --method backprop --rate 0.5 --epochs 200\n"
        "  gradmethods train --data moons --set noise=0.2 --animate",
    )
    command.add_argument(
        "--data",
        required=True,
        help="island, xor, moons, digits, breast-cancer or another problem, or file.py:problem",
    )
    command.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", dest="size",
        help="an option of a catalogue problem, e.g. batch=100; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--method",
        default="all",
        help="all, or providers with commas between them (default: %(default)s)",
    )
    command.add_argument("--epochs", type=int, default=2000, help="(default: %(default)s)")
    command.add_argument("--rate", type=float, default=1.0, help="ε (default: %(default)s)")
    command.add_argument("--seed", type=int, help="of weights and data (default: 0)")
    command.add_argument("--out", type=Path, default=Path("results/training"), help=OUT)
    command.add_argument(
        "--animate", action="store_true", help="write a GIF of the map as it learns"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_problem
    from gradmethods.app.runs.article import run_training

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
