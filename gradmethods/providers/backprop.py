"""Backpropagation: reverse-mode automatic differentiation of a recorded graph.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, Learning representations by
back-propagating errors, Nature 323 (1986) 533-536.
"""

from __future__ import annotations

import contextvars
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradmethods.errors import GradientError
from gradmethods.examples import first_example
from gradmethods.graph import record
from gradmethods.problem import Problem
from gradmethods.provider import PreparedGradient, Stopwatch
from gradmethods.structure import Arrays
from gradmethods.tape import Program, compile_graph, differentiate, recognise, simplify


@dataclass(frozen=True)
class Backprop:
    """Gradients by one forward and one backward pass.

    Preparation runs the loss once on traced arrays, which records its computational graph; a
    reverse sweep extends the graph by the gradient; the whole is compiled into a straight-line
    NumPy program. Evaluation runs that program: the loss is not traced again.

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
        p0 = params['']                            # (2,)
        v1 = exp(p0)                               # exp (2,)
        v2 = add_reduce(v1, 0, None, None, False)  # sum ()
        return v2, {'': v1}
    <BLANKLINE>
    """

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
        with watch("trace"):
            graph = record(problem)
        with watch("differentiate"):
            joint = differentiate(recognise(graph))
        with watch("compile"):
            program = compile_graph(simplify(joint))
        return PreparedBackprop(problem, watch.seconds, program)


def _operations(problem: Problem) -> int:
    """Count the scalar operations of the program for a problem."""
    return simplify(differentiate(recognise(record(problem)))).operations().total()


class PreparedBackprop(PreparedGradient):
    """A compiled program for the loss and its gradient.

    Attributes
    ----------
    program : Program
        What was compiled; its `operations` are those of all examples together.
    """

    forward_passes = 1
    value_passes = 0

    def __init__(self, problem: Problem, preparation: dict[str, float], program: Program) -> None:
        super().__init__(problem, preparation)
        self.program = program
        self._lock = threading.Lock()
        # To enter np.errstate anew takes longer than the rest of a call: it is entered once, here.
        self._quiet = contextvars.copy_context()
        self._quiet.run(np.seterr, all="ignore")

    def _run(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        with self._lock:  # the program works in buffers: one run at a time
            return self._quiet.run(self.program.function, params, data)

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        return self.program.function(params, data)

    @cached_property
    def operations(self) -> int:
        """Operators and function calls in one evaluation of the program, for one example."""
        return _operations(first_example(self.problem))

    def source(self) -> str:
        """Return the straight-line NumPy program."""
        return self.program.source
