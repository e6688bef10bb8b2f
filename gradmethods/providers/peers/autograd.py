"""HIPS autograd: the loss through its wrapped NumPy, recorded anew at each call.

Source: D. Maclaurin, D. Duvenaud and R. P. Adams, Autograd: effortless gradients in NumPy, ICML
2015 AutoML workshop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.output.style import PURPLE, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer, tried
from gradmethods.providers.peers.shims import autograd_namespace


@dataclass(frozen=True)
class Autograd(Peer):
    """Gradients by ``autograd.value_and_grad``."""

    name: ClassVar[str] = "autograd"
    packages: ClassVar[tuple[str, ...]] = ("autograd",)
    style: ClassVar[Style] = Style("autograd", PURPLE, "o", (0, (3, 1, 1, 1)))
    family: ClassVar[str] = "backprop"
    exact: ClassVar[bool] = True

    def _refusal(self, problem: Problem) -> str | None:
        return tried(lambda: self._prepare(problem)(problem.params), problem)

    def _prepare(self, problem: Problem) -> PreparedAutograd:
        watch = Stopwatch()
        with watch("import"):
            from autograd import value_and_grad

            xp = autograd_namespace()
        loss, restore = problem.loss, problem.structure.restore
        function = value_and_grad(lambda params, data: loss(restore(params), **data, xp=xp))
        return PreparedAutograd(problem, watch.seconds, function)


class PreparedAutograd(PreparedPeer):
    """A function that records and walks back at each call."""

    def __init__(self, problem: Problem, preparation: dict[str, float], function: Any) -> None:
        super().__init__(problem, preparation)
        self._function = function

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        function = self._function
        return lambda: function(params, data)

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        value, gradients = result
        return value, {name: np.array(g) for name, g in gradients.items()}
