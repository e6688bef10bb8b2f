"""Arrays of balls moved, joined and spread, as NumPy moves the positions of their entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.certified.arrays import Ball, boxed, each, exact, taken, variations
from gradmethods.engines.certified.products import scattered
from gradmethods.xp import Namespace
from gradmethods.xp.primitives import Primitive, fill_index

MOVES = {"reshape", "permute_dims", "broadcast_to", "getitem"}


class Moving(Namespace):
    """The part of the namespace that computes nothing."""

    def ball(self, payload: Any) -> Ball:
        """Make balls of a constant."""
        if isinstance(payload, Ball):
            return payload
        array = np.asarray(payload)
        return Ball(exact(array), array.dtype, never_negative=bool((array >= 0).all()))

    def _move(self, primitive: Primitive, payload: Any, *where: Any, **static: Any) -> Ball:
        """Move entries as NumPy moves their positions."""
        ball = self.ball(payload)
        positions = np.arange(ball.values.size).reshape(ball.shape)
        return self._taken(ball, np.asarray(primitive.numpy(positions, *where, **static)))

    def _taken(self, ball: Ball, positions: NDArray[np.intp]) -> Ball:
        variation = ball.variation and ball.variation.moved(positions)
        varying = ball.varying if ball.varying.ndim == 0 else taken(ball.levels, positions)
        values = taken(ball.values, positions)
        return Ball(values, ball.dtype, variation, varying, ball.never_negative)

    def _spread(self, ball: Ball, shape: tuple[int, ...]) -> Ball:
        values = np.broadcast_to(ball.values, shape)
        variation = ball.variation and ball.variation.spread(shape)
        return Ball(values, ball.dtype, variation, ball.varying)

    def _concat(self, *balls: Ball, axis: int) -> Ball:
        values = np.concat([ball.values for ball in balls], axis)
        parts = variations(*balls)
        variation = None if parts is None else parts[0].joined(parts[1:], axis)
        varying = np.concat([ball.levels for ball in balls], axis)
        return Ball(values, balls[0].dtype, variation, varying)

    def _scatter_add(self, g: Ball, *where: Ball, index: Any, shape: tuple[int, ...]) -> Ball:
        places = tuple(each(lambda x: int(x.unique_fmpz()), w.values).astype(int) for w in where)
        positions = np.arange(math.prod(shape)).reshape(shape)[fill_index(index, places)]

        variation = g.variation and g.variation.scattered(positions, shape)
        varying = np.zeros(shape, np.int8)
        np.maximum.at(varying.reshape(-1), positions.ravel(), g.levels.ravel())
        values = boxed(scattered(g.values[None], positions, shape)[0])
        return Ball(values, g.dtype, variation, varying)
