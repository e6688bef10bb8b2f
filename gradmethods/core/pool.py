"""An executor, or what makes one: started when it is needed, stopped without leaving a process.

What it is given to do is no matter here.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any

from gradmethods.errors import InvalidOption, WorkerFault

COUNT = 10.0
"""Seconds after which workers are counted again: some may have come, and to ask takes a message."""


class Inline(Executor):
    """The executor that does everything at once, in the thread that asks for it."""

    _max_workers = 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def check_executor(executor: Any) -> None:
    """Refuse what neither is an executor nor makes one."""
    if not (hasattr(executor, "submit") or callable(executor)):
        raise InvalidOption(
            f"executor must be a concurrent.futures.Executor, or a function that makes one, got "
            f"{executor!r}. Give ProcessPoolExecutor(4), Dask's client.get_executor(), or "
            "functools.partial(ProcessPoolExecutor, 4), which can be started again."
        )


@dataclass
class Pool:
    """An executor, or what makes one.

    Attributes
    ----------
    executor : concurrent.futures.Executor or callable
        A callable makes one when it is first needed, and again when it broke.
    alive : bool
        Whether anything came back from it yet.
    """

    executor: Any
    alive: bool = field(default=False, init=False)
    _made: Any = field(default=None, init=False)
    _counted: tuple[float, int] = field(default=(-math.inf, 1), init=False)

    @property
    def restarts(self) -> bool:
        """Whether an executor that broke can be replaced."""
        return isinstance(self.executor, type) or not hasattr(self.executor, "submit")

    @property
    def pool(self) -> Any:
        """The executor."""
        if not self.restarts:
            return self.executor
        if self._made is None:
            self._made, self.alive = self.executor(), False
            self._counted = -math.inf, 1
        return self._made

    @property
    def width(self) -> int:
        """How many parts are worked on at a time."""
        pool, now = self.pool, time.monotonic()
        if now > self._counted[0] + COUNT:
            self._counted = now, self._count(pool)
        return self._counted[1]

    def _count(self, pool: Any) -> int:
        for attribute in ("_max_workers", "num_workers"):
            found = getattr(pool, attribute, None)
            if isinstance(found, int) and found > 0:
                return found
        client = getattr(pool, "_client", None)  # of Dask
        if client is None:
            return os.cpu_count() or 1
        if math.isinf(self._counted[0]):
            _check_installed(client.run(resolve_name, "gradmethods:__name__", on_error="return"))
        try:
            return max(1, sum(map(int, client.nthreads().values())))
        except Exception:  # noqa: BLE001  # its scheduler is gone, as the next task will show
            return self._counted[1]

    @property
    def in_threads(self) -> bool:
        """Whether workers are threads of this process, so that nothing need be sent."""
        return isinstance(self.pool, ThreadPoolExecutor | Inline)

    def close(self, *, kill: bool = False) -> None:
        """Stop an executor that was made here, and leave alone one that was given."""
        pool, self._made = self._made, None
        if pool is None:
            return
        processes = list((getattr(pool, "_processes", None) or {}).values())
        with suppress(Exception):
            if kill:
                pool.shutdown(wait=False, cancel_futures=True)
            else:
                pool.shutdown()
        for process in processes if kill else ():
            with suppress(Exception):  # it may be gone
                process.kill()
                process.join()

    def submit(self, function: Callable[..., Any], task: Any) -> Future[Any]:
        """Let the executor do a task."""
        with _undisturbed() if self.restarts else nullcontext():
            future: Future[Any] = self.pool.submit(function, task)
        return future


def _check_installed(found: dict[str, Any]) -> None:
    """Refuse workers without this package: each of them would die of the first task, unheard."""
    for worker, answer in found.items():
        if isinstance(answer, BaseException):
            raise WorkerFault(
                f"The worker {worker} has no gradmethods ({answer}). Install the version that is "
                "here, and NumPy as here, where workers start."
            )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started: they inherit that, and leave it to this one."""
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "pthread_sigmask")):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
