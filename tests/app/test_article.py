"""The commands `train` and `article`, and the pictures that they write."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.app.runs import article
from gradmethods.errors import InvalidProblem
from gradmethods.report.article import maps
from gradmethods.report.article.training import parting_frame
from gradmethods.studies import pathologies
from gradmethods.studies.training import train, train_together
from tests.failing import Interrupting

pytestmark = pytest.mark.usefixtures("svg_alone")


@pytest.fixture(scope="module")
def run():
    return train(gm.problems.get("island", batch=60), epochs=400)


@pytest.mark.medium
def test_train_writes_what_it_shows(tmp_path, capsys, svg_alone):
    # If it fails, a run leaves pictures without data, or data without a caption.
    out = tmp_path / "run"
    arguments = ["train", "--data", "xor", "--set", "batch=20", "--epochs", "5", "--out", str(out)]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for method in ("backprop", "analytical", "numerical"):
        assert method in shown
    index = json.loads((out / "index.json").read_text(encoding="utf-8"))
    assert index["provenance"]["finished"] is True
    assert [item["id"] for item in index["items"]] == [
        "tab-training-xor", "fig-loss-xor", "fig-parting-xor", "weights-xor-backprop",
        "weights-xor-analytical", "weights-xor-numerical", "fig-map-xor",
    ]  # fmt: skip
    captions = (out / "captions.md").read_text(encoding="utf-8")
    for item in index["items"]:
        assert item["title"] in captions
        assert all((out / file).stat().st_size for file in item["files"])
    kept = np.load(out / "weights" / "weights-xor-backprop.npz")
    assert kept["points"].shape == (6, 13)
    assert len(pd.read_csv(out / "figures" / "fig-loss-xor.csv")) == 6
    # Once more, with one method: what the first run wrote must not be taken for the second's.
    assert main([*arguments, "--method", "backprop", "--seed", "1"]) == 0
    assert not (out / "figures" / "fig-parting-xor.svg").exists()
    assert "seed 1" in (out / "captions.md").read_text(encoding="utf-8")


def test_a_loss_that_rose_is_said(tmp_path, capsys):
    # If it fails, a beginner takes a run that diverges for one that has trained.
    arguments = ["train", "--data", "rosenbrock", "--method", "backprop", "--epochs", "1"]
    assert main([*arguments, "--rate", "0.1", "--out", str(tmp_path / "run")]) == 0
    assert "The loss rose, from " in capsys.readouterr().out
    assert main([*arguments, "--rate", "1e-6", "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "The loss rose" not in printed
    assert "--------" in printed


@pytest.mark.medium
def test_an_interrupted_run_is_written(tmp_path, capsys, monkeypatch):
    # If it fails, Ctrl-C after an hour leaves nothing.
    monkeypatch.setattr(gm.Backprop, "prepare", Interrupting(4).prepare)
    arguments = ["train", "--data", "island", "--method", "backprop", "--out", str(tmp_path)]
    assert main([*arguments, "--set", "batch=20"]) == 130
    assert "Interrupted" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "tables" / "tab-training-island.csv")
    assert table["epochs"].tolist() == [3]
    index = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    assert index["provenance"]["finished"] is False
    assert "INCOMPLETE" in (tmp_path / "captions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "iland"], "Did you mean 'island'"),
        (["--data", "island", "--method", "backprp"], "Did you mean 'backprop'"),
        (["--data", "island", "--epochs", "0"], "epochs"),
        (["--data", "island", "--rate", "nan"], "rate"),
    ],
)
def test_mistakes_at_the_prompt(tmp_path, capsys, arguments, words):
    # If it fails, a typing error ends in a traceback.
    assert main(["train", *arguments, "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_all_takes_the_analytical_form_that_can():
    # If it fails, a network too large for whole formulas cannot be trained with all methods.
    assert [p.name for p in article.methods("all")] == list(article.METHODS)
    large = gm.problems.get("mlp", widths=(8, 64, 64, 1))
    assert article.methods("all")[1].obstacle(large) is None
    names = [p.name for p in article.methods("numerical:forward, backprop")]
    assert names == ["numerical:forward", "backprop"]


def test_parting_is_measured_from_the_first():
    # If it fails, the table of differences compares other runs than it names.
    problem = gm.problems.get("xor", batch=20)
    a, b = train_together(problem, ["backprop", "numerical:forward"], epochs=6)
    frame = parting_frame([a, b])
    assert set(frame["provider"]) == {"numerical:forward"}
    assert frame["weights"].tolist() == abs(a.points - b.points).max(axis=1).tolist()
    assert frame["loss"].tolist() == abs(a.losses - b.losses).tolist()
    assert frame["weights"].iloc[0] == 0 < frame["weights"].iloc[-1]
    assert parting_frame([a]).empty


def test_maps_cover_the_data_and_show_the_probability(run):
    # If it fails, a map is shifted, mirrored or of other weights than it says.
    X = run.problem.data["X"]
    first, second = maps.axes_of(X, 31)
    assert np.isclose(first[-1] - first[0], 1.1 * np.ptp(X[:, 0]))
    assert np.isclose(second[0] + second[-1], X[:, 1].min() + X[:, 1].max())
    y = maps.plane(run, run.last, 31)
    p = run.params
    at = np.array([first[3], second[17]])
    h = 1 / (1 + np.exp(-(p["W1"] @ at + p["b1"])))
    assert np.isclose(y[17, 3], 1 / (1 + np.exp(-(h @ p["W2"] + p["b2"]))))


def test_map_figure_has_one_scale_and_a_decision_line(run):
    # If it fails, three maps with three scales are compared by eye.
    figure = maps.map_figure(run)
    drawn = [artist for axes in figure.axes[:3] for artist in axes.collections]
    meshes = [artist for artist in drawn if hasattr(artist, "get_coordinates")]
    assert len(meshes) == 3
    assert {mesh.get_clim() for mesh in meshes} == {(0, 1)}
    assert figure.axes[3].get_ylabel() == "P(class 1)"
    frame = maps.map_frame(run)
    assert set(frame) == {"x1", "x2", "before", "after"}
    assert not np.allclose(frame["before"], frame["after"])


def test_a_map_needs_a_plane():
    # If it fails, a network of thirty inputs is drawn as if it had two.
    wide = train(gm.problems.get("mlp", widths=(3, 2, 1), batch=10), epochs=2)
    assert not maps.is_plane(wide)
    with pytest.raises(InvalidProblem, match="two inputs"):
        maps.plane(wide, wide.last)


@pytest.mark.medium
def test_the_animation_moves(run):
    # If it fails, a GIF of one picture is called an animation.
    gif: Any = Image.open(io.BytesIO(maps.animation(run, frames=3)))
    assert gif.n_frames == 3
    gif.seek(0)
    first = np.asarray(gif.convert("RGB"))
    gif.seek(2)
    assert (np.asarray(gif.convert("RGB")) != first).mean() > 0.1


@pytest.mark.medium
def test_article_writes_each_part(tmp_path, capsys, monkeypatch, svg_alone):
    # If it fails, a part of the article has no figure or table, or an unfinished run says finished.
    for name, small in (
        ("gradient_norms", {"depths": [1, 2], "seeds": [0]}),
        ("dying_units", {"rates": (0.1, 1.0), "seeds": [0], "epochs": 3}),
        ("wrong_start", {"weights": (1.0,), "seeds": [0], "epochs": 3}),
    ):
        function = getattr(pathologies, name)
        monkeypatch.setattr(pathologies, name, lambda f=function, s=small: f(**s))
    monkeypatch.setattr(article, "CERTIFIED", {})
    monkeypatch.setattr(article, "PLANE", article.PLANE[:1])
    assert article.run_article(tmp_path, seeds=1, epochs=3) == 0
    index = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    assert index["provenance"]["finished"] is True
    names = {item["id"] for item in index["items"]}
    kinds = ("loss", "map", "parting")
    expected = {f"fig-{kind}-{data}" for kind in kinds for data in article.PLANE}
    expected |= {"tab-seeds", "tab-failures", "fig-gradient-norms", "fig-dying-relus", "fig-wrong"}
    assert expected <= names
    assert "moving" in capsys.readouterr().out
