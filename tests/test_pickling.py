"""Problems and prepared gradients travel: to other processes, into caches, as copies."""

import copy
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gradmethods as gm

PROVIDERS: list[Any] = [
    gm.Backprop(),
    gm.Analytical(form="cse"),
    gm.Analytical(form="expanded"),
    gm.Analytical(form="chain-rule"),
    gm.Numerical(step=1e-5),
    gm.Numerical(evaluation="reuse"),
    *(
        gm.Numerical(scheme=scheme)
        for scheme in ("forward", "backward", "central", "five-point", "richardson", "complex-step")
    ),
]

WAYS = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),  # noqa: S301  # our own bytes
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


def loss(params, x, t, *, xp=np):
    """Fit a small network; of a module, so that it can be pickled."""
    hidden = xp.tanh(x @ params["W"].T + params["b"])
    return xp.mean(xp.sum(hidden, axis=1) * t)


def problem(dtype=np.float64):
    """Make the network's problem."""
    rng = np.random.default_rng(3)
    params = {"W": rng.normal(size=(2, 3)).astype(dtype), "b": rng.normal(size=2).astype(dtype)}
    data = {"x": rng.normal(size=(4, 3)), "t": rng.normal(size=4)}
    return gm.Problem(loss, params, data, examples=("x", "t"), name="net")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_problem_is_one(way, dtype):
    """A copy whose arrays can be written to is no problem: points would move under our feet."""
    own = problem(dtype)
    other = WAYS[way](own)
    assert other.value() == own.value() == other.seen.value
    assert (other.name, other.examples, other.dtype) == (own.name, own.examples, own.dtype)
    for array in (*other.params.values(), *other.data.values()):
        assert not array.flags.writeable
    prepared = gm.Backprop().prepare(other)
    assert prepared(other.params).value == pytest.approx(own.value(), rel=1e-5)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_prepared_gradient_gives_identical_results(way, provider):
    """A gradient prepared for minutes is worth sending to other processes."""
    own = problem()
    prepared = provider.prepare(own)
    moved = {name: array + 0.25 for name, array in own.params.items()}
    first = prepared(own.params)
    other = WAYS[way](prepared)
    assert other.preparation == prepared.preparation
    assert other.preparation_passes == prepared.preparation_passes
    assert other.forward_passes == prepared.forward_passes
    for point in (own.params, moved):
        a, b = prepared(point), other(point)
        assert a.value == b.value
        for name in a.gradient:
            np.testing.assert_array_equal(a.gradient[name], b.gradient[name])
    again = prepared(own.params)  # the copy has memory of its own
    np.testing.assert_array_equal(again.gradient["W"], first.gradient["W"])
    if provider.name == "backprop" or provider.name.startswith("analytical"):
        assert other.source() == prepared.source()
    if provider.name.startswith("analytical"):
        assert other.latex("W", (0, 0)) == prepared.latex("W", (0, 0))


def test_another_process_gets_the_same_bits(tmp_path):
    """Orders that depend on the process, as those of hashes do, would change the rounding."""
    own = problem()
    prepared = [provider.prepare(own) for provider in PROVIDERS]
    code = (
        "import pickle, sys\n"
        "for prepared in pickle.load(open(sys.argv[1], 'rb')):\n"
        "    print(prepared(prepared.problem.params).gradient['W'].tobytes().hex())\n"
    )
    path = tmp_path / "prepared.pickle"
    path.write_bytes(pickle.dumps(prepared))
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert found == [each(own.params).gradient["W"].tobytes().hex() for each in prepared]


def test_a_loss_that_cannot_be_pickled_is_named():
    """The error of pickle names an attribute of a module, and no way out."""
    closed = gm.Problem(lambda w, *, xp=np: xp.sum(w), np.ones(2))
    with pytest.raises(gm.GradientError, match=r"its loss cannot.*def at the top of a module"):
        pickle.dumps(closed)
    with pytest.raises(gm.GradientError, match="its loss cannot"):
        pickle.dumps(gm.Backprop().prepare(closed))
    twin = copy.deepcopy(gm.Backprop().prepare(closed))
    assert twin(np.ones(2)).gradient.tolist() == [1, 1]
