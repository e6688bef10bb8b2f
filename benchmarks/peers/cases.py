"""The comparison's grid: networks and other problems by family, and who takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.handwritten import HandWritten
from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Arrays
from gradmethods.errors import UnsupportedOperation
from gradmethods.output.style import THEORY, Style
from gradmethods.providers import Analytical, Backprop, Numerical
from gradmethods.providers.peers import PEERS, Peer
from gradmethods.providers.registry import style_of, traits

BATCH = 100

SAMPLE = 20
"""Components of the gradient that differences compute from n = 10,501 on."""


@dataclass(frozen=True)
class Case:
    """One problem, on which ours and the peers of one method meet.

    Attributes
    ----------
    family : str
        A name in `FAMILIES`: a method on networks, or a kind of problem.
    widths : tuple of int
        Units per layer of a network, inputs first; none for another problem.
    components : int, optional
        Differentiate by so many components, drawn with the seed; by all of them if None.
    problem_name : str
        Name in the catalogue.
    options : tuple of (str, int)
        Sizes of a problem that is no network.
    dtype : {"float64", "float32"}
        Of parameters and data.
    """

    family: str
    widths: tuple[int, ...] = ()
    components: int | None = None
    problem_name: str = "mlp"
    options: tuple[tuple[str, int], ...] = ()
    dtype: str = "float64"

    @property
    def network(self) -> str:
        """The network in one word, e.g. ``2-3-1``; else the sizes of the problem."""
        if self.widths:
            return "-".join(map(str, self.widths))
        return ", ".join(f"{name} = {size:,}" for name, size in self.options)

    @property
    def n(self) -> int:
        """Number of parameters."""
        if not self.widths:
            return self._problem(0).size
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.widths))

    @property
    def batch(self) -> int | None:
        """Number of examples of a network."""
        return BATCH if self.widths else None

    @property
    def key(self) -> str:
        """The name of the case in records."""
        sizes = "-".join(str(size) for _, size in self.options)
        return f"{self.family}-{self.network if self.widths else sizes}"

    def contenders(self) -> dict[str, Provider]:
        """Return ours and the peers by name, ours first."""
        theirs: dict[str, Provider] = {peer.name: peer for peer in FAMILIES[self.family]}
        return ours(self.family) | theirs

    def problem(self, seed: int) -> Problem:
        """Make the problem, or its loss as a function of a few components."""
        problem = self._problem(seed)
        if self.components is None:
            return problem
        return components(problem, chosen(problem.size, self.components, seed))

    def reference(self, seed: int) -> Arrays:
        """Compute backprop's gradient, of the components differentiated."""
        problem = self._problem(seed)
        structure = problem.structure
        arrays = structure.check(Backprop().prepare(problem)(problem.params).gradient)
        if self.components is None:
            return arrays
        return {"": structure.join(arrays)[chosen(problem.size, self.components, seed)]}

    def _problem(self, seed: int) -> Problem:
        from gradmethods import problems

        sizes = {"widths": self.widths, "batch": BATCH} if self.widths else dict(self.options)
        return problems.get(self.problem_name, **sizes, seed=seed, dtype=self.dtype)


def _others(name: str, *sizes: dict[str, int]) -> list[Case]:
    """List the cases of a problem that is no network, which is a family of its own."""
    return [Case(name, problem_name=name, options=tuple(size.items())) for size in sizes]


GRID = (
    *(
        Case("backprop", widths)
        for widths in (
            (2, 3, 1),
            (2, 32, 32, 1),
            (2, 100, 100, 1),
            (2, 310, 310, 1),
            (2, 1000, 1000, 1),
            (2, 3160, 3160, 1),
        )
    ),
    *(
        Case("numerical", widths)
        for widths in ((2, 3, 1), (2, 32, 1), (2, 32, 32, 1), (2, 52, 52, 1))
    ),
    *(
        Case("numerical", widths, components=SAMPLE)
        for widths in ((2, 100, 100, 1), (2, 1000, 1000, 1))
    ),
    *(Case("analytical", (2, h, 1)) for h in (3, 8, 16, 32)),
    *(
        Case("float32", widths, dtype="float32")
        for widths in ((2, 3, 1), (2, 32, 32, 1), (2, 100, 100, 1), (2, 310, 310, 1))
    ),
    *_others("log-sum-exp", *({"n": n} for n in (100, 1000, 10_000, 1_000_000))),
    *_others(
        "gaussian-mixture",
        *({"d": d, "components": k, "points": 1000} for d, k in ((2, 5), (5, 10), (10, 25))),
    ),
    *_others("runge-kutta", *({"n": n, "steps": 10} for n in (10, 1000, 100_000))),
    *_others("kalman", *({"points": points} for points in (10, 30, 100))),
)
"""Every case of the comparison, in order: networks first, then what is no network."""


def by_turns(cases: Sequence[Case]) -> list[Case]:
    """Order cases so that all families come in turn: the first of each, then the second of each.

    Examples
    --------
    >>> [case.key for case in by_turns(GRID)][:3]
    ['backprop-2-3-1', 'numerical-2-3-1', 'analytical-2-3-1']
    """
    families: dict[str, list[Case]] = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    return [case for turn in zip_longest(*families.values()) for case in turn if case]


SMALL = (Case("backprop", (2, 3, 1)), Case("numerical", (2, 3, 1)), Case("analytical", (2, 1, 1)))
"""One case of each family, for the tests."""


OURS = (
    Backprop(),
    Numerical(),
    Numerical(evaluation="reuse"),
    Analytical("cse"),
    Analytical("chain-rule"),
    Analytical("expanded"),
)
"""This suite's providers; of each method, that of the headline first."""

METHODS: dict[str, str] = {own.family: own.family for own in OURS} | {
    case.family: Backprop.family for case in GRID if case.dtype == "float32" or not case.widths
}
"""The method of each family of cases, in order."""

FAMILIES: dict[str, tuple[Peer, ...]] = {
    family: tuple(
        peer
        for peer in (*([HandWritten()] if family in METHODS.values() else []), *PEERS.values())
        if traits(peer).family == method
    )
    for family, method in METHODS.items()
}
"""The peers of each family. The pass by hand is for networks in double precision."""

LOSS = "loss"
"""The contender that computes no gradient."""


def ours(family: str) -> dict[str, Provider]:
    """Return this suite's providers of a family's method, the one of the headline first."""
    return {own.name: own for own in OURS if own.family == METHODS[family]}


def style(contender: str) -> Style:
    """Return how a contender is drawn."""
    if contender == LOSS:
        return Style("the loss alone, NumPy", THEORY, ".", (0, (1, 1)))
    return style_of(contender)


def chosen(size: int, count: int, seed: int) -> NDArray[np.intp]:
    """Draw components, evenly and without repetition."""
    drawn = np.random.default_rng(seed).choice(size, min(count, size), replace=False)
    return np.sort(drawn)


def components(problem: Problem, index: NDArray[np.intp]) -> Problem:
    """Return the loss as a function of some components of its parameters, the rest held.

    It writes them into arrays of its own, so that a pass costs what a pass of the whole costs. For
    plain NumPy only: what is recorded once would not see them change.
    """
    structure = problem.structure
    vector = structure.join(structure.check(problem.params))
    params = structure.restore(structure.split(vector))

    def loss(entries: Any, *, xp: Any = np, **data: Any) -> Any:
        if xp is not np:
            raise UnsupportedOperation(
                f"It records the loss once for all components: there is no loss of {index.size} of "
                "them to record."
            )
        vector[index] = entries
        return problem.loss(params, **data, xp=xp)

    named = f"{problem.name}, {index.size} components"
    return Problem(loss, vector[index], problem.data, name=named)
