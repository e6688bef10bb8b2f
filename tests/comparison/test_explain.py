"""explain: the operation that makes a NaN or loses digits is named, and the remedy is right."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.comparison.finding import Fault
from gradmethods.comparison.remedies import REMEDIES
from gradmethods.problems import hard
from gradmethods.xp.primitives import TABLE
from tests.explain_table import FIRST, KINDS, NAN, PATH, QUIET, TARGETS, hard_row, kind_row
from tests.program_writer import written


@pytest.mark.parametrize("name", KINDS)
def test_the_operation_and_its_line_are_named(name):
    """Without the line a reader looks for the operation in vain; the first one is the cause."""
    kind = KINDS[name]
    first = gm.explain(gm.Problem(kind.loss, np.array(kind.x))).findings[0]
    assert (first.fault, first.operation, first.backward) == kind.first
    assert kind.advice in first.remedy
    source, start = inspect.getsourcelines(kind.loss)
    assert first.place is not None
    assert first.place.file == "explain_table.py"
    assert first.place.text in source[first.place.line - start]


@pytest.mark.parametrize("name", KINDS)
def test_the_remedy_is_the_same_loss_and_right(name):
    """Advice that changed the loss, or did not help, would be worse than none."""
    kind = KINDS[name]
    problem = gm.Problem(kind.rewritten, np.array(kind.x))
    better, truth = gm.explain(problem), gm.certified_gradient(problem)
    assert not [x for x in better.findings if not x.backward], str(better)
    assert float(problem.value()) == pytest.approx(float(truth.value), rel=1e-14)
    # Where the loss as it was is smooth with exact numbers, it has that gradient.
    try:
        before = gm.certified_gradient(gm.Problem(kind.loss, np.array(kind.x)))
    except gm.NotDifferentiable:
        return
    np.testing.assert_allclose(before.gradient, truth.gradient, rtol=1e-15)


@pytest.mark.parametrize("name", hard.names())
def test_hard_cases(name):
    """A case that is hard for its operations is explained by them, and no other is accused."""
    findings = gm.explain(hard.get(name)).findings
    if name in QUIET:
        assert findings == ()
    else:
        assert (findings[0].fault, findings[0].operation, findings[0].backward) == FIRST[name]
        assert findings[0].remedy


@pytest.mark.parametrize(
    ("name", "operation"),
    [("relu-at-kink", "xp.maximum of 0 and 0"), ("max-tie", "xp.max of 0.3 … 0.7")],
)
def test_a_kink_is_named_with_what_methods_take_there(name, operation):
    """That nothing is wrong with the operations must not read as if the loss had a gradient."""
    told = gm.explain(hard.get(name)).kink
    assert told.startswith(f"Branches meet in {operation} [kinks.py:")
    assert "the mean of both sides" in told
    assert "not differentiable at this point" in told
    assert gm.explain(hard.get("relu-beside-kink")).kink == ""


@pytest.mark.parametrize(
    "row",
    [hard_row("cancellation"), hard_row("relu-at-kink"), kind_row("log(1 - σ)")],
    ids=lambda row: row[0],
)
def test_the_page_says_what_is_found(row):
    """A table that nobody renews tells of another program."""
    assert f"| {' | '.join(row)} |" in PATH.read_text(encoding="utf-8").splitlines()


def test_digits_are_those_of_the_gradient():
    """The digits that a finding leaves are those that the loss in its own precision has."""
    problem = hard.get("cancellation")
    found = gm.explain(problem)
    truth = gm.certified_gradient(problem)
    (error,) = truth.error(gm.gradient(problem.loss, problem.params)).values()
    lost = np.abs(error).max() / np.abs(truth.gradient).max()
    assert found.backprop == pytest.approx(-math.log10(lost), abs=1e-6)
    assert float(problem.value()) != float(truth.value)
    assert found.findings[0].reaches["the loss"] < 8


@pytest.mark.parametrize(
    ("loss", "advice"),
    [
        (lambda x, *, xp=np: xp.sum(xp.log(x / (1 - x))), "the logit z"),
        (lambda x, *, xp=np: xp.sum(xp.atanh(x)), "what it was the xp.tanh of"),
    ],
)
def test_an_infinity_at_one_is_told_by_what_it_was_before(loss, advice):
    """No rewriting helps once σ(z) or tanh(z) is rounded to 1: the advice must go back to z."""
    assert advice in gm.explain(gm.Problem(loss, np.array([1.0, 0.5]))).findings[0].remedy


def test_data_that_are_nan():
    """A NaN that the data bring is no operation's fault."""
    problem = gm.Problem(
        lambda w, x, *, xp=np: xp.sum(w * x), np.ones(2), {"x": np.array([1.0, np.nan])}
    )
    (found,) = gm.explain(problem).findings
    assert (found.fault, found.operation, found.entry) == (NAN, "the input x", (1,))


def test_what_is_too_large_is_said(monkeypatch):
    """Large losses are not enclosed; that nothing was found must not be read as all is well."""
    monkeypatch.setattr("gradmethods.comparison.replay.ENTRIES", 10)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), np.zeros(30))
    found = gm.explain(problem)
    assert found.exact == ""
    assert "only NaN and infinities were looked for" in " ".join(str(found).split())


def test_names_of_primitives_exist():
    """A remedy under a name that no primitive has would never be found."""
    assert set(REMEDIES) <= set(TABLE)


def test_the_command(capsys, tmp_path):
    """The command prints what the function says, and its status tells whether it found anything."""
    target = tmp_path / "found.csv"
    assert main(["explain", "log-sum-exp-plain", "--csv", str(target)]) == 1
    assert "xp.exp" in capsys.readouterr().out
    assert target.read_text().splitlines()[1].startswith("infinity,forward,xp.exp,ranges.py:")
    assert main(["explain", "log-sum-exp-shifted"]) == 0


def test_a_picture_numbers_what_was_found(tmp_path):
    """The graph and the text must speak of the same operation; text output has no numbers."""
    out = tmp_path / "graph.svg"
    assert main(["graph", "log-sum-exp-plain", "--explain", "--out", str(out)]) == 0
    assert "makes inf of 750" in out.read_text()
    assert main(["graph", "log-sum-exp-plain", "--explain"]) == 2


@pytest.mark.parametrize("seed", [900040, 900142])
def test_random_programs(seed):
    """A backward pass has operations that no loss writes, and cotangents that are constant."""
    found = gm.explain(written(seed).problem())
    assert found.ok, str(found)
    assert not found.backprop < 7  # in single precision; NaN where the loss has no certificate


@pytest.mark.parametrize("name", ["det", "slogdet", "pinv", "qr", "eigh", "svd"])
def test_functions_of_matrices(name):
    """Their derivative rules take operations that no loss can write: balls must know them, too."""

    def loss(a, *, xp=np):
        found = getattr(xp.linalg, name)(a)
        parts = found if isinstance(found, tuple) else (found,)
        return sum(xp.sum(part**2) for part in parts)

    explained = gm.explain(gm.Problem(loss, np.diag([3.0, 2.0, 1.0]) + 0.1 * np.ones((3, 3))))
    assert explained.ok, str(explained)
    assert explained.backprop > 14


def _cross_entropy_of_logits(w, *, xp=np):
    z = w * np.array([1.0, -2.0])
    return xp.sum(xp.where(z > 0, z, 0.0) - z * TARGETS + xp.log1p(xp.exp(-xp.abs(z))))


def test_branches_that_meet_are_told_where_they_make_backprop_wrong():
    """At weights of 0 this loss is smooth, every package is wrong, and nobody would see why."""
    explained = gm.explain(gm.Problem(_cross_entropy_of_logits, np.zeros(2)))
    told = [(x.fault, x.operation, x.operands) for x in explained.findings]
    assert told == [(Fault.TIE, ">", ("0", "0")), (Fault.TIE, "xp.abs", ("0",))]
    assert explained.backprop < 1
    assert (
        "branches meet"
        in gm.compare(explained.problem, [gm.Backprop()], seconds=0).reasons["backprop"]
    )
    assert "xp.maximum(z, 0)" in str(explained)
    assert gm.explain(gm.Problem(_cross_entropy_of_logits, np.ones(2))).ok
    kink = gm.Problem(lambda w, *, xp=np: xp.sum(xp.abs(w)), np.zeros(2))
    assert gm.explain(kink).ok  # of which there is no gradient to be wrong of


def _box(loss, params, data=None, **options):
    return gm.explain(gm.Problem(loss, params, data, black_box=True, **options))


def _sum_of_logs(w):
    return float(np.sum(np.log(w)))


AB = {"a": [1.0, 2.0], "b": [1.0, -2.0, 3.0]}
BOXES = {
    "one entry": (
        lambda: _box(lambda w: float(np.log([*w["a"], *w["b"]]) @ np.ones(5)), AB),
        ["the loss makes nan of b[1] = −2", "With 1 instead, and all else as it is, it is 1.79"],
    ),
    "two entries": (
        lambda: _box(_sum_of_logs, [1.0, -2.0, 3.0, -4.0]),
        ["the loss makes nan of params[1] = −2 and params[3] = −4", "With 1 instead"],
    ),
    "data": (
        lambda: _box(lambda w, x: float(w @ x), [1.0, 2.0], {"x": [1.0, np.inf]}),
        ["the data 'x' holds inf, at entry [1]", "So it is with all parameters 0 or 1"],
    ),
    "an edge": (
        lambda: _box(lambda w: math.sqrt(w[0] - 1) + w[1], [1.0, 2.0]),
        ["makes ValueError: math domain error", "below 1: with bounds= of gm.Problem"],
    ),
    "a jump": (
        lambda: _box(lambda w: float(w[1] ** 2 + 1e-3 * (w[0] > 0.43)), [0.4, 2.0]),
        ["1. the loss jumps by 1e−03 at params[0] = 0.43."],
    ),
    "noise": (
        lambda: _box(lambda w: float(np.float32(w @ w)), [0.43, 2.0]),
        ["the loss is noisy by", "some 7 digits", "Is it computed in float32?"],
    ),
    "nothing": (
        lambda: _box(lambda w: float(np.cos(w).prod()), [0.43, 2.0], bounds=(0.43, 3.0)),
        ["values alone are known, so that no operation is named: it was called"],
    ),
}


@pytest.mark.parametrize("name", BOXES)
def test_values_tell_what_they_can_of_a_black_box(name):
    """Whoever cannot write a loss over xp would be left alone with a NaN or a jump."""
    make, says = BOXES[name]
    found = make()
    text = " ".join(str(found).split())
    assert all(each in text for each in says), text
    assert found.ok is (name == "nothing")
    assert len(found.table) == len(found.findings)
