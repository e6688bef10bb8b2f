"""Central differences of SciPy, which its optimisers use.

Source: P. Virtanen et al., SciPy 1.0: fundamental algorithms for scientific computing in Python,
Nature Methods 17 (2020) 261-272.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradmethods.output.style import BLACK, Style
from gradmethods.providers.peers.differences import Differences, Differentiate


@dataclass(frozen=True)
class Scipy(Differences):
    """``scipy.optimize.approx_derivative`` with ``method="3-point"``; what its optimisers use."""

    name: ClassVar[str] = "scipy"
    packages: ClassVar[tuple[str, ...]] = ("scipy",)
    style: ClassVar[Style] = Style("SciPy approx_derivative", BLACK, "s", (0, (5, 1.5)))

    def _import(self) -> Differentiate:
        from scipy.optimize._numdiff import approx_derivative

        return lambda flat, x: lambda: approx_derivative(flat, x, method="3-point")
