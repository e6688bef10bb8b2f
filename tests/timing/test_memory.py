"""Peak memory of preparing and of one gradient."""

from __future__ import annotations

import traceback
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.timing.cases import Case
from gradmethods.timing.memory import memory, peak, traced_seconds
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import TRACED, Settings, run_case


def test_the_peak_is_that_of_the_work():
    """If what was there before counted, every method would seem to need the network's memory."""
    held = np.ones(1_000_000)
    total, most = peak(lambda: float((held[:10_000] + 1).sum()))
    assert total == 20_000
    assert 80_000 <= most < 100_000
    assert not tracemalloc.is_tracing()


def test_a_trace_that_is_going_on_is_left_alone():
    """If it were stopped, a user's own profile of the suite would end in the middle."""
    tracemalloc.start()
    try:
        _, most = peak(lambda: np.ones(10_000))
        assert 80_000 <= most < 100_000
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.medium
def test_backprop_holds_more_than_differences():
    """If it did not, the price of one backward pass, its stored values, would not be seen."""
    problem = gm.problems.get("mlp", widths=(2, 16, 16, 1), batch=1000)
    differences = memory(gm.Numerical("forward"), problem, 0.0, affordable=1.0)
    backprop = memory(gm.Backprop(), problem, 0.0, affordable=1.0)
    # The program works in buffers that preparing makes: they are part of its memory.
    total = (backprop["preparation_bytes"] or 0) + (backprop["gradient_bytes"] or 0)
    assert total > (differences["gradient_bytes"] or 0) > 1000 * 16 * 8


def test_what_takes_long_is_not_traced():
    """If it were, tracing would take the time that the run has for measuring."""
    nothing = {"preparation_bytes": None, "gradient_bytes": None}
    problem = gm.problems.get("rosenbrock")
    assert memory(gm.Backprop(), problem, 100.0, affordable=1.0) == nothing
    assert memory(gm.Backprop(), problem, float("nan"), affordable=1.0) == nothing


def test_backprop_is_traced_however_deep():
    """If its longest program were not, the method that pays with memory would have no figure."""
    # Half as slow again as measured in the network of 64 layers.
    assert traced_seconds(1.5 * 0.071, 1.5 * 0.00072) < TRACED * Settings().seconds


def test_a_long_program_is_traced_without_its_lines():
    """If Python counted them at every array, tracing one formula took twenty seconds of a run."""
    found, compiler = [], compile

    class Compiling(gm.Backprop):
        def prepare(self, problem: gm.Problem) -> Any:
            scope: dict[str, Any] = {}
            text = "def gradient(params):\n    return 1 / len(params[:0])\n"
            exec(compile(text, "<generated>", "exec"), scope)  # noqa: S102  # our own text
            found.append(scope["gradient"].__code__)
            found.append(compile("1", "imported.py", "eval"))
            return scope["gradient"]

    with pytest.raises(ZeroDivisionError) as failed:  # which Python can print
        memory(Compiling(), gm.problems.get("rosenbrock"), 0.0, affordable=1.0)
    assert "division by zero" in "".join(traceback.format_exception(failed.value))
    generated, imported = found
    assert list(generated.co_lines()) == []
    assert list(imported.co_lines())
    assert compile is compiler


@pytest.mark.medium
def test_records_hold_it():
    """If they did not, memory could not be reported."""
    record = run_case(Case("width", "backprop", 2), Plan(60.0), Settings(seconds=0.5))
    assert record["preparation_bytes"] > record["gradient_bytes"] > 0


def test_a_result_in_recycled_memory_is_counted(monkeypatch):
    """If it were not, the largest gradients would seem to take no memory at all."""
    monkeypatch.setattr("gradmethods.engines.program.compile.LARGE", 8000)
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.exp(w) * w), np.linspace(0, 1, 100_000))
    found = memory(gm.Backprop(), problem, 0.0, affordable=1.0)
    assert (found["gradient_bytes"] or 0) > 8 * problem.size
