"""How the numbers of the comparison are obtained: sentences that its captions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmarks.peers.cases import BATCH, METHODS, SAMPLE
from benchmarks.peers.frames import FASTEST
from gradmethods.output import format as fmt
from gradmethods.output.caption import commit, provenance_line
from gradmethods.providers import Analytical, Backprop, Numerical
from gradmethods.providers.peers import Scipy

SETTING = (
    f"Networks are of sigmoid units, with mean cross-entropy over {BATCH} examples; float64 but "
    "where a family is in float32. The contenders of a problem take turns in one process, in an "
    "order drawn anew for each round. Every library has one thread: NumPy's and SciPy's OpenBLAS "
    "and PyTorch's MKL and OpenMP by their variables, PyTorch by set_num_threads(1), XLA by a pool "
    "of one (NPROC=1) and without multi-threaded Eigen."
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
PREPARED = (
    "Preparation is what is done once, from recording or deriving to compiling, without importing "
    "packages."
)
PAIRED = "Ratios are of paired rounds. Below 1 ours is faster."

WHO = {
    "backprop": "PyTorch runs eagerly through array-api-compat, JAX is compiled and dispatches "
    "synchronously, autograd records at each call. The pass by hand is NumPy for this very "
    "network: buffers reused, fresh gradients returned, σ' from σ, loss and last layer not "
    "simplified together.",
    "numerical": "Central differences of the same NumPy loss; SciPy with method 3-point, "
    "statsmodels with centered=True, numdifftools with its defaults (extrapolated). The peers "
    "return the gradient alone, ours the value too. From n = 10,501 on all take the same "
    f"{SAMPLE} components, drawn with the seed, and the time is that of these.",
    "analytical": "The loss of one example is derived by all parameters and compiled, and "
    "evaluated over all examples; CasADi differentiates the whole loss in reverse mode.",
}
"""Who takes part, by family, and how."""

_REVERSE = (
    "PyTorch runs eagerly through array-api-compat, JAX is compiled and dispatches synchronously, "
    "autograd records at each call; all take the loss as the catalogue has it."
)
NAMES = {
    "backprop": "backpropagation",
    "numerical": "differences",
    "analytical": "formulas",
    "float32": "backpropagation in float32",
    "log-sum-exp": "backpropagation of log-sum-exp",
    "gaussian-mixture": "backpropagation of Gaussian mixtures of 1,000 points",
    "runge-kutta": "backpropagation of ten steps of Runge and Kutta's method",
    "kalman": "backpropagation of a Kalman filter of T steps",
}
"""Families as titles call them."""

SHORT = {
    "backprop": "networks",
    "numerical": "networks",
    "analytical": "networks",
    "float32": "networks in float32",
    "log-sum-exp": "log-sum-exp",
    "gaussian-mixture": "Gaussian mixtures",
    "runge-kutta": "an ODE solver",
    "kalman": "a Kalman filter",
}
"""Families as sentences call them."""

HEADLINES = {
    Backprop.family: ("Backpropagation", FASTEST[Backprop.family][0]),
    Numerical.family: ("Central differences", Scipy.name),
    Analytical.family: ("Formulas", FASTEST[Analytical.family][0]),
}
"""What sentences say of a method: its name, and whom it is held beside."""

WHO |= dict.fromkeys([name for name in NAMES if name not in WHO], _REVERSE)


def problem_cells(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return what tells the problem of a row, in columns that tables share."""
    family = NAMES[row["family"]]
    return {"Family": family, "Problem": row["network"], "n": fmt.count(row["n"])}


def instructions(origin: Mapping[str, Any] | None) -> str:
    """Say which vector instructions took part."""
    if not (origin or {}).get("without"):
        return (
            "Every library chooses its vector instructions itself (XLA, by its default, vectors of "
            "at most 256 bits)."
        )
    return (
        "WITHOUT AVX-512: NumPy, SciPy, PyTorch and XLA are held to AVX2 by their own switches; "
        "symengine has none (its LLVM takes what it finds), CasADi needs none."
    )


def source_line(origin: Mapping[str, Any] | None, records: Iterable[Mapping[str, Any]]) -> str:
    """Say where the numbers come from: machine, commit, versions, kernels."""
    line = provenance_line(origin)
    versions = ", ".join(f"{k} {v}" for k, v in ((origin or {}).get("peers") or {}).items() if v)
    kernels = sorted({kernel for record in records for kernel in record.get("kernels") or ()})
    parts = [line, f"Peers: {versions or 'none installed'}."]
    parts.append(instructions(origin))
    vectors = (origin or {}).get("vectors")
    if vectors is not None:
        parts.append(f"The processor has {', '.join(vectors) or 'unknown vectors'}.")
    if kernels:
        parts.append(f"Chosen: {', '.join(kernels)}.")
    released = (origin or {}).get("released")
    if released:
        words = ", ".join(f"{name}={value}" for name, value in released.items())
        parts.append(f"Taken out of the environment: {words}.")
    return " ".join(parts)


def speed(overall: pd.DataFrame, origin: Mapping[str, Any] | None) -> str:
    """Say what a README may say of speed, as Markdown: the machine, and a line for each method.

    Families of one method stand together, networks first. The mean is that over their problems,
    with its interval; the worst is that of the family.
    """
    said = []
    for method, (name, theirs) in HEADLINES.items():
        parts = []
        for family in (each for each, of in METHODS.items() if of == method):
            chosen = overall[(overall["family"] == family) & (overall["theirs"] == theirs)]
            for row in chosen.to_dict("records"):
                mean = fmt.interval(row["geometric_mean"], row["low"], row["high"])
                sizes = fmt.count(row["n_from"])
                if row["n_to"] > row["n_from"]:
                    sizes += f" to {fmt.count(row['n_to'])}"
                worst = fmt.significant(row["worst"])
                parts.append(f"{SHORT[family]} {mean} (n = {sizes}; at worst {worst})")
        if parts:
            words = FASTEST[method][0] if method in FASTEST else "SciPy"
            said.append(f"- {name} ÷ {words}: {', '.join(parts)}.\n")
    origin = origin or {}
    machine = (origin.get("machine") or {}).get("processor", "An unknown processor")
    wide = "avx512f" in (origin.get("vectors") or ())
    held = ", all held to AVX2" if origin.get("without") else " with AVX-512" if wide else ""
    when = str(origin.get("date", "no date"))[:10]
    lead = f"{machine}{held}, one thread, {when}, {commit(origin)}"
    lines = "".join(said)
    return f"{lead}; time of ours ÷ theirs, geometric means over the problems:\n\n{lines}"
