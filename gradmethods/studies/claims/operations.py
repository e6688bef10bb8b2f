"""Operations of gradients, counted: what C3 and C9 decide by. Nothing is timed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.providers.analytical import Analytical
from gradmethods.providers.backprop import Backprop
from gradmethods.studies.claims.claim import Panel, Series

EXPANDED, SHARED, PROGRAM = "analytical:expanded", "analytical:cse", "backprop"
MERGED, ELIMINATED = "SymPy's merged form", "sympy.cse"
"""What SymPy itself makes of the whole loss: its derivatives, and those without what they share."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Hidden units of 2-h-1."""

DEPTHS = tuple(range(1, 13))
"""Hidden layers of two units: the fewest with more than one path through a layer."""

NETWORKS: dict[str, list[tuple[int, tuple[int, ...]]]] = {
    "width": [(h, (2, h, 1)) for h in WIDTHS],
    "depth": [(d, (2, *[2] * d, 1)) for d in DEPTHS],
}
"""By sweep, the scale and the widths of its networks."""

AFFORDABLE = 150_000
"""Operations written out up to which SymPy differentiates the whole loss in a few seconds."""


@dataclass(frozen=True)
class Size:
    """One network of a sweep, and the operations of each form for one example.

    SymPy's own forms are there only where it can make them.
    """

    scale: int
    n: int
    operations: Mapping[str, int]

    def multiple(self, form: str, of: str) -> float:
        """Return the operations of a form ÷ those of another."""
        return self.operations[form] / self.operations[of]


Sweeps = Mapping[str, Sequence[Size]]


def sweeps(seconds: float) -> Sweeps:
    """Count both sweeps: what SymPy makes of the whole loss as far as it can and the time goes."""
    end = time.monotonic() + seconds
    return {
        sweep: [_count(*network, merged=time.monotonic() < end) for network in networks]
        for sweep, networks in NETWORKS.items()
    }


@cache  # Two claims rest on the same counts.
def _count(scale: int, widths: tuple[int, ...], *, merged: bool = True) -> Size:
    problem = problems.get("mlp", widths=widths, batch=2)
    operations = {
        EXPANDED: Analytical("expanded").count_operations(problem),
        SHARED: Analytical("cse").count_operations(problem),
        PROGRAM: Backprop().prepare(problem).operations,
    }
    if merged and operations[EXPANDED] <= AFFORDABLE:
        operations[MERGED], operations[ELIMINATED] = by_sympy(problem)
    return Size(scale, problem.size, operations)


def by_sympy(problem: Problem) -> tuple[int, int]:
    """Count, as SymPy counts, what ``sympy.diff`` makes of the whole loss, and ``sympy.cse`` of it.

    Returns
    -------
    tuple of int
        Operations of the loss and its partial derivatives written out, and without what they share.
    """
    from gradmethods.engines.symbolic.build import Builder
    from gradmethods.engines.symbolic.whole import derivatives, loss_formula, merged_operations
    from gradmethods.providers.analytical import BUDGET

    builder = Builder(problem, BUDGET)
    loss = loss_formula(builder)
    partials = derivatives(loss, builder.params)
    return merged_operations([loss, *(x for array in partials.values() for x in array.ravel())])


def panels(
    found: Sweeps, forms: Sequence[str], of: str, label: str, *, log: bool
) -> tuple[Panel, ...]:
    """Draw forms as multiples of another, a panel for each sweep."""
    titles = {"width": "2-h-1", "depth": "hidden layers of 2 units"}
    axes = {"width": "hidden units h", "depth": "hidden layers"}
    return tuple(
        Panel(
            axes[sweep],
            label,
            tuple(_series(form, [s for s in sizes if form in s.operations], of) for form in forms),
            titles[sweep],
            log_x=sweep == "width",
            log_y=log,
        )
        for sweep, sizes in found.items()
        if sizes
    )  # fmt: skip


def _series(form: str, sizes: Sequence[Size], of: str) -> Series:
    name = form if form in (MERGED, ELIMINATED) else ""
    return Series(name, [s.scale for s in sizes], [s.multiple(form, of) for s in sizes], (), (),
                  form)  # fmt: skip
