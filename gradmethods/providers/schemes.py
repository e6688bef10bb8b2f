"""Difference quotients: all that is arithmetic about finite differences. Steps are in `steps`.

The losses come in as a function that evaluates them at places beside a point. As a black box, the
loss is evaluated at `point`, one flat vector that is moved in place, one entry at a time, and put
back: whatever n is, no pass copies it.

Sources: P. E. Gill, W. Murray and M. H. Wright, Practical Optimization, Academic Press 1981,
section 8.6 (errors); B. Fornberg, Generation of finite difference formulas on arbitrarily spaced
grids, Mathematics of Computation 51 (1988) 699-706 (weights).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import InvalidOption
from gradmethods.output.style import BLACK, OLIVE, PURPLE, SKY, VERMILLION, Style
from gradmethods.providers.noise import RoundOff
from gradmethods.providers.parts import Spread, Work, blocks

Vector = NDArray[Any]
Losses = Callable[[slice, Vector], Vector]
"""Maps a part of the parameters and places for each entry of it, shape (places per entry, entries),
the last row being the point itself, to the losses with that entry moved there."""

WHOLE = slice(None)


class Judge(Protocol):
    """Estimates errors; the judge of real schemes is in `estimates`."""

    def note(self, part: slice, found: Vector, h: Vector, quotients: Vector) -> None:
        """Take note of a part: its losses, steps and quotients."""
        ...

    def errors(self) -> Vector:
        """Return the estimated errors of all parts."""
        ...


class StepRule(Protocol):
    """One step for each parameter, at any point; the rules are in `steps`."""

    @property
    def passes(self) -> int:
        """Forward passes that it took to choose the rule."""
        ...

    @property
    def known(self) -> Any:
        """What preparation found, a `steps.Known`, or None."""
        ...

    @property
    def round_off(self) -> RoundOff | None:
        """What is known of it in the loss, None if that is nothing."""
        ...

    def __call__(self, point: Vector) -> Vector:
        """Return a positive step for each entry of the flat `point`, in its dtype."""
        ...

    def near(self, point: Vector) -> Callable[[slice], Vector]:
        """Return the function that gives the steps for parts of `point`."""
        ...


class Estimate(NamedTuple):
    """What one run over all parameters gives: flat vectors, and the passes it took."""

    value: float
    gradient: Vector
    passes: int
    errors: Vector | Callable[[], Vector] | None = None


def _no_quotient(f: Vector, p: Vector) -> Vector:
    raise TypeError(f"a scheme without offsets has no quotient of {f} at {p}")


@dataclass(frozen=True)
class Scheme:
    """How a derivative is had from losses beside a point: one entry of the table below.

    Attributes
    ----------
    name : str
        As `Numerical` takes it.
    style : Style
        Its label, and how it is drawn in every figure.
    order : int
        p, the power of the step h in the truncation error, c h**p f^(p+1).
    remainder : float
        Its constant c; 0 for a scheme that takes no fixed step, of whose error no law tells.
    offsets : tuple of int
        Where the loss is evaluated, in steps from x; none for a scheme with a loop of its own.
    quotient : callable
        ``quotient(losses, places)``: a row for each offset, and a last one for x itself.
    """

    name: str
    style: Style
    order: int
    remainder: float
    offsets: tuple[int, ...] = ()
    quotient: Callable[[Vector, Vector], Vector] = field(default=_no_quotient, repr=False)

    @cached_property
    def round_off(self) -> float:
        """κ: a quotient errs by κε/h (standard deviation) if each of its losses errs by ε."""
        if not self.offsets:
            return 0.0
        return float(np.linalg.norm(self.quotient(np.eye(len(self.places)), self.places)))

    @cached_property
    def places(self) -> Vector:
        """Where the loss is evaluated, in steps from x, and x itself: a column."""
        return np.array((*self.offsets, 0), float)[:, None]

    @cached_property
    def lengths(self) -> list[int]:
        """How far from x the loss is evaluated, in steps, the nearest first."""
        return sorted({abs(k) for k in self.offsets})

    @property
    def has_law(self) -> bool:
        """Whether theory tells its error at a step."""
        return self.remainder > 0

    @property
    def subtracts(self) -> bool:
        """Whether it takes differences of losses; what does not is exact to round-off."""
        return bool(self.offsets) or not self.has_law

    @property
    def symmetric(self) -> bool:
        """Whether it looks as far to one side as to the other."""
        return {-k for k in self.offsets} == set(self.offsets)

    @property
    def side(self) -> int:
        """Where a single difference looks, 1 or −1; 0 for schemes with more points."""
        return self.offsets[0] if len(self.offsets) == 1 else 0

    @property
    def one_sided(self) -> bool:
        """Whether it is a single difference to one side: the even part is its truncation."""
        return self.side != 0

    @property
    def passes(self) -> tuple[int, int] | None:
        """Forward passes over n parameters, a and b of a n + b; None if that is not fixed."""
        if not self.has_law:
            return None
        # All that are not symmetric use the loss at x itself, too.
        return max(len(self.offsets), 1), int(bool(self.offsets) and not self.symmetric)

    def mirrors(self, other: Scheme) -> bool:
        """Whether it is another scheme, seen from the other side."""
        mirrored = tuple(-k for k in other.offsets)
        return self != other and bool(self.offsets) and self.offsets == mirrored

    def shown(self, f: Vector, h: Vector) -> Vector:
        """Return how far losses show that their quotients may be off: nothing to one side.

        Three points see the even part over h, or the second difference of the same size: the whole
        effect of a kink, and far more than the truncation of a smooth loss. Five points see it at h
        and 2h, of which a kink leaves a part that a parabola does not, and how much the difference
        quotients change.
        """
        if self.one_sided:
            return np.zeros_like(h)
        if len(self.offsets) == 2:
            a, b = self.offsets
            curved = (f[0] - f[-1]) / (a * (a - b)) + (f[1] - f[-1]) / (b * (b - a))
            return np.asarray(abs(curved) / h)
        evens = [(f[k] - f[-1]) / 2 + (f[k + 1] - f[-1]) / 2 for k in range(0, len(f) - 1, 2)]
        change = (f[0] - f[1]) / (2 * h) - (f[2] - f[3]) / (4 * h)
        return np.asarray(abs(change) + abs(4 * evens[0] - evens[1]) / (2 * h))

    def relative_step(self, u: float) -> float:
        """Return the best step for a loss that varies on the scale of 1; see `steps.step_for`."""
        balance = self.round_off * u / (self.remainder * math.sqrt(self.order))
        return float(balance ** (1 / (self.order + 1)))


def _one_sided(f: Vector, p: Vector) -> Vector:
    return np.asarray((f[0] - f[-1]) / (p[0] - p[-1]))


def _central(f: Vector, p: Vector) -> Vector:
    return np.asarray((f[0] - f[1]) / (p[0] - p[1]))


def _five_point(f: Vector, p: Vector) -> Vector:
    # The weights (1, -8, 0, 8, -1)/12, written so that each difference has the step it really took.
    near, far = _central(f, p), _central(f[2:], p[2:])
    return np.asarray(near + (near - far) / 3)  # not (4 near - far)/3, which overflows first


def _dashes(*lengths: float) -> Any:
    return (0, lengths)


RICHARDSON = "richardson"
COMPLEX_STEP = "complex-step"

ENTRIES = (
    Scheme(
        "forward", Style("forward", PURPLE, "^", _dashes(3, 1, 1, 1)),
        1, 1 / 2, (1,), _one_sided,
    ),
    Scheme(
        "backward", Style("backward", PURPLE, "<", _dashes(1, 1.5)),
        1, 1 / 2, (-1,), _one_sided,
    ),
    Scheme(
        "central", Style("central", VERMILLION, "o", "-"),
        2, 1 / 6, (1, -1), _central,
    ),
    Scheme(
        "five-point", Style("five-point", OLIVE, "p", _dashes(5, 1, 1, 1)),
        4, 1 / 30, (1, -1, 2, -2), _five_point,
    ),
    # Central differences, extrapolated at least once.
    Scheme(RICHARDSON, Style("Richardson", BLACK, "X", _dashes(5, 1.5)), 4, 0.0),
    Scheme(COMPLEX_STEP, Style("complex step", SKY, "*", _dashes(2, 1)), 2, 1 / 6),
)  # fmt: skip
"""Every scheme, in the order of tables: to add one is to add a line here."""

ALL: dict[str, Scheme] = {scheme.name: scheme for scheme in ENTRIES}
SCHEMES: dict[str, Scheme] = {scheme.name: scheme for scheme in ENTRIES if scheme.offsets}
"""Those that are one difference quotient."""
NAMES = tuple(ALL)
DISTINCT = tuple(
    scheme.name
    for place, scheme in enumerate(ENTRIES)
    if not any(scheme.mirrors(other) for other in ENTRIES[:place])
)
"""Without those that are another one, seen from the other side."""


def subtracts(scheme: str) -> bool:
    """Whether a scheme takes differences of losses; one that is not known does, too."""
    return scheme not in ALL or ALL[scheme].subtracts


def timed(evaluate: Callable[[], float]) -> tuple[float, float]:
    """Evaluate the loss; return it, and the seconds that it took."""
    start = time.perf_counter()
    value = evaluate()
    return value, time.perf_counter() - start


def sweep(evaluate: Callable[[], Any], point: Vector, part: slice, places: Vector) -> Vector:
    """Evaluate the loss with each entry of a part of `point` moved to each of its places.

    This loop is the method's own cost beside the loss: nothing is looked up or allocated in it
    that can be made before.

    Parameters
    ----------
    evaluate : callable
        Returns the loss at `point`, as a Python number.
    point : numpy.ndarray
        The flat parameters; every entry is put back before the next is moved.
    part : slice
        The entries to move.
    places : numpy.ndarray
        Shape (places per entry, entries of the part).

    Returns
    -------
    numpy.ndarray
        The losses, in the shape of `places`.
    """
    # A memory view is quicker to write one number to; complex arrays have none.
    cell: Any = point if point.dtype.kind == "c" else point.data
    losses: list[Any] = []
    keep = losses.append
    home = point[part].tolist()
    moves = zip(home, zip(*places.tolist(), strict=True), strict=True)
    try:
        for i, (x, to) in enumerate(moves, part.start):
            for place in to:
                cell[i] = place
                keep(evaluate())
            cell[i] = x
    finally:
        point[part] = home
    return np.array(losses).reshape(places.T.shape).T


def one_by_one(evaluate: Callable[[], float], value: float, point: Vector) -> Losses:
    """Make the function that evaluates a black box at places beside `point`."""

    def losses(part: slice, places: Vector) -> Vector:
        result = np.full(places.shape, value)
        result[:-1] = defined(evaluate, point, part, places[:-1])
        return result

    return losses


def defined(evaluate: Callable[[], float], point: Vector, part: slice, places: Vector) -> Vector:
    """Evaluate as `sweep` does a loss that is defined at `point`: NaN where it raises."""
    try:
        return sweep(evaluate, point, part, places)
    except Exception:  # noqa: BLE001  # a loss may refuse a place that its user never asked for
        return sweep(or_nan(evaluate), point, part, places)


def or_nan(evaluate: Callable[[], float]) -> Callable[[], float]:
    """Make a loss NaN where it raises."""

    def loss() -> float:
        try:
            return evaluate()
        except Exception:  # noqa: BLE001  # a loss may refuse a place that its user never asked for
            return math.nan

    return loss


def differences(
    scheme: str,
    losses: Losses,
    point: Vector,
    step: StepRule,
    seconds: float,
    judge: Judge | None = None,
    spread: Spread | None = None,
) -> Estimate:
    """Estimate the gradient by one of the `SCHEMES`.

    Places are numbers of the parameters' dtype, and quotients use the distance between them: the
    step that was really taken, not the one that was asked for. `seconds` is what one pass takes,
    `judge` estimates errors, and `spread` finds the losses, if it is not to be done here.
    """
    rule = SCHEMES[scheme]
    gradient = np.empty_like(point)
    offsets = rule.places.astype(point.dtype, copy=False)
    passes = len(rule.offsets) * point.size
    value = math.nan
    steps = step.near(point)

    def laid_out(part: slice) -> tuple[slice, Vector, Vector]:
        x = point[part]
        h = (x + steps(part)) - x  # on the grid of x, so that x - h is as far away as x + h
        places = x + offsets * h
        if step.known is None:  # what was chosen is some numbers wide
            lost = (places[:-1] == x).any(axis=0)
            if lost.any():
                raise lost_step(x[lost][0])
        return part, places, h

    parts = spread.parts(passes * seconds) if spread else blocks(point.size, passes * seconds)
    for (part, places, h), found in (spread or partial(_each, losses))(map(laid_out, parts)):
        # Exact in float64 for both dtypes; only the result is rounded to the parameters' dtype.
        quotients = rule.quotient(found, places.astype(float, copy=False))
        gradient[part] = quotients = quotients.astype(point.dtype, copy=False)
        value = value if part.start else float(found[-1, 0])
        if judge:
            judge.note(part, found, h, quotients)
    return Estimate(value, gradient, passes, judge.errors if judge else None)


def _each(losses: Losses, work: Iterable[Work]) -> Iterator[tuple[Work, Vector]]:
    for each in work:
        yield each, losses(each[0], each[1])


def lost_step(x: Any) -> InvalidOption:
    """Make the error for a step that does not change a parameter."""
    return InvalidOption(
        f"The step is lost in rounding: added to the parameter {x} it changes nothing, the next "
        f"{x.dtype} being {abs(np.spacing(x)):.2g} away. Choose a larger step, or step=None."
    )
