"""Imaginary parts of a recorded loss, of many complex steps at once.

A narrow step leaves real parts untouched: those of all n runs of a loss are the same, to the last
digit. And what it makes of an imaginary part b, the holomorphic form of each operation, f(a + ib),
is to the last digits b times Im f(a + iε)/ε, for ε as narrow. So real parts and these factors are
computed once at a point, by `namespace`, and n runs move imaginary parts alone: those of a block of
runs together, in arrays with an axis for the run in front. Imaginary parts are counted in steps, a
power of two, by which not a digit changes; none is lost because the step is small.

Where anything is in doubt, nothing is answered here, and the loss is run over complex arrays: where
a factor leaves the range of numbers, where a function leaves its real domain, where an imaginary
part over- or underflows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.complex.functions import apart, join
from gradmethods.engines.complex.imaginary_rules import (
    FIXED,
    REFINED,
    RULES,
    Doubtful,
    Rule,
    Run,
    divided,
    has_rule,
    of_matrices,
    of_share,
    one_by_one,
    sources_of,
    weighted,
)
from gradmethods.engines.complex.namespace import Holomorphic
from gradmethods.engines.graph import Graph, Node, Recorder, record
from gradmethods.engines.graph.recognising import Recognising
from gradmethods.engines.program import share
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.primitives import TABLE, Kind, Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.xp.primitives.shapes import elementwise_shape

BLOCK = 2**14
"""Entries of the largest value, of all runs of a block together: they stay in a cache, and an
allocator keeps their memory."""

UNITS = {
    np.dtype(t): (t(np.finfo(t).eps / 2), np.finfo(t).smallest_normal)
    for t in (np.float32, np.float64)
}
"""Unit round-off and the smallest normal number."""


class _Refined(Recognising, Recorder):
    """The namespace over nodes that puts in the expressions with more digits."""

    def __init__(self) -> None:
        Recorder.__init__(self)
        Recognising.__init__(self)

    def is_constant(self, payload: Any) -> bool:
        """Say whether a payload is no node."""
        return not isinstance(payload, Node)

    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> Node:
        """Return a node for the result."""
        return Node(node.shape, node.dtype, primitive, tuple(payloads), static)

    def refine(self, payload: Node, better: Any) -> Node:
        """Return a node that has the imaginary part of a better value."""
        return Node(payload.shape, payload.dtype, REFINED, (payload, better))


def _refined(graph: Graph) -> Graph:
    """Return the graph of a loss with the expressions that keep the digits of imaginary parts."""
    xp, new = _Refined(), dict[Node, Any]()
    for node in graph.nodes():
        if node.primitive is None:
            new[node] = node
        else:
            operands = [new[x] if isinstance(x, Node) else x for x in node.operands]
            new[node] = xp.apply(node.primitive, operands, dict(node.static))
    (loss,) = graph.outputs
    return Graph(graph.params, graph.data, (new[loss] if isinstance(loss, Node) else loss,))


class Imaginary:
    """The recorded loss of a problem, ready to be run with narrow complex steps.

    Parameters
    ----------
    problem : Problem
        Of the loss.
    graph : Graph, optional
        What was recorded of it; otherwise it is recorded here.

    Raises
    ------
    UnsupportedOperation
        If the loss goes through what has no rule, or is a constant.
    """

    def __init__(self, problem: Problem, graph: Graph | None = None) -> None:
        self.problem = problem
        self.graph = _refined(share(graph or record(problem)))
        self.nodes = self.graph.nodes()
        (self.loss,) = self.graph.outputs
        if not isinstance(self.loss, Node):
            raise UnsupportedOperation("The loss is a constant.")
        self.reach = set(self.graph.params.values())
        for node in self.nodes:
            if node.dtype.kind == "f" and not self.reach.isdisjoint(sources_of(node)):
                self.reach.add(node)
        self.moving = self._moving()
        self.fixed = {
            node: FIXED[node.primitive.name](node)
            for node in self.moving
            if node.primitive is not None and node.primitive.name in FIXED
        }
        self.sources = {node: sources_of(node) for node in self.moving}
        last = {x: node for node in self.moving for x in self.sources[node]}
        self.used_up = {
            node: [x for x in self.sources[node] if last[x] is node] for node in last.values()
        }
        largest = max([_size(node) for node in (*self.graph.params.values(), *self.moving)])
        info = np.finfo(problem.dtype)
        self.wide, self.alike = 2.0 ** (2 * info.maxexp // 3), 2 * float(info.eps)
        self.capacity = max(1, BLOCK // max(largest, 1))

    def _moving(self) -> list[Node]:
        """Return the operations that parameters reach, and that reach the loss."""
        wanted: set[Node | None] = {self.loss}
        for node in reversed(self.nodes):
            if node in wanted:
                wanted.update(sources_of(node))
        moving = []
        for node in self.nodes:
            if node.primitive is None or node not in self.reach or node not in wanted:
                continue
            if not has_rule(node.primitive):
                raise UnsupportedOperation(f"{node.primitive.spelling} has no rule for many runs.")
            moving.append(node)
        return moving

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the problem: a graph is deeper than pickles go."""
        return Imaginary, (self.problem,)

    def blocks(self, part: slice) -> Iterator[tuple[int, int]]:
        """Cut a part of the flat parameters into blocks of runs.

        A block moves entries of one array, on which few values depend; of all arrays where all runs
        are few.
        """
        size = self.problem.size
        few = size <= self.capacity
        ends = [size] if few else accumulate(map(_size, self.graph.params.values()))
        for start, end in pairwise((0, *ends)):
            first, last = max(start, part.start), min(end, part.stop)
            for i in range(first, last, self.capacity):
                yield i, min(i + self.capacity, last)

    def at(self, params: Arrays, data: Arrays) -> Slopes:
        """Compute what all runs at a point have in common.

        Raises
        ------
        Doubtful
            If the runs have to be made over complex arrays.
        """
        return Slopes(self, params, data)


class Slopes:
    """The real parts of a loss at a point, and what they make of imaginary parts.

    Parameters
    ----------
    loss : Imaginary
        The loss.
    params, data : dict of str to numpy.ndarray
        The point.
    """

    def __init__(self, loss: Imaginary, params: Arrays, data: Arrays) -> None:
        self._loss, self._xp = loss, Holomorphic()
        self._values: dict[Node, Any] = {}
        for inputs, given in ((loss.graph.params, params), (loss.graph.data, data)):
            self._values |= {node: given[name] for name, node in inputs.items()}
        try:
            with np.errstate(all="ignore", under="raise"):
                for node in loss.nodes:
                    if node.primitive is not None:
                        value = node.primitive.numpy(*self._operands(node), **node.static)
                        self._values[node] = np.asarray(value)
        except FloatingPointError as error:  # what is made of it has lost digits
            raise Doubtful from error
        with np.errstate(all="ignore"):
            self._rules = {node: loss.fixed.get(node) or self._rule(node) for node in loss.moving}
        if self._xp.faint or self._xp.coarse or self._xp.outside:
            raise Doubtful

    @property
    def value(self) -> float:
        """The real part of the loss."""
        return float(self._values[self._loss.loss])

    def derivatives(self, part: slice) -> NDArray[Any]:
        """Return the derivatives by a part of the flat parameters, NaN where they are in doubt."""
        found = np.empty(part.stop - part.start, self._loss.problem.dtype)
        for first, last in self._loss.blocks(part):
            found[first - part.start : last - part.start] = self._decided(first, last)
        return found

    def _decided(self, first: int, last: int) -> Any:
        """Make runs; what underflowed does not matter where larger steps find the same slopes."""
        try:
            with np.errstate(all="raise"):
                return self._run(first, last)
        except FloatingPointError:
            pass
        try:
            with np.errstate(all="raise", under="ignore"):
                slopes = self._run(first, last)
                again = self._run(first, last, self._loss.wide) / self._loss.wide
        except FloatingPointError:
            return np.nan
        alike = (slopes != 0) & (abs(again - slopes) <= self._loss.alike * abs(slopes))
        return np.where(alike, again, np.nan)

    def _run(self, first: int, last: int, step: float = 1) -> Any:
        """Make runs, each with another of the flat parameters moved by a step."""
        imaginary: dict[Node | None, Run] = {}
        rows, end = np.arange(last - first), 0
        for node in self._loss.graph.params.values():
            start, end = end, end + _size(node)
            if first < end and start < last:
                runs = np.zeros((last - first, end - start), node.dtype)
                here = slice(max(start - first, 0), end - first)
                runs[rows[here], rows[here] + (first - start)] = step
                imaginary[node] = runs.reshape(last - first, *node.shape)
        for node in self._loss.moving:
            runs_of_sources = [imaginary.get(x) for x in self._loss.sources[node]]
            if any(run is not None for run in runs_of_sources):
                imaginary[node] = self._rules[node](runs_of_sources)
            for x in self._loss.used_up.get(node, ()):
                imaginary.pop(x, None)
        derivatives = imaginary.get(self._loss.loss)
        return np.zeros(last - first) if derivatives is None else derivatives.reshape(-1)

    def _operands(self, node: Node) -> list[Any]:
        return [self._values[x] if isinstance(x, Node) else x for x in node.operands]

    def _rule(self, node: Node) -> Rule:
        """Make what finds the imaginary part of a result from those of its sources."""
        primitive, real = node.primitive, self._operands(node)
        assert primitive is not None
        if primitive.name in RULES:
            return RULES[primitive.name](node, real)
        if primitive.name == "divide" and not self._moves(node.operands[1]):
            return partial(divided, node, real[1])
        if primitive is QUOTIENT:
            return partial(weighted, node, self._of_quotient(node, real))
        if primitive is NORMALISED:
            factors = self._factors(TABLE["divide"], node.operands[:2], real[:2])
            return partial(of_share, node, factors, real)
        if primitive.shape is elementwise_shape:
            return partial(weighted, node, self._factors(primitive, node.operands, real))
        if primitive.kind is Kind.MATRIX:
            return partial(of_matrices, node, real)
        return partial(one_by_one, node, real[1:])

    def _moves(self, operand: Any) -> bool:
        return isinstance(operand, Node) and operand in self._loss.reach

    def _factors(
        self, primitive: Primitive, operands: Sequence[Any], real: list[Any]
    ) -> list[NDArray[Any] | None]:
        """Return Im f/ε for a step ε of each operand that has an imaginary part."""
        return [
            self._factor(primitive, real, i) if self._moves(x) else None
            for i, x in enumerate(operands)
        ]

    def _factor(self, primitive: Primitive, real: list[Any], position: int) -> NDArray[Any]:
        x = np.asarray(real[position])
        step = _narrow(x)
        moved = [*real[:position], join(x, step), *real[position + 1 :]]
        imaginary = self._xp.imaginary(primitive, moved)
        try:
            with np.errstate(all="raise"):
                factor: NDArray[Any] = imaginary / step
        except FloatingPointError as error:
            raise Doubtful from error
        return factor

    def _of_quotient(self, node: Node, real: list[Any]) -> list[Any]:
        """Return the factors of the denominator and of the parts; the numerator needs none."""
        static, divide = node.static, TABLE["divide"]
        _, d, *parts = node.operands[: 2 + len(static["powers"])]
        values = real[2 : 2 + len(parts)]
        weights = apart(real[1], values, static["above"], static["below"])
        shares = [
            self._factors(divide, (x, d), [value, real[1]])
            for x, value in zip(parts, values, strict=True)
        ]
        pairs = [*zip(weights, shares, strict=True)]
        by_d = sum(w * share[1] for w, share in pairs if share[1] is not None)
        return [by_d, *(None if share[0] is None else w * share[0] for w, share in pairs)]


def _size(node: Node) -> int:
    return math.prod(node.shape)


def _narrow(x: NDArray[Any]) -> NDArray[Any]:
    """Return a power of two that is nothing beside x, u² |x| or a little more; u² beside 0."""
    u, least = UNITS[x.dtype]
    step = np.asarray(np.maximum(np.spacing(np.abs(x)) * u, least))
    step[x == 0] = u * u
    return step
