"""Straight-line programs over blocks of perturbations, and where their values live.

A register holds an array with a leading axis over the K perturbations of a block. Programs are
written before K is known; binding one to a block size gives a list of NumPy calls whose operands,
views and results are all made already, so that running it is nothing but those calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.program.scan import Blocks, Need, scan
from gradmethods.xp.primitives import Shape

Call = Callable[[], Any]
Binder = Callable[..., Call]
"""``binder(out, *operands)`` makes the call that leaves a result in `out`, all being arrays."""

ALIGNMENT = 64
"""Bytes of a cache line."""


@dataclass(eq=False, slots=True)
class Register:
    """An array over (K, its axes): memory of its own, or a view of another register.

    Attributes
    ----------
    shape, dtype : tuple of int, numpy.dtype
        Of one perturbation's entries.
    source : Register or None
        What this is a view of.
    view : callable or None
        ``view(array)`` makes it of the source's array, whatever K is.
    contiguous : bool
        Whether the entries lie in memory in the order of the axes.
    nbytes : int
        Bytes of one perturbation's entries.
    """

    shape: Shape
    dtype: np.dtype[Any]
    source: Register | None = None
    view: Callable[[NDArray[Any]], NDArray[Any]] | None = field(default=None, repr=False)
    contiguous: bool = True
    nbytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.nbytes = math.prod(self.shape) * self.dtype.itemsize

    @property
    def owner(self) -> Register:
        """The register in whose memory this one lies."""
        register = self
        while register.source is not None:
            register = register.source
        return register

    def reshaped(self, shape: Shape) -> Register:
        """View contiguous entries, or any with axes of length 1 more or fewer, in another shape."""
        if shape == self.shape:
            return self
        return Register(
            shape, self.dtype, self, lambda x: x.reshape(len(x), *shape), self.contiguous
        )


class Base(NamedTuple):
    """The unperturbed value of a node, the same for all perturbations.

    Attributes
    ----------
    node : Node
        Whose value.
    axes : tuple of int
        Axes brought to the front and laid in one, to take rows from; in place if empty.
    """

    node: Node
    axes: tuple[int, ...] = ()


Operand = Any
"""A register, a base value, or a Python number."""


@dataclass(eq=False, slots=True)
class Step:
    """One operation of a program.

    Attributes
    ----------
    name : str
        For reading.
    bind : callable
        See `Binder`.
    operands, out : tuple, Register
        What it reads and what it writes.
    overwrites : bool
        Whether it may write over an operand that is not needed again.
    """

    name: str
    bind: Binder
    operands: tuple[Operand, ...]
    out: Register
    overwrites: bool


@dataclass
class Assembly:
    """A program being written.

    Attributes
    ----------
    steps : list of Step
        Run for every block.
    index_steps : list of Step
        Run when a block perturbs other entries than the one before it did.
    inputs : list of Register
        Written from outside.
    operations : int
        Scalar operations for one perturbation.
    """

    steps: list[Step] = field(default_factory=list)
    index_steps: list[Step] = field(default_factory=list)
    inputs: list[Register] = field(default_factory=list)
    operations: int = 0

    def input(self, shape: Shape, dtype: Any) -> Register:
        """Add a register that is written from outside."""
        register = Register(shape, np.dtype(dtype))
        self.inputs.append(register)
        return register

    def emit(
        self,
        name: str,
        bind: Binder,
        operands: Iterable[Operand],
        shape: Shape,
        dtype: np.dtype[Any],
        *,
        operations: int = 0,
        overwrites: bool = False,
    ) -> Register:
        """Add a step; return the register of its result."""
        out = Register(shape, dtype)
        self.steps.append(Step(name, bind, tuple(operands), out, overwrites))
        self.operations += operations
        return out

    def index(
        self, function: Callable[..., Any], *operands: Operand, dtype: Any = None
    ) -> Register:
        """Add element-wise arithmetic on indices."""
        out = Register((), np.dtype(dtype or np.intp))
        self.index_steps.append(
            Step(function.__name__, ufunc(function), operands, out, overwrites=False)
        )
        return out


def ufunc(function: Callable[..., Any]) -> Binder:
    """Bind a ufunc (by keyword: NumPy deprecates the third positional argument of some)."""

    def bind(out: NDArray[Any], *operands: Any) -> Call:
        return partial(function, *operands, out=out)

    return bind


def lay_out(steps: list[Step], result: Register) -> Blocks[Register, int]:
    """Assign memory to the registers of a program; sizes are bytes for one perturbation.

    The memory of the result is never reused. Inputs and indices have memory of their own.
    """
    needs: list[Need[Register, int]] = [
        Need(_owners(step), step.out, step.out.nbytes, _overwritten(step)) for step in steps
    ]
    return scan(needs, kept=[result.owner])


def _owners(step: Step) -> list[Register]:
    """Return the registers whose memory a step reads."""
    return [operand.owner for operand in step.operands if type(operand) is Register]


def _overwritten(step: Step) -> list[Register]:
    """Return the registers whose memory a step may write over."""
    # Entries in another order than the result's would be copied first, which costs more.
    out = step.out
    return [
        x.owner
        for x in step.operands
        if step.overwrites and type(x) is Register and x.contiguous and x.shape == out.shape
        and x.owner.nbytes == out.nbytes and x.owner.dtype == out.dtype
    ]  # fmt: skip


def aligned(nbytes: int) -> int:
    """Round up to a whole number of cache lines."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


Arrays = dict[Register, NDArray[Any]]


@dataclass
class Frame:
    """A program for one size of blocks: calls without arguments, in order.

    Attributes
    ----------
    calls, index_calls : list of callable
        To run for every block; to run before them when the perturbed entries are others.
    inputs : list of numpy.ndarray
        To write to before.
    result : numpy.ndarray
        To read after.
    """

    calls: list[Call]
    index_calls: list[Call]
    inputs: list[NDArray[Any]]
    result: NDArray[Any]


@dataclass
class Program:
    """A program over blocks of at most `capacity` perturbations.

    Attributes
    ----------
    assembly : Assembly
        Its steps.
    result : Register
        What it computes.
    layout : Blocks
        Its memory.
    capacity : int
        The most perturbations in a block.
    entries : object
        Which entries the indices in memory stand for.
    """

    assembly: Assembly
    result: Register
    layout: Blocks[Register, int] = field(init=False)
    capacity: int = 1
    entries: object = None
    _memory: Arrays = field(default_factory=dict)
    _frames: dict[int, Frame] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _workspace: NDArray[np.uint8] = field(init=False)
    _base: Callable[[Base], NDArray[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.layout = lay_out(self.assembly.steps, self.result)

    @property
    def operations(self) -> int:
        """Scalar operations for one perturbation."""
        return self.assembly.operations

    @property
    def width(self) -> int:
        """Bytes that one perturbation takes."""
        return sum(self.layout.sizes) + sum(register.nbytes for register in self._own())

    @property
    def inputs(self) -> list[Register]:
        """Registers that are written from outside."""
        return self.assembly.inputs

    def bytes_of(self, capacity: int) -> int:
        """Bytes that blocks of `capacity` perturbations take."""
        return sum(aligned(size * capacity) for size in self.layout.sizes)

    def bases(self) -> set[Base]:
        """Return the base values that the program reads."""
        return {x for step in self.assembly.steps for x in step.operands if isinstance(x, Base)}

    def place(
        self, capacity: int, workspace: NDArray[np.uint8], base: Callable[[Base], NDArray[Any]]
    ) -> None:
        """Lay the program's memory in a workspace that it shares with others."""
        self.capacity, self._base, self._workspace = capacity, base, workspace
        self._memory = {r: np.zeros((capacity, *r.shape), r.dtype) for r in self._own()}
        sizes = [aligned(size * capacity) for size in self.layout.sizes]
        self._starts = list(accumulate(sizes, initial=0))

    def input(self, register: Register) -> NDArray[Any]:
        """Return the memory of an input, for a block of full capacity."""
        return self._memory[register]

    def _own(self) -> list[Register]:
        """Return the registers that keep their values from block to block."""
        return [*self.assembly.inputs, *(step.out for step in self.assembly.index_steps)]

    def frame(self, count: int) -> Frame:
        """Return the program for blocks of `count` perturbations."""
        if count not in self._frames:
            self._frames[count] = self._bind(count)
        return self._frames[count]

    def _bind(self, count: int) -> Frame:
        made: Arrays = {}

        def resolve(operand: Operand) -> Any:
            if type(operand) is Register:
                return made[operand] if operand in made else self._view(operand, count, made)
            return self._base(operand) if type(operand) is Base else operand

        return Frame(
            [bound(step, resolve) for step in self.assembly.steps],
            [bound(step, resolve) for step in self.assembly.index_steps],
            [resolve(register) for register in self.assembly.inputs],
            resolve(self.result),
        )

    def _view(self, register: Register, count: int, made: Arrays) -> NDArray[Any]:
        """Make the array of a register, and all views between it and the memory that it is in."""
        views = []
        while register not in made and register.source is not None:
            views.append(register)
            register = register.source
        if register not in made:
            made[register] = self._array(register, count)
        array = made[register]
        for view in reversed(views):
            assert view.view is not None
            array = made[view] = view.view(array)
        return array

    def _array(self, register: Register, count: int) -> NDArray[Any]:
        """Return a register's memory, as far as a block of `count` perturbations needs it."""
        if register in self._memory:
            return self._memory[register][:count]
        start = self._starts[self.layout.place[register]]
        return np.ndarray((count, *register.shape), register.dtype, self._workspace.data, start)


def bound(step: Step, resolve: Callable[[Operand], Any]) -> Call:
    """Make the call of a step on arrays."""
    return step.bind(resolve(step.out), *map(resolve, step.operands))
