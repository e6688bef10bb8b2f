"""The complex step, Im f(x + ih)/h: no losses are subtracted, so it is exact to round-off.

The step is so small that it leaves real parts untouched. It fails at two limits: imaginary parts
underflow, wholly or in one term of many, or they are so large that their squares are seen, where
the loss varies much faster than its parameters. The arithmetic says when it comes near either (see
`gradmethods.engines.complex.doubts`). Whether an underflow matters is seen by putting noise of the
size of what may be lost in its place. Where it does, and where squares are seen, other steps are
tried; an entry for which none will do is marked.

Sources: W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions,
SIAM Review 40 (1998) 110-112; J. R. R. A. Martins, P. Sturdza and J. J. Alonso, The complex-step
derivative approximation, ACM Transactions on Mathematical Software 29 (2003) 245-262. Noise for
what is lost: J. Vignes, A stochastic arithmetic for reliable scientific computation, Mathematics
and Computers in Simulation 35 (1993) 233-261.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.complex.functions import join
from gradmethods.engines.complex.imaginary_parts import Imaginary, Slopes
from gradmethods.engines.complex.imaginary_rules import Doubtful
from gradmethods.errors import NotDifferentiable
from gradmethods.providers import schemes
from gradmethods.providers.moved_loss import OverComplex
from gradmethods.providers.parts import BLOCK, blocks
from gradmethods.providers.schemes import Estimate, StepRule, Vector
from gradmethods.providers.steps import FixedStep

if TYPE_CHECKING:
    from gradmethods.providers.spreading import Spreading

Evaluate = Callable[[], complex]

ROUNDINGS = 16.0
"""The estimate of the error, in units of round-off: a loss of many operations may exceed it."""

HARMLESS = 16.0
"""Units of round-off that may be lost in a derivative without a look for a better step."""

TOLERATED = 1024.0
"""Units of round-off that may be lost to underflow in a derivative that is not marked."""

TRIES = 4
"""Pairs of wide steps on the scale of an entry, each a sixteenth of the one before."""

SEED = 1


class Found(NamedTuple):
    """A derivative, how far it may be off beyond round-off, and the passes that it took."""

    slope: float
    error: float
    passes: int = 0


def complex_step(
    problem: Problem,
    value: float,
    point: Vector,
    data: Arrays,
    step: StepRule,
    seconds: float,
    recorded: Imaginary | None = None,
    spread: Spreading | None = None,
) -> Estimate:
    """Take Im f(x + ih)/h for each parameter.

    The runs of a block are made at once where the loss is `recorded` and steps are narrow; where
    that leaves doubts, the loss is run over complex arrays, entry by entry. The value is then its
    real part if the step is too small to show there; `value`, which is that of plain NumPy, if not.
    An entry whose run came near a limit of the arithmetic takes a pass more, or as many as the loss
    asks for other steps.
    """
    u = float(np.finfo(point.dtype).eps) / 2
    given = isinstance(step, FixedStep)
    steps = step.near(point)
    gradient = np.empty_like(point)
    errors = np.empty_like(point)
    passes = point.size
    slopes = None if given or not math.isfinite(value) else _slopes(problem, recorded, point, data)
    total = point.size * seconds
    left = list(_left(slopes, gradient, errors, total))
    value = slopes.value if slopes else value
    if not left:
        return Estimate(value, gradient, passes, ROUNDINGS * u * abs(gradient))
    sweep = _Sweep(problem, point, data, value, given=given)

    def asked(part: slice) -> tuple[slice, tuple[Any, ...]]:
        # A step that is seen in the parameter itself may lead real parts into other branches.
        first = part.start // BLOCK * BLOCK
        block = slice(first, min(first + BLOCK, point.size))
        pinned = not given and bool((steps(block) > u * abs(point[block])).any())
        return part, (steps(part), pinned, sweep.value, sweep.loss.xp.looking, given)

    found: Iterable[tuple[slice, Vector]]
    if spread:  # the first entry shows what all others need to know
        first = slice(left[0].start, left[0].start + 1)
        others = spread.parts(total, [slice(first.stop, left[0].stop), *left[1:]])
        rows = sweep(*asked(first)[:1], *asked(first)[1][:2])
        found = chain([(first, rows)], spread.each(map(asked, others)))
    else:
        found = (
            (part, sweep(part, *asked(part)[1][:2])) for part in blocks(point.size, total, left)
        )
    for part, rows in found:
        gradient[part], errors[part] = rows[:2]
        passes += int(rows[2].sum())
    # Nothing is subtracted: what rounding does is all there is, of a few operations.
    return Estimate(sweep.value, gradient, passes, ROUNDINGS * u * abs(gradient) + errors)


def slopes_at(
    problem: Problem,
    here: tuple[Vector, Arrays | None],
    part: slice,
    h: Vector,
    pinned: bool,  # noqa: FBT001  # what is sent has no names
    value: float,
    looking: bool,  # noqa: FBT001  # as above
    given: bool,  # noqa: FBT001  # as above
) -> Vector:
    """Take the slopes of a part of the parameters: what a worker does."""
    data = problem.data if here[1] is None else here[1]
    sweep = _Sweep(problem, here[0], data, value, given=given)
    sweep.loss.xp.looking = looking
    return sweep(part, h, pinned)


class _Sweep:
    """The slopes of parts of the parameters, at one point.

    Attributes
    ----------
    value : float
        The loss; after the first entry, as complex arithmetic has it, if the step allows.
    """

    def __init__(
        self, problem: Problem, point: Vector, data: Arrays, value: float, *, given: bool
    ) -> None:
        self.u = float(np.finfo(point.dtype).eps) / 2
        self.point, self.value, self.given = point, value, given
        self.moved = point.astype(np.result_type(point.dtype, np.complex64))
        self.loss = OverComplex(problem, self.moved, data)
        evaluate = explained(problem, value, self.loss)
        self.entry = _Entry(self.loss, evaluate, self.moved, self.u)

    def __call__(self, part: slice, h: Vector, pinned: bool) -> Vector:  # noqa: FBT001  # as below
        """Return slopes, errors beyond round-off, and passes beyond one for each: three rows."""
        doubtful: list[tuple[bool, bool]] = []
        x, xp, entry = self.point[part], self.loss.xp, self.entry
        xp.pinned = pinned
        evaluate = entry.watching(doubtful)
        losses = schemes.sweep(evaluate, self.moved, part, join(x, h)[None, :])[0]
        xp.pinned = True
        slopes = losses.imag / h.astype(float)
        found = np.stack([slopes, np.zeros_like(slopes), np.zeros_like(slopes)])
        narrow = h[0] <= self.u * max(1.0, abs(float(x[0]))) and not doubtful[0][1]
        if part.start == 0 and narrow:
            self.value = float(losses[0].real)
        for k, (faint, coarse) in enumerate(doubtful):
            wide = coarse or (math.isfinite(self.value) and not math.isfinite(slopes[k]))
            if faint or wide:
                entry.move_to(part.start + k, Found(float(slopes[k]), math.inf))
                better = entry.judged(float(h[k]), coarse=wide, given=self.given)
                found[:, k] = better.slope, better.error, better.passes
        return found


def _slopes(
    problem: Problem, recorded: Imaginary | None, point: Vector, data: Arrays
) -> Slopes | None:
    """Return what all runs have in common, None where they have to be made one by one."""
    try:
        return recorded.at(problem.structure.split(point), data) if recorded else None
    except Doubtful:
        return None


def _left(
    slopes: Slopes | None, gradient: Vector, errors: Vector, seconds: float
) -> Iterator[slice]:
    """Fill in what many runs at once decide; yield the parts that they leave."""
    if slopes is None:
        yield slice(0, gradient.size)
        return
    for part in blocks(gradient.size, seconds):
        gradient[part], errors[part] = slopes.derivatives(part), 0
        open_ = np.flatnonzero(~np.isfinite(gradient[part])) + part.start
        for rest in np.split(open_, np.flatnonzero(np.diff(open_) > 1) + 1):
            if rest.size:
                yield slice(int(rest[0]), int(rest[-1]) + 1)


def check_tried(problem: Problem, step: StepRule) -> None:
    """Evaluate the loss at a complex step from the problem's own point.

    Raises
    ------
    GradientError
        If it cannot be evaluated there.
    """
    point = problem.structure.join(problem.structure.check(problem.params))
    moved = point.astype(np.result_type(point.dtype, np.complex64))
    moved[0] += 1j * step(point[:1])[0]
    with np.errstate(all="ignore"):
        value = problem.seen.value if problem.seen else float(problem.value())
        explained(problem, value, OverComplex(problem, moved, problem.data))()


def explained(problem: Problem, value: float, evaluate: Evaluate) -> Evaluate:
    """Say what is wrong where the loss has a value in plain NumPy, and none in complex numbers."""

    def evaluated() -> complex:
        try:
            return evaluate()
        except NotDifferentiable as error:
            if not math.isfinite(value):
                raise
            place = str(error).partition("real domain: ")[2].partition(". ")[0]
            raise NotDifferentiable(
                f"The loss {problem.name!r} is {value:.6g} at this point, but at a complex step a "
                f"function in it leaves its real domain: {place}. It is a step from the edge of "
                "the domain, or at a kink. Leave the step to the method (step=None), or write "
                "xp.abs(w) for xp.sqrt(w**2), or use another scheme."
            ) from error

    return evaluated


class _Entry:
    """One parameter, and what steps of other lengths say about it."""

    def __init__(self, loss: OverComplex, evaluate: Evaluate, moved: Vector, u: float) -> None:
        self.xp, self.evaluate, self.moved, self.u = loss.xp, evaluate, moved, u
        self.least = float(np.finfo(moved.real.dtype).smallest_normal)
        self.floor = self.least / u
        """An error below it is none: derivatives there have lost their digits to underflow."""

    def watching(self, seen: list[tuple[bool, bool]]) -> Evaluate:
        """Make the function that notes of every run whether it came near a limit."""
        evaluate, xp = self.evaluate, self.xp

        def watched() -> complex:
            result = evaluate()
            seen.append((xp.faint, xp.coarse))
            return result

        return watched

    def move_to(self, i: int, found: Found) -> None:
        """Begin with the entry `i`, of which `found` is known."""
        self.i, self.best, self.passes = i, found, 0
        self.x = float(self.moved[i].real)

    def judged(self, h: float, *, coarse: bool, given: bool) -> Found:
        """Find out about a step h that was too short, or so wide that it was `coarse`.

        A step that was `given` is kept where it is wide: a shorter one tells how far it is off.
        """
        if given and coarse:
            _, half = self._slope(h / 2)
            apart = 2 * abs(self.best.slope - half)
            return Found(self.best.slope, apart if math.isfinite(apart) else math.inf, self.passes)
        if coarse:
            self._accepts_any(self._narrower(h))
        elif not self._accepts(self.best.slope, h) and not self._accepts_any(self._wider(h)):
            self._accepts_pair()
        slope, error, _ = self.best
        resolved = error <= max(TOLERATED * self.u * abs(slope), self.floor)
        return Found(slope, error if resolved else math.inf, self.passes)

    def _narrower(self, h: float) -> Iterator[float]:
        """Yield shorter steps, for losses that vary on a short scale."""
        while (h := h * self.u) > self.least:
            yield h

    def _wider(self, h: float) -> Iterator[float]:
        """Yield wider steps, whose squares are not seen beside the entry, or beside 1."""
        size, limit = abs(self.x), math.sqrt(self.u) / 16
        wide, shorter = limit * max(size, 1.0), self.u**0.25
        if size < self.u:
            shorter, h = self.u**0.75, max(h, limit * size)
        while wide > h:
            yield wide
            wide *= shorter

    def _slope(self, h: float) -> tuple[float, float]:
        """Return Im f, and the derivative that it makes with the step that was taken."""
        kept, self.passes = self.moved[self.i], self.passes + 1
        try:
            self.moved[self.i] = complex(kept.real, h)  # kept + 1j * h would make 0 of -0
            taken = float(self.moved[self.i].imag)
            found = self.evaluate()
        except NotDifferentiable:
            return math.nan, math.nan
        finally:
            self.moved[self.i] = kept
        if not (taken and cmath.isfinite(found)):  # beside the least numbers there is no step
            return math.nan, math.nan
        return found.imag, found.imag / taken

    def _accepts_any(self, steps: Iterator[float]) -> bool:
        infinite = 0
        for h in steps:
            _, slope = self._slope(h)
            if self.xp.coarse:
                continue
            if not math.isfinite(slope):
                infinite += 1
                if infinite == 2:  # so are shorter ones: the derivative is
                    return True
            elif not self.xp.faint:
                self.best = Found(slope, 0.0)
                return True
            elif self._accepts(slope, h):
                return True
        return False

    def _accepts(self, slope: float, h: float, error: float = 0.0) -> bool:
        """Say whether what underflows at a step does not matter."""
        self.xp.noise = np.random.default_rng(SEED)
        _, noisy = self._slope(h)
        self.xp.noise = None
        error += abs(noisy - slope)
        if error < self.best.error:
            self.best = Found(slope, error)
        return error <= (HARMLESS * self.u * abs(slope) if slope else self.floor)

    def _accepts_pair(self) -> None:
        """Extrapolate from two wide steps, or shorter ones if the loss varies on a shorter scale.

        They differ by h² f'''/2, of which the extrapolation leaves about the square.
        """
        own = self.u**0.25 * (abs(self.x) or 1.0)
        steps = [own / 16**tries for tries in range(TRIES)]
        wide = self.u**0.25
        while abs(self.x) < self.u and wide > own:
            steps.append(wide)
            wide *= self.u**0.75
        for h in steps:
            _, near = self._slope(h)
            _, far = self._slope(2 * h)
            if h > own and self.xp.turned:  # far beyond the entry two steps may agree by its form
                continue
            apart = abs(near - far)
            if apart <= 100 * math.sqrt(self.u) * abs(near):
                before, self.best = self.best, Found(near, math.inf)
                left = 4 * apart * apart / abs(near) if near else 0.0
                accepted = self._accepts(near, h, left)
                found = Found(near + (near - far) / 3, self.best.error)
                self.best = found if found.error < before.error else before
                if accepted:
                    return
