"""Advice: it follows from the numbers, and what was not measured says so."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.advice import Advice, Option
from gradmethods.advice import measure as room
from gradmethods.cli import main
from gradmethods.cost.deadline import OutOfTime
from gradmethods.errors import InvalidOption, InvalidProblem


def option(name, preparation, gradient, digits, **more):
    low, high = 0.9 * gradient, 1.1 * gradient
    return Option(name, preparation, gradient, low, high, digits, certified=True, **more)


@pytest.fixture
def given():
    """Three methods: at once and dear, a little later and cheap, late and cheapest."""
    problem = gm.problems.get("rosenbrock")
    options = (
        option("numerical", 0.0, 10.0, 9.0),
        option("backprop", 15.0, 1.0, 15.0),
        option("analytical", 1015.0, 0.5, 16.0),
        Option("numerical:complex-step", obstacle="It has one."),
    )
    return Advice(problem, 0.1, options, "the truth")


def test_the_cheapest_method_is_chosen_for_every_count(given):
    """If another were, following the advice would cost more than not asking."""
    starts = [(c.start, c.option.name) for c in given.choices()]
    assert starts == [(1, "numerical"), (2, "backprop"), (2001, "analytical")]
    for count in (1, 2, 3, 1999, 2001, 10**6):
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
    assert given.pays("backprop").value == 2
    words = " ".join(str(given).split())
    assert "backprop with its preparation is cheaper than central differences from 2" in words
    with pytest.raises(InvalidOption, match="count"):
        given.best(0)


def test_a_network_is_measured():
    """If no method could be measured, there would be nothing behind the advice."""
    problem = gm.problems.get("mlp", widths=(2, 8, 1), batch=8)
    found = gm.advise(problem, seconds=0.01)
    options = {o.name: o for o in found.options}
    assert list(options) == list(room.CANDIDATES)
    assert all(o.certified and not o.obstacle for o in options.values())
    for name in ("backprop", "analytical", "numerical:complex-step"):
        assert options[name].digits > 14
    assert 5 < options["numerical:forward"].digits < 9 < options["numerical"].digits < 13
    assert options["numerical"].passes == 2 * problem.size
    assert "backprop" in str(found)


def test_a_kink_leaves_digits_to_theory():
    """If digits were made up where there is no truth, they would be taken for measured."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.array([0.0, 1.0]))
    found = gm.advise(problem, seconds=0.01)
    assert "no certified gradient" in found.reference
    able = [o for o in found.options if not o.obstacle]
    assert able
    assert not any(o.certified for o in able)
    assert "≤ 8.0" in str(found)


def test_what_takes_too_long_is_estimated(monkeypatch):
    """If it were run all the same, asking for advice could take days."""
    monkeypatch.setattr(room, "calls_for", lambda function, shortest: (1, 1.0))
    monkeypatch.setattr(room, "CANDIDATES", ("backprop", "numerical"))
    problem = gm.problems.get("rosenbrock")
    central = gm.advise(problem, seconds=0.01, limit=5.0).options[1]
    assert central.estimated
    assert central.gradient == 2 * problem.size + 1
    assert math.isnan(central.low)
    assert central.price.low == central.gradient / 2


def test_preparing_for_ever_is_an_obstacle(monkeypatch):
    """If it were waited for, one method would keep the advice about the others."""
    monkeypatch.setattr(room, "CANDIDATES", ("backprop",))
    room._warm_up("backprop")

    def prepare(self, problem):
        raise OutOfTime("stopped")

    monkeypatch.setattr(gm.Backprop, "prepare", prepare)
    (found,) = gm.advise(gm.problems.get("rosenbrock"), seconds=0.01).options
    assert "longer than 10 s" in found.obstacle


def test_large_problems_are_judged_by_directions(monkeypatch):
    """If digits of large problems were not sampled, their advice would rest on theory alone."""
    from gradmethods import certified

    def refuse(problem, digits, *, budget):
        raise gm.BudgetExceeded("It would take long.")

    monkeypatch.setattr(certified, "certified_gradient", refuse)
    monkeypatch.setattr(room, "CANDIDATES", ("backprop", "numerical"))
    found = gm.advise(gm.problems.get("rosenbrock", n=50), seconds=0.01)
    assert "8 random directions" in found.reference
    exact, central = found.options
    assert exact.digits > 14
    assert 8 < central.digits < 12


def test_wrong_uses_are_refused():
    """If they were not, the mistake would show as a strange advice."""
    with pytest.raises(InvalidProblem, match="Expected a problem"):
        gm.advise(3)  # type: ignore[arg-type]
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidOption, match="seconds"):
            gm.advise(gm.problems.get("rosenbrock"), seconds=seconds)


def test_the_command_advises(capsys):
    """If it did not, the advice would be for those who write Python at a prompt."""
    assert main(["advise", "network-1-1-1", "--seconds", "0.01"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("network-1-1-1: 4 parameters")
    assert "For any accuracy: " in printed
