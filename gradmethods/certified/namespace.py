"""The namespace over balls: every primitive, evaluated with a rigorous error radius.

Values and tangents are separate blocks, and tangents that are zero are absent. Products go through
`arb_mat`. A derivative that does not exist is NaN: what matters is whether it reaches the loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.certified import decisions
from gradmethods.certified.arrays import (
    NAN,
    ZERO,
    Ball,
    Objects,
    Tangents,
    boxed,
    each,
    exact,
    filled,
    holds,
    taken,
)
from gradmethods.certified.functions import BINARY, UNARY
from gradmethods.certified.products import product
from gradmethods.graph.record import result_dtype
from gradmethods.namespace import Namespace
from gradmethods.primitives import Primitive, fill_index

EXACT = {
    "negative", "abs", "sign", "floor", "ceil", "trunc", "round", "maximum", "minimum", "where",
    "max", "min", "reshape", "permute_dims", "broadcast_to", "getitem", "concat",
}  # fmt: skip
"""Functions of constants that NumPy computes without rounding."""

MOVES = {"reshape", "permute_dims", "broadcast_to", "getitem"}

LOGIC: dict[str, Callable[..., Any]] = {
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "logical_not": np.logical_not,
}


class Balls(Namespace):
    """The namespace over balls with tangents; NumPy's arrays and numbers are constants.

    Parameters
    ----------
    unit : float, optional
        Unit round-off of the arithmetic whose rounding errors the radii shall cover; by default
        they cover the balls' own. Arb rounds a sum of products once, floating-point numbers
        at every term.

    Attributes
    ----------
    largest : int
        Entries of the largest array so far.
    doubts : list of str
        Where a derivative did not exist, or was not decided.
    """

    kind = "ball"

    def __init__(self, unit: float = 0.0) -> None:
        self.unit = unit
        self.largest = 1
        self.doubts: list[str] = []

    # -- what a namespace says about its payloads

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Evaluate a primitive over balls."""
        name = primitive.name
        if name in MOVES:
            return self._move(primitive, *payloads, **static)
        if name in LOGIC:
            return LOGIC[name](*map(self._truth_of, payloads))
        if name == "where":
            payloads = [self._truth_of(payloads[0]), *payloads[1:]]
        balls = [self.ball(payload) for payload in payloads]
        if name in decisions.COMPARISONS:
            return decisions.compare(name, *map(self._here, balls))
        if name in decisions.FINITE:
            return decisions.finite(name, *map(self._here, balls))
        if name in decisions.STEPS:
            return Ball(decisions.step(name, *map(self._here, balls)), balls[0].dtype)
        if name in UNARY or name in BINARY:
            result = self._smooth(name, *balls)
        else:
            result = getattr(self, f"_{name}")(*balls, **static)
        self.largest = max(self.largest, result.values.size)
        return replace(result, dtype=static.get("dtype") or result_dtype(primitive, payloads))

    def folds(self, primitive: Primitive, value: Any) -> bool:
        """Let NumPy evaluate what it does not round."""
        return value.dtype.kind != "f" or primitive.name in EXACT

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of an array."""
        return tuple(payload.shape)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the dtype that an array stands for."""
        dtype: np.dtype[Any] = payload.dtype
        return dtype

    def ball(self, payload: Any) -> Ball:
        """Make balls of a constant."""
        if isinstance(payload, Ball):
            return payload
        return Ball(exact(payload), np.asarray(payload).dtype)

    # -- element-wise functions

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        _, *slopes = UNARY.get(name) or BINARY[name]
        operands = [ball.values for ball in balls]
        values = self._values(name, operands)
        tangents = None
        for ball, slope in zip(balls, slopes, strict=True):
            if ball.tangents is None:
                continue
            part = ball.tangents.spread(values.shape)
            if slope is not None:
                by = each(slope, *operands, values)
                part = part.scaled(by)
                self._note(f"xp.{name} has no finite slope", by, *operands)
            tangents = part if tangents is None else _total(tangents, part)
        return self._made(values, balls, tangents)

    def _values(self, name: str, operands: list[Objects]) -> Objects:
        return each((UNARY.get(name) or BINARY[name])[0], *operands)

    def _note(self, what: str, slopes: Objects, *operands: Objects) -> None:
        ill = ~holds(arb.is_finite, slopes)
        if ill.any():
            at = [np.broadcast_to(x, ill.shape)[ill][0].str(8) for x in operands]
            self.doubts.append(f"{what} at {' and '.join(at)}")

    def _made(self, values: Objects, balls: Any, tangents: Tangents | None) -> Ball:
        return Ball(values, balls[0].dtype, tangents, any(ball.varies for ball in balls))

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        x, y = np.broadcast_arrays(a.values, b.values)
        below, above, neither = decisions.order(x, y)
        larger = each(arb.max, x, y)
        values = np.where(above, x, np.where(below, y, larger))
        count = _directions(a, b)
        if count is None:
            return self._made(values, (a, b), None)
        one, other = (self._spread(ball, x.shape).derivatives(count) for ball in (a, b))
        block = np.where(above, one, np.where(below, other, NAN))
        if neither.any():
            # Where equal values vary alike, their maximum varies as they do.
            alike = holds(decisions.tied, one, other).all(axis=0) & holds(decisions.tied, x, y)
            block = np.where(neither & alike, one, block)
            if (neither & ~alike).any():
                at = x[neither & ~alike][0].str(8)
                self.doubts.append(f"a kink of xp.maximum, minimum, abs, max or min is near {at}")
        return self._made(values, (a, b), Tangents(block))

    def _minimum(self, a: Ball, b: Ball) -> Ball:
        return self._negated(self._maximum(self._negated(a), self._negated(b)))

    def _abs(self, a: Ball) -> Ball:
        return self._maximum(a, self._negated(a))

    def _negated(self, a: Ball) -> Ball:
        return self._smooth("negative", a)

    def _where(self, condition: Ball, a: Ball, b: Ball) -> Ball:
        chosen = holds(lambda ball: ball == 1, condition.values)
        values = boxed(np.where(chosen, a.values, b.values))
        count = _directions(a, b)
        tangents = None
        if count is not None:
            one, other = (self._spread(x, values.shape).derivatives(count) for x in (a, b))
            tangents = Tangents(boxed(np.where(chosen, one, other)))
        return self._made(values, (a, b), tangents)

    def _truth_of(self, payload: Any) -> NDArray[np.bool_]:
        if not isinstance(payload, Ball):
            return np.asarray(payload, bool)
        return decisions.compare("not_equal", self._here(payload), self.ball(0))

    def _here(self, ball: Ball) -> Ball:
        """Return the balls that decide."""
        return ball

    def _astype(self, a: Ball, *, dtype: np.dtype[Any]) -> Ball:
        return Ball(a.values, dtype, a.tangents, a.varies)

    # -- reductions and products

    def _sum(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        def total(x: Objects, axes: tuple[int, ...]) -> Objects:
            initial: Any = ZERO
            return boxed(np.sum(x, axis=axes, keepdims=keepdims, initial=initial))

        tangents = None
        if a.tangents is not None:
            tangents = Tangents(total(a.tangents.whole(), tuple(i + 1 for i in axis)))
        return self._made(total(a.values, axis), (a,), tangents)

    def _cumulative_sum(self, a: Ball, *, axis: int) -> Ball:
        tangents = None
        if a.tangents is not None:
            tangents = Tangents(np.cumsum(a.tangents.whole(), axis=axis + 1))
        return self._made(np.cumsum(a.values, axis=axis), (a,), tangents)

    def _max(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        """Halve the entries by maximum: ties among those that lose do no harm."""
        positions = np.moveaxis(np.arange(a.values.size).reshape(a.shape), axis, range(len(axis)))
        kept = positions.shape[len(axis) :]
        rows = positions.reshape(math.prod(positions.shape[: len(axis)]), *kept)
        best = self._taken(a, rows)
        while len(rows) > 1:
            half = len(rows) // 2
            numbers = np.arange(best.values.size).reshape(best.shape)
            pairs = self._maximum(
                self._taken(best, numbers[:half]), self._taken(best, numbers[half : 2 * half])
            )
            rest = self._taken(best, numbers[2 * half :])
            best = self._concat(pairs, rest, axis=0)
            rows = rows[: half + len(rows) % 2]
        shape = tuple(1 if i in axis else n for i, n in enumerate(a.shape)) if keepdims else kept
        return self._taken(best, np.arange(best.values.size).reshape(shape))

    def _min(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        return self._negated(self._max(self._negated(a), axis=axis, keepdims=keepdims))

    def _matmul(self, a: Ball, b: Ball) -> Ball:
        multiply = partial(product, unit=self.unit)
        values = multiply(a.values, b.values)
        tangents = None
        if a.tangents is not None:
            tangents = Tangents(multiply(_beneath(a.tangents, values.ndim), b.values))
        if b.tangents is not None:
            other = Tangents(multiply(a.values, _beneath(b.tangents, values.ndim)))
            tangents = other if tangents is None else _total(tangents, other)
        return self._made(values, (a, b), tangents)

    # -- moving data

    def _move(self, primitive: Primitive, payload: Any, *where: Any, **static: Any) -> Ball:
        """Move entries as NumPy moves their positions."""
        ball = self.ball(payload)
        positions = np.arange(ball.values.size).reshape(ball.shape)
        return self._taken(ball, np.asarray(primitive.numpy(positions, *where, **static)))

    def _taken(self, ball: Ball, positions: NDArray[np.intp]) -> Ball:
        tangents = ball.tangents and ball.tangents.moved(positions)
        return Ball(taken(ball.values, positions), ball.dtype, tangents, ball.varies)

    def _spread(self, ball: Ball, shape: tuple[int, ...]) -> Ball:
        values = np.broadcast_to(ball.values, shape)
        tangents = ball.tangents and ball.tangents.spread(shape)
        return Ball(values, ball.dtype, tangents, ball.varies)

    def _concat(self, *balls: Ball, axis: int) -> Ball:
        values = np.concat([ball.values for ball in balls], axis)
        count = _directions(*balls)
        tangents = None
        if count is not None:
            parts = [ball.derivatives(count) for ball in balls]
            tangents = Tangents(np.concat(parts, axis + 1))
        return self._made(values, balls, tangents)

    def _scatter_add(self, g: Ball, *where: Ball, index: Any, shape: tuple[int, ...]) -> Ball:
        places = tuple(each(lambda x: int(x.unique_fmpz()), w.values).astype(int) for w in where)
        positions = np.arange(math.prod(shape)).reshape(shape)[fill_index(index, places)]

        def scattered(entries: Objects) -> Objects:
            total = filled((len(entries), math.prod(shape)))
            rows: Any = (slice(None), positions.ravel())
            np.add.at(total, rows, entries.reshape(len(entries), -1))
            return total.reshape(-1, *shape)

        tangents = g.tangents and Tangents(scattered(g.tangents.whole()))
        return self._made(scattered(g.values[None])[0], (g,), tangents)


def _directions(*balls: Ball) -> int | None:
    """Count the directions at hand, None if nothing depends on them."""
    return next((len(ball.tangents) for ball in balls if ball.tangents is not None), None)


def _beneath(tangents: Tangents, axes: int) -> Objects:
    """Return the derivatives of matrices, their directions before the axes of a longer stack."""
    count, *shape = tangents.block.shape
    return tangents.whole().reshape(count, *(1,) * (axes - len(shape)), *shape)


def _total(a: Tangents, b: Tangents) -> Tangents:
    return Tangents(boxed(a.whole() + b.whole()))
