"""C3: closed forms do not share their common parts."""

from __future__ import annotations

from itertools import pairwise

from gradmethods.studies.claims.claim import Claim, Criterion, Decision, Evidence, Finding, exactly
from gradmethods.studies.claims.operations import (
    EXPANDED,
    MERGED,
    PROGRAM,
    SHARED,
    Sweeps,
    panels,
    sweeps,
)
from gradmethods.timing.fits import fit_power_law


def judge(found: Sweeps) -> Finding:
    """Decide by the counts of both sweeps."""
    wide, deep = found["width"], found["depth"]
    decisions = {}
    sizes = [*wide, *deep]
    if sizes:
        multiples = [size.multiple(EXPANDED, SHARED) for size in sizes]
        largest = max(sizes, key=lambda size: size.operations[EXPANDED])
        words = (
            f"{largest.operations[EXPANDED]:,} operations written out, "
            f"{largest.operations[SHARED]:,} shared, {largest.operations[PROGRAM]:,} in backprop's "
            f"program, at n = {largest.n:,}"
        )
        merged = [size for size in sizes if MERGED in size.operations]
        if merged:
            last = max(merged, key=lambda size: size.operations[EXPANDED])
            words += (
                f"; SymPy merges {last.operations[EXPANDED]:,} written out to "
                f"{last.operations[MERGED]:,}, at n = {last.n:,}"
            )
        decisions["shared"] = Decision(
            exactly([m > 1 for m in multiples], fewest=4), max(multiples), min(multiples),
            max(multiples), words,
        )  # fmt: skip
    if len(wide) >= 3:
        multiples = [size.multiple(EXPANDED, SHARED) for size in wide]
        law = fit_power_law([size.n for size in wide], multiples)
        decisions["width"] = Decision(
            exactly([b > a for a, b in pairwise(multiples)], fewest=3), law.exponent, law.low,
            law.high, f"{multiples[0]:.0f} to {multiples[-1]:.0f} times, at 2-{wide[-1].scale}-1",
        )  # fmt: skip
    if len(deep) >= 2:
        factors = [b.operations[EXPANDED] / a.operations[EXPANDED] for a, b in pairwise(deep)]
        added = {b.operations[PROGRAM] - a.operations[PROGRAM] for a, b in pairwise(deep)}
        decisions["depth"] = Decision(
            exactly([*(f >= 2 for f in factors), len(added) == 1], fewest=4), min(factors),
            min(factors), max(factors),
            f"backprop's program grows by {' or '.join(f'{a:,}' for a in sorted(added))} a layer",
        )  # fmt: skip
    drawn = panels(
        found,
        (EXPANDED, MERGED, SHARED),
        PROGRAM,
        "operations ÷ those of backprop's program",
        log=True,
    )
    return Finding(decisions, drawn)


def examine(evidence: Evidence) -> Finding:
    """Derive, compile and count."""
    return judge(sweeps(evidence.seconds))


CLAIM = Claim(
    id="C3",
    title="Closed forms do not share their parts",
    text="The closed formulas of the partial derivatives do not share their common parts, so that "
    "evaluating them is inefficient, and they swell with the size of the network.",
    source="the article; expression swell: Baydin et al. 2018",
    method="Operations of one evaluation for one example: every formula written out, as the tree "
    "that unfolds from the stages of its derivation; the same formulas with what they share "
    "computed once; backprop's program for the same loss. Beside them, SymPy's count of the "
    "derivatives that sympy.diff takes of the whole loss, which SymPy merges as it makes them.",
    criteria=(
        Criterion(
            "shared",
            "Supported if the formulas written out take more operations than the same formulas "
            "after elimination of common subexpressions at every size; refuted if not at one.",
            "operations written out ÷ shared",
            exact=True,
        ),
        Criterion(
            "width",
            "Supported if that multiple grows with every doubling of the width of 2-h-1; refuted "
            "if it does not with one.",
            "exponent of the multiple against n",
            exact=True,
        ),
        Criterion(
            "depth",
            "Supported if each further layer of two units at least doubles the operations written "
            "out, as it doubles the paths, while it adds the same number to backprop's program "
            "each time; refuted otherwise.",
            "factor per layer, least and largest",
            exact=True,
        ),
    ),
    examine=examine,
    last=True,
)
