"""Arrays of dual numbers, by NumPy over objects; `tests/dual_namespace.py` has their functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.duals import Dual, dual

LIFT = np.frompyfunc(dual, 1, 1)


class Exact:
    """An array of dual numbers, or of NumPy's integers or booleans."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # == is element-wise

    def __init__(self, values: Any) -> None:
        self.a = np.asarray(values)

    @classmethod
    def of(cls, x: Any) -> Exact:
        if isinstance(x, Exact):
            return x
        if isinstance(x, Dual):
            x = np.array(x, object)
        array = np.asarray(x)
        return cls(array if array.dtype.kind in "iub" else np.asarray(LIFT(array), object))

    @property
    def real(self) -> bool:
        return self.a.dtype == object

    def whole(self) -> Any:
        """Return the entries as dual numbers, whatever they are."""
        return np.asarray(LIFT(self.a.astype(object)), object)

    def varying(self) -> Exact:
        """Return the entries as parameters, which no cast rounds."""
        return Exact(elementwise(lambda d: Dual(d.v, d.t, d.doubt), self))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.a.shape

    @property
    def dtype(self) -> Any:
        return np.dtype(float) if self.real else self.a.dtype

    @property
    def ndim(self) -> int:
        return self.a.ndim

    @property
    def size(self) -> int:
        return self.a.size

    @property
    def T(self) -> Exact:
        return Exact(self.a.T)

    @property
    def mT(self) -> Exact:
        return Exact(self.a.mT)

    def __len__(self) -> int:
        return len(self.a)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        return wrapped(self.a[unwrapped(index)])

    def __divmod__(self, other: Any) -> tuple[Exact, Exact]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Exact, Exact]:
        return other // self, other % self

    def reshape(self, *shape: Any) -> Exact:
        return Exact(self.a.reshape(*shape))

    def __array_namespace__(self) -> Any:
        from tests.dual_namespace import Duals

        return Duals()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        function = getattr(self.__array_namespace__(), METHODS.get(name, name))
        return lambda *x, **options: function(self, *x, **options)


METHODS = {"flatten": "ravel"}
"""What methods are called that are no functions of their name."""


def unwrapped(x: Any) -> Any:
    if isinstance(x, (tuple, list)):
        return type(x)(map(unwrapped, x))
    return x.a if isinstance(x, Exact) else x


def wrapped(x: Any) -> Any:
    if isinstance(x, (tuple, list)):
        return type(x)(map(wrapped, x))
    if isinstance(x, np.ndarray) and x.dtype == object:
        return Exact(np.asarray(LIFT(x), object))
    return Exact.of(x)


def elementwise(function: Callable[..., Any], *operands: Any) -> Any:
    arrays = np.broadcast_arrays(*(Exact.of(x).whole() for x in operands))
    found = np.empty(arrays[0].shape, object)
    for place in np.ndindex(found.shape):
        found[place] = function(*(x[place] for x in arrays))
    return found


def plain(operands: tuple[Any, ...]) -> Any:
    """Return operands as NumPy's if none is real, None otherwise; Python's numbers stay weak."""
    found: list[Any] = []
    for x in operands:
        if isinstance(x, (bool, int)):
            found.append(x)
            continue
        array = Exact.of(x)
        if array.real:
            return None
        found.append(array.a)
    return found
