"""The lines of a program: stages that have a line of their own, with the others written into them.

The forms of a program differ in this alone. In the chain rule over names every stage has a line; in
shared formulas those that are used more than once have one; written out, a formula refers to none.

A program is one function or, where that would be too long, several: Python's compiler holds a whole
function in memory as a tree, at 100,000 parameters three times as much as its parts. Parts pass
values on in lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradmethods.engines.symbolic.blocks import in_blocks
from gradmethods.engines.symbolic.names import Names, Term
from gradmethods.engines.symbolic.program import Program, assemble, compiled, indented, row, wrapped
from gradmethods.engines.symbolic.templates import BARE, PRODUCT_OF_TWO, Template
from gradmethods.engines.symbolic.text import DEEPEST, PARENTHESIS, Piece, joined

NESTED = 16
"""Stages that shared formulas write into each other."""

CHAIN_RULE, EXPANDED = "chain-rule", "expanded"

Own = Callable[[int], bool]
"""Says which stages have a line of their own."""


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
    uses : tuple of int
        The names in the text.
    name : int or None
        The stage, or a negative number for a part of one formula; None for a result.
    operations : int
        Operators and function calls, for one example.
    """

    label: str
    text: str
    uses: tuple[int, ...]
    name: int | None
    operations: int


def every(names: Names, sums: Iterable[Sequence[Term]]) -> Own:
    """Give every stage a line."""
    del names, sums
    return lambda name: True  # noqa: ARG005  # the signature of all three


def shared(names: Names, sums: Iterable[Sequence[Term]]) -> Own:
    """Give a line to what is used more than once, or is nested too deeply otherwise."""
    sums = list(sums)
    used: Counter[int] = Counter()
    cone = sorted(names.cone(n for terms in sums for n in _names(terms)))
    for terms in (*sums, *(names.stages[name] for name in cone)):
        for template, operands in terms:
            for i, (operand, times) in enumerate(zip(operands, template.written, strict=True)):
                used[operand] += 2 if i in template.repeated else times
    levels: dict[int, int] = {}
    for name in cone:
        if names.stages[name] and used[name] == 1:
            level = 1 + max((levels.get(n, 0) for n in _names(names.stages[name])), default=0)
            if level < NESTED:
                levels[name] = level
    return lambda name: name not in levels


def none(names: Names, sums: Iterable[Sequence[Term]]) -> Own:
    """Write every formula out."""
    del names, sums
    return lambda name: False  # noqa: ARG005  # the signature of all three


FORMS: dict[str, Callable[[Names, Iterable[Sequence[Term]]], Own]] = {
    CHAIN_RULE: every,
    "cse": shared,
    EXPANDED: none,
}
"""By the form of formulas, which of their stages have a line."""


def lines_of(
    names: Names, sums: list[list[Term]], inputs: Inputs, rule: str | None, own: Own
) -> list[Line]:
    """Return a line for each stage that some results need and that has one, then the results."""
    columns = set(inputs.columns)
    writing = _Writing(names, own)
    for name in sorted(names.cone(n for terms in sums for n in _names(terms))):
        stage = names.stages[name]
        if stage and not columns.isdisjoint(_names(stage)):
            columns.add(name)
        if stage and own(name):
            writing.piece(name)
    for label, terms in zip(inputs.results, sums, strict=True):
        text, uses, operations = _result(writing, terms, columns, rule)
        writing.lines.append(Line(label, text, uses, None, operations))
    return writing.lines


class _Written(NamedTuple):
    """A piece of code, and the names in it."""

    piece: Piece
    uses: tuple[int, ...] = ()


class _Writing:
    """Writes stages as text."""

    def __init__(self, names: Names, own: Own) -> None:
        self.lines: list[Line] = []
        self._names, self._own = names, own
        self._known: dict[int, _Written] = {}

    def piece(self, name: int) -> _Written:
        """Return what stands for a name where it is used: a label, or its formula."""
        known = self._known.get(name)
        if known is not None:
            return known
        stage, label = self._names.stages[name], self._names.labels[name]
        own, before = self._own(name), len(self.lines)
        if stage:
            written = self.total(stage)
            if own:
                self.lines.append(
                    Line(label, written.piece.text, written.uses, name, written.piece.operations)
                )
        if own or not stage:
            written = _Written(Piece(label), (name,))
        elif written.piece.depth > DEEPEST:
            written = self._part(written)
        # A formula that has lines of its own is written again for whatever else uses it.
        if own or len(self.lines) == before:
            self._known[name] = written
        return written

    def total(self, terms: Sequence[Term]) -> _Written:
        """Write a sum."""
        pieces, uses = [], []
        for template, used in terms:
            operands = self.operands(template, used)
            pieces.append((template.negative, _filled(template, [x.piece for x in operands])))
            uses += [n for operand in operands for n in operand.uses]
        if len(pieces) == 1 and not pieces[0][0]:
            piece = pieces[0][1]
        else:
            piece = joined(pieces) if pieces else Piece("0")
        return _Written(piece, tuple(dict.fromkeys(uses)))

    def operands(self, template: Template, used: Sequence[int]) -> list[_Written]:
        """Write what goes into the places of a formula."""
        return [
            self._part(x) if i in template.repeated and x.piece.operations else x
            for i, x in enumerate(map(self.piece, used))
        ]

    def _part(self, written: _Written) -> _Written:
        """Give a part of a formula a line, to which nothing else refers."""
        number, (text, _, operations, _) = len(self.lines), written.piece
        label = self._names.unused(f"part{number}")
        self.lines.append(Line(label, text, written.uses, -1 - number, operations))
        return _Written(Piece(label), (-1 - number,))


def _filled(template: Template, operands: Sequence[Piece]) -> Piece:
    """Put pieces into the places of a formula."""
    if template.pattern == BARE:
        return operands[0]
    _, binding, operations, depth = template.piece
    inner = 0
    for piece, times in zip(operands, template.written, strict=True):
        operations += piece.operations * times
        if piece.operations:
            inner = max(inner, piece.depth + PARENTHESIS)
    return Piece(template.pattern.format(*operands), binding, operations, depth + inner)


def _result(
    writing: _Writing, terms: Sequence[Term], columns: set[int], rule: str | None
) -> tuple[str, tuple[int, ...], int]:
    """Write a result, the mean or the sum over the examples; return its names and operations."""
    if rule and len(terms) == 1:
        ((template, used),) = terms
        if template.expr in PRODUCT_OF_TWO and columns.issuperset(used):
            (a, b), sign = writing.operands(template, used), "-" if template.negative else ""
            text = f"{sign}dot({a.piece.text}, {b.piece.text}){'/N' if rule == 'mean' else ''}"
            operations = a.piece.operations + b.piece.operations + 1 + template.negative
            return text, (*a.uses, *b.uses), operations
    (text, _, operations, _), uses = writing.total(terms)
    if rule:
        if columns.isdisjoint(_names(terms)):  # the same for each example
            text = text if rule == "mean" else f"({text})*N"
        else:
            text = f"added({text}){'/N' if rule == 'mean' else ''}"
    return text, uses, operations


def _names(terms: Sequence[Term]) -> Iterator[int]:
    return (n for _, used in terms for n in used)


LONGEST = 8000
"""Operations in one function."""

RESERVED = ("params", "data", "N", "values", "results")
"""What the functions call their arguments."""


def write(
    names: Names, sums: list[list[Term]], inputs: Inputs, rule: str | None, form: str
) -> Program:
    """Write the stages that the loss and its partial derivatives need, and compile them.

    Parameters
    ----------
    names : Names
        The table.
    sums : list of list of Term
        The value, then a sum for each parameter.
    inputs : Inputs
        What the program takes, and what it calls its results.
    rule : {"mean", "sum"} or None
        What is returned of formulas of one example.
    form : {"expanded", "cse", "chain-rule"}
        Which stages have a line of their own.
    """
    lines = lines_of(names, sums, inputs, rule, FORMS[form](names, sums))
    layout = _whole if sum(map(_length, lines)) <= LONGEST else _split
    program = layout(
        names, lines, inputs, sum(line.operations for line in lines), counts=bool(rule)
    )
    if not rule or form == EXPANDED:
        return program
    taken = [(names.labels[n], n in inputs.columns) for n in (*inputs.params, *inputs.data)]
    texts = [(line.label, line.text) for line in lines]
    return replace(program, blocks=in_blocks(texts, taken, inputs.results))


def _whole(
    names: Names, lines: list[Line], inputs: Inputs, operations: int, *, counts: bool
) -> Program:
    taken = [[names.labels[n] for n in side] for side in (inputs.params, inputs.data)]
    value, *partials = inputs.results
    texts = [f"{line.label} = {line.text}" for line in lines]
    return assemble(texts, taken, f"{value}, {row(partials)}", operations, counts=counts)


def _split(
    names: Names, lines: list[Line], inputs: Inputs, operations: int, *, counts: bool
) -> Program:
    """Write functions that find what they need in lists, and leave there what others need."""
    parts = list(_parts(lines))
    labels = {n: names.labels[n] for n in (*inputs.params, *inputs.data)}
    labels |= {line.name: line.label for line in lines if line.name is not None}
    homes = {n: ("params", i) for i, n in enumerate(inputs.params)}
    homes |= {n: ("data", i) for i, n in enumerate(inputs.data)}
    passed = list(_passed(parts))
    homes |= {n: ("values", i) for i, n in enumerate(passed)}
    arguments = ", ".join(RESERVED if counts else [a for a in RESERVED if a != "N"])
    sources = []
    done = 0
    for number, part in enumerate(parts):
        own = [line.name for line in part if line.name is not None]
        used = _used(part).difference(own) & homes.keys()
        body = [*_loads(labels, {n: homes[n] for n in used})]
        body += [f"{line.label} = {line.text}" for line in part]
        body += _stores("values", {homes[n][1]: labels[n] for n in own if n in homes})
        results = [line.label for line in part if line.name is None]
        body += _stores("results", dict(enumerate(results, done)))
        done += len(results)
        sources.append(f"def part{number}({arguments}):\n{indented(body)}\n")
    body = [f"values = [None] * {len(passed)}", f"results = [None] * {done}"]
    body += [f"part{number}({arguments})" for number in range(len(parts))]
    body.append("return results[0], results[1:]")
    sources.append(f"def program(params, data{', N' if counts else ''}):\n{indented(body)}\n")
    return compiled(sources, operations)


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    length = 0
    for line in lines:
        part.append(line)
        length += _length(line)
        if length >= LONGEST:
            yield part
            part, length = [], 0
    if part:
        yield part


def _length(line: Line) -> int:
    return max(line.operations, 1)


def _used(part: list[Line]) -> set[int]:
    return {n for line in part for n in line.uses}


def _passed(parts: list[list[Line]]) -> Iterator[int]:
    """Yield the names that a later part uses, in order."""
    where = {line.name: i for i, part in enumerate(parts) for line in part}
    later = {n for i, part in enumerate(parts) for n in _used(part) if where.get(n, i) < i}
    yield from sorted(later)


def _loads(labels: Mapping[int, str], homes: dict[int, tuple[str, int]]) -> Iterator[str]:
    for side in ("params", "data", "values"):
        places = {i: labels[n] for n, (home, i) in homes.items() if home == side}
        for start, run in _runs(places):
            if len(run) == 1:
                yield f"{run[0]} = {side}[{start}]"
            else:
                yield f"{wrapped(row(run))} = {side}[{start}:{start + len(run)}]"


def _stores(side: str, labels: dict[int, str]) -> Iterator[str]:
    for start, run in _runs(labels):
        yield f"{side}[{start}:{start + len(run)}] = {wrapped(row(run))}"


def _runs(labels: dict[int, str]) -> Iterator[tuple[int, list[str]]]:
    """Yield stretches of neighbouring places, with where each begins."""
    run: list[str] = []
    start = -1
    for i in sorted(labels):
        if i != start + len(run):
            if run:
                yield start, run
            start, run = i, []
        run.append(labels[i])
    if run:
        yield start, run
