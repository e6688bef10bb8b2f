"""Formulas of one example, run on blocks: alike lines are rows of one array over the examples.

The units of a layer have formulas that differ in their names alone. What NumPy takes for an
operation on a hundred examples is mostly the call; so lines of the same form, none of which needs
another, are computed together, in an array of a row for each. Every entry comes from the same
operations in the same order as line by line, but for sums of products: they are products of
matrices, which add in an order of their own and may round once where the lines round twice.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from gradmethods.engines.symbolic.cancelling import PLACE, WRITTEN, any_order
from gradmethods.engines.symbolic.program import Blocks, indented
from gradmethods.engines.symbolic.shorter import Shorter

NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
"""A name, but for the letter in a number such as 1e-05."""

LONG_SUM = 4
"""Alike terms from which on a sum in a line of its own is the sum of a block."""

COLUMNS, NUMBERS = "columns", "numbers"
"""The blocks of inputs, in the order of a program: a row is one of them over all examples."""


class _Home(NamedTuple):
    """Where a value lies: in a row of a block, or in a variable of its own."""

    block: str
    row: int = -1


_Row = tuple[_Home, ...]
"""Where the operands of a line lie."""


class _Line(NamedTuple):
    """A line: its text with numbered places for the names, and these."""

    label: str
    form: str
    names: tuple[str, ...]


def in_blocks(
    lines: Iterable[tuple[str, str]], inputs: Sequence[tuple[str, bool]], results: Sequence[str]
) -> Blocks | None:
    """Write a program that computes alike lines together, or None if it cannot be had.

    Parameters
    ----------
    lines : iterable of (str, str)
        What each line calls its value, and its text; with results as `lines.lines_of` writes them.
    inputs : sequence of (str, bool)
        The names of the inputs, and whether each is a column over the examples.
    results : sequence of str
        Of the value, then of the partial derivatives.
    """
    lines = list(lines)
    if any("[" in text for _, text in lines):  # functions of whole matrices
        return None
    writing = _Writing(inputs)
    with suppress(RecursionError, OverflowError):
        return _written(writing, lines, results)
    return None


def _written(writing: _Writing, lines: Sequence[tuple[str, str]], results: Sequence[str]) -> Blocks:
    places = {label: i for i, label in enumerate(results)}
    ends = []
    levels: dict[int, list[_Line]] = defaultdict(list)
    for label, text in lines:
        if label in places:
            ends.append(_End.of(places[label], text))
            for i, operand in enumerate(ends[-1].operands):
                if operand not in writing.level:
                    ends[-1].operands[i] = name = f"{label} {i}"
                    writing.sort(name, operand, levels)
        else:
            writing.sort(label, text, levels)
    writing.products = any_order(
        chain.from_iterable(levels[i] for i in sorted(levels)), writing.level
    )
    for level in sorted(levels):
        writing.compute(levels[level])
    writing.finish(ends)
    return writing.program()


class _End(NamedTuple):
    """A result: a sum over the examples, of values or products, or a number that needs none."""

    place: int
    call: str
    operands: list[str]
    negative: bool
    divided: bool

    @classmethod
    def of(cls, place: int, text: str) -> _End:
        """Read the text of a result."""
        found = re.fullmatch(r"(-?)(added|dot)\((.*)\)(/N)?", text)
        if not found:
            return cls(place, "", [text], False, False)  # noqa: FBT003  # fields, by their order
        sign, call, inner, divided = found.groups()
        operands = [inner] if call == "added" else _arguments(inner)
        return cls(place, call, operands, bool(sign), bool(divided))


def _arguments(text: str) -> list[str]:
    """Split the arguments of a call."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            return [text[:i], text[i + 2 :]]
    raise AssertionError(text)


def _numbered(term: str, places: Sequence[int]) -> str:
    """Give the places of a term new numbers."""
    return WRITTEN.sub(lambda found: f"{{{places.index(int(found[1]))}}}", term)


class _Writing:
    """Writes the program, in variables of its own."""

    def __init__(self, inputs: Sequence[tuple[str, bool]]) -> None:
        self.products = False
        self.code: list[str] = []
        self.level = {name: 0 for name, _ in inputs}
        self.most = 1
        self._count = 0
        self._wide = {COLUMNS}
        self._home: dict[str, _Home] = {}
        self._rows = {COLUMNS: 0, NUMBERS: 0}
        self._known: dict[Any, str] = {}
        self._indices: dict[tuple[int, ...], str] = {}
        self._constants: dict[float, str] = {}
        for name, column in inputs:
            block = COLUMNS if column else NUMBERS
            self._home[name] = _Home(block, self._rows[block])
            self._rows[block] += 1

    def sort(self, label: str, text: str, levels: dict[int, list[_Line]]) -> None:
        """Put a line among those that need nothing but what is computed before them."""
        line = self._line(label, text)
        self.level[label] = level = 1 + max((self.level[n] for n in line.names), default=0)
        levels[level].append(line)

    def _line(self, label: str, text: str) -> _Line:
        names: dict[str, int] = {}

        def place(found: re.Match[str]) -> str:
            name = found[0]
            return f"{{{names.setdefault(name, len(names))}}}" if name in self.level else name

        return _Line(label, NAME.sub(place, text), tuple(names))  # names are filled by now

    def compute(self, lines: Iterable[_Line]) -> None:
        """Compute lines, those that are alike together."""
        alike: dict[Any, dict[_Row, list[str]]] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            homes = tuple(self._home[name] for name in line.names)
            alike[line.form, self._widths(homes)][homes].append(line.label)
        for (form, _), labels in alike.items():
            rows = sorted(labels)
            block = self._block(form, rows)
            for i, homes in enumerate(rows):
                home = _Home(block, i if len(rows) > 1 else -1)
                self._home |= dict.fromkeys(labels[homes], home)

    def _widths(self, homes: _Row) -> tuple[bool, ...]:
        return tuple(home.block in self._wide for home in homes)

    def _block(self, form: str, rows: Sequence[_Row]) -> str:
        """Compute a form for each row of operands; name the block, or the one value."""
        self.most = max(self.most, len(rows))
        tree = ast.parse(PLACE.sub(r"_\1", form), mode="eval")
        shorter = Shorter(partial(self._total, rows), self._constant)
        form = WRITTEN.sub(r"{\1}", ast.unparse(shorter.visit(tree)))
        used = {int(place) for place in PLACE.findall(form)}
        operands = [
            self._together([homes[i] for homes in rows]) if i in used else ""
            for i in range(len(rows[0]))
        ]
        block = self._value(form.format(*operands))
        self._rows[block] = len(rows)
        if any(self._widths(rows[0])):
            self._wide.add(block)
        return block

    def _value(self, text: str) -> str:
        """Give a text a variable."""
        name = f"v{self._count}"
        self._count += 1
        self.code.append(f"{name} = {text}")
        return name

    def _once(self, text: str) -> str:
        """Give a text a variable, the same each time."""
        if text not in self._known:
            self._known[text] = self._value(text)
        return self._known[text]

    def _constant(self, value: float) -> str:
        """Name a number: beside arrays NumPy takes one of no axes faster than Python's."""
        return self._constants.setdefault(value, f"c{len(self._constants)}")

    def _row(self, home: _Home) -> str:
        """Return a column, or a number as an array of no axes."""
        if home.row < 0:
            return home.block
        rest = "" if home.block in self._wide else ", 0, ..."
        return self._once(f"{home.block}[{home.row}{rest}]")

    def _together(self, homes: Sequence[_Home]) -> str:
        """Return a row that is the same for all, or an array of rows."""
        if len(set(homes)) == 1:
            return self._row(homes[0])
        blocks = {home.block for home in homes}
        if len(blocks) > 1 or homes[0].row < 0:
            rest = "" if homes[0].block in self._wide else "[:, None]"
            return self._once(f"array([{', '.join(map(self._row, homes))}]){rest}")
        return self._part(homes[0].block, [home.row for home in homes])

    def _part(self, block: str, rows: list[int]) -> str:
        """Return some rows of a block."""
        if rows == [*range(self._rows[block])]:
            return block
        return self._once(f"{block}[{self._index(rows)}]")

    def _index(self, places: list[int]) -> str:
        """Write places as a slice, or as an array that is made once."""
        start, step = places[0], places[1] - places[0] if len(places) > 1 else 1
        if step > 0 and places == [*range(start, places[-1] + 1, step)]:
            return f"{start}:{places[-1] + 1}" + (f":{step}" if step > 1 else "")
        return self._indices.setdefault(tuple(places), f"i{len(self._indices)}")

    def _total(self, rows: Sequence[_Row], terms: Sequence[str]) -> tuple[str, int]:
        """Add up the first terms, as many as are alike; return where the sum is, and how many."""
        alike: dict[tuple[int, ...], None] = {}
        first: Any = None
        for term in terms:
            places = tuple(dict.fromkeys(map(int, WRITTEN.findall(term))))
            found = _numbered(term, places), self._widths(tuple(rows[0][i] for i in places))
            first = first or found
            if found != first or places in alike:
                break
            alike[places] = None
        text = self._product(first, [*alike], rows) if self.products and len(alike) > 1 else ""
        if not text and len(rows) == 1 and len(alike) >= LONG_SUM:
            operands = [tuple(rows[0][i] for i in places) for places in alike]
            rest = "" if any(first[1]) else "[0]"
            text = f"in_order({self._block(first[0], operands)}){rest}"
        return (self._value(text), len(alike)) if text else ("", 0)

    def _product(self, form: Any, places: Sequence[tuple[int, ...]], rows: Sequence[_Row]) -> str:
        """Write sums of numbers times columns, the same for all rows, as a product of matrices."""
        if form[0] not in ("{0}*{1}", "{0} * {1}") or form[1][0] == form[1][1]:
            return ""
        wide = form[1].index(True)
        places = sorted(places, key=lambda pair: rows[0][pair[wide]])
        columns = [rows[0][pair[wide]] for pair in places]
        numbers = [[homes[pair[1 - wide]] for pair in places] for homes in rows]
        same = all([homes[pair[wide]] for pair in places] == columns for homes in rows)
        if (
            not same
            or len(set(columns)) < len(columns)
            or {x.block for row in numbers for x in row} != {NUMBERS}
        ):
            return ""
        right = self._together(columns)
        where = [[home.row for home in row] for row in numbers]
        if len(rows) == 1:
            return f"dot({self._part(NUMBERS, where[0])}[:, 0], {right})"
        turned = [[*column] for column in zip(*where, strict=True)]
        flat, across = ([*chain.from_iterable(x)] for x in (where, turned))
        if across == sorted(across):
            return f"dot({self._part(NUMBERS, across)}.reshape({len(turned)}, -1).T, {right})"
        return f"dot({self._part(NUMBERS, flat)}.reshape({len(where)}, -1), {right})"

    def finish(self, ends: Sequence[_End]) -> None:
        """Write the sums over the examples, each block's at once."""
        sums: dict[Any, dict[tuple[int, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
        for end in ends:
            if end.call:
                homes = sorted(self._home[name] for name in end.operands)
                key = (end.negative, *(home.block for home in homes))
                sums[key][tuple(home.row for home in homes)].append(end.place)
        for (negative, *blocks), wanted in sums.items():
            minus = "-" if negative else ""
            for text, places in self._sums(blocks, wanted):
                self.code.append(f"out[{places}] = {minus}{text}")
        if any(end.divided for end in ends):
            self.code.append("out /= N")
        for end in ends:
            if not end.call:
                row = self._row(self._home[end.operands[0]])
                self.code.append(f"out[{end.place}:{end.place + 1}] = {row}")

    def _sums(
        self, blocks: list[str], wanted: dict[tuple[int, ...], list[int]]
    ) -> Iterable[tuple[str, str]]:
        """Write the sums over the rows, or pairs of rows, of one or two blocks."""
        pairs = sorted(wanted)
        for i in range(max(map(len, wanted.values()))):  # equal results
            now = [rows for rows in pairs if len(wanted[rows]) > i]
            sides = [sorted(set(side)) for side in zip(*now, strict=True)]
            parts = [
                block if side == [-1] else self._part(block, side)
                for block, side in zip(blocks, sides, strict=True)
            ]
            flat = [side == [-1] for side in sides]
            if len(blocks) == 1:
                text = f"added({parts[0]}{'' if flat[0] else ', 1'})"
            elif len(now) == len(sides[0]) * len(sides[1]):
                a, b = parts
                turned: list[tuple[int, ...]] = [(x, y) for y in sides[1] for x in sides[0]]
                if [wanted[rows][i] for rows in turned] == sorted(wanted[rows][i] for rows in now):
                    now, a, b, flat = turned, b, a, flat[::-1]
                text = f"dot({a}, {b}{'' if flat[1] else '.T'})"
                text += "" if any(flat) else ".ravel()"
            else:
                rows = [
                    block if side == [-1] else self._part(block, list(each))
                    for block, side, each in zip(blocks, sides, zip(*now, strict=True), strict=True)
                ]
                text = f"added({rows[0]}*{rows[1]}, 1)"
            yield text, self._index([wanted[rows][i] for rows in now])

    def program(self) -> Blocks:
        """Return the text."""
        head = [f"{name} = array({[*places]})" for places, name in self._indices.items()]
        head += [f"{name} = array(real({value!r}))" for value, name in self._constants.items()]
        text = f"def program({COLUMNS}, {NUMBERS}, N, out):\n{indented(self.code)}\n"
        return Blocks("\n".join([*head, text]), self.most)
