"""Differences by workers: the same bits, whoever evaluates the loss, and whatever goes wrong."""

from __future__ import annotations

import functools
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.core import pool, shipping, workers
from gradmethods.core.pool import Inline
from gradmethods.core.workers import Workers
from gradmethods.providers import spreading
from gradmethods.providers.moved_loss import losses_at
from gradmethods.providers.schemes import NAMES, SCHEMES
from tests.worker_losses import Faulty, bumpy, smooth

# From Python 3.12 on, where there are threads of BLAS.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


class Shuffled(Inline):
    """An executor of several workers that finish in any order, now and then all at once."""

    def __init__(self, width, seed=0):
        self._max_workers = width
        self._random = random.Random(seed)
        self._asked = []

    def submit(self, fn, /, *args, **kwargs):
        future: Future[Any] = Future()
        self._asked.append((future, fn, args))
        if len(self._asked) >= self._random.randint(1, 2 * self._max_workers):
            self.finish()
        else:
            threading.Timer(0.005, self.finish).start()
        return future

    def finish(self):
        asked, self._asked = self._asked, []
        self._random.shuffle(asked)
        for future, fn, args in asked:
            future.set_result(fn(*args))


@pytest.fixture(scope="module", name="pool")
def two_processes():
    with ProcessPoolExecutor(2) as executor:
        yield executor


def answer(problem, params, **options):
    """Return everything that a method says of a gradient, as bytes."""
    prepared = gm.Numerical(**options).prepare(problem)
    value, gradient = prepared(params)
    arrays = [problem.structure.join(problem.structure.leaves(a)) for a in
              (gradient, prepared.error_estimate)]  # fmt: skip
    passes = prepared.preparation_passes, prepared.forward_passes
    return float(value).hex(), *(array.tobytes() for array in arrays), passes


WAYS = [(scheme, "plain") for scheme in NAMES] + [(scheme, "reuse") for scheme in SCHEMES]


@pytest.mark.parametrize(("scheme", "evaluation"), WAYS)
def test_workers_change_no_bit(many_parts, pool, scheme, evaluation):
    """Values, gradients, estimates and counts would depend on the machine, or on who is first."""
    n = 110  # of which ladders take three stretches
    problem = gm.Problem(bumpy, np.linspace(-1.7, 2.3, n), {"a": np.linspace(0.3, 4.0, n)})
    elsewhere = problem.flat_params * 1.01 + 0.003
    options: dict[str, Any] = {"scheme": scheme, "evaluation": evaluation}
    crews = {0: (Shuffled(2), pool), 1: (Shuffled(1), Shuffled(4))}
    for which, params in enumerate((problem.params, elsewhere)):
        alone = answer(problem, params, **options)
        for executor in crews[which]:
            assert answer(problem, params, **options, executor=executor) == alone


def test_other_data_go_along(pool):
    """Data that are given at a call would be ignored by workers, who hold those of the problem."""
    problem = gm.Problem(bumpy, np.linspace(-1.7, 2.3, 45), {"a": np.linspace(0.3, 4.0, 45)})
    data = {"a": np.linspace(3.0, 5.0, 45)}
    alone = gm.Numerical().prepare(problem)(problem.params, **data)
    shared = gm.Numerical(executor=pool).prepare(problem)(problem.params, **data)
    assert shared.gradient.tobytes() == alone.gradient.tobytes()


def test_the_problem_is_sent_once_to_each_worker(many_parts, pool):
    """Data of megabytes would travel with every part."""
    problem = gm.Problem(smooth, np.linspace(0.1, 0.9, 50_000))
    provider = gm.Numerical("forward", step=1e-6, executor=pool)
    prepared = provider.prepare(problem.of_components(np.arange(40)))
    assert prepared.team
    prepared(prepared.problem.params)
    size = len(prepared.team.parcel.content)
    assert size > 400_000
    assert size <= prepared.team.workers.sent < 6 * size  # two workers, and who asks again
    for _ in range(4):  # a worker may have slept through the first
        prepared(prepared.problem.params)
    before = prepared.team.workers.sent
    assert before < 6 * size
    prepared(prepared.problem.flat_params + 0.1)  # another point, a short one
    assert before < prepared.team.workers.sent < 6 * size + 10_000


def test_parts_suit_the_workers():
    """Parts would be too short for a scheduler that is far away, or too long for the last one."""
    problem = gm.Problem(smooth, np.ones(1000))
    team = spreading.team_of(problem, Shuffled(2), None, None)
    name = ("central", "gradient")
    work = team.at(name, losses_at, problem.flat_params, problem.data, 1.0, 2e-3)

    def lengths():
        return [part.stop - part.start for part in work.parts(4.0)]

    assert lengths() == [59] * 14 + [58] * 3  # an eighth of two seconds: 62, and all about equal
    team.workers.delay = 0.02
    assert lengths() == [100] * 10  # twenty delays
    team.workers.delay = 1.0
    assert lengths() == [125] * 8  # half a second
    team.paces[name] = 1e-4
    assert lengths() == [500] * 2  # one for each worker
    del team.paces[name]
    parts = work.parts(4.0)
    assert next(parts) == slice(0, 125)
    team.workers.delay, team.paces[name] = 0.0, 0.1  # the first one took longer than was thought
    assert next(parts) == slice(125, 130)


def test_a_delay_is_what_a_worker_does_not_work():
    """Parts would grow with the time in which others are ahead of them, or workers start."""
    one, two = (shipping.Answer(shipping.DONE, None, worker, 2.0) for worker in ("one", "two"))
    made = Workers(Inline())
    made.note_delay(one, 0.0, 60.0)  # it started, importing packages
    made.note_delay(two, 0.0, 61.0)
    assert made.delay == 0.0
    made.note_delay(one, 0.0, 62.5)  # it was sent long before, and waited behind the first one
    assert made.delay == 0.5
    made.note_delay(two, 70.0, 73.5)  # it was sent when nothing else was to be done
    assert made.delay == 1.0


class Remote(Inline):
    """An executor as Dask's, which asks its scheduler how many workers there are."""

    _max_workers: Any = None

    def __init__(self, version="0.2"):
        self._client, self.asked, self.version, self.lost = self, 0, version, False

    def run(self, _function, *_arguments, on_error):
        return {"a": self.version}

    def nthreads(self):
        self.asked += 1
        if self.lost:
            raise AttributeError("ncores")
        return {"a": 1, "b": 1}

    def submit(self, fn, /, *args, **kwargs):
        if self.lost:
            raise LookupError("Client is closed.")  # Dask's is no error of executors either
        return super().submit(fn, *args, **kwargs)


def test_a_scheduler_is_not_asked_for_each_part(many_parts):
    """A message there and back, twice for each part, took most of Dask's time."""
    remote = Remote()
    problem = gm.Problem(smooth, np.linspace(0.3, 1.4, 40))
    gm.Numerical(step=1e-3, executor=remote).prepare(problem)(problem.params)
    assert remote.asked == 1


def test_a_dask_worker_without_the_package_is_named():
    """It dies of the first task, and the scheduler waits for another one for ever."""
    prepared = gm.Numerical(step=1e-3, executor=Remote(ModuleNotFoundError("gradmethods")))
    with pytest.raises(gm.WorkerFault, match=r"The worker a has no gradmethods \(gradmethods\)"):
        prepared.prepare(gm.Problem(smooth, np.ones(2)))([1.0, 1.0])


def test_a_scheduler_that_is_gone_is_said(monkeypatch):
    """A user would see the inside of Dask, and no word of what was under way."""
    monkeypatch.setattr(pool, "COUNT", -1.0)
    remote = Remote()
    prepared = gm.Numerical(step=1e-3, executor=remote).prepare(gm.Problem(smooth, np.ones(2)))
    prepared([1.0, 1.0])
    remote.lost = True
    said = r"cannot be started again: Client is closed\. Parameter 0 .* Start the scheduler"
    with pytest.raises(gm.WorkerFault, match=said):
        prepared([1.0, 1.0])


def restarted():
    """Return what makes pools of two processes."""
    return functools.partial(ProcessPoolExecutor, 2)


PLAIN: dict[str, Any] = {"scheme": "central", "step": 1e-3}


@pytest.mark.parametrize("kind", ["dies", "exits", "hangs", "sleeps", "is NaN"])
def test_a_worker_that_fails_once_is_made_good(tmp_path, monkeypatch, many_parts, kind):
    """One of a hundred machines would cost the work of all of them."""
    for name in ("GRACE", "START"):
        monkeypatch.setattr(workers, name, 0.3)
    point = np.full(24, 0.5)
    alone = answer(gm.Problem(smooth, point), point, **PLAIN)
    problem = gm.Problem(Faulty(kind, tmp_path, entry=17), point)
    made = gm.Numerical(**PLAIN, executor=restarted(), timeout=0.3)
    prepared = made.prepare(problem)
    try:
        assert prepared(point).gradient.tobytes() == alone[1]
        assert prepared.mishaps
        assert all("params[" in text for text in prepared.mishaps)
    finally:
        prepared.close()


@pytest.mark.parametrize(
    ("kind", "timeout", "said"),
    [
        ("dies", 60, "its worker died, 4 times"),
        ("hangs", 0.05, "stopped after 0.05 s"),
        ("exits", 60, "TooMuch: enough, 4 times"),
    ],
)
def test_a_part_that_always_fails_is_named(tmp_path, many_parts, kind, timeout, said):
    """The user would have to look for one entry of a million."""
    point = {"layers": [{"W": np.full((4, 6), 0.5)}]}
    loss = Faulty(kind, tmp_path, entry=17, times=100, of=("layers", 0, "W"))
    made = gm.Numerical(**PLAIN, executor=restarted(), timeout=timeout)
    prepared = made.prepare(gm.Problem(loss, point))
    with pytest.raises(gm.WorkerFault, match="could not be computed in 4 tries") as found:
        prepared(point)
    assert r"params['layers'][0]['W'][2, 5]" in str(found.value)
    assert said in str(found.value)
    prepared.close()


def test_what_the_loss_itself_does_is_its_own(tmp_path, many_parts, pool):
    """A loss that is NaN beside its point, or refuses it, would be taken for a broken machine."""
    point = np.linspace(0.5, 1.0, 20)
    for loss in (Faulty("is NaN", tmp_path, entry=3, times=10**6, anywhere=True), refusing):
        problem = gm.Problem(loss, point)
        alone = answer(problem, point, scheme="forward", step=1e-3)
        assert answer(problem, point, scheme="forward", step=1e-3, executor=pool) == alone


def refusing(w, *, xp=np):
    if float(w[4]) > 0.7106:
        raise ValueError("too large")
    return smooth(w, xp=xp)


def test_a_pool_that_broke_says_what_to_give(tmp_path):
    """Whoever gave an executor would not know of a function, which is called again."""
    with ProcessPoolExecutor(1) as executor:
        prepared = gm.Numerical(**PLAIN, executor=executor).prepare(
            gm.Problem(Faulty("dies", tmp_path), np.full(4, 0.5))
        )
        with pytest.raises(gm.WorkerFault, match=r"executor=functools.partial\(ProcessPool"):
            prepared([0.5] * 4)


def test_a_worker_of_another_version_is_refused(monkeypatch):
    """Numbers of two versions of NumPy would be mixed in one gradient."""
    monkeypatch.setattr(workers, "surroundings", lambda: ("numpy 1.0",))
    prepared = gm.Numerical(**PLAIN, executor=Shuffled(1)).prepare(gm.Problem(smooth, np.ones(2)))
    with pytest.raises(gm.WorkerFault, match=r"A worker has Python .* here are numpy 1\.0"):
        prepared([1.0, 1.0])


def test_workers_are_not_timed(pool):
    """The time of a gradient would be that of whoever else works there."""
    problem = gm.Problem(smooth, np.ones(2))
    provider = gm.Numerical(executor=pool)
    with pytest.raises(gm.InvalidOption, match="Times are not taken on shared workers"):
        gm.compare(problem, provider, seconds=0.1)
    assert gm.compare(problem, provider, seconds=0).verdicts == {"numerical": "right"}


def test_bad_options_are_refused():
    """They would be found out in the first gradient, after the choice of steps."""
    with pytest.raises(gm.InvalidOption, match=r"executor must be a concurrent\.futures\.Executor"):
        gm.Numerical(executor=4)
    with pytest.raises(gm.InvalidOption, match="timeout must be a positive number"):
        gm.Numerical(timeout=0)


def test_an_executor_is_no_part_of_the_method():
    """Tables would show two methods, where one is asked in two ways."""
    provider = gm.Numerical(executor=Shuffled(2), timeout=3)
    assert provider == gm.Numerical()
    assert provider.name == "numerical"
    assert repr(provider) == repr(gm.Numerical())


def test_a_dead_end_stops_the_work(many_parts):
    """Work that nobody waits for any more would go on, and its processes with it."""
    made = Workers(restarted())
    results = made.map(time.sleep, (), ((str, (0.0,)) for _ in range(10**6)))
    next(results)
    processes = list(made.pool._processes)
    for process in processes:
        os.kill(process, 0)
    results.close()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.medium
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of its processes
def test_dask_changes_no_bit(tmp_path, many_parts):
    """Dask pickles, repeats and loses tasks in its own way."""
    distributed = pytest.importorskip("dask.distributed")
    problem = gm.Problem(bumpy, np.linspace(-1.7, 2.3, 40), {"a": np.linspace(0.3, 4.0, 40)})
    made = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    )
    with made as cluster, distributed.Client(cluster) as client:
        executor = client.get_executor()
        for options in ({"scheme": "central"}, {"scheme": "five-point", "evaluation": "reuse"}):
            alone = answer(problem, problem.params, **options)
            assert answer(problem, problem.params, **options, executor=executor) == alone
        for kind in ("is NaN", "dies"):
            (tmp_path / kind).mkdir()
            point = np.full(24, 0.5)
            faulty = gm.Problem(Faulty(kind, tmp_path / kind, entry=17), point)
            alone = answer(gm.Problem(smooth, point), point, **PLAIN)
            assert answer(faulty, point, **PLAIN, executor=executor) == alone
        inside = np.arange(3.0)
        loss = gm.Problem(lambda w, *, xp=np: xp.sum(inside * w), np.ones(3))
        found = gm.Numerical(executor=executor).prepare(loss)([1.0, 2.0, 3.0])
        np.testing.assert_allclose(found.gradient, inside, atol=1e-9)


MPI = """
def main():
    import numpy as np
    from mpi4py.futures import MPIPoolExecutor
    import gradmethods as gm
    from tests.providers.test_workers import answer
    from tests.worker_losses import bumpy

    problem = gm.Problem(bumpy, np.linspace(-1.7, 2.3, 110), {"a": np.linspace(0.3, 4.0, 110)})
    with MPIPoolExecutor() as executor:
        for scheme, evaluation in (("five-point", "plain"), ("central", "reuse")):
            method = {"scheme": scheme, "evaluation": evaluation}
            alone = answer(problem, problem.params, **method)
            assert answer(problem, problem.params, **method, executor=executor) == alone
        print("equal bits from", executor.num_workers)

if __name__ == "__main__":
    main()
"""


@pytest.mark.medium
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_mpi_changes_no_bit(tmp_path):
    """MPI starts its processes in its own way, and pickles by its own rules."""
    pytest.importorskip("mpi4py")
    env = os.environ | {  # of Open MPI, before version 5 and since: three processes on any machine
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    script = tmp_path / "script.py"
    script.write_text(MPI)
    command = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script)]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout == "equal bits from 2\n", done.stderr
