"""Compare two runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new

PLACE = 160


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "diff",
        "hold two runs against each other: what got faster, slower, more or less accurate",
        "gradmethods diff results/latest/previous results/latest\n"
        "  gradmethods diff HEAD~5 results/latest --out difference.html\n"
        "  gradmethods diff main:results/reference HEAD --fail-on slower=10%,digits=0.5,failing",
    )
    for name, which in (("first", "the earlier run, A"), ("second", "the later run, B")):
        command.add_argument(
            name,
            metavar=f"RUN_{'A' if name == 'first' else 'B'}",
            help=f"{which}: a folder, REVISION:FOLDER of the git repository here, or a revision "
            "alone for its results/reference",
        )
    command.add_argument(
        "--times",
        action="store_true",
        help="compare times of two machines, too, as gradient ÷ loss (default: only of one)",
    )
    command.add_argument(
        "--fail-on",
        default="",
        metavar="LIMITS",
        help="end with status 1 at any of these, with commas between them: slower=10%%, "
        "digits=0.5, failing, claims, lost, counts (default: end with 0 whatever differs)",
    )
    command.add_argument(
        "--out", type=Path, help="write everything to this file, after its suffix .md or .html"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.output.files import read_from
    from gradmethods.report.difference.difference_files import check_out, write_difference
    from gradmethods.report.difference.fail_on import judge, limits
    from gradmethods.report.difference.runs import open_run
    from gradmethods.report.difference.two_runs import compare_runs
    from gradmethods.report.difference.words import text

    chosen = limits(options.fail_on)
    if options.out:
        check_out(options.out)
    with read_from(Path(f"{options.first} or {options.second}")):
        difference = compare_runs(
            open_run(options.first), open_run(options.second), times=options.times
        )
        said, kept = judge(chosen, difference)
        shown = text(difference)
    print(shown, end="")
    if options.out:
        with read_from(Path(f"{options.first} or {options.second}")):
            write_difference(difference, options.out, said)
        print(f"\nEverything is in {options.out}.")
    if said:
        print("\n--fail-on:", *said, sep="\n  ")
    return 0 if kept else 1
