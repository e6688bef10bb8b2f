"""The suite's formula, differentiated and compiled by symengine.

Source: I. Fernando, O. Čertík et al., SymEngine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.provider import Stopwatch
from gradmethods.output.style import PURPLE, Style
from gradmethods.providers.peers.symbolic_peer import Formula, Formulas


@dataclass(frozen=True)
class Symengine(Formulas):
    """symengine's ``diff`` by every parameter, compiled by its ``Lambdify`` with ``cse=True``."""

    name: ClassVar[str] = "symengine"
    packages: ClassVar[tuple[str, ...]] = ("symengine",)
    style: ClassVar[Style] = Style("symengine", PURPLE, "v", (0, (5, 1.5)))
    family: ClassVar[str] = "analytical"
    exact: ClassVar[bool] = True

    def _compile(self, made: Formula, watch: Stopwatch) -> Callable[..., Any]:
        import symengine

        with watch("derive"):
            loss = symengine.sympify(made.loss)
            symbols = [symengine.sympify(symbol) for symbol in made.symbols]
            outputs = [loss, *(loss.diff(symbol) for symbol in symbols[: len(made.params)])]
        with watch("compile"):
            function = symengine.Lambdify(symbols, outputs, cse=True)

        def evaluate(params: Any, columns: Any, constants: Any, count: int) -> Any:
            arguments = np.empty((count, len(symbols)))
            arguments[:, : len(params)] = params
            arguments[:, len(params) : len(params) + len(columns)] = columns.T
            arguments[:, len(params) + len(columns) :] = constants
            return function(arguments).T

        return evaluate
