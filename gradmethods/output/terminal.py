"""What the terminal shows: tables that all look alike, and formulas with Unicode's signs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
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
        if len(lines) > 1 and set(lines[1]) == {"-", " "}:
            spans = [match.span() for match in re.finditer("-+", lines[1])]
            ends = [start for start, _ in spans[1:]] + [None]
            cells = [
                [escape(line[a:b].strip()) for (a, _), b in zip(spans, ends, strict=True)]
                for line in (lines[0], *lines[2:])
            ]
            head, *rows = (f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
            parts.append(f"<table>{head.replace('td>', 'th>')}{''.join(rows)}</table>")
            continue
        for line in lines:
            if line.startswith("  ") and parts and parts[-1].startswith("<p>"):
                parts[-1] = f"{parts[-1].removesuffix('</p>')} {escape(line.strip())}</p>"
            else:
                parts.append(f"<p>{escape(line.strip())}</p>")
    return "\n".join(parts)


class Shown:
    """What a notebook shows as it is printed."""

    def _repr_html_(self) -> str:
        return as_html(str(self))


def table(rows: Iterable[Mapping[str, str]], left: Iterable[str] = ()) -> str:
    """Lay out rows for the terminal, under a rule.

    Parameters
    ----------
    rows : iterable of mapping of str to str
        Cells by the column's head; the same columns in each.
    left : iterable of str
        Columns of words, aligned left as the first always is; the others are numbers.

    Examples
    --------
    >>> print(table([{"method": "backprop", "passes": "1"}, {"method": "central", "passes": "12"}]))
    method      passes
    --------  --------
    backprop         1
    central         12
    """
    from tabulate import tabulate

    cells = [{head: printable(cell) for head, cell in row.items()} for row in rows]
    words = {*list(cells[0])[:1], *left}
    align = ["left" if head in words else "right" for head in cells[0]]
    text: str = tabulate(cells, "keys", "simple", disable_numparse=True, colalign=align)
    return text


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
