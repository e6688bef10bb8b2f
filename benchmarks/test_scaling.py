"""Cost of a gradient against the number of parameters: provider × network, two sweeps.

pytest-benchmark drives the rounds of the gradient; those of the loss stand between them, in its
``setup``. As that forbids inner iterations, a round loops over its calls itself: divide
pytest-benchmark's times by ``calls_per_round`` of the extra info. Our records hold both times.
"""

from __future__ import annotations

import pytest

from gradmethods import problems
from gradmethods.cost.cases import BATCH
from gradmethods.cost.timing import noise_floor
from gradmethods.cost.trial import run_case

NOISE_WIDTHS = (2, 32, 256)


@pytest.mark.parametrize("width", NOISE_WIDTHS)
def test_noise_floor(width, bench, record_property):
    """The loss timed against itself: without it nobody could tell a difference from noise."""
    key = f"noise-{width}"
    if key in bench.done:
        pytest.skip("recorded by the run that this one goes on with")
    seed = bench.settings.seed
    problem = problems.get("mlp", widths=(2, width, width, 1), batch=BATCH, seed=seed)
    cost = noise_floor(problem, seconds=bench.settings.seconds, seed=seed)
    bench.keep(
        {
            "key": key,
            "sweep": "noise",
            "provider": "loss",
            "network": f"2-{width}-{width}-1",
            "n": problem.size,
            "outcome": "measured",
            **cost.record(),
        },
        record_property,
    )


def test_cost(case, bench, benchmark, record_property):
    """One provider on one network: if it fails, the figures lose a point without a reason."""
    if case.key in bench.done:
        benchmark.skipped = True
        pytest.skip("recorded by the run that this one goes on with")

    def drive(rounds, count):
        benchmark.extra_info["calls_per_round"] = rounds.gradient_calls
        return benchmark.pedantic(rounds.gradient_round, setup=rounds.loss_round, rounds=count)

    benchmark.group = f"{case.sweep}, n = {case.n}"
    record = run_case(case, bench.plan, bench.settings, drive=drive)
    bench.keep(record, record_property)
    if record["outcome"] == "gap":
        benchmark.skipped = True
        if record["kind"] == "error" or bench.path is None:
            pytest.fail(record["reason"])
        pytest.skip(record["reason"])
    benchmark.extra_info.update(
        {name: record[name] for name in ("n", "network", "ratio", "error", "preparation")}
    )
