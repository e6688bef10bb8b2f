"""Checkpoints: what is finished is not done again, and nothing that does not fit is used."""

from __future__ import annotations

import functools
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.core.pool import Inline
from tests.worker_losses import Counted, slow, smooth


def files(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


class Stops(Inline):
    """An executor that is stopped after some parts."""

    def __init__(self, after):
        self.after = after

    def submit(self, fn, /, *args, **kwargs):
        if not self.after:
            raise KeyboardInterrupt
        self.after -= 1
        return super().submit(fn, *args, **kwargs)


WAYS = [("central", "plain"), ("central", "reuse"), ("richardson", "plain"), ("forward", "plain")]


@pytest.mark.parametrize(("scheme", "evaluation"), WAYS)
def test_a_run_that_was_stopped_goes_on(tmp_path, many_parts, scheme, evaluation):
    """A weekend's work would be lost, or done twice, or its halves would not fit together."""
    calls = Counted()
    problem = gm.Problem(calls, np.linspace(0.3, 1.4, 100))
    alone = gm.Numerical(scheme, evaluation=evaluation).prepare(problem)(problem.params)
    made = functools.partial(gm.Numerical, scheme, evaluation=evaluation, checkpoint=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        made(executor=Stops(1)).prepare(problem)(problem.params)
    with suppress(KeyboardInterrupt):
        made(executor=Stops(1)).prepare(problem)(problem.params)
    whole = made().prepare(problem)
    assert whole(problem.params).gradient.tobytes() == alone.gradient.tobytes()
    before = calls.number
    assert whole(problem.params).gradient.tobytes() == alone.gradient.tobytes()
    assert calls.number - before <= 2  # the value is asked for each time
    assert whole.mishaps == ()


def test_what_does_not_fit_is_not_used(tmp_path, many_parts):
    """The gradient of another loss, point or step, or of a torn file, would be taken for this."""
    problem = gm.Problem(smooth, np.linspace(0.3, 1.4, 20))
    made = functools.partial(gm.Numerical, "central", checkpoint=tmp_path)
    others = [
        (1e-3, problem),
        (1e-4, problem),
        (1e-3, problem.replace(params=problem.flat_params + 0.25)),
        (1e-3, problem.replace(loss=functools.partial(_scaled, 1.0))),
        (1e-3, problem.replace(loss=functools.partial(_scaled, 3.0))),
    ]
    for step, other in others:
        kept, plain = made(step=step).prepare(other), gm.Numerical("central", step).prepare(other)
        found = kept(other.params).gradient
        assert found.tobytes() == plain(other.params).gradient.tobytes()


def _scaled(times, w, *, xp=np):
    return times * smooth(w, xp=xp)


class Trap:
    """An object whose unpickling leaves a mark."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_damaged_and_foreign_files_are_told(tmp_path, many_parts):
    """A file from anywhere would be run, overwritten, or believed."""
    problem = gm.Problem(smooth, np.linspace(0.3, 1.4, 20))
    made = gm.Numerical("central", step=1e-3, checkpoint=tmp_path)
    right = made.prepare(problem)(problem.params).gradient
    torn, trapped, objects, empty, *_ = files(tmp_path)
    torn.write_bytes(torn.read_bytes()[:-40])
    trapped.write_bytes(pickle.dumps(Trap(tmp_path / "mark")))
    np.savez(objects.with_suffix(""), asked=np.array(Trap(tmp_path / "mark"), object), found=[1.0])
    empty.write_bytes(b"")
    foreign = torn.with_name("notes.txt")
    foreign.write_text("mine")
    prepared = made.prepare(problem)
    assert prepared(problem.params).gradient.tobytes() == right.tobytes()
    assert not (tmp_path / "mark").exists()
    told = " ".join(prepared.mishaps)
    assert all(path.name in told for path in (torn, trapped, objects, empty, foreign))
    assert foreign.read_text() == "mine"
    again = made.prepare(problem)
    assert again(problem.params).gradient.tobytes() == right.tobytes()
    assert [path for path in again.mishaps if "cannot be read" in path] == []


def test_a_file_for_a_folder_is_refused(tmp_path):
    """It would be found out at the first part that is finished."""
    path = tmp_path / "file"
    path.write_text("mine")
    problem = gm.Problem(smooth, np.ones(2))
    with pytest.raises(gm.InvalidOption, match=r"checkpoint must be a folder, and .* is a file"):
        gm.Numerical(checkpoint=path).prepare(problem)


SCRIPT = """
import functools, sys
from concurrent.futures import ProcessPoolExecutor
import numpy as np
import gradmethods as gm
from tests.worker_losses import slow
problem = gm.Problem(slow, np.full(600, 0.5))
pools = functools.partial(ProcessPoolExecutor, 2)
made = gm.Numerical("central", step=1e-3, executor=pools, checkpoint=sys.argv[1])
prepared = made.prepare(problem)
print("begin", flush=True)
print(prepared(problem.params).gradient.tobytes().hex())
"""


def left_of(group):
    """List the processes of a group that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(of) == group and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.medium
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_ctrl_c_leaves_no_process_and_keeps_what_is_done(tmp_path):
    """Processes of nobody would fill the machine, and what they had done would be lost."""
    for most, whom in ((2, "the process"), (5, "all of them")):
        stop_after_some(tmp_path, whom, most)
        assert len(files(tmp_path)) >= most
    go_on(tmp_path)


def stop_after_some(folder, whom, kept):
    """Press Ctrl-C when so many files are kept, and look for processes; return the seconds."""
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    run = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True,
                           stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])  # fmt: skip
    try:
        assert run.stdout
        assert run.stdout.readline() == "begin\n"
        while len(list(Path(folder).rglob("*.npz"))) < kept and run.poll() is None:
            time.sleep(0.005)
        start = time.monotonic()
        (os.kill if whom == "the process" else os.killpg)(run.pid, signal.SIGINT)
        _, words = run.communicate(timeout=60)
        took = time.monotonic() - start
        assert "KeyboardInterrupt" in words
        assert left_of(run.pid) == []
    finally:
        for process in left_of(run.pid):
            os.kill(process, signal.SIGKILL)
    return took


def go_on(folder):
    """Go on from what is kept, with workers, and compare with the whole; return what was kept."""
    before = {path: path.read_bytes() for path in files(folder)}
    point = np.full(600, 0.5)
    pools = functools.partial(ProcessPoolExecutor, 2)
    made = gm.Numerical("central", step=1e-3, executor=pools, checkpoint=folder)
    prepared = made.prepare(gm.Problem(slow, point))
    found = prepared(point).gradient
    prepared.close()
    assert prepared.mishaps == ()
    right = gm.Numerical("central", step=1e-3).prepare(gm.Problem(smooth, point))(point).gradient
    assert found.tobytes() == right.tobytes()
    assert before.items() <= {path: path.read_bytes() for path in files(folder)}.items()
    return len(before)
