"""Where branches meet: what is certified, what is refused, and what is proven not to be there."""

from __future__ import annotations

from fractions import Fraction
from operator import methodcaller

import numpy as np
import pytest
from flint import arb

import gradmethods as gm
from gradmethods.engines.certified import Kind, certified_truth
from gradmethods.engines.certified.evaluate import enclose
from gradmethods.engines.certified.precision import working
from gradmethods.engines.certified.residues import Field, Number
from tests import tie_cases, tie_programs
from tests.enclosures import holds

ROUNDING = 4e-16

SEEDS = 60


@pytest.mark.parametrize("case", tie_cases.CASES, ids=lambda case: case.name)
def test_every_point_gets_the_answer_derived_by_hand(case):
    """A wrong certificate, or a kink taken for a tie, would make every verdict there wrong."""
    truth = certified_truth(case.problem())
    assert truth.kind is case.kind, truth.reason
    assert (truth.certificate is not None) == (case.kind is Kind.GRADIENT)
    if truth.certificate is not None:
        np.testing.assert_allclose(truth.certificate.gradient, case.gradient, ROUNDING, ROUNDING)
        assert truth.is_subgradient(np.array(case.gradient, float), 1e-15)
        assert not truth.is_subgradient(np.array(case.gradient, float) + 1e-14, 1e-15)
    for gradient in case.valid:
        assert truth.is_subgradient(np.array(gradient), 1e-14), gradient
    for gradient in case.invalid:
        assert truth.is_subgradient(np.array(gradient), 1e-14) is False, gradient


def test_there_are_enough_points():
    """The table is what shows that nothing certified is wrong: it must not shrink."""
    assert len(tie_cases.CASES) >= 60
    assert len({case.name for case in tie_cases.CASES}) == len(tie_cases.CASES)


@pytest.mark.parametrize("case", [*tie_cases.EDGES, *tie_cases.JUMPS], ids=lambda case: case.name)
def test_nothing_is_certified_at_edges_and_jumps(case):
    """Samples and higher derivatives go other ways to the same point: none may let it through."""
    problem = case.problem()
    for certify in (gm.certified_gradient, gm.certified_sample, gm.certified_derivatives):
        with pytest.raises(gm.NotDifferentiable):
            certify(problem)


def cross_entropy(W, X, t, *, xp=np):
    z = X @ W
    m = xp.max(z, axis=1, keepdims=True)
    logs = m[:, 0] + xp.log(xp.sum(xp.exp(z - m), axis=1))
    return xp.mean(logs - xp.sum(t * z, axis=1))


def test_a_classifier_is_certified_where_training_begins():
    """At zero weights every class is as likely: all scores are tied, and the loss is smooth."""
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((100, 13)), np.eye(3)[rng.integers(0, 3, 100)]
    problem = gm.Problem(cross_entropy, np.zeros((13, 3)), {"X": x, "t": t})
    truth = gm.certified_gradient(problem)
    residuals = [[Fraction(1, 3) - int(y) for y in row] for row in t]
    for i in range(13):
        for k in range(3):
            exact = sum(Fraction(x[n, i]) * residuals[n][k] for n in range(100)) / 100
            assert holds(truth.enclosure[""][i, k], exact)
    _, gradient = gm.Backprop().prepare(problem)(problem.params)
    assert (abs(truth.error(gradient)[""]) <= truth.rounding()[""]).all()
    sample = gm.certified_sample(problem, components=2, directions=1)
    assert abs(sample.component_error(truth.gradient)).max() < 1e-16


DISAGREEING = {
    "sign of a zero": lambda w, y, k, *, xp=np: xp.sum(w * xp.atan2(y * -1, -1.0)),
    "half precision": lambda w, y, k, *, xp=np: xp.sum(w * xp.exp(k)),
    "a parameter cast": lambda w, y, k, *, xp=np: xp.sum((w + 0.1) * xp.astype(w / 3, np.float32)),
    "a rounded step": lambda w, y, k, *, xp=np: xp.sum(w * xp.floor((y + 0.7) * 10)),
    "a rounded step that a factor hides": lambda w, y, k, *, xp=np: xp.sum(
        (w - 1) * xp.floor((y + 0.7) * 10)
    ),
    "a rounded comparison": lambda w, y, k, *, xp=np: xp.sum(
        xp.where((y + 0.7) * 10 >= 7, 2 * w, 3 * w)
    ),
}
"""Losses at w = 1, y = 0 and k = 1 that with every number exact are others than in NumPy."""


@pytest.mark.parametrize("name", DISAGREEING)
def test_a_certificate_is_of_the_loss_in_numpy(name):
    """Digits of another function than the one that is minimised would accuse who is right."""
    data = {"y": np.array([0.0]), "k": np.array([1], np.int8)}
    problem = gm.Problem(DISAGREEING[name], np.array([1.0]), data)
    for certify in (gm.certified_gradient, gm.certified_sample, gm.certified_derivatives):
        with pytest.raises(gm.NotDifferentiable, match=r"No certificate|sign decides"):
            certify(problem)
    truth = certified_truth(problem)
    assert truth.kind is Kind.OPEN
    assert truth.is_subgradient(np.zeros(1)) is None


def within_a_system(w, y, *, xp=np):
    """Return a Gaussian likelihood by distances, 0 on the diagonal, near a singular matrix."""
    distances = xp.linalg.vector_norm((y[:, None] - y) * xp.stack([w, w], axis=-1), axis=-1)
    kernel = (1 + distances) * xp.exp(-distances) + 1e-6 * xp.eye(6)
    return y[:, 0] @ xp.linalg.solve(kernel, y[:, 0]) + xp.linalg.slogdet(kernel)[1]


AGREEING = {
    "distances within a system": (within_a_system, np.sin(np.arange(12.0)).reshape(6, 2)),
    "data cast": (lambda w, y, *, xp=np: xp.sum(w * xp.astype(y, np.float32)), [0.1]),
    "overflow": (lambda w, y, *, xp=np: xp.sum(w * (y * 1e200 / 1e300)), [1e200]),
    "underflow": (lambda w, y, *, xp=np: xp.sum(w * y * y), [1e-170]),
    "underflow made large": (lambda w, y, *, xp=np: xp.sum(w * (y * y) * 1e300), [1e-180]),
    "cancellation": (lambda w, y, *, xp=np: xp.sum(w + (y + 1e16) - 1e16), [1.1]),
    "a decision that rounding leaves": (
        lambda w, y, *, xp=np: xp.sum(w * xp.floor(y * 10)),
        [0.75],
    ),
}
"""Losses that NumPy rounds, and how far it may."""


@pytest.mark.parametrize("name", AGREEING)
def test_rounding_is_no_disagreement(name):
    """Where NumPy only rounds, or leaves its range, the certificate shows what was lost."""
    loss, y = AGREEING[name]
    truth = gm.certified_gradient(gm.Problem(loss, np.array([1.0]), {"y": np.array(y)}))
    assert truth.digits >= 30


def test_one_answer_however_the_problem_is_written():
    """Bounds and gradients are read in the structure of the parameters, as everywhere else."""
    point = {"a": np.zeros(2), "b": np.ones(1)}
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(xp.abs(p["a"])) + xp.sum(p["b"]), point)
    truth = certified_truth(problem)
    assert truth.kind is Kind.NONE
    given = {"a": np.array([0.5, -1.0]), "b": np.ones(1)}
    assert truth.is_subgradient(given, {"a": np.full(2, 1e-14), "b": np.full(1, 1e-14)})
    assert truth.is_subgradient(given | {"b": np.zeros(1)}, 1e-3) is False
    assert truth.is_subgradient(given | {"b": np.zeros(1)}, 1.1) is True


def test_choices_are_settled_where_they_were_asked():
    """Choices that were made of something else would certify a gradient of something else."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w * xp.abs(w)), np.zeros(2))
    choices = gm.certified_gradient(problem).choices
    assert choices is not None
    other = gm.Problem(lambda w, *, xp=np: xp.sum(w * xp.abs(w) * xp.sign(w + 1)), np.zeros(2))
    for made in (choices[:-1], [*choices, *choices], [choices[0]._replace(name="sign")]):
        with pytest.raises(gm.NotDifferentiable):
            enclose(problem, 128, choices=made)
    with pytest.raises(gm.NotDifferentiable):
        enclose(other, 128, choices=choices)


def test_numbers_are_equal_only_if_they_provably_are():
    """A residue that took unlike numbers for equal would certify kinks."""
    field, exp = Field(), methodcaller("exp")
    with working(128):
        x, y = (Number(field, arb(a), field.of(arb(a))) for a in (0.3, 0.7))
        equal = [
            ((x + y) * (x - y), x * x - y * y),
            (exp(x) / exp(y) * exp(y), exp(x)),
            (exp(x / y), exp(1 / (y / x))),
            (x - x, x.of(arb(0))),
            (exp(x * 0), x.of(arb(1))),
        ]
        assert all(a == b for a, b in equal)
        tiny = arb(2) ** -400
        for a, b in equal:
            assert a + tiny != b
            assert not (a + tiny).is_zero()
        assert exp(x + y) != exp(x) * exp(y)  # and what is equal by an addition theorem stays open


def test_a_power_above_one_of_an_absolute_value_is_flat_at_zero():
    """Norms of order 1.5 have a gradient where an entry is 0, and none of order 0.75."""
    w = np.array([0.7, 0.0, -0.9])
    problem = gm.Problem(lambda w, *, xp=np: xp.linalg.vector_norm(w, ord=1.5), w)
    certificate = gm.certified_gradient(problem)
    size = np.sum(np.abs(w) ** 1.5) ** (1 / 3)
    np.testing.assert_allclose(
        certificate.gradient, np.sign(w) * np.sqrt(np.abs(w)) / size, rtol=1e-15
    )
    steep = lambda w, *, xp=np: xp.sum(xp.sqrt(xp.abs(w)) ** 1.5)  # noqa: E731
    ending = lambda w, *, xp=np: xp.sum((w + 0.9) ** 1.5)  # noqa: E731
    for loss in (steep, ending):
        with pytest.raises(gm.NotDifferentiable):
            gm.certified_gradient(gm.Problem(loss, w))


@pytest.mark.medium
def test_random_branches_hide_no_wrong_answer():
    """Choices that cancel, and such that only seem to, are told apart in whatever they are used."""
    kinds = set()
    for seed in range(SEEDS):
        problem = tie_programs.problem_of(seed)
        truth = certified_truth(problem)
        kinds.add(truth.kind)
        assert not tie_programs.fault(problem, truth), (seed, problem.name)
    assert {Kind.GRADIENT, Kind.NONE, Kind.OPEN} <= kinds
