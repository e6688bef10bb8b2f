"""What is true of a random program: its loss and gradient, and how far rounding leads from them.

Truth comes from dual numbers with as many digits as it takes; nothing here runs a method.
"""

from __future__ import annotations

import math
import warnings
from functools import cached_property
from typing import Any, NamedTuple

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

import gradmethods as gm
from gradmethods import special
from tests import duals, step_truth
from tests.dual_arrays import Exact
from tests.dual_namespace import Duals
from tests.duals import Doubt
from tests.programs import Program

EASY, SLACK, SAMPLES = 64.0, 30.0, 4
"""Unit round-offs that need no excuse; what is allowed beyond rounding errors seen at work."""
GROSS = 1e-4  # of a derivative, or of the largest where it is 0
BESIDE, DIGITS_BESIDE, ROUNDED = ("1e-710", "1e-705", "1e-700"), 1200, "1e-1150"
"""How far beside a point the loss is asked for slopes to one side, with how many digits, and what
rounding leaves of those, of a loss of 1."""
KINDS = {
    Doubt.NEAR: "near tie", Doubt.KINK: "kink", Doubt.TIE: "tie", Doubt.EDGE: "edge",
    Doubt.ZERO: "edge", Doubt.OVERFLOW: "overflow", Doubt.UNDERFLOW: "underflow",
}  # fmt: skip
WRONG, DIGITS, NAN, CRASH, VALUE = "WRONG", "DIGITS", "NAN", "CRASH", "VALUE"
LOST = "lost"
"""No number, where not one digit survives what NumPy rounds to 0 on the way, or where only algebra
finds a cone flat at its tip; or anything else than the truth, where NumPy has an infinity on the
way."""
TIP = "tip"
OVERFLOWS, DECIDES = "overflows", "decides"


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
        self._sides: dict[tuple[int, bool], tuple[float, float]] = {}
        self._best: dict[int, dict[str, float]] = {}
        self.tip = self._find_flat()

    def _find_flat(self) -> bool:
        """Find the derivatives at the tip of a cone, where dual numbers have none; say if so."""
        missing = [i for i, t in enumerate(self.gradient) if not mp.isfinite(t)]
        if not missing or not mp.isfinite(self.loss.v) or self.loss.doubt & Doubt.JUMP:
            return False
        for i in missing:
            below, above = (self._side(i, sign, seen=False) for sign in ("-", ""))
            if abs(below - above) <= 1e-12 * max(abs(above), 1):
                self.gradient[i] = mp.mpf(above)
        return all(map(mp.isfinite, self.gradient))

    def elsewhere(self) -> gm.Problem:
        """Return the problem at another point, where it may be no number."""
        if self.program.seed % 2:
            return self.problem
        moved = {n: x * x.dtype.type(0.75) for n, x in self.program.params.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return gm.Problem(self.problem.loss, moved, self.program.data or None, name="program")

    @cached_property
    def judged(self) -> bool:
        """Whether the loss is one number, and the one that plain NumPy finds.

        Ties within rounding may go either way; and where values overflow or underflow on the way,
        NumPy's loss may be another one.
        """
        if self.kind == "near tie":
            return False
        found = mp.mpf(float(self.problem.value()))
        if mp.isnan(self.loss.v) or self.kind not in ("overflow", "underflow"):
            return True
        return mp.isfinite(found) and bool(
            abs(found - self.loss.v) <= GROSS * abs(found) + self.bounds(seen=True)[0]
        )

    @cached_property
    def parted(self) -> str:
        """How NumPy parts from exact arithmetic on the way: it overflows, or decides otherwise."""
        scopes: tuple[dict[str, Any], ...] = ({"xp": np}, {"xp": Duals()})
        given = self.program.params | self.program.data
        for scope in scopes:
            scope |= {"np": np, "special": special, **self.program.constants, **given}
        scopes[1].update({name: Exact.of(x) for name, x in self.program.data.items()})
        scopes[1].update({name: Exact.of(x).varying() for name, x in self.program.params.items()})
        for name, text in self.program.statements:
            code = compile(text, "<statement>", "eval")
            with mp.workdps(40), np.errstate(all="ignore"):
                for scope in scopes:
                    scope[name] = eval(code, scope)  # noqa: S307  # our own text
            rounded, exact = np.asarray(scopes[0][name]), Exact.of(scopes[1][name])
            if rounded.dtype.kind == "b":
                if not np.array_equal(rounded, exact.a):
                    return DECIDES
            elif rounded.dtype.kind == "f":
                whole = [mp.isfinite(x.v) for x in exact.whole().ravel()]
                if (np.array(whole, bool) & ~np.isfinite(rounded.ravel())).any():
                    return OVERFLOWS
        return ""

    @property
    def kind(self) -> str:
        """Whether the loss is smooth at the point, or what stands against it."""
        if not all(map(mp.isfinite, (self.loss.v, *self.gradient))):
            return "no number"
        if self.tip:
            return TIP
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

    def bounds(self, *, seen: bool) -> list[Any]:
        """Return how far a loss and derivatives without truncation may be off."""
        truth = [self.loss.v, *self.gradient]
        easy = [EASY * self.program.unit * abs(t) + self.least for t in truth]
        if not seen:
            return easy
        return [SLACK * s + b for s, b in zip(self.allowed(), easy, strict=True)]

    def judge(self, value: float, gradient: Any) -> Outcome:
        """Hold a computed loss and gradient against the truth."""
        if not self.judged or self.kind == "no number":
            return Outcome("not judged")
        found = [mp.mpf(float(x)) for x in (value, *gradient)]
        truth = [self.loss.v, *self.gradient]
        errors = [abs(f - t) for f, t in zip(found, truth, strict=True)]
        if all(e <= b for e, b in zip(errors, self.bounds(seen=False), strict=True)):
            return Outcome("agrees")
        bounds = self.bounds(seen=True)
        bad = [i for i, (e, b) in enumerate(zip(errors, bounds, strict=True)) if not e <= b]
        if not bad:
            return Outcome("agrees")
        size = max(abs(t) for t in self.gradient)
        i = max(bad, key=lambda k: mp.inf if mp.isnan(errors[k]) else errors[k] / bounds[k])
        where = f"[{i - 1}] {float(found[i])!r}, not {mp.nstr(truth[i], 17)}"
        if self.parted:
            return Outcome(LOST if self.parted == OVERFLOWS else "not judged", where)
        if not all(map(mp.isfinite, found)):
            if self.tip:
                return Outcome(LOST, where)
            lost = self.loss.doubt & (Doubt.OVERFLOW | Doubt.UNDERFLOW) and all(
                bounds[k] > abs(truth[k]) / 2 for k in bad if not mp.isfinite(found[k])
            )
            return Outcome(LOST if lost else NAN, where)
        if i == 0:
            return Outcome(VALUE, where)
        scale = abs(truth[i]) or size
        return Outcome(WRONG if errors[i] > GROSS * scale else DIGITS, where)

    def sides(self, i: int, *, seen: bool = False) -> tuple[float, float]:
        """Return the slopes below and above the point along one entry, where they are not one.

        NaN is a side where the loss is no number, jumps, or has an infinite slope. If only what is
        `seen` counts, a jump that is smaller than the rounding of the loss is none.
        """
        if self.kind == "smooth":
            slope = float(self.gradient[i])
            return slope, slope
        if (i, seen) not in self._sides:
            below, above = (self._side(i, sign, seen=seen) for sign in ("-", ""))
            self._sides[i, seen] = below, above
        return self._sides[i, seen]

    def _side(self, i: int, sign: str, *, seen: bool) -> float:
        with mp.workdps(DIGITS_BESIDE):
            home, nearest, near, wide = (
                (mp.mpf(sign + move), self._at(i, sign + move, DIGITS_BESIDE))
                for move in ("0", *BESIDE)
            )
            rounded = max(abs(home[1]), 1) * mp.mpf(ROUNDED)
            if seen and abs(nearest[1] - home[1]) <= self.program.unit * abs(home[1]):
                home = nearest
            close, far = ((there[1] - home[1]) / (there[0] - home[0]) for there in (near, wide))
            alike = abs(far - close) <= mp.mpf("1e-30") * abs(far) + rounded / abs(near[0])
            return float(close) if alike else math.nan

    def finer_than_numbers(self, i: int) -> bool:
        """Say whether the slope along an entry is another one within four neighbouring numbers."""
        slope, apart = self.gradient[i], float(np.spacing(abs(self._flat()[i])))
        return self.kind == "smooth" and any(
            abs(duals.differentiate(self.problem, along=(i, repr(k * apart))).t[0] - slope)
            > abs(slope) / 2
            for k in (-4, -3, -2, -1, 1, 2, 3, 4)
        )

    def hidden(self, i: int, scheme: str, found: float, estimate: float, step: float) -> bool:
        """Say whether only rounding of the loss tells the slope found from the true one.

        At no step up to the one taken does the scheme, by the exact loss, leave what was found by
        more than the estimate and the rounding of the loss over the step: what no value shows, no
        difference can see.
        """
        x = self._flat()[i]
        offsets = [1, 2] if scheme in ("five-point", "richardson") else [1]
        noise = 4 * max(self.allowed()[0], self.program.unit * abs(self.loss.v))
        h = max(float(np.spacing(abs(x))), step * 1e-14)
        while h <= step:
            moved = [(k * h, -k * h) for k in offsets]
            if scheme in ("forward", "backward"):
                moved = [(h if scheme == "forward" else -h, 0.0)]
            slopes = [(self._at(i, repr(a)) - self._at(i, repr(b))) / (a - b) for a, b in moved]
            slope = slopes[0] + (slopes[0] - slopes[-1]) / 3
            if abs(slope - found) > estimate + noise / h:
                return False
            h *= 4
        return True

    @property
    def largest(self) -> float:
        """The largest derivative."""
        return float(max(abs(t) for t in self.gradient))

    def slope_beside(self, i: int, step: float) -> float:
        """Return the larger of the slopes that an entry has a step away to both sides."""
        places = ((i, repr(step)), (i, repr(-step)))
        beside = [duals.differentiate(self.problem, along=place).t[0] for place in places]
        return float(max((abs(t) for t in beside if mp.isfinite(t)), default=0.0))

    def _at(self, i: int, move: str, digits: int = 40) -> Any:
        """Return the exact loss with one entry moved."""
        return duals.differentiate(self.problem, digits, along=(i, move)).v

    def _flat(self) -> Any:
        return self.problem.structure.join(self.problem.structure.check(self.problem.params))

    def best(self, i: int, scheme: str) -> float:
        """Return the least error of a scheme for one entry that neighbouring steps agree on."""
        if i not in self._best:
            x = self._flat()[i]
            at = step_truth.beside(self.problem)
            with np.errstate(all="ignore"):
                self._best[i] = step_truth.best_errors(at, i, x, self.sides(i)[0])
        return self._best[i][scheme]
