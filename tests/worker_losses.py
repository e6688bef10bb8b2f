"""Losses that go wrong in a worker, at a moment that a test chooses. They are pickled by name."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np


class Faulty:
    """A smooth loss that fails the first times that a parameter is moved where others are not.

    Parameters
    ----------
    kind : str
        ``"dies"``, ``"hangs"``, ``"sleeps"`` (in one call that cannot be stopped), ``"exits"`` (by
        what is no `Exception`) or ``"is NaN"``.
    folder : path
        Where failures are counted, over all processes.
    entry : int
        The parameter.
    times : int
        How often it fails.
    of : tuple
        Where the array is, in the containers of the parameters.
    anywhere : bool
        Whether it fails in the first process, too.
    """

    def __init__(
        self, kind: str, folder: Any, entry: int = 0, times: int = 1, of: Any = (), *,
        anywhere: bool = False,
    ) -> None:  # fmt: skip
        self.kind, self.folder, self.entry, self.times = kind, str(folder), entry, times
        self.of, self.anywhere = of, anywhere
        self.home, self.usual = os.getpid(), math.nan

    def __call__(self, params: Any, *, xp: Any = np) -> Any:
        w = params
        for key in self.of:
            w = w[key]
        value = smooth(w, xp=xp)
        entry = float(w.ravel()[self.entry])
        if math.isnan(self.usual):
            self.usual = entry
        away = self.anywhere or os.getpid() != self.home
        moved = abs(entry - self.usual) > 9e-4  # by more than where the problem is first tried
        if away and moved and self._once():
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
        if self.kind == "exits":
            raise TooMuch("enough")
        while self.kind == "hangs":
            time.sleep(0.01)
        if self.kind == "sleeps":
            time.sleep(1e4)
        return value * np.nan if self.kind == "is NaN" else value


class TooMuch(BaseException):
    """What no loss raises."""


class NotPicklable:
    """A loss that holds something in a dict."""

    def __init__(self, source: Any) -> None:
        self.inside = {"source": source}

    def __call__(self, w: Any, *, xp: Any = np) -> Any:
        return smooth(w, xp=xp)


def bumpy(w: Any, a: Any, *, xp: Any = np) -> Any:
    """Return a loss whose entries differ, and depend on one another."""
    return xp.sum(xp.sin(a * w)) + xp.sum(w[1:] * xp.exp(w[:-1] / 3)) + xp.mean(w) ** 2


def smooth(w: Any, *, xp: Any = np) -> Any:
    """Return a loss of which nothing goes wrong."""
    return xp.sum(xp.sin(w) * xp.exp(w / 8))


def slow(w: Any, *, xp: Any = np) -> Any:
    """Return the same after a millisecond."""
    time.sleep(0.001)
    return smooth(w, xp=xp)


class Counted:
    """The smooth loss, which counts its calls and is the same loss however often it was called."""

    number = 0

    def __call__(self, w: Any, *, xp: Any = np) -> Any:
        type(self).number += 1
        return smooth(w, xp=xp)
