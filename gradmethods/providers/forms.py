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
    repeats : bool
        Whether every partial derivative is written out, with as many terms as there are paths
        through the loss, so that what several have in common is computed again.
    """

    style: Style
    derivation: tuple[float, float]
    repeats: bool = False


_GROWING = (3e-3, 1.7)

FORMS = {
    "auto": Form(Style("analytical", GREEN, "s", "-"), _GROWING),
    "cse": Form(Style("analytical, shared (CSE)", GREEN, "s", (0, (3, 1))), _GROWING),
    "expanded": Form(
        Style("analytical, expanded", ORANGE, "D", (0, (5, 1.5))),
        _GROWING,
        repeats=True,
    ),
    CHAIN_RULE: Form(Style("analytical, chain rule", BLACK, "P", (0, (1, 1))), (6e-5, 1.0)),
}
"""Every form, in the order of tables."""
