"""Compare every method with certified gradients."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import (
    add_providers,
    add_workers,
    executor_of,
    names_of,
    new,
    untimed,
)
from gradmethods.errors import InvalidOption

PLACE = 40

SECONDS = 0.1
"""Seconds of timing, if nobody asks for others."""


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "accuracy",
        "hold every method against certified gradients; write tables, plots and a report",
        "gradmethods accuracy --all\n"
        "  gradmethods accuracy island path/to/file.py:problem --out results/mine\n"
        "  gradmethods accuracy island --providers backprop,torch,jax,autograd,own.py:provider",
    )
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="of the catalogue, or path/to/file.py:problem"
    )
    command.add_argument(
        "--all",
        action="store_true",
        help="the whole catalogue, at test sizes the field's problems, and the hard cases",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("results/accuracy"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    add_providers(command, "every method of ours, in all variants")
    command.add_argument(
        "--seconds",
        type=float,
        help="time to spend on timing each method on each problem; 0 times none "
        f"(default: {SECONDS}, with workers 0)",
    )
    command.add_argument(
        "--per-decade",
        type=int,
        default=4,
        help="steps of differences to try in each decade (default: %(default)s)",
    )
    add_workers(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods import problems
    from gradmethods.app.locate import find_problem
    from gradmethods.app.runs.accuracy import Settings, assess, tasks
    from gradmethods.providers import get_provider
    from gradmethods.report.findings import all_within
    from gradmethods.report.summary import summary
    from gradmethods.studies.accuracy.survey import VARIANTS

    if bool(options.names) == options.all:
        raise InvalidOption("Name problems, or give --all for those of the catalogue; one of both.")
    if not 0 <= (options.seconds or 0.0) < math.inf or options.per_decade < 1:
        raise InvalidOption("--seconds must be a number from 0 on, --per-decade one from 1 on.")
    chosen = [find_problem(name) for name in options.names or problems.names()]
    names = names_of(options.providers)
    providers = VARIANTS if names is None else tuple(names)
    for name in providers:
        get_provider(name)  # one that is not known ends the run before it begins
    field = problems.at_test_size() if options.all else []
    with executor_of(options) as executor:
        seconds = untimed(options.seconds, executor, SECONDS)
        settings = Settings(seconds, options.per_decade, providers=providers)
        todo = tasks(chosen, settings, judged_alone=field, hard=options.all)
        assess(todo, options.out, executor=executor)
    print(summary(options.out), end="")
    return 0 if all_within(options.out) else 1
