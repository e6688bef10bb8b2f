"""Random programs that hypothesis writes, and makes small where a method is wrong.

`python -m tests.fuzz --budget 600` tries new programs for as many seconds, and keeps each failure,
as small as it still fails, in a file that `--replay FILE` runs again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, reject, seed, settings
from hypothesis import strategies as st

from tests.program_methods import FAULTS, METHODS, outcome
from tests.program_oracle import Oracle, Outcome
from tests.program_writer import DTYPES, GENERATIONS, Dead, Writer
from tests.programs import Program

ROUND = 100
"""Programs from one seed of hypothesis."""
CHEAP = ("backprop", "forward-mode", "complex-step", "chain-rule", "certified", "same")


@st.composite
def programs(draw: Any, targets: Sequence[str] = tuple(sorted(GENERATIONS[-1]))) -> Program:
    """Write a program by choices of hypothesis, which makes them smaller."""
    target, dtype = draw(st.sampled_from(targets)), draw(st.sampled_from(DTYPES))
    chance = draw(st.randoms(use_true_random=False))
    try:
        program = Writer(chance, GENERATIONS[-1], target, dtype).write()
    except Dead:
        reject()
    assume(np.isfinite(program.value()))
    return program


def faults(program: Program, methods: Sequence[str]) -> dict[str, Outcome]:
    """Return what is wrong, by method."""
    oracle = Oracle(program, program.problem())
    found = {name: outcome(name, oracle) for name in methods}
    return {name: result for name, result in found.items() if result.status in FAULTS}


def search(
    number: int, methods: Sequence[str], targets: Sequence[str], count: int = ROUND
) -> tuple[Program, dict[str, Outcome]] | None:
    """Return a program on which a method is wrong, made small, if one of some is."""
    failures: list[tuple[Program, dict[str, Outcome]]] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(targets))
    def attempt(program: Program) -> None:
        found = faults(program, methods)
        if found:
            failures.append((program, found))
            raise AssertionError

    try:
        attempt()
    except AssertionError:
        return failures[-1]  # the smallest is tried last
    return None


def keep(folder: Path, program: Program, found: dict[str, Outcome]) -> Path:
    """Write a failure to a file; one that is there already is left as it is."""
    (method, (status, _)), *_ = found.items()
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", f"{program.target}-{method}-{status}").lower()
    path = folder / f"{name}.txt"
    said = [f"{name}: {status} {text}" for name, (status, text) in found.items()]
    lines = [f"python -m tests.fuzz --replay {path}", *said, *str(program).splitlines()]
    if not path.exists():
        path.write_text("".join(f"# {line}\n" for line in lines) + f"{program!r}\n")
    return path


def replay(path: Path) -> Program:
    """Return the program of a file that `keep` wrote."""
    scope = {"Program": Program, "np": np, "nan": np.nan, "inf": np.inf}
    program: Program = eval(compile(path.read_text(), str(path), "eval"), scope)  # noqa: S307  # ours
    return program


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=300, help="seconds (default 300)")
    parser.add_argument("--methods", default=",".join(CHEAP), help=f"of {', '.join(METHODS)}")
    parser.add_argument("--targets", default="", help="functions to try, all by default")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="the folder")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run a failure again")
    options = parser.parse_args()
    methods = options.methods.split(",")
    if options.replay:
        program = replay(options.replay)
        found = faults(program, methods)
        said = (f"# {name}: {' | '.join(result)}" for name, result in found.items())
        print(program, *said, sep="\n")
        return int(bool(found))
    targets = options.targets.split(",") if options.targets else sorted(GENERATIONS[-1])
    end, count, paths = time.monotonic() + options.budget, 0, set()
    while time.monotonic() < end:
        failure = search(random.SystemRandom().getrandbits(32), methods, targets)
        count += 1
        if failure:
            paths.add(keep(options.keep, *failure))
    print(
        f"{count} rounds of up to {ROUND} programs, {len(paths)} failures", *sorted(paths), sep="\n"
    )
    return int(bool(paths))


if __name__ == "__main__":
    sys.exit(main())
