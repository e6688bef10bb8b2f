"""The comparison with peers: rounds, grid, records and folder. No peer is needed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import gradmethods as gm
from benchmarks.peers import frames, judged, libraries, run
from benchmarks.peers.__main__ import main as command
from benchmarks.peers.cases import FAMILIES, GRID, SMALL, Case, by_turns
from benchmarks.peers.digits import plants_frame
from benchmarks.peers.exhibits import fig_peers_digits
from benchmarks.peers.frames import FASTEST
from benchmarks.peers.handwritten import HandWritten
from benchmarks.peers.results import write_results
from benchmarks.peers.run import Plan
from benchmarks.peers.sentences import NAMES, SHORT, WHO, speed
from benchmarks.peers.trial import Entered, describe, gap_record, run_case, take_turns
from gradmethods.app.runs.accuracy import carry_out
from gradmethods.comparison.kills import COLUMNS
from gradmethods.errors import GradientError
from gradmethods.output.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    read_records,
    records_so_far,
    write_json,
)
from gradmethods.providers.attempt import Gap
from gradmethods.timing.provenance import provenance
from gradmethods.timing.rounds import Rounds


def test_contenders_take_turns():
    """If rounds were not taken side by side, a ratio would compare two states of the machine."""
    log: list[str] = []
    fast, slow = (
        Entered(Rounds(partial(log.append, name), print), {}, known)
        for name, known in (("fast", 1.0), ("slow", 3.0))
    )
    take_turns([fast, slow], 6.0, seed=0)
    assert sorted(log[:2]) == ["fast", "slow"]
    assert log[2:] == ["fast"] * 4  # an interval; the slow one would take too long for it
    pairs = fast.rounds.beside(slow.rounds)
    assert pairs.gradient_seconds == fast.rounds.gradient_seconds[:1]
    assert pairs.loss_seconds == slow.rounds.gradient_seconds


def test_what_a_peer_compiles_pays_after_so_many_gradients():
    """If compiling were not counted, JAX would seem ahead from the first gradient on."""

    def contender(seconds, preparation):
        ends = dict.fromkeys(("median", "low", "high"), seconds)
        return {"time": ends, "preparation": preparation, "preparation_parts": {"import": 1.0}}

    found = frames._pays(contender(3e-3, 1.5), contender(1e-3, 3.5))
    assert found["theirs_pays"] == found["theirs_pays_low"] == found["theirs_pays_high"] == 1000
    assert found["ours_pays"] == math.inf
    cheap = frames._pays(contender(1e-3, 1.0), contender(3e-3, 3.0))
    assert (cheap["ours_pays"], cheap["theirs_pays"]) == (0, math.inf)


def test_the_grid_has_the_sizes_asked_for():
    """If a size were wrong, a ratio would be cited for a network that nobody measured."""
    sizes = {f: [case.n for case in GRID if case.family == f] for f in FAMILIES}
    assert sizes["backprop"] == [13, 1185, 10501, 97651, 1005001, 10001401]
    assert sizes["numerical"] == [13, 129, 1185, 2965, 10501, 1005001]
    assert sizes["analytical"] == [13, 33, 65, 129]
    assert sizes["float32"] == sizes["backprop"][:4]
    assert sizes["log-sum-exp"] == [100, 1000, 10_000, 1_000_000]
    assert sizes["gaussian-mixture"] == [30, 210, 1650]
    assert sizes["runge-kutta"] == [10, 1000, 100_000]
    assert sizes["kalman"] == [3, 3, 3]
    assert set(sizes) == set(NAMES) == set(WHO)
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


def run_with(monkeypatch, contenders, limit=math.inf):
    """Run a case with some contenders; return its records by name."""
    monkeypatch.setattr(Case, "contenders", lambda self: contenders)
    records: list[dict[str, Any]] = []
    run_case(SMALL[0], records.append, seconds=0.0, limit=limit)
    return {record["contender"]: record for record in records}


def measured(monkeypatch, **more):
    """Run a case with the contenders of the core and some fakes, whatever time they take."""
    present = {"backprop": gm.Backprop(), "hand-written": HandWritten()} | more
    return run_with(monkeypatch, present)


@pytest.mark.medium
def test_a_case_leaves_a_record_of_everybody(monkeypatch):
    """If a contender left no row, the table would be silently incomplete."""
    records = measured(
        monkeypatch,
        torch=Fake("torch", says="not installed: pip install torch"),
        jax=Fake("jax", raises=ZeroDivisionError),
    )
    assert set(records) == {"loss", "backprop", "hand-written", "torch", "jax"}
    gaps = {name: record["kind"] for name, record in records.items() if "kind" in record}
    assert gaps == {"torch": "obstacle", "jax": "error"}
    own, theirs = records["backprop"], records["hand-written"]
    assert (own["role"], theirs["role"], records["loss"]["role"]) == ("ours", "peer", "loss")
    assert own["error"] == 0.0
    assert theirs["error"] < 1e-13
    assert theirs["rounds"] == len(theirs["paired"]["backprop"]) == 1
    assert set(theirs["ratios"]) == {"backprop"}
    json.dumps(records)


def test_who_never_ends_is_a_gap(monkeypatch):
    """If it were waited for, one contender would keep the numbers of all others."""
    records = run_with(monkeypatch, {"autograd": Fake("autograd")}, limit=0.01)
    assert records["autograd"]["kind"] == "limit"
    assert records["loss"]["outcome"] == "measured"


@pytest.mark.medium
def test_tables_and_figures_follow_from_the_records(monkeypatch, tmp_path, svg_alone):
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


def test_a_comparison_is_published_with_its_sentences(tmp_path):
    """If its records stayed behind, what the README says of speed could not be made again."""
    for place in (tmp_path, tmp_path / "without-avx512"):
        append_record(place / RECORDS, describe(GRID[0], "jax", 0) | gap_record(Gap("error", "")))
    origin = provenance([], seed=0, without=["avx512"])
    write_json(tmp_path / "without-avx512" / PROVENANCE, origin)
    target = tmp_path / "committed"
    for more in ((), ("--without", "avx512")):
        assert command(["--out", str(tmp_path), "--publish", str(target), *more]) == 0
    for place in (target, target / "without-avx512"):
        assert read_records(place / RECORDS) == read_records(tmp_path / RECORDS)
        assert ("all held to AVX2" in (place / "speed.md").read_text()) == (place != target)
        assert not list(place.glob("tables/*.csv"))
        table = (place / "tables" / "tab-peers-gaps.md").read_text()
        assert ("why, without AVX-512.**" in table) == (place != target)


def test_a_run_that_was_killed_goes_on(monkeypatch, tmp_path):
    """If it started afresh, an interruption would cost the whole run; if it mixed, the truth."""
    asked = []

    def killed(case, path, plan, left, share):
        asked.append(case.key)
        return Gap("error", "The process ended with status -9.")

    monkeypatch.setattr(run, "_run", killed)
    monkeypatch.setattr(run, "_start", lambda arguments, allowance: 0)
    assert run.run_comparison(tmp_path, Plan(cases=GRID[:2])) == 1
    assert asked == [case.key for case in GRID[:2]]
    records = read_records(tmp_path / RECORDS)
    assert len(records) == sum(1 + len(case.contenders()) for case in GRID[:2])
    assert {record["reason"] for record in records} == {"The process ended with status -9."}
    run.run_comparison(tmp_path, Plan(cases=GRID[:3]), resume=True)
    assert asked == [case.key for case in GRID[:3]]
    with pytest.raises(GradientError, match="its seed was 0, now it is 1"):
        run.run_comparison(tmp_path, Plan(cases=GRID[:1], seed=1), resume=True)


def test_what_the_budget_does_not_hold_is_a_gap(tmp_path):
    """If it were run, `make bench-peers` would take longer than it promises."""
    plan = Plan(cases=GRID[:1], budget=0.5, seconds=1.0, judged=False)
    assert run.run_comparison(tmp_path, plan) == 0
    assert {record["kind"] for record in read_records(tmp_path / RECORDS)} == {"budget"}


def test_every_family_has_its_share(tmp_path, monkeypatch):
    """If the first cases took what they liked, the last families would never be measured."""
    started = []

    def start(arguments, allowance, without):
        started.append((arguments[1], float(arguments[3]), float(arguments[4]), without))
        return 0

    monkeypatch.setattr(run, "_start", start)
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    monkeypatch.setattr(run, "write_results", lambda folder: [])
    cases = [case for case in GRID if case.n == 13]
    assert len(cases) == len({case.family for case in cases}) == 4
    cases += [case for case in GRID if case.n == 1185]
    plan = Plan(cases=sorted(cases, key=lambda case: case.family), seconds=20.0, judged=False)
    plan = replace(plan, budget=25 * len(cases) + run.REPORT)
    run.run_comparison(tmp_path, plan)
    keys, seconds, limits, without = map(list, zip(*started, strict=True))
    assert keys == [case.key for case in by_turns(plan.cases)]
    assert {key.split("-2-")[1] for key in keys[:4]} == {"3-1"}
    assert seconds[0] == 25 - run.SETUP
    assert limits[0] == 25
    assert set(without) == {()}


def test_instructions_are_switched_off_for_everybody():
    """If one library kept AVX-512, a table without it would compare two kinds of machines."""
    assert {"NPY_DISABLE_CPU_FEATURES", *libraries.RELEASED}.isdisjoint(libraries.chosen())
    held = libraries.chosen(["avx512"])
    assert held["XLA_FLAGS"].endswith("--xla_cpu_max_isa=AVX2")
    assert held["OMP_NUM_THREADS"] == "1"
    assert set(libraries.RESTRICTED) - {"XLA_FLAGS"} <= set(libraries.RELEASED)
    libraries.refuse_wide(["openblas 0.3.30 Haswell", "NumPy X86_V3", "PyTorch AVX2"])
    for wide in ("openblas 0.3.30 SkylakeX", "NumPy AVX512_ICL", "PyTorch AVX512"):
        with pytest.raises(GradientError, match=wide):
            libraries.refuse_wide(["PyTorch AVX2", wide])


def test_sentences_follow_from_the_table():
    """If README's sentences were written by hand, they would tell of another run."""
    row = {"ours": "backprop", "sizes": 2, "low": 0.4, "high": 0.6, "worst_network": "2-3-1"}
    row |= {"geometric_mean": 0.5, "worst": 0.75, "worst_n": 13, "n_from": 13, "n_to": 1185}
    words, _ = FASTEST["backprop"]
    overall = pd.DataFrame(
        [row | {"family": "backprop", "theirs": who} for who in (words, "jax")]
        + [row | {"family": "kalman", "theirs": words, "n_from": 3, "n_to": 3}]
    )
    origin = {"machine": {"processor": "A"}, "vectors": ["avx2", "avx512f"], "date": "2026-01-02T"}
    mean = "0.500 [0.400, 0.600]"
    networks = f"{mean} (n = 13 to 1,185; at worst 0.750)"
    kalman = f"{mean} (n = 3; at worst 0.750)"
    lead, _, said = speed(overall, origin).splitlines()
    assert lead.startswith("A with AVX-512, one thread, 2026-01-02, ")
    assert said == f"- Backpropagation ÷ {words}: networks {networks}, a Kalman filter {kalman}."
    assert speed(overall, origin | {"without": ["avx512"]}).startswith("A, all held to AVX2, ")
    assert set(SHORT) == set(FAMILIES)


def test_what_is_judged_has_its_figure_and_tables(monkeypatch, tmp_path, svg_alone):
    """If a cell told another story than its record, who is right would be told wrongly."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    steep = gm.Problem(lambda w, xp=np: xp.sum(w**4), np.array([2.0, 1.0]), name="steep")
    monkeypatch.setattr(judged, "field", lambda: [steep])
    kept = ("gradient/network-1-1-1/", "gallery/underflow", "planted/")
    todo = [task for task in judged.judged_tasks() if task.key.startswith(kept)]
    assert len(todo) == len(judged.METHODS) + 2
    carry_out(todo, tmp_path / ACCURACY)
    write_results(tmp_path)
    index = {item["id"] for item in read_json(tmp_path / "index.json")["items"]}
    tables = {f"tab-{name}" for name in ("peers-digits", "checkers-summary", "checkers-mistakes")}
    assert index == {"fig-peers-digits", *tables}
    table = pd.read_csv(tmp_path / "tables" / "tab-peers-digits.csv").set_index("provider")
    found = table.loc["backprop"].to_dict()
    given = [found[name] for name in ("answered", "problems", "wrong", "hard_cases")]
    assert given == [1, 1, 1, 1]  # backprop is wrong on the hard case
    assert found["fewest_digits"] >= 14
    assert found["caught"] == found["mistakes"] > 20
    assert (found["rejected"], found["right_given"]) == (0, 3)
    theirs = table.loc["torch"].to_dict()
    assert (theirs["answered"], theirs["refused"], theirs["mistakes"]) == (0, 1, 0)
    cells = pd.read_csv(tmp_path / "figures" / "fig-peers-digits.csv")
    assert len(cells) == 2 * len(judged.METHODS)
    text = (tmp_path / "tables" / "tab-checkers-summary.md").read_text()
    assert "gradmethods" in text
    assert "not installed: pip install jax" in text


def test_no_word_of_the_figure_of_digits_is_cut_off():
    """If the room for names were guessed, a long name would leave the page."""
    rows = [
        {"block": block, "problem": f"{block}-{'m' * n}", "provider": name, "outcome": "right",
         "digits": 15.0, "marked": 0}
        for block, n in (("catalogue", 5), ("hard cases", 40))
        for name in judged.METHODS
    ]  # fmt: skip
    planted = plants_frame(pd.DataFrame(columns=["outcome", "mistake", "change", "checker"]))
    for size in ("wide", "column"):
        figure = fig_peers_digits.draw(pd.DataFrame(rows), planted, size)
        figure.set_dpi(1000)  # letters of whole pixels are wider than those of a PDF
        figure.draw_without_rendering()
        words = [each for each in figure.findobj(Text) if each.get_visible() and each.get_text()]
        assert len(words) > len(rows)
        page = figure.bbox
        outside = [
            each.get_text()
            for each, place in ((each, each.get_window_extent()) for each in words)
            if min(place.x0, place.y0) < 0 or place.x1 > page.x1 or place.y1 > page.y1
        ]
        assert outside == []


def test_mistakes_are_counted_by_their_size():
    """If those of one size were counted twice or never, a checker would look better than it is."""
    changes = [0.0, 1e-9, 1e-8, 1e-5, 1e-4, 0.05, 0.1, 7.0, np.inf, np.nan]
    rows = [
        ("p", "twice" if change else "", "", change, np.nan, "gradmethods", "caught", "")
        for change in changes
    ]
    found = plants_frame(pd.DataFrame(rows, columns=COLUMNS))
    assert found["given"].tolist() == [2, 2, 2, 2, 1, 1]
    assert found["rejected"].tolist() == found["given"].tolist()


def test_whose_mistakes_a_process_judges_is_told(tmp_path):
    """If the process that judges recorded nothing, all that it is asked would be missing."""
    assert run.judge([str(tmp_path / ACCURACY), "0"]) == 0
    records = records_so_far(tmp_path / ACCURACY)
    assert {record["gap"] for record in records} == {"budget"}
    assert len(records) == len(judged.judged_tasks())


@pytest.mark.slow
def test_the_process_of_a_case_measures(tmp_path):
    """If the plumbing between the processes broke, `make bench-peers` would measure nothing."""
    case = next(case for case in GRID if case.key == "analytical-2-3-1")
    plan = Plan(seconds=0.05)
    assert run._run(case, tmp_path / RECORDS, plan, 1e6, 1e6).kind == "not run"  # all are recorded
    records = {record["contender"]: record for record in read_records(tmp_path / RECORDS)}
    assert set(records) == {"loss", *case.contenders()}
    assert records["sympy.lambdify:cse"]["error"] < 1e-12
    assert records["analytical:cse"]["per_loss"]["median"] > 0
