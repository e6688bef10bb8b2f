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


_BY_STAGES = (2e-4, 1.0)

FORMS = {
    "auto": Form(Style("analytical", GREEN, "s", "-"), _BY_STAGES),
    "cse": Form(Style("analytical, shared (CSE)", GREEN, "s", (0, (3, 1))), _BY_STAGES),
    "expanded": Form(
        Style("analytical, expanded", ORANGE, "D", (0, (5, 1.5))),
        (4e-5, 2.0),
        repeats=True,
    ),
    CHAIN_RULE: Form(Style("analytical, chain rule", BLACK, "P", (0, (1, 1))), _BY_STAGES),
}
"""Every form, in the order of tables."""
