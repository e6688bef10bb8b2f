"""What goes wrong: every number shown must come from a gradient that the methods agree on."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.report.article import dying_relus, gradient_norms
from gradmethods.report.article.wrong_predictions import recovery_table, wrong_figure
from gradmethods.studies import pathologies as p

OTHERS = ["analytical:chain-rule", "numerical:complex-step", "numerical"]


@pytest.mark.medium
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("initialisation", p.INITIALISATIONS)
def test_norms_are_those_of_other_methods(activation, initialisation):
    # If it fails, gradients that vanish in the figure do so in backpropagation alone.
    widths = (4, 4, 4, 4, 1)
    problem = gm.problems.get("mlp", widths=widths, activation=activation, batch=5, loss="logits")
    weights = p.initial_weights(widths, activation, initialisation, np.random.default_rng(0))
    expected = gm.Backprop().prepare(problem)(weights).gradient
    for name in OTHERS:
        gradient = gm.get_provider(name).prepare(problem)(weights).gradient
        for k in range(1, 5):
            a, b = (np.linalg.norm(g[f"W{k}"]) for g in (gradient, expected))
            assert math.isclose(a, b, rel_tol=1e-5 if name == "numerical" else 1e-12)


def test_initialisations_have_their_scales():
    # If it fails, Xavier's and He's names stand at other people's numbers.
    rng = np.random.default_rng(0)
    for name, scale in (
        ("standard normal", 1.0),
        ("Xavier", math.sqrt(2 / 500)),
        ("He", math.sqrt(2 / 300)),
    ):
        weights = p.initial_weights((300, 200), "relu", name, rng)
        assert math.isclose(weights["W1"].std(), scale, rel_tol=0.02)
        assert not weights["b1"].any()


@pytest.mark.medium
def test_gradients_vanish_explode_and_keep_their_size():
    # If it fails, the figure shows no pathology, or the cure does not work.
    table = p.gradient_norms([1, 16], seeds=[0, 1])
    middle = table[table["layer"] == 1].groupby(["activation", "initialisation", "depth"])
    norm = middle["norm"].median()
    ratio = norm.xs(16, level="depth") / norm.xs(1, level="depth")
    assert ratio["sigmoid", "Xavier"] < 1e-6
    assert ratio["tanh", "standard normal"] > 1e2
    assert ratio["relu", "standard normal"] > 1e6
    assert all(0.05 < ratio[a, "critical"] < 5 for a in ("sigmoid", "tanh", "relu"))
    shown = gradient_norms.norms_table(table)
    assert len(shown) == 12
    gradient_norms.norms_figure(table).draw_without_rendering()


def test_dead_units_are_those_without_a_gradient():
    # If it fails, units that still learn are called dead, or dead ones are overlooked.
    rng = np.random.default_rng(1)
    problem = gm.problems.get("mlp", widths=(2, 6, 1), activation="relu", batch=30, loss="logits")
    params = dict(problem.params)
    params["b1"] = np.array([-50.0, 0.1, 0.2, -60.0, 0.1, 0.1])
    params["W2"] = rng.standard_normal((1, 6))
    data = dict(problem.data)
    run = gm.train(gm.Problem(problem.loss, params, data, examples=("X", "t")), epochs=3)
    assert p.dead_units(run).tolist() == pytest.approx([2 / 6] * 4)
    gradient = gm.Backprop().prepare(problem)(params).gradient
    assert [not row.any() for row in gradient["W1"]] == [True, False, False, True, False, False]


def test_a_large_rate_kills_units():
    # If it fails, the figure of dying ReLUs shows none that die.
    table = p.dying_units((0.1, 10.0), [0, 1], epochs=20)
    last = table.groupby(["rate", "seed"]).last()["dead"].groupby("rate").mean()
    assert last[10.0] > 0.4
    assert last[0.1] < 0.2
    dying_relus.dying_figure(table).draw_without_rendering()
    assert len(dying_relus.dying_table(table)) == 2


@pytest.mark.parametrize("name", p.LOSSES)
@pytest.mark.parametrize("z", [-9.3, -1.1, 0.4, 6.7])
def test_logit_gradients_are_those_of_other_methods_and_of_the_formula(name, z):
    # If it fails, the comparison of both losses is one of two mistakes.
    y = 1 / (1 + math.exp(-z))
    expected = 2 * (y - 1) * y * (1 - y) if name == "squared error" else y - 1
    problem = p.logit_problem(name, z)
    for provider in ["backprop", "analytical", "numerical:complex-step"]:
        gradient = gm.get_provider(provider).prepare(problem)(problem.params).gradient["z"]
        assert math.isclose(gradient, expected, rel_tol=1e-11)
    truth = gm.certified_gradient(problem).gradient["z"]
    assert math.isclose(truth, expected, rel_tol=1e-11)


def test_the_articles_cross_entropy_breaks_where_it_is_right():
    # If it fails, the figure's note about NaN is not true.
    table = p.logit_gradients([36.0, 37.0]).set_index(["loss", "z"])
    value, gradient = table["value"], table["gradient"]
    assert np.isfinite(value["cross entropy", 36.0])
    assert np.isnan(value["cross entropy", 37.0])
    assert np.isfinite(value["cross entropy, from logits", 37.0])
    # The term 0 · log(1 - y) has a factor of data alone: its infinite slope reaches no parameter.
    assert gradient["cross entropy", 37.0] == pytest.approx(-math.exp(-37), rel=1e-14)


def test_the_figure_says_where_the_loss_is_nan():
    # If it fails, a curve that goes on to the right hides that the loss it belongs to does not.
    training = p.wrong_start((1.0,), [0], epochs=3)
    notes = [
        text.get_text()
        for axes in wrong_figure(p.logit_gradients([36.0, 37.0, 38.0]), training).axes
        for text in axes.texts
    ]
    assert sum("loss NaN from\nz = 37:" in note for note in notes) == 1


def test_squared_error_stays_wrong_longer():
    # If it fails, the training curves do not show what the gradients explain.
    table = p.wrong_start((1.0, 4.0), [0, 1], epochs=200)
    epochs = p.recovery(table).set_index(["loss", "weight"])["epoch"]
    assert (epochs["cross entropy, from logits"] <= 2).all()
    assert (epochs["squared error", 1.0] > 2).all()
    assert epochs["squared error", 4.0].isna().all()
    wrong_figure(p.logit_gradients([-3.0, 3.0, 40.0]), table).draw_without_rendering()
    shown = recovery_table(p.recovery(table))
    assert shown["Runs that recover"].tolist() == ["2 of 2", "2 of 2", "0 of 2", "2 of 2"]
