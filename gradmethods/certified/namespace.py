"""The namespace over balls: every primitive, evaluated with a rigorous error radius.

Values and how they vary are kept apart, and what does not vary has no variation. Products go
through `arb_mat`. A derivative that does not exist is NaN: what matters is whether it reaches the
loss.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.arrays import Array
from gradmethods.certified import decisions
from gradmethods.certified.arrays import (
    ONE,
    ZERO,
    Ball,
    Objects,
    Variation,
    boxed,
    each,
    either,
    filled,
    holds,
)
from gradmethods.certified.functions import SMOOTH
from gradmethods.certified.moving import MOVES
from gradmethods.certified.piecewise import Piecewise
from gradmethods.certified.products import product, running_total, sum_of_two, total
from gradmethods.errors import NotDifferentiable
from gradmethods.graph.record import result_dtype
from gradmethods.namespace.linalg import Linalg
from gradmethods.primitives import Behaviour, Kind, Primitive, having, of_kind

EXACT = having(Behaviour.EXACT)
"""Functions of constants that NumPy computes without rounding."""

SUMS = ("add", "subtract")

LOGIC = of_kind(Kind.LOGIC)


class Balls(Piecewise):
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
            return LOGIC[name].numpy(*map(self._truth_of, payloads))
        if name == "where":
            payloads = [self._truth_of(payloads[0]), *payloads[1:]]
        balls = [self.ball(payload) for payload in strengthened(payloads)]
        if name in decisions.COMPARISONS:
            return decisions.compare(name, *map(self._here, balls))
        if name in decisions.FINITE:
            return decisions.finite(name, *map(self._here, balls))
        if name in decisions.STEPS:
            return Ball(decisions.step(name, *map(self._here, balls)), balls[0].dtype)
        own = getattr(self, f"_{name}", None)
        result = own(*balls, **static) if own else self._smooth(name, *balls)
        if name == "atan2":
            result = self._on_the_cut(result, payloads[0], *map(self._here, balls))
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

    @property
    def linalg(self) -> Linalg:
        """The linear algebra extension of the standard."""
        return ExactRoots(self)

    # -- element-wise functions

    def _pow(self, a: Ball, b: Ball) -> Ball:
        """Raise to a power; a constant 0 to a positive one is 0 all around."""
        bases = boxed(np.where(a.varies, ONE, a.values))
        zero = holds(lambda x, c: x.is_zero() and c > 0, bases, self._here(b).values)
        if not zero.any():
            return self._smooth("pow", a, b)
        base = replace(a, values=boxed(np.where(zero, ONE, a.values)))
        nothing = Ball(filled(zero.shape), a.dtype)
        return self._where(self.ball(zero), nothing, self._smooth("pow", base, b))

    def _on_the_cut(self, angle: Ball, payload: Any, y: Ball, x: Ball) -> Ball:
        """Turn angles where y is -0.0 and x < 0 as NumPy does; balls have no sign of zero."""
        flat = holds(arb.is_zero, y.values) & ~y.varies & ~holds(lambda ball: ball > 0, x.values)
        if not flat.any():
            return angle
        if isinstance(payload, Ball) or (flat & ~holds(lambda ball: ball < 0, x.values)).any():
            raise NotDifferentiable(
                "xp.atan2 is asked of a zero whose sign decides between angles 2π apart, and is "
                "not known"
            )
        below = flat & np.signbit(payload)
        return replace(angle, values=boxed(np.where(below, -angle.values, angle.values)))

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        slopes = SMOOTH[name].slopes
        operands = [ball.values for ball in balls]
        values = self._values(name, operands)
        variation: Variation | None = None
        for ball, slope in zip(balls, slopes, strict=True):
            if ball.variation is None:
                continue
            part = ball.variation.spread(values.shape)
            if slope is not None:
                by = each(slope, *operands, values)
                if not ball.varies.all():  # nothing varies there, whatever the slope
                    by = boxed(np.where(ball.varies, by, ZERO))
                part = part.scaled(by)
                self._note(f"xp.{name} has no finite slope", by, *operands)
            variation = part if variation is None else variation.plus(part)
        return Ball(values, balls[0].dtype, variation, either(*balls))

    def _values(self, name: str, operands: list[Objects]) -> Objects:
        values = each(SMOOTH[name].value, *operands)
        if name not in SUMS:
            return values
        x, y = operands
        return sum_of_two(values, x, y, self.unit)

    def _note(self, what: str, slopes: Objects, *operands: Objects) -> None:
        ill = ~holds(arb.is_finite, slopes)
        if ill.any():
            at = [np.broadcast_to(x, ill.shape)[ill][0].str(8) for x in operands]
            self.doubts.append(f"{what} at {' and '.join(at)}")

    def _astype(self, a: Ball, *, dtype: np.dtype[Any]) -> Ball:
        return Ball(a.values, dtype, a.variation, a.varying)

    # -- sums and products

    def _sum(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        values = total(a.values, axis, keepdims=keepdims, unit=self.unit)
        variation = a.variation and a.variation.total(axis, keepdims=keepdims)
        varying = a.varies.any(axis, keepdims=keepdims)
        return Ball(values, a.dtype, variation, np.asarray(varying))

    def _cumulative_sum(self, a: Ball, *, axis: int) -> Ball:
        values = running_total(a.values, axis, unit=self.unit)
        variation = a.variation and a.variation.running_total(axis)
        return Ball(values, a.dtype, variation, np.logical_or.accumulate(a.varies, axis))

    def _matmul(self, a: Ball, b: Ball) -> Ball:
        values = product(a.values, b.values, unit=self.unit)
        variation = a.variation and a.variation.before(b.values)
        if b.variation is not None:
            other = b.variation.after(a.values)
            variation = other if variation is None else variation.plus(other)
        return Ball(values, a.dtype, variation, varying_products(a, b))


class ExactRoots(Linalg):
    """Norms of an order whose reciprocal no float64 holds."""

    def _root(self, x: Array, power: float) -> Array:
        return x ** self._xp.bind("reciprocal", np.asarray(power, x.dtype))


def varying_products(a: Ball, b: Ball) -> NDArray[np.bool_]:
    """Say which entries of a product of matrices vary: those of rows or columns that do."""
    return np.asarray(a.varies.any(-1, keepdims=True) | b.varies.any(-2, keepdims=True))


def strengthened(payloads: list[Any]) -> list[Any]:
    """Round Python numbers to float32 where they meet it, as NumPy does."""
    dtypes = [x.dtype for x in payloads if not isinstance(x, (bool, int, float))]
    if len(dtypes) in (0, len(payloads)) or np.result_type(*dtypes) != np.float32:
        return payloads
    with np.errstate(over="ignore"):
        return [np.asarray(x, np.float32) if isinstance(x, (int, float)) else x for x in payloads]
