r"""Tables and texts in LaTeX: tables that fit the page, and every sign as a command in ASCII.

The text of ``\documentclass{article}`` is 345 pt wide and 550 pt high. Widths are fractions of the
line, so that a table fits a wider page, too.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from gradmethods.core.naming import UNKNOWN, printable
from gradmethods.output.caption import Caption

LONG = 30
"""Lines from which a table may break over pages."""

GAP = 5.0
"""Points between two columns."""

SLACK = 5.0
"""Points of a line that are left free: letters are not measured to the last."""

SENTENCE = 80.0
"""Points from which a cell is a sentence: it may break, down to a column this wide."""


@dataclass(frozen=True)
class Layout:
    """One way to set a table.

    Attributes
    ----------
    letters : str
        Their size in LaTeX.
    quad : float
        Points of a quad of letters of ten points that is as wide. Small letters are wider for their
        size: those of 8 points by 6 %, those of 7 by 14 %.
    line : float
        Points of a line.
    turned : bool
        Whether the page is turned.
    """

    letters: str
    quad: float
    line: float
    turned: bool = False


LAYOUTS = (
    Layout("footnotesize", 8.6, 345.0),
    Layout("scriptsize", 8.05, 345.0),
    Layout("footnotesize", 8.6, 550.0, turned=True),
    Layout("scriptsize", 8.05, 550.0, turned=True),
)
"""The first that a table fits is taken."""


@dataclass(frozen=True)
class Column:
    """A column and what it needs, in quads.

    Attributes
    ----------
    name : str
        Its head.
    cells : list of str
        Below it.
    flush : bool
        Whether it ends flush, as numbers do.
    natural : float
        So wide it needs no break.
    word : float
        Its longest word, narrower than which it cannot be.
    body : float
        So wide only its head breaks.
    """

    name: str
    cells: list[str]
    flush: bool
    natural: float
    word: float
    body: float

    @classmethod
    def of(cls, name: str, cells: Sequence[str], *, flush: bool) -> Column:
        """Measure a column."""
        bodies = [width(cell) for cell in cells]
        words = [width(word) for cell in (name, *cells) for word in _words(cell)]
        body, word = max(bodies, default=0.0), max(words, default=0.0)
        return cls(name, list(cells), flush, max(body, width(name)), word, max(body, word))

    def least(self, layout: Layout) -> float:
        """Return how narrow it may be, in points: only sentences break, and heads."""
        size = layout.quad
        return max(self.word * size, min(self.body * size, SENTENCE))

    def most(self, layout: Layout) -> float:
        """Return how wide it can use, in points."""
        return self.natural * layout.quad


def latex_table(
    name: str,
    shown: pd.DataFrame,
    caption: Caption,
    source: str,
    *,
    is_numeric: Callable[[pd.Series], bool],
) -> str:
    """Write a table for booktabs; how it was obtained stands in a comment, for the author.

    Parameters
    ----------
    name : str
        Its label.
    shown : pandas.DataFrame
        Words.
    caption : Caption
        What stands above it.
    source : str
        Provenance in a sentence.
    is_numeric : callable
        Tells of a column whether it ends flush.
    """
    columns = [
        Column.of(str(head), [str(cell) for cell in cells], flush=is_numeric(cells))
        for head, cells in shown.items()
    ]
    layout = next((each for each in LAYOUTS if _fits(columns, each)), LAYOUTS[-1])
    parts = list(_parts(columns, layout))
    floats = len(parts) == 1 and not layout.turned and _lines(columns, layout) <= LONG
    packages = ["array", "booktabs", *([] if floats else ["longtable"])]
    packages += ["pdflscape"] * layout.turned
    lines = [f"% Needs \\usepackage{{{','.join(packages)}}}."]
    lines += [f"% {tex(line)}" for line in (caption.method, source) if line]
    lines += ["\\begingroup", f"\\{layout.letters}", f"\\setlength{{\\tabcolsep}}{{{GAP / 2:g}pt}}"]
    if floats:
        lines += _float(name, columns, layout, caption)
    else:
        lines += [r"\setlength{\LTcapwidth}{\linewidth}"] if not layout.turned else []
        lines += [r"\begin{landscape}", r"\setlength{\LTcapwidth}{\linewidth}"] * layout.turned
        for number, part in enumerate(parts, 1):
            lines += _long(
                name if number == 1 else "", part, layout, _titled(caption, number, parts)
            )
        lines += [r"\end{landscape}"] * layout.turned
    return "\n".join([*lines, r"\endgroup"]) + "\n"


def _titled(caption: Caption, number: int, parts: Sequence[object]) -> tuple[str, str]:
    """Return the long and the short caption of a part."""
    title = caption.title if len(parts) == 1 else f"{caption.title} ({number} of {len(parts)})"
    return tex(f"{title}. {caption.text}" if number == 1 else title), tex(title)


def _parts(columns: list[Column], layout: Layout) -> Iterator[list[Column]]:
    """Divide columns that do not fit side by side; what rows are called stands in every part."""
    if _fits(columns, layout):
        yield columns
        return
    names = next((place for place, column in enumerate(columns) if column.flush), 1)
    heads = columns[: max(1, min(names, 3))]
    part = list(heads)
    for column in columns[len(heads) :]:
        if len(part) > len(heads) and not _fits([*part, column], layout):
            yield part
            part = list(heads)
        part.append(column)
    yield part


def _room(columns: Sequence[Column], layout: Layout) -> float:
    return layout.line - SLACK - GAP * (len(columns) - 1)


def _fits(columns: Sequence[Column], layout: Layout) -> bool:
    return sum(column.least(layout) for column in columns) <= _room(columns, layout)


def _widths(columns: Sequence[Column], layout: Layout) -> list[float]:
    """Share the line out: each gets what it needs, and of the rest what it can use."""
    least = [column.least(layout) for column in columns]
    wanted = [column.most(layout) - low for column, low in zip(columns, least, strict=True)]
    wanted = [max(0.0, more) for more in wanted]
    rest = max(0.0, _room(columns, layout) - sum(least))
    share = min(1.0, rest / sum(wanted)) if any(wanted) else 0.0
    return [low + share * more for low, more in zip(least, wanted, strict=True)]


def _lines(columns: Sequence[Column], layout: Layout) -> int:
    """Estimate the lines of a table."""
    widths = _widths(columns, layout)
    rows = zip(*(column.cells for column in columns), strict=True)
    size = layout.quad
    return sum(
        max(math.ceil(width(cell) * size / room) for cell, room in zip(row, widths, strict=True))
        for row in rows
    )


def _preamble(columns: Sequence[Column], layout: Layout) -> str:
    """Describe the columns; those that need no break are as wide as they are."""
    found = []
    for column, room in zip(columns, _widths(columns, layout), strict=True):
        if room >= column.most(layout):
            found.append("r" if column.flush else "l")
            continue
        side = "raggedleft" if column.flush else "raggedright"
        fraction = math.floor(1000 * room / layout.line) / 1000
        found.append(f">{{\\{side}\\arraybackslash}}p{{{fraction:.3f}\\linewidth}}")
    return f"@{{}}{''.join(found)}@{{}}"


def _rows(columns: Sequence[Column], layout: Layout) -> list[str]:
    """Write the rows, apart from one another where some of them break."""
    cells = list(zip(*(column.cells for column in columns), strict=True))
    end = r" \\ \addlinespace[2pt]" if _lines(columns, layout) > len(cells) else r" \\"
    return [" & ".join(map(tex, row)) + end for row in cells]


def _head(columns: Sequence[Column]) -> list[str]:
    return [r"\toprule", " & ".join(tex(column.name) for column in columns) + r" \\", r"\midrule"]


def _float(name: str, columns: Sequence[Column], layout: Layout, caption: Caption) -> list[str]:
    full, short = _titled(caption, 1, [columns])
    return [
        r"\begin{table}[htbp]", r"\centering", f"\\{layout.letters}",
        f"\\caption[{short}]{{{full}}}", f"\\label{{{name}}}",
        f"\\begin{{tabular}}{{{_preamble(columns, layout)}}}",
        *_head(columns), *_rows(columns, layout), r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip


def _long(
    name: str, columns: Sequence[Column], layout: Layout, titles: tuple[str, str]
) -> list[str]:
    """Write a table that breaks over pages, with its head on each."""
    full, short = titles
    label = f"\\label{{{name}}}" if name else ""
    return [
        f"\\begin{{longtable}}{{{_preamble(columns, layout)}}}",
        f"\\caption[{short}]{{{full}}}{label} \\\\", *_head(columns), r"\endfirsthead",
        f"\\caption[]{{{short}, continued}} \\\\", *_head(columns), r"\endhead",
        r"\bottomrule", r"\endfoot",
        *_rows(columns, layout), r"\end{longtable}",
    ]  # fmt: skip


def _words(text: str) -> list[str]:
    """Return the pieces between which a line may break: words, and parts with a hyphen between."""
    return re.findall(r"[^\s-]+-*|-+", text)


_SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": "$|$", '"': "''",
    "÷": r"$\div$", "×": r"$\times$", "±": r"$\pm$", "µ": r"$\mu$", "°": r"$^\circ$",
    "≤": r"$\le$", "≥": r"$\ge$", "≠": r"$\ne$", "∝": r"$\propto$", "∞": r"$\infty$",
    "∂": r"$\partial$", "√": r"$\surd$", "∛": r"${}^3\!\!\surd$", "−": r"$-$", "·": r"$\cdot$",
    "⊗": r"$\otimes$", "∈": r"$\in$", "→": r"$\rightarrow$", "←": r"$\leftarrow$",
    "↑": r"$\uparrow$", "↓": r"$\downarrow$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$",
    "‖": r"$\|$", "′": "$'$", "″": "$''$", "–": "--", "—": "---", "…": r"\dots{}",
    "“": "``", "”": "''", "‘": "`", "’": "'", "ε": r"$\varepsilon$", "φ": r"$\varphi$",
    "ı": r"{\i}", "ß": r"{\ss}", "ø": r"{\o}", "Ø": r"{\O}", "æ": r"{\ae}", "ł": r"{\l}",
    "\u00a0": "~", UNKNOWN: "?",
}  # fmt: skip

_ACCENTS = {
    0x300: "`", 0x301: "'", 0x302: "^", 0x303: "~", 0x304: "=", 0x306: "u", 0x307: ".", 0x308: '"',
    0x30A: "r", 0x30B: "H", 0x30C: "v", 0x327: "c",
}  # fmt: skip
"""TeX's accents, by the combining character that Unicode has for them."""

_RAISED = {"<super>": "^", "<sub>": "_"}

MEASURED = 100
"""Points, the size in which letters are measured."""

OTHER = 0.8
"""Quads that a sign takes for which the letters have no measure."""


def tex(text: str) -> str:
    r"""Write a text in LaTeX, signs and accents as commands: any engine sets it.

    Examples
    --------
    >>> tex("gradient ÷ loss, 95 %")
    'gradient $\\div$ loss, 95 \\%'
    >>> tex("Šrajer: ∂L/∂σ₂ ≈ 2³")
    '{\\v{S}}rajer: $\\partial$L/$\\partial$$\\sigma$$_{2}$ \\texttt{U+2248} 2$^{3}$'
    """
    return "".join(_letter(character) for character in printable(text))


@lru_cache(maxsize=1024)
def _letter(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    if character.isascii():
        return character
    kind, *parts = unicodedata.decomposition(character).split() or [""]
    if kind in _RAISED:
        raised = unicodedata.normalize("NFKD", character)
        return f"${_RAISED[kind]}{{{tex(raised).replace('$', '')}}}$"
    if len(parts) == 1 and int(parts[0], 16) in _ACCENTS:
        base = {"i": r"\i "}.get(chr(int(kind, 16)), chr(int(kind, 16)))
        return f"{{\\{_ACCENTS[int(parts[0], 16)]}{{{base}}}}}"
    if character in _GREEK:
        name = unicodedata.name(character).rpartition(" ")[2].replace("AMDA", "AMBDA")
        return f"$\\{name.lower() if character.islower() else name.capitalize()}$"
    return f"\\texttt{{U+{ord(character):04X}}}"


_GREEK = "αβγδζηθικλμνξπρστυχψωΓΔΘΛΞΠΣΥΦΨΩ"
"""Letters for which TeX has a command; the others look like Latin ones."""


def width(text: str) -> float:
    """Return how wide a text is in Computer Modern, in quads: multiples of the letters' size."""
    return sum(map(_advance, printable(text)))


@lru_cache(maxsize=1024)
def _advance(character: str) -> float:
    if character.isalpha() and not character.isascii():
        character = unicodedata.normalize("NFKD", character)[0]
    if not character.isascii() or character in '<>|{}\\_~^"':
        return OTHER
    from matplotlib.ft2font import LoadFlags

    glyph = _font().load_char(ord(character), LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance / 65536 / MEASURED)


@lru_cache(maxsize=1)
def _font() -> Any:
    """Load the letters, which come with matplotlib."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    font = FT2Font(f"{get_data_path()}/fonts/ttf/cmr10.ttf")
    font.set_size(MEASURED, 72)
    return font
