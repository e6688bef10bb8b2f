"""Making and saving figures, so that the same records give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterSciNotation

from gradmethods.errors import InvalidOption
from gradmethods.output.disk import write_bytes
from gradmethods.output.files import as_text
from gradmethods.output.slim import slim
from gradmethods.output.style import RC

SIZES = {"wide": (7.0, 3.9), "column": (3.5, 4.1)}
"""Inches: a page, and a column of a two-column page with the legend below."""

FORMATS = {"wide": ("svg", "pdf"), "column": ("svg", "pdf")}
"""What a run writes, by size: drawings for pages, and files for printers."""

KINDS = ("svg", "pdf", "png")
"""What `save` can write."""


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure in the suite's style, without a window or any global state."""
    with mpl.rc_context(RC):
        return Figure(figsize=(width, height), layout="constrained")


def panel_grid(panels: int, most: int = 4) -> tuple[int, int]:
    """Return rows and columns for panels: few rows, at most so many columns, few empty places.

    Examples
    --------
    >>> panel_grid(3), panel_grid(5), panel_grid(9)
    ((1, 3), (2, 3), (3, 3))
    """
    rows = -(-panels // most)
    return rows, -(-panels // rows)


class Powers(LogFormatterSciNotation):
    """Writes 10⁻³ as text: as a formula, letter by letter, it takes a quarter of a report's time.

    Examples
    --------
    >>> text = Powers()
    >>> text.create_dummy_axis()
    >>> text.axis.set_view_interval(1e-8, 1e8)
    >>> text(1e-3), text(1e6)
    ('10⁻³', '10⁶')
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write the label of a tick at `x`; nothing where there is none."""
        text: str = super().__call__(x, pos)
        found = re.fullmatch(r"\$\\mathdefault\{(.*)10\^\{(.*)\}\}\$", text)
        if found is None:
            return text
        factor = found[1].replace(r"\times", "×")
        return f"{factor}10{found[2].translate(SUPERSCRIPTS)}"


SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def save(
    figure: Figure, path: Path, *, title: str = "", caption: str = "", source: str = ""
) -> Path:
    """Write a figure as SVG, PDF or PNG, after its suffix.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to write.
    path : pathlib.Path
        With the suffix ``.svg``, ``.pdf`` or ``.png``.
    title, caption, source : str, optional
        Go into the file's metadata, so that a figure on its own still says what it is.
    """
    return write_bytes(path, drawn(figure, check_format(path), title, caption, source))


def drawn(figure: Figure, kind: str, title: str = "", caption: str = "", source: str = "") -> bytes:
    """Draw a figure in a format, with the words of `save`."""
    buffer = BytesIO()
    engine = figure.get_layout_engine()
    _check_formulas(figure)
    # With a fixed salt and without dates, bytes depend on nothing but the content.
    with mpl.rc_context(RC | {"svg.hashsalt": title or "gradmethods"}):
        if isinstance(engine, ConstrainedLayoutEngine):
            # Laid out once, the figure looks the same in every format, and is written faster.
            _write_powers(figure)
            engine.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(buffer, format=kind, metadata=_metadata(kind, title, caption, source))
    content = buffer.getvalue()
    if kind == "svg":
        content = as_text(slim(content.decode()) + "\n")
    return content


def _check_formulas(figure: Figure) -> None:
    """Show as it is written what is no formula although there are dollar signs in it: a name."""
    parse = MathTextParser("path").parse
    for text in _texts(figure):
        try:
            for line in text.get_text().split("\n"):  # Lines are laid out one by one.
                if "$" in line:
                    parse(line)
        except ValueError:
            text.set_parse_math(False)


def _texts(artist: Artist) -> Iterator[Text]:
    """Find the texts in a figure, those of ticks that exist; `findobj` would make all of them."""
    if isinstance(artist, Text):
        yield artist
    parts: Sequence[Artist] = (
        [artist.label, artist.offsetText, *artist.majorTicks, *artist.minorTicks]
        if isinstance(artist, Axis)
        else artist.get_children()
    )
    for part in parts:
        yield from _texts(part)


def _write_powers(figure: Figure) -> None:
    """Let log axes whose labels are matplotlib's own write them as text."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() != "log":
                continue
            if type(axis.get_major_formatter()) is LogFormatterSciNotation:
                axis.set_major_formatter(Powers())
            if type(axis.get_minor_formatter()) is LogFormatterSciNotation:
                axis.set_minor_formatter(Powers(labelOnlyBase=False))


def check_format(path: Path, others: Sequence[str] = ()) -> str:
    """Return the format that a path's suffix names.

    Raises
    ------
    InvalidOption
        If it is neither a format of figures, nor one of the others that the caller can write.
    """
    kind, known = Path(path).suffix[1:], (*others, *KINDS)
    if kind not in known:
        raise InvalidOption(
            f"Expected a file whose name ends in one of {', '.join(known)}; got {path.name!r}."
        )
    return kind


def _metadata(kind: str, title: str, caption: str, source: str) -> dict[str, Any]:
    """Name the words as each format does, and keep dates out."""
    formats: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "svg": (("Title", "Description", "Source"), {"Creator": "gradmethods", "Date": None}),
        "pdf": (
            ("Title", "Subject", "Keywords"),
            {"Creator": "gradmethods", "CreationDate": None, "ModDate": None},
        ),
        "png": (("Title", "Description", "Source"), {"Software": "gradmethods"}),
    }
    names, undated = formats[kind]
    words = zip(names, (title, caption, source), strict=True)
    return undated | {name: as_text(text).decode() for name, text in words if text}
