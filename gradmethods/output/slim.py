"""SVG without what no viewer shows: it is half of what matplotlib writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

NAMED = "method-"
"""How identifiers begin that a page needs: they say to which method a part belongs."""

OURS = "'DejaVu Sans'"
FONTS = f"{OURS}, Verdana, sans-serif"
"""Where letters stay letters: Verdana is as wide, and on machines that lack the other."""

_TAG = re.compile(r"<[^?!>][^>]*>")
_NUMBER = re.compile(r"(?<!scale\()-?\b\d+\.\d+")
_STYLE = re.compile(r'(?<= style=")[^"]*')
_PATH = re.compile(r'(?<= d=")[^"]*')
_MARKS = re.compile(r'<use xlink:href="#([^"]*)" x="([^"]*)" y="([^"]*)"((?: style="[^"]*")?)/>')
_STROKES = re.compile(r'<path d="([^"]*)"([^>]* style="fill:none[^"]*")/>(?:<path d="[^"]*"\2/>)+')
"""Lines beside each other in one style, such as the bars of intervals."""

_TICK = re.compile(r'<path id="([^"]*)" d="M0 0L([^ "]*) ([^"]*)"')
_RUN = re.compile(
    r'<tspan x="([^"]*)" y="([^"]*)" style="([^"]*)">[^<]*</tspan>'
    r'(?:<tspan x="[^"]*" y="\2" style="\3">[^<]*</tspan>)+'
)
"""Letters of one formula beside each other, which matplotlib places one by one."""


def slim(svg: str) -> str:
    r"""Round lengths to a hundredth of a point; drop blanks, comments and repeated styles.

    Examples
    --------
    >>> slim('<path d="M 1.12345 2.0 \nL 3.999 4 \n"/>\n <text>3.14159</text>')
    '<path d="M1.12 2L4 4"/><text>3.14159</text>'

    Letters become words, but not across what stands between them:

    >>> letters = [(0, "a"), (6, "b"), (40, "c"), (46, "d")]
    >>> style = 'y="0" style="font-size:10px"'
    >>> found = slim("".join(f'<tspan x="{x}" {style}>{c}</tspan>' for x, c in letters))
    >>> found.replace(style, "")
    '<tspan x="0" >ab</tspan><tspan x="40" >cd</tspan>'

    Groups that say nothing, or hold nothing, are left out:

    >>> slim('<svg><g id="a"><g id="b"/><text>x</text></g></svg>')
    '<svg><text>x</text></svg>'
    """
    text = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    text = _TAG.sub(_short, text)
    text = re.sub(r">\s*\n\s*<", "><", text).strip()
    text = text.replace(f";font-family:{OURS}", "").replace(
        '<style type="text/css">', f'<style type="text/css">text{{font-family: {FONTS}}}'
    )
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"|<defs></defs>', "", text)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    unused = {name for name in re.findall(r' id="([^"]*)"', text) if name not in used}
    text = re.sub(
        r' id="([^"]*)"',
        lambda name: "" if name[1] in unused and not name[1].startswith(NAMED) else name[0],
        text,
    )
    text = _ungrouped(text)
    ticks = {found[1]: (found[2], found[3]) for found in _TICK.finditer(text)}
    text = re.sub(f"(?:{_MARKS.pattern}){{2,}}", lambda run: _shared(run[0], ticks), text)
    text = _STROKES.sub(lambda found: _one(found[0]), text)
    return _RUN.sub(_joined, text)


def _short(found: re.Match[str]) -> str:
    """Write a tag shortly; what stands between tags is not touched."""
    tag = _NUMBER.sub(_rounded, found[0])
    tag = _STYLE.sub(lambda style: style[0].replace("; ", ";").replace(": ", ":"), tag)
    return _PATH.sub(lambda path: re.sub(r"\s*([A-Za-z])\s*", r"\1", path[0]).strip(), tag)


def _rounded(number: re.Match[str]) -> str:
    """Round a length; a small number may be a scale, which multiplies many."""
    value = float(number[0])
    return f"{value:.{2 if abs(value) >= 1 else 6}f}".rstrip("0").rstrip(".")


def _ungrouped(text: str) -> str:
    """Drop groups that say nothing of what is in them, and those that hold nothing."""
    text = re.sub(r"<g\b[^>]*/>", "", text)
    parts, bare = re.split(r"(<g\b[^>]*>|</g>)", text), list[bool]()
    for place, part in enumerate(parts):
        if part.startswith("<g") and re.match(r"<g\b", part):
            bare.append(part == "<g>")
        elif part != "</g>":
            continue
        if bare[-1]:
            parts[place] = ""
        if part == "</g>":
            bare.pop()
    return "".join(parts)


def _shared(run: str, ticks: Mapping[str, tuple[str, str]]) -> str:
    """Give marks beside each other one style; strokes, such as ticks, become one path."""
    written = []
    for (name, style), own in groupby(_MARKS.findall(run), key=lambda mark: (mark[0], mark[3])):
        places = [(x, y) for _, x, y, _ in own]
        if name in ticks:
            across, down = ticks[name]
            lines = "".join(f"M{x} {y}l{across} {down}" for x, y in places)
            written.append(f'<path d="{lines}"{style}/>')
        else:
            marks = "".join(f'<use xlink:href="#{name}" x="{x}" y="{y}"/>' for x, y in places)
            written.append(f"<g{style}>{marks}</g>")
    return "".join(written)


def _one(strokes: str) -> str:
    """Draw lines of one style as one path."""
    lines = re.findall(r'<path d="([^"]*)"', strokes)
    return f'<path d="{"".join(lines)}{strokes[strokes.rindex(lines[-1]) + len(lines[-1]) :]}'


def _joined(found: re.Match[str]) -> str:
    """Write letters as words; what stands between two words, as an exponent, may come later."""
    y, style = found[2], found[3]
    size = re.search(r"([\d.]+)px", style)
    widest = 1.2 * float(size[1]) if size else 0.0
    words: list[list[tuple[float, str]]] = []
    for x, letter in re.findall(r'x="([^"]*)"[^>]*>([^<]*)</tspan>', found[0]):
        if not words or float(x) - words[-1][-1][0] > widest:
            words.append([])
        words[-1].append((float(x), letter))
    return "".join(
        f'<tspan x="{word[0][0]:g}" y="{y}" style="{style}">{"".join(c for _, c in word)}</tspan>'
        for word in words
    )
