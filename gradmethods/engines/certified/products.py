"""Sums and matrix products of balls, these through Arb's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from gradmethods.engines.certified import residues
from gradmethods.engines.certified.arrays import Objects, boxed, each, filled, from_list
from gradmethods.engines.certified.numbers import is_infinity
from gradmethods.engines.certified.residues import Number

UP = 1 + 1e-9
"""Covers the rounding of the bounds themselves."""


def product(a: Objects, b: Objects, *, unit: float = 0.0) -> Objects:
    """Multiply stacks of matrices, shapes (..., m, k) and (..., k, n), that broadcast.

    With a `unit` round-off the radii cover, besides, the error of sums of k products in
    floating-point arithmetic, in any order: k u |a| |b| (N. J. Higham, Accuracy and Stability of
    Numerical Algorithms, 2nd edition, SIAM 2002, equation 3.5).
    """
    (*batch_a, m, k), (*batch_b, _, n) = a.shape, b.shape
    if not batch_b:  # one product of all rows
        result = _multiply(a.reshape(math.prod(batch_a) * m, k), b)
        result = result.reshape(*batch_a, m, n)
    elif not batch_a:  # one product of all columns
        columns = np.moveaxis(b, -2, 0).reshape(k, math.prod(batch_b) * n)
        result = np.moveaxis(_multiply(a, columns).reshape(m, *batch_b, n), 0, -2)
    else:
        batch = np.broadcast_shapes(tuple(batch_a), tuple(batch_b))
        count = math.prod(batch)  # -1 has no meaning where there are no entries
        left = np.broadcast_to(a, (*batch, m, k)).reshape(count, m, k)
        right = np.broadcast_to(b, (*batch, k, n)).reshape(count, k, n)
        pairs = [_multiply(x, y).reshape(-1) for x, y in zip(left, right, strict=True)]
        entries = [ball for pair in pairs for ball in pair]
        result = from_list(entries, (*batch, m, n))
    return widened(result, k * unit * UP * np.matmul(sizes(a), sizes(b))) if unit else result


def sum_of_two(result: Objects, x: Objects, y: Objects, unit: float) -> Objects:
    """Widen a sum of two for a `unit` round-off, as if it were part of one added in any order.

    Where terms come together one by one, another method may meet them in another order: reverse
    mode does, and its partial sums are as large as the terms where those here cancel.
    """
    return widened(result, unit * UP * (sizes(x) + sizes(y))) if unit else result


def total(x: Objects, axes: tuple[int, ...], *, keepdims: bool, unit: float = 0.0) -> Objects:
    """Add entries over axes; with a `unit` round-off in any order, as in `product`."""
    initial: Any = arb(0)
    result = boxed(np.sum(x, axis=axes, keepdims=keepdims, initial=initial))
    if not unit:
        return result
    count = math.prod(x.shape[i] for i in axes)
    return widened(result, count * unit * UP * sizes(x).sum(axis=axes, keepdims=keepdims))


def running_total(x: Objects, axis: int, *, unit: float = 0.0) -> Objects:
    """Add entries up to each, likewise."""
    result: Objects = np.cumsum(x, axis=axis)
    if not unit:
        return result
    return widened(result, x.shape[axis] * unit * UP * sizes(x).cumsum(axis=axis))


def scattered(x: Objects, positions: NDArray[np.intp], shape: tuple[int, ...]) -> Objects:
    """Add the entries of arrays, shape (K, ...), to zeros of some shape, at flat positions."""
    result = filled((len(x), math.prod(shape)))
    rows: Any = (slice(None), positions.ravel())
    np.add.at(result, rows, x.reshape(len(x), -1))
    return result.reshape(-1, *shape)


def _multiply(a: Objects, b: Objects) -> Objects:
    (m, k), (_, n) = a.shape, b.shape
    if 0 in (m, k, n):
        return from_list([arb(0)] * (m * n), (m, n))
    kinds = {type(x) for x in (*a.flat, *b.flat)}
    if kinds != {arb}:
        return residues.product(a, b) if Number in kinds else np.matmul(a, b)
    left, right = arb_mat(m, k, a.ravel().tolist()), arb_mat(k, n, b.ravel().tolist())
    return from_list((left * right).entries(), (m, n))


def sizes(x: Objects) -> NDArray[np.float64]:
    """Bound the magnitudes of balls from above."""
    return each(lambda ball: float(ball.abs_upper()) * UP, x).astype(float)


def widened(x: Objects, by: NDArray[np.float64]) -> Objects:
    """Enlarge the radii of balls; those that need not be remain what they are.

    Infinity is exact: whatever is added to it, nothing is rounded.
    """
    return each(
        lambda ball, radius: ball + arb(0, radius) if radius and not is_infinity(ball) else ball,
        x,
        by,
    )
