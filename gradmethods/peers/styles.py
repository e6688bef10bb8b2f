"""How contenders are drawn in the comparison's figures. Ours keep the styles of the suite."""

from __future__ import annotations

from gradmethods.output.style import (
    BLACK,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    THEORY,
    VERMILLION,
    Style,
)
from gradmethods.providers.registry import style_of

_SOLID, _DASHED, _DOTTED, _MIXED = "-", (0, (5, 1.5)), (0, (1, 1)), (0, (3, 1, 1, 1))

STYLES = {
    "loss": Style("the loss alone, NumPy", THEORY, ".", _DOTTED),
    "hand-written": Style("by hand, NumPy", BLACK, "s", _DASHED),
    "jax": Style("JAX, jit", GREEN, "D", _MIXED),
    "torch": Style("PyTorch, eager", VERMILLION, "^", _DASHED),
    "autograd": Style("autograd", PURPLE, "o", _MIXED),
    "scipy": Style("SciPy approx_derivative", BLACK, "s", _DASHED),
    "statsmodels": Style("statsmodels", GREEN, "D", _MIXED),
    "numdifftools": Style("numdifftools", PURPLE, "^", _DASHED),
    "numerical:reuse": Style("numerical, reuse", ORANGE, "P", _SOLID),
    "sympy.lambdify:cse": Style("SymPy lambdify, CSE", SKY, "o", _DASHED),
    "sympy.lambdify": Style("SymPy lambdify", SKY, "^", _MIXED),
    "symengine": Style("symengine", PURPLE, "v", _DASHED),
    "casadi": Style("CasADi SX", VERMILLION, "X", _MIXED),
}


def contender_style(contender: str) -> Style:
    """Return how a contender is drawn."""
    return STYLES.get(contender) or style_of(contender)
