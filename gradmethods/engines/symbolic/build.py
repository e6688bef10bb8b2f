"""From a problem to the expression of its loss: symbols for parameters and floating-point data.

With `examples`, the expression is that of one example; integer and boolean data are values, so a
problem has one expression for each combination of values that they take in an example.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradmethods.core.naming import LONGEST
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.record import call_loss, record
from gradmethods.engines.graph.signs import angles_of_zeros
from gradmethods.engines.graph.slopes import Slopes, unbounded
from gradmethods.engines.symbolic.arrays import (
    Expressions,
    Sizes,
    Symbolic,
    blank,
    expressions,
)
from gradmethods.engines.symbolic.limits import Limit, check_loss
from gradmethods.engines.symbolic.numbers import literal, signed_literal
from gradmethods.xp.array import Array


class Builder:
    """Builds the loss of a problem over symbols.

    Attributes
    ----------
    params, data : dict of str to numpy.ndarray
        The symbols, in object arrays; data in `examples` without their leading axis.
    concrete : tuple of str
        Names of the integer and boolean data, which stay values.
    limit : Limit
        The budget.
    """

    def __init__(self, problem: Problem, budget: int, *, written_out: bool = False) -> None:
        self.problem = problem
        self.concrete = tuple(n for n, array in problem.data.items() if array.dtype.kind != "f")
        self._shapes = {
            name: array.shape[1:] if name in problem.examples else array.shape
            for name, array in problem.data.items()
            if array.dtype.kind == "f"
        }
        self._check_size(budget, written_out=written_out)
        self._taken: set[str] = set()
        self.params = {
            name: self._symbols(name or "x", shape)
            for name, shape in problem.structure.shapes.items()
        }
        self.data = {name: self._symbols(name, shape) for name, shape in self._shapes.items()}

    @property
    def traps(self) -> bool:
        """Whether a slope that may be infinite can meet what nothing selects."""
        return self._found[0]

    @property
    def minds_zeros(self) -> bool:
        """Whether the sign of a zero in the loss may decide an angle."""
        return self._found[1]

    @property
    def literal(self) -> Callable[[Any], Any]:
        """What makes expressions of numbers."""
        return signed_literal if self.minds_zeros else literal

    @cached_property
    def _found(self) -> tuple[bool, bool]:
        """What the graph of the loss says, which itself is not kept."""
        graph = record(self.problem)
        traps = Slopes(graph, unbounded(self.problem.data)).traps()
        return traps, angles_of_zeros(graph)

    def case(self, data: Arrays, example: int) -> Arrays:
        """Take the integers and booleans that decide which expression an example has."""
        return {
            name: data[name][example : example + 1] if name in self.problem.examples else data[name]
            for name in self.concrete
        }

    def run(
        self,
        xp: Symbolic,
        params: Mapping[str, NDArray[Any]],
        rows: Sequence[Mapping[str, NDArray[Any]]],
        cases: Sequence[Arrays],
    ) -> Any:
        """Run the loss over arrays of `xp`: its entries, and integers and booleans, by example."""
        given: dict[str, NDArray[Any]] = {}
        for name, array in rows[0].items():
            in_examples = name in self.problem.examples
            given[name] = np.stack([row[name] for row in rows]) if in_examples else array
        constants = dict(cases[0])
        for name in constants.keys() & set(self.problem.examples):
            constants[name] = np.concat([case[name] for case in cases])
        return self._run(xp, params, given, constants)

    def _run(
        self,
        xp: Symbolic,
        params: Mapping[str, NDArray[Any]],
        data: Mapping[str, NDArray[Any]],
        constants: Arrays,
    ) -> Any:
        dtype = xp.dtype = self.problem.dtype

        def lift(entries: NDArray[Any]) -> Array:
            return Array(xp, Expressions(entries, dtype))

        arrays = {name: lift(data[name]) for name in data}
        arrays |= {name: Array(xp, value) for name, value in constants.items()}
        ordered = {name: arrays[name] for name in self.problem.data}
        result = call_loss(
            self.problem, {name: lift(entries) for name, entries in params.items()}, ordered, xp
        )
        return expressions(result.payload).item()

    def _check_size(self, budget: int, *, written_out: bool) -> None:
        """Count the operations of one example, without making a single symbol."""
        problem = self.problem
        xp = Sizes()
        data = {
            name: blank((1, *shape) if name in problem.examples else shape)
            for name, shape in self._shapes.items()
        }
        params = {name: blank(shape) for name, shape in problem.structure.shapes.items()}
        self._run(xp, params, data, self.case(problem.data, 0))
        inputs = problem.size + sum(array.size for array in data.values())
        stages = max(xp.stages, inputs)
        self.limit = Limit(budget, problem.name, stages, written_out, whole=not problem.examples)
        check_loss(problem.size, self.limit)

    def _symbols(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """Make real symbols such as W1_0_1, each name a valid and unused identifier."""
        normal = unicodedata.normalize("NFKC", name[:LONGEST])
        stem = "".join(c if f"a{c}".isidentifier() else "_" for c in normal)
        stem = stem[:LONGEST] if stem[:1].isidentifier() else f"_{stem[:LONGEST]}"
        symbols = np.empty(shape, object)
        for index in np.ndindex(shape):
            unique = "_".join((stem, *map(str, index)))
            while unique in self._taken:
                unique += "_"
            self._taken.add(unique)
            symbols[index] = sympy.Symbol(unique, real=True)
        return symbols
