"""Cost of a gradient against what grows: provider × problem, in every sweep.

pytest-benchmark drives the rounds of the gradient; those of the loss stand between them, in its
``setup`` and ``teardown``. As that forbids inner iterations, a round loops over its calls itself:
divide pytest-benchmark's times by ``calls_per_round`` of the extra info. Our records hold both.
"""

from __future__ import annotations

import pytest

from gradmethods.timing.noise_floor import WIDTHS
from gradmethods.timing.pairs import PAIRS
from gradmethods.timing.trial import count_case, restate, run_case


@pytest.mark.parametrize("width", WIDTHS)
def test_noise_at_the_begin(width, bench):
    """The loss timed against itself: without it nobody could tell a difference from noise."""
    if f"noise-{width}-start" in bench.done:
        pytest.skip("recorded by the run that this one goes on with")
    bench.keep_noise(width, "start")


def test_operations(counted, bench):
    """Operations of one program: if it fails, a law of growth is fitted to fewer sizes."""
    if counted.key in bench.done:
        pytest.skip("recorded by the run that this one goes on with")
    record = count_case(counted, bench.counting, bench.settings)
    bench.keep(record)
    if record["outcome"] == "gap":
        if record["kind"] == "error" or bench.path is None:
            pytest.fail(record["reason"])
        pytest.skip(record["reason"])


def test_cost(case, bench, benchmark):
    """One provider on one problem: if it fails, the figures lose a point without a reason."""
    if case.key in bench.done:
        benchmark.skipped = True
        pytest.skip("recorded by the run that this one goes on with")

    twin = bench.twin(case)
    if twin is not None:  # its time is better spent on another case
        record = restate(case, twin, bench.settings)
        bench.plan.recall(record)
        bench.keep(record)
        benchmark.skipped = True
        pytest.skip(f"the same work as {twin['key']}")

    def drive(rounds, count):
        benchmark.extra_info["calls_per_round"] = rounds.gradient_calls
        result = benchmark.pedantic(
            rounds.gradient_round, setup=rounds.open, teardown=rounds.close, rounds=count
        )
        rounds.close()  # with --benchmark-disable there is no teardown
        return result

    benchmark.group = f"{case.sweep}, {case.kind.grows} = {case.size}"
    record = run_case(case, bench.plan, bench.settings, drive=drive)
    bench.keep(record)
    assert record["problem"] == case.kind.problem
    assert record["batch"] == case.kind.batch(case.scale)
    if record["outcome"] == "gap":
        benchmark.skipped = True
        if record["kind"] == "error" or bench.path is None:
            pytest.fail(record["reason"])
        pytest.skip(record["reason"])
    assert bench.path is not None or record["error"] < 1e-5  # as a plain test
    benchmark.extra_info.update(
        {name: record[name] for name in ("n", "network", "ratio", "error", "preparation")}
    )


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.key for pair in PAIRS])
def test_pairs(pair, bench):
    """Two methods side by side: without pairs nobody could see which differences are none."""
    if pair.key in bench.done:
        pytest.skip("recorded by the run that this one goes on with")
    bench.keep_pair(pair)


@pytest.mark.parametrize("width", WIDTHS)
def test_noise_at_the_end(width, bench):
    """Once more: a machine that was quiet at the start may not have stayed so."""
    if f"noise-{width}-end" in bench.done and not bench.kept:
        pytest.skip("recorded by the run that this one goes on with, which had all cases then")
    bench.keep_noise(width, "end")
