"""The article's derivations as LaTeX, as a figure, and as a page that loads nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from gradmethods.output.labels import extent, typeset
from gradmethods.output.slim import slim
from gradmethods.output.style import BLACK, GREEN, GRID, RC, VERMILLION
from gradmethods.report.inline import HIDDEN, inline
from gradmethods.studies.derivations import Derivation, Row

SIZE, SMALL = 10.0, 7.5
"""Points: formulas, and what is said of them."""

MARGIN, GAP, LEADING = 10.0, 20.0, 8.0
"""Points: around everything, between columns, between formulas in one column."""

LETTER = 0.56
"""Width of a letter of text, on average, in sizes of it."""

_PARTIAL = re.compile(r"∂\w/∂\w+")
"""A partial derivative within a sentence."""


def latex(derivations: Sequence[Derivation]) -> str:
    """Return derivations as LaTeX (amsmath), a block of equations each.

    Parameters
    ----------
    derivations : sequence of Derivation
        From `gradmethods.studies.derivations.derive`.
    """
    blocks = []
    for found in derivations:
        lines = [f"% {found.title}: {verdict(found)}", r"\begin{gather*}"]
        lines += [",\\quad\n".join(found.definitions), r"\end{gather*}"]
        for row in found.rows:
            first, *others = row.written
            left, _, right = first.partition(" = ")
            steps = [rf"{left} &= {right}", *(f"&{line}" for line in others)]
            steps.append(
                f"&{row.closed}" if row.closed.startswith("=") else f"&\\qquad {row.closed}"
            )
            said = f"% {row.proven} of {row.entries} entries proven"
            lines += [said, r"\begin{align*}", " \\\\\n".join(steps), r"\end{align*}"]
        lines += [f"% {line}" for words in found.proof for line in textwrap.wrap(words, 96)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


SIGNS: dict[str, str] = {"cdot": "·", "odot": "⊙", "sigma": "σ", "delta": "δ"}

PLAIN: tuple[tuple[str, Any], ...] = (
    (r"_\{([^{}]*)\}", r"_\1"),
    (r"\\partial ?", "∂"),
    (r"\\(?:left|right|quad|qquad|,) ?", ""),
    (r"\^\{\\top\}", "ᵀ"),
    (r"\\sum_i(?:=1)?(?:\^\{N\})?", "Σᵢ"),
    (r"\^\{([^{}]*)\}", r"^(\1)"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda found: "/".join(map(_one, found.groups()))),
    (r"\\(cdot|odot|sigma|delta)", lambda found: SIGNS[found[1]]),
    (r"\\(log|exp)", r"\1"),
    (r" +", " "),
)
"""The patterns of LaTeX, and the plain text that takes the place of each."""


def _one(text: str) -> str:
    """Put what is more than one name or number in brackets."""
    return text if re.fullmatch(r"[∂\w]+", text) else f"({text})"


def text(derivations: Sequence[Derivation]) -> str:
    """Return derivations as lines of text, as the article writes them; closed forms are left out.

    Parameters
    ----------
    derivations : sequence of Derivation
        From `gradmethods.studies.derivations.derive`.
    """
    blocks = []
    for found in derivations:
        lines = [f"{found.title}: {verdict(found)}.", "", *map(_plain, found.definitions), ""]
        lines += [_plain(" ".join(row.written)) for row in found.rows]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _plain(formula: str) -> str:
    for pattern, instead in PLAIN:
        formula = re.sub(pattern, instead, formula)
    return formula


def document(body: str, width: float) -> str:
    """Return LaTeX that compiles as it is, on paper that is as wide as the formulas, in points."""
    paper = f"paperwidth={width + 60:.0f}pt,paperheight={0.8 * width + 400:.0f}pt,margin=20pt"
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage{amsmath}",
            rf"\usepackage[{paper}]{{geometry}}",
            r"\setlength{\parindent}{0pt}\pagestyle{empty}\allowdisplaybreaks",
            r"\begin{document}",
            body.rstrip(),
            r"\end{document}",
            "",
        ]
    )


def verdict(found: Derivation) -> str:
    """Say how many of the equations are proven."""
    return f"{found.proven} of {found.entries} equations proven by SymPy"


@dataclass
class Sheet:
    """Texts and lines by distance from the left and from the top, in points."""

    texts: list[tuple[float, float, str, dict[str, Any]]] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)
    width: float = 0.0
    top: float = MARGIN

    def put(self, x: float, y: float, text: str, size: float, **look: Any) -> None:
        """Put a text at a place."""
        self.texts.append((x, y, text, {"size": size, **look}))
        self.width = max(self.width, x + extent(text, size)[0])

    def line(
        self, x: float, parts: Sequence[str], size: float, leading: float = LEADING, **look: Any
    ) -> None:
        """Put parts beside each other on one base line, and go on below them."""
        boxes = [extent(part, size) for part in parts]
        base = self.top + max(above for _, above, _ in boxes)
        for part, (wide, _, _) in zip(parts, boxes, strict=True):
            self.put(x, base, part, size, **look)
            x += wide + GAP
        self.top = base + max(below for _, _, below in boxes) + leading


def figure(derivations: Sequence[Derivation]) -> Figure:
    """Draw derivations: what the article writes beside what SymPy finds.

    Parameters
    ----------
    derivations : sequence of Derivation
        From `gradmethods.studies.derivations.derive`.
    """
    sheet = Sheet()
    with mpl.rc_context(RC):
        for found in derivations:
            _derivation(sheet, found)
        return drawn(sheet)


def _derivation(sheet: Sheet, found: Derivation) -> None:
    sheet.line(MARGIN, [found.title], 1.1 * SIZE, weight="bold")
    sheet.line(MARGIN, [in_math(formula) for formula in found.definitions], SIZE)
    sheet.rules.append(sheet.top)
    sheet.top += LEADING
    written = [extent(in_math(line), SIZE)[0] for row in found.rows for line in row.written]
    closed = [extent(in_math(row.closed), SIZE)[0] for row in found.rows]
    second = MARGIN + max(*written, extent(found.headings[0], SMALL)[0]) + GAP
    third = second + max(*closed, extent(found.headings[1], SMALL)[0]) + GAP
    base = sheet.top + SMALL
    for x, words in zip((MARGIN, second, third), (*found.headings, "proven"), strict=True):
        sheet.put(x, base, words, SMALL, color="#555555")
    sheet.top = base + 1.5 * LEADING
    for row in found.rows:
        _row(sheet, row, second, third)
    sheet.rules.append(sheet.top)
    sheet.top += LEADING
    letters = int((sheet.width - MARGIN) / (LETTER * SMALL))
    for words in found.proof:
        for line in textwrap.wrap(words, letters):
            shown = _PARTIAL.sub(lambda found: typeset(found[0]), line)
            sheet.line(MARGIN, [shown], SMALL, 0.5 * SMALL)
    sheet.top += 2 * LEADING


def in_math(formula: str) -> str:
    """Mark a formula for mathtext, with its outer fractions in full size."""
    depth, parts = 0, []
    for part in re.split(r"(\\frac|[{}])", formula):
        depth += (part == "{") - (part == "}")
        parts.append(r"\dfrac" if part == r"\frac" and depth == 0 else part)
    return f"${''.join(parts)}$"


def _row(sheet: Sheet, row: Row, second: float, third: float) -> None:
    """Put the lines of the article below each other, and the closed form beside their middle."""
    lines = [(in_math(line), extent(in_math(line), SIZE)) for line in row.written]
    high = sum(above + below + LEADING for _, (_, above, below) in lines) - LEADING
    closed = in_math(row.closed)
    _, above, below = extent(closed, SIZE)
    tall = max(high, above + below)
    middle = sheet.top + tall / 2
    sheet.put(second, middle + (above - below) / 2, closed, SIZE)
    sheet.put(
        third, middle + SMALL / 3, f"{row.proven} of {row.entries}", SMALL, weight="bold",
        color=GREEN if row.proven == row.entries else VERMILLION,
    )  # fmt: skip
    top = middle - high / 2
    for text, (_, up, down) in lines:
        sheet.put(MARGIN, top + up, text, SIZE)
        top += up + down + LEADING
    sheet.top += tall + 1.6 * LEADING


def drawn(sheet: Sheet) -> Figure:
    """Draw a sheet on a figure of its size."""
    size = sheet.width + MARGIN, sheet.top - LEADING
    result = Figure(figsize=(size[0] / 72, size[1] / 72))
    axes = result.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    axes.set_axis_off()
    for x, y, text, look in sheet.texts:
        axes.text(x, y, text, va="baseline", **({"color": BLACK} | look))
    for y in sheet.rules:
        axes.plot([MARGIN, sheet.width], [y, y], color=GRID, linewidth=0.8)
    return result


_GLYPH = re.compile(r'<path id="((?:DejaVu|STIX)[^"]*)"([^>]*/>)')
"""The outline of a letter, named after font and character; large brackets are STIX."""


def section(derivations: Sequence[Derivation]) -> Markup:
    """Return derivations as a piece of a page: drawings, with the LaTeX to copy below each.

    Nothing is loaded when it is viewed.

    Parameters
    ----------
    derivations : sequence of Derivation
        From `gradmethods.studies.derivations.derive`.
    """
    parts = []
    glyphs: dict[str, str] = {}
    for found in derivations:
        buffer = BytesIO()
        # Readers lack the font of large brackets, so letters become outlines.
        with mpl.rc_context(RC | {"svg.hashsalt": found.name, "svg.fonttype": "path"}):
            figure([found]).savefig(buffer, format="svg", metadata={"Date": None})
        drawing = slim(buffer.getvalue().decode())
        glyphs |= dict(_GLYPH.findall(drawing))
        drawing = _GLYPH.sub("", drawing)
        # All drawings share the outlines of letters; short names keep the page small.
        for place, name in enumerate(glyphs):
            drawing = drawing.replace(f'"#{name}"', f'"#l{place}"')
        alt = f"{found.title}. {verdict(found)}. The LaTeX below says the same."
        drawing = _PLACED.sub(_rounded, inline(found.name, drawing, alt))
        parts.append(
            f'<figure id="{found.name}">\n'
            f"{drawing}\n<figcaption><strong>{escape(found.title)}.</strong> "
            f"{escape(verdict(found))}.</figcaption>\n<details><summary>LaTeX</summary><pre>{escape(latex([found]))}</pre>"
            "</details>\n</figure>"
        )
    if glyphs:
        letters = "".join(
            f'<path id="l{place}"{outline}' for place, outline in enumerate(glyphs.values())
        )
        parts.insert(0, f"<svg {HIDDEN}><defs>{letters}</defs></svg>")
    return Markup("\n".join(parts))  # noqa: S704  # our own drawings, and escaped words


_PLACED = re.compile(r"(?<= x=| y=)[\d.]+|(?<=translate\()[\d.]+ [\d.]+|(?<=scale\()[\d.]+")
"""Where letters stand, in hundredths of their size, and how large they are."""


def _rounded(found: re.Match[str]) -> str:
    """Round a place to a hundredth of a letter, and a size to a thousandth."""
    return " ".join(
        f"{float(n):.3g}" if float(n) < 1 else f"{float(n):.0f}" for n in found[0].split()
    )


def page(derivations: Sequence[Derivation]) -> str:
    """Return derivations as a page of their own."""
    return _PAGE.format(body=section(derivations))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gradmethods: the derivations of the article, proven</title>
<style>
body {{ font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1b1b1b;
       max-width: 75rem; margin: 0 auto; padding: 2rem 1.25rem; }}
figure {{ margin: 2rem 0; }}
figure svg {{ max-width: 100%; height: auto; }}
pre {{ background: #f6f6f6; padding: .8rem 1rem; overflow-x: auto; font-size: .8rem; }}
</style>
</head>
<body>
<h1>The derivations of the article, proven</h1>
{body}
</body>
</html>
"""
