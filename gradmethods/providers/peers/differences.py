"""Central differences as SciPy, statsmodels and numdifftools take them, of the plain NumPy loss.

These packages differentiate functions of one flat vector. The function that they are given copies
the vector into arrays made once, which is the cheapest way to give the loss its structure back.

Sources: P. Virtanen et al., SciPy 1.0: fundamental algorithms for scientific computing in Python,
Nature Methods 17 (2020) 261-272; S. Seabold and J. Perktold, statsmodels: econometric and
statistical modeling with Python, SciPy 2010; P. A. Brodtkorb and J. D'Errico, numdifftools.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.output.style import BLACK, GREEN, PURPLE, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer

Flat = Callable[[Any], Any]
"""The loss as a function of one vector."""

Differentiate = Callable[[Flat, Any], Call]
"""Given the loss and a point, return the call for the gradient there."""


@dataclass(frozen=True)
class Differences(Peer):
    """What the three have in common: they take any loss."""

    family: ClassVar[str] = "numerical"
    exact: ClassVar[bool] = False
    black_box: ClassVar[bool] = True
    order: ClassVar[int] = 2
    passes: ClassVar[tuple[int, int]] = (2, 0)

    def _refusal(self, problem: Problem) -> str | None:
        del problem
        return None

    def _prepare(self, problem: Problem) -> PreparedDifferences:
        watch = Stopwatch()
        with watch("import"):
            differentiate = self._import()
        return PreparedDifferences(problem, watch.seconds, differentiate)

    @abstractmethod
    def _import(self) -> Differentiate:
        """Import the package, and return how it differentiates."""


class PreparedDifferences(PreparedPeer):
    """A package's differences of one loss. The gradient alone is timed, not the value beside it.

    `forward_passes` is counted in the call that `PreparedGradient` makes, which is never timed.
    """

    forward_passes: int | None = None
    value_passes = 1

    def __init__(
        self, problem: Problem, preparation: dict[str, float], differentiate: Differentiate
    ) -> None:
        super().__init__(problem, preparation)
        self._differentiate = differentiate

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        return self._differentiate(self._flat(data), self.problem.structure.join(params))

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        flat, point = self._flat(data), self.problem.structure.join(params)
        self.forward_passes = 0

        def counted(x: Any) -> Any:
            assert self.forward_passes is not None
            self.forward_passes += 1
            return flat(x)

        return flat(point), self._convert(self._differentiate(counted, point)())[1]

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        structure = self.problem.structure
        flat = np.array(result, structure.dtype).reshape(structure.size)
        return None, structure.split(flat)

    def _flat(self, data: Arrays) -> Flat:
        structure, loss = self.problem.structure, self.problem.loss
        vector = np.empty(structure.size, structure.dtype)
        params, copy = structure.restore(structure.split(vector)), np.copyto

        def flat(x: Any) -> Any:
            copy(vector, x)
            return loss(params, **data, xp=np)

        return flat


@dataclass(frozen=True)
class Scipy(Differences):
    """``scipy.optimize.approx_derivative`` with ``method="3-point"``; what its optimisers use."""

    name: ClassVar[str] = "scipy"
    packages: ClassVar[tuple[str, ...]] = ("scipy",)
    style: ClassVar[Style] = Style("SciPy approx_derivative", BLACK, "s", (0, (5, 1.5)))

    def _import(self) -> Differentiate:
        from scipy.optimize._numdiff import approx_derivative

        return lambda flat, x: lambda: approx_derivative(flat, x, method="3-point")


@dataclass(frozen=True)
class Statsmodels(Differences):
    """``statsmodels.tools.numdiff.approx_fprime`` with ``centered=True``."""

    name: ClassVar[str] = "statsmodels"
    packages: ClassVar[tuple[str, ...]] = ("statsmodels",)
    style: ClassVar[Style] = Style("statsmodels", GREEN, "D", (0, (3, 1, 1, 1)))

    def _import(self) -> Differentiate:
        from statsmodels.tools.numdiff import approx_fprime

        return lambda flat, x: lambda: approx_fprime(x, flat, centered=True)


@dataclass(frozen=True)
class Numdifftools(Differences):
    """``numdifftools.Gradient`` with its defaults: central differences, extrapolated."""

    name: ClassVar[str] = "numdifftools"
    packages: ClassVar[tuple[str, ...]] = ("numdifftools",)
    style: ClassVar[Style] = Style("numdifftools", PURPLE, "^", (0, (5, 1.5)))

    def _import(self) -> Differentiate:
        from numdifftools import Gradient

        return lambda flat, x: partial(Gradient(flat), x)
