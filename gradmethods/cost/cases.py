"""The grid of the cost benchmark: provider × network, in order of worth.

A case is a name for work, not the work; it is done in `gradmethods.cost.trial`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from gradmethods.errors import UnknownName
from gradmethods.problem import Problem
from gradmethods.provider import Provider

PROVIDERS = (
    "analytical:expanded",
    "analytical",
    "analytical:chain-rule",
    "numerical",
    "numerical:forward",
    "backprop",
)
"""Names of the providers measured, in the order of tables and legends."""

BATCH = 100
WIDTHS = tuple(2**k for k in range(11))
"""Units in each of two hidden layers: 2-h-h-1, from 7 to a million parameters."""
DEPTHS = tuple(2**k for k in range(7))
"""Hidden layers of eight units: 2-8-…-8-1."""

GRIDS = {
    "all": {"width": WIDTHS, "depth": DEPTHS},
    "small": {"width": WIDTHS[:2], "depth": DEPTHS[:1]},  # for the test suite
}
"""The scales of each sweep, by the name of the grid."""

COUNTED = ("analytical:expanded", "analytical", "analytical:chain-rule", "backprop")
"""Providers whose programs have operations to count."""

COUNTS = {
    "all": {1: 6, 2: 7, 3: 5, 4: 3, 6: 3, 8: 3},
    "small": {1: 2},  # for the test suite
}
"""By the name of the grid, the widths at which operations are counted without any timing, and up to
how many hidden layers: far enough for a law of growth where formulas can follow at all."""


@dataclass(frozen=True)
class Case:
    """One provider on one network.

    Attributes
    ----------
    sweep : str
        ``width`` or ``depth``: what grows. ``count-2``: operations are counted in networks of so
        many units a layer, and nothing is timed.
    provider : str
        Its name.
    scale : int
        Hidden width, or number of hidden layers.
    """

    sweep: str
    provider: str
    scale: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Units per layer, inputs first."""
        units, layers = self.hidden
        return (2, *[units] * layers, 1)

    @property
    def hidden(self) -> tuple[int, int]:
        """Units in each hidden layer, and the number of hidden layers."""
        if self.sweep == "width":
            return self.scale, 2
        return int(self.sweep.partition("-")[2] or 8), self.scale

    @property
    def network(self) -> str:
        """The network in one word, e.g. ``2-8-8-1`` or ``2-(8×16)-1``."""
        units, layers = self.hidden
        if layers > 4:
            return f"2-({units}×{layers})-1"
        return "-".join(map(str, self.widths))

    @property
    def n(self) -> int:
        """Number of parameters; known without making the network."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.widths))

    @property
    def key(self) -> str:
        """The name of the case in records and of its test."""
        return f"{self.sweep}-{self.scale}-{self.provider}"

    def problem(self, seed: int) -> Problem:
        """Make the network."""
        from gradmethods import problems

        return problems.get("mlp", widths=self.widths, batch=BATCH, seed=seed)

    def make_provider(self) -> Provider:
        """Make the provider."""
        from gradmethods.providers import get_provider

        made: Provider = get_provider(self.provider)
        return made


def effort(case: Case) -> float:
    """Guess the seconds that a case takes, to order cases by; no measurement depends on it."""
    method = case.provider.partition(":")[0]
    if case.provider == "analytical:chain-rule":
        return 6e-5 * case.n
    if method == "analytical":  # formulas grow faster than their number
        return 3e-3 * math.pow(case.n, 1.7)
    if method == "backprop":
        return 1e-8 * case.n
    return 3e-8 * float(case.n) * case.n  # n passes, each growing with n


def grid(name: str = "all") -> list[Case]:
    """List the cases of a grid, in order of worth.

    What is cheap comes first, so that a budget cuts off what is expensive: the order is by guessed
    effort, in steps of a factor of two. Within a step sizes grow and providers and sweeps
    alternate, so that each reaches as far as it can.

    Parameters
    ----------
    name : {"all", "small"}
        The small grid holds the smallest sizes of each sweep.
    """
    if name not in GRIDS:
        raise UnknownName.among("grid", name, GRIDS)
    ranked = []
    for sweep, scales in GRIDS[name].items():
        for level, scale in enumerate(scales):
            for provider in PROVIDERS:
                case = Case(sweep, provider, scale)
                step = max(0, math.ceil(math.log2(effort(case) / 0.5)))
                ranked.append((step, level, case))
    return [case for *_, case in sorted(ranked, key=lambda entry: entry[:2])]  # stable


def counts(name: str = "all") -> list[Case]:
    """List the cases whose operations are counted, what is cheap first.

    Written out, the formulas of all partial derivatives hold a term for every path through the
    network: it is this number that their derivation takes time for. Narrow networks come before
    wide ones of as many paths, because depth is what they tell apart.
    """
    cases = [
        Case(f"count-{width}", provider, depth)
        for width, deepest in COUNTS[name].items()
        for depth in range(1, deepest + 1)
        for provider in COUNTED
    ]

    def paths(case: Case) -> float:
        units, layers = case.hidden
        worth = {"analytical": 1.0, "analytical:expanded": 1.2}.get(case.provider, 0.0)
        worth *= 1 if units <= 3 or layers == 1 else 4
        return float(worth * case.n * units ** (layers - 1))

    return sorted(cases, key=paths)
