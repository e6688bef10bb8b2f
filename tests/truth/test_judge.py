"""The judge on what earlier ones got wrong: useless bounds, ties, majorities, exit status."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.problems import hard
from gradmethods.truth.error_bounds import DECISIVE
from gradmethods.truth.find import draw_part, find_truth
from gradmethods.truth.judge import Answered, judge
from tests.planted import Planted, double, scaled

STEPS = gm.Problem(
    lambda w, *, xp=np: xp.sum(xp.ceil(xp.cumulative_sum(xp.round(w)))), np.array([1.2, -0.4, 3.3])
)


def hinge():
    """A margin so near its kink that rounding decides, beside a parameter without influence."""
    X, w = np.array([[0.1, 0.2, 0.3], [1.0, -1.0, 0.5]]), np.ones(3)

    def loss(q, X, t, *, xp=np):
        m = X @ q["w"]
        near = xp.sum(xp.maximum(0, 0.6 + 1e-17 - t * m))
        return near + xp.sum(xp.maximum(0.0, q["v"] - 100.0) * m)

    return gm.Problem(loss, {"w": w, "v": np.array([0.1, 0.2])}, {"X": X, "t": np.ones(2)})


@pytest.mark.parametrize("wrong", [1e-3, 1e9, -5.0])
def test_a_number_in_the_place_of_a_zero_is_never_accepted(wrong):
    """Where nothing bounds rounding, everything once passed for a true 0."""
    assert gm.check_gradient(np.zeros(3), STEPS).ok
    assert not gm.check_gradient(np.array([wrong, 0, 0]), STEPS).ok
    problem = hinge()
    truth = gm.certified_gradient(problem).gradient
    assert not gm.check_gradient(truth | {"v": np.array([wrong, -wrong])}, problem).ok
    with pytest.raises(gm.GradientMismatch):
        gm.assert_gradient(truth | {"v": np.array([wrong, -wrong])}, problem)


@pytest.mark.parametrize("factor", [1.05, 1.1, 1.3, 1.4, 0.6])
def test_single_precision_accepts_no_error_of_percents(factor):
    """Near a solution backprop itself errs by a part of the gradient: no excuse for others."""
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(5, 5)), rng.normal(size=5).astype(np.float32)
    point = (x + 1e-4 * rng.normal(size=5)).astype(np.float32)
    problem = gm.Problem(
        lambda w, A, b, *, xp=np: xp.sum((A @ w - b) ** 2), point, {"A": A, "b": A @ x}
    )
    truth = gm.certified_gradient(problem).gradient
    assert gm.check_gradient(truth.astype(np.float32), problem).ok
    assert not gm.check_gradient((factor * truth).astype(np.float32), problem).ok


@pytest.mark.parametrize("w", [1e-3, 3e-4, 1e-4, 1e-5])
def test_no_accepted_error_is_above_a_hundredth(w):
    """An ill-conditioned loss hides its gradient from methods, not from the truth."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum((1 - xp.cos(w)) / w**2), np.array([w]))
    truth = gm.certified_gradient(problem).gradient
    assert gm.check_gradient(truth, problem).ok
    for factor in (1 + 1.1 * DECISIVE, 1.05, 1.4, 0.5, -1.0):
        assert not gm.check_gradient(truth * factor, problem).ok, factor


LINES = {
    "1.5*max|w|": (lambda w, *, xp=np: 1.5 * xp.max(xp.abs(w)), [-0.43829289], [-1.5]),
    "sum": (lambda w, *, xp=np: xp.sum(w), [0.3, 0.4], [1.0, 1.0]),
    "7*w": (lambda w, *, xp=np: 7 * w[0], [0.3], [7.0]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_unit_in_the_last_place_is_right(name):
    """Forward mode rounds nothing in these: 0.7/0.1 was once a wrong 7."""
    loss, point, slopes = LINES[name]
    problem = gm.Problem(loss, np.array(point))
    for up in (-np.inf, np.inf):
        assert gm.check_gradient(np.nextafter(slopes, up), problem).ok
    assert gm.check_gradient(np.array(slopes) * (1 + 1e-14), problem).ok is False


def test_what_has_every_digit_is_decided():
    """Masked entries are -inf, of which no ball of double precision tells anything."""
    x = np.array([[1.0, 2.0, 0.5], [5.0, 4.0, 3.0]])
    mask = np.array([[0.0, 0.0, -np.inf], [-np.inf, 0.0, 0.0]])

    def loss(x, mask, *, xp=np):
        z = x + mask
        m = xp.max(z, axis=1)
        return xp.sum(m + xp.log(xp.sum(xp.exp(z - m[:, None]), axis=1)))

    def softmax(x, mask):
        e = np.where(np.isfinite(mask), np.exp(x - x.max(axis=1, keepdims=True)), 0.0)
        return e / e.sum(axis=1, keepdims=True)

    problem = gm.Problem(loss, x, {"mask": mask})
    assert gm.check_gradient(softmax(x, mask), problem).ok
    assert not gm.check_gradient(softmax(x, np.zeros_like(mask)), problem).ok


SUMS = {
    "a lucky 0": [-0.44, 0.83, -0.83, 0.39, -1.27, 1.32],
    "a lucky last digit": [-0.32, 1.25, -0.93],
    "exactly 0": [0.55, 0.71, -0.88, -0.53, -0.73, 0.88],
}


@pytest.mark.parametrize("name", SUMS)
def test_no_order_of_a_sum_is_wrong(name):
    """Where all digits cancel, backpropagation may be lucky; whoever adds otherwise is as right."""
    terms = SUMS[name]
    problem = gm.Problem(lambda w, *, xp=np: sum(w * term for term in terms), np.array(1.0))
    found = find_truth(problem)
    for order in itertools.islice(itertools.permutations(terms), 0, None, 7):
        assert gm.check_gradient(np.array(sum(order)), problem, truth=found).ok is not False
    assert gm.check_gradient(np.array(1e-13), problem, truth=found).ok is False


def test_either_side_of_an_open_branch_is_not_wrong():
    """Rounding decides which side of the hinge a computation is on; what is neither is wrong."""
    problem = hinge()
    found = find_truth(problem)
    truth = gm.certified_gradient(problem).gradient
    other = truth["w"] + problem.data["X"][0]
    for w in (truth["w"], other):
        assert gm.check_gradient(truth | {"w": w}, problem, truth=found).ok is not False
    assert gm.check_gradient(truth | {"w": 3 * other}, problem, truth=found).ok is False


def test_without_a_bound_on_rounding_digits_still_decide():
    """Where the bound takes too long, a right gradient is right; no other is taken for it."""
    problem = gm.problems.get("island")
    found = find_truth(problem)
    truth: Any = found.truth
    short = replace(found, truth=replace(truth, bounded=False))
    right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    assert gm.check_gradient(right, problem, truth=short).ok
    for factor in (1.001, 2.0, -1.0):
        wrong = {name: factor * array for name, array in right.items()}
        assert not gm.check_gradient(wrong, problem, truth=short).ok


# -- ties


def log_loss():
    X, t = np.array([[1.0, 2.0], [0.5, -1.0], [-3.0, 0.25]]), np.array([1.0, 0.0, 1.0])

    def loss(w, X, t, *, xp=np):
        z = X @ w
        return xp.sum(xp.where(z > 0, z, 0.0) - z * t + xp.log1p(xp.exp(-xp.abs(z))))

    return gm.Problem(loss, np.zeros(2), {"X": X, "t": t}), X.T @ (0.5 - t)


def test_four_wrong_ones_do_not_outvote_a_right_one():
    """At equality every exact method follows one branch, and only differences are right."""
    problem, truth = log_loss()
    comparison = gm.compare(problem, seconds=0)
    assert comparison.verdicts == {
        "analytical": "wrong", "numerical": "right", "numerical:complex-step": "wrong",
        "backprop": "wrong",
    }  # fmt: skip
    assert comparison.status == 1
    assert gm.check_gradient(truth, problem).ok
    assert gm.check_gradient(gm.Backprop(), problem).ok is False


KINKS = {
    "abs": (lambda x, *, xp=np: xp.sum(xp.abs(x)), [0.0, 1.0], [0.3, 1.0], [1.5, 1.0]),
    "max": (lambda x, *, xp=np: xp.max(x), [1.0, 1.0], [0.25, 0.75], [1.5, -0.5]),
    "hinge": (lambda x, *, xp=np: xp.sum(xp.maximum(1 - x, 0.0)), [1.0, 0.3], [-0.5, -1], [1, -1]),
}


@pytest.mark.medium
@pytest.mark.parametrize("name", KINKS)
def test_a_subgradient_is_told_from_what_is_none(name):
    """At a kink no number is the gradient, but not every number is as good."""
    loss, point, valid, invalid = KINKS[name]
    problem = gm.Problem(loss, np.array(point))
    check = gm.check_gradient(np.array(valid), problem)
    assert (check.outcome, check.ok, check.status) == ("a valid subgradient", True, 0)
    assert "A VALID SUBGRADIENT" in str(check)
    assert gm.check_gradient(np.array(invalid), problem).outcome == "wrong"
    advice = gm.compare(problem, seconds=0.01).advice
    assert advice.doubt
    assert advice.able() == []


def test_at_a_jump_no_gradient_exists():
    """All methods agree on the slope beside a jump, which is no gradient of the loss."""
    problem = gm.Problem(lambda x, *, xp=np: xp.sum(xp.sign(x) + x), np.array([0.0, 1.0]))
    comparison = gm.compare(problem, ["backprop", "analytical"], seconds=0)
    assert set(comparison.verdicts.values()) == {"no gradient exists"}
    assert (comparison.agree, comparison.status) == (False, 3)


# -- parts of large gradients


def test_a_part_is_stratified_by_array():
    """A bias of ten entries beside a matrix of a million would never be sampled."""
    problem = gm.problems.get("mlp", widths=(2, 40, 40, 1), batch=3)
    part = draw_part(problem)
    start = 0
    for name, x in problem.structure.check(problem.params).items():
        stop = start + x.size
        assert ((start <= part.components) & (part.components < stop)).any(), name
        start = stop
    assert set(part.directions) == set(problem.structure.shapes)
    assert f"of {problem.size:,} components" in part.words


@pytest.mark.parametrize("mistake", ["one array", "small array"])
def test_a_part_sees_a_mistake_anywhere_in_an_array(monkeypatch, mistake):
    """What is wrong where nothing was sampled shows along the direction within its array."""
    monkeypatch.setattr("gradmethods.truth.find._whole", lambda *_: None)
    problem = gm.problems.get("mlp", widths=(2, 20, 20, 1), batch=3)
    found = find_truth(problem)
    assert found.part is not None
    right = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    assert judge(Answered(right, exact=True), found).ok
    name = {"one array": "W2", "small array": "b3"}[mistake]
    wrong = {n: x.copy() for n, x in right.items()}
    wrong[name].flat[-1] *= 1 + 1e-3
    assert judge(Answered(wrong, exact=True), found).ok is False


# -- exit status


USER = """
import numpy as np
import gradmethods as gm

problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), np.array([0.3, 0.7]))
kink = gm.Problem(lambda w, *, xp=np: xp.sum(xp.abs(w)), np.array([0.0, 0.7]))
flat = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sqrt(xp.expm1(w**4))), np.array([0.0, 0.7]))
opaque = gm.Problem(lambda w, *, xp=np: np.sum(np.sin(w)), np.array([0.3, 0.7]))
right, wrong, nothing = (lambda w: np.cos(w)), (lambda w: -np.cos(w)), (lambda w: np.sign(w))
slope = lambda w: 2 * w**3 * np.exp(w**4) / np.sqrt(np.expm1(w**4) + (w == 0))
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["compare", "FILE:problem"], 0),
        (["compare", "FILE:kink", "--providers", "backprop"], 0),
        (["compare", "FILE:opaque", "--providers", "numerical"], 0),
        (["compare", "FILE:opaque", "--providers", "backprop"], 2),
        (["check", "FILE:problem", "--gradient", "FILE:right"], 0),
        (["check", "FILE:problem", "--gradient", "FILE:wrong"], 1),
        (["check", "FILE:kink", "--gradient", "FILE:nothing"], 0),
        (["compare", "FILE:flat", "--providers", "numerical"], 3),
        (["check", "FILE:opaque", "--gradient", "FILE:right"], 0),
        (["check", "FILE:opaque", "--gradient", "FILE:wrong"], 1),
        (["check", "FILE:flat", "--gradient", "FILE:slope"], 3),
        (["check", "FILE:problem", "--gradient", "FILE:absent"], 2),
    ],
)
def test_the_status_tells_what_was_found(tmp_path, capsys, arguments, status):
    """A script must tell right, wrong, undecided and broken from one another."""
    path = tmp_path / "judged.py"
    path.write_text(USER, encoding="utf-8")
    named = [argument.replace("FILE", str(path)) for argument in arguments]
    extra = ["--seconds", "0"] if arguments[0] == "compare" else []
    assert main([*named, *extra]) == status, capsys.readouterr().out


def test_a_wrong_provider_ends_with_status_1():
    """One of two that is wrong must be seen by a script, too."""
    assert gm.compare(scaled(1.0), ["backprop", Planted(double)], seconds=0).status == 1


@pytest.mark.medium
def test_nothing_without_a_right_digit_is_advised():
    """Near the root of an expanded power every method has lost all digits."""
    advice = gm.compare(hard.get("expanded-power"), seconds=0.01).advice
    assert advice.able() == []
    assert all(option.certified for option in advice.options if not option.obstacle)
