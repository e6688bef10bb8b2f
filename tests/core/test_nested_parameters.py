"""Parameters in nested containers, as people have them, through everything that takes a problem."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections import OrderedDict
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.core.tree import grow

PROVIDERS = [
    gm.Analytical(), gm.Analytical("expanded"), gm.Analytical("cse"), gm.Analytical("chain-rule"),
    *map(gm.Numerical, ("forward", "backward", "central", "five-point", "richardson")),
    gm.Numerical("complex-step"), gm.Numerical(evaluation="reuse"), gm.Backprop(), gm.Forward(),
]  # fmt: skip
PATHS = ["layers.0.W", "layers.0.b", "layers.1.W", "head.v", "head.scale"]


@dataclass(frozen=True)
class Layer:
    """A layer: what it multiplies by, what it adds, and a setting that is no parameter."""

    W: Any
    b: Any
    activation: str = field(default="tanh", metadata={"static": True})
    width: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.W.shape[-1])


class Head(NamedTuple):
    """A named tuple with a Python float in it."""

    v: Any
    scale: Any


def loss(params: Any, X: Any, *, xp: Any = np) -> Any:
    h = X
    for layer in params["layers"]:
        h = getattr(xp, layer.activation)(h @ layer.W + (0 if layer.b is None else layer.b))
        assert h.shape[-1] == layer.width
    v, scale = params["head"]
    return xp.mean((scale * (h @ v) - 1) ** 2)


def flat_loss(params: Any, X: Any, *, xp: Any = np) -> Any:
    """Compute the same loss from a dict of arrays by paths."""
    layers = [Layer(params[PATHS[0]], params[PATHS[1]]), Layer(params[PATHS[2]], None)]
    return loss({"layers": layers, "head": Head(params[PATHS[3]], params[PATHS[4]])}, X, xp=xp)


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    shapes = [(2, 3), (3,), (3, 2), (2,)]
    found: dict[str, Any] = {p: rng.normal(size=s) for p, s in zip(PATHS, shapes, strict=False)}
    return found | {PATHS[4]: 1.5}


def nested() -> dict[str, Any]:
    w = arrays()
    return {
        "layers": [Layer(w[PATHS[0]], w[PATHS[1]]), Layer(w[PATHS[2]], None)],
        "head": Head(w[PATHS[3]], w[PATHS[4]]),
    }


DATA = {"X": np.random.default_rng(4).normal(size=(5, 2))}


@pytest.fixture(scope="module")
def problem() -> gm.Problem:
    return gm.Problem(loss, nested(), DATA, examples=["X"])


@pytest.fixture(scope="module")
def flat() -> gm.Problem:
    return gm.Problem(flat_loss, arrays(), DATA, examples=["X"])


@pytest.mark.medium
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.name)
def test_every_method_gives_the_same_containers(problem, flat, provider):
    """Nesting changes no bit of a gradient, only the containers in which it comes."""
    prepared = provider.prepare(problem)
    value, gradient = prepared(problem.params)
    expected_value, expected = provider.prepare(flat)(flat.params)
    assert value == expected_value
    assert [type(layer) for layer in gradient["layers"]] == [Layer, Layer]
    assert isinstance(gradient["head"], Head)
    assert gradient["layers"][1].b is None
    assert gradient["layers"][0].activation == "tanh"
    assert gradient["head"].scale.shape == ()
    leaves = problem.structure.leaves(gradient)
    assert list(leaves) == list(expected) == PATHS
    assert all(np.array_equal(leaves[path], expected[path]) for path in PATHS)
    if prepared.error_estimate is not None:
        assert isinstance(prepared.error_estimate["head"], Head)
        assert not prepared.unresolved["layers"][0].W.any()


def test_flat_vectors(problem):
    """Optimisers start from `flat_params`, and what they find goes back into the containers."""
    start = problem.flat_params
    assert np.array_equal(start, np.concatenate([np.ravel(x) for x in arrays().values()]))
    value, gradient = gm.Backprop().prepare(problem).flat(start)
    assert value == problem.value()
    moved = problem.unflatten(start - 0.1 * gradient)
    assert isinstance(moved["head"], Head)
    assert problem.value(moved) < value
    with pytest.raises(gm.GradientError, match=r"shape \(18,\)"):
        problem.unflatten(start[1:])


def test_one_shot():
    """The shortest way to a gradient takes what a problem takes."""
    gradient = gm.gradient(loss, nested(), DATA)
    assert gradient["layers"][0].W.shape == (2, 3)


def test_certificates(problem, flat):
    """The truth has the same containers, and measures gradients that come in them."""
    truth, other = gm.certified_gradient(problem), gm.certified_gradient(flat)
    assert np.array_equal(truth.gradient["head"].v, other.gradient["head.v"])
    errors = truth.error(truth.gradient)
    assert list(errors) == PATHS
    sample = gm.certified_sample(problem, components=3, directions=2)
    assert np.abs(sample.directional_error(truth.gradient)).max() < 1e-13


@pytest.mark.medium
def test_comparison(problem):
    """Tables and verdicts name arrays by their paths."""
    comparison = gm.compare(problem, [gm.Numerical(), gm.Backprop()])
    assert comparison.agree
    assert "backprop" in str(comparison)


@pytest.mark.parametrize("path", PATHS)
def test_a_mistake_is_found_under_its_path(problem, path):
    """The check of a gradient in containers points at the wrong array."""

    def wrong(params, X):
        _, gradient = gm.Backprop().prepare(problem)(params, X=X)
        leaves = problem.structure.leaves(gradient)
        return problem.structure.restore(leaves | {path: -leaves[path]})

    check = gm.check_gradient(wrong, problem)
    beyond = check.table["verdict"] == "wrong"
    assert not check.ok
    assert list(check.table.index[beyond]) == [path]
    assert path in check.mistake


def test_a_pair_of_loss_and_gradient(problem):
    """A function may return the loss beside the gradient, whatever the containers are."""
    assert gm.check_gradient(gm.Backprop().prepare(problem).__call__, problem).ok
    pair = gm.Problem(lambda p, *, xp=np: xp.sum(p[0] * p[1]), (2.0, np.array([1.0, 3.0])))
    assert gm.check_gradient((np.array(4.0), np.array([2.0, 2.0])), pair).ok
    assert gm.check_gradient((8.0, (4.0, [2.0, 2.0])), pair).ok


def test_pickle_and_copies(problem):
    """What holds containers of a user's classes can go to another process."""
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301  # our own bytes
    for twin in (again, copy.deepcopy(problem)):
        assert twin.value() == problem.value()
        assert isinstance(twin.params["head"], Head)


def test_the_command_line(tmp_path, capsys):
    """The command takes such a problem from a file like any other."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\nimport gradmethods as gm\n"
        "def loss(p, *, xp=np):\n    return xp.sum(xp.exp(p['a'][0]) * p['a'][1]['b'])\n"
        "problem = gm.Problem(loss, {'a': [np.ones(2), {'b': np.arange(2.0)}]})\n"
        "def mine(p):\n    return {'a': [np.exp(p['a'][0]) * p['a'][1]['b'], {'b': p['a'][0]}]}\n"
    )
    assert main(["check", f"{path}:problem", "--gradient", f"{path}:mine"]) == 1
    assert "a.1.b" in capsys.readouterr().out


CONTAINERS = [
    ({"a": {"b": np.ones(2)}, "c": np.ones(())}, ["a.b", "c"]),
    ([np.ones(2), (np.ones(3), [np.ones(1)])], ["0", "1.0", "1.1.0"]),
    (Head(0.5, np.ones(2)), ["v", "scale"]),
    (OrderedDict(z=np.ones(2), a=np.ones(1)), ["z", "a"]),
    ({"a": [1.0, 2.0], "b": [[1.0], [2.0]]}, ["a", "b"]),
    ([np.array(1.0), np.array(2.0)], ["0", "1"]),
    ([0.5, np.ones(2)], ["0", "1"]),
    ({"a": {}, "b": np.ones(2), "c": None}, ["b"]),
    ([1.0, 2.0], [""]),
    (np.ones(2), [""]),
    (0.5, [""]),
]


@pytest.mark.parametrize(("params", "paths"), CONTAINERS, ids=lambda x: str(x)[:30])
def test_containers(params, paths):
    """Every container comes back as it was, and its arrays have the names that one expects."""

    def total(params, *, xp=np):
        return sum((xp.sum(x * x) for x in grow(params)[1].values()), start=xp.asarray(0.0))

    problem = gm.Problem(total, params)
    assert list(problem.structure.shapes) == paths
    for provider in gm.PROVIDERS.values():
        _, gradient = provider.prepare(problem)(params)
        again, leaves = grow(gradient)
        assert again == (grow(problem.params)[0])
        for path, leaf in grow(params)[1].items():
            np.testing.assert_allclose(leaves[path], 2 * np.asarray(leaf), rtol=1e-6)


def test_numbers_take_the_dtype_of_arrays():
    """A Python float among float32 arrays is one of them, as in NumPy."""
    params = {"W": np.ones(2, np.float32), "deep": [0.1, np.ones(1, np.float32)]}
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(p["W"]) * p["deep"][0], params)
    assert problem.dtype == np.float32
    with pytest.raises(gm.GradientError, match="float32 and float64"):
        gm.Problem(loss, {"W": np.ones(2, np.float32), "b": np.ones(2)})


@dataclass
class Setting:
    """A dataclass with a number that is neither a float nor said to be static."""

    W: Any
    steps: int = 3


REFUSED = [
    ({"layers": [{"W": np.ones(2)}, {"W": np.array([1, 2])}]}, "'layers.1.W' must be float64"),
    ({"a": [np.ones(2), np.array([np.nan])]}, "'a.1' has 1 entries that are NaN"),
    ({"a": {1: np.ones(2)}}, r"got \[1\] in the dict at 'a'"),
    ({"a.b": np.ones(1), "a": {"b": np.ones(1)}}, "Two parameters have the name 'a.b'"),
    ({"a": {"b": np.ma.array([1.0], mask=[True])}}, "'a.b' is a masked array"),
    ({"a": {"b": "tanh"}}, "'a.b' must be float64"),
    ({"a": SimpleNamespace(W=1.0)}, "'a' must be float64"),
    (Setting(np.ones(2)), "'steps' must be float64"),
    ({"a": [[1.0, 2.0], [3.0]]}, "'a' is no array of numbers"),
    ({"a": {}, "b": None}, "params is empty"),
    ([], "empty"),
]


@pytest.mark.parametrize(("params", "text"), REFUSED, ids=lambda x: str(x)[:30])
def test_what_is_refused_names_the_path(params, text):
    """Bad parameters are found when the problem is made, at the place where they lie."""
    with pytest.raises(gm.GradientError, match=text):
        gm.Problem(lambda p, *, xp=np: xp.sum(p), params)


def changed(**changes: Any) -> dict[str, Any]:
    return {**nested(), **changes}


MISFITS = [
    (lambda: {"layers": nested()["layers"]}, r"Missing: \['head'\]"),
    (lambda: changed(layers=nested()["layers"][:1]), "'layers' as a list of 2, got 1"),
    (lambda: changed(layers=tuple(nested()["layers"])), "'layers' as a list of 2, got tuple"),
    (lambda: changed(head=tuple(nested()["head"])), r"'head' as Head\(v, scale\), got tuple"),
    (lambda: changed(head=Head(np.ones(3), 1.0)), r"'head.v' of shape \(2,\), got shape \(3,\)"),
    (lambda: changed(layers=[nested()["layers"][0]] * 2), "'layers.1.b' as None"),
    (
        lambda: changed(
            layers=[
                dataclasses.replace(nested()["layers"][0], activation="sin"),
                nested()["layers"][1],
            ]
        ),
        "'layers.0.activation' as 'tanh', which is no parameter, got 'sin'",
    ),
    (lambda: list(nested().values()), "got list"),
    (lambda: np.ones(18), "got ndarray"),
]


@pytest.mark.parametrize(("make", "text"), MISFITS, ids=[text for _, text in MISFITS])
def test_what_does_not_fit_names_the_path(problem, make, text):
    """A prepared gradient takes the containers that it was prepared for, and says what is off."""
    for call in (problem.value, gm.Backprop().prepare(problem)):
        with pytest.raises(gm.GradientError, match=text):
            call(make())
    with pytest.raises(gm.GradientError, match=text):
        problem.structure.check(make())


def test_a_gradient_in_a_tuple_of_two_containers():
    """A pair of containers is no pair of loss and gradient, nor an array of several shapes."""

    def bilinear(params, *, xp=np):
        (W, b), (v, c) = params
        return xp.sum((W @ b) * v) * c

    params = ((np.ones((2, 3)), np.arange(3.0)), (np.array([1.0, 2.0]), 1.5))
    problem = gm.Problem(bilinear, params)

    def by_hand(params):
        (W, b), (v, c) = params
        return (np.outer(v, b) * c, W.T @ v * c), (W @ b * c, (W @ b) @ v)

    assert gm.check_gradient(by_hand, problem).ok
    assert gm.check_gradient(lambda p: (problem.value(p), by_hand(p)), problem).ok
    with pytest.raises(gm.GradientError, match="as a tuple of 2, got 4"):
        gm.check_gradient(lambda p: sum(by_hand(p), ()), problem)


def test_dataclasses_of_a_file_are_the_same_for_problem_and_gradient(tmp_path):
    """If the file ran twice, its classes would be others, and a right gradient of another kind."""
    path = tmp_path / "layers.py"
    path.write_text(
        "import numpy as np, gradmethods as gm\nfrom dataclasses import dataclass\n"
        "from typing import Any\n@dataclass\nclass Layer:\n    W: Any\n    b: Any\n"
        "def loss(p, *, xp=np):\n    return xp.sum(p[0].W * p[0].b)\n"
        "problem = gm.Problem(loss, [Layer(np.ones(2), np.arange(2.0))])\n"
        "def mine(p):\n    return [Layer(p[0].b, p[0].W)]\n"
    )
    assert main(["check", f"{path}:problem", "--gradient", f"{path}:mine"]) == 0


@dataclass
class Converted:
    """A dataclass that converts what it is given, and changes it."""

    W: Any
    b: Any

    def __post_init__(self) -> None:
        self.W = np.asarray(self.W, dtype=float)
        self.b = 2 * np.asarray(self.b, dtype=float)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_a_dataclass_is_not_initialised_again(provider):
    """Arrays of a tape would not pass a conversion by NumPy, and b would be doubled twice."""
    problem = gm.Problem(
        lambda p, *, xp=np: xp.sum(xp.sin(p.W)) + p.b**2, Converted([0.3, 0.7], 1.5)
    )
    value, gradient = provider.prepare(problem)(problem.params)
    assert value == pytest.approx(np.sin(0.3) + np.sin(0.7) + 9)
    np.testing.assert_allclose(gradient.W, np.cos([0.3, 0.7]), rtol=1e-6)
    assert gradient.b == pytest.approx(6, rel=1e-6)


def test_a_dataclass_that_would_change_its_parameters_again_is_refused():
    """With a field to compute anew, initialising cannot be left out: W would be doubled twice."""

    @dataclass
    class Doubled:
        W: Any
        norm: Any = field(init=False)

        def __post_init__(self) -> None:
            self.W = 2 * self.W
            self.norm = 1.0

    with pytest.raises(gm.InvalidProblem, match=r"Doubled\.__post_init__ changes 'W'"):
        gm.Problem(lambda p, *, xp=np: xp.sum(p.W), Doubled(np.ones(2)))
