"""Time to prepare a gradient, once, against what grows."""

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
    FITS,
    SETTING,
)
from gradmethods.timing.sweeps import SWEEPS

ONCE = (
    "Derive, trace, compile, choose steps: one preparation each, SymPy's cache emptied before it."
)


PREPARATION = Quantity("preparation_s", "time to prepare, once (s)", fitted=True)


def caption(sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe the figure of a sweep."""
    text = f"Time of what is done once, before the first gradient, against {axis_of(sweep, costs)}."
    title = f"Time to prepare a gradient {SWEEPS[sweep].against}"
    return Caption(title, f"{text} {ONCE} {endings(costs, sweep)}".strip(), (SETTING, FITS))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each sweep."""
    yield from drawings(run, "preparation", PREPARATION, caption)


EXHIBIT = Exhibit("figures", 40, RECORDS, make)
