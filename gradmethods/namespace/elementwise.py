"""Element-wise functions: one primitive each, and `clip`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.arrays import Array
from gradmethods.errors import UnsupportedOperation
from gradmethods.namespace.core import Bindings, Operand

FLOAT64 = np.dtype(np.float64)


def _unary(name: str) -> Callable[[Any, Operand], Array]:
    def function(self: Bindings, x: Operand, /) -> Array:
        return self.bind(name, x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Apply ``{name}`` to every entry of `x`."
    return function


def _binary(name: str) -> Callable[[Any, Operand, Operand], Array]:
    def function(self: Bindings, x1: Operand, x2: Operand, /) -> Array:
        return self.bind(name, x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Apply ``{name}`` to the entries of `x1` and `x2`, broadcast together."
    return function


class Elementwise(Bindings):
    """Arithmetic, elementary functions, comparisons and logic."""

    negative = _unary("negative")
    square = _unary("square")
    sqrt = _unary("sqrt")
    reciprocal = _unary("reciprocal")
    exp = _unary("exp")
    expm1 = _unary("expm1")
    log = _unary("log")
    log1p = _unary("log1p")
    log2 = _unary("log2")
    log10 = _unary("log10")
    sin = _unary("sin")
    cos = _unary("cos")
    tan = _unary("tan")
    asin = _unary("asin")
    acos = _unary("acos")
    atan = _unary("atan")
    sinh = _unary("sinh")
    cosh = _unary("cosh")
    tanh = _unary("tanh")
    asinh = _unary("asinh")
    acosh = _unary("acosh")
    atanh = _unary("atanh")
    abs = _unary("abs")
    sign = _unary("sign")
    floor = _unary("floor")
    ceil = _unary("ceil")
    trunc = _unary("trunc")
    logical_not = _unary("logical_not")
    isfinite = _unary("isfinite")
    isinf = _unary("isinf")
    isnan = _unary("isnan")

    add = _binary("add")
    subtract = _binary("subtract")
    multiply = _binary("multiply")
    divide = _binary("divide")
    pow = _binary("pow")
    hypot = _binary("hypot")
    atan2 = _binary("atan2")
    logaddexp = _binary("logaddexp")
    maximum = _binary("maximum")
    minimum = _binary("minimum")
    less = _binary("less")
    less_equal = _binary("less_equal")
    greater = _binary("greater")
    greater_equal = _binary("greater_equal")
    equal = _binary("equal")
    not_equal = _binary("not_equal")
    logical_and = _binary("logical_and")
    logical_or = _binary("logical_or")
    logical_xor = _binary("logical_xor")

    def positive(self, x: Operand, /) -> Array:
        """Return `x`."""
        array = self.array(x)
        if array.dtype.kind == "b":
            raise UnsupportedOperation(
                "xp.positive and +x are not defined for booleans, in NumPy neither; write x itself."
            )
        return array

    def round(self, x: Operand, /) -> Array:
        """Round to the nearest integer, halves to even."""
        array = self.array(x)
        return array if array.dtype.kind in "iu" else self.bind("round", array)

    def where(self, condition: Operand, x1: Operand, x2: Operand, /) -> Array:
        """Take entries of `x1` where `condition` holds, of `x2` elsewhere."""
        return self.bind("where", self._truth(condition), x1, x2)

    def clip(self, x: Operand, /, min: Operand | None = None, max: Operand | None = None) -> Array:
        """Limit `x` from below and from above."""
        result, low, high = self.array(x), min, max
        if result.dtype.kind in "iu":
            result, low, high = self._of_whole_numbers(result, low, high)
        if low is not None:
            result = self.bind("maximum", low, result)  # of two zeros, the second
        if high is not None:
            result = self.bind("minimum", high, result)
        return result

    def _of_whole_numbers(self, x: Array, low: Any, high: Any) -> tuple[Array, Any, Any]:
        """Prepare a clip of integers: NumPy takes the three operands together.

        Floating limits make floats of the integers at once, and a Python integer beyond the range
        of their dtype limits nothing.
        """
        known = np.iinfo(x.dtype)
        low = None if type(low) is int and low < known.min else low
        high = None if type(high) is int and high > known.max else high
        dtypes = [self.array(limit).dtype for limit in (low, high) if limit is not None]
        floating = [dtype for dtype in dtypes if dtype.kind == "f"]
        return self.astype(x, np.result_type(x.dtype, *floating)), low, high

    def _truth(self, x: Operand) -> Array:
        """Return booleans as they are, and of numbers whether they differ from 0."""
        array = self.array(x)
        return array if array.dtype.kind == "b" else self.bind("not_equal", array, 0)

    def _real(self, x: Operand) -> Array:
        """Return floating-point numbers as they are, others as float64."""
        array = self.array(x)
        return array if array.dtype.kind == "f" else self.bind("astype", array, dtype=FLOAT64)

    def astype(self, x: Operand, dtype: Any, /, *, copy: bool = True) -> Array:
        """Convert to another dtype; from floating point to integers only where values are known."""
        array, target = self.array(x), np.dtype(dtype)
        if target.kind not in "fiub":
            raise UnsupportedOperation(
                f"Only real numbers, integers and booleans can take part in a loss, got {target}."
            )
        if array.dtype == target:
            return array
        if array.dtype.kind == "f" and target.kind != "f" and self.concrete(array) is None:
            raise UnsupportedOperation(
                f"xp.astype cannot turn a {self.kind} {array.dtype} array into {target}: the "
                "result would hide what it depends on. Use xp.trunc, xp.round or a comparison."
            )
        return self.bind("astype", array, dtype=target)
