"""Verdicts where round-off has a say: no mistake passes, and nobody right is accused."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.accuracy.roundoff import plain_loss
from tests.planted import PARAMS, Planted, flip, nan_one, scaled, set_all, zero_one_array
from tests.samples import sampled

DIFFERENCES = (
    ["numerical"],
    ["numerical", "numerical:forward"],
    ["numerical:richardson", "numerical:five-point", "numerical:central[reuse]"],
)
EXACT = ["analytical", "numerical:complex-step", "backprop"]


class WrongLoss(Planted):
    """Backprop that adds a multiple of the loss to the loss."""

    def prepare(self, problem):
        prepared = gm.Backprop().prepare(problem)

        def call(params, **data):
            value, gradient = prepared(params, **data)
            return value * (1 + self.mistake), gradient

        return call


@pytest.mark.parametrize("by", [1e-9, 0.5, -2.0, 1e300])
@pytest.mark.parametrize("scale", [1.0, 1e-200])
def test_a_wrong_loss_is_named(by, scale):
    """Two providers with one bug would agree with each other, against plain NumPy."""
    pair = [WrongLoss(by, name="a"), WrongLoss(by, name="b")]
    comparison = gm.compare(scaled(scale), [*pair, "backprop", "analytical"], seconds=0)
    assert comparison.verdicts == {
        "a": "wrong value", "b": "wrong value", "backprop": "agrees", "analytical": "agrees"
    }  # fmt: skip
    assert not comparison.agree
    assert "in plain NumPy" in comparison.reasons["a"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cancellation_in_the_loss_is_no_wrong_loss(dtype):
    """A loss that is all round-off depends on the order of its sum: nobody is to blame."""
    rng = np.random.default_rng(0)
    d = rng.normal(size=200).astype(dtype)
    d[0] -= d.sum()

    class Reordered(Planted):
        def prepare(self, problem):
            prepared = gm.Backprop().prepare(problem)

            def call(params, d=d):
                gradient = prepared(params, d=d).gradient
                return sum(rng.permutation(d).tolist()) + float(np.sum(params)), gradient

            return call

    def loss(w, d, *, xp=np):
        return xp.sum(d) + xp.sum(w)

    problem = gm.Problem(loss, np.array([1e-20], dtype), {"d": d})
    assert gm.compare(problem, ["backprop", Reordered(None)], seconds=0).agree


@pytest.mark.parametrize("frequency", [1.0, 1e2, 1e3, 1e4, 1e6])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_noise_of_the_loss(frequency, dtype):
    """Too small a noise accuses, too large a one lets mistakes pass: it is u × the condition."""
    w = np.array([0.31, 0.77], dtype)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(frequency * w)), w)
    u = float(np.finfo(dtype).eps) / 2
    assert 0.02 < plain_loss(problem).noise / (u * frequency) < 10


def two_arrays(scale, beside=0.0):
    def loss(p, *, xp=np):
        large = xp.sum(xp.tanh(xp.asarray([0.5, -1.5]) @ p["W"])) ** 2
        return beside + large + scale * xp.sum(xp.sin(p["b"]))

    return gm.Problem(loss, PARAMS)


def flip_all(gradient):
    np.negative(gradient, out=gradient)


def flip_b(gradient):
    gradient["b"] *= -1


PLANTS = {
    "b": flip_b, "zero b": zero_one_array, "zero": set_all(0.0), "sign": flip, "nan": nan_one,
}  # fmt: skip


@pytest.mark.medium
@pytest.mark.parametrize("scale", sampled([1.0, 1e-8, 1e-20, 1e-300], kept=[1.0, 1e-300]))
@pytest.mark.parametrize("others", [*DIFFERENCES, EXACT, ["numerical", "backprop"]], ids=str)
@pytest.mark.parametrize("plant", sampled(PLANTS, kept=["b", "zero"]))
def test_a_small_array_hides_no_mistake(plant, others, scale):
    """Noise of differences that is large beside a small array must not vouch for it."""
    for problem in (two_arrays(scale), two_arrays(scale, beside=1.0)):
        comparison = gm.compare(problem, [Planted(PLANTS[plant]), *others], seconds=0)
        assert comparison.verdicts["planted"] in {"disagrees", "not finite", "unresolved"}
        assert not comparison.agree
        if others == EXACT:
            assert comparison.verdicts["planted"] != "unresolved"
            assert {comparison.verdicts[name] for name in EXACT} == {"agrees"}


def test_an_unresolved_array_is_named():
    """The user has to know which array to look at, and that the rest is right."""
    comparison = gm.compare(two_arrays(1e-15), ["numerical", "backprop"], seconds=0)
    assert set(comparison.verdicts.values()) == {"unresolved"}
    assert "'b'" in comparison.reasons["numerical"]
    assert "'W'" not in comparison.reasons["numerical"]
    assert "no other method resolves the gradient of 'b'" in comparison.reasons["backprop"]


def test_an_array_without_influence_is_resolved():
    """Exact zeros, on which differences and exact methods agree, are not round-off."""
    params = {"a": np.array([0.3, 0.2]), "unused": np.ones(2)}
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(xp.sin(p["a"])), params)
    assert set(gm.compare(problem, seconds=0).verdicts.values()) == {"agrees"}


@pytest.mark.medium
@pytest.mark.parametrize("name", gm.problems.names())
def test_no_component_hides_a_mistake(name):
    """A wrong sign or a zero inside an array passes any norm if the component is small."""
    problem = gm.problems.get(name, **({"widths": (2, 4, 3, 1)} if name == "mlp" else {}))
    exact = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    mistakes = {}
    for array, factor in product(exact, (-1, 0)):
        at = abs(exact[array]).argmin()

        def mistake(found, array=array, at=at, factor=factor):
            problem.structure.check(found)[array].flat[at] *= factor

        mistakes[f"{factor} times an entry of {array}"] = mistake
    planted = [Planted(mistake, name) for name, mistake in mistakes.items()]
    comparison = gm.compare(problem, [*EXACT[1:], *planted], seconds=0)
    verdicts = dict.fromkeys(mistakes, "disagrees") | dict.fromkeys(EXACT[1:], "agrees")
    assert comparison.verdicts == verdicts


@pytest.mark.parametrize("factor", [-1, 0])
@pytest.mark.parametrize("large", [1e6, 1e15, 1e30])
def test_no_component_is_too_small(large, factor):
    """Beside a component of 1e30, the norm of another is nothing; its sign is still known."""
    x = np.array([0.3, 0.7])
    problem = gm.Problem(lambda w, *, xp=np: large * xp.sin(w[0]) + xp.sin(w[1]), x)

    def mistake(gradient):
        gradient[1] *= factor

    comparison = gm.compare(problem, [*EXACT, Planted(mistake)], seconds=0)
    assert comparison.verdicts["planted"] == "disagrees"
    assert {comparison.verdicts[name] for name in EXACT} == {"agrees"}


@pytest.mark.medium
@pytest.mark.parametrize("scale", [6, 10])
@pytest.mark.parametrize("seed", range(4))
def test_saturation_accuses_nobody(seed, scale):
    """log(1 - y) loses digits as y nears 1: methods that lose other digits are all right."""
    small = gm.problems.get("island", seed=seed, batch=60)
    params = {name: scale * array for name, array in small.params.items()}
    problem = gm.Problem(small.loss, params, small.data, examples=small.examples)
    comparison = gm.compare(problem, ["numerical", "analytical:chain-rule", *EXACT[1:]], seconds=0)
    differences, *exact = comparison.verdicts.values()
    assert set(exact) == {"agrees"}, str(comparison)
    assert differences in {"agrees", "unresolved"}, str(comparison)
    wrong = gm.compare(problem, [*EXACT[1:], Planted(flip)], seconds=0)
    assert wrong.verdicts["planted"] == "disagrees"


def stationary():
    rng = np.random.default_rng(1)
    A, b = rng.normal(size=(30, 5)), rng.normal(size=30)
    w = np.linalg.lstsq(A, b, rcond=None)[0]
    return gm.Problem(lambda w, A, b, *, xp=np: xp.mean((A @ w - b) ** 2), w, {"A": A, "b": b})


HARD = {
    "stationary": stationary(),
    "saturated": gm.Problem(lambda w, *, xp=np: xp.tanh(w), 20.0),
    "saturated beside": gm.Problem(lambda w, *, xp=np: xp.sum(xp.tanh(w)), np.array([20.0, 3.0])),
    "sum of data": gm.Problem(lambda w, d, *, xp=np: xp.sum(d) * w, 0.5, {"d": [0.1, 0.2, -0.3]}),
}


@pytest.mark.parametrize("name", HARD)
def test_round_off_accuses_nobody(name):
    """Where a gradient is nothing but round-off, methods differ by all of it and none is wrong."""
    problem = HARD[name]
    verdicts = gm.compare(problem, seconds=0).verdicts
    assert set(verdicts.values()) <= {"agrees", "unresolved"}, verdicts


@pytest.mark.parametrize("name", HARD)
def test_a_mistake_is_not_taken_for_round_off(name):
    """What is undecidable is never called right."""
    problem = HARD[name]

    class Wrong(Planted):
        def prepare(self, problem):
            prepared = gm.Backprop().prepare(problem)

            def call(params, **data):
                value, gradient = prepared(params, **data)
                return value, gradient * 0 - 1e-3

            return call

    comparison = gm.compare(problem, [*EXACT, Wrong(None)], seconds=0)
    assert comparison.verdicts["planted"] == "disagrees"


def test_round_off_agrees_with_nothing():
    """At a stationary point the gradient and its negative are as good: neither may be confirmed."""
    comparison = gm.compare(HARD["stationary"], [*EXACT, Planted(flip_all)], seconds=0)
    assert set(comparison.verdicts.values()) == {"unresolved"}


def test_a_saturated_unit_beside_a_large_one_keeps_its_digits():
    """Exact methods once gave 0 here; one that does so again must not be called right."""
    problem = HARD["saturated beside"]
    comparison = gm.compare(problem, EXACT, seconds=0)
    assert set(comparison.verdicts.values()) == {"agrees"}
    truth = gm.certified_gradient(problem)
    for name in EXACT:
        found = gm.get_provider(name).prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(found, truth.gradient, rtol=1e-9, atol=0)


def test_doubt_among_exact_methods_is_no_agreement():
    """One whose digits are gone and two whose are not do not agree, whoever is right."""

    def loss(w, *, xp=np):  # tanh as textbooks write it: its slope is 1 - 1 by the chain rule
        return xp.sum((xp.exp(w) - xp.exp(-w)) / (xp.exp(w) + xp.exp(-w)))

    comparison = gm.compare(gm.Problem(loss, np.array([19.5])), EXACT, seconds=0)
    assert "unresolved" in comparison.verdicts.values()
    assert not comparison.agree
    assert "round-off hides the answer of" in str(comparison).splitlines()[-1]


def test_a_random_gradient_is_not_its_own_excuse():
    """The floor comes from the spread of a method's own results: it must have a ceiling."""
    rng = np.random.default_rng(0)

    def mistake(gradient):
        for array in gradient.values():
            array[...] = rng.normal(size=array.shape)

    comparison = gm.compare(scaled(1.0), ["backprop", "analytical", Planted(mistake)], seconds=0)
    assert comparison.verdicts["planted"] in {"disagrees", "unresolved"}
    assert not comparison.agree


@pytest.mark.medium
def test_single_precision_in_place_of_double_is_seen():
    """Its roughness looks like a problem's round-off; no other method shows any."""

    def rounded(gradient):
        for array in gradient.values():
            array[...] = array.astype(np.float32)

    problem = gm.problems.get("island")
    comparison = gm.compare(problem, [*EXACT, Planted(rounded)], seconds=0)
    assert comparison.verdicts["planted"] == "disagrees"


def test_schemes_of_differences_are_one_voice():
    """They share their truncation: twice the same error must not outvote what is exact."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(30 * w)), np.array([0.1, 0.7]))
    differences = ["numerical:central[step=1e-05]", "numerical:central[reuse,step=1e-05]"]
    verdicts = gm.compare(problem, ["backprop", *differences], seconds=0).verdicts
    assert set(verdicts.values()) == {"disagrees"}  # one against one
    verdicts = gm.compare(
        problem, ["backprop", "numerical:complex-step", *differences], seconds=0
    ).verdicts
    assert {name for name, verdict in verdicts.items() if verdict == "disagrees"} == {*differences}
