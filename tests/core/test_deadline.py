"""Deadlines: they stop what runs too long, in its thread, in their block, and nothing else."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import signal
import threading
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.runs.accuracy import Task, carry_out
from gradmethods.core.deadline import OutOfTime, deadline
from gradmethods.output.files import read_records


def stubborn():
    """Run for ever, as a library that tries one way after the other."""
    for _ in itertools.count():
        with contextlib.suppress(Exception):
            sum(range(1000))


def test_a_deadline_is_not_swallowed():
    """If libraries could swallow it, a derivation would run on after its limit."""
    limit = deadline(0.02)
    with pytest.raises(limit.passed, match=r"stopped after 0\.02 s"), limit:
        stubborn()
    with deadline(float("inf")):
        pass


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_block_without_time_is_not_entered(seconds):
    """A phase with nothing left would begin, and be stopped in the middle of writing a file."""
    entered = []
    with pytest.raises(OutOfTime), deadline(seconds):
        entered.append(1)
    assert not entered


@pytest.mark.parametrize("seconds", [1e-6, 2e-5, 1e-4])
def test_nothing_arrives_behind_the_block(seconds):
    """An exception that came later would end whatever ran then, such as the writing of a report."""
    before = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    ends = []
    for _ in range(300):
        try:
            with deadline(seconds):
                for _ in range(20):
                    pass
            ends.append("done")
        except OutOfTime:
            ends.append("stopped")
        sum(range(100))  # where a late one would arrive
    assert len(ends) == 300
    assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)) == before


def test_what_a_destructor_loses_comes_again(monkeypatch):
    """Python drops an exception that arrives in a destructor; the work would go on for ever."""
    monkeypatch.setattr("gradmethods.core.deadline.AGAIN", 0.01)
    lost = []

    def swallowing():
        for i in itertools.count():
            try:
                stubborn()
            except OutOfTime as stop:
                lost.append(stop)
                if i == 2:
                    raise

    limit = deadline(0.01)
    with pytest.raises(limit.passed), limit:
        swallowing()
    assert len(lost) == 3


def test_an_outer_deadline_passes_through_an_inner_one():
    """If an inner one hid it, or took it for its own, the whole would take longer than allowed."""
    outer, inner = deadline(0.05), deadline(60.0)
    caught = []

    def guarded():
        try:
            with inner:
                stubborn()
        except inner.passed:
            caught.append("inner")

    with pytest.raises(outer.passed), outer:
        guarded()
    assert not caught

    outer, inner = deadline(60.0), deadline(0.02)
    with outer:
        with pytest.raises(inner.passed), inner:
            stubborn()
        caught.append("went on")
    assert caught == ["went on"]


def test_a_block_that_was_left_unnoticed_is_not_stopped():
    """A stop that came when its block was over, left by another one, ended the run far away."""

    def left():
        deadline(0.02).__enter__()  # another exception can arrive in the first step of __exit__

    left()
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        sum(range(100))  # where a late one would arrive


def test_a_deadline_holds_in_any_thread():
    """Off the main thread, as in a server or a notebook, there was no limit at all."""
    found = []

    def work():
        limit = deadline(0.02)
        try:
            with limit:
                stubborn()
        except limit.passed as stop:
            found.append(str(stop))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["stopped after 0.02 s"] * 3


def test_busy_seconds_pass_only_while_the_thread_computes():
    """If waiting counted, a loaded machine would stop what is fast enough."""
    limit = deadline(0.05, busy=True)
    with limit:
        time.sleep(0.2)
    with pytest.raises(limit.passed), limit:
        stubborn()


@pytest.mark.medium
def test_an_import_is_not_torn_to_pieces(tmp_path, monkeypatch):
    """A package whose import was stopped stayed half imported: SymPy failed until the end."""
    package = tmp_path / "slowly_imported"
    package.mkdir()
    (package / "__init__.py").write_text("from slowly_imported import part\nwhole = True\n")
    slow = "import time\nend = time.monotonic() + 0.3\nwhile time.monotonic() < end:\n    pass\n"
    (package / "part.py").write_text(slow)
    monkeypatch.syspath_prepend(tmp_path)

    def work():
        found.append(importlib.import_module("slowly_imported"))
        while True:
            pass

    found: list[ModuleType] = []
    limit = deadline(0.05)
    with pytest.raises(limit.passed), limit:
        work()
    assert found[0].whole


def test_the_users_own_timer_is_left_alone():
    """Printing a comparison took the alarm of the program that printed it away."""
    struck = []
    before = signal.signal(signal.SIGALRM, lambda *_: struck.append(1))
    signal.setitimer(signal.ITIMER_REAL, 1000.0)
    try:
        with contextlib.suppress(OutOfTime), deadline(0.01):
            stubborn()
        problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**2), np.ones(2))
        assert "numerical" in str(gm.compare(problem, ["backprop", "numerical"], seconds=0.001))
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000.0
        signal.raise_signal(signal.SIGALRM)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert struck == [1]


@pytest.mark.parametrize(("now", "done"), [([0.0, 9.0], 0), ([0.0, 0.0, 8.99], 1)])
def test_what_does_not_fit_is_a_gap(tmp_path, monkeypatch, now, done):
    """With no second left for accuracy the whole run died, and there was no report."""
    clock = SimpleNamespace(monotonic=iter(now).__next__)
    monkeypatch.setattr("gradmethods.app.runs.accuracy.time", clock)
    work = {"short": dict, "long": stubborn, "later": dict}
    tasks = [Task("gradient", {"takes": name}, does) for name, does in work.items()]
    carry_out(tasks, tmp_path / "accuracy.jsonl", 9.0)
    outcomes = [record["outcome"] for record in read_records(tmp_path / "accuracy.jsonl")]
    assert outcomes == ["measured"] * done + ["gap"] * (3 - done)
