"""One case of a function to differentiate, and the shapes that cases are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import gradmethods as gm

DOMAINS: dict[str, tuple[float, float]] = {
    "real": (-2.0, 2.0),
    "positive": (0.3, 2.0),
    "unit": (-0.9, 0.9),
    "above one": (1.2, 3.0),
    "nonzero": (0.3, 2.0),
    "above -1": (0.3, 2.0),
    "angle": (-0.9, 0.9),
}
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A function to differentiate with respect to operands drawn from a domain."""

    name: str
    function: Callable[..., Any]
    shapes: tuple[Shape, ...]
    domain: str = "real"
    variant: str = ""

    @property
    def id(self) -> str:
        shapes = ",".join("x".join(map(str, s)) or "scalar" for s in self.shapes)
        return f"{self.name}{'-' + self.variant if self.variant else ''}[{shapes}]"

    @cache  # noqa: B019  # cases are constants of this module, and checks share their problems
    def problem(self, dtype: str = "float64") -> gm.Problem:
        """Weigh the entries of the result, so that each counts differently, and sum.

        The anchor keeps the loss from being constant where the operands are empty.
        """
        rng = np.random.default_rng(sum(map(ord, self.id)))
        low, high = DOMAINS[self.domain]
        params = {
            f"x{i}": rng.uniform(low, high, shape).astype(dtype)
            for i, shape in enumerate(self.shapes)
        }
        function = self.function
        shape = np.shape(function(np, *params.values()))
        weights = rng.uniform(0.5, 1.5, shape).astype(dtype)

        def loss(params: Any, *, xp: Any = np) -> Any:
            anchor, *operands = params.values()
            return anchor**2 + xp.sum(xp.asarray(weights) * function(xp, *operands))

        return gm.Problem(loss, {"anchor": np.asarray(0.7, dtype)} | params, name=self.id)


UNARY_SHAPES: tuple[Shape, ...] = ((), (1,), (3,), (2, 3), (0, 3), (2, 1, 2))
PAIRS: tuple[tuple[Shape, Shape], ...] = (
    ((), ()),
    ((1,), (1,)),
    ((3,), (3,)),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1), (1, 3)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((1,), (3,)),
    ((3,), (1,)),
    ((0, 3), (3,)),
    ((1, 3), (2, 1, 1)),
)
