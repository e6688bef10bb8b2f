"""The parts that parameters are worked on in, one after another here or at once by workers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from numpy.typing import NDArray

from gradmethods.core.progress import LONG, shown
from gradmethods.core.provider import PreparedGradient

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


class Parted(PreparedGradient):
    """A prepared gradient whose parts may be worked on elsewhere.

    Attributes
    ----------
    team : spreading.Team or None
        Who works on them; None if it is done here.
    """

    team: Any = None

    @property
    def mishaps(self) -> tuple[str, ...]:
        """What went wrong in workers, or in a checkpoint, and was mended."""
        return () if self.team is None else tuple(self.team.workers.notes)

    def close(self) -> None:
        """Stop workers that were started for it; a call starts them again."""
        if self.team is not None:
            self.team.workers.close()


def blocks(
    size: int, seconds: float = 0.0, within: Iterable[slice] | None = None
) -> Iterator[slice]:
    """Cut `size` entries into slices within a `BLOCK`, fewer if a run of all takes `seconds`.

    Or only those that are `within` some of them.
    """
    length = BLOCK
    if seconds > LONG:
        length = max(1, min(BLOCK, int(size * REFRESH / seconds)))
    wanted = (slice(0, size),) if within is None else within
    parts = (part for each in wanted for part in cut(each.start, each.stop, length))
    return shown(parts, size, seconds)


def cut(start: int, stop: int, length: int) -> Iterator[slice]:
    """Cut entries into slices of a length or less, none across the border of two of `BLOCK`."""
    while start < stop:
        border = min(stop, (start // BLOCK + 1) * BLOCK)
        end = start + math.ceil((border - start) / math.ceil((border - start) / length))
        yield slice(start, end)
        start = end
