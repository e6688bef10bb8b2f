"""explain: the operation that makes a NaN or loses digits is named, and the remedy is right."""

from __future__ import annotations

import inspect
import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.comparison.remedies import REMEDIES, Fault
from gradmethods.problems import hard
from gradmethods.xp.primitives import TABLE
from tests.program_writer import written

NAN, INFINITY, DIGITS = Fault.NAN, Fault.INFINITY, Fault.DIGITS


class Kind(NamedTuple):
    """A kind of NaN that people report, and the same loss as the remedy has it."""

    loss: Any
    rewritten: Any
    x: Any
    first: tuple[Fault, str, bool]
    """What is found first: fault, operation, and whether in the backward pass."""
    advice: str
    """What the remedy names."""


def _log_of_one_less_sigmoid(x, *, xp=np):
    p = 1 / (1 + xp.exp(-x))
    return -xp.sum(xp.log(1 - p))


def _logits(x, *, xp=np):
    return xp.sum(xp.logaddexp(0, x))


def _softplus(x, *, xp=np):
    return xp.sum(xp.log(1 + xp.exp(x)))


def _log_sum_exp(x, *, xp=np):
    return xp.log(xp.sum(xp.exp(x)))


def _shifted(x, *, xp=np):
    m = xp.max(x)
    return m + xp.log(xp.sum(xp.exp(x - m)))


def _log_softmax(x, *, xp=np):
    e = xp.exp(x)
    return -xp.log((e / xp.sum(e))[0])


def _log_softmax_of_logits(x, *, xp=np):
    return _shifted(x, xp=xp) - x[0]


TARGETS = np.array([0.0, 1.0])


def _cross_entropy(x, *, xp=np):
    return -xp.sum(TARGETS * xp.log(x))


def _cross_entropy_selected(x, *, xp=np):
    s = xp.where(TARGETS > 0, x, 1.0)
    return -xp.sum(xp.where(TARGETS > 0, TARGETS * xp.log(s), 0.0))


def _root_of_selected(x, *, xp=np):
    return xp.sum(xp.where(TARGETS > 0, xp.sqrt(x), 2 * x))


def _root_selected_twice(x, *, xp=np):
    s = xp.where(TARGETS > 0, x, 1.0)
    return xp.sum(xp.where(TARGETS > 0, xp.sqrt(s), 2 * x))


def _length(x, *, xp=np):
    return xp.sqrt(xp.sum(x**2))


def _length_scaled(x, *, xp=np):
    m = xp.max(xp.abs(x))
    return m * xp.sqrt(xp.sum((x / m) ** 2))


def _log_of_product(x, *, xp=np):
    return xp.log(xp.prod(x))


def _sum_of_logs(x, *, xp=np):
    return xp.sum(xp.log(x))


def _log_beside_one(x, *, xp=np):
    return xp.sum(xp.log(1 + x))


def _log1p(x, *, xp=np):
    return xp.sum(xp.log1p(x))


def _variance(x, *, xp=np):
    return xp.mean(x**2) - xp.mean(x) ** 2


def _variance_about_mean(x, *, xp=np):
    return xp.mean((x - xp.mean(x)) ** 2)


def _one_less_cosine(x, *, xp=np):
    return xp.sum(1 - xp.cos(x))


def _half_angle(x, *, xp=np):
    return xp.sum(2 * xp.sin(x / 2) ** 2)


def _exponential_less_one(x, *, xp=np):
    return xp.sum((xp.exp(x) - 1) / x)


def _expm1(x, *, xp=np):
    return xp.sum(xp.expm1(x) / x)


def _roots(x, *, xp=np):
    return xp.sum(xp.sqrt(x + 1) - xp.sqrt(x))


def _roots_rationalised(x, *, xp=np):
    return xp.sum(1 / (xp.sqrt(x + 1) + xp.sqrt(x)))


def _log_of_density(x, *, xp=np):
    return -xp.sum(xp.log(xp.exp(-(x**2) / 2) / 3.0))


def _half_square(x, *, xp=np):
    return xp.sum(x**2 / 2 + math.log(3.0))


def _quotient_of_exponentials(x, *, xp=np):
    return xp.sum(xp.exp(x) / (1 + xp.exp(x)))


def _sigmoid(x, *, xp=np):
    return xp.sum(1 / (1 + xp.exp(-x)))


def _geometric_mean(x, *, xp=np):
    return xp.prod(x) ** (1 / x.shape[0])


def _mean_of_logs(x, *, xp=np):
    return xp.exp(xp.mean(xp.log(x)))


KINDS = {
    "log(1 - σ)": Kind(
        _log_of_one_less_sigmoid, _logits, [40.0, 1.0], (INFINITY, "xp.log", False), "logaddexp"
    ),
    "softplus": Kind(_softplus, _logits, [800.0, 1.0], (INFINITY, "xp.exp", False), "logaddexp"),
    "log-sum-exp": Kind(
        _log_sum_exp, _shifted, [1000.0, 999.0], (INFINITY, "xp.exp", False), "xp.max(z)"
    ),
    "log-softmax": Kind(
        _log_softmax,
        _log_softmax_of_logits,
        [-800.0, 0.0],
        (INFINITY, "xp.log", False),
        "without the quotient",
    ),
    "0 log 0": Kind(
        _cross_entropy,
        _cross_entropy_selected,
        [0.0, 0.5],
        (INFINITY, "xp.log", False),
        "xp.where(x > 0, x, 1)",
    ),
    "root where another branch is taken": Kind(
        _root_of_selected, _root_selected_twice, [0.0, 1.0], (NAN, "xp.sqrt", True), "Select twice"
    ),
    "squares that overflow": Kind(
        _length, _length_scaled, [3e200, 4e200], (INFINITY, "**", False), "hypot"
    ),
    "product that underflows": Kind(
        _log_of_product, _sum_of_logs, [1e-200, 1e-200], (INFINITY, "xp.log", False), "xp.log(b)"
    ),
    "log beside 1": Kind(
        _log_beside_one, _log1p, [1e-12, 2e-12], (DIGITS, "xp.log", False), "log1p"
    ),
    "variance in one pass": Kind(
        _variance,
        _variance_about_mean,
        [1e6, 1e6 + 1, 1e6 + 2],
        (DIGITS, "-", False),
        "x - xp.mean(x)",
    ),
    "1 - cos": Kind(
        _one_less_cosine, _half_angle, [1e-5, 2e-5], (DIGITS, "-", False), "xp.sin(x / 2)"
    ),
    "exp - 1": Kind(_exponential_less_one, _expm1, [1e-9, 2e-9], (DIGITS, "-", False), "xp.expm1"),
    "log of a density": Kind(
        _log_of_density, _half_square, [40.0, 1.0], (INFINITY, "xp.log", False), "a - xp.log(b)"
    ),
    "exp / (1 + exp)": Kind(
        _quotient_of_exponentials,
        _sigmoid,
        [1000.0, 1.0],
        (INFINITY, "xp.exp", False),
        "1 / (1 + xp.exp(-z))",
    ),
    "geometric mean": Kind(
        _geometric_mean, _mean_of_logs, [1e-12] * 32, (INFINITY, "**", True), "logarithms"
    ),
    "difference of roots": Kind(
        _roots, _roots_rationalised, [1e12, 2e12], (DIGITS, "-", False), "xp.sqrt(a) + xp.sqrt(b)"
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_operation_and_its_line_are_named(name):
    """Without the line a reader looks for the operation in vain; the first one is the cause."""
    kind = KINDS[name]
    first = gm.explain(gm.Problem(kind.loss, np.array(kind.x))).findings[0]
    assert (first.fault, first.operation, first.backward) == kind.first
    assert kind.advice in first.remedy
    source, start = inspect.getsourcelines(kind.loss)
    assert first.place is not None
    assert first.place.file == "test_explain.py"
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


QUIET = {
    "relu-at-kink", "relu-beside-kink", "max-tie", "power-at-zero", "jump-nearby", "staircase",
    "dead-relu", "stationary", "two-scales", "saturated-sigmoid", "saturated-logits",
    "log-sum-exp-shifted", "edge-of-domain", "overflow-float32",
}  # fmt: skip
"""Hard cases whose operations are all well-conditioned: what is hard there is something else."""

FIRST = {
    "where-infinite-branch": (NAN, "xp.log", True),
    "norm-at-origin": (INFINITY, "xp.sqrt", True),
    "noise": (DIGITS, "xp.sin", True),
    "cancellation": (DIGITS, "-", False),
    "expanded-power": (DIGITS, "+", False),
    "hilbert": (DIGITS, "what is computed from the parameters", True),
    "saturated-tanh": (DIGITS, "xp.tanh", True),
    "saturated-probabilities": (INFINITY, "xp.log", False),
    "overflow-in-exp": (INFINITY, "xp.exp", False),
    "log-sum-exp-plain": (INFINITY, "xp.exp", False),
    "underflow": (DIGITS, "*", False),
}


@pytest.mark.parametrize("name", hard.names())
def test_hard_cases(name):
    """A case that is hard for its operations is explained by them, and no other is accused."""
    findings = gm.explain(hard.get(name)).findings
    if name in QUIET:
        assert findings == ()
    else:
        assert (findings[0].fault, findings[0].operation, findings[0].backward) == FIRST[name]
        assert findings[0].remedy


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
