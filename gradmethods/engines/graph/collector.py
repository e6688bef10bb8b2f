"""The garbage collector, held while a program of objects is built that all stay."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_state = {"holders": 0, "enabled": False}


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the cyclic garbage collector until the last of those who ask for it has ended.

    It looks at all objects again whenever their number has grown by a quarter. Recording makes
    millions of them, none of which is garbage: the collector takes a third of the time, and finds
    nothing. What is used no more is freed as ever, by counting references.

    Examples
    --------
    >>> import gc
    >>> with uncollected(), uncollected():
    ...     print(gc.isenabled())
    False
    >>> gc.isenabled()
    True
    """
    with _lock:
        if not _state["holders"]:
            _state["enabled"] = gc.isenabled()
            gc.disable()
        _state["holders"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["holders"] -= 1
            if not _state["holders"] and _state["enabled"]:
                gc.enable()
