"""Memory for large results: that of an earlier one, if nobody holds it any more.

An allocator hands large blocks back to the system as soon as they are free, and the system hands
them out again full of zeros, page by page: to write them costs twice.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 2**25
"""Bytes from which glibc's malloc asks the system for every block (DEFAULT_MMAP_THRESHOLD_MAX):
below, it learns to keep what was freed."""

KEPT = 2
"""Arrays kept for a result: whoever asks for the next while holding the last needs two."""

_only = [np.empty(0)]
_ALONE = sys.getrefcount(_only[0])
"""References that are counted of an array that only a list holds."""

COUNTED = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether the number of references to an array can be trusted."""


class Recycled:
    """Makes arrays of one kind, over and over in the memory of those that were dropped.

    Each is a new view of an array that is kept here. As long as anybody holds the view, or a view
    of it, the kept array has one more reference, and is left alone.

    Examples
    --------
    >>> import numpy as np
    >>> make = Recycled((2, 3), np.dtype(float))
    >>> first, second = make(), make()
    >>> np.shares_memory(first, second)
    False
    >>> address, row = second.ctypes.data, first[0]
    >>> del first, second
    >>> third = make()  # the first one's memory is still seen through its row
    >>> third.ctypes.data == address
    True
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self._kept: list[NDArray[Any]] = []

    def __call__(self) -> NDArray[Any]:
        """Return an array whose entries are arbitrary."""
        kept = self._kept
        for i in range(len(kept)):
            if sys.getrefcount(kept[i]) == _ALONE:
                return kept[i][...]
        array = np.empty(self.shape, self.dtype)
        if COUNTED:
            del kept[: len(kept) + 1 - KEPT]  # the oldest, which whoever holds it keeps alive
            kept.append(array)
        return array[...]
