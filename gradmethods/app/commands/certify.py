"""Write certified gradients as files that programs in any language can read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, add_workers, executor_of, new

PLACE = 180


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "certify",
        "enclose a gradient to many digits, for reading by other programs",
        "gradmethods certify rosenbrock --set n=4 --digits 50\n"
        "  gradmethods certify --all --out results/certified",
    )
    add_problem(command, optional=True)
    command.add_argument(
        "--all", action="store_true", help="the whole catalogue, a file per problem and point"
    )
    command.add_argument("--out", type=Path, help="the file, with --all the folder, to write to")
    command.add_argument("--digits", type=int, default=30, help="(default: %(default)s)")
    add_workers(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    import json

    from gradmethods.app.locate import find_problem
    from gradmethods.errors import InvalidOption
    from gradmethods.output.files import check_target, write_text
    from gradmethods.studies.certificates import certificate, write_certificates

    if options.all == bool(options.problem):
        raise InvalidOption("Name a problem, or give --all with --out FOLDER.")
    if options.all:
        if options.out is None:
            raise InvalidOption("--all needs --out FOLDER: it writes a file per problem and point.")
        with executor_of(options) as executor:
            written = write_certificates(options.out, digits=options.digits, executor=executor)
            for path, digits in written:
                print(f"{path}: {digits} digits", flush=True)
        return 0
    if options.out is not None:
        check_target(options.out)
    found = certificate(find_problem(options.problem, options.size), digits=options.digits)
    text = json.dumps(found, indent=1) + "\n"
    if options.out is None:
        print(text, end="")
    else:
        write_text(options.out, text)
        print(f"{options.out}: {found['digits']} digits")
    return 0
