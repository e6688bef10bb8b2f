"""Show formulas of a loss and its gradient; of the article's networks, their derivations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, new

PLACE = 140


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "formulas",
        "write the formulas of a small loss; of network-1-1-1 and island the article's derivations",
        "gradmethods formulas network-1-1-1\n"
        "  gradmethods formulas --out formulas.html\n"
        "  gradmethods formulas rosenbrock --set n=3 --form expanded --out rosenbrock.tex",
    )
    add_problem(command, optional=True)
    command.add_argument(
        "--form",
        choices=("chain-rule", "cse", "expanded"),
        help="the formulas of a problem in this form (default: chain-rule)",
    )
    command.add_argument(
        "--out",
        type=Path,
        help="write to this TEX, which compiles, SVG, PDF or PNG; derivations to an HTML page, too",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.studies.derivations import NAMES

    if options.problem in (None, *NAMES) and options.form is None and not options.size:
        return _derivations(options)
    from gradmethods.app.locate import find_problem
    from gradmethods.report.formulas_written import formulas

    name = options.problem or NAMES[0]
    found = formulas(find_problem(name, options.size), options.form or "chain-rule")
    if options.out is None:
        print(found, end="")
    else:
        found.save(options.out)
        print(f"The formulas of {name} are in {options.out}.")
    return 0


def _derivations(options: argparse.Namespace) -> int:
    from gradmethods.report.show import show_formulas

    text, proven = show_formulas([options.problem] if options.problem else [], options.out)
    print(text, end="")
    if options.out is not None:
        print(f"The derivations are in {options.out}.")
    return 0 if proven else 1
