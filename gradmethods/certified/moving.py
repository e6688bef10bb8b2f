"""Arrays of balls moved, joined and spread, as NumPy moves the positions of their entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.certified.arrays import Ball, Objects, Tangents, each, exact, filled, taken
from gradmethods.namespace import Namespace
from gradmethods.primitives import Primitive, fill_index

MOVES = {"reshape", "permute_dims", "broadcast_to", "getitem"}


class Moving(Namespace):
    """The part of the namespace that computes nothing."""

    def ball(self, payload: Any) -> Ball:
        """Make balls of a constant."""
        if isinstance(payload, Ball):
            return payload
        return Ball(exact(payload), np.asarray(payload).dtype)

    def _move(self, primitive: Primitive, payload: Any, *where: Any, **static: Any) -> Ball:
        """Move entries as NumPy moves their positions."""
        ball = self.ball(payload)
        positions = np.arange(ball.values.size).reshape(ball.shape)
        return self._taken(ball, np.asarray(primitive.numpy(positions, *where, **static)))

    def _taken(self, ball: Ball, positions: NDArray[np.intp]) -> Ball:
        tangents = ball.tangents and ball.tangents.moved(positions)
        varying = ball.varying if ball.varying.ndim == 0 else taken(ball.varies, positions)
        return Ball(taken(ball.values, positions), ball.dtype, tangents, varying)

    def _spread(self, ball: Ball, shape: tuple[int, ...]) -> Ball:
        values = np.broadcast_to(ball.values, shape)
        tangents = ball.tangents and ball.tangents.spread(shape)
        return Ball(values, ball.dtype, tangents, ball.varying)

    def _concat(self, *balls: Ball, axis: int) -> Ball:
        values = np.concat([ball.values for ball in balls], axis)
        count = directions(*balls)
        tangents = None
        if count is not None:
            parts = [ball.derivatives(count) for ball in balls]
            tangents = Tangents(np.concat(parts, axis + 1))
        varying = np.concat([ball.varies for ball in balls], axis)
        return Ball(values, balls[0].dtype, tangents, varying)

    def _scatter_add(self, g: Ball, *where: Ball, index: Any, shape: tuple[int, ...]) -> Ball:
        places = tuple(each(lambda x: int(x.unique_fmpz()), w.values).astype(int) for w in where)
        positions = np.arange(math.prod(shape)).reshape(shape)[fill_index(index, places)]

        def scattered(entries: Objects) -> Objects:
            total = filled((len(entries), math.prod(shape)))
            rows: Any = (slice(None), positions.ravel())
            np.add.at(total, rows, entries.reshape(len(entries), -1))
            return total.reshape(-1, *shape)

        tangents = g.tangents and Tangents(scattered(g.tangents.whole()))
        varying = np.zeros(shape, bool)
        np.logical_or.at(varying.reshape(-1), positions.ravel(), g.varies.ravel())
        return Ball(scattered(g.values[None])[0], g.dtype, tangents, varying)


def directions(*balls: Ball) -> int | None:
    """Count the directions at hand, None if nothing depends on them."""
    return next((len(ball.tangents) for ball in balls if ball.tangents is not None), None)
