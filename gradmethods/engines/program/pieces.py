"""Long programs: compiled in pieces, of which those that differ in names alone share their code.

Python takes some 20 microseconds and 5 kB to compile a line. A loop in a loss repeats the same few
lines; so a long program is cut into pieces, and the names in each are numbered as they come. What
then reads the same is compiled once, and works on values of its own: names that several pieces
know are cells, as those of nested functions are, and cost no more than local ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

LONG = 2000
"""Lines up to which a program is compiled as it stands: in about 40 ms."""

SHORTEST, LONGEST = 50, 150
"""Lines of a piece, at least and at most."""

MARK = "\0"
"""Stands on both sides of what differs from one run through a loop to the next: names, and indices
written out."""


def marked(text: str) -> str:
    """Put a name, or an index, between marks: by them a long program is cut up."""
    return f"{MARK}{text}{MARK}"


def in_pieces(
    lines: Sequence[str], bound: Mapping[str, Any], scope: dict[str, Any], kept: Collection[str]
) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Any]:
    """Compile lines that end with a return, as a function of parameters and data.

    Parameters
    ----------
    lines : sequence of str
        The body of the function, with names and indices between marks.
    bound : mapping of str to object
        What names stand for that no line assigns to.
    scope : dict of str to object
        The functions that the lines call.
    kept : collection of str
        Names whose values may live on when the program has ended: those in buffers, which do.
    """
    cuts = [*_cuts(lines), len(lines)]
    split = ["\n".join(lines[start:end]).split(MARK) for start, end in pairwise(cuts)]
    known = [dict.fromkeys(parts[1::2]) for parts in split]
    uses = Counter(name for names in known for name in names)  # in the order of their first use
    indices = {word: _index(word) for word in uses if not word.isidentifier()}
    bound = {**bound, **indices}
    cells = {x: CellType(bound.get(x)) for x, n in uses.items() if n > 1 or x in bound}
    codes: dict[str, CodeType] = {}
    pieces = []
    for parts, names in zip(split, known, strict=True):
        short = {x: f"{'x' if x in cells else 'y'}{i}" for i, x in enumerate(names)}
        text_of = {x: _in_place(x, name) if x in indices else name for x, name in short.items()}
        parts[1::2] = [text_of[name] for name in parts[1::2]]
        text = "".join(parts)
        if text not in codes:
            codes[text] = _code(text)
        code, own = codes[text], {short[name]: cells[name] for name in names if name in cells}
        closure = tuple(own[name] for name in code.co_freevars)
        pieces.append(FunctionType(code, scope, "piece", None, closure))
    lasting = {*bound, *kept}
    passing = [cell for name, cell in cells.items() if name not in lasting]
    *earlier, last = pieces

    def program(params: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
        try:
            for piece in earlier:
                piece(params, data)
            return last(params, data)
        finally:
            for cell in passing:
                cell.cell_contents = None

    return program


def _cuts(lines: Sequence[str]) -> Iterator[int]:
    """Return where pieces begin: found from what the lines call, so that loops are cut alike.

    Of all places that are allowed it is the one whose next calls come first in the alphabet, which
    is the same place in each run through a loop of fewer lines than a piece may differ by.

    Source: S. Schleimer, D. S. Wilkerson and A. Aiken, Winnowing: local algorithms for document
    fingerprinting, SIGMOD 2003, 76-85.
    """
    calls = ["".join(line.split(MARK)[::2]) for line in lines]
    following = [*zip(calls, [*calls[1:], ""], [*calls[2:], "", ""], strict=False)]
    start = 0
    while True:
        yield start
        allowed = following[start + SHORTEST : start + LONGEST]
        if len(lines) <= start + LONGEST:
            return
        start += SHORTEST + allowed.index(min(allowed))


def _index(word: str) -> Any:
    """Return the value of an index."""
    text = word[1:-1] if word[0] == "[" else word.partition("=")[2]
    return eval(f"s_[{text}]", {"s_": np.s_})  # noqa: S307  # our own text


def _in_place(word: str, name: str) -> str:
    """Put a name in the place of an index."""
    return f"[{name}]" if word[0] == "[" else f"index={name}"


def _code(text: str) -> CodeType:
    """Compile a piece whose names x… are those of cells, and y… its own."""
    outer = dict.fromkeys(re.findall(r"\bx\d+\b", text))
    assigned = dict.fromkeys(re.findall(r"\b(x\d+)\b(?=[^=;\n]* = )", text))  # or so it seems
    body = [f"nonlocal {', '.join(assigned)}"] if assigned else []
    body += text.split("\n")
    source = "\n        ".join(
        [f"def over({', '.join(outer)}):\n    def piece(params, data):", *body]
    )
    scope: dict[str, Any] = {}
    exec(compile(f"{source}\n    return piece", "<gradient program>", "exec"), scope)  # noqa: S102  # our own text
    code: CodeType = scope["over"](*outer).__code__
    return code
