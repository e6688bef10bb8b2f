"""The command `gradmethods`: sub-commands that are thin faces on the library."""

from __future__ import annotations

import argparse
import math
import re
import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gradmethods.accuracy.compare import DEFAULT_PROVIDERS
from gradmethods.errors import GradientError, InvalidOption


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        The exit status: 0, 1 if the job's answer is no, 2 if it could not be done.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        status: int = options.run(options)
    except GradientError as error:
        print(f"gradmethods: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gradmethods: stopped; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, say `head`, has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"gradmethods: {where}{error.strerror or error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradmethods", description="Compare ways to compute a gradient."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('gradmethods')}")
    parser.set_defaults(run=None)
    jobs = parser.add_subparsers(title="jobs", metavar="JOB")

    job = _job(
        jobs,
        "problems",
        "list the problems of the catalogue",
        "gradmethods problems mlp\n  gradmethods problems --hard",
    )
    job.add_argument("name", nargs="?", help="describe this one")
    job.add_argument("--hard", action="store_true", help="list the hard cases instead")
    job.set_defaults(run=_problems)

    job = _job(
        jobs,
        "compare",
        "hold the providers against each other on one problem",
        "gradmethods compare island\n"
        "  gradmethods compare mlp --set widths=2,32,32,1 --set activation=relu\n"
        "  gradmethods compare path/to/file.py:problem --providers analytical,numerical:forward",
    )
    _add_problem(job)
    job.add_argument(
        "--providers",
        default=",".join(DEFAULT_PROVIDERS),
        help="names with commas between them (default: %(default)s)",
    )
    job.add_argument(
        "--seconds",
        type=float,
        default=0.5,
        help="time to spend on measuring each provider; 0 measures none (default: %(default)s)",
    )
    job.add_argument("--csv", type=Path, help="write the table to this file too")
    job.add_argument("--plot", type=Path, help="write error against time to this SVG, PDF or PNG")
    job.set_defaults(run=_compare)

    job = _job(
        jobs,
        "check",
        "check a gradient that you wrote against the certified one",
        "gradmethods check path/to/file.py:problem --gradient path/to/file.py:my_gradient",
    )
    _add_problem(job)
    job.add_argument(
        "--gradient",
        required=True,
        metavar="FILE.py:NAME",
        help="a function of the parameters, and of the data by name if it wants them; or values",
    )
    job.add_argument("--csv", type=Path, help="write the table to this file too")
    job.set_defaults(run=_check)

    job = _job(
        jobs,
        "accuracy",
        "hold every method against certified gradients; write tables, plots and a report",
        "gradmethods accuracy --all\n"
        "  gradmethods accuracy island path/to/file.py:problem --out results/mine",
    )
    job.add_argument(
        "names", nargs="*", metavar="NAME", help="of the catalogue, or path/to/file.py:problem"
    )
    job.add_argument("--all", action="store_true", help="the whole catalogue, and the hard cases")
    job.add_argument(
        "--out",
        type=Path,
        default=Path("results/accuracy"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    job.add_argument(
        "--seconds",
        type=float,
        default=0.1,
        help="time to spend on timing each method on each problem; 0 times none "
        "(default: %(default)s)",
    )
    job.add_argument(
        "--per-decade",
        type=int,
        default=4,
        help="steps of differences to try in each decade (default: %(default)s)",
    )
    job.set_defaults(run=_accuracy)

    job = _job(
        jobs,
        "bench",
        "measure cost and accuracy; write tables, plots and a report",
        "gradmethods bench --out results/latest --budget 300",
    )
    job.add_argument(
        "--out",
        type=Path,
        default=Path("results/latest"),
        help="folder to write to; an earlier run there moves to previous/ (default: %(default)s)",
    )
    job.add_argument(
        "--budget", type=float, help="seconds for the whole run (default: as long as it takes)"
    )
    job.add_argument(
        "--full",
        action="store_true",
        help="allow a case two hours (default: 15 seconds), and measure each longer",
    )
    job.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was stopped, on the same commit",
    )
    job.set_defaults(run=_bench)

    job = _job(
        jobs,
        "advise",
        "say which method to use for a loss, for how many gradients and digits",
        "gradmethods advise path/to/file.py:problem\n"
        "  gradmethods advise mlp --set widths=2,32,32,1",
    )
    _add_problem(job)
    job.add_argument(
        "--seconds",
        type=float,
        default=0.5,
        help="time to spend on measuring each method (default: %(default)s)",
    )
    job.set_defaults(run=_advise)

    job = _job(
        jobs,
        "million",
        "run a million forward passes: differences of a network of a million parameters",
        "gradmethods million --out results/million",
    )
    job.add_argument(
        "--out", type=Path, default=Path("results/million"), help="folder (default: %(default)s)"
    )
    job.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    job.set_defaults(run=_million)

    job = _job(
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
    job.set_defaults(run=_claims)

    job = _job(
        jobs,
        "report",
        "write tables, plots and report again from a run's records; measure nothing",
        "gradmethods report results/latest",
    )
    job.add_argument("out", type=Path, help="folder of a run")
    job.set_defaults(run=_report)
    return parser


def _job(jobs: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    job: argparse.ArgumentParser = jobs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return job


def _add_problem(job: argparse.ArgumentParser) -> None:
    job.add_argument("problem", help="a name of the catalogue, or path/to/file.py:problem")
    job.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        dest="size",
        help="an option of a catalogue problem, e.g. n=20 or widths=2,8,1; may be repeated",
    )


def _problems(options: argparse.Namespace) -> int:
    from gradmethods import problems
    from gradmethods.locate import find_family
    from gradmethods.problems import hard
    from gradmethods.report.plain import plain

    if options.name:
        family = find_family(options.name)
        print(f"{family.name}: {family.title}\n")
        print(textwrap.fill(f"formula: {plain(family.formula)}", 100, subsequent_indent="  "))
        for label in ("domain", "hard", "source"):
            print(textwrap.fill(f"{label}: {getattr(family, label)}", 100, subsequent_indent="  "))
        if family.options:
            print("options: " + ", ".join(f"{k}={v!r}" for k, v in family.options.items()))
        return 0
    shelf = hard if options.hard else problems
    width = max(map(len, shelf.names()))
    for name in shelf.names():
        print(f"{name:{width}}  {shelf.describe(name).title}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from gradmethods.accuracy import compare
    from gradmethods.locate import find_problem
    from gradmethods.report.files import check_target, write_text

    if not 0 <= options.seconds < math.inf:
        raise InvalidOption(f"--seconds must be a number from 0 on, got {options.seconds}.")
    if options.csv:
        check_target(options.csv)
    if options.plot:
        if options.seconds == 0:
            raise InvalidOption("--plot shows times, and --seconds 0 measures none.")
        from gradmethods.report.figures import check_format, save

        check_format(check_target(options.plot))
    # A comma within brackets belongs to a provider's own options.
    names = re.split(r",(?![^\[]*\])", options.providers)
    problem = find_problem(options.problem, options.size)
    comparison = compare(problem, [name.strip() for name in names], seconds=options.seconds)
    print(comparison)
    if options.csv:
        write_text(options.csv, comparison.table.to_csv(lineterminator="\n"))
    if options.plot:
        save(comparison.plot().figure, options.plot)
    return 0 if comparison.agree else 1


def _check(options: argparse.Namespace) -> int:
    from gradmethods.accuracy import check_gradient
    from gradmethods.locate import find_gradient, find_problem
    from gradmethods.report.files import check_target, write_text

    if options.csv:
        check_target(options.csv)
    problem = find_problem(options.problem, options.size)
    check = check_gradient(find_gradient(options.gradient), problem)
    print(check)
    if options.csv:
        write_text(options.csv, check.table.to_csv(lineterminator="\n"))
    return 0 if check.ok else 1


def _accuracy(options: argparse.Namespace) -> int:
    from gradmethods import problems
    from gradmethods.accuracy.tasks import Settings, tasks
    from gradmethods.assess import assess
    from gradmethods.locate import find_problem
    from gradmethods.report.accuracy.text import all_within
    from gradmethods.report.text import summary

    if bool(options.names) == options.all:
        raise InvalidOption("Name problems, or give --all for those of the catalogue; one of both.")
    if not 0 <= options.seconds < math.inf or options.per_decade < 1:
        raise InvalidOption("--seconds must be a number from 0 on, --per-decade one from 1 on.")
    chosen = [find_problem(name) for name in options.names or problems.names()]
    settings = Settings(options.seconds, options.per_decade)
    assess(tasks(chosen, settings, hard=options.all), options.out)
    print(summary(options.out), end="")
    return 0 if all_within(options.out) else 1


def _bench(options: argparse.Namespace) -> int:
    from gradmethods.bench import run_benchmarks

    return run_benchmarks(options.out, options.budget, full=options.full, resume=options.resume)


def _advise(options: argparse.Namespace) -> int:
    from gradmethods.advice import advise
    from gradmethods.locate import find_problem

    print(advise(find_problem(options.problem, options.size), seconds=options.seconds))
    return 0


def _million(options: argparse.Namespace) -> int:
    from gradmethods.million import result_text, run_million

    print(result_text(run_million(options.out, resume=options.resume)))
    return 0


def _claims(options: argparse.Namespace) -> int:
    from gradmethods.ledger import run_claims
    from gradmethods.report.claims import ledger_text
    from gradmethods.report.files import CLAIMS, read_records

    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise InvalidOption(f"--seconds must be a positive number, got {options.seconds}.")
    run_claims(options.out, options.records, seconds=options.seconds)
    print(ledger_text(read_records(options.out / CLAIMS)))
    print(f"Tables and figures: {options.out}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from gradmethods.report import write_report
    from gradmethods.report.text import summary

    write_report(options.out)
    print(summary(options.out), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
