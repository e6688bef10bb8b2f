"""The grid of the cost benchmark: provider × problem, in order of worth.

A case is a name for work, not the work; it is done in `gradmethods.timing.trial`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.errors import InvalidOption, UnknownName
from gradmethods.providers.registry import get_provider, traits
from gradmethods.timing.sweeps import (
    BATCH,
    CATALOGUE,
    DEPTHS,
    SPARSE,
    SWEEPS,
    WIDTHS,
    Sweep,
    get_sweep,
)

PROVIDERS = (
    "analytical:expanded",
    "analytical:cse",
    "analytical:chain-rule",
    "numerical",
    "numerical:forward",
    "numerical:complex-step",
    "forward",
    "backprop",
)
"""Names of the providers measured, in the order of tables and legends."""

SLOWEST = "numerical:complex-step"
"""Many times slower than the others by the size of a network: not measured in depth."""

COMPACT = PROVIDERS[1:]
"""All but the first, formulas that are written out, which hold up to 10⁹ operations at the smallest
sizes of the sweeps of `CATALOGUE`."""

ONE_EACH = ("analytical:cse", "numerical", "backprop")
"""One provider of each of the three methods."""

ONE_OF_EACH_KIND = (*ONE_EACH, "forward", SLOWEST)
"""One provider of every way to a gradient. Of the formulas in the sweeps of `CATALOGUE`, the chain
rule makes the program that shared subexpressions make, to the operation."""


HEADLINE = 4
"""Sizes of the width sweep that come before everything else: no figure is worth more than the one
that holds every method against n, and an exponent takes so many sizes."""


@dataclass(frozen=True)
class Part:
    """The part of a sweep that a grid measures."""

    scales: tuple[int, ...]
    providers: tuple[str, ...] = PROVIDERS


GRIDS: Mapping[str, Mapping[str, Part]] = {
    "all": {
        "width": Part(tuple(sorted({*WIDTHS, 3}))),
        "depth": Part(DEPTHS, tuple(name for name in PROVIDERS if name != SLOWEST)),
        "batch": Part(SWEEPS["batch"].scales[:5], ONE_EACH),
        "rosenbrock": Part(SPARSE, ONE_EACH),
        "helmholtz": Part(SPARSE, ONE_EACH),
        **{
            name: Part(scales, ONE_OF_EACH_KIND)
            for name, scales in zip(
                CATALOGUE, ((8, 16, 32, 128), (2, 4, 6, 8), (2, 8, 32, 64)), strict=True
            )
        },
    },
    "full": {
        name: Part(sweep.scales, COMPACT if name in CATALOGUE else PROVIDERS)
        for name, sweep in SWEEPS.items()
    },
    "small": {  # for the test suite
        "width": Part(WIDTHS[:2]),
        "depth": Part(DEPTHS[:1]),
        **{
            name: Part(sweep.scales[:1], ("numerical", "backprop"))
            for name, sweep in SWEEPS.items()
            if name not in ("width", "depth")
        },
    },
}
"""The part of each sweep that is measured, by the name of the grid.

``all`` is for a run that someone waits for. Beyond width and depth, which claims are about, it
affords some hundred cases, most of less than a second, at the fewest sizes that an exponent can be
fitted to. Of batches and of the two extremes among functions it takes one provider of each method:
in Rosenbrock's function every variable meets its neighbours, and formulas stay short; in the
Helmholtz energy it meets all others. Of three problems of the catalogue it takes all methods. The
rest is in ``full``."""

COUNTED = ("analytical:expanded", "analytical:cse", "analytical:chain-rule", "backprop")
"""Providers whose programs have operations to count."""

_EVERYWHERE = dict.fromkeys((1, 2, 3, 4, 6, 8), 8)

COUNTS = {
    "all": _EVERYWHERE,
    "full": _EVERYWHERE,
    "small": {1: 2},  # for the test suite
}
"""By the name of the grid, the widths at which operations are counted without any timing, and up to
how many hidden layers: far enough for a law of growth."""


@dataclass(frozen=True)
class Case:
    """One provider on one problem.

    Attributes
    ----------
    sweep : str
        What grows, a name in `gradmethods.timing.sweeps.SWEEPS`. ``count-2``: operations are
        counted in networks of so many units a layer, and nothing is timed.
    provider : str
        Its name.
    scale : int
        Hidden width, number of hidden layers, of examples, or of parameters.
    """

    sweep: str
    provider: str
    scale: int

    @property
    def kind(self) -> Sweep:
        """The description of its sweep."""
        return get_sweep(self.sweep)

    @property
    def widths(self) -> tuple[int, ...] | None:
        """Units per layer, inputs first; None if it is no network."""
        return self.kind.widths(self.scale)

    @property
    def hidden(self) -> tuple[int, int]:
        """Units in each hidden layer, and the number of hidden layers.

        Raises
        ------
        InvalidOption
            If the case is no network.
        """
        widths = self.widths
        if widths is None:
            raise InvalidOption(f"The case {self.key!r} is no network: it has no hidden layers.")
        return widths[1], len(widths) - 2

    @property
    def network(self) -> str:
        """The network in one word, e.g. ``2-8-8-1`` or ``2-(8×16)-1``; else the problem's name."""
        if self.widths is None:
            return self.kind.problem
        units, layers = self.hidden
        if layers > 4:
            return f"2-({units}×{layers})-1"
        return "-".join(map(str, self.widths))

    @property
    def n(self) -> int:
        """Number of parameters; known without making the problem."""
        return self.kind.n(self.scale)

    @property
    def size(self) -> int:
        """The size against which cost is measured: n, or the number of examples if these grow."""
        return self.kind.size(self.scale)

    @property
    def key(self) -> str:
        """The name of the case in records and of its test."""
        return f"{self.sweep}-{self.scale}-{self.provider}"

    @property
    def work(self) -> tuple[str, ...]:
        """The network and provider, whatever the sweep: sweeps of width and depth share one."""
        return self.kind.problem, str(self.kind.options(self.scale)), self.provider

    def problem(self, seed: int) -> Problem:
        """Make the problem."""
        return self.kind.make(self.scale, seed)

    def make_provider(self) -> Provider:
        """Make the provider."""
        return get_provider(self.provider)


def effort(case: Case) -> float:
    """Guess the seconds that a case takes, to order cases by; no measurement depends on it."""
    method = traits(case.provider)
    examples = (case.kind.batch(case.scale) or BATCH) / BATCH
    n = case.n * (case.scale if case.kind.grows == "T" else 1)  # every step has the same ones
    # A matrix of n × n is only read: a tenth of what else is done with a number.
    loss = 1e-8 * examples * n * math.pow(case.n / 10, case.kind.work - 1)
    if method.black_box or method.passes or method.growth:
        return 3 * loss * case.n  # n passes or directions, each growing with n
    seconds, power = method.derivation or (0.0, 0.0)
    return seconds * math.pow(n, power) + loss


def grid(name: str = "all", also: Sequence[str] = ()) -> list[Case]:
    """List the cases of a grid, in order of worth.

    The smallest networks of the headline figure come first, with every method. Then what is cheap
    comes first, so that a budget cuts off what is expensive: the order is by guessed effort, in
    steps of a factor of two. Within a step that figure's sweep comes before the others, and sizes
    grow while providers and sweeps alternate, so that each reaches as far as it can.

    Parameters
    ----------
    name : {"all", "full", "small"}
        ``all`` is what fits into a few minutes, ``full`` everything; the small grid holds the
        smallest sizes of each sweep.
    also : sequence of str
        Names of providers that take part in every sweep beside those of the grid.
    """
    if name not in GRIDS:
        raise UnknownName.among("grid", name, GRIDS)
    ranked = []
    for sweep, part in GRIDS[name].items():
        for level, scale in enumerate(part.scales):
            for provider in dict.fromkeys([*part.providers, *also]):
                case = Case(sweep, provider, scale)
                step = max(0, math.ceil(math.log2(effort(case) / 0.5)))
                beside = sweep != "width"
                ranked.append((beside or level >= HEADLINE, step, beside, level, case))
    return [case for *_, case in sorted(ranked, key=lambda entry: entry[:4])]  # stable


def counts(name: str = "all") -> list[Case]:
    """List the cases whose operations are counted, small networks first.

    Written out, formulas hold a term for every path through the network; they are counted without
    writing them, so that every case takes a time in proportion to its size.
    """
    cases = [
        Case(f"count-{width}", provider, depth)
        for width, deepest in COUNTS[name].items()
        for depth in range(1, deepest + 1)
        for provider in COUNTED
    ]

    return sorted(cases, key=lambda case: case.n)
