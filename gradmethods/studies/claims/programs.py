"""Operations of compiled gradients, counted: what C3 and C9 decide by. Nothing is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gradmethods import problems
from gradmethods.providers import get_provider
from gradmethods.providers.analytical import PreparedAnalytical
from gradmethods.studies.claims.claim import Panel, Series

FORMS = ("analytical:expanded", "analytical:cse", "analytical:chain-rule", "backprop")
EXPANDED, SHARED, STAGES, PROGRAM = FORMS

WIDTHS = (1, 2, 4, 8, 16)
"""Hidden units of 2-h-1."""

DEPTHS = (1, 2, 3, 4, 5, 6)
"""Hidden layers of two units: the fewest with more than one path through a layer."""

GROWTH = 3.0
"""A size takes at most so many times what the size before it took."""


@dataclass(frozen=True)
class Size:
    """One network of a sweep, and the operations of each form for one example."""

    scale: int
    n: int
    operations: Mapping[str, int]

    def multiple(self, form: str, of: str) -> float:
        """Return the operations of a form ÷ those of another."""
        return self.operations[form] / self.operations[of]


Sweeps = Mapping[str, Sequence[Size]]


def sweeps(seconds: float) -> Sweeps:
    """Count both sweeps, as far as the time goes."""
    half = seconds / 2
    return {
        "width": list(_sweep([(h, (2, h, 1)) for h in WIDTHS], half)),
        "depth": list(_sweep([(d, (2, *[2] * d, 1)) for d in DEPTHS], half)),
    }


def _sweep(networks: Sequence[tuple[int, tuple[int, ...]]], seconds: float) -> Iterator[Size]:
    end = time.monotonic() + seconds
    took = 0.0
    for scale, widths in networks:
        start = time.monotonic()
        if start + GROWTH * took > end:
            return
        yield _count(scale, widths)
        took = time.monotonic() - start


@cache  # two claims rest on the same counts
def _count(scale: int, widths: tuple[int, ...]) -> Size:
    problem = problems.get("mlp", widths=widths, batch=2)
    prepared: dict[str, Any] = {
        name: get_provider(name).prepare(problem) for name in FORMS if name != SHARED
    }
    operations = {name: made.operations for name, made in prepared.items()}
    return Size(scale, problem.size, operations | {SHARED: shared_operations(prepared[EXPANDED])})


def shared_operations(prepared: PreparedAnalytical) -> int:
    """Count the operations of formulas after elimination of common subexpressions.

    They are those of ``Analytical("cse")``, without deriving the formulas again, which takes nearly
    all of its time.
    """
    from gradmethods.symbolic.program import share, write_program

    names = prepared.problem.structure.shapes
    params = {name: prepared.symbols[name] for name in names}
    data = {name: array for name, array in prepared.symbols.items() if name not in names}
    shared, results = share(prepared.formulas())
    return write_program(shared, results, params, data, "mean").operations


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
            tuple(
                Series("", [s.scale for s in sizes], [s.multiple(form, of) for s in sizes],
                       provider=form)
                for form in forms
            ),
            titles[sweep],
            log_x=sweep == "width",
            log_y=log,
        )
        for sweep, sizes in found.items()
        if sizes
    )  # fmt: skip
