"""C12: the price of backpropagation is the same for few parameters and for many."""

from __future__ import annotations

import math

from gradmethods.studies.claims.bounded import PRICE
from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    exactly,
    inside,
)
from gradmethods.studies.claims.price import Counted, Timed
from gradmethods.studies.claims.timings import SWEEPS, asymptote

LEVEL = 0.05
"""An exponent within ± this is no growth: 12 % for ten times the parameters."""

STEADY = 1.05
"""A multiple that grows by less over the last fourfold growth of a network counts as constant."""


def judge(counted: Counted, timed: Timed) -> Finding:
    """Decide the operations by counts, and the times by the records of a run."""
    decisions = {"counts": _counts(counted)}
    laws = {sweep: asymptote(timed.get(sweep, ())) for sweep in SWEEPS}
    for sweep, law in laws.items():
        if law is None:
            words = "fewer than four sizes over a decade were measured"
            decisions[sweep] = Decision(UNDECIDED, words=words)
            continue
        words = f"fitted from n = {law.start:,.0f} to {law.end:,.0f}"
        verdict = inside(law.exponent, law.low, law.high, -math.inf, LEVEL)
        decisions[sweep] = Decision(verdict, law.exponent, law.low, law.high, words)
    return Finding(decisions, PRICE.panels(counted, timed))


def _counts(counted: Counted) -> Decision:
    """Compare the multiples at the largest network of each sweep and at one a fourth of it."""
    lasts = [sizes[-2:] for sizes in counted.values() if len(sizes) > 1]
    if not lasts:
        return Decision(UNDECIDED, words="too few networks were counted")
    growths = [last / before for (_, before), (_, last) in lasts]
    words = "; ".join(
        f"from {before:.2f} at n = {small:,} to {last:.2f} at n = {large:,}"
        for (small, before), (large, last) in lasts
    )
    verdict = exactly([growth < STEADY for growth in growths])
    return Decision(verdict, max(growths), min(growths), max(growths), words)


def examine(evidence: Evidence) -> Finding:
    """Count operations, and read the times in the records of a run."""
    return judge(PRICE.counted(), PRICE.timed(evidence))


_GROWTH = (
    "Supported if gradient time ÷ loss time grows with an exponent of n whose interval lies below "
    "0.05 as the {} grows; refuted if above it. Fitted to the sizes that one power law describes."
)

CLAIM = Claim(
    id="C12",
    title="The same price for few parameters and for many",
    text="Gradient time ÷ loss time by backpropagation does not grow with the number of "
    "parameters.",
    source="the article",
    method="As C4. Operations settle as networks grow. Times need not: what a small network takes "
    "is mostly the calls of NumPy, of which the gradient has about as many as the loss, and what a "
    "large one takes is arithmetic and memory, of which it has more.",
    criteria=(
        Criterion(
            "counts",
            "Supported if the operations of value and gradient ÷ those of the loss grow by less "
            "than 5 % over the last fourfold growth of width and of depth; refuted if by more.",
            "growth of the operations ÷ those of the loss",
            exact=True,
        ),
        Criterion("width", _GROWTH.format("width"), "exponent against n"),
        Criterion("depth", _GROWTH.format("depth"), "exponent against n"),
    ),
    examine=examine,
    history="A part of C4 until 2026-11-28, which see. The criterion by counts is of that day, "
    "before any run with it, and is held to the 5 % of C9: counts alone can tell the algorithm "
    "from the machine.",
)
