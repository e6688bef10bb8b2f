"""Decide the claims of the literature."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new
from gradmethods.errors import InvalidOption

PLACE = 100


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "claims",
        "decide the claims of the literature, each by its criteria",
        "gradmethods claims --records results/latest --out results/claims",
    )
    command.add_argument(
        "--records",
        type=Path,
        help="folder of a run, for the times that some claims rest on; they are open without",
    )
    command.add_argument(
        "--out", type=Path, default=Path("results/claims"), help="folder (default: %(default)s)"
    )
    command.add_argument(
        "--seconds", type=float, help="for all claims (default: as long as it takes, a minute)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.runs.claims import run_claims
    from gradmethods.output.files import CLAIMS, read_records
    from gradmethods.report.claims_text import ledger_text, undecided

    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise InvalidOption(f"--seconds must be a positive number, got {options.seconds}.")
    run_claims(options.out, options.records, seconds=options.seconds)
    records = read_records(options.out / CLAIMS)
    print(ledger_text(records))
    if options.records is None and (left := undecided(records)):
        print(
            f"Open: {', '.join(left)}. Some criteria rest on times of a run, which --records "
            "names: gradmethods bench --out results/latest, then gradmethods claims --records "
            "results/latest. A million passes are part of it with bench --full."
        )
    print(f"Tables and figures: {options.out}")
    return 0
