"""What the terminal shows: tables that all look alike, and formulas with Unicode's signs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from gradmethods.core.naming import printable

if TYPE_CHECKING:
    import pandas as pd

_SIGNS = {
    r"\quad": "  ", r"\,": "", r"\left": "", r"\right": "", r"^\top": "ᵀ", r"\lVert": "‖",
    r"\rVert": "‖", r"\sum": "Σ", r"\sigma": "σ", r"\varphi": "φ", r"\lambda": "λ",
    r"\log": "log", r"\exp": "exp", r"\sin": "sin", r"\cos": "cos", r"\tanh": "tanh",
    r"\max": "max", "^2": "²",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\cdots": "…", r"\cdot": "·",
}  # fmt: skip


WIDTH = 100
"""Characters of a line."""


def fill(text: str) -> str:
    """Break a text into lines; all but the first are indented."""
    return textwrap.fill(printable(text), WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def as_html(text: str) -> str:
    """Return a text as a notebook shows it: lines that `fill` broke as paragraphs, and tables."""
    parts: list[str] = []
    for block in text.split("\n\n"):
        lines = block.splitlines()
        rule = next((k for k, line in enumerate(lines) if set(line) in ({"-", " "}, {"-"})), 0)
        if rule:
            parts.append(_html_table(lines, rule))
            continue
        for line in lines:
            if line.startswith("  ") and parts and parts[-1].startswith("<p>"):
                parts[-1] = f"{parts[-1].removesuffix('</p>')} {escape(line.strip())}</p>"
            else:
                parts.append(f"<p>{escape(line.strip())}</p>")
    return "\n".join(parts)


def _html_table(lines: Sequence[str], rule: int) -> str:
    """Return a table that `table` laid out, with what it broke in one cell again."""
    spans = [match.span() for match in re.finditer("-+", lines[rule])]
    ends = [start for start, _ in spans[1:]] + [None]
    rows: list[list[str]] = []
    for number, line in enumerate([*lines[:rule], *lines[rule + 1 :]]):
        cells = [escape(line[a:b].strip()) for (a, _), b in zip(spans, ends, strict=True)]
        # A head fills up from below; a row that goes on has nothing in its first cell.
        if number and (number < rule or (number > rule and not cells[0])):
            cells = [" ".join(filter(None, pair)) for pair in zip(rows.pop(), cells, strict=True)]
        rows.append(cells)
    head, *body = (f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
    return f"<table>{head.replace('td>', 'th>')}{''.join(body)}</table>"


class Shown:
    """What a notebook shows as it is printed."""

    def _repr_html_(self) -> str:
        return as_html(str(self))


def table(rows: Iterable[Mapping[str, str]], left: Iterable[str] = ()) -> str:
    """Lay out rows for the terminal, under a rule; what is too wide for a line breaks in its cell.

    Parameters
    ----------
    rows : iterable of mapping of str to str
        Cells by the column's head; the same columns in each.
    left : iterable of str
        Columns of words, aligned left as the first always is; the others are numbers.

    Examples
    --------
    >>> print(table([{"method": "backprop", "passes": "1"}, {"method": "central", "passes": "12"}]))
    method    passes
    --------  ------
    backprop       1
    central       12
    """
    cells = [{head: printable(cell) for head, cell in row.items()} for row in rows]
    heads = list(cells[0])
    words = {*heads[:1], *left}
    widths = _widths([[head, *(row[head] for row in cells)] for head in heads])

    def lines(texts: Iterable[str], *, head: bool = False) -> Iterator[str]:
        parts = [_broken(text, width) for text, width in zip(texts, widths, strict=True)]
        height = max(map(len, parts))
        filled = [[""] * (height - len(p)) + p if head else p + [""] * height for p in parts]
        for line in range(height):
            row = zip(heads, filled, widths, strict=True)
            aligned = (f"{p[line]:{'<' if name in words else '>'}{w}}" for name, p, w in row)
            yield "  ".join(aligned).rstrip()

    rule = "  ".join("-" * width for width in widths)
    body = [line for row in cells for line in lines(row.values())]
    return "\n".join([*lines(heads, head=True), rule, *body])


_TOGETHER = re.compile(r"\[[^\]]*\](?: \w{1,3}\b)?")
"""An interval, and its unit: a line does not end within it."""


def _broken(text: str, width: int) -> list[str]:
    """Break a cell into lines."""
    kept = _TOGETHER.sub(lambda found: found[0].replace(" ", "\xa0"), text)
    found = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in found] or [""]


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths of columns: those of their cells, or if that is too wide less.

    Heads break first, then the widest columns, but no word does.
    """
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(part) for cell in column for part in _broken(cell, 1)) for column in columns]
    room = WIDTH - 2 * (len(columns) - 1)
    if sum(widths) > room:
        widths = [
            max(fewest, *map(len, cells)) if cells else fewest
            for fewest, (_, *cells) in zip(least, columns, strict=True)
        ]
    while sum(widths) > room and widths != least:
        widest = max(
            (k for k in range(len(widths)) if widths[k] > least[k]), key=lambda k: widths[k]
        )
        widths[widest] -= 1
    return widths


def framed(frame: pd.DataFrame) -> str:
    """Lay out a frame of words in the same way."""
    return table(frame.astype(str).to_dict("records"))


def plain(formula: str) -> str:
    r"""Write a LaTeX formula of the catalogue as plain text.

    Examples
    --------
    >>> plain(r"-\frac{1}{N} \sum_{i=1}^{N} \left[t_i \log y_i\right], \quad y = X W_1^\top")
    '-1/N Σ_{i=1}^N [t_i log y_i],   y = X W_1ᵀ'
    >>> plain(r"\frac{x^\top A x}{\sqrt{8}\, b} + \log \frac{1}{1 + (1 + \sqrt{2})\, b}")
    '(xᵀ A x)/(√8 b) + log(1/(1 + (1 + √2) b))'
    """
    text = formula
    for sign, letter in _SIGNS.items():
        text = re.sub(re.escape(sign) + r"(?![A-Za-z])", letter, text)
    text = re.sub(r"\\(?:text|mathrm)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\sqrt\{(\w+)\}", r"√\1", text)
    text = re.sub(r"\\sqrt\{([^{}]+)\}", r"√(\1)", text)
    text = re.sub(r"([_^])\{(\w)\}", r"\1\2", text)
    # Innermost first: what stands in the braces of a fraction holds no others by then, but for
    # indices.
    inner = r"\{((?:[^{}]|[_^]\{[^{}]*\})*)\}"
    fraction = re.compile(rf"(log )?\\frac{inner}{inner}")
    while fraction.search(text):
        text = fraction.sub(_divided, text)
    return text


def _divided(found: re.Match[str]) -> str:
    above, below = (x if re.fullmatch(r"[\w√²]+", x) else f"({x})" for x in found.groups()[1:])
    return f"log({above}/{below})" if found[1] else f"{above}/{below}"
