"""Values and cotangents at the nodes of a graph, and the factors of the chain rule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import Node, record
from gradmethods.engines.program import recognise
from gradmethods.engines.tape import count_factors, trace
from gradmethods.engines.tape.reverse import Reverse
from gradmethods.errors import GradientError
from tests.entries import replace_field
from tests.graph_cases import PROBLEMS

EVERY = pytest.mark.parametrize("name", PROBLEMS)


def replay(graph, values, changed):
    """Evaluate the loss with the values of some nodes replaced: everything after them follows."""
    now = {}
    for node in graph.nodes():
        if node in changed:
            now[node] = changed[node]
        elif node.primitive is None:
            now[node] = values[node]
        else:
            operands = [now[x] if isinstance(x, Node) else x for x in node.operands]
            now[node] = node.primitive.numpy(*operands, **node.static)
    return float(now[graph.outputs[0]])


def wrong_nodes(found):
    """Return the nodes whose cotangent is not the slope of the replayed loss, by two directions."""
    rng = np.random.default_rng(0)
    wrong = []
    for node, cotangent in found.backward.items():
        value, h = found.forward[node], 1e-5
        for _ in range(2):
            # Relative to each entry: entries of a value can differ by orders of magnitude.
            direction = rng.normal(size=value.shape) * (np.abs(value) + 1e-3)
            up, down = (
                replay(found.graph, found.forward, {node: value + side * h * direction})
                for side in (1, -1)
            )
            slope = float(np.sum(cotangent * direction))
            size = float(np.sqrt(np.sum(cotangent**2) * np.sum(direction**2)))
            loss = abs(float(found.forward[found.graph.outputs[0]]))
            if not abs((up - down) / (2 * h) - slope) <= 1e-7 * size + 1e-15 * loss / h:
                wrong.append(node)
                break
    return wrong


@EVERY
@pytest.mark.parametrize("recognised", [False, True])
def test_every_cotangent_is_the_slope_of_the_replayed_graph(name, recognised):
    """The numbers at the nodes are what readers learn the backward pass from."""
    found = trace(PROBLEMS[name], recognised=recognised)
    assert not wrong_nodes(found)


def test_a_planted_wrong_cotangent_is_caught(monkeypatch):
    """If the check above let a wrong rule pass, it would prove nothing."""
    replace_field(monkeypatch, "exp", vjp=(lambda xp, g, y, x: g * y * 1.0001,))
    found = trace(PROBLEMS["network-1-1-1"])
    wrong = wrong_nodes(found)
    names = {node.name or node.primitive.name for node in wrong}
    assert names == {"negative", "add", "multiply", "exp", "divide", "w_h", "b_h", "w_y", "b_y"}


def test_a_single_wrong_entry_is_caught():
    """Sums over an array could hide one wrong entry."""
    found = trace(PROBLEMS["island"])
    node = next(iter(found.graph.params.values()))
    found.backward[node][0, 0] *= 1.001
    assert wrong_nodes(found) == [node]


@EVERY
def test_values_and_gradients_are_those_of_the_problem(name):
    """The picture must show the same numbers as every other output of the suite."""
    problem = PROBLEMS[name]
    found = trace(problem)
    assert found.forward[found.graph.outputs[0]] == problem.value()
    gradient = problem.structure.check(gm.Backprop().prepare(problem)(problem.params).gradient)
    for array, node in found.graph.params.items():
        np.testing.assert_allclose(found.backward[node], gradient[array], rtol=1e-12, atol=1e-15)


@EVERY
def test_shapes_of_values_and_cotangents_are_those_of_their_nodes(name):
    """A cotangent of another shape is the derivative by something else."""
    found = trace(PROBLEMS[name])
    assert set(found.forward) == set(found.graph.nodes())
    for arrays in (found.forward, found.backward):
        assert all(array.shape == node.shape for node, array in arrays.items())
    data = set(found.graph.data.values())
    assert data.isdisjoint(found.backward)


def test_another_point_and_other_data():
    """If the first point were baked in, a lesson could not vary it."""
    problem = PROBLEMS["network-1-1-1"]
    params = {name: np.asarray(0.25) for name in problem.params}
    found = trace(problem, params, x=2.0)
    assert found.forward[found.graph.outputs[0]] == problem.value(params, x=2.0)
    assert not wrong_nodes(found)


def test_a_loss_that_overflows_is_shown():
    """An infinity on the way is what a user wants to find, not a warning that stops the drawing."""
    problem = gm.Problem(lambda w, xp=np: xp.exp(xp.exp(w)), np.array(10.0), name="huge")
    found = trace(problem)
    assert np.isinf(found.forward[found.graph.outputs[0]])


def test_a_loss_without_parameters():
    """A constant loss has a graph without nodes, and no cotangent."""
    problem = gm.Problem(lambda w, x, xp=np: xp.sum(x), np.array(1.0), {"x": [1.0, 2.0]})
    found = trace(problem)
    assert not found.backward
    assert count_factors(found.graph).distinct == 0


# -- factors


def paths(graph, parameter):
    """List all ways from the loss to a parameter by brute force: tuples of edges."""

    def walk(node):
        if node is parameter:
            yield ()
        for position, operand in enumerate(node.operands):
            if isinstance(operand, Node):
                for rest in walk(operand):
                    yield ((node, position), *rest)

    return list(walk(graph.outputs[0]))


def test_the_articles_count_of_factors():
    """C6: ∂L/∂w_h has five factors, and the first four are those of ∂L/∂b_h."""
    graph = recognise(record(PROBLEMS["network-1-1-1"]))
    factors = count_factors(graph)
    assert {name: len(chain) for name, chain in factors.chains.items()} == {
        "w_h": 5,
        "b_h": 4,
        "w_y": 3,
        "b_y": 2,
    }
    assert len(factors.shared("w_h", "b_h")) == 4
    assert factors.shared("w_h", "b_h") == factors.chains["b_h"]
    assert (factors.written, factors.distinct) == (14, 6)


@pytest.mark.parametrize("name", ["network-1-1-1", "island", "log-sum-exp", "rosenbrock"])
def test_factors_are_the_edges_of_all_ways_from_the_loss(name):
    """If a way were missed, reuse would be counted too low."""
    found = trace(PROBLEMS[name])
    factors = count_factors(found.graph, trivial=True)
    active = set(found.backward)
    for array, parameter in found.graph.params.items():
        edges = {
            edge
            for way in paths(found.graph, parameter)
            for edge in way
            if edge[0] in active and Reverse().rule(*edge)
        }
        assert factors.chains[array] == edges
    every = set().union(*factors.chains.values())
    assert factors.distinct == len(every)


def test_the_product_over_the_chain_is_the_partial_derivative():
    """If a factor that is not ±1 were called trivial, the product would miss it."""
    problem = PROBLEMS["network-1-1-1"]
    found = trace(problem, recognised=True)
    factors = count_factors(found.graph)
    for name, chain in factors.chains.items():
        product = 1.0
        for node, position in chain:
            assert node.primitive is not None
            operands = [found.forward[x] if isinstance(x, Node) else x for x in node.operands]
            h = 1e-6
            up, down = (
                node.primitive.numpy(
                    *(x + s * h * (i == position) for i, x in enumerate(operands)), **node.static
                )
                for s in (1, -1)
            )
            product *= float(up - down) / (2 * h)
        assert product == pytest.approx(float(found.backward[found.graph.params[name]]), rel=1e-7)


def test_trivial_factors_are_those_of_sums_signs_and_moves():
    """What is counted as a factor decides the claim about reuse."""

    def loss(params, *, xp=np):
        w = params["w"]
        moved = xp.reshape(w, (2, 2)).T[0] - params["b"]
        return xp.sum(xp.concat([moved, -moved])) / 2

    problem = gm.Problem(loss, {"w": np.arange(4.0) + 0.3, "b": np.array(0.2)})
    chains = count_factors(record(problem)).chains
    for chain in chains.values():
        names = {node.primitive.name for node, _ in chain if node.primitive is not None}
        assert names == {"divide"}


@EVERY
def test_shared_factors_are_symmetric(name):
    """The share of two partial derivatives does not depend on which is named first."""
    factors = count_factors(record(PROBLEMS[name]))
    for a, b in itertools.combinations(factors.chains, 2):
        assert factors.shared(a, b) == factors.shared(b, a) <= factors.chains[a]


def test_a_primitive_without_a_rule_is_refused(monkeypatch):
    """A cotangent that silently went missing would be read as zero."""
    replace_field(monkeypatch, "exp", vjp=None)
    with pytest.raises(GradientError, match="no vjp rule"):
        trace(PROBLEMS["network-1-1-1"])
