"""Gradients planted into black-box losses, right and wrong, and what `check_gradient` says of them.

`python -m tests.black_box_study --gradients 5000 --out study.jsonl` runs the study and prints what
was found: 50 losses of which values alone are known, each as it is, at or near an optimum, and with
noise. Each of these is a line of the file, and is not run again. With `--checkers` those of SciPy,
PyTorch, JAX and autograd that are installed judge the values of the same gradients, each as its
documentation says. `--markdown` prints the table of `docs/any-loss.md` from such a file.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradmethods as gm
from benchmarks.peers.checkers import CHECKERS
from gradmethods.comparison.check_result import PointCheck
from gradmethods.truth.find import find_truth
from tests.black_box_losses import EVERY, Known, Params, flat, like, minimum

PLAIN, OPTIMUM, NOISY = "plain", "optimum", "noisy"
NOISES = (1e-12, 1e-10, 1e-8, 1e-6)
"""Standard deviations of the noise ÷ loss, which take turns."""
AWAY = (0.0, 1e-6, 1e-3)
"""Distances from the optimum, relative, which take turns."""
ROUNDING = 4e-15
"""An error that is none."""

Plant = Callable[[Params], Params]


class Case(NamedTuple):
    """A loss at a point: a black box that counts its calls, with the gradient by hand."""

    name: str
    kind: str
    problem: gm.Problem
    gradient: Plant
    calls: list[int]
    loss: Callable[[Params], float]


def case(place: int, kind: str) -> Case:
    """Make the loss of a place in one of three kinds."""
    known: Known = EVERY[place]()
    point, calls = known.start, [0]
    rng = np.random.default_rng(place)
    noise = NOISES[place % len(NOISES)] if kind == NOISY else 0.0

    def loss(params: Params) -> float:
        calls[0] += 1
        return float(known.loss(params)) * (1 + noise * float(rng.standard_normal()))

    if kind == OPTIMUM:
        best = minimum(known)
        x = flat(best)
        away = AWAY[place % len(AWAY)] * rng.choice([-1.0, 1.0], x.size)
        point = like(best, x * (1 + away))
    name = f"{known.name}, {kind}"
    problem = gm.Problem(loss, point, black_box=True, name=name)
    return Case(name, kind, problem, known.gradient, calls, known.loss)


def right_ones(gradient: Plant) -> Iterator[tuple[str, Plant]]:
    """Yield right gradients: as they are, and as rounding may leave them."""
    yield "as it is", gradient

    def rounded(params: Params) -> Params:
        g = gradient(params)
        signs = np.random.default_rng(0).choice([-4.0, 4.0], flat(g).size)
        return like(g, flat(g) * (1 + signs * np.finfo(float).eps))

    yield "some units off", rounded


def wrong_ones(gradient: Plant, point: Params, rng: Any) -> Iterator[tuple[str, Plant]]:
    """Yield wrong gradients: factors, signs, entries, orders, terms, noise, stale points."""

    def vector(change: Callable[[Any, Any], Any]) -> Plant:
        return lambda p: like(p, np.asarray(change(flat(gradient(p)), flat(p)), float))

    for factor in (2.0, 0.5, -1.0, 20.0, 1.1, 1.01, 1.0001, 1 + 1e-6):
        yield f"times {factor:.7g}", vector(partial(_times, factor))
    yield "zero", vector(lambda g, x: 0 * g)
    size = flat(point).size
    for off in (1.0, 1e-1, 1e-2, 1e-4, 1e-6):
        i = int(rng.integers(size))
        yield f"entry off by {off:g}", vector(partial(_off, off * _unit(size, i)))
    i = int(rng.integers(size))
    yield "entry zero", vector(lambda g, x: g * (1 - _unit(size, i)))
    yield "last entry zero", vector(lambda g, x: g * (1 - _unit(size, size - 1)))
    yield "a constant more", vector(lambda g, x: g + 0.01 * np.linalg.norm(g))
    yield "decay missing", vector(lambda g, x: g - 0.02 * x)
    yield "noise of 1e-3", vector(lambda g, x: g * (1 + 1e-3 * np.cos(7 * np.arange(size))))
    yield "not a number", vector(lambda g, x: np.where(_unit(size, i) > 0, np.nan, g))
    if size > 1:
        yield "reversed", vector(lambda g, x: g[::-1])
        yield "shifted", vector(lambda g, x: np.roll(g, 1))
        j = (i + 1) % size
        yield "two swapped", vector(lambda g, x: _swapped(g, i, j))
    yield "of a stale point", lambda p: gradient(like(p, 0.98 * flat(p)))
    yield "of the start alone", lambda p: gradient(point)


def _times(factor: Any, g: Any, _: Any) -> Any:
    return factor * g


def _off(by: Any, g: Any, _: Any) -> Any:
    return g * (1 + by)


def _unit(size: int, i: int) -> Any:
    return (np.arange(size) == i).astype(float)


def _swapped(g: Any, i: int, j: int) -> Any:
    g = g.copy()
    g[[i, j]] = g[[j, i]]
    return g


@dataclass
class Tally:
    """What was found of one kind of points."""

    right: Counter[Any] = field(default_factory=Counter)
    wrong: Counter[Any] = field(default_factory=Counter)
    open_mistakes: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[int, int]] = field(default_factory=list)
    digits: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    peers: dict[str, Counter[str]] = field(default_factory=dict)
    peers_calls: dict[str, list[float]] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        """Add what a line of a file says of one loss."""
        for key, found in line.items():
            mine = getattr(self, key)
            if isinstance(mine, list):
                mine += found
            elif key in {"right", "wrong"}:
                mine.update({READ[name]: count for name, count in found.items()})
            elif key == "open_mistakes":
                mine.update(found)
            else:
                for name, each in found.items():
                    if isinstance(each, dict):
                        mine.setdefault(name, Counter()).update(each)
                    else:
                        mine.setdefault(name, []).extend(each)

    @property
    def open(self) -> float:
        """The share that is not decided."""
        every = self.right + self.wrong
        return every[None] / max(1, sum(every.values()))

    def __str__(self) -> str:
        calls = sorted(calls for _, calls in self.calls)
        each = sorted(calls / n for n, calls in self.calls)
        half = len(calls) // 2
        middle = f"{calls[half]} ({each[half]:.0f} a parameter)" if calls else ""
        digits = f", to {np.median(self.digits):.0f} digits in the median" if self.digits else ""
        peers = "".join(
            f"\n  {name}: {_counts(found)}; {np.median(self.peers_calls[name]):.1f} a parameter"
            for name, found in self.peers.items()
        )
        return (
            f"right {_counts(self.right)}{digits}; wrong {_counts(self.wrong)}; not decided "
            f"{self.open:.1%}; evaluations for a check: {middle}{peers}\n  "
            + ("\n  ".join(self.faults) or "no fault")
            + (f"\n  open: {dict(self.open_mistakes.most_common(6))}" if self.open_mistakes else "")
        )


NAMES = {True: "accepted", False: "rejected", None: "not decided"}
READ = {"true": True, "false": False, "null": None}
"""Verdicts as JSON writes them in names."""


def _counts(found: Counter[Any]) -> str:
    named = {NAMES.get(key, key): count for key, count in found.items()}
    return ", ".join(f"{count:,} {name}" for name, count in sorted(named.items())) or "none"


def markdown(tallies: dict[str, Tally]) -> str:
    """Return the table of the documentation: a row for each checker and kind of points."""
    head = ("points", "checker", "right accepted", "right rejected", "wrong accepted",
            "wrong rejected", "not decided", "evaluations a parameter")  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for kind, tally in tallies.items():
        own = [f"{truth} {NAMES[ok]}" for truth in ("right", "wrong") for ok in (True, False)]
        ours = {f"right {NAMES[ok]}": count for ok, count in tally.right.items()}
        ours |= {f"wrong {NAMES[ok]}": count for ok, count in tally.wrong.items()}
        each = float(np.median([calls / n for n, calls in tally.calls]))
        found = {"gm.check_gradient": (ours, each)} | {
            name: (dict(peer), float(np.median(tally.peers_calls[name])))
            for name, peer in tally.peers.items()
        }
        for name, (counts, calls) in found.items():
            open_ = sum(count for verdict, count in counts.items() if "not decided" in verdict)
            cells = [*(counts.get(verdict, 0) for verdict in own), open_]
            row = [kind, f"`{name}`", *(f"{cell:,}" for cell in cells), f"{calls:.1f}"]
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def study(here: Case, tallies: dict[str, Tally], most: int, seed: int, *, peers: bool) -> int:
    """Check gradients planted into one case; return how many there were."""
    tally, rng = tallies[here.kind], np.random.default_rng(seed)
    here.calls[0] = 0
    gm.check_gradient(here.gradient, here.problem)
    tally.calls.append((here.problem.size, here.calls[0]))
    found, count = find_truth(here.problem), 0
    while count < most:
        plants = [*((n, g, True) for n, g in right_ones(here.gradient))]
        wrong = wrong_ones(here.gradient, here.problem.params, rng)
        plants += [(name, gradient, False) for name, gradient in wrong]
        for name, gradient, right in plants[: most - count]:
            count += 1
            check = gm.check_gradient(gradient, here.problem, truth=found)
            told = check.decided[:1] if check.decided is check.points else check.decided
            error = _worst_error(told, here.gradient)
            right_here = right or _worst_error(check.points, here.gradient) <= ROUNDING
            kind = tally.right if right_here else tally.wrong
            kind[check.ok] += 1
            where = f"{here.name}: {name} (seed {seed})"
            if check.ok is None:
                tally.open_mistakes[f"{here.name}: {name}"] += 1
            if right_here and check.ok is False:
                tally.faults.append(f"{where} is right and rejected: {check.mistake}")
            if check.ok:
                assert check.digits is not None
                tally.digits.append(check.digits)
                if error > 10.0**-check.digits:
                    tally.faults.append(
                        f"{where} is accepted to {check.digits} digits, and errs by {error:.1e}"
                    )
            if peers:
                _ask_peers(tally, here, gradient, right_here)
    return count


def _worst_error(points: Sequence[PointCheck], gradient: Plant) -> float:
    """Return the largest error of a gradient at some points, relative to the norm of an array."""
    worst = 0.0
    for point in points:
        true = gradient(point.found.problem.params)
        for name, given in point.given.gradient.items():
            size = float(np.linalg.norm(true[name]))
            off = float(np.linalg.norm(given - true[name]))
            worst = max(worst, off / size if size else math.inf if off else 0.0)
            worst = math.inf if math.isnan(off) else worst
    return worst


def _ask_peers(tally: Tally, here: Case, gradient: Plant, right: bool) -> None:  # noqa: FBT001  # a fact
    """Let the checkers of other packages judge the values of a gradient, and count their calls."""
    given = here.problem.structure.check(gradient(here.problem.params))
    for name, checker in CHECKERS.items():
        if checker.obstacle(here.problem) is None:
            here.calls[0] = 0
            accepted = checker.accepts(here.problem, given)
            kind = f"{'right' if right else 'wrong'} {NAMES[accepted]}"
            tally.peers.setdefault(name, Counter())[kind] += 1
            each = here.calls[0] / here.problem.size
            tally.peers_calls.setdefault(name, []).append(each)


def main() -> int:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gradients", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkers", action="store_true", help="ask those of other packages, too")
    parser.add_argument("--out", type=Path, help="a file that takes a line for each case")
    parser.add_argument("--markdown", action="store_true", help="print a table, too")
    options = parser.parse_args()
    lines = options.out.read_text().splitlines() if options.out and options.out.exists() else []
    known = {line["case"]: line for line in map(json.loads, lines)}
    tallies = {kind: Tally() for kind in (PLAIN, OPTIMUM, NOISY)}
    cases = [(place, kind) for place in range(len(EVERY)) for kind in tallies]
    each, done = -(-options.gradients // len(cases)), 0
    for place, kind in cases:
        name = f"{place} {kind}"
        if name not in known:
            own = {kind: Tally()}
            count = study(case(place, kind), own, each, options.seed, peers=options.checkers)
            known[name] = json.loads(
                json.dumps({"case": name, "count": count, "tally": vars(own[kind])})
            )
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(known[name]) + "\n")
        tallies[kind].add(known[name]["tally"])
        done += known[name]["count"]
    print(f"{done:,} gradients of {len(EVERY)} losses in {len(cases)} cases")
    for kind, tally in tallies.items():
        print(f"{kind}: {tally}")
    if options.markdown:
        print(markdown(tallies))
    return int(any(tally.faults for tally in tallies.values()))


if __name__ == "__main__":
    raise SystemExit(main())
