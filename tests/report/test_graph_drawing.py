"""The graph as text, as DOT, as a table and as a picture."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
from matplotlib.text import Text

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.engines.graph import Node
from gradmethods.engines.graph.names import Names, is_array
from gradmethods.engines.tape import trace
from gradmethods.errors import BudgetExceeded, InvalidProblem, UnknownName
from gradmethods.output.figures import save
from gradmethods.output.layout.layers import Layout
from gradmethods.report import graph_text
from gradmethods.report.graph_boxes import Shown, collect
from gradmethods.report.graph_figure import MOST_NODES, draw_graph
from tests.graph_cases import PROBLEMS

EVERY = pytest.mark.parametrize("name", PROBLEMS)
TRACES = {name: trace(problem) for name, problem in PROBLEMS.items()}


def uses(found):
    """Pairs of names, operand and node, as the graph has them: numbers are no nodes."""
    names = Names(found.graph, found.names)
    return sorted(
        (names.of(x), names.of(node))
        for node in found.graph.nodes()
        for x in node.operands
        if isinstance(x, Node) or is_array(x)
    )


def parse_dot(text):
    """Read nodes with their labels, and edges, from the DOT that is written here."""
    assert text.startswith("digraph {\n")
    assert text.endswith("\n}\n")
    string = r'"((?:[^"\\]|\\.)*)"'
    nodes, edges = {}, []
    for line in text.splitlines()[1:-1]:
        if edge := re.fullmatch(rf"  {string} -> {string};", line):
            edges.append((edge[1], edge[2]))
        elif node := re.fullmatch(rf"  {string} \[label={string}, ([^\]]*)\];", line):
            nodes[node[1]] = node[2].split(r"\n")
        else:
            assert re.fullmatch(r"  (node|edge) \[[^\]]*\];", line), line
    return nodes, edges


@EVERY
def test_dot_has_every_node_and_every_edge(name):
    """What is missing here is missing in every picture that other tools make of it."""
    found = TRACES[name]
    nodes, edges = parse_dot(graph_text.dot(found))
    names = Names(found.graph, found.names)
    assert list(nodes) == [*map(names.of, [*names.constants, *names.nodes])]
    assert sorted(edges) == uses(found)
    for node in names.nodes:
        label = nodes[names.of(node)]
        assert label[0] == names.line(node)
        assert label[1] == graph_text.summary(found.forward[node], shape=True)
        assert label[2:] == (
            [f"∂ {graph_text.summary(found.backward[node])}"] if node in found.backward else []
        )


def test_dot_escapes_names():
    """A quotation mark in a parameter's name must not end the string."""
    problem = gm.Problem(
        lambda params, xp=np: xp.exp(params['a "b"\\']), {'a "b"\\': np.array(0.5)}, name="odd"
    )
    nodes, edges = parse_dot(graph_text.dot(trace(problem)))
    assert list(nodes) == [r"a \"b\"\\", "L"]
    assert edges == [(r"a \"b\"\\", "L")]


@EVERY
def test_boxes_and_edges_of_the_picture_are_those_of_the_graph(name):
    """An edge from the wrong box tells of another computation."""
    found = TRACES[name]
    names = Names(found.graph, found.names)
    drawn = collect(found, names, Shown(values=False, cotangents=False, beside=False))
    labels = [box.lines[0][0][0].replace("$", "") for box in drawn.boxes]
    assert len(labels) == len(names.nodes) + len(names.constants)
    named = {label.split(" = ")[0].replace("{", "").replace("}", "") for label in labels}
    assert len(named) == len(labels)

    def plain(index):
        own = re.sub(r"[{}]", "", labels[index].split(" = ")[0])
        return re.sub(r"_(?=\d)", "", own)

    expected = [(a.replace("_1", "1"), b.replace("_1", "1")) for a, b in uses(found)]
    assert sorted((plain(a), plain(b)) for a, b in drawn.edges) == sorted(expected)


def test_the_table_of_the_smallest_network():
    """A student at a terminal reads the two passes from this table."""
    text = graph_text.table(trace(PROBLEMS["network-1-1-1"], recognised=True))
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["node", "shape", "value", "cotangent"]
    assert ["h", "=", "σ(z_h)", "scalar", "0.329", "0.106"] in lines
    assert ["x", "scalar", "0.126", "–"] in lines
    assert lines[-1][:3] == ["L", "=", "v3²"]
    assert lines[-1][-1] == "1"


@EVERY
def test_the_data_behind_a_picture(name):
    """A number that is only in a picture cannot be checked."""
    found = TRACES[name]
    table = pd.read_csv(io.StringIO(graph_text.frame(found).to_csv(index=False)))
    assert len(table) == len(found.graph.nodes())
    for node, row in zip(found.graph.nodes(), table.itertuples(), strict=True):
        assert row.value_least == float(found.forward[node].min())
        assert row.value_norm == pytest.approx(float(np.linalg.norm(1.0 * found.forward[node])))
        if node in found.backward:
            assert row.cotangent_greatest == float(found.backward[node].max())
        else:
            assert np.isnan(row.cotangent_norm)


def test_summaries_tell_of_what_is_not_finite():
    """A NaN that a range hides is the very thing that is looked for."""
    assert graph_text.summary(np.array([np.nan, 1.0, np.inf])) == "1 … inf, 1 NaN"
    assert graph_text.summary(np.array([np.nan, np.nan])) == "all NaN"
    assert graph_text.summary(np.array(np.nan)) == "nan"
    assert graph_text.summary(np.array([1.0, np.nan])) == "1 … 1, 1 NaN"
    assert graph_text.summary(np.zeros((2, 0)), shape=True) == "(2 × 0) empty"
    assert graph_text.summary(np.array([-0.0, 0.0])) == "all 0"
    assert graph_text.summary(np.array([True, False])) == "false … true"


# -- pictures


def texts(figure):
    return [text.get_text() for text in figure.axes[0].findobj(Text) if text.get_text()]


@pytest.mark.medium
def test_a_picture_holds_values_and_cotangents_where_asked():
    """If options were mixed up, a lesson's first picture would give the answer away."""
    found = TRACES["network-1-1-1"]
    for values in (False, True):
        for cotangents in (False, True):
            figure = draw_graph(found, values=values, cotangents=cotangents, layout="own")
            words = texts(figure)
            assert ("0.329" in words) is values
            assert ("∂ 0.106" in words) is cotangents


@pytest.mark.medium
@pytest.mark.parametrize("name", ["network-1-1-1", "island", "mlp-2-8-8-1", "constants"])
def test_labels_stay_within_their_boxes(name):
    """A label that sticks out of its box runs into its neighbour."""
    figure = draw_graph(TRACES[name], layout="own")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    frames = [p for p in axes.patches if isinstance(p, FancyBboxPatch) and p.get_zorder() == 3]
    boxes = [frame.get_window_extent() for frame in frames]
    inside = 0
    for text in axes.texts:
        extent = text.get_window_extent()
        x, y = (extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2
        around = [b for b in boxes if b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1]
        for box in around:
            inside += 1
            assert box.x0 <= extent.x0
            assert extent.x1 <= box.x1
            assert box.y0 <= extent.y0 + 2
            assert extent.y1 <= box.y1 + 2
        assert extent.x0 >= 0
        assert extent.x1 <= figure.bbox.x1
    assert inside >= 2 * len(frames)


def test_shared_factors_are_marked_and_numbered():
    """The article's point is that the first four factors are the same."""
    found = trace(PROBLEMS["network-1-1-1"], recognised=True)
    figure = draw_graph(found, shared=("w_h", "b_h"), layout="own")
    badges = [p for p in figure.axes[0].patches if isinstance(p, Circle) and p.radius > 4]
    filled = [p for p in badges if p.get_facecolor()[:3] != (1.0, 1.0, 1.0)]
    assert (len(badges), len(filled)) == (5, 4)
    words = texts(figure)
    assert {"1", "2", "3", "4", "5"} <= set(words)
    assert any(w.startswith("4 factors that") for w in words)
    assert any(w.startswith("1 more of") and "$w_{h}$" in w for w in words)
    thick = [
        p for p in figure.axes[0].patches if isinstance(p, PathPatch) and p.get_linewidth() > 2
    ]
    assert len(thick) == 6  # L ← − ← σ ← + ← × ← σ ← +


@pytest.mark.medium
def test_a_picture_is_the_same_bytes_every_time(tmp_path):
    """A figure that differs from run to run cannot be committed or cited."""
    problem = PROBLEMS["network-1-1-1"]
    files = [
        save(draw_graph(trace(problem), layout="own"), tmp_path / f"{i}.svg") for i in range(2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def long_loss(w, *, xp=np):
    for _ in range(MOST_NODES):
        w = xp.sin(w)
    return w


def test_what_cannot_be_drawn_is_refused():
    """A picture of thousands of nodes takes minutes, and nobody can read it."""
    found = trace(gm.Problem(long_loss, np.array(0.5)))
    with pytest.raises(BudgetExceeded, match="401 nodes"):
        draw_graph(found)
    assert graph_text.dot(found).count("->") == MOST_NODES
    constant = trace(gm.Problem(lambda w, xp=np: xp.asarray(2.0), np.array(0.5)))
    with pytest.raises(InvalidProblem, match="constant"):
        draw_graph(constant)
    with pytest.raises(UnknownName, match="'w_h'"):
        draw_graph(TRACES["network-1-1-1"], shared=("w_g", "b_h"))
    with pytest.raises(UnknownName, match="own"):
        draw_graph(TRACES["network-1-1-1"], layout="onw")


# -- the command


def test_left_to_right_the_loss_stands_at_the_right():
    """If the picture were turned otherwise, its arrows would not lead to the loss."""
    problem = gm.problems.get("network-1-1-1")
    high, wide = (
        gm.graph(problem, layout="own", left_to_right=turned).figure().get_size_inches()
        for turned in (False, True)
    )
    assert high[0] < high[1]
    assert wide[0] > wide[1]
    layout = Layout(3.0, 8.0, ((1.0, 0.5), (2.0, 7.0)), (((1.0, 0.5), (2.0, 7.0)),)).turned
    assert (layout.width, layout.height) == (8.0, 3.0)
    assert layout.centres == ((0.5, 2.0), (7.0, 1.0)) == layout.routes[0]


def test_a_notebook_shows_the_picture():
    """If it showed a text of an object, a teacher would have to write files to see a graph."""
    assert gm.graph(gm.problems.get("rosenbrock", n=2))._repr_svg_().startswith("<?xml")


def test_the_command_prints_the_trace_and_the_count_of_factors(capsys):
    """The count behind claim C6 must be had without Python."""
    assert main(["graph", "network-1-1-1", "--values"]) == 0
    out = capsys.readouterr().out
    assert "h = σ(z_h)" in out
    assert "5 for w_h, 4 for b_h, 3 for w_y, 2 for b_y; 14 if" in out
    assert "cotangent" not in out


@pytest.mark.medium
@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_command_draws(tmp_path, capsys, suffix):
    """The three formats are those of every other figure."""
    out = tmp_path / f"graph.{suffix}"
    options = ["--values", "--cotangents", "--layout", "own", "--out", str(out)]
    assert main(["graph", "network-1-1-1", *options]) == 0
    assert capsys.readouterr().out == f"The graph of network-1-1-1 is in {out}.\n"
    assert out.stat().st_size > 5000


def test_the_command_writes_dot_and_data(tmp_path, capsys):
    """Other tools draw from the one, and count from the other."""
    out = tmp_path / "graph.dot"
    size = ["--set", "n=3", "--no-recognise"]
    assert main(["graph", "rosenbrock", *size, "--dot", "--out", str(out)]) == 0
    nodes, _ = parse_dot(out.read_text(encoding="utf-8"))
    assert nodes["L"] == ["L = Σ v7"]
    assert "is in " in capsys.readouterr().out
    assert main(["graph", "rosenbrock", *size, "--data"]) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 11


@pytest.mark.medium
def test_the_command_on_a_users_file(tmp_path, capsys):
    """A user's own loss is what they want to see drawn."""
    source = Path(__file__).parents[1] / "graph_cases.py"
    out = tmp_path / "mine.svg"
    options = ["--shared", "w1,b_1", "--layout", "own", "--out", str(out)]
    assert main(["graph", f"{source}:with_constants", *options]) == 0
    assert "<svg" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["graph", "island", "--out", "graph.jpg"], "svg, pdf, png"),
        (["graph", "island", "--shared", "W1,b9", "--out", "OUT/a.svg"], "Did you mean"),
        (["graph", "iland"], "Did you mean 'island'"),
        (["graph", "island", "--out", "OUT"], "is a folder"),
    ],
)
def test_mistakes_at_the_prompt(tmp_path, capsys, arguments, words):
    """A mistake gets one line on standard error and status 2, not a traceback."""
    assert main([a.replace("OUT", str(tmp_path)) for a in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("gradmethods: ")
    assert words in captured.err
