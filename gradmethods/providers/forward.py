"""Forward mode: automatic differentiation of a recorded graph, along all directions at once.

Source: R. E. Wengert, A simple automatic derivative evaluation program, Communications of the ACM 7
(1964) 463-464; A. Griewank and A. Walther, Evaluating Derivatives, SIAM 2008, chapter 3.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from gradmethods.core.problem import Problem
from gradmethods.engines.forward import (
    Block,
    Programs,
    check_rules,
    compile_blocks,
    differentiate,
    divide,
)
from gradmethods.engines.graph import Graph, record
from gradmethods.engines.graph.slopes import Slopes, unbounded
from gradmethods.engines.program import recognise
from gradmethods.output.style import WINE, Style
from gradmethods.providers.compiled import Function, PreparedProgram, compiled, refusal


@dataclass(frozen=True)
class Forward:
    """Gradients by one forward pass that carries derivatives along.

    Beside every value v of the loss stands its tangent, the derivative of v along a direction: it
    follows from the tangents of what v is computed from, by the chain rule, while the loss is
    evaluated. Along one direction that costs a small multiple of the loss (Wengert; Griewank and
    Walther); a gradient takes as many directions as there are parameters. So it is the method of
    choice for few parameters, and grows with n where backpropagation does not.

    Preparation runs the loss once on traced arrays, which records its computational graph, pushes a
    block of tangents through it, and compiles the whole into a straight-line NumPy program. All n
    directions are pushed at once while their tangents fit into 4 MiB, a processor's cache;
    otherwise array by array, or in several runs, each of which evaluates the loss again. A value
    has tangents along the parameter arrays that it depends on, and none along others.

    References
    ----------
    .. [1] R. E. Wengert, A simple automatic derivative evaluation program, Communications of the
       ACM 7 (1964) 463-464.
    .. [2] A. Griewank and A. Walther, Evaluating Derivatives, 2nd edition, SIAM 2008, chapter 3 and
       section 4.5: at most 2.5 times the operations of the loss for a tangent.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(w, *, xp=np):
    ...     return xp.sum(xp.exp(w))
    >>> prepared = gm.Forward().prepare(gm.Problem(loss, np.array([0.0, 1.0])))
    >>> value, gradient = prepared(np.array([0.0, 0.0]))
    >>> gradient
    array([1., 1.])
    >>> print(prepared.source())
    def program(params, data):
        p0 = params[params_0]                      # (2,)
        v1 = exp(p0, b0)                           # exp (2,)
        v2 = add_reduce(v1, 0, None, None, False)  # sum ()
        v3 = multiply(c0, v1, b1)                  # multiply (2, 2)
        v4 = add_reduce(v3, 1, None, None, False)  # sum (2,)
        return v2, {params_0: v4}
    <BLANKLINE>
    """

    family: ClassVar[str] = "forward"
    exact: ClassVar[bool] = True
    black_box: ClassVar[bool] = False
    growth: ClassVar[float] = 1.0
    style: ClassVar[Style] = Style("forward mode", WINE, ">", "-")
    label: ClassVar[str] = style.label

    @property
    def name(self) -> str:
        """``forward``."""
        return "forward"

    def obstacle(self, problem: Problem) -> str | None:
        """Say why the loss cannot be recorded or differentiated, or None."""
        return refusal(lambda: check_rules(recognise(record(problem)), unbounded(problem.data)))

    def prepare(self, problem: Problem) -> PreparedForward:
        """Record, push and compile.

        Raises
        ------
        UnsupportedOperation
            If the loss leaves the namespace `xp`, or a primitive has no jvp rule.
        """
        return PreparedForward(problem, *compiled(problem, _differentiated, compile_blocks))


def _differentiated(graph: Graph, unbounded: Collection[str]) -> list[tuple[Block, Graph]]:
    return [(block, differentiate(graph, block, unbounded)) for block in divide(graph)]


class PreparedForward(PreparedProgram):
    """Compiled programs for the loss and its gradient.

    Attributes
    ----------
    program : Programs
        What was compiled, by block of directions.
    """

    program: Programs
    _provider = Forward

    def __init__(
        self, problem: Problem, preparation: dict[str, float], programs: Programs, graph: Graph
    ) -> None:
        super().__init__(problem, preparation, programs, graph)
        self.forward_passes = programs.passes

    def _watches(self) -> bool:
        return bool(Slopes(self._graph, self._graph.data).risky)

    def _compile(self, unbounded: frozenset[str]) -> Function:
        return compile_blocks(self._graph, _differentiated(self._graph, unbounded)).function

    @cached_property
    def operations(self) -> int:
        """Operators and function calls in one gradient, for one example."""
        graph = recognise(record(self.problem.on_examples(slice(1))))
        return compile_blocks(
            graph, _differentiated(graph, unbounded(self.problem.data))
        ).operations
