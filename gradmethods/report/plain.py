"""Formulas for the terminal: LaTeX as plain text, with the signs that Unicode has."""

from __future__ import annotations

import re

_SIGNS = {
    r"\quad": "  ", r"\,": "", r"\left": "", r"\right": "", r"^\top": "ᵀ", r"\lVert": "‖",
    r"\rVert": "‖", r"\sum": "Σ", r"\sigma": "σ", r"\varphi": "φ", r"\lambda": "λ",
    r"\log": "log", r"\exp": "exp", r"\sin": "sin", r"\cos": "cos", r"\tanh": "tanh",
    r"\max": "max", "^2": "²",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\cdots": "…", r"\cdot": "·",
}  # fmt: skip


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
