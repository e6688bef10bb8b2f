"""The command `gradmethods`: sub-commands that are thin faces on the library."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import gradmethods
from gradmethods.app import commands
from gradmethods.app.system import PIPE, Stopped, drop, of_system, open_streams, stoppable
from gradmethods.core.discovery import modules_of
from gradmethods.errors import GradientError, InvalidOption, UnknownName


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        The exit status: 0, 1 if the command's answer is no, 2 if it could not be done; 128 and the
        number of a signal if that ended it.
    """
    open_streams()
    with stoppable():
        try:
            status = _command(arguments)
            sys.stdout.flush()  # now, while there is somebody to say what went wrong
        except GradientError as error:
            from gradmethods.core.tracebacks import in_words

            return _failed(in_words(error))
        except KeyboardInterrupt:
            return _failed("stopped; what was finished is kept", 128 + signal.SIGINT)
        except Stopped as stop:
            return _failed("stopped; what was finished is kept", 128 + stop.number)
        except BrokenPipeError:  # the reader of a pipe, say `head`, has seen enough
            drop(sys.stdout)
            return 128 + PIPE
        except OSError as error:
            drop(sys.stdout)
            return _failed(of_system(error))
        except MemoryError:
            return _failed("out of memory; what was finished is kept")
        except Exception as error:
            from gradmethods.core.tracebacks import in_words, is_users

            if not is_users(error):
                raise  # a mistake of ours, whose traceback we want to see
            return _failed(f"your code fails with {in_words(error)}")
    return status


def _command(arguments: Sequence[str] | None) -> int:
    parser, names = _parser(), [module.__name__.rpartition(".")[2] for module in _modules()]
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] not in names and not given[0].startswith("-"):
        raise UnknownName.among("command", given[0], names)
    options, unknown = parser.parse_known_args(given)
    if unknown:
        size = " A size of a problem is given as --set n=10." if "=" in unknown[0] else ""
        said = f"gradmethods {given[0]}" if given[0] in names else "gradmethods"
        raise InvalidOption(
            f"`{said}` takes no {' '.join(unknown)}.{size} `{said} --help` lists what it takes."
        )
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    status: int = options.run(options)
    return status


def _failed(words: str, status: int = 2) -> int:
    """Say why a command ends, in a line; return the exit status."""
    print(f"gradmethods: {words}", file=sys.stderr)
    return status


class _Version(argparse.Action):
    """Look the version up when it is asked for: argparse wants it to be known at every start."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002  # argparse's name
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        parser.exit(message=f"{parser.prog} {gradmethods.__version__}\n")


def _modules() -> list[Any]:
    """Return the files of the sub-commands, which are named as these are, by their places."""
    found = modules_of(commands.__name__, list(commands.__path__))
    return sorted(found, key=lambda command: command.PLACE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradmethods", description="Compare ways to compute a gradient."
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    parser.set_defaults(run=None)
    group = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _modules():
        command.add(group)
    return parser


if __name__ == "__main__":
    sys.exit(main())
