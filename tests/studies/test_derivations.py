"""The article's derivations, proven equal to SymPy's derivatives of the losses that run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict

import numpy as np
import pytest
import sympy
from matplotlib.text import Text

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.engines.graph import record
from gradmethods.engines.program import recognise
from gradmethods.engines.tape import count_factors
from gradmethods.errors import UnknownName
from gradmethods.report import derivations_written as formulas
from gradmethods.studies.derivations import Derivation, Row, classifier, derive, network
from gradmethods.studies.derivations.proof import vanishes


@pytest.fixture(scope="module")
def found():
    return {name: derive(name) for name in ("network-1-1-1", "island")}


@pytest.mark.parametrize("name", ["w_h", "b_h", "w_y", "b_y"])
def test_the_chain_rule_is_the_closed_form(name):
    """If SymPy could not simplify the difference to 0, the article's derivation would be wrong."""
    difference = network.product(network.chains()[name]) - network.closed_forms()[name]
    assert sympy.simplify(difference) == 0
    assert vanishes(difference)


@pytest.mark.parametrize("place", range(5))
def test_a_wrong_factor_is_not_proven(monkeypatch, place):
    """A proof that also proves a wrong chain proves nothing."""
    chain = list(network.chains()["w_h"])
    wrong = chain[place].formula * sympy.Symbol("h", real=True)
    chain[place] = network.Factor(chain[place].above, chain[place].below, wrong)
    assert not vanishes(network.product(tuple(chain)) - network.closed_forms()["w_h"])
    monkeypatch.setattr(network, "chains", lambda: {"w_h": tuple(chain)})
    assert network.derivation().proven == 0


def test_chains_are_chains():
    """Each factor's denominator is the next one's numerator, from L to the parameter."""
    for name, chain in network.chains().items():
        below = [factor.below for factor in chain]
        assert [factor.above for factor in chain] == ["L", *below[:-1]]
        assert below[-1] == name


def test_factors_on_paper_are_those_counted_in_the_graph():
    """The count in the graph would be of something else than what the article writes."""
    graph = recognise(record(gm.problems.get("network-1-1-1")))
    counted = {name: len(chain) for name, chain in count_factors(graph).chains.items()}
    written = {
        name: sum(factor.formula != 1 for factor in chain)
        for name, chain in network.chains().items()
    }
    assert counted == written


@pytest.mark.medium
def test_array_equations_are_the_scalar_derivatives(found):
    """Entry by entry: 2 + 6 of the deltas, 13 of the gradient."""
    island = found["island"]
    assert [(row.entries, row.proven) for row in island.rows] == [
        (2, 2), (3, 3), (1, 1), (6, 6), (6, 6), (3, 3),
    ]  # fmt: skip
    assert (island.entries, island.proven) == (21, 21)


@pytest.mark.medium
def test_each_gradient_entry_simplifies_to_zero():
    """The same by SymPy's own simplification, for what that takes seconds for."""
    left, right = classifier.derivatives(1)
    for name in ("b2", "delta_y"):
        for a, b in zip(np.ravel(left[name]), np.ravel(right[name]), strict=True):
            assert sympy.simplify(a - b) == 0


@pytest.mark.medium
def test_one_and_three_examples_are_proven_too():
    """If the equations held for two examples only, training on 200 would be wrong."""
    for examples, entries in ((1, 17), (3, 25)):
        left, right = classifier.derivatives(examples)
        assert sum(classifier.proven(left, right).values()) == entries


MISTAKES = {
    "mean forgotten": lambda e: e | {"W2": 2 * e["W2"]},
    "wrong sign": lambda e: e | {"b2": -e["b2"]},
    "transposed": lambda e: e | {"W1": e["W1"][:, ::-1]},
    "one entry off": lambda e: e | {"b1": e["b1"] * np.array([1, 1, 2])},
    "slope forgotten": lambda e: e | {"delta_h": e["delta_h"] + e["delta_y"][:, None]},
}


@pytest.mark.medium
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_equation_is_not_proven(mistake):
    """The usual mistakes of a hand-written backward pass must not come out as proven."""
    left, right = classifier.derivatives()
    assert sum(classifier.proven(mistake(left), right).values()) < 21


def test_the_equations_give_the_gradient_in_numbers():
    """What is proven on symbols must be what an engineer would type."""
    problem = gm.problems.get("island")
    found = classifier.equations(problem.params, problem.data["X"], problem.data["t"])
    gradient = gm.certified_gradient(problem).gradient
    for name, array in gradient.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        ("exp(x)*exp(-x) - 1", True),
        ("exp(x + y) - exp(y + x)", True),
        ("exp(-(x - y)) - 1/exp(x - y)", True),
        ("1/(1 + exp(-x)) + 1/(1 + exp(x)) - 1", True),
        ("log(1 + exp(x)) - log(exp(x) + 1)", True),
        ("exp(1/(1 + exp(-x))) - exp(1/(1 + exp(-x)))", True),
        ("exp(x) - exp(y)", False),
        ("x - x*y", False),
        ("1/10**30", False),
    ],
)
def test_vanishing_is_decided_exactly(text, zero):
    """A decision by numbers would call 1e-30 zero."""
    x, y = sympy.symbols("x y", real=True)
    assert vanishes(sympy.sympify(text, {"x": x, "y": y}, evaluate=False)) is zero


# -- what is shown


@pytest.mark.medium
def test_latex_is_balanced_and_complete(found):
    """LaTeX that does not compile is found out by the reader, in their own paper."""
    text = formulas.latex(list(found.values()))
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    begun = re.findall(r"\\begin\{(\S+?)\}", text)
    assert begun == re.findall(r"\\end\{(\S+?)\}", text)
    assert begun.count("align*") == 10
    assert r"\frac{\partial z_{h}}{\partial w_{h}}" in text
    assert "4 of 4 equations proven" in text


def boxes(figure):
    figure.draw_without_rendering()
    return [t.get_window_extent() for t in figure.axes[0].findobj(Text) if t.get_text()]


@pytest.mark.medium
@pytest.mark.parametrize("name", ["network-1-1-1", "island"])
def test_formulas_do_not_run_into_each_other(found, name):
    """Formulas that overlap, or leave the page, cannot be read."""
    figure = formulas.figure([found[name]])
    extents = boxes(figure)
    for i, a in enumerate(extents):
        assert figure.bbox.x0 <= a.x0
        assert a.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= a.y0
        assert a.y1 <= figure.bbox.y1
        for b in extents[:i]:
            wide = min(a.x1, b.x1) - max(a.x0, b.x0)
            high = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert wide < 1 or high < 1


@pytest.mark.medium
def test_the_page_loads_nothing_and_keeps_ids_apart(found):
    """A page that asks the network for a font, or mixes up glyphs, shows other formulas."""
    text = formulas.page(list(found.values()))
    assert not re.search(r'(src|href)="(?!#)', re.sub(r'xmlns[:\w]*="[^"]*"', "", text))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert "21 of 21 equations" in text
    # Outlines keep their scale, 1/64: coordinates are rounded, and large brackets once were too.
    scales = {float(scale) for scale in re.findall(r'transform="scale\(([\d.]+)\)"', text)}
    assert scales == {1 / 64}


@pytest.mark.medium
def test_derivations_survive_their_file(found):
    """A report is written from files alone, often on another day."""
    for each in found.values():
        assert Derivation.from_record(json.loads(json.dumps(asdict(each)))) == each


def test_what_is_not_proven_is_said(found):
    """A failed proof that looked like the others would mislead."""
    row = Row((r"\frac{\partial L}{\partial w} = 1",), "= 2", 1, 0)
    wrong = Derivation("wrong", "Wrong", ("L = w",), ("a", "b"), (row,), ("None.",))
    assert "0 of 1 equations proven" in formulas.latex([wrong])
    words = [text.get_text() for text in formulas.figure([wrong]).axes[0].texts]
    assert "0 of 1" in words


@pytest.mark.medium
def test_the_command_writes_every_format(tmp_path, capsys):
    """Each format is for another reader."""
    assert main(["formulas", "network-1-1-1"]) == 0
    text = capsys.readouterr().out
    assert "∂L/∂w_y = ∂L/∂y · ∂y/∂z_y · ∂z_y/∂w_y = 2 (y - t) · y (1 - y) · h" in text
    assert "\\" not in text
    starts = {"html": b"<!doctype", "tex": b"\\documentclass", "svg": b"<?xml"}
    for suffix, start in starts.items():
        out = tmp_path / f"formulas.{suffix}"
        assert main(["formulas", "network-1-1-1", "--out", str(out)]) == 0
        assert out.read_bytes().startswith(start)
        assert "4 of 4 equations proven" in capsys.readouterr().out


@pytest.mark.medium
def test_the_formulas_of_any_small_loss_are_written(tmp_path, capsys):
    """The formulas of two networks alone say nothing of a loss that somebody has."""
    options = ["formulas", "rosenbrock", "--set", "n=2", "--form", "expanded"]
    assert main(options) == 0
    assert "∂L/∂x₁ = 200⋅⎝- x₀  + x₁⎠" in capsys.readouterr().out
    out = tmp_path / "formulas.tex"
    assert main([*options, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert r"\frac{\partial L}{\partial x_{1}} &= 200 \left(- x_{0}^{2} + x_{1}\right)" in text
    assert main(["formulas", "lstm"]) == 2
    assert "equations; up to 200 are written" in capsys.readouterr().err


@pytest.mark.medium
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_formulas_compile_and_fit_on_their_paper(tmp_path):
    """The file did not say that it needs amsmath, and closed forms ran off the page."""
    network = gm.problems.get("network-1-1-1")
    gm.formulas(network, "expanded").save(tmp_path / "closed.tex")
    assert main(["formulas", "network-1-1-1", "--out", str(tmp_path / "derivations.tex")]) == 0
    for name in ("closed", "derivations"):
        command = ["pdflatex", "-interaction=nonstopmode", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
        assert done.returncode == 0
        assert b"Overfull" not in done.stdout
        assert (tmp_path / f"{name}.pdf").exists()


def test_formulas_show_themselves_in_a_notebook():
    """LaTeX that stands in a cell as text is no formula."""
    found = gm.formulas(gm.problems.get("rosenbrock", n=2))
    assert found._repr_latex_().startswith("$\\begin{aligned}")
    assert "the loss" in str(found).lower()


def test_the_command_says_no_with_status_1(monkeypatch, capsys):
    """A script must be able to tell that a proof failed."""
    chains = network.chains()
    wrong = chains | {"b_y": (*chains["b_y"], *chains["b_y"])}
    monkeypatch.setattr(network, "chains", lambda: wrong)
    assert main(["formulas", "network-1-1-1"]) == 1
    assert "3 of 4 equations proven" in capsys.readouterr().out


def test_mistakes_at_the_prompt(tmp_path, capsys):
    """A mistake gets one line on standard error and status 2, not a traceback."""
    assert main(["formulas", "iland"]) == 2
    assert "Did you mean 'island'" in capsys.readouterr().err
    assert main(["formulas", "--out", str(tmp_path / "a.doc")]) == 2
    assert "svg, pdf, png" in capsys.readouterr().err
    with pytest.raises(UnknownName):
        derive("mlp")
