"""How far a run is: its phases, what each has done of what it has to do, and the time left.

Someone who watches sees a line that changes; a log has a line every two seconds.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gradmethods.core.naming import printable
from gradmethods.output.format import duration

LIVE, LOGGED = 0.25, 2.0
"""Seconds between two lines, on a terminal and in a log."""


class Progress:
    """Phases of a run, shown as they go, with the seconds that each took.

    Parameters
    ----------
    phases : int, default 1
        How many there will be.
    left : callable, optional
        Returns the seconds left, or None without a bound, as by default.
    earlier : dict of str to float, optional
        Seconds of the phases of a run that is gone on with.
    """

    def __init__(
        self,
        phases: int = 1,
        left: Callable[[], float | None] = lambda: None,
        earlier: dict[str, float] | None = None,
    ) -> None:
        self.seconds = dict(earlier or {})
        self._phases, self._left = phases, left
        self._number, self._name, self._done, self._total, self._words = 0, "", 0, 0, ""
        self._live = sys.stdout.isatty()

    @contextmanager
    def phase(self, name: str, total: int = 0) -> Iterator[None]:
        """Show a phase while it lasts, and add up its seconds; `total` steps, if they are known."""
        self._number += 1
        self._name, self._done, self._total, self._words = name, 0, total, ""
        start, over = time.monotonic(), threading.Event()
        self._write()
        ticker = threading.Thread(target=self._tick, args=(over,), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            over.set()
            ticker.join()
            took = time.monotonic() - start
            self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 1)
            done = f"{self._done} done, " if self._done else ""
            self._line(f"[{self._number}/{self._phases}] {name}: {done}{duration(took)}", end="\n")

    def step(self, words: str = "") -> None:
        """Count a piece of work, and say which it was."""
        self._done += 1
        self._words = printable(words)

    def _tick(self, over: threading.Event) -> None:
        while not over.wait(LIVE if self._live else LOGGED):
            self._write()

    def _write(self) -> None:
        left = self._left()
        time_left = "" if left is None else f", {int(left) // 60}:{int(left) % 60:02} left"
        steps = f" {self._done} of {self._total}" if self._total else ""
        words = f": {' '.join(self._words.split())}" if self._words else ""
        text = f"[{self._number}/{self._phases}] {self._name}{steps}{time_left}{words}"
        self._line(text, end="" if self._live else "\n")

    def _line(self, text: str, end: str) -> None:
        width = max(1, shutil.get_terminal_size().columns - 1) if self._live else 120
        shown = text if len(text) <= width else f"{text[: width - 1]}…"
        # Behind a shorter line nothing of a longer one may stay.
        line = f"\r{shown:<{width}}{end}" if self._live else f"{shown}{end}"
        # That nobody can see how far a run is, is no reason to end it.
        with suppress(OSError, ValueError):
            sys.stdout.write(line)
            sys.stdout.flush()
