"""Peak memory of a piece of work, in a pass of its own: tracing slows what it traces."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from gradmethods.problem import Problem
from gradmethods.provider import Provider


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
        That a preparation and a gradient take. Traced, they take ten times as long.
    affordable : float
        Where they take more seconds than this, nothing is traced.

    Returns
    -------
    dict
        ``preparation_bytes`` and ``gradient_bytes``, at the peak of each; None where not traced.
    """
    if not seconds <= affordable:
        return {"preparation_bytes": None, "gradient_bytes": None}
    sympy = sys.modules.get("sympy")
    if sympy is not None:  # or what was derived before would not be counted
        sympy.core.cache.clear_cache()
    prepared, preparing = peak(lambda: provider.prepare(problem))
    prepared(problem.params)  # what is made once, at the first call, is not part of a gradient
    _, evaluating = peak(lambda: prepared(problem.params))
    return {"preparation_bytes": preparing, "gradient_bytes": evaluating}
