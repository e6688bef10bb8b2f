"""Programs bound to memory: made once, run for block after block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.incremental.registers import (
    Assembly,
    Base,
    Call,
    Operand,
    Register,
    Step,
    aligned,
    lay_out,
)
from gradmethods.engines.program.scan import Blocks

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
