"""A sweep that is killed at random moments: nothing finished is lost or run again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from gradmethods.app.runs import run_cases
from gradmethods.output.files import RECORDS, read_records, records_so_far

EXACT = (
    "key", "sweep", "provider", "network", "scale", "n", "outcome", "forward_passes",
    "value_passes", "loss_calls_per_gradient", "operations", "value", "error", "components",
)  # fmt: skip
"""What must not depend on the machine, nor on kills."""


def start(folder, cases_run):
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            str(run_cases.find_benchmarks() / run_cases.SCALING),
            "-q",
        ),
        *("-p", "no:cacheprovider", "--bench-grid=small", "-k", cases_run),
        *(f"--bench-out={folder}", "--bench-seconds=0.01", "--bench-limit=600"),
    ]
    return subprocess.Popen(
        command, cwd=run_cases.find_benchmarks().parent, env=os.environ | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def lines(folder):
    """Return the keys of all whole lines, repeated ones too."""
    path = folder / RECORDS
    text = path.read_bytes() if path.exists() else b""
    return [line for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


def exact(folder):
    """Return the exact columns of the cases; noise is only timed."""
    records = [r for r in read_records(folder / RECORDS) if r["sweep"] != "noise"]
    return sorted(tuple(str(r.get(name)) for name in EXACT) for r in records)


SOME = "noise or (backprop and not pair and (width or depth or batch or rosenbrock or logistic))"
"""Cases of which every run takes a second or two."""


@pytest.mark.medium
@pytest.mark.parametrize(
    ("kills", "cases_run", "least"),
    [(1, SOME, 6), pytest.param(10, "", 18, marks=pytest.mark.slow)],
)
def test_a_sweep_survives_kills(tmp_path, kills, cases_run, least):
    """If a kill lost cases, doubled them or changed a count, no long run could be trusted."""
    moments = random.Random(1)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    before: list[bytes] = []
    for _ in range(kills):
        with start(killed, cases_run) as process:
            target = len(before) + moments.randint(1, 3)
            while len(lines(killed)) < target and process.poll() is None:
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 0.05))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        after = lines(killed)
        assert after[: len(before)] == before  # nothing lost
        before = after
    assert not any(r["key"].endswith("-end") for r in records_so_far(killed / RECORDS))
    for folder in (killed, whole):
        with start(folder, cases_run) as process:
            assert process.wait() == 0
    keys = [record["key"] for record in records_so_far(killed / RECORDS)]
    assert lines(killed)[: len(before)] == before
    assert len(lines(killed)) == len(set(keys))  # nothing run again
    assert exact(killed) == exact(whole)
    assert len(exact(whole)) >= least
