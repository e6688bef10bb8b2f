"""The quantities that figures of cost show, and how their axes are named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """What a figure shows on its vertical axis."""

    column: str
    label: str
    fitted: bool = False
    timed: bool = False
    low: str | None = None
    high: str | None = None


TIME = Quantity(
    "gradient_s", "time per gradient (s)", fitted=True, timed=True,
    low="gradient_low_s", high="gradient_high_s",
)  # fmt: skip
RATIO = Quantity(
    "ratio", "time per gradient ÷ time per loss", fitted=True, timed=True,
    low="ratio_low", high="ratio_high",
)  # fmt: skip
PREPARATION = Quantity("preparation_s", "time to prepare, once (s)", fitted=True)
OPERATIONS = Quantity("operations", "scalar operations per example", fitted=True)
ERROR = Quantity("error", "error relative to the norm of the gradient")

QUANTITIES = {
    "time": TIME,
    "ratio": RATIO,
    "error": ERROR,
    "preparation": PREPARATION,
    "operations": OPERATIONS,
}
"""By the name that figures have, in the order of a report."""
