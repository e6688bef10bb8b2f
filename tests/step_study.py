"""A study of difference steps on hard problems: errors, estimates, marks and cost.

Errors are those of single components (at most `MOST` of each problem). The best reachable error is
sought over steps half an octave apart, by evaluations of our own; as some steps hit the derivative
by luck, it is the least of running medians over five neighbours. No error counts as smaller than
the rounding of the gradient itself, nor than a tenth of what rounding the loss does at that step.

    python -m tests.step_study [--quick] [--only NAME] [--scheme SCHEME] [--no-cost]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

import gradmethods as gm
from tests.step_truth import CASES, DTYPES, SCHEMES, Flags, Vector, facts, flat

RESOLVED = 0.1
"""Relative error below which a step resolves a component."""
GROSS = 0.5
HALF = 0.4
"""Error ÷ jump of the slope at a kink: the mean slope is 0.5 off, and a little is allowed."""


@dataclass(frozen=True)
class Answer:
    """What a scheme says of some components, beside the truth."""

    case: str
    dtype: str
    scheme: str
    truth: Vector
    best: Vector
    smooth: Flags
    found: Vector
    estimate: Vector
    marked: Flags
    passes: float
    calls: float
    failure: str = ""

    @property
    def error(self) -> Vector:
        """Absolute errors; infinite where nothing was found, NaN where there is no derivative."""
        error = abs(self.found - self.truth)
        return np.where(np.isnan(self.found) & ~np.isnan(self.truth), math.inf, error)

    @property
    def floor(self) -> Vector:
        """The rounding of the gradient itself."""
        return float(np.finfo(self.dtype).eps) / 2 * abs(self.truth)

    @property
    def known(self) -> Flags:
        """Where there is a derivative."""
        return ~np.isnan(self.truth)

    @property
    def ratio(self) -> Vector:
        """Error over the smoothed best one; NaN where no step resolves the component at all."""
        floor = np.maximum(self.floor, np.finfo(float).tiny)
        ratio = np.maximum(self.error, floor) / np.maximum(self.best, floor)
        return np.where(self.resolvable & ~self.marked, ratio, math.nan)

    @property
    def resolvable(self) -> Flags:
        """Where some common step resolves the component, which is not 0."""
        near = self.best <= RESOLVED * abs(self.truth)
        resolvable: Flags = self.known & (self.truth != 0) & near
        return resolvable

    @property
    def honest(self) -> Flags:
        """Where the error is within the estimate; what is marked claims nothing."""
        within: Flags = self.error <= self.estimate + self.floor
        return within | self.marked

    @property
    def gross(self) -> Flags:
        """Where the error is more than half the derivative, and neither mark nor estimate tells."""
        wrong = self.error > GROSS * abs(self.truth)
        return self.known & wrong & ~self.marked & ~(self.error <= self.estimate)

    @property
    def gross_answer(self) -> bool:
        """Whether components without a mark make the whole gradient wrong by more than half."""
        silent = self.known & ~self.marked
        if not silent.any() or not self.truth[self.known].any():
            return False
        unit = max(float(abs(self.truth[self.known]).max()), np.finfo(float).tiny)
        norm = np.linalg.norm(self.truth[self.known] / unit)
        return bool(np.linalg.norm(self.error[silent] / unit) > GROSS * norm)

    @property
    def invented(self) -> Flags:
        """Where there is no derivative, and neither mark nor estimate (half a jump) says so."""
        half = HALF * facts(self.case, self.dtype).apart
        return ~self.known & ~self.marked & ~(self.estimate >= half)

    @property
    def timid(self) -> Flags:
        """Where a component is marked although some common step resolves it."""
        return self.resolvable & self.marked


def ask(name: str, dtype: str, scheme: str) -> Answer:
    """Let a scheme choose its steps, differentiate, and say how good that is."""
    which, truth, _, best, smooth = facts(name, dtype)
    problem = CASES[name].problem(dtype)
    nothing = np.full(which.size, math.nan)
    start = (name, dtype, scheme, truth, best[scheme], smooth[scheme])
    unmarked = np.zeros(which.size, bool)
    try:
        prepared = gm.Numerical(scheme=scheme).prepare(problem)
        found = flat(prepared(problem.params).gradient)[which].astype(float)
    except Exception as error:  # noqa: BLE001  # whatever a rule does wrong is a finding
        failure = f"{type(error).__name__}: {error}"
        return Answer(*start, nothing, nothing, unmarked, math.nan, math.nan, failure)
    estimate, marks = prepared.error_estimate, getattr(prepared, "unresolved", None)
    return Answer(
        *start,
        found,
        nothing if estimate is None else flat(estimate)[which].astype(float),
        unmarked if marks is None else flat(marks)[which].astype(bool),
        prepared.preparation_passes / problem.size,
        (prepared.forward_passes or math.nan) / problem.size,
    )


def share(flags: Iterable[Flags]) -> float:
    joined = np.concatenate([*flags, np.zeros(0, bool)])
    return 100 * float(joined.mean()) if joined.size else math.nan


def median(values: Iterable[Vector]) -> float:
    joined = np.concatenate([*values, np.zeros(0)])
    joined = joined[~np.isnan(joined)]
    return float(np.median(joined)) if joined.size else math.nan


def largest(values: Iterable[Vector]) -> float:
    joined = np.concatenate([*values, np.zeros(0)])
    joined = joined[~np.isnan(joined)]
    return float(joined.max()) if joined.size else math.nan


def looseness(answer: Answer) -> Vector:
    """Return estimates over errors where both say something."""
    sensible = (answer.error > 0) & np.isfinite(answer.estimate) & ~answer.marked
    return (answer.estimate / np.where(sensible, answer.error, math.nan))[sensible]


def figures(answers: list[Answer]) -> dict[str, float]:
    """Sum up some answers."""
    return {
        "answers": len(answers),
        "error/best": median(a.ratio for a in answers),
        "worst smth": largest(a.ratio[a.smooth] for a in answers),
        "worst": largest(a.ratio for a in answers),
        "wrong unmrk": sum(a.gross_answer for a in answers),
        "silent cmp": sum(int(a.gross.sum()) for a in answers),
        "honest %": share(a.honest[a.known] for a in answers),
        "timid %": share(a.timid[a.resolvable] for a in answers),
        "invented": sum(int(a.invented.sum()) for a in answers),
        "est/error": median(looseness(a) for a in answers),
        "prep/entry": median(np.array([a.passes]) for a in answers),
        "per call": median(np.array([a.calls]) for a in answers),
        "failed": sum(bool(a.failure) for a in answers),
    }


def table(answers: list[Answer]) -> Iterator[str]:
    """Yield a line for each scheme and dtype, and for all of them."""
    keys = [*figures([])]
    yield f"{'':22}" + "".join(f"{key:>12}" for key in keys)
    rows = [
        (f"{scheme}, {dtype}", [a for a in answers if (a.scheme, a.dtype) == (scheme, dtype)])
        for dtype in DTYPES
        for scheme in SCHEMES
    ]
    for label, some in (*rows, ("all", answers)):
        if some:
            yield f"{label:22}" + "".join(f"{value:12.3g}" for value in figures(some).values())


FAULTS: dict[str, Callable[[Answer], Flags]] = {
    "WRONG": lambda a: a.gross | (a.known & a.gross_answer & (a.error > GROSS * abs(a.truth))),
    "DISHONEST": lambda a: a.known & ~a.honest & ~a.gross,
    "TIMID": lambda a: a.timid,
    "INVENTED": lambda a: a.invented,
    "FAR": lambda a: a.smooth & (a.ratio > 100),
}


def described(a: Answer, k: int) -> str:
    """Describe one component of an answer in a line."""
    return (
        f"  {a.case:36}{a.dtype:8} {a.scheme:11}#{facts(a.case, a.dtype).which[k]:<4}"
        f"truth {a.truth[k]:.4g} found {a.found[k]:.4g} error {a.error[k]:.1e} "
        f"estimate {a.estimate[k]:.1e} best {a.best[k]:.1e}{' MARKED' * int(a.marked[k])}"
    )


def offenders(answers: list[Answer], most: int) -> Iterator[str]:
    """Yield lines for components at fault, the worst kinds first, so many of each kind at most."""
    for kind, at_fault in FAULTS.items():
        faults = [(a, k) for a in answers for k in np.flatnonzero(at_fault(a)).tolist()]
        yield f"{kind}: {len(faults)}"
        yield from (described(*fault) for fault in faults[:most])
    yield from (
        f"FAILED    {a.case} {a.dtype} {a.scheme} {a.failure}" for a in answers if a.failure
    )


def costly(n: int) -> dict[str, gm.Problem]:
    """Make losses of n parameters that cost O(n)."""
    rng = np.random.default_rng(n)
    x, unit, far = rng.normal(size=n), 10.0 ** rng.uniform(-4, 4, n), 30 * rng.uniform(-1, 1, n)
    a = rng.normal(size=(8, n)) / n**0.5
    return {
        "separable": gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w) * xp.exp(w)), x),
        "mixed units": gm.Problem(
            lambda w, s, *, xp=np: xp.sum(xp.tanh(w / s) + (w / s) ** 2), x * unit, {"s": unit}
        ),
        "log-sum-exp": gm.Problem(lambda w, *, xp=np: xp.log(xp.sum(xp.exp(w))), far),
        "network": gm.Problem(lambda w, a, *, xp=np: xp.mean(xp.tanh(a @ w) ** 2), x, {"a": a}),
        "ReLUs": gm.Problem(lambda w, *, xp=np: xp.sum(xp.maximum(w, 0) + w**2), x),
    }


def costs(sizes: Iterable[int]) -> Iterator[str]:
    """Yield evaluations per entry that preparation takes as the number of parameters grows."""
    yield f"{'evaluations per entry':22}" + "".join(f"{name:>15}" for name in costly(3))
    for n in sizes:
        for scheme in SCHEMES:
            cells = ""
            for problem in costly(n).values():
                passes = gm.Numerical(scheme=scheme).prepare(problem).preparation_passes
                cells += f"{passes / n:15.3g}"
            yield f"{n:6}  {scheme:14}" + cells


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.step_study", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every fifth problem, n up to 100")
    parser.add_argument("--only", default="", help="problems whose name contains this")
    parser.add_argument("--scheme", choices=SCHEMES)
    parser.add_argument("--most", type=int, default=60, help="lines for each kind of fault")
    parser.add_argument("--no-cost", action="store_true")
    options = parser.parse_args()
    names = [name for name in CASES if options.only in name]
    names = names[::5] if options.quick else names
    with np.errstate(all="ignore"):
        answers = [
            ask(name, dtype, scheme)
            for name in names
            for dtype in DTYPES
            for scheme in ([options.scheme] if options.scheme else SCHEMES)
        ]
        lines = [*offenders(answers, options.most), f"{len(names)} problems", *table(answers)]
    print(*lines, sep="\n")
    if not (options.no_cost or options.only):
        for line in costs((10, 100) if options.quick else (10, 100, 1000, 10_000)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
