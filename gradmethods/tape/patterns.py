"""Primitives that no loss names: compiled programs recognise them, or only vjp rules use them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.primitives import Primitive, elementwise_shape


def _sigmoid(x: NDArray[Any]) -> Any:
    return 1 / (1 + np.exp(-x))


SIGMOID = Primitive("sigmoid", _sigmoid, elementwise_shape, lambda _, y: 4 * math.prod(y))
"""1/(1 + exp(-x)), evaluated as losses write it; its slope is y (1 - y), see `complements`."""


def _logistic(x: NDArray[Any]) -> Any:
    power = np.exp(x)
    return power / (1 + power)


LOGISTIC = Primitive("logistic", _logistic, elementwise_shape, lambda _, y: 3 * math.prod(y))
"""exp(x)/(1 + exp(x)): the sigmoid too, evaluated as written."""

SECH = Primitive("sech", lambda x: 1 / np.cosh(x), elementwise_shape, lambda _, y: 2 * math.prod(y))
"""1/cosh(x), whose slope is -y tanh(x), also where cosh(x) overflows."""

SATURATED = 2**-6
"""1 - tanh² x below which its rounding errors, some 2**-53 each, are taken out."""


SHORT = 4096
"""Entries up to which it takes longer to pick those out than to compute all of them."""


def _slope_of_tanh(x: Any, y: Any, out: Any = None) -> Any:
    slope = np.subtract(1, np.square(y, out=out), out=out)
    if not slope.size or np.minimum.reduce(slope, None) >= SATURATED:
        return slope
    if slope.size <= SHORT or np.shape(x) != slope.shape:
        return np.square(np.divide(1, np.cosh(x, out=out), out=out), out=out)
    few = np.flatnonzero(slope < SATURATED)
    slope.flat[few] = np.square(1 / np.cosh(x.take(few)))
    return slope


SLOPE_OF_TANH = Primitive(
    "slope_of_tanh", _slope_of_tanh, elementwise_shape, lambda _, y: 2 * math.prod(y)
)
"""1 - y² for y = tanh(x), but 1/cosh² x where that loses digits: in few entries of most networks,
while cosh takes longer than tanh."""

FMIN = Primitive("fmin", np.fmin, elementwise_shape, lambda _, y: math.prod(y))
"""The smaller of two numbers; of a number and NaN, the number."""

HEAVISIDE = Primitive("heaviside", np.heaviside, elementwise_shape, lambda _, y: math.prod(y))
"""0 below zero, 1 above it, and the second operand at zero."""

INNER = Primitive("inner", np.vdot, lambda *_: (), lambda shapes, _: 2 * math.prod(shapes[0]) - 1)
"""The scalar product of two real arrays of the same shape, over all axes."""
