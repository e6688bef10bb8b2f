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
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.complex.doubts import NORMAL
from gradmethods.engines.complex.functions import apart, join
from gradmethods.engines.complex.namespace import Holomorphic
from gradmethods.engines.graph import Graph, Node, Recorder, record
from gradmethods.engines.graph.recognising import Recognising
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.primitives import TABLE, Kind, Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.xp.primitives.shapes import count_nothing, elementwise_shape

BLOCK = 2**17
"""Entries of the largest value, of all runs of a block together: they stay in a cache."""

REFINED = Primitive("refined", lambda x, _: x, elementwise_shape, count_nothing)
"""A value, whose imaginary part is that of the same expression with more digits."""

Run = NDArray[Any]
"""Imaginary parts, with an axis for the run in front; axes of length 1 may stand for longer ones
where they are broadcast."""
Rule = Callable[[Sequence[Run | None]], Run]
"""Makes the imaginary part of a result of those of some operands, None where there is none."""


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
    return Graph(
        graph.params, graph.data, (new.get(loss, loss) if isinstance(loss, Node) else loss,)
    )


class Doubtful(ArithmeticError):
    """Something that only a run over complex arrays can decide."""


class Imaginary:
    """The recorded loss of a problem, ready to be run with narrow complex steps.

    Parameters
    ----------
    problem : Problem
        Of the loss.

    Raises
    ------
    UnsupportedOperation
        If the loss cannot be recorded, or goes through functions of whole matrices.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.graph = _refined(record(problem))
        self.nodes = self.graph.nodes()
        (self.loss,) = self.graph.outputs
        reach = {node: {name} for name, node in self.graph.params.items()}
        for node in self.nodes:
            names: set[str] = set().union(
                *(reach[x] for x in _sources(node) if x is not None and x in reach)
            )
            if names and node.dtype.kind == "f":
                reach[node] = names
        self.reach = reach
        wanted = {self.loss} if isinstance(self.loss, Node) else set()
        for node in reversed(self.nodes):
            if node in wanted:
                wanted.update(x for x in _sources(node) if x is not None and x in reach)
        moving = [node for node in self.nodes if node in reach and node in wanted]
        self.moving = [node for node in moving if node.primitive is not None]
        for node in self.moving:
            assert node.primitive is not None
            if not _has_rule(node.primitive):
                raise UnsupportedOperation(f"{node.primitive.spelling} has no rule for many runs.")
        self.sources = {node: _sources(node) for node in self.moving}
        self.paths = {
            name: [node for node in self.moving if name in reach[node]]
            for name in self.graph.params
        }
        self.capacity = {
            name: max(1, BLOCK // max(math.prod(x.shape) for x in (self.graph.params[name], *path)))
            for name, path in self.paths.items()
            if 0 not in self.graph.params[name].shape
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the problem: a graph is deeper than pickles go."""
        return Imaginary, (self.problem,)

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
        with np.errstate(all="ignore"):
            for node in loss.nodes:
                if node.primitive is not None:
                    operands = self._operands(node)
                    self._values[node] = np.asarray(node.primitive.numpy(*operands, **node.static))
            self._rules = {node: self._rule(node) for node in loss.moving}
        if self._xp.faint or self._xp.coarse or self._xp.outside:
            raise Doubtful

    def derivatives(self, part: slice) -> NDArray[Any]:
        """Return the derivatives by a part of the flat parameters, NaN where they are in doubt."""
        found, end = [], 0
        for name, node in self._loss.graph.params.items():
            start, end = end, end + math.prod(node.shape)
            first, last = max(start, part.start), min(end, part.stop)
            if first >= last:
                continue
            for i in range(first, last, self._loss.capacity[name]):
                count = min(self._loss.capacity[name], last - i)
                try:
                    with np.errstate(all="raise"):
                        found.append(self._run(name, node, i - start, count))
                except FloatingPointError:
                    found.append(np.full(count, np.nan, node.dtype))
        return np.concat(found)

    def _run(self, name: str, node: Node, first: int, count: int) -> NDArray[Any]:
        """Make runs, each with another entry of an array moved by a step of 1."""
        runs = np.zeros((count, math.prod(node.shape)), node.dtype)
        runs[np.arange(count), np.arange(first, first + count)] = 1
        imaginary: dict[Node | None, Run] = {node: runs.reshape(count, *node.shape)}
        for result in self._loss.paths[name]:
            imaginary[result] = self._rules[result](
                [imaginary.get(x) for x in self._loss.sources[result]]
            )
        derivatives = imaginary.get(self._loss.loss)
        return np.zeros(count, node.dtype) if derivatives is None else derivatives.reshape(count)

    def _operands(self, node: Node) -> list[Any]:
        return [self._values[x] if isinstance(x, Node) else x for x in node.operands]

    def _rule(self, node: Node) -> Rule:
        """Make what finds the imaginary part of a result from those of its sources."""
        primitive, real = node.primitive, self._operands(node)
        assert primitive is not None
        if primitive.name in RULES:
            return RULES[primitive.name](node, real)
        if primitive is QUOTIENT:
            return partial(_added, node, self._of_quotient(node, real))
        if primitive is NORMALISED:
            factors = self._factors(TABLE["divide"], node.operands[:2], real[:2])
            return partial(_normalised, node, factors, real)
        if primitive.shape is elementwise_shape:
            return partial(_added, node, self._factors(primitive, node.operands, real))
        return partial(_one_by_one, node, real[1:])

    def _factors(
        self, primitive: Primitive, operands: Sequence[Any], real: list[Any]
    ) -> list[NDArray[Any] | None]:
        """Return Im f/ε for a step ε of each operand that has an imaginary part."""
        return [
            self._factor(primitive, real, i)
            if isinstance(operand, Node) and operand in self._loss.reach
            else None
            for i, operand in enumerate(operands)
        ]

    def _factor(self, primitive: Primitive, real: list[Any], position: int) -> NDArray[Any]:
        x = np.asarray(real[position])
        step = _narrow(x)
        moved = [*real[:position], join(x, step), *real[position + 1 :]]
        imaginary = self._xp.apply(primitive, moved, {}).imag
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


def _has_rule(primitive: Primitive) -> bool:
    """Say whether many runs can go through a primitive at once."""
    known = primitive.name in RULES or primitive in (QUOTIENT, NORMALISED)
    return known or primitive.shape is elementwise_shape or primitive.kind is Kind.MOVE


def _sources(node: Node) -> list[Node | None]:
    """Return the operands from which the imaginary part of a result comes, None if it cannot."""
    primitive, operands = node.primitive, node.operands
    if primitive is None or primitive.kind is Kind.STEP:
        return []
    if primitive is REFINED:
        operands = operands[1:]
    elif primitive is QUOTIENT:
        operands = operands[1 : 2 + len(node.static["powers"])]
    elif primitive is NORMALISED:
        operands = operands[:2]
    return [x if isinstance(x, Node) else None for x in operands]


def _narrow(x: NDArray[Any]) -> NDArray[Any]:
    """Return a power of two that is nothing beside x, u² |x| or a little more; u² beside 0."""
    u = x.dtype.type(np.finfo(x.dtype).eps / 2)
    return np.where(x == 0, u * u, np.maximum(np.spacing(abs(x)) * u, NORMAL[x.dtype]))


def _aligned(run: Run, ndim: int) -> Run:
    """Put axes of length 1 behind that of the runs, so that the last axes meet."""
    missing = ndim + 1 - run.ndim
    return run.reshape(len(run), *(1,) * missing, *run.shape[1:]) if missing > 0 else run


def _whole(node: Node, run: Run) -> Run:
    """Repeat what was computed of short axes."""
    shape = (len(run), *node.shape)
    return run if run.shape == shape else np.broadcast_to(_aligned(run, len(node.shape)), shape)


def _added(node: Node, factors: Sequence[Any], runs: Sequence[Run | None]) -> Run:
    """Add up imaginary parts times factors, of those there are."""
    ndim, total = len(node.shape), None
    for run, factor in zip(runs, factors, strict=True):
        if run is not None:
            term = np.multiply(_aligned(run, ndim), factor)
            total = term if total is None else np.add(total, term)
    assert total is not None
    return _whole(node, total)


def _linear(signs: tuple[int, ...], node: Node, _: Any) -> Rule:
    def rule(runs: Sequence[Run | None]) -> Run:
        ndim, total = len(node.shape), None
        for run, sign in zip(runs, signs, strict=True):
            if run is not None:
                term = _aligned(run, ndim)
                if total is None:
                    total = term if sign > 0 else np.negative(term)
                else:
                    total = (np.add if sign > 0 else np.subtract)(total, term)
        assert total is not None
        return _whole(node, total)

    return rule


def _multiply(node: Node, real: list[Any]) -> Rule:
    return partial(_added, node, real[::-1])


def _refined_part(node: Node, _: Any) -> Rule:
    return lambda runs: _whole(node, _there(runs))


def _matmul(node: Node, real: list[Any]) -> Rule:
    a, b = real
    ndim = len(node.shape)

    def rule(runs: Sequence[Run | None]) -> Run:
        first, second = (None if x is None else _aligned(x, ndim) for x in runs)
        along = None if first is None else np.matmul(np.ascontiguousarray(first), b)
        if second is None:
            assert along is not None
            return along
        across = np.matmul(a, np.ascontiguousarray(second))
        return across if along is None else np.add(along, across)

    return rule


def _reduced(node: Node, real: list[Any]) -> Rule:
    """Add up along axes; of extremes, the shares of the entries that attain them."""
    primitive, axis = node.primitive, node.static["axis"]
    assert primitive is not None
    share: Any = None
    if primitive.name != "sum":
        (x,) = real
        attained = x == primitive.numpy(x, axis=axis, keepdims=True)
        share = attained / np.sum(attained, axis=axis, keepdims=True, dtype=x.dtype)
    behind, keepdims = tuple(i + 1 for i in axis), node.static["keepdims"]

    def rule(runs: Sequence[Run | None]) -> Run:
        run = _there(runs)
        run = run if share is None else np.multiply(run, share)
        return np.asarray(np.add.reduce(run, behind, keepdims=keepdims))

    return rule


def _cumulative_sum(node: Node, _: Any) -> Rule:
    axis = node.static["axis"] % len(node.shape) + 1
    return lambda runs: np.asarray(np.add.accumulate(_there(runs), axis))


def _reshape(node: Node, _: Any) -> Rule:
    return lambda runs: (run := _there(runs)).reshape(len(run), *node.shape)


def _permute_dims(node: Node, _: Any) -> Rule:
    axes = (0, *(i + 1 for i in node.static["axes"]))
    return lambda runs: _there(runs).transpose(axes)


def _getitem(node: Node, real: list[Any]) -> Rule:
    index = node.static["index"]
    if len(real) > 1:
        return partial(_one_by_one, node, real[1:])
    return lambda runs: _there(runs)[(slice(None), *index)]


def _astype(node: Node, _: Any) -> Rule:
    return lambda runs: _there(runs).astype(node.dtype)


def _concat(node: Node, real: list[Any]) -> Rule:
    shapes = [np.shape(x) for x in real]

    def rule(runs: Sequence[Run | None]) -> Run:
        count = len(_there(runs))
        parts = [
            np.zeros((count, *shape), node.dtype) if run is None else run
            for run, shape in zip(runs, shapes, strict=True)
        ]
        return np.concatenate(parts, node.static["axis"] % len(node.shape) + 1)

    return rule


def _one_by_one(node: Node, others: list[Any], runs: Sequence[Run | None]) -> Run:
    """Move entries as NumPy does, of one run after another."""
    assert node.primitive is not None
    move = partial(node.primitive.numpy, **node.static)
    return np.stack([move(run, *others) for run in _there(runs)])


def _normalised(
    node: Node, factors: Sequence[Any], real: list[Any], runs: Sequence[Run | None]
) -> Run:
    """Divide by a sum; the largest entry loses what the others gain, as in `normalised`."""
    axis = node.static["axis"]
    share = real[0] / real[1]
    largest = share == np.max(share, axis=axis, keepdims=True)
    alone = largest & (np.sum(largest, axis=axis, keepdims=True) == 1)
    run = _added(node, factors, runs)
    rest = np.where(alone, 0, run)
    others = np.add.reduce(rest, tuple(i + 1 for i in axis), keepdims=True)
    return np.where(alone, -others, rest)


def _sort(node: Node, real: list[Any]) -> Rule:
    (x,) = real
    axis = node.static["axis"] % x.ndim
    order = np.expand_dims(np.argsort(x, axis=axis, stable=True), 0)
    if not np.all(np.diff(np.sort(x, axis=axis), axis=axis) > 0):  # entries that tie share
        raise Doubtful
    return lambda runs: np.take_along_axis(_there(runs), order, axis + 1)


def _there(runs: Sequence[Run | None]) -> Run:
    """Return the first imaginary part that there is."""
    return next(run for run in runs if run is not None)


RULES: dict[str, Callable[[Node, list[Any]], Rule]] = {
    "add": partial(_linear, (1, 1)),
    "subtract": partial(_linear, (1, -1)),
    "negative": partial(_linear, (-1,)),
    "multiply": _multiply,
    "matmul": _matmul,
    "sum": _reduced,
    "max": _reduced,
    "min": _reduced,
    "cumulative_sum": _cumulative_sum,
    "sort": _sort,
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "broadcast_to": _refined_part,
    "getitem": _getitem,
    "astype": _astype,
    "concat": _concat,
    REFINED.name: _refined_part,
}
"""Of what is linear in imaginary parts, for given real ones; factors serve for the rest."""
