"""Steps and difference quotients: all that is arithmetic about finite differences.

The losses come in as a function that evaluates them at places beside a point. As a black box, the
loss is evaluated at `point`, one flat vector that is moved in place, one entry at a time, and put
back: whatever n is, no pass copies it.

Sources: P. E. Gill, W. Murray and M. H. Wright, Practical Optimization, Academic Press 1981,
section 8.6 (steps); B. Fornberg, Generation of finite difference formulas on arbitrarily spaced
grids, Mathematics of Computation 51 (1988) 699-706 (weights).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import InvalidOption
from gradmethods.progress import LONG, shown

Vector = NDArray[Any]
StepRule = Callable[[Vector], Vector]
"""Maps parameters to one step for each."""

Losses = Callable[[slice, Vector], Vector]
"""Maps a part of the parameters and places for each entry of it, shape (places per entry, entries),
the last row being the point itself, to the losses with that entry moved there."""

BLOCK = 4096
"""Entries whose places are laid out at once, so that what a sweep holds does not grow with n."""

REFRESH = 0.5
"""Seconds between two looks at a progress bar."""


class Estimate(NamedTuple):
    """What one run over all parameters gives: flat vectors, and the passes it took."""

    value: float
    gradient: Vector
    passes: int
    errors: Vector | None = None


@dataclass(frozen=True)
class Scheme:
    """A difference quotient on a few points.

    Attributes
    ----------
    offsets : tuple of int
        Where the loss is evaluated, in steps from x.
    relative_step : callable
        From the unit round-off u to the best step at scale 1; see `step_for`.
    quotient : callable
        ``quotient(losses, places)``: a row for each offset, and a last one for x itself.
    """

    offsets: tuple[int, ...]
    relative_step: Callable[[float], float]
    quotient: Callable[[Vector, Vector], Vector]


def _one_sided(f: Vector, p: Vector) -> Vector:
    return np.asarray((f[0] - f[-1]) / (p[0] - p[-1]))


def _central(f: Vector, p: Vector) -> Vector:
    return np.asarray((f[0] - f[1]) / (p[0] - p[1]))


def _five_point(f: Vector, p: Vector) -> Vector:
    # The weights (1, -8, 0, 8, -1)/12, written so that each difference has the step it really took.
    return np.asarray((4 * _central(f, p) - _central(f[2:], p[2:])) / 3)


SCHEMES: dict[str, Scheme] = {
    "forward": Scheme((1,), lambda u: 2 * math.sqrt(u), _one_sided),
    "backward": Scheme((-1,), lambda u: 2 * math.sqrt(u), _one_sided),
    "central": Scheme((1, -1), lambda u: math.cbrt(3 * u), _central),
    "five-point": Scheme((1, -1, 2, -2), lambda u: (45 * u / 4) ** 0.2, _five_point),
}
RICHARDSON = "richardson"
COMPLEX_STEP = "complex-step"
NAMES = (*SCHEMES, RICHARDSON, COMPLEX_STEP)


def step_for(scheme: str, x: Vector, dtype: np.dtype[Any]) -> Vector:
    """Choose the step for each parameter from the dtype and the parameter's size.

    A real scheme errs twice: it truncates the Taylor series, and it amplifies the round-off u|f| of
    each loss, u = eps/2 being the unit round-off. The best step balances the two. How f compares
    with its derivatives is not known here; the rule takes |f| ~ s**k |f^(k)| with the scale
    s = max(1, |x|):

    ===========  ==============  ===========  ================
    scheme       truncation      round-off    step
    ===========  ==============  ===========  ================
    forward      h/2 |f''|       2u|f|/h      2 √u s
    backward     h/2 |f''|       2u|f|/h      2 √u s
    central      h²/6 |f'''|     u|f|/h       (3u)^(1/3) s
    five-point   h⁴/30 |f⁽⁵⁾|    3u|f|/(2h)   (45u/4)^(1/5) s
    ===========  ==============  ===========  ================

    A scale in proportion to the parameters, |x| or the root mean square of their array, would suit
    losses that vary on that scale, as problem ``helmholtz`` does. It was measured and not taken: on
    networks with small weights, which vary on the scale of 1, it loses two digits to round-off.
    Where 1 is too wide, give a step.

    Richardson extrapolation starts wide, at s/8, and finds its own way down. The complex step
    subtracts nothing, so its step is as small as leaves real parts untouched, u²|x|: with the
    magnitude of x, because a fixed 1e-200 underflows in 1/z at 1e160. It is u² at 0, and never less
    than the smallest normal number.

    Parameters
    ----------
    scheme : str
        One of `NAMES`.
    x : numpy.ndarray
        Parameters.
    dtype : numpy.dtype
        float64 or float32.

    Returns
    -------
    numpy.ndarray
        Positive steps of the shape and dtype of `x`.
    """
    info = np.finfo(dtype)
    u = float(info.eps) / 2
    if scheme == COMPLEX_STEP:
        steps = np.where(x == 0, u * u, np.maximum(u * u * abs(x), info.smallest_normal))
    else:
        relative = 0.125 if scheme == RICHARDSON else SCHEMES[scheme].relative_step(u)
        steps = relative * np.maximum(1, abs(x))
    return steps.astype(dtype)


def blocks(size: int, seconds: float = 0.0) -> Iterator[slice]:
    """Cut `size` entries into slices of at most `BLOCK`, fewer if a run of all takes `seconds`."""
    length = BLOCK
    if seconds > LONG:
        length = max(1, min(BLOCK, int(size * REFRESH / seconds)))
    parts = (slice(start, min(start + length, size)) for start in range(0, size, length))
    return shown(parts, size, seconds)


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
    moves = zip(point[part].tolist(), zip(*places.tolist(), strict=True), strict=True)
    for i, (x, to) in enumerate(moves, part.start):
        for place in to:
            cell[i] = place
            keep(evaluate())
        cell[i] = x
    return np.array(losses).reshape(places.T.shape).T


def one_by_one(evaluate: Callable[[], float], value: float, point: Vector) -> Losses:
    """Make the function that evaluates a black box at places beside `point`."""

    def losses(part: slice, places: Vector) -> Vector:
        result = np.full(places.shape, value)
        result[:-1] = sweep(evaluate, point, part, places[:-1])
        return result

    return losses


def differences(
    scheme: str, losses: Losses, point: Vector, step: StepRule, seconds: float
) -> Estimate:
    """Estimate the gradient by one of the `SCHEMES`.

    Places are numbers of the parameters' dtype, and quotients use the distance between them: the
    step that was really taken, not the one that was asked for. `seconds` is what one pass takes.
    """
    rule = SCHEMES[scheme]
    gradient = np.empty_like(point)
    offsets = np.array((*rule.offsets, 0), point.dtype)[:, None]
    passes = len(rule.offsets) * point.size
    value = math.nan
    for part in blocks(point.size, passes * seconds):
        x = point[part]
        h = (x + step(x)) - x  # on the grid of x, so that x - h is as far away as x + h
        places = x + offsets * h
        _refuse_lost_steps(x, places[:-1])
        # Exact in float64 for both dtypes; only the result is rounded to the parameters' dtype.
        found = losses(part, places)
        gradient[part] = rule.quotient(found, places.astype(float, copy=False))
        value = float(found[-1, 0])
    return Estimate(value, gradient, passes)


def _refuse_lost_steps(x: Vector, places: Vector) -> None:
    lost = places == x
    if lost.any():
        raise lost_step(x[lost.any(axis=0)][0])


def lost_step(x: Any) -> InvalidOption:
    """Make the error for a step that does not change a parameter."""
    return InvalidOption(
        f"The step is lost in rounding: added to the parameter {x} it changes nothing, the next "
        f"{x.dtype} being {abs(np.spacing(x)):.2g} away. Choose a larger step, or step=None."
    )
