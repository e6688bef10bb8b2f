"""Running the programs of a problem: at a point, or over all examples at once."""

from __future__ import annotations

import math
from typing import Any

import mpmath  # type: ignore[import-untyped]  # it has no types
import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays
from gradmethods.engines.symbolic.cases import Cases
from gradmethods.engines.symbolic.program import Case
from gradmethods.engines.symbolic.runtime import LEFT_THE_FLOATS

LARGEST_BLOCK = 2**14
"""Entries of a block up to which it is faster than columns: larger memory is new each time."""

MOST_WIDE = 200_000
"""Operations that are done again, in numbers without overflow: some ten microseconds each."""


class Runner:
    """Evaluates the cases of a problem; returns the value and the gradient in one flat vector."""

    def __init__(self, cases: Cases) -> None:
        self.cases, self.problem = cases, cases.problem
        self._own_inputs: dict[bool, list[Any]] = {}
        self._own_blocks: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._own_cases: list[tuple[Case, Any]] | None = None

    def __call__(self, params: Arrays, data: Arrays) -> NDArray[Any]:
        """Compute the loss and its partial derivatives."""
        if self.problem.examples:
            return self._over_examples(params, data)
        ((case, _),) = self.cases.at(data)
        return self._at_point(case, params, data)

    def _at_point(self, case: Case, params: Arrays, data: Arrays) -> NDArray[Any]:
        # Python has no single precision: float32 is computed by NumPy throughout.
        if self.problem.dtype == np.float64:
            try:
                value, partials = case.over_floats(
                    _flat(params, floats=True), self._inputs(data, floats=True)
                )
            except LEFT_THE_FLOATS:
                pass  # NumPy goes on with an infinity or NaN.
            else:
                if math.isfinite(sum(partials)) and (value or not any(partials)):
                    return self._vector((value, partials))
        return self._over_numpy(case, params, self._inputs(data, floats=False))

    def _over_examples(self, params: Arrays, data: Arrays) -> NDArray[Any]:
        """Run each case over its examples, and add up."""
        inputs = self._inputs(data, floats=False)
        own = data is self.problem.data
        cases = (self._own_cases if own else None) or self.cases.at(data)
        if own:
            self._own_cases = cases
        count = len(data[self.problem.examples[0]])
        if len(cases) == 1:
            return self._over_numpy(cases[0][0], params, inputs, count)
        total = np.zeros(1 + self.problem.size, self.problem.dtype)
        for case, rows in cases:
            chosen = [x[rows] if np.ndim(x) else x for x in inputs]
            result = self._over_numpy(case, params, chosen, len(rows))
            total += result * (len(rows) / count) if self.cases.rule == "mean" else result
        return total

    def _over_numpy(
        self, case: Case, params: Arrays, inputs: list[Any], *count: int
    ) -> NDArray[Any]:
        """Run a case; what overflows on the way, or underflows, again in numbers that do not.

        A loss of 0 whose slope is not 0 may have underflowed.
        """
        blocks = case.program.blocks if count else None
        if blocks and blocks.rows * count[0] <= LARGEST_BLOCK:
            result = np.empty(1 + self.problem.size, self.problem.dtype)
            assert case.over_blocks
            case.over_blocks(*self._blocks(params, inputs), *count, result)
        else:
            scalars = _flat(params, floats=False)
            result = self._vector(case.over_numpy(scalars, inputs, *count))
        if result[0] and math.isfinite(np.add.reduce(result)):
            return result
        lost = ~np.isfinite(result)
        vanishes = bool(result[0] == 0 and result[1:].any())
        large = case.program.operations * max([1, *count]) > MOST_WIDE
        if large or lost[0] or not (vanishes or lost.any()):
            return result
        try:
            scalars = [_widened(x) for x in _flat(params, floats=False)]
            inputs = [_widened(x) for x in inputs]
            value, partials = case.over_wide(scalars, inputs, *count)
            wide = self._vector((value, partials))
        except (*LEFT_THE_FLOATS, TypeError):  # infinite, or outside a domain, in any numbers
            return result
        if vanishes and value != 0:
            lost[1:] |= np.isfinite(wide[1:])
        return np.where(lost, wide, result)

    def _blocks(self, params: Arrays, inputs: list[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the columns of the examples, a row for each, and all other inputs as rows."""
        own = inputs is self._own_inputs.get(False)
        blocks = self._own_blocks if own else None
        if blocks is None:
            sides = [x for x in inputs if np.ndim(x)], [[x] for x in inputs if not np.ndim(x)]
            columns, numbers = (np.array(side, self.problem.dtype) for side in sides)
            blocks = columns, numbers.reshape(-1, 1)
            if own:
                self._own_blocks = blocks
        columns, numbers = blocks
        entries = [a.reshape(-1, 1) for a in params.values()]
        return columns, np.concatenate([*entries, numbers])

    def _vector(self, result: tuple[Any, tuple[Any, ...]]) -> NDArray[Any]:
        value, partials = result
        return np.array((value, *partials), self.problem.dtype)

    def _inputs(self, data: Arrays, *, floats: bool) -> list[Any]:
        """Return floating-point data as a program takes them: numbers, or columns of examples."""
        own = data is self.problem.data
        if own and floats in self._own_inputs:
            return self._own_inputs[floats]
        inputs: list[Any] = []
        for name in self.cases.builder.data:
            if name in self.problem.examples:
                columns = data[name].reshape(len(data[name]), -1).T
                inputs += list(np.ascontiguousarray(columns))
            else:
                inputs += _flat({name: data[name]}, floats=floats)
        if own:
            self._own_inputs[floats] = inputs
        return inputs


def _flat(arrays: Arrays, *, floats: bool) -> list[Any]:
    """Lay entries end to end, as Python floats or as NumPy's scalars."""
    return [x for a in arrays.values() for x in (a.ravel().tolist() if floats else a.ravel())]


def _widened(x: Any) -> Any:
    """Return a number, or an array of numbers, that does not overflow."""
    return np.frompyfunc(mpmath.mpf, 1, 1)(np.asarray(x, np.float64))
