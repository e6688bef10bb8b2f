"""What a perturbation changes of a node, and how to hold it: the ground of the rules.

Under perturbations of one parameter array, a node's change has for each axis either all entries or
one: an axis is *pinned* if each perturbation can touch one index of it alone. A pinned axis has
length 1 in the registers, and the index of each perturbation lies beside. A change is held as new
values, as differences from the base, or both; one is made of the other where a rule asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.registers import Assembly, Base, Call, Operand, Register, ufunc
from gradmethods.xp.primitives import Shape

Pins = dict[int, Register]
"""From an axis to the register of the perturbations' indices on it; never an axis of length 1."""


@dataclass(eq=False)
class Change:
    """How a node's value differs from the base, for every perturbation of a block.

    Attributes
    ----------
    node : Node
        Whose value.
    pins : dict of int to Register
        The pinned axes.
    value : Register or None
        New values, of shape `shape`.
    factors : tuple or None
        One or two operands whose product, broadcast to `shape`, is the difference from the base.
    make : callable or None
        Makes new values that are exact, where a sum of base and difference would round: entries
        that are compared with themselves must stay equal.
    """

    node: Node
    pins: Pins
    value: Register | None = None
    factors: tuple[Operand, ...] | None = None
    make: Callable[[], Register] | None = None

    @property
    def shape(self) -> Shape:
        """Lengths of the axes, pinned ones having length 1."""
        return pinned(self.node.shape, self.pins)


def pinned(shape: Shape, axes: Collection[int]) -> Shape:
    """Give the pinned axes length 1."""
    if not axes:
        return shape
    return tuple([1 if axis in axes else n for axis, n in enumerate(shape)])


@dataclass
class Planner:
    """Writes one program: what changes so far, and the conversions that rules ask for.

    Attributes
    ----------
    assembly : Assembly
        The program being written.
    changes : dict of Node to Change
        Nodes without an entry keep their base values.
    rows : Register
        The number of each perturbation in its block.
    differenced : set of Node
        Those whose differences from the base are made of new values, or the other way round.
    """

    assembly: Assembly
    changes: dict[Node, Change]
    rows: Register
    differenced: set[Node] = field(default_factory=set)
    _gathered: dict[Any, Register] = field(default_factory=dict)
    _indices: dict[Any, Register] = field(default_factory=dict)

    # -- operands

    def change(self, operand: Operand) -> Change | None:
        """Return how an operand changes, None if it does not."""
        return self.changes.get(operand)

    def base(self, operand: Operand, pins: Mapping[int, Register]) -> Operand:
        """Return the base value of an operand, at the pinned indices of those of its axes."""
        if not isinstance(operand, Node):
            return operand
        if not pins:
            return Base(operand)
        held = {axis: pin for axis, pin in pins.items() if operand.shape[axis] > 1}
        if not held:
            return Base(operand)
        key = (operand, *held.items())
        if key not in self._gathered:
            self._gathered[key] = self._gather(operand, held)
        return self._gathered[key]

    def _gather(self, node: Node, pins: Pins) -> Register:
        rest = tuple(n for axis, n in enumerate(node.shape) if axis not in pins)
        lengths = [node.shape[axis] for axis in pins]
        where = self.ravel(list(pins.values()), lengths)
        source = Base(node, tuple(pins))
        taken = self.assembly.emit("take", _take, (source, where), rest, node.dtype)
        return taken.reshaped(pinned(node.shape, pins))

    # -- indices

    def index(
        self, function: Callable[..., Any], *operands: Operand, dtype: Any = None
    ) -> Register:
        """Compute with indices, each result once."""
        key = (function, *operands)
        if key not in self._indices:
            self._indices[key] = self.assembly.index(function, *operands, dtype=dtype)
        return self._indices[key]

    def ravel(self, indices: list[Register], lengths: list[int]) -> Register:
        """Join indices on several axes to one on the axes laid end to end."""
        joined = indices[0]
        for index, length in zip(indices[1:], lengths[1:], strict=True):
            joined = self.index(np.add, self.index(np.multiply, joined, length), index)
        return joined

    def unravel(self, index: Register, lengths: Sequence[int]) -> list[Register]:
        """Split an index on axes laid end to end; the inverse of `ravel`."""
        indices, inner = [], math.prod(lengths)
        for axis, length in enumerate(lengths):
            inner //= length
            part = self.index(np.floor_divide, index, inner) if inner > 1 else index
            indices.append(self.index(np.remainder, part, length) if axis else part)
        return indices

    # -- forms of a change

    def value(self, change: Change) -> Register:
        """Return the new values."""
        if change.value is None and change.make is not None:
            change.value = change.make()
        if change.value is None:
            assert change.factors is not None
            self.differenced.add(change.node)
            base = self.base(change.node, change.pins)
            difference = self.spelled_out(change) if len(change.factors) > 1 else change.factors[0]
            change.value = self.arithmetic(np.add, change.node, change.shape, base, difference)
        return change.value

    def factors(self, change: Change) -> tuple[Operand, ...]:
        """Return the differences from the base as one or two factors."""
        if change.factors is None:
            self.differenced.add(change.node)
            base = self.base(change.node, change.pins)
            operands = (change.value, base)
            change.factors = (self.arithmetic(np.subtract, change.node, change.shape, *operands),)
        return change.factors

    def difference(self, change: Change) -> Operand:
        """Return the differences from the base as one operand, which may still broadcast."""
        factors = self.factors(change)
        return factors[0] if len(factors) == 1 else self.spelled_out(change)

    def spelled_out(self, change: Change) -> Register:
        """Return the differences from the base as a register of the full shape."""
        factors = self.factors(change)
        shape = change.shape
        if len(factors) == 1:
            (register,) = factors
            if register.shape == shape:
                spelled: Register = register
                return spelled
            factors = (register, change.node.dtype.type(1))
        product = self.arithmetic(np.multiply, change.node, shape, *factors)
        change.factors = (product,)
        return product

    def full(self, change: Change) -> Register:
        """Return the new values with no axis pinned."""
        return self.value(self.spread(change, change.pins))

    def spread(self, change: Change, axes: Iterable[int]) -> Change:
        """Lay the new values into copies of the base, so that these axes have all entries."""
        spread = [axis for axis in axes if axis in change.pins]
        if not spread:
            return change
        node, value = change.node, self.value(change)
        pins = {axis: pin for axis, pin in change.pins.items() if axis not in spread}
        shape = pinned(node.shape, pins)
        rest = tuple(n for axis, n in enumerate(value.shape) if axis not in spread)
        where = [change.pins.get(axis) if axis in spread else None for axis in range(len(shape))]
        indices = [index for index in where if index is not None]
        laid = self.assembly.emit(
            "spread",
            partial(_spread, tuple(index is not None for index in where)),
            (self.base(node, pins), value.reshaped(rest), self.rows, *indices),
            shape,
            node.dtype,
        )
        return Change(node, pins, laid)

    # -- arithmetic

    def arithmetic(
        self, function: Callable[..., Any], node: Node, shape: Shape, *operands: Operand
    ) -> Register:
        """Add, subtract or multiply operands of a node's shape and dtype, entry by entry."""
        return self.elementwise(function.__name__, ufunc(function), operands, shape, node.dtype, 1)

    def elementwise(
        self,
        name: str,
        bind: Callable[..., Call],
        operands: Iterable[Operand],
        shape: Shape,
        dtype: Any,
        operations: int,
        *,
        overwrites: bool = True,
    ) -> Register:
        """Add an element-wise step at `operations` an entry; operands broadcast to `shape`."""
        lined_up = [lined_up_to(operand, len(shape)) for operand in operands]
        return self.assembly.emit(
            name,
            bind,
            lined_up,
            shape,
            dtype,
            operations=operations * math.prod(shape),
            overwrites=overwrites,
        )


def lined_up_to(operand: Operand, ndim: int) -> Operand:
    """Put axes of length 1 behind the perturbations' axis, so that the last axes meet."""
    if not isinstance(operand, Register) or len(operand.shape) >= ndim:
        return operand
    return operand.reshaped((1,) * (ndim - len(operand.shape)) + operand.shape)


def _take(out: NDArray[Any], source: NDArray[Any], where: NDArray[Any]) -> Call:
    # "clip" writes straight into `out`; indices are within bounds.
    return partial(source.take, where, 0, out, "clip")


def _spread(
    spread: tuple[bool, ...],
    out: NDArray[Any],
    base: NDArray[Any],
    value: NDArray[Any],
    rows: NDArray[Any],
    *indices: NDArray[Any],
) -> Call:
    rest = iter(indices)
    key = (rows, *(next(rest) if is_spread else slice(None) for is_spread in spread))

    def call() -> None:
        np.copyto(out, base)
        out[key] = value

    return call
