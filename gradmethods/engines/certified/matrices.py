"""Functions of whole matrices over balls: by elimination, but for those of eigenvalues.

Elimination is written in the namespace's own sums and products, whose slopes are those of ball
arithmetic: there is no rule for a determinant or a system here. Which pivot is taken changes no
value, so that it may be chosen by midpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb_series
from numpy.typing import NDArray

from gradmethods.engines.certified.arrays import ABRUPTLY, Ball, each, holds
from gradmethods.engines.certified.decisions import Undecided
from gradmethods.engines.certified.products import sizes, widened
from gradmethods.engines.certified.spectra import eigh, eigvalsh, svd, svdvals
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Primitive, written_out
from gradmethods.xp.primitives.shapes import stand_in

Function = Callable[..., Any]

MOST_ROWS = 10
"""Rows of what is left of a matrix that is expanded: each further row takes twice as long."""

LEAST = 5e-324
"""What a number that is not 0 counts for at least: float64 may have none so small."""


def apply(xp: Any, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Ball:
    """Evaluate a function of matrices; what is asked twice varies as one."""
    place = (primitive.name, *map(id, payloads), *static.values())
    if place not in xp.matrices:
        result = _evaluated(xp, primitive, payloads, static)
        xp.matrices[place] = result, payloads  # which keeps their identities
    ball: Ball = xp.matrices[place][0]
    return ball


def _evaluated(xp: Any, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Ball:
    operands = [Array(xp, xp.ball(payload)) for payload in payloads]
    own = FUNCTIONS.get(primitive.name)
    if own is None:
        assert primitive.written_out is not None
        result = primitive.written_out(xp, *operands, **static)
    else:
        shape = primitive.shape(*(stand_in(x.shape) for x in operands), **static)
        result = _one_by_one(xp, own, operands, shape, static)
    ball: Ball = xp.ball(result.payload)
    return ball


def _one_by_one(
    xp: Any, function: Function, operands: list[Array], shape: tuple[int, ...], static: Any
) -> Array:
    """Apply to each matrix of a stack: for each other pivots may be needed."""
    batch = np.broadcast_shapes(*(x.shape[:-2] for x in operands))
    wide = [xp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in operands]
    parts = [function(xp, *(x[place] for x in wide), **static) for place in np.ndindex(batch)]
    if len(parts) == 1:
        joined = parts[0]
    else:
        joined = xp.stack(parts) if parts else xp.zeros(0, dtype=operands[0].dtype)
    result: Array = xp.reshape(joined, shape)
    return result


# -- elimination


def _at_the_point(x: Any) -> Any:
    ball = getattr(x, "ball", x)
    return ball[0] if isinstance(ball, arb_series) else ball


def _size(x: Any) -> float:
    """Return about how large a number is at the point; 0 if it cannot be told from 0."""
    ball = getattr(x, "ball", x)
    ball = ball[0] if isinstance(ball, arb_series) else ball
    return (
        max(float(ball.abs_lower()), 5e-324) if ball.is_finite() and not ball.contains(0) else 0.0
    )


def _sizes(x: Array) -> NDArray[np.float64]:
    return each(_size, x.payload.values).astype(float)


def _eliminated(x: Array, row: int, column: int) -> tuple[Array, Array, Array]:
    """Return a pivot, the rest of its row over it, and what is left of the other rows."""
    rows = np.delete(np.arange(x.shape[0]), row)
    columns = np.delete(np.arange(x.shape[1]), column)
    pivot = x[row, column]
    top = x[row, columns] / pivot
    others = x[rows]
    return pivot, top, others[:, columns] - others[:, column, None] * top[None, :]


def _pivots(a: Array) -> tuple[list[Array], int, Array]:
    """Eliminate while there are pivots that are not 0; return them, a sign, and what is left."""
    pivots, sign = [], 1
    while a.shape[0]:
        sizes = _sizes(a)
        row, column = (int(i) for i in np.unravel_index(np.argmax(sizes), sizes.shape))
        if not sizes[row, column]:
            break
        pivot, _, a = _eliminated(a, row, column)
        pivots.append(pivot)
        sign = -sign if (row + column) % 2 else sign
    return pivots, sign, a


def det(xp: Any, a: Array) -> Any:
    """Multiply the pivots, and the determinant of what is left, without dividing by it."""
    pivots, sign, rest = _pivots(a)
    result = xp.asarray(np.asarray(sign, a.dtype))
    for pivot in pivots:
        result = result * pivot
    if rest.shape[0] > MOST_ROWS:
        raise Undecided(f"Of a determinant {rest.shape[0]} rows cannot be told from dependent ones")
    result = result * written_out.det(xp, rest) if rest.shape[0] else result
    return Array(xp, _through_logarithms(xp.ball(result.payload), xp.unit)) if xp.unit else result


def _through_logarithms(ball: Ball, unit: float) -> Ball:
    """Widen a determinant by what NumPy rounds: it is the exponential of a sum of logarithms."""
    size = each(
        lambda x: float(abs(x.abs_upper().log())) if x.abs_upper() > 0 else 0.0, ball.values
    )
    by = 2 * unit * (1 + size.astype(float)) * sizes(ball.values)
    return replace(ball, values=widened(ball.values, by))


def slogdet(xp: Any, a: Array) -> Any:
    """Add the logarithms of the sizes of the pivots."""
    pivots, sign, rest = _pivots(a)
    if rest.shape[0]:
        xp.doubts.append("a determinant cannot be told from 0, where its logarithm is infinite")
        unknown = xp.ball(np.full(2, np.nan, a.dtype))
        return Array(xp, replace(unknown, varying=ABRUPTLY))
    logarithm = xp.asarray(np.zeros((), a.dtype))
    for pivot in pivots:
        below = bool(holds(lambda x: not _at_the_point(x) > 0, pivot.payload.values))
        sign = -sign if below else sign
        logarithm = logarithm + xp.log(-pivot if below else pivot)
    return xp.stack([xp.asarray(np.asarray(sign, a.dtype)), logarithm])


def solve(xp: Any, a: Array, b: Array) -> Any:
    """Eliminate, and put in from below."""
    n = a.shape[0]
    rest = xp.concat([a, b], axis=1)
    rows: list[Array] = []
    for _ in range(n):
        sizes = _sizes(rest[:, 0])
        row = int(np.argmax(sizes))
        if not sizes[row]:
            raise Undecided("A matrix cannot be told from a singular one")
        _, top, rest = _eliminated(rest, row, 0)
        rows.append(top)
    x = xp.zeros((0, b.shape[1]), dtype=a.dtype)
    for k in reversed(range(n)):
        top = rows[k]
        left, right = top[: n - 1 - k], top[n - 1 - k :]
        x = xp.concat([(right[None, :] - left[None, :] @ x), x])
    return x


FUNCTIONS: dict[str, Function] = {
    "det": det,
    "slogdet": slogdet,
    "solve": solve,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "svd": svd,
    "svdvals": svdvals,
}
"""Those that are not done as they are written out."""
