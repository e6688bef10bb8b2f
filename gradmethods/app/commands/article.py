"""Run all that the article shows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import OUT, new

PLACE = 120


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "article",
        "run all that the article shows and warns of; write figures and tables",
        "gradmethods article --out results/article",
    )
    command.add_argument("--out", type=Path, default=Path("results/article"), help=OUT)
    command.add_argument("--seeds", type=int, default=20, help="runs per data set (default: 20)")
    command.add_argument("--animate", action="store_true", help="write GIFs of the maps")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.runs.article import run_article

    return run_article(options.out, seeds=options.seeds, animate=options.animate)
