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
"""1/(1 + exp(-x)), evaluated as losses write it; its vjp, y(1 - y), needs only its value.

Where y has rounded to 1, from x = 37 on, that is 0 and the slope exp(-x) is lost.
"""

HEAVISIDE = Primitive("heaviside", np.heaviside, elementwise_shape, lambda _, y: math.prod(y))
"""0 below zero, 1 above it, and the second operand at zero."""

INNER = Primitive("inner", np.vdot, lambda *_: (), lambda shapes, _: 2 * math.prod(shapes[0]) - 1)
"""The scalar product of two real arrays of the same shape, over all axes."""
