"""The forms of the formulas of `Analytical`: an entry each, its cost, and how it is drawn.

No formula is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradmethods.output.style import BLACK, GREEN, ORANGE, Style

CHAIN_RULE = "chain-rule"


@dataclass(frozen=True)
class Form:
    """A way to write the formulas.

    Attributes
    ----------
    style : Style
        Its label, and how it is drawn in every figure.
    derivation : tuple of float
        Seconds a and exponent p: deriving by n parameters takes about a nᵖ.
    closed : bool
        Whether every partial derivative is derived as one formula, of as many terms as there are
        paths through the loss.
    repeats : bool
        Whether the program computes again what several partial derivatives have in common.
    """

    style: Style
    derivation: tuple[float, float]
    closed: bool = False
    repeats: bool = False


_GROWING = (3e-3, 1.7)

FORMS = {
    "auto": Form(Style("analytical", GREEN, "s", "-"), _GROWING),
    "cse": Form(Style("analytical, shared (CSE)", GREEN, "s", (0, (3, 1))), _GROWING, closed=True),
    "expanded": Form(
        Style("analytical, expanded", ORANGE, "D", (0, (5, 1.5))),
        _GROWING,
        closed=True,
        repeats=True,
    ),
    CHAIN_RULE: Form(Style("analytical, chain rule", BLACK, "P", (0, (1, 1))), (6e-5, 1.0)),
}
"""Every form, in the order of tables."""
