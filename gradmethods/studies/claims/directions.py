"""C11: forward mode takes a constant per direction, and so n of them for a gradient."""

from __future__ import annotations

from gradmethods.providers.forward import Forward
from gradmethods.studies.claims.claim import Claim, Criterion
from gradmethods.studies.claims.price import Price

BOUND = 1.5
"""Griewank & Walther (2008), section 3.2: value and tangent take at most 5/2 times the function, so
that a tangent takes at most so many times the function."""


PRICE = Price(Forward(), BOUND, "one direction ÷ loss", lambda multiple, n: (multiple - 1) / n)


judge, examine = PRICE.judge, PRICE.examine

CLAIM = Claim(
    id="C11",
    title="A constant for each direction",
    text="Forward mode takes a constant multiple of the loss for each direction, and n directions "
    "for a gradient: what backpropagation saves is the factor n.",
    source="Wengert 1964; Griewank & Walther 2008, section 3.2",
    method="Operations of the programs of forward mode for value and gradient ÷ those of the "
    "recorded loss, less 1 for the value, ÷ n, counted for one example; and likewise the times of "
    "a run of the benchmark that measured it, cases in which other processes had the processor "
    "left out.",
    criteria=(
        Criterion(
            "operations",
            "Supported if a direction takes at most 1.5 times the operations of the loss in every "
            "network; refuted if more in one.",
            "operations of a direction ÷ operations of the loss",
            exact=True,
        ),
        Criterion(
            "bound",
            "Supported if the whole interval of (gradient time ÷ loss time - 1) ÷ n is at most 1.5 "
            "in every case; refuted if none of it is in one.",
            "time of a direction ÷ loss time",
        ),
    ),
    examine=examine,
)
