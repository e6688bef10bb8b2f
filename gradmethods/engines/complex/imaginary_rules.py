"""How imaginary parts go through operations, those of many runs at once.

For given real parts all of it is linear: moves, sums and products are here, and factors that were
found by complex arithmetic serve for the rest; functions of whole matrices are evaluated for all
runs together. See `imaginary_parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.complex.functions import join
from gradmethods.engines.complex.namespace import Holomorphic
from gradmethods.engines.graph import Node
from gradmethods.xp.primitives import Kind, Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT
from gradmethods.xp.primitives.shapes import count_nothing, elementwise_shape

REFINED = Primitive("refined", lambda x, _: x, elementwise_shape, count_nothing)
"""A value, whose imaginary part is that of the same expression with more digits."""

Run = NDArray[Any]
"""Imaginary parts, with an axis for the run in front; axes of length 1 may stand for longer ones
where they are broadcast."""
Rule = Callable[[Sequence[Run | None]], Run]
"""Makes the imaginary part of a result of those of some operands, None where there is none."""


NARROW = 400
"""How small the largest entry of a step in matrices is, in powers of two: nothing beside any matrix
within `matrices.within_range`, and products with one are numbers."""


class Doubtful(ArithmeticError):
    """Something that only a run over complex arrays can decide."""


def has_rule(primitive: Primitive) -> bool:
    """Say whether many runs can go through a primitive at once."""
    known = primitive.name in (*FIXED, *RULES, QUOTIENT.name, NORMALISED.name)
    known = known or primitive.kind in (Kind.MOVE, Kind.MATRIX)
    return known or primitive.shape is elementwise_shape


def sources_of(node: Node) -> list[Node | None]:
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


def _aligned(run: Run, ndim: int) -> Run:
    """Put axes of length 1 behind that of the runs, so that the last axes meet."""
    missing = ndim + 1 - run.ndim
    return run.reshape(len(run), *(1,) * missing, *run.shape[1:]) if missing > 0 else run


def _whole(node: Node, run: Run) -> Run:
    """Repeat what was computed of short axes."""
    shape = (len(run), *node.shape)
    return run if run.shape == shape else np.broadcast_to(_aligned(run, len(node.shape)), shape)


def weighted(node: Node, factors: Sequence[Any], runs: Sequence[Run | None]) -> Run:
    """Add up imaginary parts times factors, of those there are."""
    ndim, total = len(node.shape), None
    for run, factor in zip(runs, factors, strict=True):
        if run is not None:
            term = np.multiply(_aligned(run, ndim), factor)
            total = term if total is None else np.add(total, term)
    assert total is not None
    return _whole(node, total)


def divided(node: Node, by: Any, runs: Sequence[Run | None]) -> Run:
    """Divide by what does not move."""
    return _whole(node, np.divide(_aligned(_there(runs), len(node.shape)), by))


def _where(node: Node, real: list[Any]) -> Rule:
    first = real[0] != 0
    return partial(weighted, node, [None, first, ~first])


def _linear(signs: tuple[int, ...], node: Node) -> Rule:
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
    return partial(weighted, node, real[::-1])


def _refined_part(node: Node) -> Rule:
    return lambda runs: _whole(node, _there(runs))


def _matmul(node: Node, real: list[Any]) -> Rule:
    a, b = real
    ndim = len(node.shape)

    def rule(runs: Sequence[Run | None]) -> Run:
        first, second = (None if x is None else _aligned(x, ndim) for x in runs)
        terms: list[Run] = []
        if first is not None:
            terms.append(np.matmul(np.ascontiguousarray(first), b))
        if second is not None:
            terms.append(np.matmul(a, np.ascontiguousarray(second)))
        return terms[0] if len(terms) == 1 else np.asarray(np.add(*terms))

    return rule


def _sum(node: Node, share: Any = None) -> Rule:
    """Add up along axes, of each entry its share if there is one."""
    behind, keepdims = tuple(i + 1 for i in node.static["axis"]), node.static["keepdims"]

    def rule(runs: Sequence[Run | None]) -> Run:
        run = _there(runs)
        run = run if share is None else np.multiply(run, share)
        return np.asarray(np.add.reduce(run, behind, keepdims=keepdims))

    return rule


def _extreme(node: Node, real: list[Any]) -> Rule:
    """Add up what the entries contribute that attain the extreme."""
    (x,), axis = real, node.static["axis"]
    assert node.primitive is not None
    attained = x == node.primitive.numpy(x, axis=axis, keepdims=True)
    count = np.sum(attained, axis=axis, keepdims=True, dtype=x.dtype)
    return _sum(node, attained / count)


def _cumulative_sum(node: Node) -> Rule:
    axis = node.static["axis"] % len(node.shape) + 1
    return lambda runs: np.asarray(np.add.accumulate(_there(runs), axis))


def _reshape(node: Node) -> Rule:
    return lambda runs: (run := _there(runs)).reshape(len(run), *node.shape)


def _permute_dims(node: Node) -> Rule:
    axes = (0, *(i + 1 for i in node.static["axes"]))
    return lambda runs: _there(runs).transpose(axes)


def _getitem(node: Node, real: list[Any]) -> Rule:
    if len(real) > 1:  # arrays of places
        return partial(one_by_one, node, real[1:])
    index = (slice(None), *node.static["index"])
    return lambda runs: _there(runs)[index]


def _astype(node: Node) -> Rule:
    return lambda runs: _there(runs).astype(node.dtype)


def _concat(node: Node) -> Rule:
    shapes = [np.shape(x) for x in node.operands]

    def rule(runs: Sequence[Run | None]) -> Run:
        count = len(_there(runs))
        parts = [
            np.zeros((count, *shape), node.dtype) if run is None else run
            for run, shape in zip(runs, shapes, strict=True)
        ]
        return np.concatenate(parts, node.static["axis"] % len(node.shape) + 1)

    return rule


def one_by_one(node: Node, others: list[Any], runs: Sequence[Run | None]) -> Run:
    """Move entries as NumPy does, of one run after another."""
    assert node.primitive is not None
    move = partial(node.primitive.numpy, **node.static)
    return np.stack([move(run, *others) for run in _there(runs)])


def of_matrices(node: Node, real: list[Any], runs: Sequence[Run | None]) -> Run:
    """Evaluate a function of whole matrices of all runs at once, a narrow step each, in doubles."""
    assert node.primitive is not None
    ndim = max(map(np.ndim, real))  # beside a stack
    runs = [run if run is None else _aligned(run, ndim) for run in runs]
    there = [run for run in runs if run is not None]
    size = np.max([np.abs(run).reshape(len(run), -1).max(1, initial=0) for run in there], axis=0)
    step = np.ldexp(1.0, -NARROW - np.frexp(size)[1].astype(int))
    xp = Holomorphic()
    with np.errstate(all="ignore"):
        moved = [
            x if run is None else join(np.float64(x), np.multiply(run, _beside(step, run)))
            for x, run in zip(real, runs, strict=True)
        ]
        found = xp.apply(node.primitive, moved, dict(node.static)).imag
        found = np.divide(found, _beside(step, found))
    if xp.faint or xp.coarse or xp.outside:
        raise FloatingPointError
    return np.asarray(found, node.dtype)


def _beside(step: NDArray[Any], run: Run) -> NDArray[Any]:
    return step.reshape(-1, *(1,) * (run.ndim - 1))


def of_share(
    node: Node, factors: Sequence[Any], real: list[Any], runs: Sequence[Run | None]
) -> Run:
    """Divide by a sum; the largest entry loses what the others gain, as in `normalised`."""
    axis = node.static["axis"]
    share = real[0] / real[1]
    largest = share == np.max(share, axis=axis, keepdims=True)
    alone = largest & (np.sum(largest, axis=axis, keepdims=True) == 1)
    run = weighted(node, factors, runs)
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


FIXED: dict[str, Callable[[Node], Rule]] = {
    "add": partial(_linear, (1, 1)),
    "subtract": partial(_linear, (1, -1)),
    "negative": partial(_linear, (-1,)),
    "sum": _sum,
    "cumulative_sum": _cumulative_sum,
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "broadcast_to": _refined_part,
    "astype": _astype,
    "concat": _concat,
    REFINED.name: _refined_part,
}
"""Rules of operations that treat imaginary parts the same at all points."""

RULES: dict[str, Callable[[Node, list[Any]], Rule]] = {
    "multiply": _multiply,
    "where": _where,
    "matmul": _matmul,
    "max": _extreme,
    "min": _extreme,
    "sort": _sort,
    "getitem": _getitem,
}
"""Rules of operations that are linear in imaginary parts, for given real ones; factors serve for
the rest."""
