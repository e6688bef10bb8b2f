"""Show the article's derivations beside SymPy's derivatives."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import new

PLACE = 140


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "formulas",
        "write the article's derivations beside SymPy's closed forms, proven equal",
        "gradmethods formulas network-1-1-1\n  gradmethods formulas --out formulas.html",
    )
    command.add_argument("name", nargs="?", help="network-1-1-1 or island (default: both)")
    command.add_argument("--out", type=Path, help="write to this HTML, TEX, SVG, PDF or PNG")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.report.show import show_formulas

    text, proven = show_formulas([options.name] if options.name else [], options.out)
    print(text, end="")
    if options.out is not None:
        print(f"The derivations are in {options.out}.")
    return 0 if proven else 1
