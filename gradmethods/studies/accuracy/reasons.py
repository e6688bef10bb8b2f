"""Why each method does what it does on each hard case: one sentence for one expected outcome.

This is the checked-in table of expectations: a cell that is not explained here, or comes out
otherwise, is a surprise, and fails the tests. Numbers that are measured stand in the rows of
`hard_cases`, not in these sentences.
"""

from __future__ import annotations

from typing import NamedTuple

FORMULAS = ("analytical:cse", "analytical:expanded", "analytical:chain-rule")
FORWARD, CENTRAL, FIVE = "numerical:forward", "numerical", "numerical:five-point"
RICHARDSON, COMPLEX = "numerical:richardson", "numerical:complex-step"
AUTOMATIC = ("forward", "backprop")
SYMMETRIC = (CENTRAL, FIVE, RICHARDSON)
DIFFERENCES = (FORWARD, *SYMMETRIC)
EXACT = (*FORMULAS, COMPLEX, *AUTOMATIC)
ALL = (*FORMULAS, *DIFFERENCES, COMPLEX, *AUTOMATIC)


class Reason(NamedTuple):
    """An outcome that methods are expected to have on a case, and why."""

    outcome: str
    methods: tuple[str, ...]
    why: str


REASONS: dict[str, tuple[Reason, ...]] = {
    "relu-at-kink": (
        Reason("number", EXACT, "A rule must say something at a tie: here the mean, one half."),
        Reason("number", (FORWARD,), "A step to one side gives the slope of that side."),
        Reason("number", SYMMETRIC, "Steps to both sides give the mean of the two slopes."),
    ),
    "relu-beside-kink": (
        Reason("right", EXACT, "A rule asks for the sign of the entry, however small it is."),
        Reason(
            "right", DIFFERENCES, "The kink was seen when steps were chosen: they end before it."
        ),
    ),
    "max-tie": (
        Reason("number", EXACT, "A rule must say something at a tie: here an equal share each."),
        Reason("number", (FORWARD,), "A step up makes either entry the largest: slope 1 for both."),
        Reason("number", SYMMETRIC, "Up with slope 1, down with slope 0: the mean is one half."),
    ),
    "where-infinite-branch": (
        Reason(
            "right",
            FORMULAS[:2],
            "A formula in cases evaluates the selected case, and nothing of the other.",
        ),
        Reason(
            "right",
            (FORMULAS[2], *AUTOMATIC),
            "A branch that is not selected has the cotangent 0, whatever its slope is.",
        ),
        Reason(
            "right",
            (*DIFFERENCES, COMPLEX),
            "Losses hold values that were selected; what was not selected is dropped.",
        ),
    ),
    "norm-at-origin": (
        Reason("not finite", (*FORMULAS, *AUTOMATIC), "The formula, x/|x|, is 0/0 here."),
        Reason("number", (FORWARD,), "A step along an axis goes up with slope 1."),
        Reason("number", SYMMETRIC, "The norm is even: steps to both sides cancel."),
        Reason("number", (COMPLEX,), "The complex norm puts the slope at its tip to 0, the mean."),
    ),
    "power-at-zero": (
        Reason("right", (*FORMULAS, *AUTOMATIC), "The rules know that 0 to a power y > 0 stays 0."),
        Reason("right", (COMPLEX,), "So does the complex power, without a rule for derivatives."),
        Reason("right", DIFFERENCES, "The losses hold powers of 0, all 0, and no logarithm."),
    ),
    "jump-nearby": (
        Reason("right", EXACT, "Between its jumps a step is flat, and rules look at the point."),
        Reason("right", (FORWARD,), "Its step goes up, away from the jump: luck."),
        Reason(
            "right", (CENTRAL,), "The jump was seen when steps were chosen: they end before it."
        ),
        Reason(
            "inaccurate",
            (FIVE, RICHARDSON),
            "Steps that end before the jump are short; smooth losses give these methods more.",
        ),
    ),
    "staircase": (
        Reason("right", EXACT, "Rounding has slope 0: right for this loss, useless for descent."),
        Reason(
            "not zero",
            DIFFERENCES,
            "Steps over many treads see the slope of the loss before rounding, which a user wants.",
        ),
    ),
    "dead-relu": (
        Reason("right", EXACT, "A dead unit passes nothing on: a gradient of 0 is right."),
        Reason("right", DIFFERENCES, "No step is wide enough to wake a unit, so the losses agree."),
    ),
    "noise": (
        Reason(
            "inaccurate",
            EXACT,
            "They follow the noise, as exactly as float64 knows its argument, 1e9 x.",
        ),
        Reason(
            "inaccurate",
            (FORWARD, CENTRAL),
            "The waves were seen when steps were chosen: shorter ones follow the noise.",
        ),
        Reason(
            "wrong",
            (FIVE,),
            "Its steps go over the waves, and see the slope of the loss behind them.",
        ),
        Reason(
            "wrong",
            (RICHARDSON,),
            "Of one entry the steps follow the waves, of the other they go over them.",
        ),
    ),
    "stationary": (
        Reason("right", EXACT, "Every term of the formula holds a factor that is 0 here."),
        Reason("not zero", (FORWARD,), "Its truncation, h/2 · f'', is left where f' is 0."),
        Reason(
            "right",
            (CENTRAL,),
            "Where the loss is 0, so is its round-off: the step is short, and truncates little.",
        ),
        Reason("right", (FIVE, RICHARDSON), "Of polynomials of degree 4 they truncate nothing."),
    ),
    "cancellation": (
        Reason(
            "inaccurate", EXACT, "Most digits cancel in the slope of the quotient, not all of them."
        ),
        Reason("wrong", (FORWARD,), "The lost digits of the loss are divided by the step."),
        Reason(
            "inaccurate",
            (CENTRAL, FIVE),
            "A wide step looks where nothing cancels; slopes near by differ: it is marked.",
        ),
        Reason(
            "wrong",
            (RICHARDSON,),
            "Noise is larger the nearer a place is to 0: the search ends early, and it is marked.",
        ),
    ),
    "expanded-power": (
        Reason("wrong", EXACT, "The expanded derivative cancels as the loss does."),
        Reason("wrong", DIFFERENCES, "The round-off of the loss is divided by the step."),
    ),
    "hilbert": (
        Reason("inaccurate", EXACT, "Eleven of sixteen digits cancel in Hx − b."),
        Reason("wrong", (FORWARD,), "The round-off of the loss ÷ the step is larger."),
        Reason(
            "inaccurate",
            SYMMETRIC,
            "Wide steps divide the round-off, and of a quadratic form they truncate nothing.",
        ),
    ),
    "two-scales": (
        Reason("right", EXACT, "Rules have no step, and the complex step follows each parameter."),
        Reason("right", DIFFERENCES, "Each parameter has a step of its own, chosen on its scale."),
    ),
    "saturated-sigmoid": (
        Reason("right", EXACT, "Nothing is subtracted from a number near 1."),
        Reason("inaccurate", DIFFERENCES, "Losses near 1 are rounded, and differ by little."),
    ),
    "saturated-tanh": (
        Reason("right", EXACT, "They divide by cosh², and subtract no y that is rounded near 1."),
        Reason("inaccurate", DIFFERENCES, "Losses near 1 are rounded, and differ by little."),
    ),
    "saturated-probabilities": (
        Reason(
            "not finite",
            (*FORMULAS, *DIFFERENCES, *AUTOMATIC),
            "The loss itself is infinite in float64.",
        ),
        Reason(
            "wrong",
            (COMPLEX,),
            "The infinite term leaves no trace in one imaginary part: its entry is 0, and marked.",
        ),
    ),
    "saturated-logits": (
        Reason("right", ALL, "Nothing overflows and nothing is lost in this form."),
    ),
    "overflow-in-exp": (
        Reason(
            "right",
            FORMULAS,
            "The formula, e^{−z}/(1 + e^{−z})², is ∞/∞ in float64; it is computed again in numbers "
            "that do not overflow.",
        ),
        Reason(
            "right",
            AUTOMATIC,
            "It knows the sigmoid by its shape, where an exponential that overflows is kept out.",
        ),
        Reason("right", (*DIFFERENCES, COMPLEX), "The loss is right, and flat, around the point."),
    ),
    "log-sum-exp-plain": (Reason("not finite", ALL, "The loss itself is infinite in float64."),),
    "log-sum-exp-shifted": (
        Reason("right", EXACT, "The shift is exact, and its own derivative cancels."),
        Reason(
            "right",
            (FORWARD, CENTRAL, RICHARDSON),
            "Steps were chosen on the scale of the loss, 1, not of the parameters, 750.",
        ),
        Reason(
            "inaccurate",
            (FIVE,),
            "Losses near 750 are rounded to 1e-13, which is divided by a step of 0.007.",
        ),
    ),
    "edge-of-domain": (
        Reason("right", EXACT, "Rules have no step, and the complex step does not leave the axis."),
        Reason(
            "inaccurate",
            DIFFERENCES,
            "Steps that stay in the domain are short, and round-off costs digits.",
        ),
    ),
    "overflow-float32": (
        Reason("right", EXACT, "The squares fit, and rules take no step."),
        Reason(
            "right", (FORWARD, CENTRAL, FIVE), "The steps are short enough for the squares to fit."
        ),
        Reason("right", (RICHARDSON,), "Steps that overflow are passed over for smaller ones."),
    ),
    "underflow": (
        Reason(
            "wrong",
            AUTOMATIC,
            "One term of the quotient rule, xy/(x + y)², has underflowed to 0.",
        ),
        Reason(
            "right",
            FORMULAS,
            "A loss of 0 whose slope is not 0 is computed again in numbers that do not underflow.",
        ),
        Reason("zero", (*SYMMETRIC, COMPLEX), "The loss is 0 wherever it is evaluated."),
        Reason("wrong", (FORWARD,), "The loss is 0 near by, and next to nothing a wide step away."),
    ),
}
"""By case; each method stands in one reason of each."""


def reason(case: str, provider: str, outcome: str) -> str:
    """Return the sentence that explains an outcome; empty if this outcome was not expected.

    Examples
    --------
    >>> reason("norm-at-origin", "backprop", "not finite")
    'The formula, x/|x|, is 0/0 here.'
    >>> reason("norm-at-origin", "backprop", "right")
    ''
    """
    found = (r for r in REASONS.get(case, ()) if provider in r.methods and r.outcome == outcome)
    return next((r.why for r in found), "")
