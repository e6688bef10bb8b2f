"""Operations of compiled gradients against what grows."""

from __future__ import annotations

from collections.abc import Iterator

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
from gradmethods.report.quantities import Quantity
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import (
    COUNTED,
    FITS,
)
from gradmethods.timing.sweeps import SWEEPS

OPERATIONS = Quantity("operations", "scalar operations per example", fitted=True)


def caption(sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe the figure of a sweep."""
    text = f"Scalar operations of the loss and its gradient, against {axis_of(sweep, costs)}."
    title = f"Operations of compiled gradients {SWEEPS[sweep].against}"
    return Caption(title, f"{text} {COUNTED} {endings(costs, sweep)}".strip(), (FITS,))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each sweep of networks: operations are those of one example."""
    yield from drawings(run, "operations", OPERATIONS, caption)


EXHIBIT = Exhibit("figures", 50, RECORDS, make)
