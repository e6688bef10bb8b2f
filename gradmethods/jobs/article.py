"""Run all that the article shows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.jobs.new import OUT, new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "article",
        "run all that the article shows and warns of; write figures and tables",
        "gradmethods article --out results/article",
    )
    job.add_argument("--out", type=Path, default=Path("results/article"), help=OUT)
    job.add_argument("--seeds", type=int, default=20, help="runs per data set (default: 20)")
    job.add_argument("--animate", action="store_true", help="write GIFs of the maps")
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.runs.article import run_article

    return run_article(options.out, seeds=options.seeds, animate=options.animate)
