"""Advice: it follows from the numbers, and what was not measured says so."""

from __future__ import annotations

import dataclasses
import math
import time
from functools import partial

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.comparison import DEFAULT_PROVIDERS, Advice, Option, candidates
from gradmethods.errors import InvalidOption, InvalidProblem
from gradmethods.problems import hard
from gradmethods.providers.attempt import Ready, warm_up
from tests.planted import Planted, flip, scaled

advise = partial(gm.advise, seconds=0.01, limit=1e4)
"""At once, and whatever time a loaded machine takes."""


def option(name, preparation, gradient, digits, **more):
    low, high = 0.9 * gradient, 1.1 * gradient
    return Option(name, preparation, gradient, low, high, digits, certified=True, **more)


@pytest.fixture
def given():
    """Three methods: at once and dear, a little later and cheap, late and cheapest."""
    problem = gm.problems.get("rosenbrock")
    options = (
        option("numerical", 0.0, 10.0, 9.0),
        option("backprop", 150.0, 1.0, 15.0),
        option("analytical", 10150.0, 0.5, 16.0),
        Option("numerical:complex-step", obstacle="It has one."),
    )
    return Advice(problem, 0.1, options, "the truth")


def test_the_cheapest_method_is_chosen_for_every_count(given):
    """If another were, following the advice would cost more than not asking."""
    starts = [(c.start, c.option.name) for c in given.choices()]
    assert starts == [(1, "numerical"), (17, "backprop"), (20001, "analytical")]
    for count in (1, 16, 18, 19999, 20001, 10**6):
        cheapest = min(given.options[:3], key=lambda o: o.preparation + count * o.gradient)
        best = given.best(count)
        assert best is not None
        assert best.total(count) == cheapest.total(count)


def test_digits_are_heeded(given):
    """If they were not, a method would be advised that cannot give what was asked for."""
    assert [c.option.name for c in given.choices(12)] == ["backprop", "analytical"]
    assert given.choices(17) == []
    assert given.best(1, 17) is None
    assert "12 digits and more: backprop" in str(given)


def test_an_obstacle_is_never_advised_and_always_told(given):
    """If it were silent, the user would not know why a method is missing."""
    assert "complex-step" not in {c.option.name for c in given.choices()}
    assert "numerical:complex-step: It has one." in str(given)
    assert given.table.loc["numerical:complex-step", "obstacle"] == "It has one."


def test_break_even_is_in_the_words(given):
    """If numbers and words differed, one of them would be wrong."""
    assert given.pays("backprop").value == 17
    words = " ".join(str(given).split())
    assert "from 17" in words
    with pytest.raises(InvalidOption, match="count"):
        given.best(0)


@pytest.mark.medium
def test_a_network_is_measured():
    """If no method could be measured, there would be nothing behind the advice."""
    problem = gm.problems.get("mlp", widths=(2, 8, 1), batch=8)
    found = advise(problem)
    options = {o.name: o for o in found.options}
    assert list(options) == list(candidates.CANDIDATES)
    assert all(o.certified and not o.obstacle for o in options.values())
    for name in ("backprop", "analytical", "numerical:complex-step"):
        assert options[name].digits > 14
    assert 5 < options["numerical:forward"].digits < 9 < options["numerical"].digits < 13
    assert options["numerical"].passes == 2 * problem.size
    assert "backprop" in str(found)


KINK = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.array([0.0, 1.0]), name="kink")
NAN = gm.Problem(lambda w, xp=np: xp.sum(xp.log(w)), np.array([-1.0, 2.0]), name="nan")
INFINITE = gm.Problem(lambda w, xp=np: xp.sum(1 / w), np.array([0.0, 2.0]), name="infinite")
STEEP = gm.Problem(lambda w, xp=np: xp.sum(xp.sqrt(w)), np.array([0.0, 2.0]), name="steep")


@pytest.mark.medium
@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (KINK, "not differentiable"),
        (NAN, "NaN here"),
        (INFINITE, "infinite here"),
        (STEEP, "slope"),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_without_a_gradient_none_is_advised(problem, why):
    """All methods agree on a number at |w| = 0: the cheapest of them would be advised all the same,
    and so would one whose formula is finite where the loss is not."""
    for found in (advise(problem), gm.compare(problem, seconds=0.01).advice):
        assert why in found.doubt
        assert found.best(10) is None
        assert found.choices() == []
        assert "No method is advised: " in str(found)
        assert "For any accuracy" not in str(found)


def test_a_gradient_without_a_right_digit_is_not_advised():
    """On a staircase differences see a slope that is not there, at a good price."""
    stairs = gm.Problem(lambda w, xp=np: xp.sum(xp.round(w * 1e3)), np.array([0.3012, 2.0]))
    found = advise(stairs)
    faults = {o.name for o in found.options if o.fault}
    assert faults >= {"numerical", "numerical:forward"}
    assert not faults & {choice.option.name for choice in found.choices()}
    assert {o.name for o in found.able(16 - 0.1)} >= {"backprop", "analytical"}
    assert "not advised" in " ".join(str(found).split())


def test_who_disagrees_is_not_advised():
    """The cheapest of all gradients is a wrong one."""
    comparison = gm.compare(scaled(1.0), [Planted(flip, "wrong"), *DEFAULT_PROVIDERS], seconds=0.01)
    assert comparison.verdicts["wrong"] == "wrong"
    options = {o.name: o for o in comparison.advice.options}
    assert options["wrong"].fault
    assert "wrong" not in {o.name for o in comparison.advice.able()}
    assert comparison.advice.best(10) is not None


def test_what_was_not_verified_is_not_advised():
    """If digits that nobody checked were called correct, a guess would pass for a measurement."""

    def loss(w, *, xp=np):
        return xp.sum(xp.sqrt(xp.expm1(w**4)))

    problem = gm.Problem(loss, np.array([0.0, 0.7]))
    for found in (advise(problem), gm.compare(problem, seconds=0.01).advice):
        assert found.able() == []
        assert found.best(10) is None
        assert "not decided" in found.doubt
        assert not any(o.certified for o in found.options)
        assert "No method is advised" in str(found)


def test_nothing_works():
    """If every method refuses, an empty list of choices would say nothing."""
    refused = tuple(Option(name, obstacle="It cannot.") for name in ("backprop", "numerical"))
    text = str(Advice(KINK, 1.0, refused, "theory"))
    assert "No method is advised" in text
    assert "backprop, numerical: It cannot." in text


def test_noise_is_not_ranked():
    """If noise ranked two methods of equal cost, the advice would change from run to run."""
    first, second = option("backprop", 1.0, 1.0, 15.0), option("analytical", 1.1, 0.99, 15.0)
    slow = option("numerical", 0.0, 50.0, 9.0)
    found = Advice(KINK, 1.0, (first, second, slow), "the truth").choices()
    last = found[-1]
    assert last.option in (first, second)
    assert {last.option, *last.ties} == {first, second}
    assert [choice.option for choice in found[:-1]] in ([], [slow])
    assert "within the noise" in str(Advice(KINK, 1.0, (first, second, slow), "the truth"))


def test_a_clear_winner_has_no_ties(given):
    """If everything were within the noise, the advice would be none."""
    assert [choice.ties for choice in given.choices()] == [(), (), ()]


@pytest.mark.medium
def test_one_parameter_and_single_precision():
    """The smallest sizes and the coarser numbers are where formats and formulas divide by zero."""
    one = gm.Problem(lambda w, xp=np: xp.sin(w) ** 2, np.array(0.7), name="one")
    text = str(advise(one))
    assert text.startswith("one: 1 parameter, float64")
    assert "its one component" in text
    single = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w) ** 2), np.ones(3, np.float32) * 0.7)
    found = advise(single)
    assert found.best(10, digits=5) is not None
    assert found.best(10, digits=12) is None
    assert found.choices(12) == []


@pytest.mark.medium
def test_a_comparison_ends_with_advice():
    """If it did not, whoever compares would have to measure once more to know what to use."""
    timed = gm.compare(gm.problems.get("xor"), seconds=0.01)
    after = str(timed).partition("Every provider that gave a gradient is right.")[2]
    assert "Which to use, preparation included:" in after
    assert len(after.strip().splitlines()) <= 8
    untimed = gm.compare(gm.problems.get("xor"), seconds=0)
    assert "Which to use" not in str(untimed)
    with pytest.raises(InvalidOption, match="seconds above 0"):
        _ = untimed.advice


@pytest.mark.medium
def test_a_comparison_measures_once(monkeypatch):
    """If advice timed again, printing a comparison would take as long as making it."""
    comparison = gm.compare(gm.problems.get("xor"), seconds=0.01)
    monkeypatch.setattr(candidates, "timed", None)
    costs = {a.provider: a.cost.gradient.median for a in comparison.answers if a.cost}
    assert {o.name: o.gradient for o in comparison.advice.options} == costs


def test_what_takes_too_long_is_estimated(monkeypatch):
    """If it were run all the same, asking for advice could take days."""
    monkeypatch.setattr(candidates, "calls_for", lambda function, shortest: (1, 1.0))
    monkeypatch.setattr(candidates, "CANDIDATES", ("backprop", "numerical"))
    problem = gm.problems.get("rosenbrock")
    central = gm.advise(problem, seconds=0.01, limit=5.0).options[1]
    assert central.estimated
    assert central.gradient == 2 * problem.size + 1
    assert math.isnan(central.low)
    assert central.price.low == central.gradient / 2


def test_preparing_for_ever_is_an_obstacle(monkeypatch):
    """If it were waited for, one method would keep the advice about the others."""
    monkeypatch.setattr(candidates, "CANDIDATES", ("backprop",))
    warm_up(gm.Backprop())

    def prepare(self, problem):
        while True:
            pass

    monkeypatch.setattr(gm.Backprop, "prepare", prepare)
    (found,) = gm.advise(gm.problems.get("rosenbrock"), seconds=0.01, limit=0.01).options
    assert "longer than 10 ms" in found.obstacle


def test_large_problems_are_judged_by_a_part(monkeypatch):
    """If digits of large problems were not sampled, nothing could be advised for them."""
    from gradmethods.truth import find

    monkeypatch.setattr(find, "_whole", lambda *_: None)
    monkeypatch.setattr(candidates, "CANDIDATES", ("backprop", "numerical"))
    found = advise(gm.problems.get("rosenbrock", n=100))
    assert "64 of 100 components" in found.reference
    exact, central = found.options
    assert exact.digits > 14
    assert 8 < central.digits < 12


def test_any_accuracy_is_not_said_where_it_is_not_had():
    """Whoever needs 12 digits and reads "for any accuracy" would take a method with 9."""
    rough = Advice(KINK, 1.0, (option("numerical", 0.0, 10.0, 9.0),), "the truth")
    assert "For any accuracy" not in str(rough)
    assert "For up to 9 digits: numerical (9 digits)" in str(rough)
    assert "For 10 digits and more: no method here gives that." in str(rough)
    fine = Advice(KINK, 1.0, (option("backprop", 0.0, 10.0, 15.0),), "the truth")
    assert "For any accuracy: backprop (15 digits)" in str(fine)


def test_wrong_uses_are_refused():
    """If they were not, the mistake would show as a strange advice."""
    with pytest.raises(InvalidProblem, match="Expected a problem"):
        gm.advise(3)  # type: ignore[arg-type]
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidOption, match="seconds"):
            gm.advise(gm.problems.get("rosenbrock"), seconds=seconds)


@pytest.mark.medium
def test_the_command_advises(capsys):
    """If it did not, the advice would be for those who write Python at a prompt."""
    assert main(["advise", "network-1-1-1", "--seconds", "0.01"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("network-1-1-1: 4 parameters")
    assert "Which to use, preparation included:" in printed


def test_a_loss_that_fails_on_balls_is_still_printed():
    """If an error of the loss came through, a comparison that was made could not be looked at."""

    def loss(w, *, xp=np):
        if type(w) is not np.ndarray:
            raise KeyError("a loss of somebody who looks at types")
        return xp.sum(w * w)

    problem = gm.Problem(loss, np.array([0.3, 0.7]))
    assert "against differences of the loss, not certified" in " ".join(
        str(gm.compare(problem, seconds=0.01)).split()
    )
    advice = advise(problem)
    assert "[test_advice.py:" in str(advice)


def test_methods_without_a_right_digit_are_named():
    """Near the root of an expanded power all methods drown, and no verdict says how deep."""
    text = str(gm.compare(hard.get("expanded-power"), seconds=0.01))
    assert "No method is advised" in text
    assert "Not advised" in text


@pytest.mark.medium
def test_where_the_truth_is_known_it_alone_judges():
    """On a matrix of condition 1e13 exact methods differ by round-off: none would be left."""
    found = advise(hard.get("hilbert"))
    digits = {option.name: option.digits for option in found.able()}
    assert 4 < digits["backprop"] < 8
    assert 4 < digits["analytical"] < 8
    assert found.best(1000) is not None


def test_the_command_says_no_with_status_1(capsys):
    """A script must be able to tell that nothing was advised without reading the words."""
    assert main(["advise", "relu-at-kink", "--seconds", "0.01"]) == 1
    assert "No method is advised" in capsys.readouterr().out


def test_a_slow_gradient_is_timed_once(monkeypatch):
    """If it were timed in rounds all the same, advice would take several times its limit; and if
    it were called too slow, a method that is not would be left out."""
    monkeypatch.setattr(candidates, "CANDIDATES", ("backprop", "numerical"))
    monkeypatch.setattr(candidates, "timed", None)
    own = Ready.answer

    def slowly(ready):
        time.sleep(0.3)
        return dataclasses.replace(own(ready), seconds=0.3)

    monkeypatch.setattr(Ready, "answer", slowly)
    for found in gm.advise(gm.problems.get("rosenbrock"), seconds=0.01, limit=1.0).options:
        assert found.gradient >= 0.3
        assert math.isnan(found.low)
        assert found.certified
        assert found.passes
        assert not found.obstacle
