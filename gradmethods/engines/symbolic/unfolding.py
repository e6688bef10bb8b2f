"""Formulas written out: the tree that unfolds from the stages of a derivation.

In the tree every use of a stage is written in full. It is defined by the stages, so its size
follows from theirs, exactly and in linear time, however large it is: nothing is written out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradmethods.engines.symbolic.names import Names, Term
from gradmethods.engines.symbolic.text import joints


class Size(NamedTuple):
    """The size of one formula written out.

    Attributes
    ----------
    operations : int
        Operators and function calls.
    levels : int
        Stages that are nested in each other.
    """

    operations: int
    levels: int


def unfolded(names: Names, sums: Iterable[Sequence[Term]]) -> list[Size]:
    """Count what each of some sums would hold, written out.

    Parameters
    ----------
    names : Names
        The table.
    sums : iterable of sequence of Term
        The loss and its partial derivatives, say.
    """
    sums = list(sums)
    sizes: dict[int, Size] = {}
    for name in sorted(names.cone(n for terms in sums for _, used in terms for n in used)):
        sizes[name] = _size(names.stages[name], sizes) if names.stages[name] else Size(0, 0)
    return [_size(terms, sizes) for terms in sums]


def _size(terms: Sequence[Term], sizes: dict[int, Size]) -> Size:
    operations, levels = own_operations(terms), 0
    for template, used in terms:
        for name, times in zip(used, template.written, strict=True):
            size = sizes[name]
            operations += times * size.operations
            levels = max(levels, size.levels)
    return Size(operations, levels + 1)


def own_operations(terms: Sequence[Term]) -> int:
    """Count the operations of a stage whose operands have names."""
    own = sum(template.piece.operations for template, _ in terms)
    return own + joints([template.negative for template, _ in terms])


def counted(names: Names, sums: Iterable[Sequence[Term]]) -> int:
    """Count the operations of all stages that some sums need, and of the sums, each once."""
    sums = list(sums)
    cone = names.cone(n for terms in sums for _, used in terms for n in used)
    return sum(own_operations(names.stages[name]) for name in cone) + sum(map(own_operations, sums))
