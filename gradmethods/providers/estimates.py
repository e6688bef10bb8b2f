"""How far difference quotients may be off: what preparation knew, and what the losses show.

At the point where steps were chosen, with those data, the estimate is that of the ladders; anywhere
else it grows by a factor. At every call elsewhere the losses of each quotient themselves are held
against those that the ladders saw: they show kinks, and a loss that varies faster than there.
One difference to one side shows nothing: away from the prepared point, the whole loss is looked at
to both sides, with all parameters moved at once.

An entry whose error may be half of it is marked, by an infinite error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.balance import NEGLECTED
from gradmethods.providers.entry import SURE
from gradmethods.providers.ladder import AGREE, CONFIDENT
from gradmethods.providers.schemes import SCHEMES, StepRule, Vector, or_nan
from gradmethods.providers.steps import FixedStep, Known

GROWN = 10.0
"""Times the estimate at the prepared point is the least that is said elsewhere."""
ROUNDINGS = 1.0
"""The rounding errors of a quotient, in units of round-off."""
UNLIKE = 10.0
"""Times what was shown at the prepared point, at the same step: more is something new."""
UNSEEN = 2.0
"""Round-off of a loss in units of u|f|, where nobody looked for it."""
HALF = 0.5
"""An error of this part of a number leaves it in doubt."""
NOTHING = 1e-280
"""What may be hidden where a loss is 0: rounding drowns nothing there."""
SMALL = 1e-3
"""What is this part of another slope is next to nothing."""


LOOKS = 2
"""The loss is looked at around a point so often: in one look, what entries do may cancel."""


class Marks:
    """Marks entries whose error is not small beside anything, a part of the parameters at a time.

    An error of more than half a number is small all the same if the slope is known to change so
    much more near by that it vanishes at the point; or if the loss is constant to the last bit, and
    others have slopes beside which what that may hide is small. Where all is constant, nothing is:
    a slope that rounding drowns looks the same, unless the loss is 0 or the same far away, too.
    """

    def __init__(self) -> None:
        self._largest = 0.0
        self._constant: list[tuple[slice, NDArray[np.uint8]]] = []

    def add(self, first: int, size: Vector, errors: Vector, bend: Vector, constant: Any) -> Vector:
        """Return the errors of a part, infinite where they are marked.

        Parameters
        ----------
        first : int
            Where the part begins.
        size, errors : numpy.ndarray
            Quotients without their signs, and how far they may be off.
        bend : numpy.ndarray
            How much slopes are known to change near by.
        constant : numpy.ndarray of bool
            Along which parameters the loss does not change at all.
        """
        doubtful = errors > HALF * size
        self._largest = max(self._largest, float(size[~doubtful].max(initial=0.0)))
        part = slice(first, first + size.size)
        self._constant.append((part, np.packbits(doubtful & constant)))
        marked = doubtful & ~constant & (errors > SMALL * bend)
        return np.asarray(np.where(marked, np.inf, errors))

    def finish(self, errors: Vector) -> None:
        """Mark what is doubtful although the loss is constant, once all parts are known."""
        least = max(SMALL * self._largest, NOTHING)
        for part, bits in self._constant:
            of_part = errors[part]
            doubtful = np.unpackbits(bits, count=of_part.size).view(bool)
            of_part[doubtful & (of_part > least)] = np.inf


class Judge:
    """Estimates the errors of quotients, and marks those that are not resolved.

    Parameters
    ----------
    scheme : str
        One of the `SCHEMES`.
    step : StepRule
        Where the steps came from.
    point : numpy.ndarray
        Where the quotients are taken, flat.
    own_data : bool
        Whether the data are those that the steps were chosen with.

    Attributes
    ----------
    away : bool
        Whether steps were chosen elsewhere.
    surprised : bool
        Whether losses away from where the steps were chosen show of some entry what they did not
        show there, and by their estimate it may be off by a good part of itself.
    """

    def __init__(self, scheme: str, step: StepRule, point: Vector, *, own_data: bool) -> None:
        self._rule, self._known = SCHEMES[scheme], step.known
        self._dtype, self._size = point.dtype, point.size
        self._home = step.known is not None and own_data and step.known.is_home(point)
        self._step, self._around, self._like = step, 0.0, True
        self._marks = Marks()
        self.away = self._known is not None and not self._home
        self._last: tuple[slice, Vector, Vector, Vector] | None = None
        self._errors: Vector | None = None
        self._reading, self._finished = Lock(), False
        self.surprised = False

    def look(self, evaluate: Callable[[], float], point: Vector) -> int:
        """Move all parameters at once where quotients to one side are all that is known.

        Up and down at random, all to one side and to the other, by the steps of the scheme: the
        even part of the loss there is what the quotients leave out, of all entries together.

        Returns
        -------
        int
            The passes that it took.
        """
        if not self._rule.one_sided or self._home:
            return 0
        home, moves = point.copy(), self._step(point)
        turned = np.random.default_rng(0).integers(0, 2, point.size, np.uint8).view(bool)
        value, seen = or_nan(evaluate)(), []
        for _ in range(LOOKS):
            np.negative(moves, out=moves, where=turned)
            turned[:], turned[::2] = False, True  # each with every second one the other way
            np.add(home, moves, out=point)
            above = or_nan(evaluate)()
            np.subtract(home, moves, out=point)
            below = or_nan(evaluate)()
            seen.append(abs((above - value) / 2 + (below - value) / 2))
        point[:] = home
        self._around = NEGLECTED * float(np.max(seen))
        if self._known is not None:
            # What all entries together leave out there, if none has become worse than it was.
            errors = self._known.errors[self._known.groups(slice(0, point.size))]
            noise = max(self._known.round_off.noise, self._known.round_off.unit * abs(value))
            least = UNLIKE * float(np.sum(abs(moves) * errors)) + AGREE * noise
            self._like = not math.isfinite(value) or self._around <= least
        return 1 + 2 * LOOKS

    def note(self, part: slice, found: Vector, h: Vector, quotients: Vector) -> None:
        """Take note of a part of the parameters.

        What was seen in the last part is kept until somebody reads the errors, so that a call of a
        small loss takes no longer than it must.

        Parameters
        ----------
        part : slice
            Which parameters.
        found, h, quotients : numpy.ndarray
            Their losses, as a scheme takes them, their steps and quotients.
        """
        if self._last is not None:
            self._keep()
        self._last = part, found, h, quotients
        known, value = self._known, float(found[-1, 0])
        if known is None or self._home or self.surprised or not math.isfinite(value):
            return
        step = h.astype(float, copy=False)
        noise = AGREE * max(known.round_off.noise, known.round_off.unit * abs(value))
        like = self._rule.shown(found, step) <= self._expected(known, part, step) + noise / step
        if not (self._like and like.all()):
            far_off = self._keep() > SURE * abs(quotients)
            resolved = np.isfinite(known.errors[known.groups(part)])
            self.surprised = bool((far_off & resolved & ~(like & self._like)).any())

    def _expected(self, known: Known, part: slice, step: Vector) -> Vector:
        """Return what losses may show of errors if they are like those at home."""
        groups = known.groups(part)
        wider = step / known.steps[groups]
        if self._rule.order > 2:
            wider **= self._rule.order // 2
        return np.asarray(UNLIKE * known.shown[groups] * wider)

    def _keep(self) -> Vector:
        """Estimate the errors of the part that was noted last, and return them."""
        assert self._last is not None
        if self._errors is None:
            self._errors = np.empty(self._size, self._dtype)
        part = self._last[0]
        self._errors[part], self._last = self._errors_of(*self._last), None
        return self._errors[part]

    def _errors_of(self, part: slice, found: Vector, h: Vector, quotients: Vector) -> Vector:
        """Return absolute errors of a part of the parameters, infinite if not known at all."""
        rule, known, step = self._rule, self._known, h.astype(float)
        size, u = abs(quotients.astype(float)), float(np.finfo(self._dtype).eps) / 2
        shown, bend = rule.shown(found, step), np.zeros_like(step)
        largest = abs(found).max(axis=0)
        if known is None:
            prepared, expected = np.zeros_like(step), np.zeros_like(step)
            noise = UNSEEN * u * largest
        else:
            groups = known.groups(part)
            noise = np.maximum(known.round_off.noise, known.round_off.unit * largest)
            prepared, expected = known.errors[groups], self._expected(known, part, step)
            bend = known.bends[groups] if self._home else bend
            if known.unseen is not None:
                prepared = prepared + known.unseen(part, self._size) / step
        scatter = AGREE * noise / step
        if not self._home:
            prepared = GROWN * prepared + CONFIDENT * rule.round_off * noise / step
            prepared += self._around / step
        like = np.maximum(expected, scatter)
        new = shown > expected + scatter
        faster = np.where(new & (expected > 0), shown / like, 1.0) ** (rule.order // 2 + 1)
        total = prepared * faster + np.where(new, shown, 0.0) + ROUNDINGS * u * size
        total = np.where(np.isnan(total) | ~np.isfinite(quotients), np.inf, total)
        if rule.order == 2:
            bend = np.maximum(bend, np.where(shown > scatter, shown, 0.0))
        constant = (found == found[-1]).all(axis=0)
        return self._marks.add(part.start, size, total, bend, constant)

    def errors(self) -> Vector:
        """Return the estimated errors of all entries, once all parts are noted."""
        with self._reading, np.errstate(all="ignore"):  # threads may read them at the same time
            if self._last is not None:
                self._keep()
            assert self._errors is not None
            if not (self._finished or (self._home and self._known and self._known.constant)):
                self._marks.finish(self._errors)
            self._finished = True
        return self._errors


def judge(scheme: str, step: StepRule, point: Vector, *, own_data: bool) -> Judge | None:
    """Make the judge of a scheme's quotients at a point.

    It is None where nothing tells of their errors: a difference to one side, with a step that was
    given. To look around would take passes that nobody asked for.
    """
    if SCHEMES[scheme].one_sided and isinstance(step, FixedStep):
        return None
    return Judge(scheme, step, point, own_data=own_data)
