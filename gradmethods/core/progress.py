"""A progress bar for long runs, and nothing at all for short ones."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

LONG = 2.0
"""Number of seconds from which a run shows its progress."""


def shown(
    parts: Iterable[slice],
    size: int,
    seconds: float,
    what: str = "differences",
    unit: str = "parameters",
) -> Iterator[slice]:
    """Pass on the parts of a run; show how far it is if it is long and someone may be watching.

    Parameters
    ----------
    parts : iterable of slice
        The entries that are worked on in turn.
    size : int
        Entries in all.
    seconds : float
        How long the run is predicted to take.
    what : str
        Stands before the bar.
    unit : str
        What the entries are.
    """
    if seconds <= LONG or not sys.stderr.isatty():
        yield from parts
        return
    from tqdm import tqdm

    with tqdm(total=size, desc=what, unit=f" {unit}", leave=False) as bar:
        for part in parts:
            yield part
            bar.update(part.stop - part.start)
