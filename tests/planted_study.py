"""Gradients planted into random programs, right and wrong, and what `check_gradient` says of them.

`python -m tests.planted_study --gradients 20000` runs the study and prints what was found. The
truth is that of dual numbers with 40 digits, which share nothing with the certificates that the
check rests on.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

import gradmethods as gm
from gradmethods.studies.plants.changes import CHANGES
from gradmethods.studies.plants.ground import Ground, NotHere
from gradmethods.truth.error_bounds import DECISIVE, exact_bound
from gradmethods.truth.find import find_truth
from tests.program_oracle import Oracle
from tests.program_writer import TARGETS, written

SECONDS = 20.0
TINY = 1e-3
"""Entries below this part of the largest are tiny."""

RIGHT, WRONG = "right", "wrong"


class Planted(NamedTuple):
    """A gradient to be checked, and whether it is right."""

    mistake: str
    gradient: dict[str, Any]
    kind: str


@dataclass
class Tally:
    """What was found, over all programs of a dtype."""

    programs: int = 0
    open_programs: int = 0
    right: Counter[Any] = field(default_factory=Counter)
    wrong: Counter[Any] = field(default_factory=Counter)
    bounds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        share = self.open_programs / max(1, self.programs)
        middle = float(np.median(self.bounds)) if self.bounds else math.nan
        return (
            f"{self.programs} smooth programs: {self.open_programs} not decided for backprop's "
            f"gradient ({share:.2%}); median bound {middle:.1e} of the entry\n"
            f"  right ones: {_counts(self.right)}\n  wrong ones: {_counts(self.wrong)}\n  "
            + ("\n  ".join(self.faults) or "no fault")
        )


def _counts(found: Counter[Any]) -> str:
    return ", ".join(f"{count:,} {NAMES[ok]}" for ok, count in sorted(found.items(), key=str))


NAMES = {True: "accepted", False: "rejected", None: "not decided"}


def right_ones(problem: gm.Problem, gradient: dict[str, Any], rng: Any) -> Iterator[Planted]:
    """Yield gradients that are right: rounded, off by a unit in the last place, by a method."""
    yield Planted("rounded", gradient, RIGHT)
    for up in (-np.inf, np.inf):
        near = {name: np.nextafter(x, x.dtype.type(up)) for name, x in gradient.items()}
        # Next to 0 is the smallest number, which is a unit of nothing.
        kept = {name: np.where(x == 0, x, near[name]) for name, x in gradient.items()}
        yield Planted("one unit off", kept, RIGHT)
    signs = {n: rng.choice([-1, 1], x.shape).astype(x.dtype) for n, x in gradient.items()}
    unit = {n: x + signs[n] * np.spacing(abs(x)) * (x != 0) for n, x in gradient.items()}
    yield Planted("one unit off each", unit, RIGHT)


def wrong_ones(ground: Ground) -> Iterator[Planted]:
    """Yield gradients with every mistake that changes numbers, and with tiny entries all wrong."""
    for mistake, plants in CHANGES.items():
        try:
            with np.errstate(all="ignore"):
                for _, gradient in plants(ground):
                    yield Planted(mistake, gradient, WRONG)
        except NotHere:
            continue
    largest = max((float(abs(x).max(initial=0)) for x in ground.gradient.values()), default=0.0)
    for factor in (0.0, -1.0, 3.0):
        tiny = {
            name: np.where(abs(x) < TINY * largest, factor * x, x).astype(x.dtype)
            for name, x in ground.gradient.items()
        }
        yield Planted("tiny entries all wrong", tiny, WRONG)


def seed_of(k: int, first: int) -> int:
    """Return the seed of the k-th program: the two dtypes take turns."""
    rounds, place = divmod(k // 2, len(TARGETS))
    return first - first % (2 * len(TARGETS)) + (2 * rounds + k % 2) * len(TARGETS) + place


def study(seed: int, tallies: dict[str, Tally], most: int | None = None) -> int:
    """Check planted gradients of the program of a seed; return how many there were."""
    program = written(seed)
    oracle = Oracle(program, program.problem())
    if oracle.kind != "smooth" or not oracle.judged or oracle.parted:
        return 0
    problem = oracle.problem
    structure, tally = problem.structure, tallies[program.dtype]
    exact = structure.split(np.array(oracle.gradient, dtype=object))
    with np.errstate(all="ignore"):
        gradient = {n: np.asarray(x, float).astype(problem.dtype) for n, x in exact.items()}
    if not all(np.isfinite(x).all() for x in gradient.values()):
        return 0
    found = find_truth(problem, SECONDS)
    tally.programs += 1
    if found.truth is None:
        tally.open_programs += 1
        return 0
    rng = np.random.default_rng(seed)
    plants = [*right_ones(problem, gradient, rng)]
    own = gm.Backprop().prepare(problem)(problem.params).gradient
    plants.append(Planted("backprop", structure.check(own), RIGHT))
    ground = Ground(problem, gradient, exact_bound(found.truth))
    wrong = [*wrong_ones(ground)]
    if most is not None and len(wrong) > most:
        wrong = [wrong[i] for i in sorted(rng.choice(len(wrong), most, replace=False))]
    count = 0
    for plant in (*plants, *wrong):
        count += _checked(plant, problem, found, exact, tally, seed)
    return count


def _checked(
    plant: Planted, problem: gm.Problem, found: Any, exact: Any, tally: Tally, seed: int
) -> int:
    structure = problem.structure
    check = gm.check_gradient(structure.restore(plant.gradient), problem, truth=found)
    bound = check.points[0].bound
    assert bound is not None
    beyond, changed = _errors(plant.gradient, exact, bound.sure, problem)
    if plant.kind == WRONG and not changed:
        return 0  # what is no mistake here, as a sign of zeros
    where = f"seed {seed}: {plant.mistake}"
    if plant.kind == RIGHT:
        tally.right[check.ok] += 1
        if plant.mistake == "backprop":
            tally.open_programs += check.ok is None
            for name, sure in bound.sure.items():
                size = abs(np.asarray(exact[name], float))
                here = (size > 0) & (sure <= DECISIVE * size)
                tally.bounds += (sure[here] / size[here]).tolist()
        if check.ok is False and (plant.mistake != "backprop" or not beyond):
            tally.faults.append(f"{where} is right and rejected: {check.mistake}")
        elif check.ok is False:
            tally.faults.append(f"{where} is rejected: {check.mistake}")
    else:
        tally.wrong[check.ok] += 1
    if check.ok and beyond:
        tally.faults.append(f"{where} is accepted beyond the bound that is stated")
    return 1


def _errors(gradient: Any, exact: Any, sure: Any, problem: gm.Problem) -> tuple[bool, bool]:
    """Return whether an entry errs by more than is stated, and whether it is wrong by 2 units."""
    unit = float(np.finfo(problem.dtype).eps)
    beyond = changed = False
    for name, array in gradient.items():
        for given, true, allowed in zip(
            array.ravel().tolist(), exact[name].ravel(), sure[name].ravel().tolist(), strict=True
        ):
            error = abs(mp.mpf(given) - true) if math.isfinite(given) else mp.inf
            beyond |= bool(error > allowed * (1 + 1e-12))
            changed |= bool(error > 2 * unit * abs(true))
    return beyond, changed


def main() -> int:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gradients", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=700_000, help="of the first program")
    options = parser.parse_args()
    tallies = {"float64": Tally(), "float32": Tally()}
    done, programs = 0, 0
    while done < options.gradients:
        done += study(seed_of(programs, options.seed), tallies)
        programs += 1
    print(f"{done:,} gradients in {programs:,} programs from seed {options.seed} on")
    for dtype, tally in tallies.items():
        print(f"{dtype}: {tally}")
    return int(any(tally.faults for tally in tallies.values()))


if __name__ == "__main__":
    raise SystemExit(main())
