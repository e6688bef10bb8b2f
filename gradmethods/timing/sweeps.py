"""The sweeps of the cost benchmark: what grows, through which sizes, and what theory expects.

A sweep only describes problems; the catalogue makes them. Which sizes a run measures, and with
which methods, stands in `gradmethods.timing.cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from gradmethods.core.problem import Problem
from gradmethods.errors import UnknownName
from gradmethods.providers.registry import traits

HALF = 0.5
"""Time for the rounds of a case where no claim rests on its time ÷ that where one does."""

BATCH = 100
"""Number of examples in every sweep but that of batches."""

WIDTHS = tuple(2**k for k in range(11))
"""Units in each of two hidden layers: 2-h-h-1, from 7 to a million parameters."""
DEPTHS = tuple(2**k for k in range(7))
"""Hidden layers of eight units: 2-8-…-8-1."""

SPARSE = (4, 16, 128, 1024)
SIZES = tuple(sorted({*SPARSE, *(4**k for k in range(1, 11))}))
"""Numbers of parameters from 4 to a million, for problems that are not networks; and the fewest
that show a law. Closed formulas end among the small ones, so that these lie close."""

Grows = Literal["n", "N", "T"]

AXES: Mapping[Grows, str] = {
    "n": "number of parameters n",
    "N": "number of examples N",
    "T": "number of steps T",
}
"""Labels of axes by the letter of what grows."""

Options = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Sweep:
    """Problems of the catalogue that grow in one way.

    Attributes
    ----------
    name : str
        In keys of records and names of figures.
    options : callable
        The options of the problem at a scale: ``problems.get(problem, **options(scale))``.
    scales : tuple of int
        Everything worth measuring, ascending.
    family : str
        What the problems are, for captions; ``{}`` stands for the scales.
    against : str
        Ends the titles of figures: what a quantity is shown against, or of what.
    title : str
        What the problem is called where it stands beside others.
    problem : str
        Name in the catalogue.
    grows : {"n", "N", "T"}
        What costs are held against: the number of parameters, of examples, or of steps.
    work : float
        In theory, the exponent of what grows in the time of one forward pass.
    parameters : callable
        The number of parameters at a scale of a problem that is no network of layers; the scale
        itself by default.
    """

    name: str
    options: Options = field(repr=False)
    scales: tuple[int, ...]
    family: str
    against: str
    title: str = ""
    problem: str = "mlp"
    grows: Grows = "n"
    work: float = 1.0
    parameters: Callable[[int], int] = field(default=int, repr=False)

    @property
    def share(self) -> float:
        """Time for the rounds of its cases ÷ that of the sweeps which claims are about."""
        return 1.0 if self.name in NETWORKS else HALF

    def widths(self, scale: int) -> tuple[int, ...] | None:
        """Return the units per layer, inputs first; None for a problem that is no network."""
        return self.options(scale).get("widths")

    def n(self, scale: int) -> int:
        """Return the number of parameters, without making the problem."""
        widths = self.widths(scale)
        if widths is None:
            return self.parameters(scale)
        return sum((m + 1) * k for m, k in pairwise(widths))

    def batch(self, scale: int) -> int | None:
        """Return the number of examples; None for a problem that has none."""
        return self.options(scale).get("batch")

    def size(self, scale: int) -> int:
        """Return what costs are held against: n, or the scale, which is what grows instead."""
        return self.n(scale) if self.grows == "n" else scale

    def make(self, scale: int, seed: int) -> Problem:
        """Make the problem."""
        from gradmethods import problems

        return problems.get(self.problem, **self.options(scale), seed=seed)

    @property
    def axis(self) -> str:
        """What grows, in words for an axis."""
        return AXES[self.grows]

    def ratio_exponent(self, provider: str) -> float | None:
        """Return the exponent of gradient time ÷ loss time in theory; None where there is none.

        With the number of examples, or of steps, the time of everything that is done for each of
        them grows alike.

        Examples
        --------
        >>> SWEEPS["width"].ratio_exponent("numerical"), SWEEPS["batch"].ratio_exponent("numerical")
        (1.0, 0.0)
        """
        return traits(provider).growth if self.grows == "n" else 0.0


def _layers(units: int, layers: int) -> dict[str, Any]:
    return {"widths": (2, *[units] * layers, 1), "batch": BATCH}


SWEEPS: Mapping[str, Sweep] = {
    sweep.name: sweep
    for sweep in (
        Sweep(
            # The widest has ten million parameters. Between the narrow ones others lie, because
            # closed formulas end there.
            "width", lambda h: _layers(h, 2), tuple(sorted({*WIDTHS, 3, 6, 12, 2048, 3160})),
            "2-h-h-1 networks, h = {}", "against width",
        ),
        Sweep(
            "depth", lambda d: _layers(8, d), tuple(sorted({*DEPTHS, 3, 6, 128})),
            "networks with {} hidden layers of 8 units", "against depth",
        ),
        Sweep(
            "batch", lambda examples: {"widths": (2, 3, 1), "batch": examples},
            (1, 10, 100, 1000, 10_000, 100_000),
            "the 2-3-1 network, N = {}", "against batch size", grows="N",
        ),
        Sweep(
            "rosenbrock", lambda n: {"n": n}, SIZES,
            "the chained Rosenbrock function, n = {}", "of Rosenbrock's function",
            title="Rosenbrock", problem="rosenbrock",
        ),
        Sweep(
            # Its data is a matrix of n × n: 134 MB at the end.
            "helmholtz", lambda n: {"n": n}, SIZES[:7],
            "the Helmholtz energy of n components, n = {}", "of the Helmholtz energy",
            title="Helmholtz energy", problem="helmholtz", work=2.0,
        ),
        Sweep(
            "log-sum-exp", lambda n: {"n": n}, SIZES,
            "the logarithm of a sum of n exponentials, n = {}", "of log-sum-exp",
            title="log-sum-exp", problem="log-sum-exp",
        ),
        Sweep(
            # A weight a feature, and the bias. Data of 100 × n: 105 MB at the end.
            "logistic", lambda n: {"features": n - 1, "batch": BATCH}, SIZES[:9],
            "logistic regressions with n − 1 features, n = {}", "of logistic regression",
            title="logistic regression", problem="logistic-regression",
        ),
        Sweep(
            "recurrent-network", lambda steps: {"units": 3, "steps": steps},
            tuple(2**k for k in range(3, 10)),
            "recurrent networks of 3 units, 21 parameters, T = {}", "of a recurrent network",
            title="recurrent network", problem="recurrent-network", grows="T",
            parameters=lambda _: 21,
        ),
        Sweep(
            # A factorisation of d × d for d + d² parameters.
            "gaussian-likelihood", lambda d: {"d": d, "points": 10}, (2, 3, 4, 6, 8, 12, 16),
            "the likelihood of a normal distribution of ten points in {} dimensions",
            "of a Gaussian likelihood", title="Gaussian likelihood", problem="gaussian-likelihood",
            work=1.5, parameters=lambda d: d + d**2,
        ),
        Sweep(
            # Two cameras of 11; of each point its place, and its weight in either photograph.
            "bundle-adjustment", lambda points: {"cameras": 2, "points": points},
            (2, 4, 8, 16, 32, 64, 128),
            "the adjustment of two cameras and {} points", "of bundle adjustment",
            title="bundle adjustment", problem="bundle-adjustment",
            parameters=lambda points: 22 + 5 * points,
        ),
    )
}  # fmt: skip
"""Every sweep by name, in the order of tables and figures."""

NETWORKS = ("width", "depth")
"""Sweeps of ever larger networks: those that claims and laws of growth are about."""

OTHERS = tuple(s.name for s in SWEEPS.values() if s.problem != "mlp")
"""Sweeps of problems that are not networks of layers."""

CATALOGUE = ("recurrent-network", "gaussian-likelihood", "bundle-adjustment")
"""Those of them in which every method takes part, whatever it takes."""


def size_of(record: Mapping[str, Any]) -> tuple[Grows, int]:
    """Return what the cost in a record is held against: its letter, and how large it is.

    Examples
    --------
    >>> size_of({"sweep": "batch", "n": 13, "scale": 100})
    ('N', 100)
    """
    letter = letter_of(str(record.get("sweep")))
    return letter, record["n" if letter == "n" else "scale"]


def letter_of(name: str) -> Grows:
    """Return the letter of what grows in a sweep; n in what is none, like the million passes."""
    return SWEEPS[name].grows if name in SWEEPS else "n"


def get_sweep(name: str) -> Sweep:
    """Return a sweep; one that only counts is named after its width: ``count-2``."""
    if name in SWEEPS:
        return SWEEPS[name]
    kind, _, units = name.partition("-")
    if kind != "count" or not units.isdecimal():
        raise UnknownName.among("sweep", name, SWEEPS)
    return Sweep(
        name, lambda layers: _layers(int(units), layers), (),
        f"networks with {{}} hidden layers of {units} units", "against depth",
    )  # fmt: skip
