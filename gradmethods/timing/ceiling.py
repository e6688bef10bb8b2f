"""A ceiling on memory for work whose appetite nobody can foresee, such as a formula's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARE = 0.5
"""Part of the machine's memory that a case may take on top of what the process has."""

STATUS = Path("/proc/self/statm")
GROUP = Path("/sys/fs/cgroup/memory.max")


@contextmanager
def ceiling(size: float | None = None) -> Iterator[None]:
    """Raise `MemoryError` in the block once it asks for more than `size` bytes.

    Without it the operating system would end the whole process, or another one. The limit is on
    address space, which Linux alone keeps for a process; elsewhere this does nothing. A library in
    C that does not look whether it got its memory may still end the process.

    Parameters
    ----------
    size : float, optional
        Bytes on top of what the process has; by default `SHARE` of the machine's memory, or of
        what a container is given.
    """
    size = allowed() if size is None else size
    if size is None or not STATUS.exists():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    # Pages of address space, the first number there, are what the limit is on.
    used = int(STATUS.read_text().split()[0]) * resource.getpagesize()
    bounds = [bound for bound in before if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(used + int(size), *bounds, 2**62), before[1]))
    try:
        yield
    except MemoryError as error:
        found = f" {error}" if str(error) else ""
        raise MemoryError(f"The limit is {size / 2**30:.2g} GiB a case.{found}") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def allowed() -> float | None:
    """Return the bytes that a case may take; None where the machine does not tell its memory."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    group = GROUP.read_text().strip() if GROUP.exists() else "max"
    return SHARE * (memory if group == "max" else min(memory, int(group)))
