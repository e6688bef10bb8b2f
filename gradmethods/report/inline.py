"""Drawings put into a page: without what a page does not need, and without ids in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

_METHOD = re.compile(r' id="method-[^":]*:([^"]*)"')
"""What a panel names its artists after: the method that they belong to."""

_PLACES = re.compile(r' (?:d|x|y)="[^"]*"')
_FINE = re.compile(r"(?<=\d\d\.\d)\d|(?<=\d\d)\.0\d")
"""Hundredths of a point, far from the origin: a page need not tell them apart."""


def inline(
    identifier: str,
    svg: str,
    alt: str,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    classes: dict[str, str] | None = None,
) -> Any:
    """Cut a drawing out of its file, and keep its ids apart from those of the other drawings.

    Parameters
    ----------
    identifier : str
        Begins its ids: a short one, as it stands at every mark.
    svg : str
        The file.
    alt : str
        What it shows, for who cannot see it.
    values : mapping of str to sequence of str, optional
        What the points of each method say, by its name: browsers show that over a point.
    classes : dict of str to str, optional
        Styles that the page holds once for all drawings, and the classes that have them; those of
        this one are added. See `style_sheet`.
    """
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>|<title>.*?</title>", "", drawing, flags=re.DOTALL)
    drawing = _METHOD.sub(r' data-method="\1"', drawing)
    names = dict.fromkeys(re.findall(r' id="([^"]*)"', drawing))
    for place, name in enumerate(names):
        drawing = re.sub(
            rf'(id="|href="#|url\(#){re.escape(name)}\b', rf"\g<1>{identifier}-{place}", drawing
        )
    for method, words in (values or {}).items():
        drawing = _say(drawing, f'data-method="{escape(method)}"', words)
    drawing = drawing.replace("xlink:href", "href")
    drawing = re.sub(
        r'(<use [^>]*)transform="translate\((\S+) (\S+)\)"', r'\1x="\2" y="\3"', drawing
    )
    drawing = _PLACES.sub(lambda where: _FINE.sub("", where[0]), drawing)
    drawing = re.sub(
        r' (x|y|href)="([^"=<>`/ ]+)"(/?)', r" \1=\2 \3", drawing
    )  # HTML needs no quotes
    if classes is not None:
        for style in re.findall(r' style="([^"]*)"', drawing):
            classes.setdefault(style, f"s{len(classes)}")
        drawing = re.sub(r' style="([^"]*)"', lambda found: f" class={classes[found[1]]} ", drawing)
    drawing = drawing.replace("  ", " ").replace(" >", ">")
    head = f'<svg role="img" aria-label="{escape(alt)}"'
    return Markup(drawing.replace("<svg", head, 1))  # noqa: S704  # our own drawing, escaped words


def style_sheet(classes: Mapping[str, str]) -> str:
    """Return the rules of classes that drawings have in place of styles."""
    return "\n".join(f".{name}{{{style}}}" for style, name in classes.items())


def _say(drawing: str, mark: str, words: Sequence[str]) -> str:
    """Give each point of the line that bears a mark its words."""
    before, found, rest = drawing.partition(mark)
    line, end, after = rest.partition("</g>" if "<use" in rest.partition("</g>")[0] else "\0")
    points = iter(words)
    named = re.sub(
        r"(<use [^>]*)/>",
        lambda use: (
            f"{use[1]}><title>{escape(said)}</title></use>"
            if (said := next(points, ""))
            else use[0]
        ),
        line,
    )
    return before + found + named + end + after
