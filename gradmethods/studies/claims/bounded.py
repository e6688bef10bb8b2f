"""C4: one forward and one backward pass give the whole gradient, at a bounded price."""

from __future__ import annotations

from gradmethods.providers.backprop import Backprop
from gradmethods.studies.claims.claim import Claim, Criterion
from gradmethods.studies.claims.price import Price

BOUND = 5.0
"""Griewank & Walther (2008), section 3.3: reverse mode takes at most so many times the function."""

PRICE = Price(Backprop(), BOUND, "value and gradient ÷ loss")

HISTORY = (
    "Until 2026-11-28 C4 and C12 were one claim, refuted on 2026-11-25: operations 2.48 (at most "
    "5: supported), time 3.06 [3.05, 3.08] (at most 5: supported), exponents of time 0.078 [0.058, "
    "0.097] with width (below 0.05: refuted) and 0.048 [0.037, 0.059] with depth (not decided). "
    "It was split because it said two things, of which one held: that the price is bounded, and "
    "that it is constant. The criteria of both are those of then; C12 has one more, by counts."
)


judge, examine = PRICE.judge, PRICE.examine

CLAIM = Claim(
    id="C4",
    title="The gradient for at most five losses",
    text="One forward and one backward pass give the whole gradient, and with its value it takes "
    "at most five times what the loss takes, however many parameters there are.",
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
    ),
    examine=examine,
    history=HISTORY,
)
