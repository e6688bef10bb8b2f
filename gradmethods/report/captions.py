"""What each figure and table shows and how it was obtained, in words that can stand in a paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradmethods.cost.cases import BATCH, DEPTHS, WIDTHS
from gradmethods.report import format as fmt
from gradmethods.report.banners import is_unfinished
from gradmethods.report.frames import stops
from gradmethods.report.style import look

NETWORKS = {
    "width": f"2-h-h-1 networks, h = {WIDTHS[0]}, 2, 4, …, {WIDTHS[-1]:,}",
    "depth": f"networks with {DEPTHS[0]}, 2, 4, …, {DEPTHS[-1]} hidden layers of 8 units",
}

SETTING = (
    f"Sigmoid units, mean cross-entropy over {BATCH} examples, float64, one BLAS thread, garbage "
    "collection held."
)
ROUNDS = (
    "Rounds of the gradient and of the loss in plain NumPy alternate in one process; a pair is "
    "left out if another process had the processor during it."
)
INTERVALS = (
    "Medians over rounds, with the 95 % interval of the median by percentile bootstrap; with fewer "
    "than five rounds their range, with one round none."
)
FITS = (
    "Exponents: of a power law fitted by least squares on log-log axes to the longest run of "
    "largest sizes that one describes within 10 %, at least four over at least a decade, with the "
    "95 % interval of Student's t. “Bending”: not even the last four sizes lie on one."
)
ERRORS = (
    "Error: norm of the difference ÷ norm of the reference. Backprop is the reference of the "
    "others; itself it is held against the complex step, which uses no rule of it, on at most 50 "
    "components drawn with the seed."
)
BARS = "Bars: intervals."
GROWTH = (
    "Thin lines: growth in theory, through the largest point of a method: n² for n passes over a "
    "loss that itself grows with n, and n for backprop."
)
BOUND = (
    "Thin lines: the forward passes of finite differences, n + 1 forward and 2n central. Dashed: "
    "the bound on the operations of reverse mode, five times those of the function (Griewank 1989)."
)
ONCE = (
    "Derive, trace, compile, choose steps: one preparation each, SymPy's cache emptied before it."
)
ZEROS = (
    "Errors of exactly 0 are not drawn; they are in the table of costs. Thin line: the unit "
    "round-off of float64."
)
HOLLOW = "Hollow points: other processes had the processor nearly all the time."
CIRCLES = "A circle marks where a method stopped although the sweep goes on."

METHOD = (SETTING, ROUNDS, INTERVALS, FITS, ERRORS)
"""How numbers are obtained; most figures and tables share it."""


COUNTED = (
    "Counted in the programs, for one example: an arithmetic operation or an elementary function "
    "of one number is one operation, whatever it costs."
)


@dataclass(frozen=True)
class Caption:
    """The words of one figure or table.

    Attributes
    ----------
    title : str
        Its name.
    text : str
        What it shows, and what is special about it.
    shared : tuple of str
        The parts of `METHOD` behind it. Where all captions stand together, these stand once.
    """

    title: str
    text: str
    shared: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How it was obtained."""
        return " ".join(self.shared)

    @property
    def full(self) -> str:
        """Everything, for where the figure or the table stands alone."""
        return f"{self.title}. {self.text} {self.method}".strip()

    def entry(self) -> dict[str, str]:
        """Return plain values, for JSON."""
        return {"title": self.title, "text": self.text, "method": self.method}


def figure_caption(quantity: str, sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe a figure: ``time``, ``ratio``, ``preparation``, ``operations``, ``error``."""
    n = f"the number of parameters n of {NETWORKS[sweep]}"
    timed = (SETTING, ROUNDS, INTERVALS, FITS)
    title, text, shared = {
        "time": (
            f"Time per gradient against {sweep}",
            f"Time of one gradient against {n}. {BARS} {GROWTH}",
            timed,
        ),
        "ratio": (
            f"Gradient time ÷ loss time against {sweep}",
            f"Time of one gradient ÷ time of the loss in plain NumPy, against {n}. {BARS} {BOUND}",
            timed,
        ),
        "preparation": (
            f"Time to prepare a gradient against {sweep}",
            f"Time of what is done once, before the first gradient, against {n}. {ONCE}",
            (SETTING, FITS),
        ),
        "operations": (
            f"Operations of compiled gradients against {sweep}",
            f"Scalar operations of the loss and its gradient, against {n}. {COUNTED}",
            (FITS,),
        ),
        "error": (
            f"Error of the gradient against {sweep}",
            f"Error of the gradient against {n}. {ZEROS}",
            (SETTING, ERRORS),
        ),
    }[quantity]
    busy = costs.loc[costs["sweep"] == sweep, "contended"].any() and quantity in ("time", "ratio")
    text += f" {HOLLOW}" if busy else ""
    return Caption(title, f"{text} {_endings(costs, sweep)}".strip(), shared)


TABLES: Mapping[str, Caption] = {
    "costs": Caption(
        "Cost and error of every case",
        "Loss calls: how often one gradient called the loss, counted by a wrapper outside of the "
        "timed rounds wherever a gradient takes less than a second; compiled methods replay what "
        "they recorded and never call it. One call of finite differences is for the value.",
        (SETTING, ROUNDS, INTERVALS, ERRORS),
    ),
    "slopes": Caption(
        "Exponents of growth",
        "Theory: finite differences take a number of passes in proportion to n, backprop a "
        "constant number; one pass takes time in proportion to n once products of matrices "
        "dominate, which small networks do not reach. Theory is about large n: a “no” says only "
        "that the sizes fitted differ from it by more than their scatter.",
        (FITS,),
    ),
    "operations": Caption(
        "Operations of compiled gradients",
        f"Scalar operations of the loss and its gradient; in brackets as a multiple of backprop's. "
        f"{COUNTED}",
    ),
    "gaps": Caption(
        "Cases that were not measured, and why",
        "A case whose estimate is above the limit, or above what is left of the budget, is not "
        "run, and neither are larger ones of the same method. A refusal of a method is quoted. In "
        "the sweep count-w operations are counted, nothing is timed, and a layer has w units.",
    ),
    "noise": Caption(
        "Noise floor",
        "The loss timed against itself, at the start and the end of the run. The true ratio is 1: "
        "smaller differences between methods than those found here mean nothing.",
        (ROUNDS, INTERVALS),
    ),
}


def provenance_line(origin: Mapping[str, Any] | None) -> str:
    """Say in one sentence where the numbers come from."""
    if not origin:
        return "No provenance was recorded."
    machine, packages = origin["machine"], origin["packages"]
    parts = [
        *(["INCOMPLETE: stopped before its end"] if is_unfinished(origin) else []),
        f"gradmethods {packages.get('gradmethods') or '(not installed)'}, {commit(origin)}",
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"{origin['python']}, NumPy {packages['numpy']}, SymPy {packages['sympy']}",
        f"seed {origin.get('seed')}",
        f"command `{origin['command']}`",
        f"{origin['date']}",
    ]
    return "; ".join(parts) + "."


def commit(origin: Mapping[str, Any]) -> str:
    """Name the commit, and say if files differed from it."""
    git = origin.get("git")
    if not git:
        return "no git checkout"
    return f"commit {git['commit'][:10]}" + (" with uncommitted changes" if git["dirty"] else "")


def _endings(costs: pd.DataFrame, sweep: str) -> str:
    """Say where the methods of a sweep stop; the table of gaps says why in full."""
    ends = stops(costs, sweep)
    if not ends:
        return ""
    words = []
    for provider, (largest, kind, _) in ends.items():
        where = "before its first point" if largest is None else f"after n = {largest:,}"
        words.append(f"{look(provider).label} {where} ({fmt.STOPS.get(kind, kind)})")
    return f"{CIRCLES} Stopped: {'; '.join(words)}."
