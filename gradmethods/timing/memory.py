"""The memory that work takes: its peak, measured in a pass of its own, and a ceiling for it."""

from __future__ import annotations

import builtins
import gc
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.providers.attempt import forget

SLOWER_PREPARATION = 7.0
"""Factor by which tracing slows preparing, which is Python: measured 2 to 9."""

SLOWER_GRADIENT = 3.0
"""Factor by which it slows a gradient, which is NumPy: measured 1.1 to 4."""


def peak(work: Callable[[], Any]) -> tuple[Any, int]:
    """Do a piece of work; return its result, and how far the memory rose above what was in use.

    Counted are the bytes that Python and NumPy asked for, arrays included; not those of libraries
    that ask the system themselves.

    Examples
    --------
    >>> import numpy as np
    >>> _, most = peak(lambda: np.ones(1_000_000).sum())
    >>> 8_000_000 <= most < 8_100_000
    True
    """
    if tracemalloc.is_tracing():  # somebody else's trace stays as it is
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = work()
        return result, tracemalloc.get_traced_memory()[1] - before
    gc.collect()
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def memory(
    provider: Provider, problem: Problem, seconds: float, *, affordable: float
) -> dict[str, int | None]:
    """Trace one preparation and one gradient.

    Parameters
    ----------
    provider : Provider
        The method.
    problem : Problem
        What to differentiate.
    seconds : float
        That tracing both takes, as `traced_seconds` estimates it.
    affordable : float
        Where they take more seconds than this, nothing is traced.

    Returns
    -------
    dict
        ``preparation_bytes`` and ``gradient_bytes``, at the peak of each; None where not traced.
    """
    if not seconds <= affordable:
        return {"preparation_bytes": None, "gradient_bytes": None}
    forget()  # or what was derived before would not be counted
    compiler = builtins.compile
    builtins.compile = _without_lines(compiler)
    try:
        prepared, preparing = peak(lambda: provider.prepare(problem))
        # What is made once, at the first call, is not part of a gradient; but its result is held,
        # or the next could be made in the same memory and seem to take none.
        held = prepared(problem.params)
        _, evaluating = peak(lambda: prepared(problem.params))
        del held
    except BaseException as error:  # noqa: BLE001  # it is raised again
        raise error.with_traceback(None) from None  # Python could not print it without lines
    finally:
        builtins.compile = compiler
    return {"preparation_bytes": preparing, "gradient_bytes": evaluating}


def _without_lines(compiler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiler that keeps no line numbers of generated programs.

    To note where memory was asked for, Python would count the lines of the running program from
    its first one on, at every array: 600 times as slow at 2,100 lines. What is imported meanwhile
    keeps its lines: it may be cached on disk.
    """

    def compiled(source: Any, filename: Any, *options: Any, **named: Any) -> Any:
        code = compiler(source, filename, *options, **named)
        generated = isinstance(code, CodeType) and str(filename).startswith("<")
        return _bare(code) if generated else code

    return compiled


def _bare(code: CodeType) -> CodeType:
    inner = [_bare(each) if isinstance(each, CodeType) else each for each in code.co_consts]
    return code.replace(co_consts=tuple(inner), co_linetable=b"")


def traced_seconds(preparation: float, gradient: float) -> float:
    """Estimate the seconds that tracing takes, from those that each part takes untraced.

    Examples
    --------
    >>> traced_seconds(0.125, 0.25)  # 7 × 0.125 + 4 × 0.25
    1.875
    """
    # One gradient is computed for nothing.
    return SLOWER_PREPARATION * preparation + (1 + SLOWER_GRADIENT) * gradient


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
