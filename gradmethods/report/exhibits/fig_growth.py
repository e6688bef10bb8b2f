"""What a gradient takes against what grows: time, ratio to the loss, error, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.providers.registry import traits
from gradmethods.report.cost_frames import theoretical
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.growth_figure import BARS, axis_of, drawings, endings, hollow_points
from gradmethods.report.quantities import Line, Quantity, below, sizes_along
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import COUNTED, ERRORS, FITS, INTERVALS, ROUNDS, SETTING
from gradmethods.timing.sweeps import NETWORKS, SWEEPS, Sweep

GROWTH = (
    "Thin lines: growth in theory, through the largest point of a method: that of the loss for "
    "backprop, and n times that for the passes of finite differences."
)
GROWTH_OF_EXAMPLES = (
    "Thin lines: growth in theory, through the largest point of a method: every method does its "
    "work for each of them."
)
BOUND = (
    "Thin lines: the forward passes of finite differences, n + 1 forward and 2n central. Dashed: "
    "the bound on the operations of reverse mode, five times those of the function (Griewank 1989)."
)
ZEROS = (
    "Errors of exactly 0 are not drawn; they are in the table of costs. Thin line: the unit "
    "round-off of float64."
)
ONCE = (
    "Derive, trace, compile, choose steps: one preparation each, SymPy's cache emptied before it."
)

CHEAP_GRADIENT = 5.0
"""Griewank (1989): reverse mode costs at most five times the function, whatever n is."""

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2

_POWERS = {1.0: "", 2.0: "²", 3.0: "³"}
"""Exponents as letters; others are typeset as mathematics."""


def _growth(points: pd.DataFrame, sweep: Sweep, frame: tuple[float, float]) -> list[Line]:
    """Draw the growth that theory knows through the largest point of each method."""
    x, lines = sizes_along(points), []
    known = [p for p in dict.fromkeys(points["provider"]) if traits(p).growth is not None]
    firsts = {traits(p).family: p for p in reversed(known)}  # One of each method is enough.
    for provider in (p for p in known if p in firsts.values()):
        own = points[points["provider"] == provider]
        slope = theoretical(sweep, provider, TIME.column)
        if len(own) > 1 and slope is not None:
            last = own.iloc[-1]
            y = float(last[TIME.column]) * (x / float(last["size"])) ** slope
            letter = _POWERS.get(slope, f"$^{{{slope:g}}}$")
            text = f"∝ {sweep.grows}{letter}"
            lines.append(below(Line(x[y > frame[0]], y[y > frame[0]], text), frame[1]))
    return lines


def _bounds(points: pd.DataFrame, sweep: Sweep, frame: tuple[float, float]) -> list[Line]:
    """Draw the bound of reverse mode, and the forward passes of finite differences."""
    x = sizes_along(points)
    lines = [Line(x, np.full_like(x, CHEAP_GRADIENT), f"bound {CHEAP_GRADIENT:g}", (0, (4, 2)))]
    return lines + [below(line, 8 * frame[1]) for line in _passes(points, sweep, x)]


def _passes(points: pd.DataFrame, sweep: Sweep, x: NDArray[np.float64]) -> list[Line]:
    # The axis goes on beyond the points, so that lines can be followed and named.
    x = np.geomspace(x[0], 1.6 * x[-1], 400)
    fixed = sweep.grows != "n"
    n = np.full_like(x, float(points["n"].iloc[0])) if fixed else x
    lines = []
    for each, once in filter(None, (traits(p).passes for p in dict.fromkeys(points["provider"]))):
        y, text = each * n + once, f"{each if each > 1 else ''}n" + (f" + {once}" if once else "")
        lines.append(Line(x, y, f"{text} = {y[0]:,.0f}" if fixed else text))
    return lines


def _round_off(points: pd.DataFrame, _sweep: Sweep, _frame: tuple[float, float]) -> list[Line]:
    x = sizes_along(points)
    return [Line(x, np.full_like(x, UNIT_ROUNDOFF), "unit round-off")]


TIME = Quantity(
    "gradient_s", "time per gradient (s)", _growth, fitted=True, timed=True,
    low="gradient_low_s", high="gradient_high_s", widens=False,
)  # fmt: skip
RATIO = Quantity(
    "ratio", "time per gradient ÷ time per loss", _bounds, fitted=True, timed=True,
    low="ratio_low", high="ratio_high",
)  # fmt: skip
ERROR = Quantity("error", "error relative to the norm of the gradient", _round_off)
PREPARATION = Quantity("preparation_s", "time to prepare, once (s)", fitted=True)
OPERATIONS = Quantity("operations", "scalar operations per example", fitted=True)


class Growth(NamedTuple):
    """The figures of a quantity, one for each sweep.

    Attributes
    ----------
    quantity : Quantity
        What is shown.
    title, text : str
        Of the caption, before what they are drawn against.
    lines : callable
        Says, of a sweep, what lines and points mean.
    method : tuple of str
        How the numbers are obtained.
    sweeps : sequence of str
        Those that are drawn.
    """

    quantity: Quantity
    title: str
    text: str
    lines: Callable[[str], str]
    method: tuple[str, ...]
    sweeps: Sequence[str] = NETWORKS

    def caption(self, sweep: str, costs: pd.DataFrame) -> Caption:
        """Describe the figure of a sweep."""
        text = f"{self.text} against {axis_of(sweep, costs)}. {self.lines(sweep)}"
        hollow = hollow_points(costs, [sweep]) if self.quantity.timed else ""
        title = f"{self.title} {SWEEPS[sweep].against}"
        return Caption(title, f"{text}{hollow} {endings(costs, sweep)}".strip(), self.method)


TIMED, TIMED_SWEEPS = (SETTING, ROUNDS, INTERVALS, FITS), (*NETWORKS, "batch")

GROWTHS = {
    "time": Growth(
        TIME, "Time per gradient", "Time of one gradient",
        lambda sweep: f"{BARS} {GROWTH if SWEEPS[sweep].grows == 'n' else GROWTH_OF_EXAMPLES}",
        TIMED, TIMED_SWEEPS,
    ),
    "ratio": Growth(
        RATIO, "Gradient time ÷ loss time",
        "Time of one gradient ÷ time of the loss in plain NumPy,", lambda _: f"{BARS} {BOUND}",
        TIMED, TIMED_SWEEPS,
    ),
    "error": Growth(
        ERROR, "Error of the gradient", "Error of the gradient", lambda _: ZEROS, (SETTING, ERRORS),
    ),
    "preparation": Growth(
        PREPARATION, "Time to prepare a gradient",
        "Time of what is done once, before the first gradient,", lambda _: ONCE, (SETTING, FITS),
    ),
    # Of networks alone: operations are those of one example.
    "operations": Growth(
        OPERATIONS, "Operations of compiled gradients",
        "Scalar operations of the loss and its gradient,", lambda _: COUNTED, (FITS,),
    ),
}  # fmt: skip
"""In the order of the report, by what stands in identifiers before the name of a sweep."""


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figures."""
    for name, each in GROWTHS.items():
        yield from drawings(run, name, each.quantity, each.caption, each.sweeps)


EXHIBIT = Exhibit("figures", 10, RECORDS, make)
