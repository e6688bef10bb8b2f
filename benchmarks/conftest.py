"""Options of the cost benchmark, its grid as tests, and the line that each case leaves behind.

What a case does is in `gradmethods.timing.trial`, what is made of its record in
`gradmethods.report`.
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from pathlib import Path

import pytest

from gradmethods.app.runs.run_cases import UNWRITTEN
from gradmethods.output.files import RECORDS, append_record, records_so_far
from gradmethods.timing.cases import GRIDS, Case, counts, grid
from gradmethods.timing.noise_floor import WIDTHS, noise_record
from gradmethods.timing.pairs import PAIRS, pair_record
from gradmethods.timing.plan import LIMIT, Plan
from gradmethods.timing.sweeps import SWEEPS
from gradmethods.timing.trial import COUNTING_SECONDS, COUNTING_SHARE, Settings

HOUR = 3600.0
"""The limit of a case that is run as a plain test: on a loaded machine, too, it ends before."""


def pytest_addoption(parser):
    group = parser.getgroup("bench", "cost of gradients against the number of parameters")
    group.addoption("--bench-grid", choices=list(GRIDS), default="small", help="cases to run")
    group.addoption("--bench-provider", action="append", default=[], help="another provider")
    group.addoption("--bench-out", type=Path, help="folder for records.jsonl; none by default")
    group.addoption("--bench-budget", type=float, help="seconds for all cases; no bound by default")
    group.addoption("--bench-limit", type=float, default=LIMIT, help="seconds for a case")
    group.addoption("--bench-seconds", type=float, default=0.5, help="seconds of rounds for a case")
    group.addoption("--bench-seed", type=int, default=0, help="of networks, samples, bootstrap")
    group.addoption("--bench-parent", type=int, help="process without which no record is written")
    group.addoption("--bench-pipe", type=int, help="pipe whose other end that process holds open")


def pytest_configure(config):
    """End with the run: its cases would slow down those of the next one."""
    pipe = config.option.bench_pipe
    if pipe is not None:
        threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()


def _end_with(pipe):
    os.read(pipe, 1)  # costs nothing while it waits; returns once nobody holds the other end
    os._exit(1)


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        option = metafunc.config.option
        cases = grid(option.bench_grid, option.bench_provider)
        metafunc.parametrize("case", cases, ids=[case.key for case in cases])
    if "counted" in metafunc.fixturenames:
        cases = counts(metafunc.config.option.bench_grid)
        metafunc.parametrize("counted", cases, ids=[case.key for case in cases])


class Bench:
    """The run: what it can afford, how it measures, and where its records go."""

    def __init__(self, options):
        # Run once as plain tests, cases are there to work, not to be measured well or in time.
        seconds, limit = options.bench_seconds, options.bench_limit
        if options.benchmark_disable:
            seconds, limit = 0.0, HOUR
        self.settings = Settings(seconds, options.bench_seed)
        self.parent = options.bench_parent
        self.kept = 0
        budget = options.bench_budget
        counting = None
        if budget is not None:  # what comes last is done, whatever else there is time for
            counting = min(COUNTING_SECONDS, budget / 4)
            budget = max(0.0, budget - (len(PAIRS) + len(WIDTHS)) * seconds)
        self.plan = Plan(limit, budget)
        self._counting = limit * COUNTING_SHARE, counting
        self.path = options.bench_out and options.bench_out / RECORDS
        earlier = records_so_far(self.path) if self.path else []
        self.done = {record["key"] for record in earlier if self.plan.recall(record)}
        self._measured = {}
        for record in earlier:
            self._remember(record)

    @cached_property
    def counting(self):
        """What can be afforded for counting: its time begins with its first case."""
        return Plan(*self._counting)

    def keep(self, record):
        """Put a finished case on disk at once, and tell the reader."""
        if self.parent not in (None, os.getppid()):
            # Its folder may be another run's by now.
            pytest.exit("The run that these cases belong to is gone.", returncode=1)
        if self.path:
            if self.parent is not None and not self.path.parent.is_dir():
                pytest.exit("The folder of the run is gone.", returncode=UNWRITTEN)
            try:
                append_record(self.path, record)
            except OSError as error:  # nothing that is measured from now on would be kept
                pytest.exit(str(error), returncode=UNWRITTEN)
        self.kept += 1
        self._remember(record)

    def _remember(self, record):
        if record["sweep"] in SWEEPS and record["outcome"] == "measured":
            case = Case(record["sweep"], record["provider"], record["scale"])
            self._measured.setdefault(case.work, record)

    def twin(self, case):
        """Return the record of a case in another sweep that is the same work, or None."""
        return self._measured.get(case.work)

    def keep_noise(self, width, moment):
        """Time a loss against itself, and keep that."""
        seconds, seed = self.settings.seconds, self.settings.seed
        self.keep(noise_record(width, moment, seconds=seconds, seed=seed))

    def keep_pair(self, pair):
        """Time two methods side by side, and keep that."""
        seconds, seed = self.settings.seconds, self.settings.seed
        self.keep(pair_record(pair, seconds=seconds, seed=seed))


@pytest.fixture(scope="session")
def bench(pytestconfig):
    return Bench(pytestconfig.option)
