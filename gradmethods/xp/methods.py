"""Methods of arrays: each is a function of the namespace, called as NumPy's arrays call theirs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

FORWARDED = (
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "conj", "diagonal", "max",
    "mean", "min", "prod", "repeat", "round", "searchsorted", "squeeze", "std", "sum", "take",
    "trace", "var",
)  # fmt: skip
"""Methods that take what the function of their name takes behind the array."""


class Methods:
    """What may be called on an array in place of a function of `xp`."""

    __slots__ = ()

    namespace: Any

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Number of axes."""

    def dot(self, other: Any) -> Any:
        """Multiply as ``numpy.dot`` does: numbers, vectors, matrices, or the last axis."""
        xp = self.namespace
        second = xp.array(other)
        if not self.ndim or not second.ndim:
            return xp.multiply(self, second)
        if second.ndim <= 2:
            return xp.matmul(self, second)
        return xp.tensordot(self, second, axes=((-1,), (-2,)))

    def reshape(self, *shape: Any, copy: bool | None = None) -> Any:
        """Arrange the entries in another shape, given as one tuple or length by length."""
        return self.namespace.reshape(self, _one_or_several(shape), copy=copy)

    def transpose(self, *axes: Any) -> Any:
        """Reorder the axes, by default reversing them."""
        order = _one_or_several(axes) if axes and axes != (None,) else range(self.ndim)[::-1]
        return self.namespace.permute_dims(self, tuple(order))

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Exchange two axes."""
        order = [*range(self.ndim)]
        order[axis1], order[axis2] = order[axis2], order[axis1]
        return self.namespace.permute_dims(self, tuple(order))

    def ravel(self) -> Any:
        """Lay the entries in one vector."""
        return self.namespace.reshape(self, (-1,))

    def flatten(self) -> Any:
        """Lay the entries in one vector."""
        return self.namespace.reshape(self, (-1,))

    def cumsum(self, axis: int | None = None) -> Any:
        """Add up entries along an axis, or of the flattened array."""
        array = self.ravel() if axis is None else self
        return self.namespace.cumulative_sum(array, axis=0 if axis is None else axis)

    def cumprod(self, axis: int | None = None) -> Any:
        """Multiply entries along an axis, or of the flattened array."""
        array = self.ravel() if axis is None else self
        return self.namespace.cumulative_prod(array, axis=0 if axis is None else axis)

    def copy(self) -> Any:
        """Return the array itself: arrays here are never written to."""
        return self

    @property
    def real(self) -> Any:
        """The array itself, which is real."""
        return self


def _one_or_several(given: tuple[Any, ...]) -> Any:
    return given[0] if len(given) == 1 else given


def _forwarded(name: str) -> Callable[..., Any]:
    """Make the method that calls the function of its name."""

    def method(self: Methods, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.namespace, name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Apply ``xp.{name}`` to the array."
    return method


for _name in FORWARDED:
    setattr(Methods, _name, _forwarded(_name))
