"""What each figure and table shows and how it was obtained, in words that can stand in a paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradmethods.cost.cases import BATCH, DEPTHS, WIDTHS
from gradmethods.report import format as fmt
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
INTERVALS = (
    "Points: median over rounds. Bars: 95 % interval of the median, by percentile bootstrap; with "
    "fewer than five rounds their range, with one round none."
)
FITS = (
    "Legend: exponent of a power law fitted to the largest sizes that one describes within 10 %, "
    "with the 95 % interval of Student's t and the n where the fit starts; “bending” if not even "
    "the last four sizes lie on one."
)
ERRORS = (
    "Norm of the difference ÷ norm of the reference. Backprop is the reference of the others; "
    "itself it is held against the complex step, which uses no rule of it, on at most 50 "
    "components drawn with the seed."
)
CIRCLES = "A circle marks where a method stopped although the sweep goes on, with the reason."


@dataclass(frozen=True)
class Caption:
    """The words of one figure or table."""

    title: str
    text: str


def figure_caption(quantity: str, sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe a figure: ``time``, ``ratio``, ``preparation`` or ``error`` in a sweep."""
    titles = {
        "time": f"Time per gradient against {sweep}",
        "ratio": f"Gradient time ÷ loss time against {sweep}",
        "preparation": f"Time to prepare a gradient against {sweep}",
        "error": f"Error of the gradient against {sweep}",
    }
    n = f"the number of parameters n of {NETWORKS[sweep]}"
    texts = {
        "time": f"Time of one gradient against {n}. {SETTING} {INTERVALS} {FITS} Thin lines: "
        "growth in theory, through the largest point of a method: n² for n passes over a loss that "
        "itself grows with n, and n for backprop.",
        "ratio": "Time of one gradient ÷ time of the loss in plain NumPy, from paired rounds that "
        f"alternate in one process, against {n}. {SETTING} {INTERVALS} {FITS} Thin lines: the "
        "forward passes of finite differences, n + 1 forward and 2n central. Dashed: the bound on "
        "the operations of reverse mode, five times those of the function (Griewank 1989).",
        "preparation": "Time of what is done once, before the first gradient (derive, trace, "
        f"compile, choose steps), against {n}. One preparation each, SymPy's cache emptied before "
        f"it. {FITS}",
        "error": f"Error of the gradient against {n}. {ERRORS} Errors of exactly 0 are not drawn; "
        "they are in the table of costs. Thin line: the unit round-off of float64.",
    }
    text = f"{texts[quantity]} {CIRCLES} {_endings(costs, sweep)}"
    return Caption(titles[quantity], text.strip())


TABLES: Mapping[str, Caption] = {
    "costs": Caption(
        "Cost and error of every case",
        f"{SETTING} Gradient and ÷ loss: median over interleaved rounds with the 95 % interval "
        "of the median (percentile bootstrap; with two to four rounds their range, with one none). "
        "Loss calls: how often one gradient called the loss, counted by a wrapper outside of the "
        "timed rounds wherever a gradient takes less than a second; compiled methods replay what "
        "they recorded and never call it. One call of finite differences is for the value. "
        f"Error: {ERRORS[0].lower()}{ERRORS[1:]} A row without a measurement says in a word why; "
        "the table of gaps says it in full.",
    ),
    "slopes": Caption(
        "Exponents of growth",
        "Power laws fitted by least squares on log-log axes to the longest run of largest sizes "
        "that lie within 10 % of one line, at least four; not settled if not even four do, and no "
        "exponent with fewer. Interval: 95 %, Student's t from the scatter about the line. Theory: "
        "finite differences take a number of passes in proportion to n, backprop a constant "
        "number; one pass takes time in proportion to n once products of matrices dominate, which "
        "small networks do not reach. Theory is about large n: a “no” says only that the sizes "
        "fitted differ from it by more than their scatter.",
    ),
    "accuracy": Caption(
        "Accuracy of every provider on every problem",
        "Error: norm of the difference ÷ norm of the reference; worst component: largest relative "
        "difference of a component. The reference is the provider that most others agree with. "
        "Two agree if each parameter array differs by no more than both methods' tolerances.",
    ),
    "gaps": Caption(
        "Cases that were not measured, and why",
        "A case whose estimate is above the limit, or above what is left of the budget, is not "
        "run, and neither are larger ones of the same provider. A refusal of a provider is quoted.",
    ),
    "noise": Caption(
        "Noise floor",
        "The loss timed against itself with the same protocol: the true ratio is 1, and what the "
        "interval departs from it is noise. Smaller differences between methods mean nothing here.",
    ),
}


def provenance_line(origin: Mapping[str, Any] | None) -> str:
    """Say in one sentence where the numbers come from."""
    if not origin:
        return "No provenance was recorded."
    machine, packages = origin["machine"], origin["packages"]
    parts = [
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
    """List the stops of a sweep in sentences."""
    sentences = []
    for provider, (largest, _, reason) in stops(costs, sweep).items():
        where = "before its first point" if largest is None else f"after n = {largest:,}"
        label = look(provider).label
        sentences.append(f"{label[0].upper()}{label[1:]} stopped {where}: {fmt.shortened(reason)}")
    return " ".join(sentences)
