"""Losses that go wrong in a worker, at a moment that a test chooses. They are pickled by name."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np


class Faulty:
    """A smooth loss that fails the first times that a parameter is moved where others are not.

    Parameters
    ----------
    kind : str
        ``"dies"``, ``"raises"``, ``"hangs"``, ``"sleeps"`` (in one call that cannot be stopped),
        ``"is NaN"`` or ``"is well"``.
    folder : path
        Where failures are counted, over all processes.
    entry : int
        The parameter.
    times : int
        How often it fails.
    """

    def __init__(self, kind: str, folder: Any, entry: int = 0, times: int = 1) -> None:
        self.kind, self.folder, self.entry, self.times = kind, str(folder), entry, times
        self.home = os.getpid()

    def __call__(self, w: Any, *, xp: Any = np) -> Any:
        value = xp.sum(xp.sin(w) * xp.exp(w / 8))
        away = os.getpid() != self.home or threading.current_thread() is not MAIN
        if away and abs(float(w[self.entry]) - 0.5) > 1e-12 and self._once():
            return self._fail(value)
        return value

    def _once(self) -> bool:
        for i in range(self.times):
            try:
                with Path(self.folder, str(i)).open("x") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:
                continue
            return True
        return False

    def _fail(self, value: Any) -> Any:
        if self.kind == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "raises":
            raise SystemError("not today")
        while self.kind == "hangs":
            time.sleep(0.01)
        if self.kind == "sleeps":
            time.sleep(1e4)
        return value * np.nan if self.kind == "is NaN" else value


MAIN = threading.main_thread()


def smooth(w: Any, *, xp: Any = np) -> Any:
    """Return a loss of which nothing goes wrong."""
    return xp.sum(xp.sin(w) * xp.exp(w / 8))


def slow(w: Any, *, xp: Any = np) -> Any:
    """Return the same after a millisecond."""
    time.sleep(0.001)
    return smooth(w, xp=xp)
