"""The complex step: exact at every scale, and clear about kinks."""

from __future__ import annotations

import functools
import math
import operator
from contextlib import suppress

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.complex.imaginary_rules import Doubtful
from gradmethods.errors import NotDifferentiable
from gradmethods.timing.counts import counted
from tests.entries import replace_field
from tests.numerical_cases import prepare
from tests.samples import together

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize("scale", [1e160, 1e-12, 1e-160, 1.0])
def test_complex_step_follows_the_magnitude(scale):
    """A fixed step of 1e-200 underflows in 1/z at 1e160, and one of 1e-20 swamps 1e-160."""
    c = np.array([math.pi, -math.e])
    problem = gm.Problem(lambda w, *, xp=np: scale * xp.sum(1 / w), c * scale)
    _, gradient = prepare("complex-step", problem)(c * scale)
    np.testing.assert_allclose(gradient, -1 / c**2 / scale, rtol=1e-14)


def test_complex_step_at_zero():
    """A step in proportion to the magnitude would be no step at all."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.expm1(w) / 1e100), np.zeros(2))
    _, gradient = prepare("complex-step", problem)(np.zeros(2))
    np.testing.assert_allclose(gradient, 1e-100, rtol=1e-14)


LOSSES = {
    "small": lambda xp, w, scale: scale * xp.sum(xp.sin(w)),
    "beside 1": lambda xp, w, scale: 1 + scale * xp.sum(xp.sin(w)),
    "beside a large one": lambda xp, w, scale: xp.exp(3 * w[0]) + scale * xp.tanh(w[1]),
}


@pytest.mark.parametrize("scale", [1e-260, 1e-276, 1e-290, 1e-300])
@pytest.mark.parametrize("loss", LOSSES)
def test_derivatives_that_underflow_beside_the_step(loss, scale):
    """Im f = h f' is 0 or has lost digits below 1e-308: a zero there would be a wrong gradient."""
    x = np.array([0.3, 0.7])
    problem = gm.Problem(lambda w, *, xp=np: LOSSES[loss](xp, w, scale), x)
    prepared = prepare("complex-step", problem)
    truth = gm.gradient(problem.loss, x)
    np.testing.assert_allclose(prepared(x).gradient, truth, rtol=1e-14)
    assert prepared.forward_passes == 2  # counted in steps, nothing underflows
    prepared.recorded = None
    np.testing.assert_allclose(prepared(x).gradient, truth, rtol=1e-14)
    assert (prepared.forward_passes > 2) == (scale < 1e-275)  # the passes that it took are told


@pytest.mark.parametrize("exponent", [-970.0, -1000.0, -1010.0])
def test_a_loss_that_underflows_where_parameters_are_large(exponent):
    """2**x varies on a scale of 1: steps as wide as x would find nothing, and leave a 0."""
    x = np.array([exponent, 3.0])
    problem = gm.Problem(lambda w, *, xp=np: 2.0 ** w[0] + 0 * w[1], x)
    prepared = prepare("complex-step", problem)
    slope = math.log(2) * 2.0**exponent
    np.testing.assert_allclose(prepared(x).gradient, [slope, 0], rtol=1e-10)
    assert 2 < prepared.forward_passes <= 24


def test_float32_underflows_earlier():
    """In float32 the range ends at 1e-38: ordinary small gradients would be lost."""
    x = np.array([0.3, 0.7], np.float32)
    problem = gm.Problem(lambda w, *, xp=np: 1e-30 * xp.sum(xp.sin(w)), x)
    _, gradient = prepare("complex-step", problem)(x)
    np.testing.assert_allclose(gradient / np.float32(1e-30), np.cos(x), rtol=1e-6)


def test_zeros_stay_zeros():
    """Looking for what underflows must not make numbers of derivatives that are 0."""
    x = np.array([0.3, -0.7, 0.0, 0.0, 1.0])

    def loss(w, *, xp=np):
        flat = xp.maximum(w[1], 0) + xp.sqrt(w[3] ** 2 + 1e-20) + w[2] ** 4 + 0 * w[4]
        return w[0] ** 2 + flat

    prepared = prepare("complex-step", gm.Problem(loss, x))
    assert prepared(x).gradient.tolist() == [0.6, 0, 0, 0, 0]
    assert prepared.forward_passes == 5


def test_the_value_is_the_real_part(monkeypatch):
    """A namespace that changed the loss would go unseen if the value came from plain NumPy."""
    x = np.array([0.3, 0.7])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), x)
    assert prepare("complex-step", problem)(x).value == problem.value()
    replace_field(monkeypatch, "sin", complex=lambda cx, z: 2 * np.sin(z))
    assert gm.compare(problem, "numerical:complex-step", seconds=0).verdicts == {
        "numerical:complex-step": "wrong"
    }


def test_a_kink_is_not_called_nan():
    """The loss is finite beside the edge of a domain: to say that it is NaN would mislead."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sqrt(w**2 - 0.04)), np.array([0.2, 0.7]))
    with pytest.raises(NotDifferentiable, match=r"is 0\.67082 at this point.*kink.*xp\.abs"):
        prepare("complex-step", problem, step=0.1)(problem.params)
    assert "kink" in str(gm.Numerical("complex-step", step=0.1).obstacle(problem))
    outside = gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), np.array([-1.0, 0.7]))
    assert "is NaN at this point" in str(gm.Numerical("complex-step").obstacle(outside))


def test_a_root_of_a_square_has_its_kink():
    """At 0 the derivative of √w², as of |w|, is 0 by the convention."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sqrt(w**2)), np.array([0.0, -0.7]))
    assert prepare("complex-step", problem)(problem.params).gradient.tolist() == [0, -1]


def flat(prepared, params):
    structure = prepared.problem.structure
    return structure.join(structure.check(prepared(params).gradient))


@pytest.mark.medium
@together("name", gm.problems.names(field=True))
def test_many_runs_at_once_are_runs_one_by_one(name):
    """What moves imaginary parts alone must find what complex arithmetic finds, on any loss."""
    (problem,) = gm.problems.at_test_size([name])
    prepared = prepare("complex-step", problem)
    point = problem.structure.check(problem.params)
    slopes = prepared.recorded.at(point, problem.data)
    found = slopes.derivatives(slice(0, problem.size))
    assert np.isfinite(found).all()
    assert found.tobytes() == flat(prepared, problem.params).tobytes()
    prepared.recorded = None
    expected = flat(prepared, problem.params)
    assert np.linalg.norm(found - expected) <= 4 * EPS * np.linalg.norm(expected)


def test_blocks_of_runs_do_not_matter():
    """A run that felt those beside it would change with the memory that there is."""
    problem = gm.problems.get("convolution")
    recorded = prepare("complex-step", problem).recorded
    slopes = recorded.at(problem.structure.check(problem.params), problem.data)
    together_ = slopes.derivatives(slice(0, problem.size))
    for recorded.capacity in (1, 5):
        parts = [slopes.derivatives(slice(i, min(i + 7, 58))) for i in range(0, 58, 7)]
        assert np.concat(parts).tobytes() == together_.tobytes()


def forget(y, _):  # the slope by what y was falls below any number
    return y / 99 + 0.3


def test_a_loss_that_is_counted_is_recorded():
    """A benchmark counts calls by a twin of the loss: it would show the times of another way."""
    twin, counter = counted(gm.problems.get("xor"))
    prepared = prepare("complex-step", twin)
    counter.reset()
    prepared(twin.params)
    assert counter.calls == prepared.value_passes == 1


MOVED = {
    "sort": lambda xp, w: xp.sum(xp.sort(w) * xp.arange(6)),
    "rows": lambda xp, w: xp.sum(w[xp.asarray([3, 0, 3])] ** 2),
    "concat": lambda xp, w: xp.sum(xp.concat([w[1:], xp.ones(2), w[:3]])[2:] ** 3),
    "extremes": lambda xp, w: xp.max(w) * xp.min(w) + xp.sum(xp.abs(w)),
    "scatter": lambda xp, w: xp.sum(xp.cumulative_sum(xp.astype(w, xp.float64)) ** 2),
    "softmax": lambda xp, w: xp.sum((xp.exp(w) / xp.sum(xp.exp(w))) ** 2),
    "beside 1": lambda xp, w: xp.sum(xp.log(1 - xp.tanh(9 + w))),
    "forgotten": lambda xp, w: xp.sum(functools.reduce(forget, range(200), w) + w**2),
}


@together("loss", MOVED)
def test_moves_of_many_runs(loss):
    """Moves and choices are linear in imaginary parts: an axis of runs in front must not count."""
    x = np.sin(np.arange(1.0, 7.0))
    problem = gm.Problem(lambda w, *, xp=np: MOVED[loss](xp, w), x)
    prepared = prepare("complex-step", problem)
    assert np.isfinite(prepared.recorded.at({"": x}, {}).derivatives(slice(0, 6))).all()
    truth = gm.certified_gradient(problem).gradient
    np.testing.assert_allclose(prepared(x).gradient, truth, rtol=4e-15)


def matrices(w, *, xp=np):
    """Go through a function of whole matrices of each kind; two of them in a stack."""
    m = xp.reshape(w, (2, 3))
    s = m @ m.T + xp.eye(2)
    stack = xp.stack([s, s @ s])
    parts = [
        xp.linalg.det(s), xp.linalg.slogdet(stack)[1], xp.linalg.inv(stack),
        xp.linalg.cholesky(stack), xp.linalg.solve(stack, xp.stack([m, m**2])),
        xp.linalg.eigvalsh(stack), xp.linalg.svdvals(m), xp.linalg.qr(m.T)[1], xp.linalg.pinv(m),
    ]  # fmt: skip
    return sum(xp.sum(xp.sin(part)) for part in parts)


def test_matrices_of_many_runs():
    """Where a loss goes through whole matrices, n runs took as long as n losses over objects."""
    x = np.sin(np.arange(1.0, 7.0))
    problem = gm.Problem(matrices, x)
    found = prepare("complex-step", problem).recorded.at({"": x}, {}).derivatives(slice(0, 6))
    truth = gm.certified_gradient(problem).gradient
    assert np.linalg.norm(found - truth) <= 16 * EPS * np.linalg.norm(truth)


LOST = (1e-200, 1e-200, 1e300, 1e300)

DOUBTS = {
    "ties": (lambda xp, w: xp.sum(xp.sort(w)[:2]), [1.0, 1.0, 3.0]),
    "real parts underflow": (
        lambda xp, w: xp.sum(xp.sqrt(w * w * 1e-320)) * 1e160, [0.5, 1.5, 2.0]
    ),
    "lost, and brought back": (
        lambda xp, w: functools.reduce(operator.mul, LOST, xp.sum(w * 1e-200 + 1) - 3),
        [0.5, 1.5, 2.0],
    ),
    "an edge": (lambda xp, w: xp.sum(xp.where(w > 0, xp.sqrt(w), 0)), [0.0, 1.0, 4.0]),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTS)
def test_doubts_are_left_to_complex_arithmetic(case):
    """Ties, lost digits and infinite slopes are decided there, and nowhere else."""
    loss, x = DOUBTS[case]
    point = np.array(x)
    prepared = prepare("complex-step", gm.Problem(lambda w, *, xp=np: loss(xp, w), point))
    with suppress(Doubtful):
        slopes = prepared.recorded.at({"": point}, {})
        assert not np.isfinite(slopes.derivatives(slice(0, 3))).any()
    found = prepared(point).gradient
    prepared.recorded = None
    np.testing.assert_array_equal(found, prepared(point).gradient)
