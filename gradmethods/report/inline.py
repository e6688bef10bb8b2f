"""Drawings put into a page: without what a page does not need, and without ids in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markupsafe import Markup

from gradmethods.output.slim import FONTS

_METHOD = re.compile(r' id="method-[^":]*:([^"]*)"')
"""What a panel names its artists after: the method that they belong to."""

_ABOUT = re.compile(r"<metadata>.*?</metadata>|<title>.*?</title>", re.DOTALL)
_SAID = re.compile(r' (?:xmlns(?::xlink)?|version)="[^"]*"|<path d="M\S+ \S+"[^>]*/>|<g/>')
"""What a page need not be told: HTML knows it, or it draws nothing."""

_OWN_STYLE = re.compile(r"<defs><style .*?</style></defs>")
_MARK = re.compile(r'<defs><path id="([^"]*)"( d="[^"]*"(?: style="[^"]*")?)/></defs>')
_FRAME = re.compile(
    r'<clipPath id="([^"]*)"><rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/></clipPath>'
)
_CLIP = re.compile(r' clip-path="url\(#([^)]*)\)"')
_EDGE = 0.05
"""Points. So much of a drawing is not seen."""

_PLACES = re.compile(r' (?:x|y)="[^"]*"')
_FINE = re.compile(r"(?<=\d\d\.\d)\d|(?<=\d\d)\.0\d")
"""Hundredths of a point, far from the origin: a page need not tell them apart."""

_LINES = re.compile(r'(?<= d=")(?:[ML]-?[\d.]+ -?[\d.]+|z)+(?=")')
_STEP = re.compile(r"([ML])(-?[\d.]+) (-?[\d.]+)|z")
_SMALL = 10
"""Points. A path that reaches no farther is a marker, whose hundredths are seen."""

STYLE = f"svg text{{font-family:{FONTS}}}svg *{{stroke-linejoin:round;stroke-linecap:butt}}"
"""What every drawing of matplotlib's says of itself."""

HIDDEN = 'aria-hidden="true" style="position: absolute; width: 0; height: 0"'
"""Attributes that hide a drawing which only holds parts for the others."""


@dataclass
class Shared:
    """What a page holds once for all its drawings.

    Attributes
    ----------
    classes : dict of str to str
        By style, the classes that have them.
    marks : dict of str to str
        By outline, the names of markers and ticks.
    """

    classes: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def style_sheet(self) -> str:
        """The rules of classes that drawings have in place of styles."""
        rules = (f".{name}{{{style}}}" for style, name in self.classes.items())
        return "\n".join([STYLE, *rules])

    @property
    def outlines(self) -> Any:
        """A drawing that shows nothing, and holds the markers of all others."""
        held = "".join(f'<path id="{name}"{outline}/>' for outline, name in self.marks.items())
        svg = f"<svg {HIDDEN}><defs>{_classed(held, self.classes)}</defs></svg>"
        return Markup(svg)  # noqa: S704  # our own drawings'


def inline(
    identifier: str,
    svg: str,
    alt: str,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    shared: Shared | None = None,
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
    shared : Shared, optional
        What the page holds once for all drawings; what this one needs of it is added.
    """
    drawing = _SAID.sub("", _ABOUT.sub("", svg[svg.index("<svg") :]).replace("xlink:href", "href"))
    drawing = _METHOD.sub(r' data-method="\1"', drawing)
    if shared is not None:
        drawing = _OWN_STYLE.sub("", drawing)
        marks = {
            name: shared.marks.setdefault(outline, f"m{len(shared.marks)}")
            for name, outline in _MARK.findall(drawing)
        }
        drawing = _MARK.sub("", drawing)
        drawing = re.sub(r'(?<=href="#)[^"]*', lambda use: marks.get(use[0], use[0]), drawing)
    drawing = _unclipped(drawing)
    names = dict.fromkeys(re.findall(r' id="([^"]*)"', drawing))
    for place, name in enumerate(names):
        drawing = re.sub(
            rf'(id="|href="#|url\(#){re.escape(name)}\b', rf"\g<1>{identifier}-{place}", drawing
        )
    for method, words in (values or {}).items():
        drawing = _say(drawing, f'data-method="{escape(method)}"', words)
    drawing = re.sub(
        r'(<use [^>]*)transform="translate\((\S+) (\S+)\)"', r'\1x="\2" y="\3"', drawing
    )
    drawing = _PLACES.sub(lambda where: _FINE.sub("", where[0]), drawing)
    drawing = _LINES.sub(lambda path: _by_steps(path[0]), drawing)
    drawing = re.sub(
        r' (x|y|href)="([^"=<>`/ ]+)"(/?)', r" \1=\2 \3", drawing
    )  # HTML needs no quotes
    if shared is not None:
        drawing = _classed(drawing, shared.classes)
    drawing = drawing.replace("  ", " ").replace(" >", ">")
    head = f'<svg role="img" aria-label="{escape(alt)}"'
    return Markup(drawing.replace("<svg", head, 1))  # noqa: S704  # our own drawing, escaped words


def _classed(drawing: str, classes: dict[str, str]) -> str:
    """Write classes for styles; the styles that have none yet are added."""
    for style in re.findall(r' style="([^"]*)"', drawing):
        classes.setdefault(style, f"s{len(classes)}")
    return re.sub(r' style="([^"]*)"', lambda found: f" class={classes[found[1]]} ", drawing)


def _by_steps(path: str) -> str:
    """Write a path of straight lines by its steps, in tenths of a point: they have fewer digits.

    Examples
    --------
    >>> _by_steps("M46 19.61L50.58 22.52L50.58 40L60 40z")
    'M46 19.6l4.6 2.9v17.5h9.4z'
    """
    points = _STEP.findall(path)
    ends = [round(10 * float(end)) for _, *place in points for end in place if end]
    if max(map(abs, ends), default=0) <= 10 * _SMALL:
        return path
    written, before, drawn = "", (0, 0), "z"
    for letter, *_ in points:
        if not letter:
            written, drawn = f"{written}z", "z"
            continue
        here = (ends.pop(0), ends.pop(0))
        x, y = (new - old for new, old in zip(here, before, strict=True))
        if letter == "M":
            # A step from a part that is closed would begin where that part began.
            step, drawn = (f"M{_tenths(*here)}" if drawn == "z" else f"m{_tenths(x, y)}"), "m"
        elif x and y:
            step = _tenths(x, y)
            blank = "" if step[0] == "-" else " "
            step, drawn = (f"{blank}{step}" if drawn == "l" else f"l{step}"), "l"
        else:
            step = drawn = f"h{_tenths(x)}" if x or not y else f"v{_tenths(y)}"
        written, before = written + step, here
    return written


def _tenths(*numbers: int) -> str:
    """Write tenths as numbers, with a blank between them where it is needed."""
    words = [f"{number / 10:g}" for number in numbers]
    return "".join(f" {w}" if k and w[0] != "-" else w for k, w in enumerate(words))


def _unclipped(drawing: str) -> str:
    """Leave out frames that cut nothing off: nearly all of a drawing lies within its axes."""
    frames = {name: tuple(map(float, place)) for name, *place in _FRAME.findall(drawing)}

    def needed(clip: re.Match[str]) -> str:
        x, y, wide, high = frames[clip[1]]
        own = _element(drawing, drawing.rindex("<", 0, clip.start()))
        paths = " ".join(re.findall(r' d="([^"]*)"', own))
        if not re.fullmatch(r"[MLz\d. -]*", paths):
            return clip[0]
        numbers = re.findall(r"-?[\d.]+", paths)
        xs = [*numbers[::2], *re.findall(r' x="([^"]*)"', own)]
        ys = [*numbers[1::2], *re.findall(r' y="([^"]*)"', own)]
        inside = all(x - _EDGE <= float(n) <= x + wide + _EDGE for n in xs)
        inside &= all(y - _EDGE <= float(n) <= y + high + _EDGE for n in ys)
        return "" if inside else clip[0]

    drawing = _CLIP.sub(needed, drawing)
    used = {found[1] for found in _CLIP.finditer(drawing)}
    return _FRAME.sub(lambda frame: frame[0] if frame[1] in used else "", drawing)


def _element(text: str, start: int) -> str:
    """Return what begins at `start`: a tag that is closed at once, or a group with its content."""
    depth = 0
    for tag in re.compile(r"<(/?)g\b[^>]*>|<[^>]*/>").finditer(text, start):
        depth += tag[0].startswith("<g") - bool(tag[1])
        if depth == 0:
            return text[start : tag.end()]
    return text[start:]


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
