"""JAX: the loss through ``jax.numpy``, ``value_and_grad`` compiled by XLA.

Source: R. Frostig, M. J. Johnson and C. Leary, Compiling machine learning programs via high-level
tracing, SysML 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.output.style import GREEN, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer, tried
from gradmethods.providers.peers.shims import jax_namespace


@dataclass(frozen=True)
class Jax(Peer):
    """Gradients by ``jax.jit(jax.value_and_grad(loss))``, data as arguments, in 64 bits.

    Dispatch is synchronous, if JAX has not been used before in the process: handing small work to
    a second thread and waiting for it takes longer, and would be two threads.
    """

    name: ClassVar[str] = "jax"
    packages: ClassVar[tuple[str, ...]] = ("jax",)
    style: ClassVar[Style] = Style("JAX, jit", GREEN, "D", (0, (3, 1, 1, 1)))
    family: ClassVar[str] = "backprop"
    exact: ClassVar[bool] = True

    def _refusal(self, problem: Problem) -> str | None:
        def trace() -> None:
            configured().eval_shape(_function(problem), *_arguments(problem))

        return tried(trace, problem)

    def _prepare(self, problem: Problem) -> PreparedJax:
        watch = Stopwatch()
        with watch("import"):
            jax = configured()
        with watch("compile"):
            function = jax.jit(jax.value_and_grad(_function(problem)))
            params, data = _arguments(problem)
            jax.block_until_ready(function(params, data))
        return PreparedJax(problem, watch.seconds, function)


class PreparedJax(PreparedPeer):
    """A compiled function of parameters and data."""

    def __init__(self, problem: Problem, preparation: dict[str, float], function: Any) -> None:
        super().__init__(problem, preparation)
        self._function = function

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        import jax

        function, wait = self._function, jax.block_until_ready
        point, constants = jax.tree.map(jax.numpy.asarray, (params, data))
        return lambda: wait(function(point, constants))

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        value, gradients = result
        return float(value), {name: np.array(g) for name, g in gradients.items()}


def configured() -> Any:
    """Return jax with 64 bits and synchronous dispatch: its own defaults suit neither."""
    import jax

    jax.config.update("jax_enable_x64", val=True)
    jax.config.update("jax_cpu_enable_async_dispatch", val=False)
    return jax


def _function(problem: Problem) -> Any:
    restore, loss, xp = problem.structure.restore, problem.loss, jax_namespace()
    return lambda params, data: loss(restore(params), **data, xp=xp)


def _arguments(problem: Problem) -> Any:
    import jax

    params = problem.structure.check(problem.params)
    return jax.tree.map(jax.numpy.asarray, (params, dict(problem.data)))
