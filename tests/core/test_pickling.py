"""Problems and prepared gradients travel: to other processes, into caches, as copies."""

import copy
import functools
import os
import pickle
import subprocess
import sys
import threading
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.core import shipping
from gradmethods.xp.primitives import TABLE
from tests.worker_losses import NotPicklable

PROVIDERS: list[Any] = [
    gm.Backprop(),
    gm.Forward(),
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
    return xp.mean(xp.log(3 + xp.sum(hidden, axis=1)) * t)


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


@pytest.mark.medium
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
    with pytest.raises(gm.GradientError, match=r"loss.* module"):
        pickle.dumps(closed)
    with pytest.raises(gm.GradientError, match="its loss cannot"):
        pickle.dumps(gm.Backprop().prepare(closed))
    twin = copy.deepcopy(gm.Backprop().prepare(closed))
    assert twin(np.ones(2)).gradient.tolist() == [1, 1]


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_certificate_certifies_the_same(way):
    """Certificates take minutes: one that cannot be kept on disk is computed again every time."""
    own = gm.certified_gradient(problem(), 40)
    other = WAYS[way](own)
    assert (other.value, other.digits, other.bits) == (own.value, own.digits, own.bits)
    for name, balls in own.enclosure.items():
        np.testing.assert_array_equal(other.gradient[name], own.gradient[name])
        np.testing.assert_array_equal(other.radius[name], own.radius[name])
        np.testing.assert_array_equal(other.tail[name], own.tail[name])
        assert [*map(repr, other.enclosure[name].flat)] == [*map(repr, balls.flat)]
    assert not other.error(own.gradient)["W"].any() or other.tail["W"].any()
    sample = gm.certified_sample(problem(), components=3, directions=2)
    twin = WAYS[way](sample)
    gradient = gm.Backprop().prepare(problem())(problem().params).gradient
    np.testing.assert_array_equal(twin.component_error(gradient), sample.component_error(gradient))
    np.testing.assert_array_equal(
        twin.directional_error(gradient), sample.directional_error(gradient)
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_what_was_found_says_the_same(way):
    """Checks and comparisons are sent to the process that shows them."""
    own = problem()
    check = gm.check_gradient(lambda params, **data: gradient_of(own, params, data), own)
    other = WAYS[way](check)
    assert other.ok
    assert str(other) == str(check)
    comparison = gm.compare(own, seconds=0)
    assert str(WAYS[way](comparison)) == str(comparison)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_primitive_is_that_primitive(way):
    """Rules are found by the object: a graph of copies would have none."""
    for primitive in TABLE.values():
        assert WAYS[way](primitive) is primitive


def gradient_of(own, params, data):
    """Return the gradient by backprop, as a user might."""
    return gm.Backprop().prepare(own)(params, **data).gradient


@pytest.mark.parametrize("bits", [53, 200])
def test_balls_travel_bit_by_bit(bits):
    """A radius that grew on the way would make a certificate weaker, one that shrank, false."""
    from flint import arb, ctx

    from gradmethods.engines.certified.precision import working

    rng = np.random.default_rng(0)
    with working(bits):
        balls = [
            arb(x).exp() ** int(k) / 3
            for x, k in zip(rng.random(300), rng.integers(-3000, 3000, 300), strict=True)
        ]
        balls += [
            arb(b.mid(), x * 10.0**k)
            for b, x, k in zip(balls, rng.random(300), rng.integers(-300, 300, 300), strict=True)
        ]
        balls += [arb(0), arb(3), arb(0, 1e-300), arb(1).exp() ** 10**6, arb(-2, 1)]
    before = ctx.prec
    for ball in balls:
        twin = pickle.loads(pickle.dumps(ball))  # noqa: S301  # our own bytes
        assert twin.mid().man_exp() == ball.mid().man_exp()
        assert twin.rad().man_exp() == ball.rad().man_exp()
    assert ctx.prec == before
    assert copy.deepcopy(arb("nan")).is_nan()


# From Python 3.12 on, where there are threads of BLAS.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_what_cannot_be_sent_is_named(monkeypatch):
    """'Can't pickle <lambda>' tells nobody which of his objects it is, nor what to do."""
    monkeypatch.setattr(shipping, "_cloudpickle", lambda: None)  # it may be installed
    point = np.ones(3)
    cases = [
        (lambda w, *, xp=np: xp.sum(w), "The loss of the problem .* a lambda, of"),
        (_inner(), "the function loss inside another function"),
        (functools.partial(_scaled, lambda x: x), r"loss of .*\.args\[0\].* a lambda"),
        (NotPicklable(threading.Lock()), r"loss of .*\.inside\['source'\].* type lock"),
    ]
    made = functools.partial(gm.Numerical, step=1e-3)
    executor = ProcessPoolExecutor(1)
    for function, said in cases:
        own = gm.Problem(function, point, name="mine")
        prepared = made(executor=executor).prepare(own)
        with pytest.raises(gm.UnsupportedOperation, match=said):
            prepared(point)
        threads = made(executor=ThreadPoolExecutor(1)).prepare(own)
        alone = made().prepare(own)
        np.testing.assert_array_equal(threads(point).gradient, alone(point).gradient)


class ByValue(pickle.Pickler):
    """A pickler as cloudpickle's."""

    def reducer_override(self, thing):
        by_value = isinstance(thing, types.FunctionType) and thing.__module__ == "__main__"
        return (str, ("by value",)) if by_value else NotImplemented


def test_a_function_of_a_notebook_is_sent_by_value(monkeypatch):
    """It would be refused where cloudpickle is installed, as Dask has it, and sent where not."""
    monkeypatch.setattr(shipping, "_cloudpickle", lambda: types.SimpleNamespace(Pickler=ByValue))
    monkeypatch.setattr(shipping, "_cloud_pickler", shipping._cloud_pickler.__wrapped__)
    monkeypatch.setattr(loss, "__module__", "__main__")
    assert pickle.loads(shipping.packed([loss])) == ["by value"]  # noqa: S301  # our own


def _inner():
    def loss(w, *, xp=np):
        return xp.sum(w)

    return loss


def _scaled(change, w, *, xp=np):
    return xp.sum(change(w))


def test_perform_answers_whatever_happens():
    """An exception that cannot be pickled would break the pool, not the task."""

    class Odd(Exception):  # not to be pickled: it is local
        pass

    def fail():
        raise Odd("never mind")

    asked = shipping.Task(fail, (), (), float("inf"), shipping.surroundings(), 0, 0)
    assert "Odd: never mind" in str(shipping.perform(asked).result)


@pytest.mark.medium
def test_every_problem_can_be_sent():
    """The accuracy report of the catalogue could not be shared, for one closure in a loss."""
    for name in gm.problems.names(field=True):
        family = gm.problems.describe(name)
        shipping.packed((tuple, ([family.build(**family.small)],)))
