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
from tests.program_writer import DTYPES, TARGETS, written
from tests.programs import Program, smaller

SECONDS = 60
"""That one method may take with one program of some ten operations."""
EASY, SLACK, SAMPLES = 64.0, 30.0, 4
"""Unit round-offs that need no excuse; what is allowed beyond rounding errors seen at work."""
GROSS = 1e-4
STEPS = {"float64": 2.0**-13, "float32": 2.0**-6}
PLAIN = partial(gm.Numerical, "central")
EXACT: dict[str, Callable[[], Any]] = {
    "backprop": gm.Backprop,
    "complex-step": partial(gm.Numerical, "complex-step"),
    "analytical": gm.Analytical,
    "chain-rule": partial(gm.Analytical, "chain-rule"),
    "expanded": partial(gm.Analytical, "expanded"),
}
DIFFERENCES: dict[str, Callable[[], Any]] = {
    "central": PLAIN,
    "five-point": partial(gm.Numerical, "five-point"),
    "reuse": partial(gm.Numerical, evaluation="reuse"),
}
METHODS = (*EXACT, "certified", "same", *DIFFERENCES)
"""`same` holds differences by reuse against plain ones of the same step."""
WRONG, DIGITS, NAN, CRASH, VALUE = "WRONG", "DIGITS", "NAN", "CRASH", "VALUE"
FAULTS = (WRONG, DIGITS, NAN, CRASH, VALUE)


class Outcome(NamedTuple):
    """What came of a method: agrees, refused, or what is wrong; and details."""

    status: str
    text: str = ""


class Oracle:
    """The true loss and gradient of a program, and how far rounding may lead from them."""

    def __init__(self, program: Program, problem: gm.Problem) -> None:
        self.program, self.problem = program, problem
        self.loss = duals.differentiate(problem)
        self.gradient = list(self.loss.t)
        self.least = float(np.finfo(program.dtype).smallest_normal)
        self._spread: list[Any] | None = None

    @property
    def kind(self) -> str:
        """Whether the loss is smooth at the point, or what stands against it."""
        doubt = self.loss.doubt
        if not all(map(mp.isfinite, (self.loss.v, *self.gradient))):
            return "no number"
        if doubt & duals.Doubt.KINK:
            return "kink"
        if doubt & duals.Doubt.TIE:
            return "tie"
        if doubt & (duals.Doubt.EDGE | duals.Doubt.ZERO):
            return "edge"
        if doubt & duals.Doubt.OVERFLOW or any(abs(t) > duals.MODE.largest for t in self.gradient):
            return "overflow"
        return "underflow" if doubt & duals.Doubt.UNDERFLOW else "smooth"

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
        if self.kind == "no number":
            return Outcome("no number")
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


def exact(name: str, oracle: Oracle) -> Outcome:
    result = EXACT[name]().prepare(oracle.problem)(oracle.problem.params)
    return oracle.judge(result.value, flat(oracle.problem, result.gradient))


def certified(oracle: Oracle) -> Outcome:
    """Hold a certificate against the truth, to its radius."""
    truth = gm.certified_gradient(oracle.problem)
    structure = truth.structure
    found, radii = (structure.join(structure.check(x)) for x in (truth.gradient, truth.radius))
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
    reuse = gm.Numerical(scheme, h, evaluation="reuse").prepare(problem)(problem.params)
    a, b = (flat(problem, x.gradient).astype(float) for x in (plain, reuse))
    u, f = oracle.program.unit, abs(float(plain.value))
    with np.errstate(all="ignore"):
        apart = abs(np.append(a - b, float(plain.value) - float(reuse.value)))
    if not np.isfinite(a).all() or not math.isfinite(f):
        return Outcome("no number")
    if (apart <= EASY * u * (1 + f) / h).all() and math.isfinite(apart[-1]):
        return Outcome("agrees")
    noise = max(float(oracle.allowed()[0]), _term_noise(oracle))
    if (apart <= SLACK * (noise + u * f + oracle.least) / h).all():
        return Outcome("agrees")
    i = int(np.argmax(np.where(np.isfinite(apart), apart, np.inf)))
    if i == a.size:
        return Outcome(VALUE, f"{reuse.value!r}, not {plain.value!r}")
    return Outcome(WRONG, f"[{i}] {b[i]!r}, plain {a[i]!r}")


def _term_noise(oracle: Oracle) -> float:
    """Return the round-off of the largest value on the way: differences of it are computed."""
    program = oracle.program
    scope = {"np": np, "xp": np, **program.constants, **program.params, **program.data}
    largest = 0.0
    with np.errstate(all="ignore"):
        for name, text in program.statements:
            scope[name] = eval(compile(text, "<s>", "eval"), scope)  # noqa: S307  # our own text
            value = np.asarray(scope[name], float)
            largest = max(largest, float(np.max(abs(value), initial=0.0)))
    return program.unit * largest if math.isfinite(largest) else math.inf


def differences(name: str, oracle: Oracle) -> Outcome:
    """Say how far differences of the default step are off: half of it unmarked is gross."""
    prepared = DIFFERENCES[name]().prepare(oracle.problem)
    result = prepared(oracle.problem.params)
    marked = getattr(prepared, "unresolved", None)
    found = flat(oracle.problem, result.gradient).astype(float)
    truth = np.array([float(t) for t in oracle.gradient])
    with np.errstate(all="ignore"):
        far = ~(abs(found - truth) <= 0.5 * abs(truth) + 1e-3 * np.max(abs(truth), initial=0.0))
    if marked is not None:
        far &= ~flat(oracle.problem, marked).astype(bool)
    if not far.any():
        return Outcome("agrees")
    i = int(np.argmax(far))
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
    ways = {"certified": certified, "same": same}
    run = ways.get(name) or partial(exact if name in EXACT else differences, name)
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
        except Exception:  # noqa: BLE001  # then it is no program
            return "", "", ""
        return oracle.kind, *outcome(method, oracle)

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
            elif status not in ("agrees", "refused", "no number"):
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
        cells = []
        for dtype in DTYPES:
            mine = [r for r in records if (r["target"], r["dtype"]) == (target, dtype)]
            smooth = [r for r in mine if r["kind"] == "smooth"]
            ok = [
                sum(r["found"].get(m, [""])[0] == "agrees" for r in smooth)
                for m in ("backprop", "certified")
            ]
            cells.append(f"{len(mine):9} {len(smooth):6} {ok[0]:6} {ok[1]:8}")
        yield f"{target:22}" + "".join(cells)


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
    if options.table:
        for line in table(records):
            print(line)


if __name__ == "__main__":
    main()
