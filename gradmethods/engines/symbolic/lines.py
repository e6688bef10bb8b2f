"""The lines of a program: the text of stages, and of what is returned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradmethods.engines.symbolic.names import Names, Term
from gradmethods.engines.symbolic.templates import PRODUCT_OF_TWO
from gradmethods.engines.symbolic.text import Piece, joined


@dataclass(frozen=True)
class Inputs:
    """The names of the inputs, and what the results are called.

    Attributes
    ----------
    params, data : list of int
        In the order in which the program takes them.
    columns : frozenset of int
        Those that are arrays over the examples.
    results : list of str
        Of the value, then of the partial derivatives.
    """

    params: list[int]
    data: list[int]
    columns: frozenset[int]
    results: list[str]


class Line(NamedTuple):
    """A line of code.

    Attributes
    ----------
    label, text : str
        What the line calls its value, and how the value is computed.
    terms : sequence of Term
        What the text says; it is empty where the value is 0.
    name : int or None
        The stage; None for a result.
    operations : int
        Operators and function calls, for one example.
    """

    label: str
    text: str
    terms: Sequence[Term]
    name: int | None
    operations: int


def lines_of(names: Names, sums: list[list[Term]], inputs: Inputs, rule: str | None) -> list[Line]:
    """Return a line for each stage that some results need, then one for each result."""
    columns = set(inputs.columns)
    lines = []
    for name in sorted(names.cone(n for terms in sums for n in _used(terms))):
        stage = names.stages[name]
        if stage:
            piece = _sum(names, stage)
            lines.append(Line(names.labels[name], piece.text, stage, name, piece.operations))
            if not columns.isdisjoint(_used(stage)):
                columns.add(name)
    for label, terms in zip(inputs.results, sums, strict=True):
        piece = _sum(names, terms)
        text = piece.text if rule is None else _over_examples(names, terms, piece, columns, rule)
        lines.append(Line(label, text, terms, None, piece.operations))
    return lines


def _over_examples(
    names: Names, terms: Sequence[Term], piece: Piece, columns: set[int], rule: str
) -> str:
    """Write the mean or the sum of a result over the examples."""
    if columns.isdisjoint(_used(terms)):  # the same for each example
        return piece.text if rule == "mean" else f"({piece.text})*N"
    text = f"added({piece.text})"
    if len(terms) == 1:
        ((template, used),) = terms
        if template.expr in PRODUCT_OF_TWO and columns.issuperset(used):
            sign = "-" if template.negative else ""
            text = f"{sign}dot({', '.join(names.labels[n] for n in used)})"
    return f"{text}/N" if rule == "mean" else text


def _sum(names: Names, terms: Sequence[Term]) -> Piece:
    labels = names.labels
    pieces = []
    for template, used in terms:
        _, binding, operations, depth = template.piece
        text = template.pattern.format(*[labels[n] for n in used])
        pieces.append((template.negative, Piece(text, binding, operations, depth)))
    if len(pieces) == 1 and not pieces[0][0]:
        return pieces[0][1]
    return joined(pieces) if pieces else Piece("0")


def _used(terms: Sequence[Term]) -> Iterator[int]:
    return (n for _, used in terms for n in used)
