"""Names, values and cotangents at the nodes of a graph, and the factors of the chain rule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import Node, record
from gradmethods.engines.graph.names import Names, is_array
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


# -- names


@EVERY
def test_names_are_unique_and_formulas_name_their_operands(name):
    """Two nodes of one name cannot be told apart."""
    graph = record(PROBLEMS[name])
    names = Names(graph)
    every = [names.of(x) for x in [*names.nodes, *names.constants]]
    assert len(set(every)) == len(every)
    assert names.of(graph.outputs[0]) == "L"
    for node in names.nodes:
        for operand in node.operands:
            if isinstance(operand, Node) or is_array(operand):
                assert names.of(operand) in names.formula(node)


def formula(function, *arrays, **named):
    given = {f"a{i}": np.asarray(array, dtype=float) for i, array in enumerate(arrays)} | named
    graph = record(
        gm.Problem(lambda params, xp=np: function(xp, *params.values()), given, name="formula")
    )
    names = Names(graph)
    return [names.line(node) for node in names.nodes if node.primitive]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (lambda xp, a: xp.sum(a[1:, ::2]), "v1 = a0[1:, ::2]"),
        (lambda xp, a: xp.sum(a[..., 0]), "v1 = a0[…, 0]"),
        (lambda xp, a: xp.sum(xp.sum(a, axis=0)), "v1 = sum(a0, axis 0)"),
        (lambda xp, a: xp.sum(xp.max(a, axis=1)), "v1 = max(a0, axis 1)"),
        (lambda xp, a: xp.max(a), "L = max(a0)"),
        (lambda xp, a: xp.sum(a**0.5), "v1 = a0 ^ 0.5"),
        (lambda xp, a: xp.sum(a**-2), "v1 = a0⁻²"),
        (lambda xp, a: xp.sum(a + (-0.5)), "v1 = a0 + (−0.5)"),
        (lambda xp, a: xp.sum(xp.permute_dims(a, (1, 0))), "v1 = a0ᵀ"),
        (lambda xp, a: xp.sum(xp.abs(a)), "v1 = |a0|"),
        (lambda xp, a: xp.sum(xp.sqrt(a)), "v1 = √a0"),
        (lambda xp, a: xp.sum(xp.where(a > 1, a, 0.0)), "v1 = a0 > 1"),
        (lambda xp, a: xp.sum(xp.cumulative_sum(a, axis=0)), "v1 = cumsum(a0, axis 0)"),
        (lambda xp, a: xp.sum(xp.concat([a] * 6)), "v1 = concat(a0, a0, a0, …, a0)"),
        (lambda xp, a: xp.sum(xp.square(a)), "v1 = a0²"),
        (lambda xp, a: xp.sum(xp.broadcast_to(a, (3, 2, 4))), "v1 = broadcast(a0)"),
    ],
)
def test_formulas_read_as_in_a_textbook(function, line):
    """A formula that a reader must decode does not explain the node."""
    assert line in formula(function, np.arange(8.0).reshape(2, 4) + 0.5)


def test_values_are_not_named_like_inputs():
    """If a parameter is called v1, or L, another name must be found for the node."""
    lines = formula(
        lambda xp, *x: xp.exp(x[0] + x[1]) + x[1], 0.3, v1=np.array(0.1), L=np.array(1.0)
    )
    assert lines == ["u1 = a0 + v1", "u2 = exp(u1)", "u3 = u2 + v1"]


def test_a_value_is_called_as_the_loss_calls_it():
    """If the picture spoke of v1 to v13, nobody would find in it the h and z of the formulas."""
    names = {
        name: set(gm.graph(gm.problems.get(name)).frame()["node"])
        for name in ("network-1-1-1", "island")
    }
    assert {"z_h", "h", "z_y", "y", "L"} <= names["network-1-1-1"]
    assert {"Z_h", "h", "z_y", "y", "L"} <= names["island"]


def test_formulas_have_the_names_of_the_drawing():
    """If one spoke of h and the other of quotient1, or of m where q·r is, no lesson had both."""

    def loss(w, *, xp=np):
        s = xp.std(xp.exp(w))
        h = 1 / (1 + xp.exp(-s))
        d = w * h
        q = xp.sum(d * d) + h
        m = d * s
        return q * xp.sum(m**2) + xp.var(m)

    problem = gm.Problem(loss, np.array([0.3, 0.9, 0.4]))
    drawn = set(gm.graph(problem).frame()["node"])
    lines = str(gm.formulas(problem)).splitlines()
    assert {"s", "d", "h", "q", "m"} <= drawn
    assert {"m₀ = d₀⋅s", "m₂ = d₂⋅s"} <= set(lines)
    assert sum(line.startswith("q = h + ") for line in lines) == 1
    nameless = gm.Problem(lambda a, *, xp=np: xp.exp(xp.sin(a) * 2), 0.5)
    assert {"v₁ = sin(x)", "v₂ = 2⋅v₁"} <= set(str(gm.formulas(nameless)).splitlines())
    assert {"v1", "v2"} <= set(gm.graph(nameless).frame()["node"])


def test_formulas_of_one_example_have_the_names_of_the_drawing():
    """They spoke of matmul₁ ₀ ₀, and of v₁, which is an entry of v as well."""

    def loss(params, X, t, *, xp=np):
        h = xp.tanh(X @ params["W"] + params["b"])
        return xp.mean((h @ params["v"] - t) ** 2)

    params = {"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.zeros(2), "v": np.ones(2)}
    data = {"X": np.eye(2), "t": np.ones(2)}
    lines = str(gm.formulas(gm.Problem(loss, params, data, examples=("X", "t")))).splitlines()
    assert {"u₁ ₀ = W₀ ₀⋅X₀ + W₁ ₀⋅X₁", "u₂ ₁ = b₁ + u₁ ₁", "h₀ = tanh(u₂ ₀)"} <= set(lines)
    assert not any("matmul" in line or "pow" in line for line in lines)  # nothing uses the latter


def test_names_of_variables_are_no_ones_else():
    """If a variable took the name of an input, or one of two values, a line would be wrong."""

    def loss(x, y, *, xp=np):
        y = xp.exp(y)  # an input is called so
        for _ in range(2):
            v1 = xp.sin(x)
            x = v1 * v1
        return xp.sum(x + y)

    found = gm.graph(gm.Problem(loss, np.ones(2), {"y": np.ones(2)}), recognised=False)
    lines = [line.partition("  ")[0] for line in str(found).splitlines()]
    assert [line for line in lines if "=" in line] == [
        "u1 = sin(x)", "u2 = u1 × u1", "v1 = sin(u2)", "u3 = v1 × v1", "u4 = exp(y)",
        "u5 = u3 + u4", "L = Σ u5",
    ]  # fmt: skip
