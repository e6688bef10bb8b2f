"""The suite's formula, differentiated by SymPy as it stands and compiled by `sympy.lambdify`.

Source: A. Meurer et al., SymPy: symbolic computing in Python, PeerJ Computer Science 3 (2017) e103.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.provider import Stopwatch
from gradmethods.output.style import SKY, Style
from gradmethods.providers.peers.symbolic_peer import Formula, Formulas


@dataclass(frozen=True)
class Lambdify(Formulas):
    """``sympy.diff`` by every parameter, compiled by ``sympy.lambdify`` to NumPy.

    Parameters
    ----------
    cse : bool
        Whether lambdify eliminates common subexpressions.
    """

    cse: bool = True

    family: ClassVar[str] = "analytical"
    exact: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = ("sympy",)

    @property
    def name(self) -> str:
        """``sympy.lambdify:cse`` or ``sympy.lambdify``."""
        return "sympy.lambdify:cse" if self.cse else "sympy.lambdify"

    @property
    def style(self) -> Style:
        """How it is drawn in every figure, and its label."""
        if self.cse:
            return Style("SymPy lambdify, CSE", SKY, "o", (0, (5, 1.5)))
        return Style("SymPy lambdify", SKY, "^", (0, (3, 1, 1, 1)))

    def _compile(self, made: Formula, watch: Stopwatch) -> Callable[..., Any]:
        import sympy

        with watch("derive"):
            outputs = [made.loss, *(sympy.diff(made.loss, symbol) for symbol in made.params)]
        with watch("compile"):
            function = sympy.lambdify(made.symbols, outputs, "numpy", cse=self.cse)

        def evaluate(params: Any, columns: Any, constants: Any, count: int) -> Any:
            rows = np.empty((len(outputs), count))
            for row, value in zip(rows, function(*params, *columns, *constants), strict=True):
                row[:] = value
            return rows

        return evaluate
