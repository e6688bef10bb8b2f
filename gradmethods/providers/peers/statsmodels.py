"""Central differences of statsmodels.

Source: S. Seabold and J. Perktold, statsmodels: econometric and statistical modeling with Python,
SciPy 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradmethods.output.style import GREEN, Style
from gradmethods.providers.peers.differences import Differences, Differentiate


@dataclass(frozen=True)
class Statsmodels(Differences):
    """``statsmodels.tools.numdiff.approx_fprime`` with ``centered=True``."""

    name: ClassVar[str] = "statsmodels"
    packages: ClassVar[tuple[str, ...]] = ("statsmodels",)
    style: ClassVar[Style] = Style("statsmodels", GREEN, "D", (0, (3, 1, 1, 1)))

    def _import(self) -> Differentiate:
        from statsmodels.tools.numdiff import approx_fprime

        return lambda flat, x: lambda: approx_fprime(x, flat, centered=True)
