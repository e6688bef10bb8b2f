"""The namespace over balls: every primitive, evaluated with a rigorous error radius.

Values and how they vary are kept apart, and what does not vary has no variation. Products go
through `arb_mat`. A derivative that does not exist is NaN: what matters is whether it reaches the
loss.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from gradmethods.engines.certified import decisions, matrices
from gradmethods.engines.certified.arrays import (
    ABRUPTLY,
    CONSTANT,
    ONE,
    ZERO,
    Ball,
    Levels,
    Objects,
    Variation,
    boxed,
    each,
    either,
    filled,
    holds,
    is_finite,
    is_zero,
)
from gradmethods.engines.certified.decisions import Settled, Tie
from gradmethods.engines.certified.functions import smooth
from gradmethods.engines.certified.infinities import limits, of_sum, stays_infinite
from gradmethods.engines.certified.moving import MOVES
from gradmethods.engines.certified.ordering import Ordering
from gradmethods.engines.certified.piecewise import LOGIC
from gradmethods.engines.certified.products import (
    product,
    running_total,
    sum_of_two,
    total,
    widened,
)
from gradmethods.engines.graph.record import result_dtype
from gradmethods.engines.graph.signs import KEEPING, NEVER_NEGATIVE
from gradmethods.errors import NotDifferentiable
from gradmethods.xp.array import Array
from gradmethods.xp.linalg import Linalg
from gradmethods.xp.primitives import TABLE, Behaviour, Kind, Primitive, having

EXACT = having(Behaviour.EXACT)
"""Functions of constants that NumPy computes without rounding, or that are a rounding."""

SUMS = ("add", "subtract")

EDGES = having(Behaviour.STEEP, but=("hypot",))
"""Functions that are finite where their domain ends, or where they jump; others are not."""

ROOTS = ("sqrt", "hypot")
"""Functions that are continuous at 0 without a slope, of what is not negative."""

POWERS = ("sqrt", "pow")
"""Functions that have no value below 0, where a ball may reach though its number does not."""

HALF = 0.5

UNDERFLOW = 8
"""Units in the last place that functions may be off by where they underflow."""


def _not_below_0(x: Any) -> Any:
    """Cut off of a ball what its number is known not to be."""
    return x.nonnegative_part() if isinstance(x, arb) and x.is_finite() and not x >= 0 else x


class Balls(Ordering):
    """The namespace over balls with tangents; NumPy's arrays and numbers are constants.

    Parameters
    ----------
    unit : float, optional
        Unit round-off of the arithmetic whose rounding errors the radii shall cover; by default
        they cover the balls' own. Arb rounds a sum of products once, floating-point numbers
        at every term.
    least : float, optional
        Least normal number of that arithmetic: smaller ones are rounded to multiples of what it has
        as its last place. By default nothing underflows.
    choices : sequence of Settled, optional
        How choices between equal values are made; by default they are not.
    free : bool, optional
        Whether what depends on these choices is in balls that hold it however they fall.

    Attributes
    ----------
    largest : int
        Entries of the largest array so far.
    doubts : list of str
        Where a derivative did not exist, or was not decided.
    edges : set of str
        Functions whose values may jump or end where their slope is not finite.
    """

    kind = "ball"
    edges: Collection[str] = EDGES

    def __init__(
        self,
        unit: float = 0.0,
        least: float = 0.0,
        choices: Sequence[Settled] | None = None,
        *,
        free: bool = False,
    ) -> None:
        self.unit, self.least = unit, least
        self.choices = None if choices is None else iter(choices)
        self.free = free
        self.largest = 1
        self.ties = 0
        self.doubts: list[str] = []
        self.matrices: dict[Any, Any] = {}

    # -- what a namespace says about its payloads

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Evaluate a primitive over balls."""
        name = primitive.name
        if name == "pow" and isinstance(payloads[1], float) and payloads[1] == HALF:
            return self.apply(TABLE["sqrt"], payloads[:1], static)
        if name in MOVES:
            return self._move(primitive, *payloads, **static)
        if name in LOGIC:
            return self._logic(name, *payloads)
        if primitive.kind is Kind.MATRIX:
            result = matrices.apply(self, primitive, payloads, static)
            return replace(result, dtype=result_dtype(primitive, payloads))
        balls = [self.ball(payload) for payload in strengthened(payloads)]
        if name in decisions.DECIDED:
            return self._decided(name, *map(self._here, balls), **static)
        own = getattr(self, f"_{name}", None)
        result = own(*balls, **static) if own else self._smooth(name, *balls)
        if name == "atan2":
            result = self._on_the_cut(result, payloads[0], *map(self._here, balls))
        self.largest = max(self.largest, result.values.size)
        dtype = static.get("dtype") or result_dtype(primitive, payloads)
        return replace(result, dtype=dtype, never_negative=is_never_negative(name, payloads, balls))

    def _decided(self, name: str, *balls: Ball, **static: Any) -> Any:
        try:
            if name in decisions.PLACES:
                return self._places(name, *balls, **static)
            if name in decisions.COMPARISONS:
                return self._compare(name, *balls)
            if name in decisions.STEPS:
                return self._step(name, *balls)
            return decisions.finite(name, *balls)
        except NotDifferentiable as error:
            raise Tie(error) from None

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
        return ExactLinalg(self)

    # -- element-wise functions

    def _pow(self, a: Ball, b: Ball) -> Ball:
        """Raise to a power; a constant 0 to a positive one is 0 all around."""
        if (a.varying != CONSTANT).all():
            return self._smooth("pow", a, b)
        bases = boxed(np.where(a.varies, ONE, a.values))
        zero = holds(lambda x, c: x.is_zero() and c > 0, bases, self._here(b).values)
        if not zero.any():
            return self._smooth("pow", a, b)
        base = replace(a, values=boxed(np.where(zero, ONE, a.values)))
        nothing = Ball(filled(zero.shape), a.dtype, None, np.broadcast_to(b.varying, zero.shape))
        return self._where(self.ball(zero), nothing, self._smooth("pow", base, b))

    def _on_the_cut(self, angle: Ball, payload: Any, y: Ball, x: Ball) -> Ball:
        """Turn angles where y is -0.0 and x < 0 as NumPy does; balls have no sign of zero."""
        flat = holds(is_zero, y.values) & ~y.varies & ~holds(lambda ball: ball > 0, x.values)
        if not flat.any():
            return angle
        if isinstance(payload, Ball) or (flat & ~holds(lambda ball: ball < 0, x.values)).any():
            raise NotDifferentiable(
                "xp.atan2 is asked of a zero whose sign decides between angles 2π apart, and is "
                "not known"
            )
        below = flat & np.signbit(payload)
        return replace(angle, values=boxed(np.where(below, -angle.values, angle.values)))

    def _floor_divide(self, a: Ball, b: Ball) -> Ball:
        found: Ball = self._decided("floor", self._here(self._smooth("divide", a, b)))
        return found

    def _remainder(self, a: Ball, b: Ball) -> Ball:
        return self._smooth("subtract", a, self._smooth("multiply", b, self._floor_divide(a, b)))

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        operands = [ball.values for ball in balls]
        if name in POWERS and balls[0].never_negative:
            operands[0] = each(_not_below_0, operands[0])
        values = self._values(name, operands)
        values = limits(name, values, balls)
        slopes = [
            _slope(name, slope, ball, operands, values)
            if slope is not None and (ball.variation or (name in self.edges and ball.varies.any()))
            else None
            for slope, ball in zip(smooth(name).slopes, balls, strict=True)
        ]
        variation: Variation | None = None
        settled = self.settled(name, *balls) if name in ROOTS else None
        fixed = stays_infinite(balls) if name in SUMS else None
        for ball, slope in zip(balls, slopes, strict=True):
            if ball.variation is None:
                continue
            part = ball.variation.spread(values.shape)
            if slope is not None:
                by = slope
                if settled is not None and not self.free:  # at such a root any slope will do
                    by = boxed(np.where(settled.tied, ZERO, by))
                if not (ball.varying != CONSTANT).all():  # nothing varies there, whatever the slope
                    by = boxed(np.where(ball.varies, by, ZERO))
                part = part.scaled(by)
                self._note(name, by, *operands)
            if fixed is not None:
                part = part.selected(~fixed, part.zeros(values.shape), fixed)
            variation = part if variation is None else variation.plus(part)
        levels = self._levels(name, values, balls, slopes)
        if fixed is not None:
            levels = np.where(fixed, CONSTANT, levels)
        return Ball(values, balls[0].dtype, variation, levels)

    def _levels(
        self, name: str, values: Objects, balls: tuple[Ball, ...], slopes: list[Objects | None]
    ) -> Levels:
        """Say how a function of arrays varies: at an edge or a jump it has no finite slope."""
        found = either(*balls)
        if name not in self.edges:
            return found
        for ball, slope in zip(balls, slopes, strict=True):
            if slope is not None:
                finite = holds(is_finite, slope)
                if name in ROOTS and ball.never_negative:
                    finite |= holds(is_zero, values)
                found = np.where(ball.varies & ~finite, ABRUPTLY, found)
        return found

    def _values(self, name: str, operands: list[Objects]) -> Objects:
        if name not in SUMS:
            return self._underflowing(each(smooth(name).value, *operands))
        x, y = operands
        values = each(smooth(name).value, x, y)
        if not holds(is_finite, values).all():
            values = each(partial(of_sum, name), values, x, y)
        return sum_of_two(values, x, y, self.unit)

    def _underflowing(self, values: Objects) -> Objects:
        """Cover the rounding of numbers below the least normal one, by units of their spacing."""
        if not self.least:
            return values
        small = holds(lambda x: not (x.is_zero() or x.abs_lower() > self.least), values)
        return widened(values, np.where(small, 2 * self.unit * UNDERFLOW * self.least, 0.0))

    def _note(self, name: str, slopes: Objects, *operands: Objects) -> None:
        ill = ~holds(is_finite, slopes)
        if ill.any():
            at = [np.broadcast_to(x, ill.shape)[ill][0].str(8) for x in operands]
            self.doubts.append(f"xp.{name} has no finite slope at {' and '.join(at)}")
            self.ties += name in ROOTS

    def _astype(self, a: Ball, *, dtype: np.dtype[Any]) -> Ball:
        return Ball(a.values, dtype, a.variation, a.varying)

    # -- sums and products

    def _sum(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        values = total(a.values, axis, keepdims=keepdims, unit=self.unit)
        variation = a.variation and a.variation.total(axis, keepdims=keepdims)
        varying = a.levels.max(axis, keepdims=keepdims, initial=CONSTANT)
        return Ball(values, a.dtype, variation, np.asarray(varying))

    def _cumulative_sum(self, a: Ball, *, axis: int) -> Ball:
        values = running_total(a.values, axis, unit=self.unit)
        variation = a.variation and a.variation.running_total(axis)
        return Ball(values, a.dtype, variation, np.maximum.accumulate(a.levels, axis))

    def _matmul(self, a: Ball, b: Ball) -> Ball:
        values = self._underflowing(product(a.values, b.values, unit=self.unit))
        variation = a.variation and a.variation.before(b.values)
        if b.variation is not None:
            other = b.variation.after(a.values)
            variation = other if variation is None else variation.plus(other)
        return Ball(values, a.dtype, variation, varying_products(a, b))


class ExactLinalg(Linalg):
    """What is written otherwise where nothing is rounded: roots whose order no float64 holds."""

    def _root(self, x: Array, power: float) -> Array:
        root: Array = x ** self._xp.bind("reciprocal", np.asarray(power, x.dtype))
        return root


def _slope(
    name: str, slope: Callable[..., Any], ball: Ball, operands: list[Objects], values: Objects
) -> Objects:
    """Return the slopes by an operand; a power above 1 of what is never negative is flat at 0."""
    found = each(slope, *operands, values)
    if name != "pow" or not ball.never_negative:
        return found
    return boxed(np.where(holds(lambda x, c: x.is_zero() and c > 1, *operands), ZERO, found))


def varying_products(a: Ball, b: Ball) -> Levels:
    """Say how the entries of a product of matrices vary: as their rows and columns do."""
    rows = a.levels.max(-1, keepdims=True, initial=CONSTANT)
    return np.asarray(np.maximum(rows, b.levels.max(-2, keepdims=True, initial=CONSTANT)))


def is_never_negative(name: str, payloads: list[Any], balls: list[Ball]) -> bool:
    """Say whether a result is not below 0 at any parameters, by its form."""
    if name == "multiply" and payloads[0] is payloads[1]:
        return True
    if name == "pow" and balls[1].variation is None and not balls[1].varies.any():
        return bool(holds(lambda c: (c / 2).is_integer(), balls[1].values).all())
    if name not in KEEPING:
        return name in NEVER_NEGATIVE
    some = any if name == "maximum" else all
    return some(ball.never_negative for ball in balls[name == "where" :])


def strengthened(payloads: list[Any]) -> list[Any]:
    """Round Python numbers to float32 where they meet it, as NumPy does."""
    dtypes = [x.dtype for x in payloads if not isinstance(x, (bool, int, float))]
    if len(dtypes) in (0, len(payloads)) or np.result_type(*dtypes) != np.float32:
        return payloads
    with np.errstate(over="ignore"):
        return [np.asarray(x, np.float32) if isinstance(x, (int, float)) else x for x in payloads]
