"""``python -m benchmarks.peers``: what ``make bench-peers`` runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.cases import GRID
from benchmarks.peers.libraries import AVX512
from benchmarks.peers.results import write_results
from benchmarks.peers.run import BUDGET, JUDGED, SECONDS, Plan, child, judge, run_comparison
from gradmethods.errors import GradientError
from gradmethods.report.publish import publish


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Measure the suite's gradients beside those of other packages.",
        epilog="example: python -m benchmarks.peers --out results/peers",
    )
    parser.add_argument("--out", type=Path, default=Path("results/peers"), help="folder to write")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds for the whole run")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of rounds for each case")
    parser.add_argument(
        "--without",
        choices=(AVX512,),
        help="switch these vector instructions off for everybody, time alone, and write to a "
        "folder within that of --out",
    )
    parser.add_argument("--resume", action="store_true", help="insist on going on")
    parser.add_argument(
        "--untimed",
        action="store_true",
        help="time nothing: count digits against certified truth, and let gradient checkers judge "
        "planted mistakes",
    )
    parser.add_argument(
        "--timed",
        action="store_true",
        help="time alone: count no digits, and let nobody judge planted mistakes",
    )
    parser.add_argument("--report", action="store_true", help="write the report again; no timing")
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="FOLDER",
        help="put a finished run where it is committed: its records, and one file of each figure "
        "and table; no timing",
    )
    try:
        if given[:1] == ["--case"]:
            return child(given[1:])
        if given[:1] == [JUDGED]:
            return judge(given[1:])
        return _run(parser.parse_args(given))
    except GradientError as error:
        sys.stderr.write(f"gradmethods: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("gradmethods: interrupted; --resume goes on with what is finished\n")
        return 130


def _run(options: argparse.Namespace) -> int:
    """Do what the options ask for; return the exit status."""
    without = (options.without,) if options.without else ()
    out = options.out / f"without-{options.without}" if without else options.out
    plan = Plan(
        options.budget,
        options.seconds,
        cases=() if options.untimed else GRID,
        judged=not options.timed and not without,
        without=without,
    )
    if options.report:
        write_results(out)
        return 0
    if options.publish:
        publish(out, options.publish / out.relative_to(options.out), write_results)
        return 0
    return run_comparison(out, plan, resume=options.resume or None)


if __name__ == "__main__":
    sys.exit(main())
