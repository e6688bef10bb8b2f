"""A deadline for work that cannot be asked to stop, such as a symbolic derivation."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(BaseException):
    """The deadline passed.

    Not an `Exception`: libraries that try one way and then another must not swallow it.
    """


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the block once `seconds` have passed.

    It strikes between two steps of the interpreter, so one long call into compiled code is not cut
    short. Without POSIX signals, outside the main thread, or with infinite `seconds`, it does
    nothing.

    Parameters
    ----------
    seconds : float
        From now on; a deadline that has passed strikes at once.
    """
    can = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if not can or math.isinf(seconds):
        yield
        return

    def strike(_number: int, _frame: object) -> None:
        raise OutOfTime(f"stopped after {seconds:.3g} s")

    before = signal.signal(signal.SIGALRM, strike)
    # Strikes again each second: an exception raised inside a destructor is lost.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
