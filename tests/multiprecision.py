"""The namespace over mpmath's numbers, in NumPy's arrays of objects: losses to 150 digits.

It shares nothing with the suite: the functions are mpmath's, the arrays NumPy's. A derivative is a
difference quotient whose step is so small, and whose digits are so many, that its error is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np

DIGITS = 150
STEP = mpmath.mpf(10) ** -40
"""The truncation of a symmetric quotient is then some 1e-80, its round-off some 1e-110."""
ERROR = mpmath.mpf(10) ** -60


def _round(x: Any) -> Any:
    below = mpmath.floor(x)
    rest = x - below
    return below + 1 if rest > 0.5 or (rest == 0.5 and int(below) % 2) else below


# fmt: off
UNARY: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x, "square": lambda x: x * x, "reciprocal": lambda x: 1 / x,
    "expm1": lambda x: mpmath.exp(x) - 1, "log1p": lambda x: mpmath.log(1 + x),
    "log2": lambda x: mpmath.log(x) / mpmath.log(2), "abs": abs, "ceil": mpmath.ceil,
    "log10": lambda x: mpmath.log(x) / mpmath.log(10), "floor": mpmath.floor, "round": _round,
    "sign": mpmath.sign, "trunc": lambda x: mpmath.floor(x) if x >= 0 else mpmath.ceil(x),
} | {
    name: getattr(mpmath, name)
    for name in (
        "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
        "asinh", "acosh", "atanh",
    )
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "pow": lambda x, y: x**y, "maximum": max, "minimum": min,
    "hypot": lambda x, y: mpmath.sqrt(x * x + y * y), "atan2": mpmath.atan2,
    "logaddexp": lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
}
# fmt: on
FINITE = ("isfinite", "isinf", "isnan")


def exact(x: Any) -> Any:
    """Turn floating-point numbers into mpmath's, without rounding; leave the others."""
    array = np.asarray(x)
    return np.frompyfunc(mpmath.mpf, 1, 1)(array) if array.dtype.kind == "f" else array


class Multiprecision:
    """The namespace; what is not defined here, NumPy does to objects as to numbers."""

    float64 = object

    @property
    def linalg(self) -> Linalg:
        return Linalg()

    def __getattr__(self, name: str) -> Any:
        if name in FINITE:
            return lambda x: np.full(np.shape(x), name == "isfinite")
        function: Any = UNARY.get(name) or BINARY.get(name)
        if function is None:
            return getattr(np, name)
        count = 1 if name in UNARY else 2
        return lambda *x: np.frompyfunc(function, count, 1)(*map(exact, x))

    def asarray(self, x: Any) -> Any:
        return exact(x)

    def astype(self, x: Any, dtype: Any) -> Any:
        return exact(np.asarray(x, float)) if np.asarray(x).dtype.kind == "b" else x

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return np.where(np.asarray(condition, bool), exact(a), exact(b))

    def logical_not(self, x: Any) -> Any:
        return np.logical_not(np.asarray(x, bool))

    def clip(self, x: Any, min: Any = None, max: Any = None) -> Any:  # noqa: A002  # the standard's
        x = x if min is None else self.maximum(x, min)
        return x if max is None else self.minimum(x, max)

    def sum(self, x: Any, **where: Any) -> Any:
        return np.sum(exact(x), **where)

    def prod(self, x: Any, **where: Any) -> Any:
        return np.prod(x, **where) * mpmath.mpf(1)  # of no entries NumPy makes an integer

    def mean(self, x: Any, **where: Any) -> Any:
        total = np.sum(x, **where)
        return total / self._count(x, total)

    def var(self, x: Any, *, correction: float = 0, **where: Any) -> Any:
        deviations = x - self.mean(x, **where | {"keepdims": True})
        total = np.sum(deviations * deviations, **where)
        return total / (self._count(x, total) - correction)

    def std(self, x: Any, **where: Any) -> Any:
        return self.sqrt(self.var(x, **where))

    def vecdot(self, a: Any, b: Any, *, axis: int = -1) -> Any:
        return np.sum(np.moveaxis(a, axis, -1) * np.moveaxis(b, axis, -1), axis=-1)

    @staticmethod
    def _count(x: Any, total: Any) -> Any:
        return mpmath.mpf(np.size(x) // max(1, np.size(total)))


class Linalg(Multiprecision):
    """Its extension for linear algebra."""

    def trace(self, x: Any, *, offset: int = 0) -> Any:
        return np.sum(self.diagonal(x, offset=offset), axis=-1)

    def diagonal(self, x: Any, *, offset: int = 0) -> Any:
        return np.diagonal(x, offset, -2, -1)

    def vector_norm(self, x: Any, *, axis: Any = None, ord: Any = 2) -> Any:  # noqa: A002  # as above
        if abs(ord) == np.inf:
            return (np.max if ord > 0 else np.min)(abs(x), axis=axis)
        return self.pow(np.sum(self.pow(abs(x), float(ord)), axis=axis), 1 / mpmath.mpf(ord))

    def matrix_norm(self, x: Any) -> Any:
        return self.vector_norm(x, axis=(-2, -1))


def evaluate(problem: Any, arrays: dict[str, Any]) -> Any:
    """Evaluate a problem's loss at arrays of mpmath's numbers."""
    data = {name: exact(array) for name, array in problem.data.items()}
    loss = problem.loss(problem.structure.restore(arrays), **data, xp=Multiprecision())
    return np.asarray(loss, object).item()


def quotients(problem: Any) -> tuple[Any, dict[str, list[Any]]]:
    """Return the loss and, by parameter array, its partial derivatives to within `ERROR`."""
    with mpmath.workdps(DIGITS):
        point = {n: np.array(exact(a)) for n, a in problem.structure.check(problem.params).items()}
        found: dict[str, list[Any]] = {}
        for name, array in point.items():
            flat = array.reshape(-1)
            found[name] = []
            for i, x in enumerate(flat):
                ends = []
                for moved in (x + STEP, x - STEP):
                    flat[i] = moved
                    ends.append(evaluate(problem, point | {name: flat.reshape(array.shape)}))
                flat[i] = x
                found[name].append((ends[0] - ends[1]) / (2 * STEP))
        return evaluate(problem, point), found
