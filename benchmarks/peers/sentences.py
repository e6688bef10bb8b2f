"""How the numbers of the comparison are obtained: sentences that its captions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.peers.cases import BATCH, SAMPLE
from gradmethods.output.caption import provenance_line

SETTING = (
    f"Networks are of sigmoid units, with mean cross-entropy over {BATCH} examples; float64 but "
    "where a family is in float32. The contenders of a problem take turns in one process. Every "
    "library chooses its instructions itself, and has one thread: NumPy's and SciPy's OpenBLAS and "
    "PyTorch's MKL and OpenMP by their variables, PyTorch by set_num_threads(1), XLA by a pool of "
    "one (NPROC=1) and without multi-threaded Eigen."
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

WHO = {
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

WHO |= dict.fromkeys([name for name in NAMES if name not in WHO], _REVERSE)


def source_line(origin: Mapping[str, Any] | None, records: Iterable[Mapping[str, Any]]) -> str:
    """Say where the numbers come from: machine, commit, versions, kernels."""
    line = provenance_line(origin)
    versions = ", ".join(f"{k} {v}" for k, v in ((origin or {}).get("peers") or {}).items() if v)
    kernels = sorted({kernel for record in records for kernel in record.get("kernels") or ()})
    parts = [line, f"Peers: {versions or 'none installed'}."]
    vectors = (origin or {}).get("vectors")
    if vectors is not None:
        parts.append(f"Vector instructions: {', '.join(vectors) or 'unknown'}.")
    if kernels:
        parts.append(f"Linear algebra: {', '.join(kernels)}.")
    released = (origin or {}).get("released")
    if released:
        words = ", ".join(f"{name}={value}" for name, value in released.items())
        parts.append(f"Taken out of the environment: {words}.")
    return " ".join(parts)
