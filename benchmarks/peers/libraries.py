"""Threads and vector instructions of every library: what is asked of them, and what they chose."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gradmethods.errors import GradientError
from gradmethods.providers.peers import PEERS
from gradmethods.timing.provenance import installed

ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",  # XLA's pool of threads
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # SymPy orders terms by hash
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
"""One thread for everybody, set before anything is imported."""

RELEASED = (
    "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA",
    "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip
"""Variables that choose instructions for one library and not for the others: taken out, so that
each uses what it finds on the machine, as it would for its users."""

AVX512 = "avx512"
RESTRICTED = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "XLA_FLAGS": f"{ENVIRONMENT['XLA_FLAGS']} --xla_cpu_max_isa=AVX2",
}
"""The switches by which libraries leave AVX-512 alone; NumPy's names what it has found."""

VECTORS = ("sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_bf16", "amx_tile", "asimd")
"""Flags of vector instructions, as Linux writes them."""


def environment(without: Collection[str] = ()) -> dict[str, str]:
    """Return the variables of a process that measures, with these instructions switched off."""
    held = {name: value for name, value in os.environ.items() if name not in RELEASED}
    return held | chosen(without)


def chosen(without: Collection[str] = ()) -> dict[str, str]:
    """Return the variables that are set, whatever they were before.

    Examples
    --------
    >>> chosen()["OMP_NUM_THREADS"], chosen(["avx512"])["ATEN_CPU_CAPABILITY"]
    ('1', 'avx2')
    """
    if AVX512 not in without:
        return ENVIRONMENT
    wide = " ".join(name for name in _numpy() if _is_wide(name))
    return ENVIRONMENT | RESTRICTED | ({"NPY_DISABLE_CPU_FEATURES": wide} if wide else {})


def kernels() -> list[str]:
    """Name the libraries of this process that compute, and the instructions that they chose.

    XLA, CasADi and symengine do not tell.
    """
    return sorted({" ".join(map(str, filter(None, each))) for each in _kernels()})


def refuse_wide(found: Collection[str]) -> None:
    """Refuse to measure with AVX-512 what is said to be without.

    Raises
    ------
    GradientError
        If a library uses it in spite of its switch.
    """
    wide = [words for words in found if _is_wide(words)]
    if wide:
        raise GradientError(
            f"These were to leave AVX-512 alone, and do not: {', '.join(wide)}. Their switches may "
            "have changed with their version."
        )


def vectors() -> list[str]:
    """Return the vector instructions that the processor has; none where the system hides them."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    flags = {
        flag
        for line in told.splitlines()
        if line[:5] in ("flags", "Featu")
        for flag in line.split()
    }
    return [name for name in VECTORS if name in flags]


def versions() -> dict[str, str | None]:
    """Return the installed version of every package that a peer needs."""
    packages = {package for peer in PEERS.values() for package in peer.packages}
    return {package: installed(package) for package in sorted(packages)}


def single_thread() -> None:
    """Hold torch to one thread, in case it does not heed the environment."""
    if PEERS["torch"].missing() is None:
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)


def _kernels() -> Iterator[tuple[Any, ...]]:
    from threadpoolctl import threadpool_info

    for pool in threadpool_info():
        yield pool["internal_api"], pool["version"], pool.get("architecture")
    yield "NumPy", *_numpy()[-1:]
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        yield "PyTorch", torch.backends.cpu.get_cpu_capability()


def _numpy() -> list[str]:
    """Return the sets of instructions that NumPy found and has kernels for, the widest last."""
    import numpy as np

    told: Mapping[str, Any] = np.show_config(mode="dicts") or {}
    extensions: Mapping[str, list[str]] = told.get("SIMD Extensions", {})
    return [*extensions.get("baseline", ()), *extensions.get("found", ())]


def _is_wide(words: str) -> bool:
    """Tell whether a library names AVX-512, by one of the names that it goes by.

    Examples
    --------
    >>> [_is_wide(name) for name in ("NumPy X86_V4", "openblas 0.3.30 SkylakeX", "PyTorch AVX2")]
    [True, True, False]
    """
    names = ("AVX512", "X86_V4", "SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS", "ZEN4", "ZEN5")
    return any(name in words.upper() for name in names)
