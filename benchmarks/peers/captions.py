"""What the comparison's figures and tables show and how it was obtained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.peers.cases import BATCH, SAMPLE
from gradmethods.output.caption import Caption, provenance_line

SETTING = (
    f"Sigmoid networks, mean cross-entropy over {BATCH} examples, float64. The contenders of a "
    "network take turns in one process; every library has one thread and chooses its instructions "
    "itself."
)
FAIR = (
    "Ours is called as users call it, checks of its arguments included. A peer's own function is "
    "called bare: parameters and data are in its arrays before, the result stays in them, and what "
    "it prepares or compiles once is not in the time."
)
INTERVALS = (
    "Median over rounds; 95 % interval of the median by percentile bootstrap, with fewer than five "
    "rounds their range, with one round none."
)
PAIRED = "Ratios are of paired rounds. Below 1 ours is faster."

_WHO = {
    "backprop": "PyTorch runs eagerly through array-api-compat, JAX is compiled and dispatches "
    "synchronously, autograd records at each call. The pass by hand is NumPy for this very "
    "network: buffers reused, fresh gradients returned, σ' from σ, loss and last layer not "
    "simplified together.",
    "numerical": "Central differences of the same NumPy loss; SciPy with method 3-point, "
    "statsmodels with centered=True, numdifftools with its defaults (extrapolated). The peers "
    "return the gradient alone, ours the value too. At a million parameters all take the same "
    f"{SAMPLE} components, drawn with the seed, and the time is that of these.",
    "analytical": "The loss of one example is derived by all parameters and compiled, and "
    "evaluated over all examples; CasADi differentiates the whole loss in reverse mode.",
}
_NAMES = {"backprop": "backpropagation", "numerical": "differences", "analytical": "formulas"}

FIGURES: Mapping[tuple[str, str], Caption] = {
    (kind, family): Caption(
        f"{title} against the number of parameters: {_NAMES[family]}",
        f"{text} {_WHO[family]} {SETTING} {FAIR} {INTERVALS}",
    )
    for family in _WHO
    for kind, title, text in (
        (
            "time",
            "Time per gradient, ours and theirs,",
            "Thick lines: ours. Dotted: "
            + (
                "two losses. Times are divided by the number of components."
                if family == "numerical"
                else "one loss."
            ),
        ),
        ("ratio", "Time per gradient, ours ÷ theirs,", PAIRED),
    )
}

TABLES: Mapping[str, Caption] = {
    "overall": Caption(
        "Ours ÷ theirs over all sizes",
        f"Geometric mean over the networks that both were measured on, and the worst of them. "
        f"{PAIRED} Interval: percentile bootstrap, rounds resampled at each size. The fastest of "
        f"several peers is chosen at each size. {SETTING} {FAIR}",
    ),
    "times": Caption(
        "Time per gradient of every contender",
        f"{INTERVALS} ÷ loss: of paired rounds, the loss in plain NumPy. Error: norm of the "
        "difference from our backprop's gradient ÷ its norm. Threads: processor time of all "
        f"threads ÷ time. Passes: forward passes for the gradient. {SETTING} {FAIR}",
    ),
    "ratios": Caption(
        "Ours ÷ theirs at every size",
        f"{PAIRED} {INTERVALS} {SETTING} {FAIR}",
    ),
    "gaps": Caption(
        "Contenders that were not measured, and why",
        "A refusal is quoted; a package that is not installed is a gap like any other.",
    ),
}


def source_line(origin: Mapping[str, Any] | None, records: Iterable[Mapping[str, Any]]) -> str:
    """Say where the numbers come from: machine, commit, versions, kernels."""
    line = provenance_line(origin)
    versions = ", ".join(f"{k} {v}" for k, v in ((origin or {}).get("peers") or {}).items() if v)
    kernels = sorted({kernel for record in records for kernel in record.get("kernels") or ()})
    parts = [line, f"Peers: {versions or 'none installed'}."]
    if kernels:
        parts.append(f"Linear algebra: {', '.join(kernels)}.")
    released = (origin or {}).get("released")
    if released:
        words = ", ".join(f"{name}={value}" for name, value in released.items())
        parts.append(f"Taken out of the environment: {words}.")
    return " ".join(parts)
