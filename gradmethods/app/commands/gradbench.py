"""Run as a tool of GradBench, on standard input and output."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from gradmethods.app.arguments import new
from gradmethods.app.system import drop

METHODS = ("backprop", "forward", "numerical", "analytical")

PLACE = 190


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "gradbench",
        "be a tool of the GradBench suite: answer its messages on standard input and output",
        "gradbench run --eval './gradbench repo eval lse' --tool "
        "'gradmethods gradbench --method backprop'",
    )
    command.add_argument(
        "--method", choices=METHODS, default="backprop", help="by which (default: %(default)s)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.gradbench import serve
    from gradmethods.providers import get_provider

    try:
        serve(get_provider(options.method), sys.stdin.buffer, sys.stdout)
    except BrokenPipeError:  # the driver has left: the end of a run, and no fault of the tool's
        drop(sys.stdout)
    return 0
