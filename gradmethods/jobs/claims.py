"""Decide the claims of the literature."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from gradmethods.errors import InvalidOption
from gradmethods.jobs.new import new


def add(jobs: Any) -> None:
    """Add the sub-command."""
    job = new(
        jobs,
        "claims",
        "decide the claims of the literature, each by its criteria",
        "gradmethods claims --records results/latest --out results/claims",
    )
    job.add_argument(
        "--records",
        type=Path,
        help="folder of a run, for the times that some claims rest on; they are open without",
    )
    job.add_argument(
        "--out", type=Path, default=Path("results/claims"), help="folder (default: %(default)s)"
    )
    job.add_argument(
        "--seconds", type=float, help="for all claims (default: as long as it takes, a minute)"
    )
    job.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do the job; return the exit status."""
    from gradmethods.output.files import CLAIMS, read_records
    from gradmethods.report.claims import ledger_text
    from gradmethods.runs.ledger import run_claims

    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise InvalidOption(f"--seconds must be a positive number, got {options.seconds}.")
    run_claims(options.out, options.records, seconds=options.seconds)
    print(ledger_text(read_records(options.out / CLAIMS)))
    print(f"Tables and figures: {options.out}")
    return 0
