"""Make a sub-command, and add the arguments that several sub-commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from gradmethods.errors import InvalidOption, MissingPackage

CONNECT = 10
"""Seconds to wait for a scheduler."""

OUT = "folder to write to; what an earlier run wrote there is replaced (default: %(default)s)"


def new(commands: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """Make a sub-command whose help shows an example."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command


def add_problem(command: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add the arguments that name a problem."""
    command.add_argument(
        "problem",
        nargs="?" if optional else None,
        help="a name of the catalogue, or path/to/file.py:problem",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        dest="size",
        help="an option of a catalogue problem, e.g. n=20 or widths=2,8,1; may be repeated",
    )


def add_providers(command: argparse.ArgumentParser, default: str) -> None:
    """Add the argument that names providers."""
    command.add_argument(
        "--providers",
        help="names with commas between them, of ours, of peers (torch, jax, autograd), or "
        f"path/to/file.py:provider of your own (default: {default})",
    )


def names_of(text: str | None) -> list[str] | None:
    """Return the names in an argument; a comma within brackets belongs to an option."""
    if text is None:
        return None
    return [name.strip() for name in re.split(r",(?![^\[]*\])", text) if name.strip()]


def add_workers(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say who does the work."""
    who = command.add_mutually_exclusive_group()
    who.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="share the work among so many processes, which gives the same numbers; then nothing "
        "is timed",
    )
    who.add_argument(
        "--dask", metavar="ADDRESS", help="likewise, among the workers of this Dask scheduler"
    )


@contextmanager
def executor_of(options: argparse.Namespace) -> Iterator[Any]:
    """Give what does the work of a command: an executor, or what makes one; None for nobody else.

    Raises
    ------
    InvalidOption
        If the number of workers is none, or there is no scheduler at the address, or none that
        has workers.
    MissingPackage
        If Dask is not installed.
    """
    if options.workers is not None:
        if options.workers < 1:
            raise InvalidOption(f"--workers must be a number from 1 on, got {options.workers}.")
        from concurrent.futures import ProcessPoolExecutor

        yield partial(ProcessPoolExecutor, options.workers)
    elif options.dask is not None:
        try:
            from dask.distributed import Client
        except ImportError as error:
            raise MissingPackage(
                "--dask needs the package distributed. Install it with "
                "pip install 'gradmethods[dask]'."
            ) from error
        try:
            client = Client(options.dask, timeout=CONNECT)
        except (OSError, ValueError) as error:
            raise InvalidOption(
                f"There is no Dask scheduler at {options.dask}: {error}. Start one with "
                "`dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`."
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=CONNECT)
            except TimeoutError as error:
                raise InvalidOption(
                    f"The Dask scheduler at {options.dask} has no workers. Start some with "
                    f"`dask worker {options.dask} --nthreads 1`."
                ) from error
            yield client.get_executor()
    else:
        yield None


def untimed(seconds: float | None, executor: Any, default: float) -> float:
    """Return the seconds to spend on timing: none on shared workers.

    Raises
    ------
    InvalidOption
        If times are asked for there.
    """
    if executor is None:
        return default if seconds is None else seconds
    if seconds:
        raise InvalidOption(
            "Times are not taken on shared workers, where they would be anybody's. Leave out "
            "--seconds, or --workers and --dask."
        )
    return 0.0


def add_resume(command: argparse.ArgumentParser) -> None:
    """Add the options that say whether to resume a run; by default it is resumed if possible."""
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--resume",
        action="store_const",
        const=True,
        help="insist on going on with the run in the folder, also with a finished one that left "
        "gaps for want of time; by default one that was stopped is gone on with if code, machine "
        "and options are the same, and else a new one starts",
    )
    how.add_argument(
        "--fresh",
        action="store_const",
        const=False,
        dest="resume",
        help="start a new run in any case",
    )
