"""Parameters of tests of which `make test` runs a frozen sample, and `make test-all` every one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """Mark all values as slow but those that are kept for every run.

    Examples
    --------
    >>> [len(value.marks) for value in sampled(["a", "b", "c"], kept=["b"])]
    [1, 0, 1]
    """
    return [pytest.param(v, marks=() if v in kept else pytest.mark.slow) for v in values]
