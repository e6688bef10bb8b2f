"""Central differences of numdifftools, extrapolated.

Source: P. A. Brodtkorb and J. D'Errico, numdifftools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gradmethods.output.style import PURPLE, Style
from gradmethods.providers.peers.differences import Differences, Differentiate, Flat
from gradmethods.providers.peers.peer import Call


@dataclass(frozen=True)
class Numdifftools(Differences):
    """``numdifftools.Gradient`` with its defaults: central differences, extrapolated."""

    name: ClassVar[str] = "numdifftools"
    packages: ClassVar[tuple[str, ...]] = ("numdifftools",)
    style: ClassVar[Style] = Style("numdifftools", PURPLE, "^", (0, (5, 1.5)))

    def _import(self) -> Differentiate:
        from numdifftools import Gradient

        def differentiate(flat: Flat, x: Any) -> Call:
            gradient = Gradient(flat)
            return lambda: gradient(x)

        return differentiate
