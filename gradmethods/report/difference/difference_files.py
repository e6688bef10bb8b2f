"""A comparison of two runs as a file: Markdown with its figures beside it, or one HTML page."""

from __future__ import annotations

from pathlib import Path

import jinja2

from gradmethods.errors import InvalidOption
from gradmethods.output.disk import write_bytes
from gradmethods.output.figures import drawn
from gradmethods.output.files import check_target, write_text
from gradmethods.output.typeset import is_numeric, markdown_table
from gradmethods.report.difference.overlay import Overlay, overlays
from gradmethods.report.difference.two_runs import Difference
from gradmethods.report.difference.words import (
    Block,
    by_method,
    changed,
    headline,
    provenance,
    sentences,
)
from gradmethods.report.inline import inline

SUFFIXES = (".md", ".html")

TITLE = "Two runs compared"


def check_out(path: Path) -> Path:
    """Refuse a file that a comparison is not written to, before it is made.

    Raises
    ------
    InvalidOption
        If its suffix is another, or nothing can be written there.
    """
    if path.suffix not in SUFFIXES:
        raise InvalidOption(
            f"A comparison is written as {' or '.join(SUFFIXES)}; {path.name!r} ends otherwise."
        )
    return check_target(path)


def write_difference(difference: Difference, path: Path, judged: list[str]) -> list[Path]:
    """Write a comparison, with figures of both runs overlaid.

    Parameters
    ----------
    difference : Difference
        What to write.
    path : pathlib.Path
        Ends with ``.html``: one page that holds everything. With ``.md``: figures go into a folder
        beside it.
    judged : list of str
        What was found of conditions.
    """
    runs = f"{difference.first.name}, {difference.second.name}"
    folder = path.with_name(f"{path.stem}-figures")
    figures = list(overlays(difference))
    drawings = {
        figure.id: drawn(figure.draw(), "svg", figure.id, figure.caption.full, runs)
        for figure in figures
    }
    if path.suffix == ".md":
        files = [write_bytes(folder / f"{name}.svg", svg) for name, svg in drawings.items()]
        return [write_text(path, _markdown(difference, judged, figures, folder.name)), *files]
    return [write_text(path, _page(difference, judged, figures, drawings))]


def _blocks(difference: Difference) -> list[Block]:
    times = by_method(difference)
    return [*changed(difference), *([times] if times else [])]


def _markdown(
    difference: Difference, judged: list[str], figures: list[Overlay], folder: str
) -> str:
    found = provenance(difference)
    parts = [f"# {TITLE}", f"**{headline(difference)}**", *sentences(difference)]
    parts += [f"## {found.title}", markdown_table(found.frame)]
    if judged:
        parts += ["## Conditions", "\n".join(f"- {words}" for words in judged)]
    for figure in figures:
        parts += [
            f"![{figure.caption.title}]({folder}/{figure.id}.svg)",
            f"**{figure.caption.title}.** {figure.caption.text}",
        ]
    for block in _blocks(difference):
        parts += [f"## {block.title}", markdown_table(block.frame)]
    return "\n\n".join(parts) + "\n"


def _page(
    difference: Difference, judged: list[str], figures: list[Overlay], drawings: dict[str, bytes]
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradmethods.report", "difference"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [
        (figure, inline(figure.id, drawings[figure.id].decode(), figure.caption.title))
        for figure in figures
    ]
    blocks = [
        (block, [is_numeric(block.frame[c]) for c in block.frame]) for block in _blocks(difference)
    ]
    return environment.get_template("difference.html.jinja").render(
        title=TITLE,
        headline=headline(difference),
        sentences=sentences(difference),
        judged=judged,
        provenance=provenance(difference),
        figures=shown,
        blocks=blocks,
    )
