"""Texts in LaTeX: every sign as a command in ASCII, and how wide a text is in its letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from gradmethods.core.naming import UNKNOWN, printable

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
