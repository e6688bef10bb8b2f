"""The provenance of a measurement: machine, versions, commit and command."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from gradmethods.output.files import FORMAT

ROOT = Path(__file__).resolve().parents[2]
"""Folder that holds the package: in a checkout, beside the benchmarks."""

PACKAGES = (
    "gradmethods",
    "numpy",
    "sympy",
    "python-flint",
    "pytest",
    "pytest-benchmark",
    "pandas",
    "matplotlib",
    "threadpoolctl",
)


def provenance(command: list[str], **more: Any) -> dict[str, Any]:
    """Describe the machine, the software and the checkout that measure.

    Parameters
    ----------
    command : list of str
        What the user ran.
    **more
        Further entries: seed, budget, …

    Returns
    -------
    dict
        Plain values, for JSON.
    """
    return {
        "format": FORMAT,
        "command": " ".join(command),
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "memory_gib": _memory(),
            "system": platform.platform(terse=True),
        },
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: installed(name) for name in PACKAGES},
        "blas": _blas(),
        "git": _git(ROOT),
        "source": _source(),
        **more,
    }


def installed(package: str) -> str | None:
    """Return the version of a package, or None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the name of the processor that its maker gives."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    named = _ask("sysctl", "-n", "machdep.cpu.brand_string") if sys.platform == "darwin" else None
    return named or platform.processor() or "unknown"


def _memory() -> float | None:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    return round(pages * size / 2**30, 1)


def _blas() -> list[str]:
    import numpy as np  # noqa: F401  # its BLAS is found only once it is loaded
    from threadpoolctl import threadpool_info

    return [
        f"{pool['internal_api']} {pool['version']}, 1 thread of {pool['num_threads']}"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]


def _git(root: Path) -> dict[str, Any] | None:
    """Read the commit, and whether files differ from it; None outside of a checkout."""
    commit = _ask("git", "-C", str(root), "rev-parse", "HEAD") if (root / ".git").exists() else None
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_ask("git", "-C", str(root), "status", "--porcelain"))}


def _source() -> str:
    """Digest the code that measures.

    It tells apart changes that are not committed, and needs no checkout.
    """
    digest = hashlib.sha256()
    benchmarks = ROOT / "benchmarks" if (ROOT / ".git").exists() else ROOT / "gradmethods"
    for folder in sorted({ROOT / "gradmethods", benchmarks}):
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT).as_posix()} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def _ask(program: str, *arguments: str) -> str | None:
    path = shutil.which(program)
    if path is None:
        return None
    answer = subprocess.run(  # noqa: S603  # a program of the system, with fixed arguments
        [path, *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    return answer.stdout.strip() if answer.returncode == 0 else None
