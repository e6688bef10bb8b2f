"""Peers: other engines behind our interface, and the comparison with them.

Most of this runs without any peer installed; what needs one is skipped with what is missing.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.accuracy.errors import gradient_error
from gradmethods.cost.plan import Gap
from gradmethods.errors import GradientError
from gradmethods.peers import FAMILIES, PEERS, NotInstalled, run
from gradmethods.peers.cases import GRID, SMALL, Case, chosen
from gradmethods.peers.contest import contest, summary
from gradmethods.peers.handwritten import HandWritten
from gradmethods.peers.results import write_results
from gradmethods.peers.trial import run_case
from gradmethods.provider import Provider
from gradmethods.report.files import RECORDS, append_record, read_json, read_records

PACKAGES = sorted({package for p in PEERS.values() for package in p.packages})

LARGEST_ERROR = {"backprop": 1e-13, "analytical": 1e-12, "numerical": 1e-6}
"""Relative to the norm: round-off of some hundred operations; balanced central differences."""


def error(result, problem):
    """The distance from backprop's gradient, relative to its norm."""
    ours = gm.Backprop().prepare(problem)(problem.params)
    assert result.value == pytest.approx(ours.value, rel=1e-13)
    check = problem.structure.check
    return gradient_error(check(result.gradient), check(ours.gradient)).norm


def installed(name):
    """The peer, or a skip that says what is missing."""
    missing = PEERS[name].missing()
    if missing:
        pytest.skip(missing)
    return PEERS[name]


# -- without any peer


def test_peers_are_providers():
    """If they were not, nothing of the suite could be applied to them."""
    assert len(PEERS) == sum(map(len, FAMILIES.values()))
    for name, engine in PEERS.items():
        assert isinstance(engine, Provider)
        assert engine.name == name
        assert engine == type(engine)(**vars(engine))


def test_a_missing_package_is_an_obstacle_with_its_remedy(monkeypatch):
    """If it raised, a comparison would end where a row of its table should say what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    problem = problems.get("mlp", widths=(2, 3, 1), batch=5)
    for engine in PEERS.values():
        if engine.packages:
            reason = str(engine.obstacle(problem))
            assert reason.startswith("not installed: pip install gradmethods[peers]")
            assert engine.packages[0] in reason
            with pytest.raises(NotInstalled, match="pip install"):
                engine.prepare(problem)


def test_importing_the_room_loads_no_peer():
    """If it did, a user without torch could not even read why torch is not in the table."""
    heavy = [package for package in PACKAGES if package != "sympy"]
    code = (
        "import sys, gradmethods.peers.run, gradmethods.peers.__main__;"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("widths", [(2, 3, 1), (3, 5, 4, 2), (2, 2)])
def test_the_hand_written_pass_is_right(widths, activation, loss):
    """A wrong yardstick would make ours look slow, or fast."""
    problem = problems.get("mlp", widths=widths, batch=7, activation=activation, loss=loss)
    other = problems.get("mlp", widths=widths, batch=7, activation=activation, loss=loss, seed=1)
    prepared = HandWritten().prepare(problem)
    assert error(prepared(problem.params), problem) < 1e-12
    assert error(prepared(other.params, **other.data), other) < 1e-12


def test_the_hand_written_pass_returns_fresh_gradients():
    """If they were its buffers, it would save time that ours must spend."""
    problem = problems.get("mlp", widths=(2, 4, 3, 1), batch=6)
    prepared = HandWritten().prepare(problem)
    first = prepared(problem.params).gradient
    kept = {name: array.copy() for name, array in first.items()}
    prepared({name: array + 1 for name, array in problem.params.items()})
    assert all(np.array_equal(first[name], kept[name]) for name in kept)


def test_the_hand_written_pass_refuses_other_losses():
    """If it took any, it would return the gradient of another function."""
    assert "mlp" in str(HandWritten().obstacle(problems.get("rosenbrock")))


def test_a_loss_of_components_is_that_part_of_the_loss():
    """If it were not, differences at a million parameters would be of something else."""
    case = Case("numerical", (2, 4, 1), components=5)
    part, whole = case.problem(seed=3), Case("numerical", (2, 4, 1)).problem(seed=3)
    gradient = gm.Numerical().prepare(part)(part.params).gradient
    reference = case.reference(seed=3)
    assert gradient == pytest.approx(reference[""], abs=1e-9)
    joined = whole.structure.join(Case("numerical", (2, 4, 1)).reference(seed=3))
    assert np.array_equal(joined[chosen(whole.size, 5, seed=3)], reference[""])
    assert part.value() == whole.value()


class Clock:
    """A clock that calls move on."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def takes(self, seconds):
        def call():
            self.now += seconds

        return call


def test_rounds_are_paired_and_the_slow_leave():
    """If rounds were not taken side by side, a ratio would compare two states of the machine."""
    clock = Clock()
    calls = {"loss": clock.takes(1.0), "ours": clock.takes(2.0), "fast": clock.takes(4.0)}
    calls["slow"] = clock.takes(50.0)
    known = {"slow": 50.0}
    done = contest(calls, ("loss", "ours"), seconds=400.0, known=known, clock=clock)
    rounds = {name: len(contender.seconds) for name, contender in done.items()}
    assert rounds["loss"] == rounds["ours"] >= rounds["fast"] > rounds["slow"] == 2
    found = summary(done, "slow", ("ours",))
    assert found["ratios"]["ours"]["median"] == pytest.approx(0.04)
    assert found["per_loss"]["median"] == pytest.approx(50.0)
    assert found["rounds"] == 2
    once = contest(calls, ("loss", "ours"), seconds=0.0, known=known, clock=clock)
    assert len(once["slow"].seconds) == 1


def test_the_grid_has_the_sizes_asked_for():
    """If a size were wrong, a ratio would be cited for a network that nobody measured."""
    sizes = {f: [case.n for case in GRID if case.family == f] for f in FAMILIES}
    assert sizes["backprop"] == [13, 1185, 10501, 97651, 1005001, 10001401]
    assert sizes["numerical"] == [13, 129, 1185, 10501, 1005001]
    assert sizes["analytical"] == [13, 33, 65, 129]
    assert len({case.key for case in GRID}) == len(GRID)
    for case in SMALL:
        assert case.problem(0).size == case.n


@dataclass(frozen=True)
class Fake:
    """A contender that refuses, breaks, or is too slow."""

    name: str
    says: str | None = None
    raises: type[BaseException] | None = None

    def obstacle(self, problem):
        return self.says

    def prepare(self, problem):
        if self.raises is not None:
            raise self.raises("planted")
        while True:
            pass


def measured(monkeypatch, case=SMALL[0], **more):
    """Run a case with the contenders of the core and some fakes; return its records by name."""
    present = {"backprop": gm.Backprop(), "hand-written": HandWritten()} | more
    monkeypatch.setattr(Case, "contenders", lambda self: present)
    records: list[dict[str, Any]] = []
    run_case(case, records.append, seconds=0.0, limit=0.5)
    return {record["contender"]: record for record in records}


def test_a_case_leaves_a_record_of_everybody(monkeypatch):
    """If a contender left no row, the table would be silently incomplete."""
    records = measured(
        monkeypatch,
        torch=Fake("torch", says="not installed: pip install gradmethods[peers]"),
        jax=Fake("jax", raises=ZeroDivisionError),
        autograd=Fake("autograd"),
    )
    assert set(records) == {"loss", "backprop", "hand-written", "torch", "jax", "autograd"}
    gaps = {name: record["kind"] for name, record in records.items() if "kind" in record}
    assert gaps == {"torch": "obstacle", "jax": "error", "autograd": "limit"}
    own, theirs = records["backprop"], records["hand-written"]
    assert (own["role"], theirs["role"], records["loss"]["role"]) == ("ours", "peer", "loss")
    assert own["error"] == 0.0
    assert theirs["error"] < 1e-13
    assert theirs["rounds"] == len(theirs["seconds_per_call"]) == 1
    assert set(theirs["ratios"]) == {"backprop"}
    json.dumps(records)


def test_tables_and_figures_follow_from_the_records(monkeypatch, tmp_path):
    """If they needed a measurement, nobody could check a published one."""
    found = measured(monkeypatch, torch=Fake("torch", says="not installed"))
    for record in found.values():
        append_record(tmp_path / RECORDS, record)
    first = {path: path.read_bytes() for path in write_results(tmp_path)}
    assert {path: path.read_bytes() for path in write_results(tmp_path)} == first
    text = (tmp_path / "tables" / "tab-peers-times.md").read_text()
    assert "by hand, NumPy" in text
    assert "refused" in text
    assert "not installed" in (tmp_path / "tables" / "tab-peers-gaps.csv").read_text()
    overall = (tmp_path / "tables" / "tab-peers-overall.csv").read_text()
    assert "hand-written" in overall
    index = read_json(tmp_path / "index.json")
    names = {item["id"] for item in index["items"]}
    assert {"fig-peers-time-backprop", "fig-peers-ratio-backprop"} <= names
    assert all((tmp_path / file).exists() for item in index["items"] for file in item["files"])


def test_a_run_that_was_killed_goes_on(monkeypatch, tmp_path):
    """If it started afresh, an interruption would cost the whole run; if it mixed, the truth."""
    asked = []

    def killed(case, path, seconds, seed, left):
        asked.append(case.key)
        return Gap("error", "The process ended with status -9.")

    monkeypatch.setattr(run, "_run", killed)
    assert run.run_comparison(tmp_path, cases=GRID[:2]) == 1
    assert asked == [case.key for case in GRID[:2]]
    records = read_records(tmp_path / RECORDS)
    assert len(records) == sum(1 + len(case.contenders()) for case in GRID[:2])
    assert {record["reason"] for record in records} == {"The process ended with status -9."}
    run.run_comparison(tmp_path, cases=GRID[:3], resume=True)
    assert asked == [case.key for case in GRID[:3]]
    with pytest.raises(GradientError, match="its seed was 0, now it is 1"):
        run.run_comparison(tmp_path, cases=GRID[:1], resume=True, seed=1)


def test_what_the_budget_does_not_hold_is_a_gap(tmp_path):
    """If it were run, `make bench-peers` would take longer than it promises."""
    assert run.run_comparison(tmp_path, cases=GRID[:1], budget=0.5, seconds=1.0) == 0
    assert {record["kind"] for record in read_records(tmp_path / RECORDS)} == {"budget"}


def test_the_process_of_a_case_measures(tmp_path):
    """If the plumbing between the processes broke, `make bench-peers` would measure nothing."""
    case = next(case for case in GRID if case.key == "analytical-2-3-1")
    assert run._run(case, tmp_path / RECORDS, 0.05, 0, 120.0).kind == "not run"  # all are recorded
    records = {record["contender"]: record for record in read_records(tmp_path / RECORDS)}
    assert set(records) == {"loss", *case.contenders()}
    assert records["sympy.lambdify:cse"]["error"] < LARGEST_ERROR["analytical"]
    assert records["analytical"]["per_loss"]["median"] > 0


# -- with the peers that are installed


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("options", [{}, {"activation": "tanh", "loss": "squared-error"}], ids=str)
def test_a_peer_agrees_with_backprop(name, options):
    """If it did not, we would be faster than something else."""
    engine = installed(name)
    family = next(f for f, members in FAMILIES.items() if engine in members)
    problem = problems.get("mlp", widths=(2, 3, 1), batch=6, **options)
    other = problems.get("mlp", widths=(2, 3, 1), batch=6, seed=1, **options)
    assert engine.obstacle(problem) is None
    prepared = engine.prepare(problem)
    assert error(prepared(problem.params), problem) < LARGEST_ERROR[family]
    assert error(prepared(other.params, **other.data), other) < LARGEST_ERROR[family]
    first = prepared(problem.params).gradient
    kept = {key: array.copy() for key, array in first.items()}
    prepared(other.params)
    assert all(np.array_equal(first[key], kept[key]) for key in kept)


@pytest.mark.parametrize("name", [p.name for p in FAMILIES["numerical"]])
def test_a_peer_counts_its_passes(name):
    """If the count were wrong, so would be the cost of a pass."""
    engine = installed(name)
    problem = problems.get("mlp", widths=(2, 3, 1), batch=6)
    prepared = engine.prepare(problem)
    prepared(problem.params)
    assert (prepared.forward_passes or 0) >= 2 * problem.size


@pytest.mark.parametrize("name", ["jax", "torch", "autograd", "casadi"])
def test_a_peer_takes_bare_parameters_and_kinks(name):
    """If the shims lacked a name, a peer would refuse a loss that it can differentiate."""
    engine = installed(name)

    def loss(w, x, *, xp=np):
        z = xp.maximum(w * x, 0.0) + xp.where(w > 0.3, w, -w) + xp.abs(w - x)
        return xp.sum(z) + xp.mean(xp.concat([w, x]) ** 2)

    problem = gm.Problem(loss, np.array([0.7, -0.2, 0.4]), {"x": [0.3, 0.9, -1.1]})
    assert engine.obstacle(problem) is None
    assert error(engine.prepare(problem)(problem.params), problem) < LARGEST_ERROR["backprop"]


@pytest.mark.parametrize("name", ["jax", "torch", "autograd", "casadi"])
def test_a_peer_says_what_it_cannot_do(name):
    """If it raised instead, one loss would end the comparison."""
    engine = installed(name)

    def loss(w, *, xp=np):
        if xp is not np:
            raise NotImplementedError("no such engine")
        return xp.sum(w)

    reason = engine.obstacle(gm.Problem(loss, np.ones(2)))
    assert reason == "NotImplementedError: no such engine"
