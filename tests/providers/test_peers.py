"""Peers: other engines behind our interface.

Most of this runs without any peer installed; what needs one is skipped with what is missing.
"""

from __future__ import annotations

import importlib.util
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradmethods as gm
from benchmarks.peers.cases import FAMILIES, Case, chosen
from benchmarks.peers.handwritten import HandWritten
from gradmethods import problems, special
from gradmethods.core.distance import gradient_error
from gradmethods.core.provider import Provider
from gradmethods.providers.peers import PEERS, NotInstalled
from gradmethods.providers.registry import traits

LARGEST_ERROR = {"backprop": 1e-13, "analytical": 1e-12, "numerical": 1e-6}
"""Relative to the norm: round-off of some hundred operations; balanced central differences."""


def error(result, problem):
    """The distance from backprop's gradient, relative to its norm."""
    ours = gm.Backprop().prepare(problem)(problem.params)
    assert result.value == pytest.approx(ours.value, rel=1e-13)
    check = problem.structure.check
    return gradient_error(check(result.gradient), check(ours.gradient)).norm


def installed(name):
    """The peer, or a skip that says what is missing."""
    missing = PEERS[name].missing()
    if missing:
        pytest.skip(missing)
    return PEERS[name]


# -- without any peer


def test_peers_are_providers():
    """If they were not, nothing of the suite could be applied to them."""
    everyone = {peer.name: peer for family in FAMILIES.values() for peer in family}
    assert PEERS.items() <= everyone.items()
    for name, engine in everyone.items():
        assert isinstance(engine, Provider)
        assert engine.name == name
        assert engine == type(engine)(**vars(engine))


def test_a_peer_is_known_by_its_name_and_drawn_as_itself():
    """If it were a stranger, no command could name it, and two peers could look alike."""
    for name, engine in PEERS.items():
        assert gm.get_provider(name) == engine
        assert traits(name) == traits(engine)
        assert traits(name).family in gm.PROVIDERS
        assert traits(name).label != traits("mine").label
    assert gm.peers.Torch() == PEERS["torch"]
    for family, members in FAMILIES.items():
        looks = {(traits(p).style.marker, str(traits(p).style.line)) for p in members}
        assert len(looks) == len(members), family


def test_a_missing_package_is_an_obstacle_with_its_remedy(monkeypatch):
    """If it raised, a comparison would end where a row of its table should say what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    problem = problems.get("mlp", widths=(2, 3, 1), batch=5)
    for engine in PEERS.values():
        if engine.packages:
            reason = str(engine.obstacle(problem))
            assert reason.startswith("not installed: pip install ")
            assert engine.packages[0] in reason
            with pytest.raises(NotInstalled, match="pip install"):
                engine.prepare(problem)


@pytest.mark.parametrize("widths", [(2, 3, 1), (3, 5, 4, 2), (2, 2)])
def test_the_hand_written_pass_is_right(widths):
    """A wrong yardstick would make ours look slow, or fast."""
    problem = problems.get("mlp", widths=widths, batch=7)
    other = problems.get("mlp", widths=widths, batch=7, seed=1)
    prepared = HandWritten().prepare(problem)
    assert error(prepared(problem.params), problem) < 1e-12
    assert error(prepared(other.params, **other.data), other) < 1e-12


def test_the_hand_written_pass_returns_fresh_gradients():
    """If they were its buffers, it would save time that ours must spend."""
    problem = problems.get("mlp", widths=(2, 4, 3, 1), batch=6)
    prepared = HandWritten().prepare(problem)
    first = prepared(problem.params).gradient
    kept = {name: array.copy() for name, array in first.items()}
    prepared({name: array + 1 for name, array in problem.params.items()})
    assert all(np.array_equal(first[name], kept[name]) for name in kept)


def test_the_hand_written_pass_refuses_other_losses():
    """If it took any, it would return the gradient of another function."""
    for other in (problems.get("rosenbrock"), problems.get("mlp", activation="tanh")):
        assert "mlp" in str(HandWritten().obstacle(other))


def test_a_loss_of_components_is_that_part_of_the_loss():
    """If it were not, differences at a million parameters would be of something else."""
    case = Case("numerical", (2, 4, 1), components=5)
    part, whole = case.problem(seed=3), Case("numerical", (2, 4, 1)).problem(seed=3)
    gradient = gm.Numerical().prepare(part)(part.params).gradient
    reference = case.reference(seed=3)
    assert gradient == pytest.approx(reference[""], abs=1e-9)
    joined = whole.structure.join(Case("numerical", (2, 4, 1)).reference(seed=3))
    assert np.array_equal(joined[chosen(whole.size, 5, seed=3)], reference[""])
    assert part.value() == whole.value()


# -- with the peers that are installed


@pytest.mark.medium
@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("options", [{}, {"activation": "tanh", "loss": "squared-error"}], ids=str)
def test_a_peer_agrees_with_backprop(name, options):
    """If it did not, we would be faster than something else."""
    engine = installed(name)
    family = traits(engine).family
    problem = problems.get("mlp", widths=(2, 3, 1), batch=6, **options)
    other = problems.get("mlp", widths=(2, 3, 1), batch=6, seed=1, **options)
    assert engine.obstacle(problem) is None
    prepared = engine.prepare(problem)
    assert error(prepared(problem.params), problem) < LARGEST_ERROR[family]
    assert error(prepared(other.params, **other.data), other) < LARGEST_ERROR[family]
    first = prepared(problem.params).gradient
    kept = {key: array.copy() for key, array in first.items()}
    prepared(other.params)
    assert all(np.array_equal(first[key], kept[key]) for key in kept)


@pytest.mark.parametrize("name", [p.name for p in FAMILIES["numerical"]])
def test_a_peer_counts_its_passes(name):
    """If the count were wrong, so would be the cost of a pass."""
    engine = installed(name)
    problem = problems.get("mlp", widths=(2, 3, 1), batch=6)
    prepared = engine.prepare(problem)
    prepared(problem.params)
    assert (prepared.forward_passes or 0) >= 2 * problem.size


@pytest.mark.parametrize("name", ["jax", "torch", "autograd", "casadi"])
def test_a_peer_takes_bare_parameters_and_kinks(name):
    """If the shims lacked a name, a peer would refuse a loss that it can differentiate."""
    engine = installed(name)

    def loss(w, x, *, xp=np):
        z = xp.maximum(w * x, 0.0) + xp.where(w > 0.3, w, -w) + xp.abs(w - x)
        return xp.sum(z) + xp.mean(xp.concat([w, x]) ** 2)

    problem = gm.Problem(loss, np.array([0.7, -0.2, 0.4]), {"x": [0.3, 0.9, -1.1]})
    assert engine.obstacle(problem) is None
    assert error(engine.prepare(problem)(problem.params), problem) < LARGEST_ERROR["backprop"]


LIKELIHOODS: dict[str, Any] = {
    "a Gaussian's": lambda xp, x: (
        xp.sum(xp.linalg.solve(L := xp.linalg.cholesky(x @ x.T + xp.eye(3)), x) ** 2)
        + xp.sum(xp.log(xp.linalg.diagonal(L)))
    ),
    "one triangle's": lambda xp, x: xp.sum(
        xp.linalg.eigvalsh(x, "U") * xp.asarray([1.0, 2.0, 4.0])
    ),
    "a mixture's": lambda xp, x: xp.sum(special.logsumexp(special.log_softmax(x, axis=1) * x, 0)),
    "a probit's": lambda xp, x: xp.sum(special.log_ndtr(5 * x) + special.log_expit(x)),
    "of counts": lambda xp, x: xp.sum(special.gammaln(x**2 + 1) + special.xlogy(x**2, 1.5)),
    "order": lambda xp, x: xp.sum(xp.sort(x, axis=0) * xp.asarray(0.1) * xp.cumulative_prod(x[0])),
    "sums of products": lambda xp, x: xp.sum(xp.einsum("ij,jk->ik", x, x) ** 2) + xp.trace(x, 1),
    "margins": lambda xp, x: xp.sum(
        xp.pad(x, 1, constant_values=x[0, 0]) ** 2 * xp.full((), x[1, 1])
    ),
}


@pytest.mark.parametrize("words", LIKELIHOODS)
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_a_peer_takes_matrices_and_special_functions(name, words):
    """If it did not, a user's likelihood could be measured with ours alone."""
    engine, function = installed(name), LIKELIHOODS[words]
    x = np.random.default_rng(3).normal(size=(3, 3))
    problem = gm.Problem(lambda x, *, xp=np: function(xp, x), x)
    assert engine.obstacle(problem) is None
    assert error(engine.prepare(problem)(x), problem) < LARGEST_ERROR["backprop"]


def test_a_peer_whose_method_is_another_is_refused():
    """The spread of a tensor is another number than that of an array: so would be its gradient."""
    problem = gm.Problem(lambda x, *, xp=np: x.std(), np.array([0.3, -1.2, 0.8]))
    assert "in its arrays, and 0.84983659" in str(installed("torch").obstacle(problem))


class Layer(NamedTuple):
    """Parameters of one layer."""

    W: Any
    b: Any


NESTED = {
    "dict of lists": {
        "layers": [{"W": 0.3, "b": np.array([0.1, -0.4])}, {"W": 0.7, "b": np.ones(2)}],
        "scale": 1.3,
    },
    "named tuples": (Layer(0.3, np.array([0.1, -0.4])), Layer(np.array(0.7), np.ones(2))),
}


@pytest.mark.parametrize("shape", NESTED)
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_takes_nested_parameters(name, shape):
    """If it did not, a user's tree of layers could be measured with ours alone."""
    engine = installed(name)
    params = NESTED[shape]

    def loss(p, x, *, xp=np):
        layers, scale = (p["layers"], p["scale"]) if isinstance(p, dict) else (p, 1.0)
        for layer in layers:
            W, b = layer.values() if isinstance(layer, dict) else layer
            x = xp.tanh(W * x + b)
        return scale * xp.sum(x)

    problem = gm.Problem(loss, params, {"x": np.array([0.5, -1.2])})
    assert engine.obstacle(problem) is None
    result = engine.prepare(problem)(problem.params)
    assert type(result.gradient) is type(params)
    assert error(result, problem) < LARGEST_ERROR[traits(engine).family]


@pytest.mark.parametrize("name", ["jax", "torch", "autograd", "casadi"])
def test_a_peer_says_what_it_cannot_do(name):
    """If it raised instead, one loss would end the comparison."""
    engine = installed(name)

    def loss(w, *, xp=np):
        if xp is not np:
            raise ValueError("no such engine")
        return xp.sum(w)

    reason = engine.obstacle(gm.Problem(loss, np.ones(2)))
    assert reason.startswith("ValueError: no such engine")
