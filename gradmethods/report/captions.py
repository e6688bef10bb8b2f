"""What each figure and table shows and how it was obtained, in words that can stand in a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.providers.registry import style_of
from gradmethods.report.frames import stops
from gradmethods.timing.sweeps import BATCH, SWEEPS

SETTING = (
    "Networks have sigmoid units, their loss is the mean cross-entropy; "
    f"{BATCH} examples unless these grow; float64, one BLAS thread, garbage collection held."
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
    "95 % interval of Student's t. “Bending”: not even those of the last decade, four at least, "
    "lie on one."
)
ERRORS = (
    "Error: norm of the difference ÷ norm of the reference. Backprop is the reference of the "
    "others; itself it is held against the complex step, which uses no rule of it, on at most 50 "
    "components drawn with the seed."
)
BARS = "Bars: intervals."
GROWTH = (
    "Thin lines: growth in theory, through the largest point of a method: that of the loss for "
    "backprop, and n times that for the passes of finite differences."
)
GROWTH_OF_EXAMPLES = (
    "Thin lines: growth in theory, through the largest point of a method: every method does its "
    "work for each example."
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
    "of one number is one operation, whatever it costs. Formulas written out are the tree that "
    "unfolds from the stages of their derivation; they are counted on the stages."
)


def figure_caption(quantity: str, sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe a figure: ``time``, ``ratio``, ``preparation``, ``operations``, ``error``."""
    against, n = (
        SWEEPS[sweep].against,
        f"the {SWEEPS[sweep].axis} of {family_measured(sweep, costs)}",
    )
    growth = GROWTH if SWEEPS[sweep].grows == "n" else GROWTH_OF_EXAMPLES
    timed = (SETTING, ROUNDS, INTERVALS, FITS)
    title, text, shared = {
        "time": (
            f"Time per gradient {against}",
            f"Time of one gradient against {n}. {BARS} {growth}",
            timed,
        ),
        "ratio": (
            f"Gradient time ÷ loss time {against}",
            f"Time of one gradient ÷ time of the loss in plain NumPy, against {n}. {BARS} {BOUND}",
            timed,
        ),
        "preparation": (
            f"Time to prepare a gradient {against}",
            f"Time of what is done once, before the first gradient, against {n}. {ONCE}",
            (SETTING, FITS),
        ),
        "operations": (
            f"Operations of compiled gradients {against}",
            f"Scalar operations of the loss and its gradient, against {n}. {COUNTED}",
            (FITS,),
        ),
        "error": (
            f"Error of the gradient {against}",
            f"Error of the gradient against {n}. {ZEROS}",
            (SETTING, ERRORS),
        ),
    }[quantity]
    text += _hollow(costs, [sweep]) if quantity in ("time", "ratio") else ""
    return Caption(title, f"{text} {_endings(costs, sweep)}".strip(), shared)


def panels_caption(sweeps: Sequence[str], costs: pd.DataFrame) -> Caption:
    """Describe the figure of several sweeps side by side."""
    families = "; ".join(family_measured(sweep, costs) for sweep in sweeps)
    stopped = "; ".join(
        f"{SWEEPS[sweep].title}: {words}" for sweep in sweeps if (words := _stopped(costs, sweep))
    )
    return Caption(
        "Gradient time of problems that are not networks",
        "Above: time of one gradient ÷ time of the loss in plain NumPy. Below: time of one "
        f"gradient. Against the number of parameters n: {families}. {BARS} {BOUND} Below, growth "
        "in theory, through the largest point of a method."
        f"{_hollow(costs, sweeps)}{f' {CIRCLES} Stopped: {stopped}.' if stopped else ''}",
        (SETTING, ROUNDS, INTERVALS),
    )


def family_measured(sweep: str, costs: pd.DataFrame) -> str:
    """Say which problems a run had in a sweep."""
    known = costs.loc[costs["sweep"] == sweep, "scale"].dropna()
    scales = [f"{scale:,}" for scale in sorted(set(known))]
    shown = scales if len(scales) < 5 else [*scales[:3], "…", scales[-1]]
    return SWEEPS[sweep].family.format(", ".join(shown))


def _hollow(costs: pd.DataFrame, sweeps: Sequence[str]) -> str:
    return f" {HOLLOW}" if costs.loc[costs["sweep"].isin(sweeps), "contended"].any() else ""


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
        "Exponents of n; in the sweep of batches, of the number of examples N. Theory: finite "
        "differences take a number of passes in proportion to n, backprop a constant number; one "
        "pass takes time in proportion to n (Helmholtz energy: n², its matrix) once arithmetic "
        "dominates, which small problems do not reach. With N the time of everything grows alike, "
        "and no ratio does. Theory is about large sizes: a “no” says only that the sizes fitted "
        "differ from it by more than their scatter. The asymptote begins at the smallest size from "
        "which on one law describes all; where the line still bends it is not reached, and the "
        "exponent is one of transition. A preparation has one only if it grows tenfold along a "
        "line that bends little, or by a law.",
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


def _endings(costs: pd.DataFrame, sweep: str) -> str:
    """Say where the methods of a sweep stop; the table of gaps says why in full."""
    words = _stopped(costs, sweep)
    return f"{CIRCLES} Stopped: {words}." if words else ""


def _stopped(costs: pd.DataFrame, sweep: str) -> str:
    words, letter = [], SWEEPS[sweep].grows
    for provider, (largest, kind, _) in stops(costs, sweep).items():
        where = "before its first point" if largest is None else f"after {letter} = {largest:,}"
        words.append(f"{style_of(provider).label} {where} ({fmt.STOPS.get(kind, kind)})")
    return "; ".join(words)
