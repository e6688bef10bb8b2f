"""Verdicts where round-off has a say: no mistake passes, and nobody right is accused.

The truth alone judges: no method is trusted because others agree with it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import gradmethods as gm
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
    """Two providers with one bug would agree with each other, against the certified loss."""
    pair = [WrongLoss(by, name="a"), WrongLoss(by, name="b")]
    comparison = gm.compare(scaled(scale), [*pair, "backprop", "analytical"], seconds=0)
    assert comparison.verdicts == {
        "a": "wrong", "b": "wrong", "backprop": "right", "analytical": "right"
    }  # fmt: skip
    assert not comparison.agree
    assert comparison.reasons["a"].startswith("the loss is ")


def test_a_loss_that_is_better_than_numpys_is_right():
    """Formulas may compute the loss with more digits than the code does: that is no mistake."""

    class Better(Planted):
        def prepare(self, problem):
            prepared = gm.Backprop().prepare(problem)

            def call(params, **data):
                return 0.5, prepared(params, **data).gradient

            return call

    problem = gm.Problem(lambda w, *, xp=np: xp.sum((w + 1e9) - 1e9), np.array([0.5000000123]))
    assert abs(problem.value() - 0.5000000123) > 1e-9
    right = gm.compare(problem, ["backprop", Better(None)], seconds=0)
    assert set(right.verdicts.values()) == {"right"}, str(right)


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
        assert comparison.verdicts["planted"] == "wrong"
        assert not comparison.agree
        assert "wrong" not in {comparison.verdicts[name] for name in others}
        if others == EXACT:
            assert {comparison.verdicts[name] for name in EXACT} == {"right"}


def test_an_undecided_array_is_named():
    """The user has to know which array to look at, and that the rest is right."""
    comparison = gm.compare(two_arrays(1e-15), ["numerical", "backprop"], seconds=0)
    assert comparison.verdicts == {"numerical": "not decided", "backprop": "right"}
    assert comparison.agree
    assert "'b'" in comparison.reasons["numerical"]
    assert "'W'" not in comparison.reasons["numerical"]


def test_an_array_without_influence_is_resolved():
    """Exact zeros, on which differences and exact methods agree, are not round-off."""
    params = {"a": np.array([0.3, 0.2]), "unused": np.ones(2)}
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(xp.sin(p["a"])), params)
    assert set(gm.compare(problem, seconds=0).verdicts.values()) == {"right"}


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
    verdicts = dict.fromkeys(mistakes, "wrong") | dict.fromkeys(EXACT[1:], "right")
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
    assert comparison.verdicts["planted"] == "wrong"
    assert {comparison.verdicts[name] for name in EXACT} == {"right"}


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
    assert set(exact) == {"right"}, str(comparison)
    assert differences in {"right", "not decided"}, str(comparison)
    wrong = gm.compare(problem, [*EXACT[1:], Planted(flip)], seconds=0)
    assert wrong.verdicts["planted"] == "wrong"


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


@pytest.mark.medium
@pytest.mark.parametrize("name", HARD)
def test_round_off_accuses_nobody(name):
    """Where a gradient is nothing but round-off, methods differ by all of it and none is wrong."""
    problem = HARD[name]
    verdicts = gm.compare(problem, seconds=0).verdicts
    assert set(verdicts.values()) <= {"right", "not decided"}, verdicts


@pytest.mark.medium
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
    assert comparison.verdicts["planted"] == "wrong"


@pytest.mark.medium
def test_round_off_confirms_nothing():
    """At a stationary point the gradient and its negative are as good: neither may be confirmed."""
    comparison = gm.compare(HARD["stationary"], [*EXACT, Planted(flip_all)], seconds=0)
    assert set(comparison.verdicts.values()) == {"not decided"}
    assert (comparison.agree, comparison.status) == (False, 3)


def test_a_saturated_unit_beside_a_large_one_keeps_its_digits():
    """Exact methods once gave 0 here; one that does so again must not be called right."""
    problem = HARD["saturated beside"]
    comparison = gm.compare(problem, EXACT, seconds=0)
    assert set(comparison.verdicts.values()) == {"right"}
    truth = gm.certified_gradient(problem)
    for name in EXACT:
        found = gm.get_provider(name).prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(found, truth.gradient, rtol=1e-9, atol=0)


def test_lost_digits_are_not_decided():
    """Where textbook slopes lose all digits, one that kept them is right, and none is wrong."""

    def loss(w, *, xp=np):  # tanh as textbooks write it: its slope is 1 - 1 by the chain rule
        return xp.sum((xp.exp(w) - xp.exp(-w)) / (xp.exp(w) + xp.exp(-w)))

    comparison = gm.compare(gm.Problem(loss, np.array([19.5])), EXACT, seconds=0)
    assert set(comparison.verdicts.values()) <= {"right", "not decided"}, str(comparison)


@pytest.mark.medium
def test_single_precision_in_place_of_double_is_seen():
    """Its roughness looks like a problem's round-off; no other method shows any."""

    def rounded(gradient):
        for array in gradient.values():
            array[...] = array.astype(np.float32)

    problem = gm.problems.get("island")
    comparison = gm.compare(problem, [*EXACT, Planted(rounded)], seconds=0)
    assert comparison.verdicts["planted"] == "wrong"


def test_differences_are_held_to_their_own_estimates():
    """A method that says how far it may be off is wrong when it is farther off, and only then."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(30 * w)), np.array([0.1, 0.7]))

    class Claiming(Planted):
        def prepare(self, problem):
            prepared = gm.Backprop().prepare(problem)
            claim = self.mistake

            def call(params, **data):
                value, gradient = prepared(params, **data)
                return gm.GradientResult(value, gradient * (1 + 1e-6))

            call.error_estimate = claim * np.ones(2)  # type: ignore[attr-defined]  # its claim
            return call

    size = float(np.linalg.norm(gm.certified_gradient(problem).gradient))
    claims = {1e-9: "wrong", 1e-6: "right", 1.0: "not decided"}
    providers = [Claiming(part * size, f"{part:g}", exact=False) for part in claims]
    found = gm.compare(problem, providers, seconds=0).verdicts
    assert found == {f"{part:g}": verdict for part, verdict in claims.items()}


def test_without_a_bound_digits_alone_count():
    """A stranger's method that says nothing of its errors is wrong where it has no digit."""

    def off(by):
        def mistake(gradient):
            for array in gradient.values():
                np.multiply(array, 1 + by, out=array)

        return mistake

    providers = [Planted(off(by), f"{by:g}", exact=None) for by in (0.0, 1e-6, 0.5)]
    found = gm.compare(scaled(1.0), providers, seconds=0).verdicts
    assert found == {"0": "right", "1e-06": "not decided", "0.5": "wrong"}


def test_a_bound_that_a_provider_states_is_its_bound():
    """A user who knows how far his method may be off must be able to say so."""

    class Stating(Planted):
        def bound(self, problem):
            return {"W": np.full((2, 2), 1e-6), "b": np.full(2, 1e-6)}

    def off(by):
        def mistake(gradient):
            gradient["b"] += by

        return mistake

    providers = [Stating(off(by), f"{by:g}", exact=None) for by in (1e-7, 1e-5)]
    assert gm.compare(scaled(1.0), providers, seconds=0).verdicts == {
        "1e-07": "right",
        "1e-05": "wrong",
    }


@pytest.mark.parametrize("given", [0.0, 1.0, -1e300, np.finfo(float).max])
def test_no_number_is_near_a_truth_beyond_the_range(given):
    """An infinite error within an infinite bound called every finite number right."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**-3), np.array([1e-90, 2.0]))
    gradient = np.array([given, -3 / 16])
    checked = gm.check_gradient(gradient, problem)
    assert checked.ok is False
    assert np.isinf(gm.certified_gradient(problem).gradient[0])


def test_a_loss_that_raises_in_another_precision_is_judged_all_the_same():
    """The user's own error, from a float32 loss nobody asked for, ended the check."""

    def loss(w, *, xp=np):
        return xp.linalg.solve(w, xp.asarray([1.0, 2.0]))[0]  # singular in float32

    problem = gm.Problem(loss, 1e-60 * np.array([[2.0, 1.0], [1.0, 3.0]]))
    right = gm.Backprop().prepare(problem)
    assert gm.check_gradient(lambda w: right(w).gradient, problem).ok
    assert gm.check_gradient(lambda w: -right(w).gradient, problem).ok is False
