"""How much round-off there is: in the loss, in differences of it, and in exact gradients.

A method is held to what it can know. No bound on the rounding errors of an unknown loss is at hand,
so they are seen at work. Parameters and data move along a line, in relative steps of u^(3/4),
u^(1/2) and u^(1/4): a smooth function has next to no sixth differences there, so what these show is
noise. To it comes the slope along the line times u, what one rounding of the inputs does: a result
that is exact for inputs so near cannot be told from the right one. This covers cancellation,
saturation and stationary points, where a multiple of u alone would accuse methods that are right.

Sources: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002,
sections 1.5 (backward error) and 1.6 (conditioning); J. J. Moré and S. M. Wild, Estimating
computational noise, SIAM Journal on Scientific Computing 33 (2011) 1292-1314 (noise from
differences of high order).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gradmethods.accuracy.answers import Prepared, Vectors, evaluate
from gradmethods.problem import Problem
from gradmethods.providers.registry import traits
from gradmethods.providers.schemes import RICHARDSON
from gradmethods.providers.steps import FixedStep, step_for
from gradmethods.structure import Arrays

POWERS = (3 / 4, 1 / 2, 1 / 4)
"""Steps are these powers of u: noise shows once a step moves more than rounding does."""
WIDEST = 1e-3
POINTS = 13
"""A line has so many points."""
ORDERS = (4, 6)
"""Orders of the differences: both tell the same of noise, the lower more of smooth functions."""
PROBES = 4
"""Points elsewhere."""
SLACK = 10.0
"""Between a spread that was seen and a bound."""


class PlainLoss(NamedTuple):
    """The loss in plain NumPy, and how well it is known there."""

    value: float
    noise: float


def plain_loss(problem: Problem) -> PlainLoss:
    """Evaluate the loss and the round-off in it: at least u|f|.

    It is the largest of u|f|, what lines through the point show, and what another precision makes
    of it (float32, scaled by the ratio of the units, for float64), which alone sees a cancellation
    among constants.
    """
    value = float(problem.value())
    if not np.isfinite(value):
        return PlainLoss(value, 0.0)
    noise = float(np.finfo(problem.dtype).eps) / 2 * abs(value)
    seen = float(_along_lines(problem, lambda params, data: problem.value(params, **data)))
    return PlainLoss(value, max(noise, seen, _seen_by_another_precision(problem, value)))


def difference_noise(
    problem: Problem, prepared: Prepared, provider: str, loss: PlainLoss
) -> Vectors | None:
    """Return what the noise of the loss adds to each component, None if none is subtracted.

    A difference of two losses over a step h is known to 2 noise/h, and to no more than the method
    itself says: where it does not resolve an entry, to nothing.
    """
    scheme = getattr(prepared, "scheme", None)
    if traits(provider).order is None or scheme is None:
        return None
    point = problem.structure.join(problem.structure.check(problem.params))
    rule = getattr(prepared, "step", None)
    steps = rule(point) if callable(rule) else step_for(scheme, point, problem.dtype)
    noise = 2 * SLACK * loss.noise / np.asarray(steps, float)
    own = getattr(prepared, "error_estimate", None)
    # Of a step that was given, an estimate allows for kinks: it is no noise to hide behind.
    if own is not None and (scheme == RICHARDSON or not isinstance(rule, FixedStep)):
        own = problem.structure.join(problem.structure.check(own)).astype(float)
        own = SLACK * np.nan_to_num(own, nan=np.inf, posinf=np.inf)
        # The first steps of Richardson extrapolation are not those that it ends with.
        noise = own if scheme == RICHARDSON else np.maximum(noise, own)
    return dict(problem.structure.split(noise))


def look_again(problem: Problem, prepared: Prepared) -> dict[str, Any]:
    """Return the floor and the gradients elsewhere of an exact method."""
    structure = problem.structure

    def gradient(params: Any, data: dict[str, Any]) -> Any:
        return structure.join(evaluate(prepared, problem, params, data)[1])

    floor = SLACK * np.broadcast_to(_along_lines(problem, gradient), (problem.size,))
    elsewhere = tuple(
        _attempt(evaluate, prepared, problem, params, {}) for params in probes(problem)
    )
    return {
        "floor": structure.split(floor),
        "elsewhere": tuple(found and found[1] for found in elsewhere),
    }


def probes(problem: Problem) -> Iterator[Any]:
    """Yield points far away, nearer to zero, where what saturates here may not."""
    rng = np.random.default_rng(1)
    arrays = problem.structure.check(problem.params)
    for largest in np.geomspace(1, 0.1, PROBES):
        yield problem.structure.restore(
            {
                name: (x * rng.uniform(largest / 2, largest, x.shape)).astype(x.dtype)
                for name, x in arrays.items()
            }
        )


def _along_lines(problem: Problem, function: Callable[..., Any]) -> Any:
    """Return the noise in each component of a function of parameters and data, 0 if none is seen.

    Zeros stay, and so do whole numbers among the data: labels and counts, which a loss may compare.
    """
    rng = np.random.default_rng(0)
    u = float(np.finfo(problem.dtype).eps) / 2
    arrays = problem.structure.check(problem.params)
    floating = {name: x for name, x in problem.data.items() if x.dtype.kind == "f"}
    noise: Any = 0.0
    for step in (min(u**power, WIDEST) for power in POWERS):
        towards = {name: _direction(x, rng) for name, x in arrays.items()}
        beside = {name: _direction(x, rng) * (x != np.round(x)) for name, x in floating.items()}
        values = []
        for k in range(POINTS):
            params = _moved(arrays, towards, k * step)
            found = _attempt(
                function, problem.structure.restore(params), _moved(floating, beside, k * step)
            )
            values.append(np.nan if found is None else np.asarray(found, float))
        with np.errstate(all="ignore"):
            table = np.array(np.broadcast_arrays(*values))
            low, high = (_rough(table, order) for order in ORDERS)
            # A move this small cannot bring to light what is so large: the function oscillates.
            real = (low <= 4 * high) & (high <= 10 * step * abs(table).max(axis=0))
            seen = np.fmax(np.where(real, high, 0.0), abs(table[1] - table[0]) * (u / step))
        noise = np.fmax(noise, np.where(np.isfinite(seen), seen, 0.0))
    return noise


def _rough(table: Any, order: int) -> Any:
    """Return the noise in each column, from differences (Moré and Wild, equation 2.1)."""
    differences = np.diff(table, order, axis=0)
    largest = abs(differences).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)  # squares would under- or overflow
    of_one = math.factorial(order) ** 2 / math.factorial(2 * order)
    return unit * np.sqrt(of_one * np.mean((differences / unit) ** 2, axis=0))


def _direction(x: Any, rng: np.random.Generator) -> Any:
    return rng.uniform(0.5, 1, x.shape) * rng.choice([-1, 1], x.shape)


def _moved(arrays: Arrays, towards: dict[str, Any], by: float) -> Arrays:
    return {name: (x * (1 + by * towards[name])).astype(x.dtype) for name, x in arrays.items()}


def _attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of another point; None if it refuses, as it has answered this one."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception:  # noqa: BLE001  # whatever a user's loss or provider raises
        return None


def _seen_by_another_precision(problem: Problem, value: float) -> float:
    own = problem.dtype
    other = np.dtype(np.float32 if own == np.float64 else np.float64)

    def cast(arrays: Arrays) -> Arrays:
        return {n: x.astype(other) if x.dtype.kind == "f" else x for n, x in arrays.items()}

    params, data = cast(problem.structure.check(problem.params)), cast(problem.data)
    given = problem.structure.restore(params)
    found: float = _attempt(lambda: float(problem.loss(given, **data, xp=np))) or 0.0
    coarse = np.finfo(max(own, other, key=lambda dtype: np.finfo(dtype).eps))
    # Too small for float32, it would be a matter of range, not of round-off.
    if not np.isfinite(found) or abs(found) < float(coarse.smallest_normal / coarse.eps):
        return 0.0
    return abs(found - value) * float(np.finfo(own).eps / coarse.eps)
