"""What a user declares of a loss, before it is a problem; and a loss of some of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays, Parameters, Structure

Loss = Callable[..., Any]


class Declared(Protocol):
    """A loss with its point and data; `Problem` in `core.problem` says what each of these is."""

    name: str
    loss: Loss
    structure: Structure
    data: Arrays
    examples: tuple[str, ...]

    @property
    def params(self) -> Parameters:
        """The point at which the loss is declared."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters."""


def some_components(problem: Declared, components: NDArray[np.intp]) -> tuple[Loss, NDArray[Any]]:
    """Return the loss over some components of all parameters laid end to end, and their values."""
    structure = problem.structure
    point = structure.join(structure.check(problem.params))
    others = np.setdiff1d(np.arange(point.size), components)
    fixed, places = point[others], np.argsort(np.concatenate([components, others]))
    return _OfSome(problem.loss, structure, fixed, places), point[components]


@dataclass(frozen=True, eq=False)
class _OfSome:
    """A loss of some components, beside others that are fixed; each has its place among all."""

    loss: Loss
    structure: Structure
    fixed: NDArray[Any]
    places: NDArray[np.intp]

    def __call__(self, w: Any, *, xp: Any = np, **data: Any) -> Any:
        # Entries are moved, never computed with: not a rounding comes between w and the loss.
        whole = xp.take(xp.concat([w, xp.asarray(self.fixed)]), xp.asarray(self.places))
        arrays, start = {}, 0
        for name, shape in self.structure.shapes.items():
            start, first = start + math.prod(shape), start
            arrays[name] = xp.reshape(whole[first:start], shape)
        return self.loss(self.structure.restore(arrays), **data, xp=xp)
