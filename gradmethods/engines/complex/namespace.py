"""Complex arrays: every primitive as the holomorphic function that extends the real one.

The complex step, Im f(x + ih)/h, is right only if each operation is holomorphic near the real axis.
NumPy's are not where they look at complex numbers as such: abs, comparisons, max, vecdot. Here they
go by real parts. No derivative rule is used: real and imaginary parts come from exact identities,
and the real part of each entry is what plain NumPy computes from the operands' real parts, so that
a loss takes the same branches. Beside a step that is too wide for that, real parts are taken from
NumPy itself: what an identity then lacks is of the order of the step's square.

An imaginary part that is exactly 0 belongs to a value that does not vary, and stays 0 through an
infinite factor. Ties follow the convention in `gradmethods.xp.primitives`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.complex import functions, matrices
from gradmethods.engines.complex.doubts import NORMAL, coarse, faint
from gradmethods.engines.complex.functions import is_complex, join
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp import Namespace
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Behaviour, Kind, Primitive, follow, having
from gradmethods.xp.primitives.primitive import REAL_LINE

Function = Callable[..., Any]


SMOOTH: set[str] = set()
"""Where infinities meet in these, real parts are taken from plain NumPy: see `_mend`."""

CURVED: set[str] = set()


@follow
def _smooth(primitive: Primitive) -> None:
    if primitive.kind in (Kind.SMOOTH, Kind.PRODUCT):
        SMOOTH.add(primitive.name)
        if Behaviour.LINEAR not in primitive.behaviour:
            CURVED.add(primitive.name)


LEAVING_ZERO = having(Behaviour.LEAVES_ZERO)


class Holomorphic(Namespace):
    """The namespace over complex arrays; real arrays and numbers are constants.

    Outside a function's real domain an entry becomes NaN, as in plain NumPy, so that `where` can
    discard it; what matters is whether it reaches the loss.

    Attributes
    ----------
    outside : dict of str to float
        Functions that left their real domain, each with the first value at which it did.
    pinned : bool
        Whether real parts are NumPy's own, so that the branches are, however wide the step.
    faint : bool
        Whether an imaginary part has underflowed.
    coarse : bool
        Whether an imaginary part was so large that its square could be seen in the next one.
    turned : bool
        Whether it was larger than the real part of what was raised to a broken power.
    noise : numpy.random.Generator or None
        Puts numbers of the size of what may be lost in the place of what has underflowed: whether
        the loss feels it tells whether the underflow matters.
    """

    kind = "complex"

    def __init__(self) -> None:
        self.outside: dict[str, float] = {}
        self.pinned = self.faint = self.coarse = self.turned = False
        self.noise: np.random.Generator | None = None

    def restart(self) -> None:
        """Forget what was seen in the run before."""
        self.outside.clear()
        self.faint = self.coarse = self.turned = False

    def apply(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]
    ) -> NDArray[Any]:
        """Evaluate the holomorphic extension of a primitive."""
        name = primitive.name
        if primitive.kind is Kind.MATRIX:
            return self._of_matrices(primitive, payloads, static)
        if primitive.complex is None:
            raise UnsupportedOperation(
                f"The complex step has no holomorphic function for the primitive {name!r}. Use "
                "another scheme, or write the loss without it."
            )
        result = np.asarray(primitive.complex(functions, *payloads, **static))
        if name in SMOOTH and not np.isfinite(result).all():
            result = _mend(primitive, result, payloads)
        if name in CURVED:
            if self.pinned:
                real = np.asarray(primitive.numpy(*map(np.real, payloads)))
                result = join(real, result.imag)
            elif name in LEAVING_ZERO:
                result = _keep_zeros(primitive, result, payloads)
            self.coarse = self.coarse or coarse(primitive, payloads)
        if name in CURVED or name == "astype":
            result = self._watch_for_underflow(primitive, result, payloads)
        if primitive.domain is not REAL_LINE:
            result = self._keep_to_domain(primitive, result, payloads[0])
        elif name == "pow":
            result = self._keep_to_real_powers(result, *payloads)
        return result

    def imaginary(self, primitive: Primitive, payloads: list[Any]) -> NDArray[Any]:
        """Return the imaginary part of an element-wise function, which varies in every entry.

        It is that of `apply`, in half the time where that would find nothing to mend.
        """
        found: NDArray[Any]
        if primitive.complex is not None and primitive.name != "pow":
            found = np.asarray(primitive.complex(functions, *payloads)).imag
            (low, high), a, size = primitive.domain, payloads[0].real, np.abs(found)
            plain = (size >= NORMAL[size.dtype]) & (size < np.inf)
            if primitive.domain is not REAL_LINE:
                plain &= (a > low) & (a < high)
            if plain.all():
                if primitive.name in CURVED:
                    self.coarse = self.coarse or coarse(primitive, payloads)
                return found
        found = self.apply(primitive, payloads, {}).imag
        return found

    def _of_matrices(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]
    ) -> NDArray[Any]:
        if primitive.complex is not None:
            return np.asarray(primitive.complex(matrices, *payloads, **static))
        assert primitive.written_out is not None
        real = primitive.numpy(*map(np.real, payloads), **static)
        # In double precision, as NumPy computes functions of matrices in single precision, too.
        operands = [Array(self, x.astype(np.result_type(x, np.float64))) for x in payloads]
        found = primitive.written_out(self, *operands, **static).payload
        joined = join(real, found.imag.astype(real.dtype))
        return matrices.within_range(joined, *payloads)

    def is_constant(self, payload: Any) -> bool:
        """Say whether a payload is real."""
        return not is_complex(payload)

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of an array."""
        return tuple(payload.shape)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the real dtype that an array stands for."""
        dtype: np.dtype[Any] = payload.real.dtype
        return dtype

    def _watch_for_underflow(
        self, primitive: Primitive, result: NDArray[Any], payloads: list[Any]
    ) -> NDArray[Any]:
        lost, size = faint(primitive, result, payloads)
        if lost is None:
            return result
        self.faint = True
        if self.noise is None:
            return result
        shape = (2, *result.shape)
        sign, share = self.noise.choice((-1, 1), shape)[0], self.noise.uniform(0.5, 1, shape)[0]
        noisy = np.asarray(sign * share * size, result.real.dtype)
        return join(result.real, np.where(lost, noisy, result.imag))

    def _keep_to_domain(
        self, primitive: Primitive, result: NDArray[Any], z: NDArray[Any]
    ) -> NDArray[Any]:
        low, high = primitive.domain
        a = z.real
        if ((a > low) & (a < high)).all():
            return result
        at_end = (a == low) | ((a == high) & np.isfinite(high))
        slope = -np.inf if Behaviour.FALLING in primitive.behaviour else np.inf
        rising = np.where(z.imag == 0, 0, z.imag * slope)
        result = np.where(at_end, join(primitive.numpy(a), rising), result)
        return self._refuse(primitive.name, result, a, (a < low) | (a > high))

    def _keep_to_real_powers(self, result: NDArray[Any], z: Any, w: Any) -> NDArray[Any]:
        a, c = np.real(z), np.real(w)
        whole = c == np.trunc(c)
        self.turned = self.turned or bool((~whole & (np.abs(np.imag(z)) > np.abs(a))).any())
        return self._refuse("pow", result, a, (a < 0) & (~whole | (np.imag(w) != 0)))

    def _refuse(
        self, name: str, result: NDArray[Any], a: NDArray[Any], outside: NDArray[Any]
    ) -> NDArray[Any]:
        if not outside.any():
            return result
        values = np.broadcast_to(a, outside.shape)
        self.outside.setdefault(name, float(values[outside][0]))
        return np.where(outside, complex(np.nan, np.nan), result)


def _mend(primitive: Primitive, result: NDArray[Any], operands: list[Any]) -> NDArray[Any]:
    """Repair entries in which complex arithmetic multiplied infinity by a zero part.

    The real part is what NumPy computes from real parts. What does not vary has imaginary part 0,
    and so has a finite value that was reached through infinity (1/inf, exp(-inf)): it is flat.
    """
    real = np.asarray(primitive.numpy(*map(np.real, operands)))
    varies, infinite = (_reach(primitive, test, operands) for test in (_varies, _infinite))
    flat = ~varies | (infinite & np.isfinite(real))
    imaginary = np.where(flat, 0, result.imag)
    return np.where(np.isfinite(result), result, join(real, imaginary))


def _keep_zeros(primitive: Primitive, result: NDArray[Any], operands: list[Any]) -> NDArray[Any]:
    """Make real parts 0 where plain NumPy's are: what is left of them would break ties."""
    real = np.asarray(primitive.numpy(*map(np.real, operands)))
    zero = real == 0
    return np.where(zero, join(real, result.imag), result) if zero.any() else result


def _varies(x: Any) -> Any:
    return np.imag(x) != 0


def _infinite(x: Any) -> Any:
    return np.isinf(np.real(x))


def _reach(primitive: Primitive, test: Function, operands: list[Any]) -> Any:
    """Say which entries of a result use an operand's entry that passes the test."""
    if primitive.name == "matmul":
        a, b = operands
        return test(a).any(-1)[..., :, None] | test(b).any(-2)[..., None, :]
    return np.any(np.broadcast_arrays(*map(test, operands)), axis=0)
