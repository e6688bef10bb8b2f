"""C9: with elimination of common subexpressions, symbolic differentiation is reverse mode."""

from __future__ import annotations

from collections.abc import Sequence

from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    exactly,
)
from gradmethods.studies.claims.operations import (
    ELIMINATED,
    PROGRAM,
    SHARED,
    Size,
    Sweeps,
    panels,
    sweeps,
)

STEADY = 1.05
"""A multiple that grows by less over a doubling counts as bounded."""

CLOSE = 1.25
"""A program with at most so many times the operations counts as the same method."""


def judge(found: Sweeps) -> Finding:
    """Decide by the counts of both sweeps."""
    decisions = {name: _doubling(found[name]) for name in ("width", "depth")}
    sizes = [size for sweep in found.values() for size in sweep]
    if sizes:
        multiples = [size.multiple(SHARED, PROGRAM) for size in sizes]
        decisions["stages"] = Decision(
            exactly([m <= CLOSE for m in multiples], fewest=4), max(multiples), min(multiples),
            max(multiples), "SymPy's rules applied stage by stage, values keeping their names",
        )  # fmt: skip
    drawn = panels(
        found, (ELIMINATED, SHARED), PROGRAM, "operations ÷ those of backprop's program", log=False
    )
    return Finding(decisions, drawn)


def _doubling(sizes: Sequence[Size]) -> Decision:
    """Compare the multiple at the largest scale with that at half of it."""
    made = [size for size in sizes if ELIMINATED in size.operations]
    by_scale = {size.scale: size.multiple(ELIMINATED, PROGRAM) for size in made}
    doubled = [scale for scale in by_scale if scale >= 4 and scale / 2 in by_scale]
    if not doubled:
        return Decision(UNDECIDED, words="too few sizes")
    last = max(doubled)
    growth = by_scale[last] / by_scale[last // 2]
    words = (
        f"from {by_scale[last // 2]:.2f} to {by_scale[last]:.2f} times the operations of "
        f"backprop's program, from scale {last // 2} to {last}"
    )
    return Decision(exactly([growth < STEADY]), growth, growth, growth, words)


def examine(evidence: Evidence) -> Finding:
    """Derive, compile and count."""
    return judge(sweeps(evidence.seconds))


_RULE = (
    "Supported if operations after SymPy's elimination ÷ operations of backprop's program grow by "
    "less than 5 % over the last doubling of the {}; refuted if by more."
)

CLAIM = Claim(
    id="C9",
    title="Symbolic with shared parts is reverse mode",
    text="Symbolic differentiation with elimination of common subexpressions is reverse mode: it "
    "takes the same operations, up to a constant.",
    source="Laue 2019",
    method="Operations of one evaluation for one example, as multiples of those of backprop's "
    "program: the derivatives that sympy.diff takes of the whole loss, after sympy.cse, in SymPy's "
    "own count; and SymPy's rules applied stage by stage over names.",
    criteria=(
        Criterion("width", _RULE.format("width"), "growth over a doubling", exact=True),
        Criterion("depth", _RULE.format("depth"), "growth over a doubling", exact=True),
        Criterion(
            "stages",
            "Supported if SymPy's rules applied stage by stage, with names for shared values, take "
            "at most 1.25 times the operations of backprop's program at every size; refuted if "
            "more at one.",
            "operations stage by stage ÷ backprop's",
            exact=True,
        ),
    ),
    examine=examine,
    last=True,
)
