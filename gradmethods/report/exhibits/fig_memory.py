"""Peak memory of one gradient against the width of networks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.growth_figure import (
    alternative,
    family_measured,
    growth,
    point_words,
)
from gradmethods.report.panel import plotted
from gradmethods.report.quantities import ITEMSIZE, Line, Quantity, sizes_along
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import (
    FITS,
    PEAKS,
    SETTING,
    UNTRACED,
)
from gradmethods.timing.sweeps import Sweep


def theory(points: pd.DataFrame, sweep: Sweep, _frame: tuple[float, float]) -> list[Line]:
    """Draw the memory of the parameters alone, which a gradient takes too."""
    x = sizes_along(points)
    return [Line(x, ITEMSIZE * x, f"the parameters, {ITEMSIZE}n")] if sweep.grows == "n" else []


MEMORY = Quantity("gradient_bytes", "peak memory of one gradient (bytes)", theory, fitted=True)


def caption(memories: pd.DataFrame) -> Caption:
    """Describe the figure."""
    text = (
        f"Peak memory of one gradient against the number of parameters n of "
        f"{family_measured('width', memories)}. "
        f"{PEAKS} Thin line: the bytes of the parameters alone, which a gradient has too. "
        f"A line ends with the method, or with what was traced. {UNTRACED}."
    )
    return Caption("Peak memory of one gradient against width", text, (SETTING, FITS))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figure, if memory was traced."""
    points = plotted(run.memories, "width", MEMORY)
    if len(points):
        draw = partial(growth, run.memories, run.memory_slopes, "width", MEMORY)
        shown = caption(run.memories)
        values = point_words(points, "width", MEMORY)
        yield Drawing(
            "fig-memory-width", shown, points, draw, tuple(SIZES),
            alt=alternative(shown.title, values), values=values,
        )  # fmt: skip


EXHIBIT = Exhibit("figures", 80, RECORDS, make)
