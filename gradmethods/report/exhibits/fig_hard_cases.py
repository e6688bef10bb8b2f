"""The hard cases as a matrix: a case a row, a method a column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import BLUE, PURPLE, RC, VERMILLION, YELLOW
from gradmethods.providers.registry import style_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.exhibits.tab_hard_cases import DIGITAL
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import HARD_TRUTH
from gradmethods.studies.accuracy.hard_cases import (
    NOT_FINITE,
    NOT_ZERO,
    NUMBER,
    REFUSED,
    WRONG,
    ZERO,
)

CAPTION = Caption(
    "Hard cases × methods",
    "A number is the count of correct digits, of the worst parameter array (float64 holds 16, "
    "float32, in overflow-float32, 7). Otherwise: wrong: a finite answer without one correct "
    "digit; 0: all zero, which the truth is not; ≠ 0: the truth is zero and the answer is not; "
    "NaN: NaN or infinity; number: an answer where no gradient exists. Grey: the method itself "
    "marks entries of such an answer as not resolved. The first column says "
    f"to how many digits the truth is certified, or that there is none. {HARD_TRUTH}",
)


SHADES: Any = LinearSegmentedColormap.from_list("digits", ["#E3EEF6", BLUE])
FULL = -math.log10(2.0**-53)
"""Digits of float64, where the shades end."""
BLANK, LOUD, SILENT, BASELESS, MARKED = "white", YELLOW, VERMILLION, PURPLE, "0.8"
WORDS = {"zero": "0", "not zero": "≠ 0", NOT_FINITE: "NaN", REFUSED: "refused"}
FILLS = {REFUSED: BLANK, NOT_FINITE: LOUD, NUMBER: BASELESS}
LEGEND = {
    "correct digits": SHADES(0.7),
    "wrong, and nothing shows it": SILENT,
    "NaN or infinity": LOUD,
    "number, no gradient exists": BASELESS,
    "either, but marked": MARKED,
}
CELL = (0.57, 0.22)
"""Inches."""


def plot_hard_cases(frame: pd.DataFrame) -> Figure:
    """Draw the hard cases as a matrix, a case a row and a method a column.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `gradmethods.report.accuracy_frames.hard_cases_frame`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    cases, methods = (list(dict.fromkeys(frame[name])) for name in ("case", "provider"))
    width, height = CELL
    figure = new_figure(1.3 + width * (len(methods) + 1), 0.75 + height * len(cases))
    with mpl.rc_context(RC):
        axes = figure.subplots()
        for row in frame.to_dict("records"):
            place = (methods.index(row["provider"]) + 1, cases.index(row["case"]))
            _cell(axes, place, *_face(row))
        truths = frame.drop_duplicates("case").set_index("case")["certified_digits"]
        for i, case in enumerate(cases):
            _cell(axes, (0, i), "none" if pd.isna(truths[case]) else str(truths[case]), BLANK)
        names = ["certified", *(style_of(name).label for name in methods)]
        lines = ["\n".join(name.split(", " if ", " in name else " ", 1)) for name in names]
        axes.set_xticks(range(len(names)), lines)
        axes.set_yticks(range(len(cases)), cases)
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, len(methods) + 0.5), ylim=(len(cases) - 0.5, -0.5))
        axes.tick_params(axis="x", labelsize=6)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        handles = [Patch(facecolor=fill, label=text) for text, fill in LEGEND.items()]
        if (frame["outcome"] == REFUSED).any():
            handles.append(Patch(facecolor=BLANK, edgecolor="0.5", hatch="////", label="refused"))
        figure.legend(
            handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1.4
        )
    return figure


def _face(row: Mapping[str, Any]) -> tuple[str, Any]:
    """Choose the word and the colour of a cell."""
    outcome = row["outcome"]
    if outcome in DIGITAL:
        return f"{row['digits']:.0f}", SHADES(min(1.0, row["digits"] / FULL))
    fill = FILLS.get(outcome, SILENT)
    marked = row["marked"] > 0 and fill in (SILENT, BASELESS)
    return WORDS.get(outcome, outcome), MARKED if marked else fill


def _cell(axes: Any, place: tuple[int, int], text: str, fill: Any) -> None:
    x, y = place
    hatch = "////" if text == REFUSED else None
    box = Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=fill, edgecolor="white", hatch=hatch)
    axes.add_patch(box)
    red, green, blue, _ = to_rgba(fill)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    axes.text(x, y, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")


def alternative(title: str, frame: pd.DataFrame) -> str:
    """Say what the figure shows: how often each method is right, and how often wrong in silence."""
    said = []
    for provider, own in frame.groupby("provider", sort=False):
        right = int(own["outcome"].isin(DIGITAL).sum())
        silent = own["outcome"].isin([WRONG, ZERO, NOT_ZERO]) & (own["marked"] == 0)
        label = style_of(str(provider)).label
        said.append(f"{label} with right digits in {right}, wrong in silence in {silent.sum()}")
    return f"{title}. Of {frame['case'].nunique()} cases: {'; '.join(said)}."


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figure, if hard cases were tried."""
    frame = run.hard_cases
    if len(frame):
        caption = run.partly(CAPTION, "gallery", "cases")
        yield Drawing(
            "fig-hard-cases", caption, frame, lambda _: plot_hard_cases(frame),
            alt=alternative(caption.title, frame),
        )  # fmt: skip


EXHIBIT = Exhibit("hard-cases", 10, ACCURACY, make)
