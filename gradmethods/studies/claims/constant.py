"""C4: one forward and one backward pass give the whole gradient, at a constant price."""

from __future__ import annotations

import math

from gradmethods.providers.backprop import Backprop
from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    inside,
)
from gradmethods.studies.claims.price import Counted, Price, Timed
from gradmethods.studies.claims.timings import SWEEPS, asymptote, measured

BOUND = 5.0
"""Griewank & Walther (2008), section 3.3: reverse mode takes at most so many times the function."""

LEVEL = 0.05
"""An exponent within ± this is no growth: 12 % for ten times the parameters."""

PRICE = Price(Backprop(), BOUND, "value and gradient ÷ loss")


def judge(counted: Counted, timed: Timed) -> Finding:
    """Decide the operations by counts, and the times by the records of a run."""
    decisions = PRICE.decide(counted, timed)
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


def examine(evidence: Evidence) -> Finding:
    """Count operations, and read the times in the records of a run."""
    timed = {sweep: measured(evidence.records, sweep, Backprop().name) for sweep in SWEEPS}
    return judge(PRICE.counted(), timed)


_GROWTH = (
    "Supported if the interval of the exponent of gradient time ÷ loss time against n, over the "
    "sizes that one power law describes, lies below 0.05 as the {} grows; refuted if above it."
)

CLAIM = Claim(
    id="C4",
    title="One forward and one backward pass",
    text="One forward and one backward pass give the whole gradient: gradient time ÷ loss time "
    "does not grow with the number of parameters, and stays under the cheap-gradient bound.",
    source="the article; Griewank & Walther 2008, section 3.3",
    method="Operations of backprop's program for value and gradient ÷ those of the recorded loss, "
    "counted for one example; and the times of a run of the benchmark, cases in which other "
    "processes had the processor left out.",
    criteria=(
        Criterion(
            "operations",
            "Supported if value and gradient take at most 5 times the operations of the loss in "
            "every network; refuted if more in one.",
            "operations ÷ operations of the loss",
            exact=True,
        ),
        Criterion(
            "bound",
            "Supported if the whole interval of gradient time ÷ loss time is at most 5 in every "
            "case; refuted if none of it is in one.",
            "gradient time ÷ loss time",
        ),
        Criterion("width", _GROWTH.format("width"), "exponent against n"),
        Criterion("depth", _GROWTH.format("depth"), "exponent against n"),
    ),
    examine=examine,
)
