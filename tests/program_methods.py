"""How each method is run on a random program, and what its answer is then called.

A method without truncation is held to rounding, a certificate to its radius, differences to what
they say of themselves: see `differences`.
"""

from __future__ import annotations

import math
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

import gradmethods as gm
from gradmethods.engines.certified import evaluate
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.precision import working
from tests import duals
from tests.program_oracle import CRASH, DIGITS, EASY, NAN, SLACK, VALUE, WRONG, Oracle, Outcome
from tests.programs import Program

SECONDS = 60
"""That one method may take."""
STEPS = {"float64": 2.0**-13, "float32": 2.0**-6}
EXACT: dict[str, Callable[[], Any]] = {
    "backprop": gm.Backprop,
    "forward-mode": gm.Forward,
    "complex-step": partial(gm.Numerical, "complex-step"),
    "analytical": gm.Analytical,
    "cse": partial(gm.Analytical, "cse"),
    "chain-rule": partial(gm.Analytical, "chain-rule"),
    "expanded": partial(gm.Analytical, "expanded"),
}
SCHEMES = ("forward", "backward", "central", "five-point", "richardson")
DIFFERENCES = (*SCHEMES, "reuse")
"""Each scheme by plain passes, and by reuse one of them, which goes by the seed."""
METHODS = (*EXACT, "certified", "modes", "same", *DIFFERENCES)
"""`modes` holds certificates in reverse against those in forward mode, `same` differences by reuse
against plain ones of the same step."""
HALF, BOLD, SMALL, RESOLVED, TOLD = 0.5, 10.0, 1e-3, 0.1, 0.4
"""What is gross, of a derivative; bold, of an estimate; small, of the largest; resolved, by
neighbouring steps; and what an estimate must be, of the jump between two slopes, to tell of it."""
FINEST = mp.mpf("1e-30")
"""What certificates claim, of a derivative."""
SILENT, INVENTED, MISSED = "SILENT", "INVENTED", "MISSED"
HIDDEN, FINER, FAINT, SMALL_ONE, TIMID, MARKED = (
    "hidden",
    "finer",
    "drowned",
    "small",
    "timid",
    "marked",
)
NORM = "round-off of the norm"
FAULTS = (WRONG, DIGITS, NAN, CRASH, VALUE, SILENT, INVENTED, MISSED)
ORDER = (SILENT, INVENTED, MISSED, FINER, HIDDEN, FAINT, SMALL_ONE, TIMID, MARKED, "agrees")


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
    if name == "expanded" and judged.status in (WRONG, DIGITS):
        # Sums that are written out are added in another order: what cancels leaves round-off.
        apart = max(abs(float(f) - float(t)) for f, t in zip(found, oracle.gradient, strict=True))
        if apart <= EASY * oracle.program.unit * oracle.largest:
            return Outcome(NORM, judged.text)
    marked = prepared.unresolved
    if marked is None or judged.status in ("agrees", VALUE, "not judged"):
        return judged
    marks = oracle.problem.structure.join(marked)
    with np.errstate(all="ignore"):  # what is marked is taken as right: the others are judged
        truth = np.array([float(t) for t in oracle.gradient], found.dtype)
    rest = oracle.judge(result.value, np.where(marks, truth, found))
    return Outcome("refused", f"marked: {judged.text}") if rest.status == "agrees" else rest


def certified(oracle: Oracle) -> Outcome:
    """Hold a certificate against the truth, to its radius, with all the digits that it has.

    Where dual numbers have no derivative, as at the tip of a cone that is squared, the slopes to
    both sides stand for it.
    """
    truth = gm.certified_gradient(oracle.problem)
    given = (truth.gradient, truth.tail, truth.tail_radius)
    parts = list(zip(*(truth.structure.join(x).tolist() for x in given), strict=True))
    for digits in (40, 700):
        loss = oracle.loss if digits == 40 else duals.differentiate(oracle.problem, digits)
        with mp.workdps(digits):
            wrong = [
                f"[{i}] {f!r} + {rest!r} ± {r:.1e}, not {mp.nstr(t, 35)}"
                for i, (f, rest, r) in enumerate(parts)
                for t, fine in _truths(oracle, loss, i)
                if not abs(mp.mpf(f) + rest - t)
                <= mp.mpf(r) * (1 + 1e-12) + fine * abs(t) + mp.mpf(10) ** (30 - digits)
            ]
            if not wrong and abs(mp.mpf(truth.value) - loss.v) <= 1e-15 * abs(loss.v) + 1e-323:
                return Outcome("agrees", f"{truth.digits} digits" if truth.digits < 30 else "")
    return Outcome(WRONG, wrong[0] if wrong else f"{truth.value!r}, not {mp.nstr(loss.v, 25)}")


def _truths(oracle: Oracle, loss: Any, i: int) -> list[tuple[Any, Any]]:
    """Return what a derivative must be, and how finely that is known, relative to itself."""
    if mp.isfinite(loss.t[i]):
        return [(loss.t[i], FINEST)]
    return [(side, 2.0**-52) for side in oracle.sides(i)]


def modes(oracle: Oracle) -> Outcome:
    """Hold a certificate, swept in reverse, against balls carried forward by the same choices."""
    problem = oracle.problem
    try:
        truth = gm.certified_gradient(problem)
    except gm.GradientError:
        return Outcome("not judged")  # `certified` tells of it
    with working(truth.bits):
        point = evaluate.point_of(problem)
        _, forwards = evaluate._forwards(problem, point, lambda: Balls(choices=truth.choices))
    for name, balls in truth.enclosure.items():
        for i, (a, b) in enumerate(zip(balls.flat, forwards[name].flat, strict=True)):
            if not a.overlaps(b):
                return Outcome(WRONG, f"{name}[{i}] {a.str(25)} in reverse, {b.str(25)} forwards")
    return Outcome("agrees", "through ties" if truth.choices else "")


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
    """Hold differences of the default step to their own estimates, entry by entry.

    Where an entry is marked, nothing is wrong (`timid` where neighbouring steps would resolve it).
    Where it is not, an error that no rounding of derivatives explains is judged: one that is ten
    times its estimate, or is gross, half of the derivative. The entry then is

    - hidden: only the rounding of the loss tells the slope found from the true one;
    - finer: the slope turns within four neighbouring numbers, which no difference can see;
    - SILENT: the error is larger than the estimate otherwise;
    - INVENTED: there is no derivative, and the estimate does not tell of the jump of the slope;
    - MISSED: the estimate covers the error, but neighbouring steps resolve the entry to a tenth;
    - small: the estimate covers the error, and the entry is a thousandth or less of the largest,
      or of its own slope one step away, as next to a minimum;
    - drowned: the estimate covers the error, and no step resolves the entry.
    """
    scheme = SCHEMES[oracle.program.seed % 4] if name == "reuse" else name
    way = gm.Numerical(scheme, evaluation="reuse") if name == "reuse" else gm.Numerical(scheme)
    prepared = way.prepare(oracle.problem)
    result = prepared(oracle.problem.params)
    if not oracle.judged or not np.isfinite(float(oracle.loss.v)):
        return Outcome("not judged")
    structure = oracle.problem.structure
    answers: tuple[Any, ...] = (result.gradient, prepared.error_estimate, prepared.unresolved)
    found, estimates, marks = (structure.join(x).tolist() for x in answers)
    steps = prepared.step(structure.join(structure.check(oracle.problem.params))).tolist()
    entries = zip(found, estimates, marks, steps, strict=True)
    seen = [judged(oracle, scheme, i, *entry) for i, entry in enumerate(entries)]
    worst = min(seen, key=lambda o: ORDER.index(o.status), default=Outcome("agrees"))
    known = worst.status in FAULTS and oracle.parted
    return Outcome("not judged", worst.text) if known else worst


def judged(
    oracle: Oracle, scheme: str, i: int, found: float, estimate: float, marked: float, step: float
) -> Outcome:
    """Say what an entry is: its value, its estimated error, whether it is marked, its step."""
    below, above = oracle.sides(i, seen=True)
    text = f"[{i}] {found!r} ± {estimate:.1e}, not {below!r}"
    scale = max(abs(below), abs(above))
    jump = abs(above - below)
    if not jump <= 1e-9 * scale + oracle.least:  # NaN is one
        told = marked or estimate >= TOLD * jump
        return Outcome(MARKED if marked else "agrees" if told else INVENTED, f"{text}, {above!r}")
    if marked:
        timid = oracle.best(i, scheme) <= RESOLVED * scale
        return Outcome(TIMID if timid else MARKED, text)
    error = abs(found - below)
    gross = error > HALF * scale + oracle.least
    if (not gross and error <= BOLD * estimate) or error <= oracle.bounds(seen=True)[i + 1]:
        return Outcome("agrees")
    if not error <= estimate:
        if oracle.hidden(i, scheme, found, estimate, step):
            return Outcome(HIDDEN, text)
        return Outcome(FINER if oracle.finer_than_numbers(i) else SILENT, text)
    if scale <= SMALL * max(oracle.largest, oracle.slope_beside(i, step)):
        return Outcome(SMALL_ONE, text)
    return Outcome(MISSED if oracle.best(i, scheme) <= RESOLVED * scale else FAINT, text)


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
    run = {"certified": certified, "modes": modes, "same": same}.get(name) or partial(way, name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with limited(SECONDS):
                return run(oracle)
        except gm.GradientError as error:
            return Outcome("refused", f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001  # that it was raised is what is found
            return Outcome(CRASH, f"{type(error).__name__}: {error}"[:300])
