"""PyTorch, eager: the loss through array-api-compat, gradients by its reverse mode.

Source: A. Paszke et al., PyTorch: an imperative style, high-performance deep learning library,
NeurIPS 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.output.style import VERMILLION, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer, tried
from gradmethods.providers.peers.shims import torch_namespace


@dataclass(frozen=True)
class Torch(Peer):
    """Gradients by ``torch.autograd.grad``, without ``torch.compile``: it records at each call."""

    name: ClassVar[str] = "torch"
    packages: ClassVar[tuple[str, ...]] = ("torch", "array_api_compat")
    style: ClassVar[Style] = Style("PyTorch, eager", VERMILLION, "^", (0, (5, 1.5)))
    family: ClassVar[str] = "backprop"
    exact: ClassVar[bool] = True

    def _refusal(self, problem: Problem) -> str | None:
        return tried(lambda: self._prepare(problem)(problem.params), problem)

    def _prepare(self, problem: Problem) -> PreparedTorch:
        watch = Stopwatch()
        with watch("import"):
            xp = torch_namespace()
        with watch("data"):
            tensors = {name: tensor(array) for name, array in problem.data.items()}
        return PreparedTorch(problem, watch.seconds, xp, tensors)


class PreparedTorch(PreparedPeer):
    """A loss in torch's operations; data tensors are made once."""

    def __init__(
        self, problem: Problem, preparation: dict[str, float], xp: Any, tensors: dict[str, Any]
    ) -> None:
        super().__init__(problem, preparation)
        self._xp, self._tensors = xp, tensors

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        import torch

        grad, loss, xp = torch.autograd.grad, self.problem.loss, self._xp
        leaves = {name: tensor(array).requires_grad_() for name, array in params.items()}
        inputs, point = list(leaves.values()), self.problem.structure.restore(leaves)
        tensors = self._tensors
        if data is not self.problem.data:
            tensors = {name: tensor(array) for name, array in data.items()}

        def call() -> Any:
            value = loss(point, **tensors, xp=xp)
            return value, grad(value, inputs, materialize_grads=True)

        return call

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        value, gradients = result
        names = self.problem.structure.shapes
        arrays = (np.array(g.numpy()) for g in gradients)
        return value.item(), dict(zip(names, arrays, strict=True))


def tensor(array: Any) -> Any:
    """Copy an array into a tensor of the same dtype."""
    import torch

    return torch.tensor(array)
