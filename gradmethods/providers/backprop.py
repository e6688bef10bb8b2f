"""Backpropagation: reverse-mode automatic differentiation of a recorded graph.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, Learning representations by
back-propagating errors, Nature 323 (1986) 533-536.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from gradmethods.core.problem import Problem
from gradmethods.engines.graph import Graph, Node, record
from gradmethods.engines.graph.slopes import Slopes, unbounded
from gradmethods.engines.program import Program, compile_graph, recognise, simplify
from gradmethods.engines.tape import differentiate
from gradmethods.output.style import BLUE, Style
from gradmethods.providers.compiled import Function, PreparedProgram, compiled, refusal
from gradmethods.xp.primitives import get_primitive


@dataclass(frozen=True)
class Backprop:
    """Gradients by one forward and one backward pass.

    Preparation runs the loss once on traced arrays, which records its computational graph; a
    reverse sweep extends the graph by the gradient; the whole is compiled into a straight-line
    NumPy program. Evaluation runs that program: the loss is not traced again. Arrays of a gradient
    above 1 MiB are made in the memory of earlier ones that nobody holds any more; up to two of
    each are kept for that.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(w, *, xp=np):
    ...     return xp.sum(xp.exp(w))
    >>> prepared = gm.Backprop().prepare(gm.Problem(loss, np.array([0.0, 1.0])))
    >>> value, gradient = prepared(np.array([0.0, 0.0]))
    >>> gradient
    array([1., 1.])
    >>> print(prepared.source())
    def program(params, data):
        p0 = params[params_0]                      # (2,)
        v1 = exp(p0)                               # exp (2,)
        v2 = add_reduce(v1, 0, None, None, False)  # sum ()
        return v2, {params_0: v1}
    <BLANKLINE>
    """

    family: ClassVar[str] = "backprop"
    exact: ClassVar[bool] = True
    black_box: ClassVar[bool] = False
    growth: ClassVar[float] = 0.0
    style: ClassVar[Style] = Style("backprop", BLUE, "v", "-")
    label: ClassVar[str] = style.label

    @property
    def name(self) -> str:
        """``backprop``."""
        return "backprop"

    def obstacle(self, problem: Problem) -> str | None:
        """Say why the loss cannot be recorded or differentiated, or None."""
        return refusal(lambda: differentiate(record(problem)))

    def prepare(self, problem: Problem) -> PreparedBackprop:
        """Record, sweep and compile.

        Raises
        ------
        UnsupportedOperation
            If the loss leaves the namespace `xp`, or a primitive has no vjp rule.
        """
        return PreparedBackprop(
            problem, *compiled(problem, differentiate, lambda _, joint: _compiled(joint))
        )


def _compiled(joint: Graph) -> Program:
    return compile_graph(simplify(joint))


UNIT = ""
"""Name of the datum that `textbook_graph` adds: the derivative of the loss by itself, 1."""


def textbook_graph(problem: Problem) -> Graph:
    """Return the graph of a loss and its gradient, with slopes as textbooks write them.

    They take slopes from the rounded value of a unit, as 1 - tanh², and lose the digits that
    `Backprop` keeps where it saturates. The 1 that the sweep begins with is a datum, so that every
    operation is in the graph, also those on constants.

    Raises
    ------
    UnsupportedOperation
        As `Backprop.prepare`.
    """
    graph = recognise(record(problem))
    unit = Node((), problem.dtype, name=UNIT)
    loss = Node((), problem.dtype, get_primitive("multiply"), (unit, *graph.outputs))
    joint = Graph(graph.params, {**graph.data, UNIT: unit}, (loss,))
    return differentiate(joint, unbounded(problem.data), textbook=True)


def _operations(problem: Problem) -> int:
    """Count the scalar operations of the program for a problem."""
    joint = differentiate(recognise(record(problem)), unbounded(problem.data))
    return simplify(joint).operations().total()


class PreparedBackprop(PreparedProgram):
    """A compiled program for the loss and its gradient.

    Attributes
    ----------
    program : Program
        What was compiled; its `operations` are those of all examples together.
    """

    forward_passes = 1
    program: Program
    _provider = Backprop

    def _watches(self) -> bool:
        return Slopes(self._graph, self._graph.data).traps()

    def _compile(self, unbounded: frozenset[str]) -> Function:
        return _compiled(differentiate(self._graph, unbounded)).function

    @cached_property
    def operations(self) -> int:
        """Operators and function calls in one evaluation of the program, for one example."""
        return _operations(self.problem.on_examples(slice(1)))
