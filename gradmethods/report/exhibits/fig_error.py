"""Error of a gradient against what grows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.growth_figure import (
    axis_of,
    drawings,
    endings,
)
from gradmethods.report.quantities import Line, Quantity, sizes_along
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import (
    ERRORS,
    SETTING,
)
from gradmethods.timing.sweeps import SWEEPS, Sweep

ZEROS = (
    "Errors of exactly 0 are not drawn; they are in the table of costs. Thin line: the unit "
    "round-off of float64."
)


UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2


def theory(points: pd.DataFrame, _sweep: Sweep, _frame: tuple[float, float]) -> list[Line]:
    """Draw the unit round-off."""
    x = sizes_along(points)
    return [Line(x, np.full_like(x, UNIT_ROUNDOFF), "unit round-off")]


ERROR = Quantity("error", "error relative to the norm of the gradient", theory)


def caption(sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe the figure of a sweep."""
    text = f"Error of the gradient against {axis_of(sweep, costs)}. {ZEROS} {endings(costs, sweep)}"
    title = f"Error of the gradient {SWEEPS[sweep].against}"
    return Caption(title, text.strip(), (SETTING, ERRORS))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each sweep."""
    yield from drawings(run, "error", ERROR, caption)


EXHIBIT = Exhibit("figures", 30, RECORDS, make)
