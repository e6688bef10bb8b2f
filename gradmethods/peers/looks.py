"""How contenders look in the comparison's figures. Ours keep the looks of the suite."""

from __future__ import annotations

from gradmethods.output.style import (
    BLACK,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    THEORY,
    VERMILLION,
    Look,
    look,
)

_SOLID, _DASHED, _DOTTED, _MIXED = "-", (0, (5, 1.5)), (0, (1, 1)), (0, (3, 1, 1, 1))

LOOKS = {
    "loss": Look("the loss alone, NumPy", THEORY, ".", _DOTTED),
    "hand-written": Look("by hand, NumPy", BLACK, "s", _DASHED),
    "jax": Look("JAX, jit", GREEN, "D", _MIXED),
    "torch": Look("PyTorch, eager", VERMILLION, "^", _DASHED),
    "autograd": Look("autograd", PURPLE, "o", _MIXED),
    "scipy": Look("SciPy approx_derivative", BLACK, "s", _DASHED),
    "statsmodels": Look("statsmodels", GREEN, "D", _MIXED),
    "numdifftools": Look("numdifftools", PURPLE, "^", _DASHED),
    "numerical:reuse": Look("numerical, reuse", ORANGE, "P", _SOLID),
    "sympy.lambdify:cse": Look("SymPy lambdify, CSE", SKY, "o", _DASHED),
    "sympy.lambdify": Look("SymPy lambdify", SKY, "^", _MIXED),
    "symengine": Look("symengine", PURPLE, "v", _DASHED),
    "casadi": Look("CasADi SX", VERMILLION, "X", _MIXED),
}


def look_of(contender: str) -> Look:
    """Return how a contender is drawn."""
    return LOOKS.get(contender) or look(contender)
