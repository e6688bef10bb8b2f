"""A deadline for work that cannot be asked to stop, such as one long call of SymPy.

No signal and no timer of the process is used: a second thread waits, and raises an exception in the
thread whose time is up.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

AGAIN = 1.0
"""Seconds until a stop is repeated: an exception that arrives in a destructor is lost."""


SOON = 0.01
"""Seconds until a block that is importing a module is looked at again."""


class OutOfTime(BaseException):
    """Raised in a block whose time is up.

    Not an `Exception`: libraries that try one way and then another must not swallow it.

    Attributes
    ----------
    seconds : float
        How many there were.
    """

    seconds = 0.0

    def __str__(self) -> str:
        return f"stopped after {self.seconds:.3g} s"


class deadline:  # noqa: N801  # named as context managers are
    """Raise an exception in a block that is not finished in time.

    It arrives between two steps of the interpreter, in the thread that entered the block, and never
    outside the ``with`` statement. One long call into compiled code is not cut short, nor is an
    import, which would leave a module in pieces: the exception follows them. Deadlines nest,
    because each has an exception of its own, `passed`. A block without any time left is not
    entered.

    The ``with`` statement belongs into a function that waits for the work: a generator, such as a
    context manager is made of, does not, and a deadline in it never strikes.

    Where Python cannot raise an exception in another thread, which CPython can, or with infinite
    `seconds`, a block that was entered is not stopped.

    Parameters
    ----------
    seconds : float
        From the beginning of the block.
    busy : bool, default False
        Whether to count the seconds in which the thread computed instead of those that passed, so
        that a loaded machine changes nothing. Where the system does not tell them, those that
        passed count.

    Attributes
    ----------
    passed : type
        The subclass of `OutOfTime` that this deadline raises, to be named in ``except``.

    Examples
    --------
    >>> limit = deadline(0.01)
    >>> try:
    ...     with limit:
    ...         while True:
    ...             pass
    ... except limit.passed as stop:
    ...     print(stop)
    stopped after 0.01 s
    """

    def __init__(self, seconds: float, *, busy: bool = False) -> None:
        self.seconds = seconds
        self.passed: type[OutOfTime] = type("OutOfTime", (OutOfTime,), {"seconds": seconds})
        self._busy = busy
        self._settling = threading.Lock()

    def __enter__(self) -> Self:
        if not self.seconds > 0:
            raise self.passed
        self._over = threading.Event()
        if _set_exception is not None and not math.isinf(self.seconds):
            thread = threading.get_ident()
            clock = _busy_clock(thread) if self._busy else time.monotonic
            block = sys._getframe(1)  # noqa: SLF001  # CPython's, as is raising in a thread
            arguments = (self._over, thread, block, clock, clock() + self.seconds)
            threading.Thread(target=self._wait, args=arguments, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # An exception that arrives here is raised by the `with` statement, and is the only one.
        with self._settling:
            self._over.set()

    def _wait(
        self,
        over: threading.Event,
        thread: int,
        block: FrameType,
        clock: Callable[[], float],
        end: float,
    ) -> None:
        left = end - clock()
        while left > 0:
            if over.wait(left):
                return
            left = end - clock()
        inside: FrameType | None = None
        while True:
            with self._settling:
                # Another exception may have ended the block in the first step of __exit__.
                if over.is_set() or block not in _running(thread):
                    return
                if not _imports(block, thread):
                    inside = _called_by(block, thread)
                    _raise(self.passed, thread)
                    break
            if over.wait(SOON):
                return
        # The block has surely not ended while a function that it called is still running.
        while inside is not None and not over.wait(AGAIN):
            with self._settling:
                if over.is_set() or _called_by(block, thread) is not inside:
                    return
                if not _imports(block, thread):
                    _raise(self.passed, thread)


_OWN: tuple[CodeType, ...] = (deadline.__enter__.__code__, deadline.__exit__.__code__)

_set_exception: Any = None
with contextlib.suppress(AttributeError):  # on another Python than CPython
    _set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


def _raise(error: type[BaseException], thread: int) -> None:
    _set_exception(ctypes.c_ulong(thread), ctypes.py_object(error))


def _called_by(block: FrameType, thread: int) -> FrameType | None:
    """Return the running function that the block of a frame called, or None."""
    frames = _running(thread)
    above = frames[frames.index(block) - 1] if block in frames[1:] else None
    return above if above is not None and above.f_code not in _OWN else None


def _imports(block: FrameType, thread: int) -> bool:
    """Say whether a block is importing a module, which would stay in pieces if it were stopped."""
    frames = _running(thread)
    above = frames[: frames.index(block)] if block in frames else []
    return any(frame.f_code.co_filename.startswith("<frozen importlib") for frame in above)


def _running(thread: int) -> list[FrameType]:
    """Return the frames of a thread, the innermost first."""
    frames, frame = [], sys._current_frames().get(thread)  # noqa: SLF001  # as above
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _busy_clock(thread: int) -> Callable[[], float]:
    """Return a clock of the seconds in which a thread computes."""
    try:
        clock = time.pthread_getcpuclockid(thread)
        time.clock_gettime(clock)
    except (AttributeError, OSError):
        return time.monotonic
    return lambda: time.clock_gettime(clock)
