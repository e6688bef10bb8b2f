"""Element-wise functions: those of the primitives, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Bindings, Operand
from gradmethods.xp.primitives import TABLE, Primitive

FLOAT64 = np.dtype(np.float64)


class Elementwise(Bindings):
    """Arithmetic, elementary functions, comparisons and logic: those of the primitives, and these.

    What is not written out here is a primitive applied as it is, see `_applied`.
    """

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

    def copysign(self, x1: Operand, x2: Operand, /) -> Array:
        """Give the size of `x1` the sign of `x2`, which may be that of a zero.

        It has the kink of an absolute value where `x1` is 0, and jumps where `x2` changes its sign.
        """
        plain = (bool, int, float)  # whose dtype gives way, unlike NumPy's own
        ones: list[Any] = [
            x if type(x) in plain else np.ones((), self.array(x).dtype) for x in (x1, x2)
        ]
        size = self.astype(self.bind("abs", self.array(x1)), np.copysign(*ones).dtype)
        return self.bind("where", self.signbit(x2), self.bind("negative", size), size)

    def signbit(self, x: Operand, /) -> Array:
        """Say whether a number is negative; of the two zeros, -0.0 is."""
        known = self.concrete(x)
        if known is not None:
            return self.array(np.signbit(known))
        # An angle, unlike a comparison, tells the two apart.
        return self.bind("less", self.bind("atan2", self._real(x), -1.0), 0)

    def conj(self, x: Operand, /) -> Array:
        """Return `x`, which is real; booleans as NumPy does, as small integers."""
        array = self.array(x)
        return self.astype(array, np.int8) if array.dtype.kind == "b" else array

    def real(self, x: Operand, /) -> Array:
        """Return `x`, which is real."""
        return self.array(x)

    def imag(self, x: Operand, /) -> Array:
        """Return zeros: `x` is real."""
        array = self.array(x)
        return self.bind("broadcast_to", np.zeros((), array.dtype), shape=array.shape)

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


def _applied(primitive: Primitive) -> Callable[..., Array]:
    """Make the function of the namespace that applies an element-wise primitive."""
    name = primitive.name

    def unary(self: Bindings, x: Operand, /) -> Array:
        return self.bind(name, x)

    def binary(self: Bindings, x1: Operand, x2: Operand, /) -> Array:
        return self.bind(name, x1, x2)

    function: Callable[..., Array] = unary if primitive.arity == 1 else binary
    entries = {1: "every entry of `x`", 2: "the entries of `x1` and `x2`, broadcast together"}
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Apply ``{name}`` to {entries[primitive.arity]}."
    return function


for _primitive in TABLE.values():
    if _primitive.arity and _primitive.module == "xp" and not hasattr(Elementwise, _primitive.name):
        setattr(Elementwise, _primitive.name, _applied(_primitive))
