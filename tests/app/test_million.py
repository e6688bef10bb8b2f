"""A million passes, with a network of fewer: counted, killed at random moments, resumed, exact."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.runs import million
from gradmethods.errors import GradientError
from gradmethods.output.files import read_json, records_so_far
from gradmethods.output.run_folder import locked
from gradmethods.report.summary import result_text
from gradmethods.studies.claims import LEDGER, claims_rows
from gradmethods.timing.difference_blocks import Passes
from tests.samples import sampled

pytestmark = pytest.mark.medium

WIDTHS = (2, 24, 24, 1)
N = gm.problems.get("mlp", widths=WIDTHS, batch=1).size

JOB = """
import sys
from pathlib import Path
from gradmethods.app.runs import million
from gradmethods.timing.difference_blocks import Passes

slow = Passes.block
def block(self, start, stop, value):
    import time
    time.sleep(0.004)
    return slow(self, start, stop, value)
Passes.block = block
Passes.pass_seconds = lambda self: 1e-3  # blocks of ten passes
million.run_million(Path(sys.argv[1]), resume=sys.argv[2] == "resume", widths=(2, 24, 24, 1),
                    block_seconds=0.01)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One run from start to end."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, million.run_million(folder, widths=WIDTHS, block_seconds=0.01)


def test_the_passes_are_those_of_forward_differences(whole):
    """If they were not, the run would be about another method than the one it names."""
    folder, result = whole
    problem = gm.problems.get("mlp", widths=WIDTHS, batch=1)
    gradient = gm.Numerical("forward").prepare(problem)(problem.params).gradient
    kept = np.fromfile(folder / million.GRADIENT)
    assert kept.tobytes() == problem.structure.join(gradient).tobytes()
    assert result["n"] == N
    assert result["calls"] == N + 1


def test_the_result_holds_every_method_against_the_truth(whole):
    """If differences were noise, a million passes would have counted for nothing."""
    _, result = whole
    assert 0 < result["errors"]["differences"] < 1e-4
    assert result["errors"]["reuse"] < 1e-4
    errors = result["certified"]["errors"]
    assert errors["backprop"] < 1e-13
    assert 1e-13 < errors["differences"] < 1e-3
    text = result_text(result)
    assert f"{N + 1:,} calls" in text
    assert "black box" in text


def test_a_small_run_does_not_decide_the_claim(whole):
    """If it did, C2 would rest on an extrapolation."""
    folder, result = whole
    assert million.read_million(folder) == result
    assert million.read_million(folder / "nothing") is None


def start(folder, how):
    command = [sys.executable, "-c", JOB, str(folder), how]
    return subprocess.Popen(
        command, env=os.environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def blocks(folder):
    records = records_so_far(folder / million.RECORDS)
    return {r["key"]: r for r in records if r["key"].startswith("block-")}


@pytest.mark.slow
@pytest.mark.parametrize("often", sampled([2, 10], kept=[2]))
def test_a_killed_run_goes_on_and_ends_the_same(tmp_path, whole, often):
    """If a kill lost or repeated finished blocks, or left other numbers, nobody could trust it."""
    moments = random.Random(0)
    kills, how = 0, "new"
    before: dict[str, object] = {}
    while kills < often:
        with start(tmp_path, how) as process:
            target = len(before) + moments.randint(1, 5)
            while len(blocks(tmp_path)) < target and process.poll() is None:
                time.sleep(0.002)
            time.sleep(moments.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            process.wait()
        after = blocks(tmp_path)
        assert before.items() <= after.items()  # nothing lost, and nothing run again
        before, how, kills = dict(after), "resume", kills + 1
    assert len(before) < N / 10  # the last kill came before the end
    result = million.run_million(tmp_path, resume=True, widths=WIDTHS, block_seconds=0.01)
    assert before.items() <= blocks(tmp_path).items()
    folder, uninterrupted = whole
    exact = ("network", "batch", "n", "calls")
    assert [result[name] for name in exact] == [uninterrupted[name] for name in exact]
    assert result["errors"] == uninterrupted["errors"]
    assert result["certified"]["errors"] == uninterrupted["certified"]["errors"]
    gradient = (tmp_path / million.GRADIENT).read_bytes()
    assert gradient == (folder / million.GRADIENT).read_bytes()
    assert read_json(tmp_path / million.PROVENANCE)["finished"] is True


@pytest.mark.slow
def test_a_block_that_is_not_whole_on_the_disk_is_run_again(tmp_path, whole):
    """If its record alone were trusted, a power cut would leave zeros in the gradient."""
    million.run_million(tmp_path, widths=WIDTHS, block_seconds=0.01)
    path = tmp_path / million.GRADIENT
    good = path.read_bytes()
    path.write_bytes(bytes(len(good) // 2) + good[len(good) // 2 :])
    # Blocks of the whole length: those of damaged ones must not be counted beside them.
    result = million.run_million(tmp_path, resume=True, widths=WIDTHS, block_seconds=10.0)
    assert path.read_bytes() == good
    assert result["calls"] == N + 1


def test_another_run_is_not_gone_on_with(tmp_path, whole):
    """If it were, the passes of two networks would be added up."""
    with pytest.raises(GradientError, match="no run to go on with"):
        million.run_million(tmp_path, resume=True, widths=WIDTHS)
    folder, _ = whole
    with pytest.raises(GradientError, match="widths was"):
        million.run_million(folder, resume=True, widths=(2, 3, 1))
    with locked(tmp_path), pytest.raises(GradientError, match="Another run"):
        million.run_million(tmp_path, widths=WIDTHS)


def test_calls_are_counted_inside_the_loss(monkeypatch):
    """If the count were what the loop believes, it would prove nothing."""
    passes = Passes(gm.problems.get("mlp", widths=(2, 3, 1), batch=1))
    evaluate = passes._evaluate
    passes._evaluate = lambda: evaluate() + 0 * evaluate()
    value, calls = passes.value()
    assert calls == 2
    assert passes.block(0, 5, value).calls == 10


def test_the_claim_reads_the_run(whole):
    """If it did not, C2 would stay open after a million passes."""
    _, result = whole
    big = result | {"n": 1_000_003, "calls": 1_000_004}
    big["differences"] = big["differences"] | {"ratio": {"median": 1e6, "low": 1e6, "high": 1e6}}
    others = [claim.undecided("Not asked.") for claim in LEDGER if claim.id != "C2"]
    (row,) = (r for r in claims_rows(million=big, known=others) if r["id"] == "C2")
    assert row["verdict"] == "supported"
    assert row["panels"]
