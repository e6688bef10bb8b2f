"""Primitives that no loss names: compiled programs recognise them, or only vjp rules use them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.xp import error_values, gamma_values
from gradmethods.xp.primitives.primitive import FLAT, Behaviour, Function, Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.xp.primitives.shapes import (
    Shape,
    count_nothing,
    count_result,
    elementwise_shape,
    fill_index,
)


def _sigmoid(x: NDArray[Any]) -> Any:
    return 1 / (1 + np.exp(-x))


SATURATED = 2**-6
"""1 - tanh² x below which its rounding errors, some 2**-53 each, are taken out."""

FEW = 4096
"""Entries up to which it takes longer to pick those out than to compute all of them."""


def steep_slope_of_tanh(slope: Any, x: Any, out: Any = None) -> Any:
    """Return the slope 1 - tanh² x with the digits that it has lost where it is small."""
    if slope.size > FEW and np.shape(x) == slope.shape:
        few = (slope < SATURATED).reshape(-1).nonzero()[0]
        if few.size < slope.size / 4:
            slope.put(few, np.square(1 / np.cosh(x.take(few))))
            return slope
    return np.square(np.divide(1, np.cosh(x, out), out), out)


def _slope_of_tanh(x: Any, y: Any) -> Any:
    slope = np.asarray(1 - np.square(y))
    return slope if np.all(slope >= SATURATED) else steep_slope_of_tanh(slope, x)


def _count(times: int) -> Function:
    def count(shapes: list[Shape], result: Shape) -> int:
        return times * math.prod(result)

    return count


SIGMOID = Primitive(
    "sigmoid",
    _sigmoid,
    elementwise_shape,
    _count(4),
    vjp=(lambda xp, g, y, x: g * y * xp.beside_sigmoid(x, y),),
    jvp=(lambda xp, t, y, x: t * (y * xp.beside_sigmoid(x, y)),),
    behaviour=Behaviour.NEVER_NEGATIVE,
)
"""1/(1 + exp(-x)), evaluated as losses write it; its slope is y (1 - y): see `complements`."""

SECH = Primitive(
    "sech",
    lambda x: 1 / np.cosh(x),
    elementwise_shape,
    _count(2),
    vjp=(lambda xp, g, y, x: -g * y * xp.tanh(x),),
    jvp=(lambda xp, t, y, x: -t * (y * xp.tanh(x)),),
)
"""1/cosh(x), whose slope is -y tanh(x), also where cosh(x) overflows."""

SLOPE_OF_TANH = Primitive("slope_of_tanh", _slope_of_tanh, elementwise_shape, _count(2))
"""1 - y² for y = tanh(x), but 1/cosh² x where that loses digits: in few entries of most networks,
while cosh takes longer than tanh."""

BESIDE_SIGMOID = Primitive(
    "beside_sigmoid", lambda power, y: np.fmin(power * y, 1), elementwise_shape, count_result
)
"""1 - y for y = 1/(1 + p) and a power p: p y, and 1 where that is infinity times 0."""

MILLS = Primitive("mills", error_values.mills, elementwise_shape, count_result)
"""The slope of the logarithm of the normal distribution function."""

TRIGAMMA = Primitive("trigamma", gamma_values.trigamma, elementwise_shape, count_result)
"""The second derivative of the gamma function's logarithm."""

HEAVISIDE = Primitive("heaviside", np.heaviside, elementwise_shape, count_result)
"""0 below zero, 1 above it, and the second operand at zero."""

INNER = Primitive("inner", np.vdot, lambda *_: (), lambda shapes, _: 2 * math.prod(shapes[0]) - 1)
"""The scalar product of two real arrays of the same shape, over all axes."""


def _into(x: NDArray[Any], g: Any, *where: Any, index: Any) -> NDArray[Any]:
    total = np.array(x)
    total[fill_index(index, where)] += g
    return total


INTO = Primitive(
    "into",
    _into,
    lambda x, g, *where, index: np.shape(x),
    lambda shapes, result: math.prod(shapes[1]),
)
"""An array with a second one added to its entries at an index, which names no entry twice."""

HELD = Primitive(
    "held",
    lambda x: x,
    elementwise_shape,
    count_nothing,
    vjp=FLAT,
    jvp=FLAT,
    behaviour=Behaviour.PASSING | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
)
"""A value that a loss depends on in no way, though it is computed with: see `program.shifts`."""

ENTRIES: tuple[Primitive, ...] = (
    SIGMOID,
    SECH,
    SLOPE_OF_TANH,
    BESIDE_SIGMOID,
    MILLS,
    TRIGAMMA,
    HEAVISIDE,
    INNER,
    INTO,
    HELD,
    QUOTIENT,
    NORMALISED,
)
