"""What methods have in common that run a program compiled from a graph."""

from __future__ import annotations

import contextvars
import threading
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from gradmethods.core.problem import Problem
from gradmethods.core.provider import GradientResult, PreparedGradient, Provider, Stopwatch
from gradmethods.core.structure import Arrays, ParametersLike, compile_check
from gradmethods.engines.graph import Graph, record
from gradmethods.engines.graph.record import uncollected
from gradmethods.engines.graph.slopes import unbounded
from gradmethods.engines.program import recognise
from gradmethods.errors import GradientError

Function = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, dict[str, Any]]]

_new_tuple = tuple.__new__
"""Half the time of the named tuple's own constructor, which is a Python function."""


BUFFER = 512
"""Entries of NumPy's own buffers while a program runs. It copies through them what a ufunc repeats
along rows that are shorter than a third of one, which takes three times as long as without."""

Derived = TypeVar("Derived")
Compiled = TypeVar("Compiled")


def refusal(attempt: Callable[[], object]) -> str | None:
    """Return what an attempt to differentiate is refused with, or None."""
    try:
        attempt()
    except GradientError as error:
        return str(error)
    return None


def compiled(
    problem: Problem,
    differentiate: Callable[[Graph, Collection[str]], Derived],
    compile_: Callable[[Graph, Derived], Compiled],
) -> tuple[dict[str, float], Compiled, Graph]:
    """Record a loss, differentiate its graph and compile the result.

    Returns the seconds of each part, what was compiled, and the graph of the loss.
    """
    watch = Stopwatch()
    with uncollected():
        with watch("trace"):
            graph = record(problem)
        with watch("differentiate"):
            graph = recognise(graph)
            derived = differentiate(graph, unbounded(problem.data))
        with watch("compile"):
            return watch.seconds, compile_(graph, derived), graph


def _prepared_again(
    provider: Provider, problem: Problem, preparation: dict[str, float]
) -> PreparedGradient:
    prepared = provider.prepare(problem)
    prepared.preparation = preparation
    return prepared


class PreparedProgram(PreparedGradient):
    """A function of parameters and data that works in buffers, and its guards.

    Parameters
    ----------
    problem, preparation
        As of every prepared gradient.
    program : Program or Programs
        Its ``function(params, data)`` returns the value and the gradient, for the problem's data.
    graph : Graph
        The graph of the loss.
    """

    value_passes = 0
    _provider: ClassVar[type[Any]]
    """What prepares it."""

    def __init__(
        self, problem: Problem, preparation: dict[str, float], program: Any, graph: Graph
    ) -> None:
        super().__init__(problem, preparation)
        self.program = program
        self._graph = graph
        self._function: Function = program.function
        self._others: dict[frozenset[str], Function] = {}
        self._fitting = compile_check(problem.structure)
        self._scalar = problem.dtype.type
        self._restore = None if problem.structure.is_dict else problem.structure.restore
        # To enter np.errstate anew takes longer than the rest of a call: it is entered once, here.
        quiet = contextvars.copy_context()
        quiet.run(np.seterr, all="ignore")
        quiet.run(np.setbufsize, BUFFER)
        self._quietly = quiet.run
        # The program works in buffers: one run at a time. (Twice as fast as `with`.)
        lock = threading.Lock()
        self._enter, self._leave = lock.acquire, lock.release

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it was prepared for: the program works in memory of its own."""
        return _prepared_again, (self._provider(), self.problem, self.preparation)

    def source(self) -> str:
        """Return the straight-line NumPy program; of several, one after another."""
        return str(self.program.source)

    def __call__(self, params: ParametersLike, **data: ArrayLike) -> GradientResult:
        """Compute the loss and its gradient, as every `PreparedGradient` does.

        Of a small network's gradient, what stands around the program is a considerable part: so it
        is spelt out here, step by step, with nothing called that can be avoided.
        """
        problem = self.problem
        arrays = self._fitting(params)
        if arrays is None:
            arrays = problem.structure.check(params)
        function, filled = self._function, problem.data
        if data:
            filled = problem.fill(data)
            function = self._function_for(filled)
        self._enter()
        try:
            value, gradient = self._quietly(function, arrays, filled)
            if type(value) is not self._scalar:
                value = self._quietly(self._scalar, value)
        finally:
            self._leave()
        if self._restore is not None:
            gradient = self._restore(gradient)
        return _new_tuple(GradientResult, (value, gradient))

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        return self._function_for(data)(params, data)

    def _function_for(self, data: Arrays) -> Function:
        """Return the program for data, which may hold infinities where the problem's do not."""
        if len(self._known) == len(data):
            return self._function
        names = unbounded(data)
        if names <= self._known:
            return self._function
        if names not in self._others:
            self._others[names] = self._compile(names)
        return self._others[names]

    @cached_property
    def _known(self) -> frozenset[str]:
        """The data that may hold infinities or NaN: looked at when there are others first."""
        data = self.problem.data
        return unbounded(data) if self._watches() else frozenset(data)

    @abstractmethod
    def _watches(self) -> bool:
        """Say whether other data can need another program, because of infinities or NaN."""

    @abstractmethod
    def _compile(self, unbounded: frozenset[str]) -> Function:
        """Compile the program for data of which some hold infinities or NaN."""
