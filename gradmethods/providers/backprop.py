"""Backpropagation: reverse-mode automatic differentiation of a recorded graph.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, Learning representations by
back-propagating errors, Nature 323 (1986) 533-536.
"""

from __future__ import annotations

import contextvars
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gradmethods.errors import GradientError
from gradmethods.graph import Graph, record
from gradmethods.graph.collector import uncollected
from gradmethods.graph.program import Program, compile_graph, recognise, simplify
from gradmethods.graph.slopes import Slopes, unbounded
from gradmethods.output.style import BLUE, Style
from gradmethods.problem import Problem
from gradmethods.provider import GradientResult, PreparedGradient, Stopwatch
from gradmethods.structure import Arrays, Parameters, ParametersLike, compile_check
from gradmethods.tape import differentiate


@dataclass(frozen=True)
class Backprop:
    """Gradients by one forward and one backward pass.

    Preparation runs the loss once on traced arrays, which records its computational graph; a
    reverse sweep extends the graph by the gradient; the whole is compiled into a straight-line
    NumPy program. Evaluation runs that program: the loss is not traced again. Arrays of a gradient
    above 32 MiB are made in the memory of earlier ones that nobody holds any more; up to two of
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
        try:
            differentiate(record(problem))
        except GradientError as error:
            return str(error)
        return None

    def prepare(self, problem: Problem) -> PreparedBackprop:
        """Record, sweep and compile.

        Raises
        ------
        UnsupportedOperation
            If the loss leaves the namespace `xp`, or a primitive has no vjp rule.
        """
        watch = Stopwatch()
        with uncollected():
            with watch("trace"):
                graph = record(problem)
            with watch("differentiate"):
                graph = recognise(graph)
                joint = differentiate(graph, unbounded(problem.data))
            with watch("compile"):
                program = compile_graph(simplify(joint))
            return PreparedBackprop(problem, watch.seconds, program, graph)


def textbook_gradient(problem: Problem) -> Parameters:
    """Return the gradient at the problem's point with slopes as textbooks write them.

    They take slopes from the rounded value of a unit, as 1 - tanh², and lose the digits that
    `Backprop` keeps where it saturates.

    Raises
    ------
    UnsupportedOperation
        As `Backprop.prepare`.
    """
    graph = recognise(record(problem))
    joint = differentiate(graph, unbounded(problem.data), textbook=True)
    program = compile_graph(simplify(joint))
    return PreparedBackprop(problem, {}, program, graph)(problem.params).gradient


def _operations(problem: Problem) -> int:
    """Count the scalar operations of the program for a problem."""
    joint = differentiate(recognise(record(problem)), unbounded(problem.data))
    return simplify(joint).operations().total()


def _prepared_again(problem: Problem, preparation: dict[str, float]) -> PreparedBackprop:
    prepared = Backprop().prepare(problem)
    prepared.preparation = preparation
    return prepared


_new_tuple = tuple.__new__
"""Half the time of the named tuple's own constructor, which is a Python function."""


class PreparedBackprop(PreparedGradient):
    """A compiled program for the loss and its gradient.

    Attributes
    ----------
    program : Program
        What was compiled; its `operations` are those of all examples together.
    """

    forward_passes = 1
    value_passes = 0

    def __init__(
        self, problem: Problem, preparation: dict[str, float], program: Program, graph: Graph
    ) -> None:
        super().__init__(problem, preparation)
        self.program = program
        self._graph = graph
        # Where no infinity of the data can matter, other data need not be looked at.
        watches = Slopes(graph, graph.data).traps()
        self._known = unbounded(problem.data) if watches else frozenset(graph.data)
        self._others: dict[frozenset[str], Program] = {}
        self._fitting = compile_check(problem.structure)
        self._scalar = problem.dtype.type
        self._restore = None if problem.structure.is_dict else problem.structure.restore
        # To enter np.errstate anew takes longer than the rest of a call: it is entered once, here.
        quiet = contextvars.copy_context()
        quiet.run(np.seterr, all="ignore")
        self._quietly = quiet.run
        # The program works in buffers: one run at a time. (Twice as fast as `with`.)
        lock = threading.Lock()
        self._enter, self._leave = lock.acquire, lock.release

    def __call__(self, params: ParametersLike, **data: ArrayLike) -> GradientResult:
        """Compute the loss and its gradient, as every `PreparedGradient` does.

        Of a small network's gradient, what stands around the program is a considerable part: so it
        is spelt out here, step by step, with nothing called that can be avoided.
        """
        problem = self.problem
        arrays = self._fitting(params)
        if arrays is None:
            arrays = problem.structure.check(params)
        function, filled = self.program.function, problem.data
        if data:
            filled = problem.fill(data)
            function = self._program_for(filled).function
        self._enter()
        try:
            value, gradient = self._quietly(function, arrays, filled)
        finally:
            self._leave()
        if type(value) is not self._scalar:
            value = self._quietly(self._scalar, value)
        if self._restore is not None:
            gradient = self._restore(gradient)
        return _new_tuple(GradientResult, (value, gradient))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it was prepared for: the program works in memory of its own."""
        return _prepared_again, (self.problem, self.preparation)

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        return self._program_for(data).function(params, data)

    def _program_for(self, data: Arrays) -> Program:
        """Return the program for data, which may hold infinities where the problem's do not."""
        if len(self._known) == len(data):
            return self.program
        names = unbounded(data)
        if names <= self._known:
            return self.program
        if names not in self._others:
            self._others[names] = compile_graph(simplify(differentiate(self._graph, names)))
        return self._others[names]

    @cached_property
    def operations(self) -> int:
        """Operators and function calls in one evaluation of the program, for one example."""
        return _operations(self.problem.on_examples(slice(1)))

    def source(self) -> str:
        """Return the straight-line NumPy program."""
        return self.program.source
