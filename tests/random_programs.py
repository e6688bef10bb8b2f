"""Random programs through all methods, against an oracle of dual numbers with any number of digits.

`python -m tests.random_programs --seeds 0:20000` runs the study and prints what was found; with
`--out FILE` every seed is a line on disk, and a run that was stopped goes on. `--show SEED METHOD`
prints a program, made as small as it still fails.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import re
import signal
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

import gradmethods as gm
from tests import duals
from tests.duals import Doubt
from tests.program_writer import DTYPES, TARGETS, written
from tests.programs import Program, smaller

SECONDS = 60
"""That one method may take."""
EASY, SLACK, SAMPLES = 64.0, 30.0, 4
"""Unit round-offs that need no excuse; what is allowed beyond rounding errors seen at work."""
GROSS = 1e-4  # of a derivative, or of the largest where it is 0
STEPS = {"float64": 2.0**-13, "float32": 2.0**-6}
EXACT: dict[str, Callable[[], Any]] = {
    "backprop": gm.Backprop,
    "complex-step": partial(gm.Numerical, "complex-step"),
    "analytical": gm.Analytical,
    "chain-rule": partial(gm.Analytical, "chain-rule"),
    "expanded": partial(gm.Analytical, "expanded"),
}
DIFFERENCES: dict[str, Callable[[], Any]] = {
    "central": gm.Numerical,
    "five-point": partial(gm.Numerical, "five-point"),
    "reuse": partial(gm.Numerical, evaluation="reuse"),
}
METHODS = (*EXACT, "certified", "same", *DIFFERENCES)
"""`same` holds differences by reuse against plain ones of the same step."""
KINDS = {
    Doubt.NEAR: "near tie", Doubt.KINK: "kink", Doubt.TIE: "tie", Doubt.EDGE: "edge",
    Doubt.ZERO: "edge", Doubt.OVERFLOW: "overflow", Doubt.UNDERFLOW: "underflow",
}  # fmt: skip
WRONG, DIGITS, NAN, CRASH, VALUE = "WRONG", "DIGITS", "NAN", "CRASH", "VALUE"
FAULTS = (WRONG, DIGITS, NAN, CRASH, VALUE)


class Outcome(NamedTuple):
    """What came of a method: agrees, refused, or what is wrong; and details."""

    status: str
    text: str = ""


class Oracle:
    """The true loss and gradient of a program, and how far rounding leads from them."""

    def __init__(self, program: Program, problem: gm.Problem) -> None:
        self.program, self.problem = program, problem
        self.loss = duals.differentiate(problem, near=EASY * program.unit)
        self.gradient = list(self.loss.t)
        self.least = float(np.finfo(program.dtype).smallest_normal)
        self._spread: list[Any] | None = None

    def elsewhere(self) -> gm.Problem:
        """Return the problem at another point, where it may be no number."""
        if self.program.seed % 2:
            return self.problem
        moved = {n: x * x.dtype.type(0.75) for n, x in self.program.params.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return gm.Problem(self.problem.loss, moved, self.program.data or None, name="program")

    @property
    def kind(self) -> str:
        """Whether the loss is smooth at the point, or what stands against it."""
        if not all(map(mp.isfinite, (self.loss.v, *self.gradient))):
            return "no number"
        huge = any(abs(t) > duals.MODE.largest for t in self.gradient)
        doubt = self.loss.doubt | (Doubt.OVERFLOW if huge else 0)
        return next((kind for bit, kind in KINDS.items() if doubt & bit), "smooth")

    def allowed(self) -> list[Any]:
        """Return what rounding may do to the loss and to each derivative, as seen at work."""
        if self._spread is None:
            self._spread = [mp.mpf(0)] * (1 + len(self.gradient))
            for seed in range(SAMPLES):
                with duals.rounded(self.program.unit, self.least, seed):
                    other = duals.differentiate(self.problem)
                pairs = zip((other.v, *other.t), (self.loss.v, *self.gradient), strict=True)
                moved = [abs(a - b) for a, b in pairs]
                self._spread = [
                    mp.inf if mp.isnan(m) else max(s, m)
                    for s, m in zip(self._spread, moved, strict=True)
                ]
        return self._spread

    def judge(self, value: float, gradient: Any) -> Outcome:
        """Hold a computed loss and gradient against the truth."""
        if self.kind in ("no number", "near tie"):
            return Outcome("not judged")
        found = [mp.mpf(float(x)) for x in (value, *gradient)]
        truth = [self.loss.v, *self.gradient]
        unit, least = self.program.unit, self.least
        errors = [abs(f - t) for f, t in zip(found, truth, strict=True)]
        easy = [EASY * unit * abs(t) + least for t in truth]
        if all(e <= b for e, b in zip(errors, easy, strict=True)):
            return Outcome("agrees")
        bounds = [SLACK * s + b for s, b in zip(self.allowed(), easy, strict=True)]
        bad = [i for i, (e, b) in enumerate(zip(errors, bounds, strict=True)) if not e <= b]
        if not bad:
            return Outcome("agrees")
        size = max(abs(t) for t in self.gradient)
        i = max(bad, key=lambda k: mp.inf if mp.isnan(errors[k]) else errors[k] / bounds[k])
        where = f"[{i - 1}] {float(found[i])!r}, not {mp.nstr(truth[i], 17)}"
        if not all(map(mp.isfinite, found)):
            return Outcome(NAN, where)
        if i == 0:
            return Outcome(VALUE, where)
        scale = abs(truth[i]) or size
        return Outcome(WRONG if errors[i] > GROSS * scale else DIGITS, where)


def flat(problem: gm.Problem, gradient: Any) -> Any:
    return problem.structure.join(problem.structure.check(gradient))


def called(prepared: Any, problem: gm.Problem, *, strange: bool) -> Any:
    """Call a prepared gradient, with arrays in other layouts, and overwrite them afterwards."""

    def copies() -> Any:
        arrays = problem.structure.check(problem.params).items()
        given = {name: np.array(x, order="F" if strange else "C") for name, x in arrays}
        if strange:  # from the last entry to the first in memory
            given |= {n: x[::-1].copy()[::-1] for n, x in given.items() if x.ndim == 1}
        return given

    given, kept = copies(), copies()
    result = prepared(problem.structure.restore(given))
    assert all(given[n].tobytes() == x.tobytes() for n, x in kept.items()), "it wrote to parameters"
    before = flat(problem, result.gradient).tobytes()
    for x in given.values():
        x.fill(np.nan)
    assert flat(problem, result.gradient).tobytes() == before, "it returned memory of parameters"
    again = prepared(problem.structure.restore(kept))
    assert flat(problem, result.gradient).tobytes() == before, "a later call wrote to its result"
    assert flat(problem, again.gradient).tobytes() == before, "a second call differs"
    return result


def exact(name: str, oracle: Oracle) -> Outcome:
    """Hold a method without truncation against the truth; it was prepared at another point."""
    prepared = EXACT[name]().prepare(oracle.elsewhere())
    result = called(prepared, oracle.problem, strange=oracle.program.seed % 3 == 0)
    found = flat(oracle.problem, result.gradient)
    judged = oracle.judge(result.value, found)
    marked = prepared.unresolved
    if marked is None or judged.status in ("agrees", VALUE, "not judged"):
        return judged
    marks = oracle.problem.structure.join(marked)
    with np.errstate(all="ignore"):  # what is marked is taken as right: the others are judged
        truth = np.array([float(t) for t in oracle.gradient], found.dtype)
    rest = oracle.judge(result.value, np.where(marks, truth, found))
    return Outcome("refused", f"marked: {judged.text}") if rest.status == "agrees" else rest


def certified(oracle: Oracle) -> Outcome:
    """Hold a certificate against the truth, to its radius."""
    truth = gm.certified_gradient(oracle.problem)
    found, radii = (truth.structure.join(x) for x in (truth.gradient, truth.radius))
    for digits in (40, 700):
        loss = oracle.loss if digits == 40 else duals.differentiate(oracle.problem, digits)
        with mp.workdps(digits):
            wrong = [
                f"[{i}] {f!r} ± {r:.1e}, not {mp.nstr(t, 25)}"
                for i, (f, r, t) in enumerate(
                    zip(found.tolist(), radii.tolist(), loss.t, strict=True)
                )
                if not abs(mp.mpf(f) - t) <= mp.mpf(r) * (1 + 1e-12) + mp.mpf(10) ** -30 * abs(t)
            ]
            if not wrong and abs(mp.mpf(truth.value) - loss.v) <= 1e-15 * abs(loss.v) + 1e-323:
                return Outcome("agrees")
    return Outcome(WRONG, wrong[0] if wrong else f"{truth.value!r}, not {mp.nstr(loss.v, 25)}")


def same(oracle: Oracle) -> Outcome:
    """Hold differences by reuse against plain ones of the same step, to round-off."""
    problem = oracle.problem
    largest = max(float(np.max(abs(x), initial=1)) for x in oracle.program.params.values())
    h = STEPS[oracle.program.dtype] * 2.0 ** math.floor(math.log2(largest))
    scheme = "five-point" if oracle.program.seed % 2 else "central"
    plain = gm.Numerical(scheme, h).prepare(problem)(problem.params)
    prepared = gm.Numerical(scheme, h, evaluation="reuse").prepare(oracle.elsewhere())
    reuse = called(prepared, problem, strange=oracle.program.seed % 3 == 0)
    found = np.append(flat(problem, reuse.gradient), reuse.value).astype(float)
    wanted = np.append(flat(problem, plain.gradient), plain.value).astype(float)
    if not np.isfinite(wanted).all():
        return Outcome("not judged")
    apart, u = abs(found - wanted), oracle.program.unit
    noise = np.full(wanted.shape, u * abs(wanted[-1]) / h)
    noise[-1] *= h
    bounds = EASY * (u * abs(wanted) + noise)
    if not (apart <= bounds).all():
        seen = max(float(oracle.allowed()[0]), u * _largest(oracle.program, h))
        bounds += SLACK * np.append(np.full(wanted.size - 1, seen / h), seen) + oracle.least / h
    if (apart <= bounds).all():
        return Outcome("agrees")
    i = int(np.argmax(np.nan_to_num(apart / bounds, nan=np.inf)))
    text = f"[{i}] {float(found[i])!r}, plain {float(wanted[i])!r}"
    return Outcome(VALUE if i == apart.size - 1 else WRONG, text)


def _largest(program: Program, h: float) -> float:
    """Return the largest value on the way, also where parameters are moved: reuse adds to it."""
    largest = 0.0
    for move in (0, h, -h, 2 * h, -2 * h):
        moved = {
            name: x + (move * (1 + np.arange(x.size) % 3)).reshape(x.shape).astype(x.dtype)
            for name, x in program.params.items()
        }
        scope = {"np": np, "xp": np, **program.constants, **moved, **program.data}
        with np.errstate(all="ignore"):
            for name, text in program.statements:
                scope[name] = eval(compile(text, "<s>", "eval"), scope)  # noqa: S307  # our own text
                value = np.asarray(scope[name], float)
                largest = max(largest, float(np.max(abs(value), initial=0.0)))
    return largest if math.isfinite(largest) else math.inf


def differences(name: str, oracle: Oracle) -> Outcome:
    """Say how far differences of the default step are off: half of it unmarked is gross."""
    prepared = DIFFERENCES[name]().prepare(oracle.problem)
    result = prepared(oracle.problem.params)
    found = flat(oracle.problem, result.gradient).astype(float)
    truth = np.array([float(t) for t in oracle.gradient])
    with np.errstate(all="ignore"):
        far = ~(abs(found - truth) <= 0.5 * abs(truth) + 1e-3 * np.max(abs(truth)))
    marked = getattr(prepared, "unresolved", None)
    if marked is not None:
        far &= ~oracle.problem.structure.join(marked)
    i = int(np.argmax(far))
    if not far[i]:
        return Outcome("agrees")
    return Outcome(f"off by half: {NAN if np.isnan(found[i]) else WRONG}",
                   f"[{i}] {found[i]!r}, not {truth[i]!r}")  # fmt: skip


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def expire(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(name: str, oracle: Oracle) -> Outcome:
    """Run one method; a refusal is an outcome, every other exception or warning a crash."""
    way = exact if name in EXACT else differences
    run = {"certified": certified, "same": same}.get(name) or partial(way, name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with limited(SECONDS):
                return run(oracle)
        except gm.GradientError as error:
            return Outcome("refused", f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001  # that it was raised is what is found
            return Outcome(CRASH, f"{type(error).__name__}: {error}"[:300])


def study(seed: int, methods: Iterable[str] = METHODS) -> dict[str, Any]:
    """Run the methods on the program of a seed."""
    program = written(seed)
    oracle = Oracle(program, program.problem())
    found = {name: outcome(name, oracle) for name in methods}
    return {"seed": seed, "target": program.target, "dtype": program.dtype, "kind": oracle.kind,
            "found": found}  # fmt: skip


def shown(seed: int, method: str) -> str:
    """Return the program of a seed, as small as it still fails in the same way."""
    program = written(seed)

    def result(candidate: Program) -> tuple[str, str, str]:
        try:
            oracle = Oracle(candidate, candidate.problem())
            return oracle.kind, *outcome(method, oracle)
        except Exception:  # noqa: BLE001  # then it is no program
            return "", "", ""

    kind, status, text = result(program)
    if status in ("refused", CRASH):
        wanted = re.sub(r"[\d.]+", "#", text)[:50]
        least = smaller(
            program,
            lambda p: (
                (r := result(p))[:2] == (kind, status)
                and re.sub(r"[\d.]+", "#", r[2])[:50] == wanted
            ),
        )
    else:
        least = smaller(program, lambda p: result(p)[:2] == (kind, status))
    return f"{least}\n# {method}: {' | '.join(result(least))}"


def summary(records: list[dict[str, Any]], *, most: int = 6) -> Iterator[str]:
    """Yield the tables: counts, shares of the smooth, refusals and faults."""
    count = Counter((r["target"], r["dtype"]) for r in records)
    least = min((count[t, d] for t in TARGETS for d in DTYPES), default=0)
    kinds = Counter(r["kind"] for r in records)
    sizes = f"{len(TARGETS)} functions × {len(DTYPES)} dtypes"
    yield f"{len(records)} programs, {sizes}, at least {least} of each"
    yield "  " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
    smooth = [r for r in records if r["kind"] == "smooth"]
    names = list(dict.fromkeys(name for r in records for name in r["found"]))
    for name in names:
        mine = Counter(r["found"][name][0] for r in smooth if name in r["found"])
        total = sum(mine.values()) or 1
        parts = ", ".join(
            f"{status} {n} ({100 * n / total:.2f} %)" for status, n in mine.most_common()
        )
        yield f"{name:13} smooth: {parts}"
        others: dict[str, Counter[str]] = defaultdict(Counter)
        for r in records:
            if r["kind"] != "smooth" and name in r["found"]:
                others[r["kind"]][r["found"][name][0]] += 1
        for kind, mine in others.items():
            yield f"{'':13} {kind}: " + ", ".join(f"{s} {n}" for s, n in mine.most_common())
    refusals: dict[tuple[str, str], list[int]] = defaultdict(list)
    faults: dict[tuple[str, str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for r in records:
        for name, (status, text) in r["found"].items():
            if status == "refused" and r["kind"] == "smooth":
                refusals[name, re.sub(r"-?[\d.]+(e[+-]?\d+)?", "#", text)[:90]].append(r["seed"])
            elif status not in ("agrees", "refused", "not judged"):
                faults[name, r["kind"], status, r["target"]].append((r["seed"], text))
    yield "refusals of smooth programs:"
    for (name, text), seeds in sorted(refusals.items(), key=lambda x: -len(x[1]))[:40]:
        yield f"  {len(seeds):5} {name:13} {text}  (seed {seeds[0]})"
    yield "faults:"
    for (name, kind, status, target), found in sorted(faults.items()):
        listed = "; ".join(f"{seed}: {text[:90]}" for seed, text in found[:most])
        yield f"  {len(found):4} {name:12} {kind:9} {status:6} {target}: {listed}"


def table(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line per function: programs, the smooth ones, and how many of them agree."""
    yield f"{'function':22}" + "".join(f"{d:>9} smooth  bp ok  cert ok" for d in DTYPES)
    for target in TARGETS:
        line = f"{target:22}"
        for dtype in DTYPES:
            mine = [r for r in records if (r["target"], r["dtype"]) == (target, dtype)]
            found = [r["found"] for r in mine if r["kind"] == "smooth"]
            ok = [sum(f[m][0] == "agrees" for f in found) for m in ("backprop", "certified")]
            line += f"{len(mine):9} {len(found):6} {ok[0]:6} {ok[1]:8}"
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:20000", help="first:last, the last not included")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--out", type=Path, help="a line of JSON for each seed; gone on with")
    parser.add_argument("--show", nargs=2, metavar=("SEED", "METHOD"))
    parser.add_argument("--table", action="store_true", help="also counts per function and dtype")
    options = parser.parse_args()
    if options.show:
        print(shown(int(options.show[0]), options.show[1]))
        return
    records = []
    if options.out and options.out.exists():
        records = [json.loads(line) for line in options.out.read_text().splitlines()]
    done = {r["seed"] for r in records}
    seeds = [s for s in range(*map(int, options.seeds.split(":"))) if s not in done]
    run = partial(study, methods=options.methods.split(","))
    with multiprocessing.Pool(options.jobs) as pool:
        for record in pool.imap_unordered(run, seeds):
            records.append(record)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(record) + "\n")
    for line in summary(records):
        print(line)
    for line in table(records) if options.table else ():
        print(line)


if __name__ == "__main__":
    main()
