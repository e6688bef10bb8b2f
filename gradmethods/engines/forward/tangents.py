"""Tangents of a value: its derivatives along directions, those along which it is known to vary.

A direction is a parameter. Directions come by parameter arrays: a value that depends on few of
these has tangents along the directions of those alone; along all others they are 0, and nowhere in
memory. Where values meet that depend on different arrays, their tangents are joined.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradmethods.engines.graph import Recorder
from gradmethods.xp.array import Array


@dataclass(frozen=True)
class Tangents:
    """Derivatives of a value along the directions of some parameter arrays.

    Attributes
    ----------
    array : Array, shape (directions, *shape of the value)
        The directions of one parameter array after another.
    names : tuple of str
        The parameter arrays, in the order of all.
    """

    array: Array
    names: tuple[str, ...]


class Directions:
    """The directions of a program: how many each parameter array has.

    Parameters
    ----------
    xp : Recorder
        The namespace in which tangents are recorded.
    counts : mapping of str to int
        By parameter array, in order.
    """

    def __init__(self, xp: Recorder, counts: Mapping[str, int]) -> None:
        self._xp, self.counts = xp, counts

    def add(
        self,
        terms: Sequence[Tangents],
        plus: Callable[[Any, Any], Any] = operator.add,
    ) -> Tangents:
        """Add tangents of one shape: where only one of them varies, it is taken as it is."""
        names = self.union(terms)
        pieces = [
            self._sum([self._part(term, run) for term in terms if run[0] in term.names], plus)
            for run in _runs(names, terms)
        ]
        return Tangents(self._joined(pieces), names)

    def extend(self, tangents: Tangents, names: tuple[str, ...]) -> Tangents:
        """Add directions along which the value does not vary."""
        if tangents.names == names:
            return tangents
        array = tangents.array
        none = self._xp.zeros((), dtype=array.dtype)
        pieces = [
            self._part(tangents, run)
            if run[0] in tangents.names
            else self._xp.broadcast_to(none, (self._count(run), *array.shape[1:]))
            for run in _runs(names, [tangents])
        ]
        return Tangents(self._joined(pieces), names)

    def split(self, tangents: Tangents) -> Iterator[tuple[str, Array]]:
        """Return the tangents by parameter array."""
        for name in tangents.names:
            yield name, self._part(tangents, (name,))

    def union(self, terms: Sequence[Tangents]) -> tuple[str, ...]:
        """Return the parameter arrays along which any of several values varies."""
        if all(term.names == terms[0].names for term in terms):
            return terms[0].names
        return tuple(name for name in self.counts if any(name in term.names for term in terms))

    def _count(self, names: Sequence[str]) -> int:
        return sum(self.counts[name] for name in names)

    def _part(self, tangents: Tangents, run: tuple[str, ...]) -> Array:
        """Return the tangents along arrays that follow one another."""
        if tangents.names == run:
            return tangents.array
        start = self._count(tangents.names[: tangents.names.index(run[0])])
        return tangents.array[start : start + self._count(run)]

    def _joined(self, pieces: Sequence[Array]) -> Array:
        return pieces[0] if len(pieces) == 1 else self._xp.concat(pieces)

    def _sum(self, parts: Sequence[Array], plus: Callable[[Any, Any], Any]) -> Array:
        total = parts[0]
        for part in parts[1:]:
            total = plus(total, part)
        return total


def _runs(names: tuple[str, ...], terms: Sequence[Tangents]) -> Iterator[tuple[str, ...]]:
    """Cut arrays into runs along which the same of several values vary."""
    for _, run in itertools.groupby(names, key=lambda name: [name in t.names for t in terms]):
        yield tuple(run)
