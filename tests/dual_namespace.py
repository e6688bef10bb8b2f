"""The namespace of dual numbers: what losses call, by NumPy over arrays of objects."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

from tests import duals
from tests.dual_arrays import Exact, elementwise, plain, unwrapped, wrapped
from tests.dual_functions import BINARY, COMPARISONS, UNARY, larger, mean_of_ties, smaller
from tests.duals import Doubt, Dual, dual

LOGIC = ("logical_and", "logical_or", "logical_xor", "logical_not")
FINITE = ("isfinite", "isinf", "isnan")


class Duals:
    """The namespace; what is not defined here, NumPy does to objects as to numbers."""

    @property
    def linalg(self) -> Any:
        from tests.dual_linalg import Linalg

        return Linalg()

    def __getattr__(self, name: str) -> Any:
        if name in UNARY or name in BINARY or name in COMPARISONS:
            return lambda *x: self._apply(name, x)
        if name in LOGIC:
            return lambda *x: Exact(getattr(np, name)(*map(self._truth, x)))
        if name in FINITE:
            return lambda x: Exact(self._finite(name, Exact.of(x)))
        function = getattr(np, name)
        if isinstance(function, type) or not callable(function):
            return function  # a dtype or a constant
        return lambda *x, **options: wrapped(
            function(*map(unwrapped, x), **{key: unwrapped(y) for key, y in options.items()})
        )

    def _apply(self, name: str, operands: tuple[Any, ...]) -> Exact:
        simple = plain(operands)
        if simple is not None and hasattr(np, name):  # of special functions none is whole
            with np.errstate(all="ignore"):
                value = np.asarray(getattr(np, "rint" if name == "round" else name)(*simple))
            if name == "round" and np.asarray(simple[0]).dtype.kind in "iu":
                return Exact(simple[0])
            if value.dtype.kind in "iub":
                return Exact(value)
        if name in COMPARISONS:
            return Exact(elementwise(COMPARISONS[name], *operands).astype(np.bool_))
        return Exact(elementwise(UNARY.get(name) or BINARY[name], *operands))

    def _truth(self, x: Any) -> Any:
        array = Exact.of(x)
        if not array.real:
            return array.a.astype(np.bool_)
        return self._apply("not_equal", (array, 0)).a

    def _finite(self, name: str, x: Exact) -> Any:
        def entry(v: Any) -> str:
            return (
                "isnan" if mp.isnan(v) else "isinf" if abs(v) > duals.MODE.largest else "isfinite"
            )

        return elementwise(lambda d: entry(d.v) == name, x).astype(np.bool_)

    def bind(self, name: str, *operands: Any) -> Exact:
        return self._apply(name, operands)

    # -- by order

    def sort(self, x: Any, axis: int = -1) -> Exact:
        x = Exact.of(x)
        if not x.real:
            return Exact(np.sort(x.a, axis=axis))
        rows = np.moveaxis(x.a, axis, -1)
        found = np.empty(rows.shape, object)
        for i in np.ndindex(rows.shape[:-1]):
            row = sorted(rows[i], key=lambda d: d.v)
            doubt = reduce(operator.or_, map(duals.tie, row, row[1:]), 0)
            shared = [mean_of_ties([e for e in row if e.v == d.v]) for d in row]
            found[i] = [Dual(d.v, t, d.doubt | doubt) for d, t in zip(row, shared, strict=True)]
        return Exact(np.moveaxis(found, -1, axis))

    def argsort(self, x: Any, axis: int = -1) -> Exact:
        x = Exact.of(x)
        values = self._plain(x)
        ordered = self.sort(x, axis).whole() if x.real else values
        for d in ordered.flat if x.real else ():
            duals.MODE.tied |= d.doubt & (Doubt.KINK | Doubt.TIE | Doubt.NEAR)
        return Exact(np.argsort(values, axis=axis, stable=True))

    def argmax(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return self._place("argmax", Exact.of(x), axis, keepdims=keepdims)

    def argmin(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return self._place("argmin", Exact.of(x), axis, keepdims=keepdims)

    def _place(self, name: str, x: Exact, axis: Any, *, keepdims: bool) -> Exact:
        if x.real:
            best = self.max(x, axis=axis) if name == "argmax" else self.min(x, axis=axis)
            for d in best.a.flat:
                duals.MODE.tied |= d.doubt & (Doubt.KINK | Doubt.TIE | Doubt.NEAR)
        function: Any = getattr(np, name)
        return Exact(function(self._plain(x), axis=axis, keepdims=keepdims))

    def _plain(self, x: Exact) -> Any:
        """Return the values, which mpmath compares."""
        return np.frompyfunc(lambda d: d.v, 1, 1)(x.a) if x.real and x.size else x.a

    def searchsorted(self, x: Any, y: Any, side: str = "left") -> Exact:
        name = "less" if side == "left" else "less_equal"
        before = self._apply(name, (x, Exact.of(y)[..., None]))
        return Exact(np.sum(before.a, axis=-1))

    def signbit(self, x: Any) -> Exact:
        array = Exact.of(x)
        if not array.real:
            return Exact(np.signbit(array.a.astype(float)))
        self._apply("less", (array, 0))
        minus = elementwise(lambda d: d.v < 0 or (d.v == 0 and bool(d.doubt & Doubt.ZERO)), array)
        return Exact(minus.astype(np.bool_))

    def copysign(self, x: Any, y: Any) -> Exact:
        size = self._apply("abs", (Exact(Exact.of(x).whole()),))
        return self.where(self.signbit(y), self._apply("negative", (size,)), size)

    def count_nonzero(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return Exact(np.sum(self._truth(x), axis=axis, keepdims=keepdims))

    def imag(self, x):
        return self.zeros_like(x)

    def conj(self, x: Any) -> Exact:
        return Exact.of(x)

    real = conj

    # -- selections and conversions

    def where(self, condition: Any, a: Any, b: Any) -> Exact:
        simple = plain((a, b))
        if simple is not None:
            return Exact(np.where(self._truth(condition), *simple))
        return Exact(np.where(self._truth(condition), Exact.of(a).whole(), Exact.of(b).whole()))

    def clip(self, x: Any, min: Any = None, max: Any = None) -> Exact:  # noqa: A002  # the standard's
        limits = [limit for limit in (min, max) if limit is not None]
        if plain((x, *limits)) is not None:
            return Exact(np.clip(*map(unwrapped, (x, min, max))))
        x = Exact(Exact.of(x).whole())
        x = x if min is None else self._apply("maximum", (x, min))
        return x if max is None else self._apply("minimum", (x, max))

    def astype(self, x: Any, dtype: Any, *, copy: bool = True) -> Exact:
        array, target = Exact.of(x), np.dtype(dtype)
        if target.kind == "f":
            return Exact(elementwise(lambda d: duals.cast(d, target), array))
        if array.real:
            array = Exact(np.array([float(d.v) for d in array.a.flat]).reshape(array.shape))
        return Exact(array.a.astype(target))

    def asarray(self, x: Any, *, dtype: Any = None, copy: Any = None) -> Exact:
        if isinstance(x, (list, tuple)) and any(isinstance(y, (Exact, list, tuple)) for y in x):
            array = wrapped(np.stack([unwrapped(self.asarray(y)) for y in x]))
        else:
            array = Exact.of(x if dtype is None or isinstance(x, Exact) else np.asarray(x, dtype))
        return array if dtype is None else self.astype(array, dtype)

    def full(self, shape, value, *, dtype=None):
        array = self.asarray(value, dtype=dtype).a
        return wrapped(np.broadcast_to(array, shape))

    def full_like(self, x, value, *, dtype=None):
        array = Exact.of(x)
        kind = dtype if dtype is not None else np.float64 if array.real else array.a.dtype
        return self.full(array.shape, value, dtype=kind)

    def zeros_like(self, x, *, dtype=None):
        return self.full_like(x, 0, dtype=dtype)

    def ones_like(self, x, *, dtype=None):
        return self.full_like(x, 1, dtype=dtype)

    # -- reductions

    def _rows(self, x: Any, axis: Any, *, keepdims: bool) -> tuple[Any, tuple[int, ...]]:
        """Return the entries to reduce along a last axis, and the shape of the result."""
        values = Exact.of(x).whole()
        axes: Any = range(values.ndim) if axis is None else np.atleast_1d(axis)
        axes = tuple(int(i) % values.ndim for i in axes) if values.ndim else ()
        kept = [i for i in range(values.ndim) if i not in axes]
        shape = tuple(values.shape[i] for i in kept)
        rows = values.transpose(*kept, *axes).reshape(
            *shape, int(np.prod([values.shape[i] for i in axes]))
        )
        spread = tuple(1 if i in axes else n for i, n in enumerate(values.shape))
        return rows, spread if keepdims else shape

    def _reduced(self, function: Any, x: Any, axis: Any, *, keepdims: bool) -> Exact:
        rows, shape = self._rows(x, axis, keepdims=keepdims)
        found = np.empty(rows.shape[:-1], object)
        for place in np.ndindex(found.shape):
            found[place] = function(*rows[place])
        return Exact(found.reshape(shape))

    def sum(self, x: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Exact:
        x = Exact.of(x) if dtype is None else self.astype(x, dtype)
        if not x.real:
            return Exact(np.sum(x.a, axis=axis, keepdims=keepdims, dtype=dtype))
        return self._reduced(total, x, axis, keepdims=keepdims)

    def prod(self, x: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Exact:
        x = Exact.of(x) if dtype is None else self.astype(x, dtype)
        if not x.real:
            return Exact(np.prod(x.a, axis=axis, keepdims=keepdims, dtype=dtype))
        return self._reduced(
            lambda *d: reduce(BINARY["multiply"], d, dual(1)), x, axis, keepdims=keepdims
        )

    def max(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        x = Exact.of(x)
        if not x.real:
            return Exact(np.max(x.a, axis=axis, keepdims=keepdims))
        return self._reduced(larger, x, axis, keepdims=keepdims)

    def min(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        x = Exact.of(x)
        if not x.real:
            return Exact(np.min(x.a, axis=axis, keepdims=keepdims))
        return self._reduced(smaller, x, axis, keepdims=keepdims)

    def any(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return Exact(np.any(self._truth(x), axis=axis, keepdims=keepdims))

    def all(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return Exact(np.all(self._truth(x), axis=axis, keepdims=keepdims))

    def mean(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Exact:
        return self._reduced(
            lambda *d: BINARY["divide"](total(*d), dual(len(d))), x, axis, keepdims=keepdims
        )

    def var(
        self, x: Any, axis: Any = None, *, correction: Any = 0, keepdims: bool = False
    ) -> Exact:
        def variance(*d: Dual) -> Dual:
            mean = BINARY["divide"](total(*d), dual(len(d)))
            squares = [UNARY["square"](BINARY["subtract"](x, mean)) for x in d]
            return BINARY["divide"](total(*squares), dual(max(len(d) - float(correction), 0.0)))

        return self._reduced(variance, x, axis, keepdims=keepdims)

    def std(self, x: Any, axis: Any = None, **options: Any) -> Exact:
        return self._apply("sqrt", (self.var(x, axis, **options),))

    def cumulative_sum(
        self, x: Any, *, axis: Any = None, dtype: Any = None, include_initial: bool = False
    ) -> Exact:
        x = Exact.of(x) if dtype is None else self.astype(x, dtype)
        if not x.real:
            return Exact(
                np.cumulative_sum(x.a, axis=axis, dtype=dtype, include_initial=include_initial)
            )
        along = 0 if axis is None else axis
        running = np.add.accumulate(x.a, axis=along) if x.size else x.a
        if include_initial:
            shape = [1 if i == along % x.ndim else n for i, n in enumerate(x.shape)]
            running = np.concatenate([np.full(shape, dual(0), object), running], axis=along)
        return Exact(running)

    def cumulative_prod(
        self, x: Any, *, axis: Any = None, dtype: Any = None, include_initial: bool = False
    ) -> Exact:
        x = Exact.of(x) if dtype is None else self.astype(x, dtype)
        if not x.real:
            return Exact(np.cumulative_prod(x.a, axis=axis, include_initial=include_initial))
        along = 0 if axis is None else axis
        running = np.multiply.accumulate(x.a, axis=along) if x.size else x.a
        if include_initial:
            shape = [1 if i == along % x.ndim else n for i, n in enumerate(x.shape)]
            running = np.concatenate([np.full(shape, dual(1), object), running], axis=along)
        return Exact(running)

    def diff(self, x, n=1, axis=-1, *, prepend=None, append=None):
        array = Exact.of(x)
        if array.a.dtype == bool:
            return wrapped(np.diff(array.a, n=n, axis=axis))
        shape = [1 if i == axis % array.ndim else k for i, k in enumerate(array.shape)]
        given = [end if end is None else Exact.of(end) for end in (prepend, append)]
        ends = [
            None if e is None else (e if e.ndim else self.full(shape, e)).whole() for e in given
        ]
        parts = [part for part in (ends[0], array.a, ends[1]) if part is not None]
        return wrapped(np.diff(np.concatenate(parts, axis=axis), n=n, axis=axis))

    def pad(self, x, pad_width, mode="constant", **options):
        filling = {name: Exact.of(value).whole()[()] for name, value in options.items()}
        return wrapped(np.pad(Exact.of(x).a, pad_width, mode, **filling))

    # -- products

    def dot(self, a, b):
        a, b = Exact.of(a), Exact.of(b)
        return wrapped(np.dot(a.whole(), b.whole()))

    def matmul(self, a, b):
        a, b = Exact.of(a), Exact.of(b)
        if not (a.real or b.real):
            return Exact(np.matmul(a.a, b.a))
        return wrapped(np.matmul(a.whole(), b.whole()))

    def vecdot(self, a: Any, b: Any, *, axis: int = -1) -> Exact:
        a, b = Exact.of(a), Exact.of(b)
        if not (a.real or b.real):
            plainly: Any = np.vecdot
            return Exact(plainly(a.a, b.a, axis=axis))
        rows = np.moveaxis(a.whole(), axis, -1), np.moveaxis(b.whole(), axis, -1)
        return self.sum(self._apply("multiply", tuple(map(Exact, rows))), axis=-1)

    def tensordot(self, a, b, *, axes=2):
        a, b = Exact.of(a), Exact.of(b)
        if not (a.real or b.real):
            return Exact(np.tensordot(a.a, b.a, axes=axes))
        return wrapped(np.tensordot(a.whole(), b.whole(), axes=axes))

    def outer(self, a: Any, b: Any) -> Exact:
        a, b = Exact.of(a), Exact.of(b)
        column, row = Exact(a.a.reshape(-1, 1)), Exact(b.a.reshape(1, -1))
        return self._apply("multiply", (column, row))

    def trace(self, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Exact:
        return self.sum(Exact(np.diagonal(Exact.of(x).a, offset, axis1, axis2)), axis=-1)


def total(*d: Dual) -> Dual:
    return reduce(BINARY["add"], d) if d else dual(0)


OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "pow",
    "matmul": "matmul", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
    "mod": "remainder", "floordiv": "floor_divide",
}  # fmt: skip
SIDED = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal",
}  # fmt: skip
for _name, _function in (OPERATORS | SIDED).items():
    setattr(Exact, f"__{_name}__", lambda x, y, f=_function: getattr(Duals(), f)(x, y))
    if _name in OPERATORS:
        setattr(Exact, f"__r{_name}__", lambda x, y, f=_function: getattr(Duals(), f)(y, x))
for _name, _function in (
    ("neg", "negative"),
    ("pos", "positive"),
    ("abs", "abs"),
    ("invert", "logical_not"),
):
    setattr(Exact, f"__{_name}__", lambda x, f=_function: getattr(Duals(), f)(x))
