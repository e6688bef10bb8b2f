"""The parts that parameters are worked on in, one after another here or at once by workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from numpy.typing import NDArray

from gradmethods.core.progress import LONG, shown

BLOCK = 4096
"""Entries whose places are laid out at once, so that what a sweep holds does not grow with n."""

REFRESH = 0.5
"""Seconds between two looks at a progress bar."""

Work = tuple[slice, NDArray[Any], NDArray[Any]]
"""A part of the parameters, the places of its entries, and its steps."""


class Spread(Protocol):
    """Finds the losses of all parts by workers."""

    def parts(self, seconds: float) -> Iterator[slice]:
        """Cut the parameters into parts, of a run that takes so many seconds by one worker."""
        ...

    def __call__(self, work: Iterable[Work]) -> Iterator[tuple[Work, NDArray[Any]]]:
        """Yield the losses of parts, in their order."""
        ...


def blocks(size: int, seconds: float = 0.0) -> Iterator[slice]:
    """Cut `size` entries into slices within a `BLOCK`, fewer if a run of all takes `seconds`."""
    length = BLOCK
    if seconds > LONG:
        length = max(1, min(BLOCK, int(size * REFRESH / seconds)))
    return shown(cut(0, size, length), size, seconds)


def cut(start: int, stop: int, length: int) -> Iterator[slice]:
    """Cut entries into slices of a length, none of them across the border of two of `BLOCK`."""
    while start < stop:
        end = min(start + length, stop, (start // BLOCK + 1) * BLOCK)
        yield slice(start, end)
        start = end
