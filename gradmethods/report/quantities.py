"""What figures of cost show: the column, the axis, and what theory says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradmethods.report.theory_lines import Line
from gradmethods.timing.sweeps import Sweep

Theory = Callable[[pd.DataFrame, Sweep, tuple[float, float]], list[Line]]
"""Takes the points, the sweep, and the limits of the vertical axis that the points ask for."""

WORDS = {
    "gradient_s": "time per gradient",
    "ratio": "gradient ÷ loss",
    "preparation_s": "preparation",
    "operations": "operations",
    "gradient_bytes": "memory of a gradient",
}
"""Columns whose growth is fitted, in words."""

ITEMSIZE = np.dtype(np.float64).itemsize
"""Bytes of one parameter: every case of the benchmark is in float64."""


def no_theory(_points: pd.DataFrame, _sweep: Sweep, _frame: tuple[float, float]) -> list[Line]:
    """Say that theory knows nothing of a quantity."""
    return []


@dataclass(frozen=True)
class Quantity:
    """What a figure shows on its vertical axis.

    Attributes
    ----------
    column : str
        Of the frame of costs, or of memory.
    label : str
        Of the axis, with the unit.
    theory : callable
        Returns the lines behind the points.
    fitted, timed : bool
        Whether growth is fitted; whether other processes can have disturbed it.
    low, high : str, optional
        Columns of its interval.
    widens : bool
        Whether the frame makes room for the lines of theory.
    """

    column: str
    label: str
    theory: Theory = no_theory
    fitted: bool = False
    timed: bool = False
    low: str | None = None
    high: str | None = None
    widens: bool = True
