"""The smallest network, 1-1-1: the chain rule as the article writes it, against closed forms.

Source: the article that the project implements; the chain rule is its derivation of
backpropagation, and the closed forms are its analytical method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter

from gradmethods import problems
from gradmethods.providers import Analytical
from gradmethods.studies.derivations.derivation import Derivation, Row
from gradmethods.studies.derivations.proof import vanishes

NAME = "network-1-1-1"

SYMBOLS = {
    name: sympy.Symbol(name, real=True)
    for name in ("x", "t", "w_h", "b_h", "w_y", "b_y", "z_h", "h", "z_y", "y")
}


def sigmoid(z: Any) -> Any:
    """Return σ(z)."""
    return 1 / (1 + sympy.exp(-z))


@dataclass(frozen=True)
class Factor:
    """A local derivative: ∂above/∂below, as a formula in the values of the forward pass."""

    above: str
    below: str
    formula: Any

    @property
    def latex(self) -> str:
        r"""``\frac{\partial L}{\partial y}``."""
        return rf"\frac{{\partial {_name(self.above)}}}{{\partial {_name(self.below)}}}"


def stages() -> dict[Any, Any]:
    """Return the forward pass: each value in terms of those before it, the last first."""
    s = SYMBOLS
    return {
        s["y"]: sigmoid(s["z_y"]),
        s["z_y"]: s["w_y"] * s["h"] + s["b_y"],
        s["h"]: sigmoid(s["z_h"]),
        s["z_h"]: s["w_h"] * s["x"] + s["b_h"],
    }


def chains() -> dict[str, tuple[Factor, ...]]:
    """Return the factors of each partial derivative as the article writes them, from L on.

    Examples
    --------
    >>> for name, chain in chains().items():
    ...     print(name, " · ".join(f"∂{f.above}/∂{f.below}" for f in chain))
    w_h ∂L/∂y · ∂y/∂z_y · ∂z_y/∂h · ∂h/∂z_h · ∂z_h/∂w_h
    b_h ∂L/∂y · ∂y/∂z_y · ∂z_y/∂h · ∂h/∂z_h · ∂z_h/∂b_h
    w_y ∂L/∂y · ∂y/∂z_y · ∂z_y/∂w_y
    b_y ∂L/∂y · ∂y/∂z_y · ∂z_y/∂b_y
    """
    s = SYMBOLS
    one = sympy.Integer(1)
    output = (Factor("L", "y", 2 * (s["y"] - s["t"])), Factor("y", "z_y", s["y"] * (1 - s["y"])))
    hidden = (Factor("z_y", "h", s["w_y"]), Factor("h", "z_h", s["h"] * (1 - s["h"])))
    return {
        "w_h": (*output, *hidden, Factor("z_h", "w_h", s["x"])),
        "b_h": (*output, *hidden, Factor("z_h", "b_h", one)),
        "w_y": (*output, Factor("z_y", "w_y", s["h"])),
        "b_y": (*output, Factor("z_y", "b_y", one)),
    }


def product(chain: tuple[Factor, ...]) -> Any:
    """Multiply the factors of a chain, and write the result in parameters and data."""
    result = sympy.Mul(*(factor.formula for factor in chain))
    for value, formula in stages().items():
        result = result.subs(value, formula)
    return result


def closed_forms() -> dict[str, Any]:
    """Return SymPy's derivatives of the loss in the catalogue, by parameter."""
    prepared = Analytical("expanded").prepare(problems.get(NAME))
    return {name: prepared.formula(name) for name in chains()}


def derivation() -> Derivation:
    """Derive the four partial derivatives in both ways, and prove them equal."""
    closed = closed_forms()
    rows = [_row(name, chain, closed[name]) for name, chain in chains().items()]
    return Derivation(
        NAME,
        "The smallest network, 1-1-1",
        (
            r"z_h = w_h x + b_h",
            r"h = \sigma(z_h)",
            r"z_y = w_y h + b_y",
            r"y = \sigma(z_y)",
            r"L = (y - t)^2",
            r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        ),
        (
            "the chain rule, as the article writes it",
            "closed form, by SymPy from the loss that runs",
        ),
        tuple(rows),
        (
            (
                "Each product, written out in parameters and data, minus the closed form is a "
                "rational function of the symbols and of two exponentials; its numerator expands "
                "to zero."
            ),
            (
                "The first four factors of ∂L/∂w_h are those of ∂L/∂b_h: backpropagation computes "
                "them once, the closed forms repeat them."
            ),
        ),
    )


class _Printer(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """Writes exponentials as exp(…): exponents of exponents would be too small to read."""

    def _print_exp(self, expr: Any, exp: str | None = None) -> str:
        raised = rf"\exp^{{{exp}}}" if exp else r"\exp"
        return rf"{raised}\left({self._print(expr.args[0])}\right)"


def _row(name: str, chain: tuple[Factor, ...], closed: Any) -> Row:
    formulas = r" \cdot ".join(_factored(factor.formula) for factor in chain)
    written = (
        rf"\frac{{\partial L}}{{\partial {_name(name)}}} = "
        + r" \cdot ".join(factor.latex for factor in chain),
        f"= {formulas}",
    )
    proven = vanishes(product(chain) - closed)
    return Row(written, f"= {_Printer().doprint(closed)}", 1, int(proven))


def _factored(formula: Any) -> str:
    """Write a factor so that products of factors can be read."""
    s = SYMBOLS
    special = {
        2 * (s["y"] - s["t"]): "2 (y - t)",
        s["y"] * (1 - s["y"]): "y (1 - y)",
        s["h"] * (1 - s["h"]): "h (1 - h)",
    }
    return special.get(formula) or sympy.latex(formula)


def _name(name: str) -> str:
    return str(sympy.latex(sympy.Symbol(name)))
