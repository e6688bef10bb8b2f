"""Layouts of graphs, on the catalogue's and on random graphs."""

from __future__ import annotations

import itertools
import stat
import sys
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pytest

from gradmethods.engines.graph.names import Names
from gradmethods.engines.tape import trace
from gradmethods.errors import UnsupportedOperation
from gradmethods.output.layout import graphviz, layered
from gradmethods.output.layout.graphviz import available
from gradmethods.output.layout.layers import layer_numbers, make_layers
from gradmethods.output.layout.order import crossings, reduce_crossings
from gradmethods.report.graph_boxes import Shown, collect
from tests.graph_cases import PROBLEMS, random_graph
from tests.samples import sampled


@cache
def boxes_and_edges(name):
    found = trace(PROBLEMS[name])
    drawn = collect(found, Names(found.graph), Shown(values=True, cotangents=True, beside=False))
    return [box.size for box in drawn.boxes], drawn.edges


CASES = {name: partial(boxes_and_edges, name) for name in PROBLEMS} | {
    f"random-{n}-{seed}": partial(random_graph, seed, n)
    for n, seed in itertools.product((1, 2, 12, 40), range(4))
}
KEPT = [*list(PROBLEMS)[::3], *(name for name in CASES if name.startswith("random"))]
EVERY = pytest.mark.parametrize("case", sampled(CASES, kept=KEPT), indirect=True)


@pytest.fixture(scope="module")
def case(request):
    """Sizes of boxes, and edges: made when a test asks, as measuring letters takes seconds."""
    return CASES[request.param]()


def curve(route, steps=25):
    """Points along a route, which is Bézier pieces."""
    points = [np.array(route[0])]
    for i in range(0, len(route) - 1, 3):
        a, b, c, d = (np.array(p) for p in route[i : i + 4])
        for t in np.linspace(0, 1, steps)[1:]:
            s = 1 - t
            points.append(s**3 * a + 3 * s * s * t * b + 3 * s * t * t * c + t**3 * d)
    return np.array(points)


def overlaps(sizes, layout):
    boxes = list(zip(layout.centres, sizes, strict=True))
    return [
        (a, b)
        for (a, s), (b, t) in itertools.combinations(boxes, 2)
        if abs(a[0] - b[0]) < (s[0] + t[0]) / 2 - 1e-6
        and abs(a[1] - b[1]) < (s[1] + t[1]) / 2 - 1e-6
    ]


@pytest.mark.medium
@EVERY
def test_no_two_boxes_overlap(case):
    """If boxes overlapped, one could not be read."""
    sizes, edges = case
    assert not overlaps(sizes, layered(sizes, edges))


def test_an_overlap_would_be_seen():
    """If the check above could not fail, it would say nothing."""
    sizes = [(10.0, 10.0), (10.0, 10.0)]
    assert overlaps(sizes, SimpleNamespace(centres=((0.0, 0.0), (9.0, 9.0))))


@pytest.mark.medium
@EVERY
def test_everything_lies_on_the_page(case):
    """What lies outside is cut off."""
    sizes, edges = case
    layout = layered(sizes, edges)
    for (x, y), (w, h) in zip(layout.centres, sizes, strict=True):
        assert x - w / 2 >= -1e-6
        assert x + w / 2 <= layout.width + 1e-6
        assert y - h / 2 >= -1e-6
        assert y + h / 2 <= layout.height + 1e-6
    for route in layout.routes:
        points = curve(route)
        assert points.min() >= -1e-6
        assert (points <= np.array([layout.width, layout.height]) + 1e-6).all()


@pytest.mark.medium
@EVERY
def test_edges_lead_down_from_box_to_box(case):
    """An edge that ends elsewhere, or leads up, tells of another graph."""
    sizes, edges = case
    layout = layered(sizes, edges)
    assert len(layout.routes) == len(edges)
    for (tail, head), route in zip(edges, layout.routes, strict=True):
        for end, node, side in ((route[0], tail, -1), (route[-1], head, 1)):
            (x, y), (w, h) = layout.centres[node], sizes[node]
            assert abs(end[0] - x) <= w / 2
            assert end[1] == pytest.approx(y + side * h / 2)
        assert (np.diff(curve(route)[:, 1]) <= 1e-6).all()


@pytest.mark.medium
@EVERY
def test_no_edge_runs_through_a_box(case):
    """An edge through a box seems to belong to it."""
    sizes, edges = case
    layout = layered(sizes, edges)
    for ends, route in zip(edges, layout.routes, strict=True):
        points = curve(route)
        for node, (x, y) in enumerate(layout.centres):
            if node not in ends:
                inside = np.abs(points - (x, y)) < np.array(sizes[node]) / 2 - 1e-6
                assert not inside.all(axis=1).any()


@pytest.mark.medium
@EVERY
def test_layers_respect_edges(case):
    """If an operand stood below its use, the arrow would point against the computation."""
    sizes, edges = case
    number = layer_numbers(len(sizes), edges)
    assert all(number[tail] < number[head] for tail, head in edges)
    layers = make_layers(len(sizes), edges)
    for (tail, head), chain in zip(edges, layers.chains, strict=True):
        assert len(chain) == number[head] - number[tail] + 1


def slow_crossings(layers):
    position = {place: (i, j) for i, row in enumerate(layers.rows) for j, place in enumerate(row)}
    links = [link for chain in layers.chains for link in itertools.pairwise(chain)]
    spans = [(*position[a], position[b][1]) for a, b in links]
    return sum(
        i == k and (j - m) * (end - other) < 0
        for (i, j, end), (k, m, other) in itertools.combinations(spans, 2)
    )


@pytest.mark.parametrize("seed", range(6))
def test_reducing_crossings_keeps_the_graph_and_counts_rightly(seed):
    """If the count were wrong, the worse of two orders could be kept."""
    sizes, edges = random_graph(seed, 20)
    layers = make_layers(len(sizes), edges)
    before, members = slow_crossings(layers), [sorted(row) for row in layers.rows]
    assert crossings(layers.rows, layers.neighbours()[1]) == before
    reduce_crossings(layers)
    assert [sorted(row) for row in layers.rows] == members
    assert crossings(layers.rows, layers.neighbours()[1]) == slow_crossings(layers) <= before


@pytest.mark.parametrize(
    "name", ["network-1-1-1", "island", "mlp-2-8-8-1", "log-sum-exp", "rosenbrock"]
)
def test_planar_graphs_are_drawn_without_crossings(name):
    """These graphs can be drawn so, and are the ones that readers see first."""
    sizes, edges = CASES[name]()
    layers = make_layers(len(sizes), edges)
    reduce_crossings(layers)
    assert slow_crossings(layers) == 0


def test_a_layout_is_the_same_every_time():
    """A figure that changes from run to run cannot be compared or cited."""
    sizes, edges = random_graph(3, 40)
    assert layered(sizes, edges) == layered(sizes, edges)


DOT = """#!{python}
import sys
asked = sys.stdin.read()
assert "0 -> 1" in asked and sys.argv[1:] == ["-Tplain"]
print({answer!r})
sys.exit({status})
"""

PLAIN = """graph 1 2 3
node 0 1 2.5 1 0.5 0 solid box black lightgrey
node 1 1 0.5 1 0.5 1 solid box black lightgrey
edge 0 1 4 1 2.25 1 2 1 1 1 0.75 solid black
stop"""


def install_dot(folder, monkeypatch, answer, status=0):
    program = folder / "dot"
    program.write_text(DOT.format(python=sys.executable, answer=answer, status=status))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a script")
def test_graphviz_places_the_boxes_where_it_is_installed(tmp_path, monkeypatch):
    """If its answer were misread, boxes and edges would stand apart."""
    install_dot(tmp_path, monkeypatch, PLAIN)
    layout = graphviz([(72.0, 36.0)] * 2, [(0, 1)])
    assert (layout.width, layout.height) == (144.0, 216.0)
    assert layout.centres == ((72.0, 180.0), (72.0, 36.0))
    assert layout.routes == (((72.0, 162.0), (72.0, 144.0), (72.0, 72.0), (72.0, 54.0)),)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a script")
def test_a_failure_of_graphviz_is_told(tmp_path, monkeypatch):
    """An empty picture would leave the user to guess."""
    install_dot(tmp_path, monkeypatch, "", status=3)
    with pytest.raises(UnsupportedOperation, match="Graphviz failed"):
        graphviz([(72.0, 36.0)] * 2, [(0, 1)])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnsupportedOperation, match="not installed"):
        graphviz([(72.0, 36.0)] * 2, [(0, 1)])


@pytest.mark.skipif(not available(), reason="Graphviz is not installed")
@EVERY
def test_graphviz_itself_keeps_boxes_apart(case):
    """If sizes reached it in another unit, its boxes would overlap."""
    sizes, edges = case
    layout = graphviz(sizes, edges)
    assert not overlaps([(w - 0.5, h - 0.5) for w, h in sizes], layout)
    assert len(layout.routes) == len(edges)
