"""Drawings put into a page: without what a page does not need, and without ids in common."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

_GLYPH = re.compile(r'<path id="((?:DejaVu|STIX)[^"]*)".*?/>\s*', re.DOTALL)
"""The outline of a letter, named after font and character; large brackets are STIX."""


def inline(identifier: str, svg: str, glyphs: dict[str, str]) -> Any:
    """Cut a drawing out of its file, and keep its ids apart from those of the other drawings.

    Letters go to `glyphs`: the page holds each once, for all drawings.
    """
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    glyphs.update((match[1], match[0]) for match in _GLYPH.finditer(drawing))
    drawing = _GLYPH.sub("", drawing)
    drawing = re.sub(r"(\.\d{2})\d+", r"\1", drawing)  # a hundredth of a point, and half the size
    drawing = re.sub(r"<!--.*?-->|<defs>\s*</defs>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r">\s+<", "><", drawing)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', drawing))
    drawing = re.sub(r' id="([^"]*)"', lambda id_: id_[0] if id_[1] in used else "", drawing)
    drawing = re.sub(r'\bid="', f'id="{identifier}-', drawing)
    drawing = re.sub(r'(href="#|url\(#)(?!DejaVu|STIX)', rf"\g<1>{identifier}-", drawing)
    return Markup(drawing)  # noqa: S704  # our own drawing; names in it are outlines of letters
