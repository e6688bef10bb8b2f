"""Arrays of names: the loss, run stage by stage, without an expression that grows."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import S

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.tips import is_root
from gradmethods.engines.symbolic.arrays import Expressions, Symbolic, expressions, integers
from gradmethods.engines.symbolic.functions import boxed, function, row_of
from gradmethods.engines.symbolic.matrices import Call, called
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.numbers import condition, number
from gradmethods.xp.primitives import Hole, Kind, Primitive, fill_index
from gradmethods.xp.primitives.quotients import QUOTIENT

MOVES = ("reshape", "permute_dims", "broadcast_to", "getitem", "concat")


class Stages(Symbolic):
    """The namespace over arrays of names; entries are `Atom`s.

    Parameters
    ----------
    names : Names
        The table.
    literal : callable
        Makes expressions of numbers.
    """

    overflows = True

    def __init__(self, names: Names, literal: Callable[[Any], Any]) -> None:
        super().__init__(literal)
        self._names = names

    def entries(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Name the entries of the result that `node` describes."""
        zero = self._names.atom(self.literal(0))
        if (
            primitive.name == "getitem"
            and sum(isinstance(p, Expressions) for p in payloads[1:]) == 1
        ):
            x, *where = payloads
            places = [p.entries if isinstance(p, Expressions) else integers(p) for p in where]
            stage = _Stage(self._names, "take", node, zero)
            return _taken(stage, self._atoms(x), places, **static)
        if primitive.name in MOVES:
            moved = function(primitive.name)(*self._moved(primitive, payloads), **static)
            return boxed(moved)
        operands = [self._atoms(payload) for payload in payloads]
        rule: Callable[..., NDArray[Any]] = SPECIAL.get(primitive.name, _each)
        if primitive.kind in (Kind.MATRIX, Kind.ORDER):
            rule = _called
        found = rule(_Stage(self._names, primitive.name, node, zero), *operands, **static)
        if is_root(node):
            self._names.roots |= dict.fromkeys(found.ravel().tolist(), node)
        return found

    def better(self, entries: NDArray[Any], better: NDArray[Any]) -> NDArray[Any]:
        """Note the names that slopes take."""
        pairs = zip(entries.ravel().tolist(), better.ravel().tolist(), strict=True)
        known = {x: y for x, y in pairs if x != y and type(x) is type(y) is int}
        self._names.better |= known
        return entries

    def logarithm(self, node: Node) -> None:
        """Put it off until a slope takes the value of a logarithm."""

        def find() -> None:
            better = super(Stages, self).logarithm(node)
            if better is not None:
                self.better(self.payload_of(node), self.payload_of(better))

        names = (atom for atom in self.payload_of(node).ravel() if type(atom) is int)
        self._names.waiting |= dict.fromkeys(names, find)

    def _moved(self, primitive: Primitive, payloads: list[Any]) -> list[NDArray[Any]]:
        if primitive.name == "concat":
            return [self._atoms(payload) for payload in payloads]
        first, *where = payloads
        return [self._atoms(first), *map(integers, where)]

    def _atoms(self, payload: Any) -> NDArray[Any]:
        if isinstance(payload, Expressions):
            return payload.entries
        return boxed(np.frompyfunc(self._names.atom, 1, 1)(expressions(payload, self.literal)))


class _Stage:
    """One application of a primitive: makes formulas, and names the entries of the result."""

    def __init__(self, names: Names, primitive: str, node: Node, zero: Atom) -> None:
        self.names, self.primitive, self.shape = names, primitive, node.shape
        self.zero, self.operations = zero, node.operations
        self.stem = names.stem(primitive)
        self._convert = condition if node.dtype.kind == "b" else number

    def entry(self, operands: list[Atom], index: tuple[int, ...], **static: Any) -> Atom:
        """Name what the primitive makes of single entries."""
        names = self.names
        kinds = [names.kind(atom) for atom in operands]
        key = (self.primitive, self._convert, *static.values(), *kinds)
        recipe = names.templates.recipe(key, partial(self._apply, **static), kinds)
        found = names.value(recipe, operands, self.stem, index)
        if self.primitive == "subtract" and type(found) is int:
            one, other = operands
            if type(one) is type(other) and one == other:  # a number may equal that of a name
                names.active[found] = False  # x - x has a sign where it is 0, but no slope
        return found

    def product(self, a: Atom, b: Atom) -> Term:
        """Multiply two entries, as a term of a sum."""
        names = self.names
        kinds = names.kind(a), names.kind(b)
        recipe = names.templates.recipe(("product", *kinds), _multiply, kinds)
        return names.term(recipe, (a, b))

    def total(self, terms: list[Term], index: tuple[int, ...]) -> Atom:
        """Add up terms as NumPy does, which begins with a zero."""
        names = self.names
        if self.zero is not S.Zero:
            terms = [names.term_of(self.zero), *terms]
        return names.total(terms, self.stem, index)

    def call(
        self, name: str, matrices: list[NDArray[Any]], shape: tuple[int, ...], at: tuple[int, ...]
    ) -> list[Atom]:
        """Name the call of a function of whole matrices, and return the entries of its result."""
        names, shapes = self.names, [x.shape for x in matrices]
        atoms = [atom for x in matrices for atom in x.ravel().tolist()]
        kinds = [*map(names.kind, atoms)]
        make = partial(_call, name, self.operations, shape, shapes)
        recipe = names.templates.recipe(("call", name, shape, *shapes, *kinds), make, kinds)
        call = names.value(recipe, atoms, self.stem, at)
        return [
            names.value(names.templates.entry(i), (call,), self.stem, (*at, *(index or (0,))))
            for i, index in enumerate(np.ndindex(shape))
        ]

    def filled(self, value: Callable[[tuple[int, ...]], Atom]) -> NDArray[Any]:
        """Return an array of the result's shape, made entry by entry."""
        result = np.empty(self.shape, object)
        for index in np.ndindex(self.shape):
            result[index] = value(index)
        return result

    def _apply(self, *operands: Any, **static: Any) -> Any:
        entries = [boxed(operand) for operand in operands]
        if self.primitive in ("max", "min"):
            row = np.array([*operands, None], object)[:-1]
            entries = [row]
            static = {"axis": (0,), "keepdims": False}
        if self.primitive == "astype":
            return self._convert(operands[0])
        return self._convert(function(self.primitive)(*entries, **static).item())


def _called(stage: _Stage, *operands: NDArray[Any], **static: Any) -> NDArray[Any]:
    """Name the call of each matrix of a stack, and the entries of its result."""
    result = np.empty(stage.shape, object)
    if not result.size:
        return result
    moved, matrices = result, list(operands)
    if "axis" in static:  # along which entries have an order: matrices of one row
        matrices = [np.moveaxis(x, static["axis"], -1)[..., None, :] for x in operands]
        if result.ndim == operands[0].ndim:
            moved = np.moveaxis(result, static["axis"], -1)
    lead = np.broadcast_shapes(*(x.shape[:-2] for x in matrices))
    matrices = [np.broadcast_to(x, lead + x.shape[-2:]) for x in matrices]
    stage.operations //= max(math.prod(lead), 1)
    name = called(stage.primitive, **static)
    for at in np.ndindex(lead):
        part = moved[(*at, ...)]
        entries = stage.call(name, [x[at] for x in matrices], part.shape, at)
        for index, entry in zip(np.ndindex(part.shape), entries, strict=True):
            part[index] = entry
    return result


def _taken(
    stage: _Stage, x: NDArray[Any], where: list[NDArray[Any]], *, index: tuple[Any, ...]
) -> NDArray[Any]:
    """Name entries that are taken by values: each of all along an axis, by a call."""
    (dynamic,) = (i for i, places in enumerate(where) if places.dtype == object)
    axes = [part for part in index if part is not None]
    axis = next(
        i for i, part in enumerate(axes) if isinstance(part, Hole) and part.position == dynamic
    )

    def along(length: int, places: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Say where the entries of the result come from, if that axis had another length."""
        shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
        filled = [places if i == dynamic else w for i, w in enumerate(where)]
        flat = np.arange(math.prod(shape)).reshape(shape)[fill_index(index, tuple(filled))]
        return np.unravel_index(np.asarray(flat), shape)

    number_of = np.arange(where[dynamic].size).reshape(where[dynamic].shape)
    which = along(max(number_of.size, 1), number_of)[axis]
    others = along(max(x.shape[axis], 1), np.zeros_like(number_of))
    chosen = where[dynamic].ravel()

    def entry(at: tuple[int, ...]) -> Atom:
        row = x[tuple(slice(None) if i == axis else o[at] for i, o in enumerate(others))]
        place = boxed(chosen[which[at]]).reshape(1, 1)
        return stage.call("take", [row[None, :], place], (), at)[0]

    return stage.filled(entry)


def _call(
    name: str,
    operations: int,
    result: tuple[int, ...],
    shapes: list[tuple[int, ...]],
    *entries: Any,
) -> Call:
    numbers, matrices = iter(map(number, entries)), []
    for shape in shapes:
        matrices.append(boxed(np.empty(shape, object)))
        for index in np.ndindex(shape):
            matrices[-1][index] = next(numbers)
    return Call.of(name, operations, result, *matrices)


def _quotient(stage: _Stage, *operands: NDArray[Any], **static: Any) -> NDArray[Any]:
    columns = [np.broadcast_to(x, stage.shape) for x in operands]
    return stage.filled(lambda index: stage.entry([x[index] for x in columns], index, **static))


def _normalised(
    stage: _Stage,
    x: NDArray[Any],
    d: NDArray[Any],
    z: NDArray[Any],
    *,
    axis: tuple[int, ...],
    power: bool,
) -> NDArray[Any]:
    def entry(index: tuple[int, ...]) -> Atom:
        row, static = row_of(index, stage.shape, axis, power=power)
        below = d[tuple(0 if i in axis else k for i, k in enumerate(index))]
        return stage.entry([x[index], below, *(a[k] for a in (x, z) for k in row)], index, **static)

    stage.primitive = QUOTIENT.name
    return stage.filled(entry)


def _each(stage: _Stage, *operands: NDArray[Any], **static: Any) -> NDArray[Any]:
    del static
    columns = [np.broadcast_to(x, stage.shape).ravel().tolist() for x in operands]
    entries = zip(*columns, strict=True)
    result = np.empty(math.prod(stage.shape), object)
    for i, (index, atoms) in enumerate(zip(np.ndindex(stage.shape), entries, strict=True)):
        result[i] = stage.entry(list(atoms), index)
    return result.reshape(stage.shape)


def _rows(x: NDArray[Any], axis: tuple[int, ...]) -> list[list[Atom]]:
    """Return the entries that each entry of a reduced array is made of."""
    kept = [i for i in range(x.ndim) if i not in axis]
    lengths = [math.prod(x.shape[i] for i in axes) for axes in (kept, axis)]
    rows: list[list[Atom]] = np.permute_dims(x, (*kept, *axis)).reshape(lengths).tolist()
    return rows


def _sum(stage: _Stage, x: NDArray[Any], *, axis: tuple[int, ...], keepdims: bool) -> NDArray[Any]:
    del keepdims
    rows = iter(_rows(x, axis))
    term_of = stage.names.term_of
    return stage.filled(lambda index: stage.total([*map(term_of, next(rows))], index))


def _extreme(
    stage: _Stage, x: NDArray[Any], *, axis: tuple[int, ...], keepdims: bool
) -> NDArray[Any]:
    del keepdims
    rows = iter(_rows(x, axis))
    return stage.filled(lambda index: stage.entry(next(rows), index))


def _cumulative_sum(stage: _Stage, x: NDArray[Any], *, axis: int) -> NDArray[Any]:
    """Name each partial sum, which the next one goes on from."""
    result = np.empty(stage.shape, object)
    for index in np.ndindex(stage.shape):
        before = (*index[:axis], index[axis] - 1, *index[axis + 1 :])
        atoms = [x[index]] if index[axis] == 0 else [result[before], x[index]]
        result[index] = stage.names.total([*map(stage.names.term_of, atoms)], stage.stem, index)
    return result


def _matmul(stage: _Stage, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    batch = stage.shape[:-2]
    a = np.broadcast_to(a, batch + a.shape[-2:])
    columns = np.broadcast_to(b, batch + b.shape[-2:]).mT

    def entry(index: tuple[int, ...]) -> Atom:
        *at, i, j = index
        row, column = a[(*at, i)], columns[(*at, j)]
        return stage.total([*map(stage.product, row, column)], index)

    return stage.filled(entry)


def _scatter_add(
    stage: _Stage, g: NDArray[Any], *where: NDArray[Any], index: Any, shape: tuple[int, ...]
) -> NDArray[Any]:
    places = np.arange(math.prod(shape)).reshape(shape)[
        fill_index(index, tuple(w.astype(np.intp) for w in where))
    ]
    terms: dict[int, list[Term]] = {}
    for at, atom in zip(places.ravel().tolist(), g.ravel().tolist(), strict=True):
        terms.setdefault(at, []).append(stage.names.term_of(atom))
    flat = iter(range(math.prod(shape)))
    return stage.filled(lambda i: stage.names.total(terms.get(next(flat), []), stage.stem, i))


def _multiply(a: Any, b: Any) -> Any:
    return number(a) * number(b)


SPECIAL: dict[str, Callable[..., NDArray[Any]]] = {
    "quotient": _quotient,
    "normalised": _normalised,
    "sum": _sum,
    "max": _extreme,
    "min": _extreme,
    "cumulative_sum": _cumulative_sum,
    "matmul": _matmul,
    "scatter_add": _scatter_add,
}
"""Primitives whose entries are not made of one entry of each operand."""
