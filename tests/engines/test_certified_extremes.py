"""Certificates beyond the usual: astronomical numbers, arrays without entries, several threads."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest

import gradmethods as gm
from gradmethods import special
from gradmethods.engines.certified.arrays import Ball, from_list
from gradmethods.engines.certified.decisions import Undecided, step
from gradmethods.engines.certified.functions import power, power_slope


def squared(number, times):
    """Square a ball so often."""
    ball = flint.arb(number)
    for _ in range(times):
        ball = ball * ball
    return ball


def whole_part(name, ball):
    """Decide the whole part of one ball that is a constant."""
    return step(name, Ball(from_list([ball], (1,)), np.dtype(float)))[0]


@pytest.mark.medium
@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
def test_whole_parts_of_astronomical_numbers_do_not_end_the_process(name):
    """An integer of 1e12 bits has no place in memory: GMP ended the process, and all work."""
    code = (
        "import numpy as np, gradmethods as gm\n"
        f"loss = lambda w, *, xp=np: xp.sum(w + 1 / (1 + xp.{name}(xp.exp(w))))\n"
        "for at in (3e10, 1e12, 1e15, 1e300):\n"
        "    problem = gm.Problem(loss, np.array([at]))\n"
        "    try: gm.certified_gradient(problem)\n"
        "    except gm.NotDifferentiable: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["refused"] * 4), done.stderr


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
def test_exact_whole_parts_are_what_python_says(name):
    """Whole parts found without integers must still be those of the number, halves to even."""
    python = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.rint}[name]
    for x in (
        -2.5,
        -1.5,
        -0.7,
        -0.5,
        0.0,
        0.5,
        1.5,
        2.5,
        2.0**53 + 1,
        -1e17,
        1e300,
        0.49999999999999994,
    ):
        with flint.ctx.workprec(128):
            assert whole_part(name, flint.arb(x)) == flint.arb(float(python(x))), x
    assert whole_part(name, squared(2.0**1000, 30)) == squared(2.0**1000, 30)
    with pytest.raises(Undecided):
        whole_part(name, flint.arb(2.5, 0.6))


def test_powers_with_astronomical_exponents_are_enclosed_or_refused():
    """To multiply 2**1e12 times fills the memory; a logarithm does it at once."""
    exponent = squared(2.0**1000, 30)
    assert power(flint.arb(1), exponent).contains(1)
    assert not power(flint.arb(-2), exponent).is_nan()
    assert not power_slope(flint.arb(0.5), exponent, None).is_nan()
    assert power(flint.arb(-1), flint.arb(2.0**70) + 0).contains(1)
    assert power(flint.arb(0, 1), exponent).is_nan()


EMPTY = {
    "products of vectors": lambda xp, w, x: (w * x[0]) @ x[0],
    "matrix @ vector": lambda xp, w, x: xp.sum((w * x[:2]) @ x[0]),
    "vector @ matrix": lambda xp, w, x: xp.sum((w * x[0]) @ x[:2].T),
    "stack @ matrix": lambda xp, w, x: xp.sum((w * x) @ x[0].T if x.ndim == 3 else w * x @ x.T),
    "tensordot": lambda xp, w, x: xp.sum(xp.tensordot(x * w, x, axes=((-1,), (-1,)))),
    "vecdot": lambda xp, w, x: xp.sum(xp.vecdot(x * w, x)),
    "outer": lambda xp, w, x: xp.sum(xp.outer(x * w, x)),
    "trace": lambda xp, w, x: xp.trace(x @ (w * x.T)),
    "sum": lambda xp, w, x: xp.sum(x * w),
    "sums of nothing": lambda xp, w, x: xp.sum(xp.sum(x * w, axis=-1)),
    "prod": lambda xp, w, x: w * xp.prod(x * w),
    "products of nothing": lambda xp, w, x: w * xp.sum(xp.prod(x * w, axis=-1)),
    "cumulative_sum": lambda xp, w, x: xp.sum(xp.cumulative_sum(x * w, axis=-1)),
    "from zero": lambda xp, w, x: w * xp.sum(xp.cumulative_sum(x, axis=-1, include_initial=True)),
    "all": lambda xp, w, x: xp.where(xp.all(x * w > 0), w, -w),
    "concat": lambda xp, w, x: xp.sum(xp.concat([x * w, x], axis=0)),
    "stack": lambda xp, w, x: xp.sum(xp.stack([x * w, x])),
    "where": lambda xp, w, x: xp.sum(xp.where(x * w > 0, x, w)),
    "maximum": lambda xp, w, x: xp.sum(xp.maximum(x * w, w)),
    "pow": lambda xp, w, x: xp.sum((x * w) ** 3 + (x * w) ** 0.5),
    "norm": lambda xp, w, x: w * xp.linalg.vector_norm(x * w),
    "norm of order 3": lambda xp, w, x: w * xp.linalg.vector_norm(x * w, ord=3),
    "norms": lambda xp, w, x: w * xp.sum(xp.linalg.vector_norm(x * w, axis=-1)),
    "index": lambda xp, w, x: xp.sum((x * w)[..., None][:, np.zeros(0, int)]),
    "reshape": lambda xp, w, x: xp.sum(xp.reshape(x * w, (0, 7))),
    "sort of mask": lambda xp, w, x: xp.sum((x * w)[np.zeros(x.shape, bool)]),
}


@pytest.mark.medium
@pytest.mark.parametrize("shape", [(2, 0), (0, 0), (3, 2, 0)], ids=str)
@pytest.mark.parametrize("what", EMPTY)
def test_arrays_without_entries_are_what_numpy_makes_of_them(what, shape):
    """NumPy adds and multiplies nothing without complaint; an engine that raises refuses a loss."""
    if len(shape) == 3 and "trace" in what:
        pytest.skip("a matrix is meant")

    def loss(w, x, *, xp=np):
        return EMPTY[what](xp, w, x) + w * w

    try:
        problem = gm.Problem(loss, np.array(1.25), {"x": np.zeros(shape)})
    except (ValueError, IndexError):
        pytest.skip("NumPy refuses it too")
    differences = gm.Numerical().prepare(problem)(problem.params)
    truth = gm.certified_gradient(problem, 17)
    sample = gm.certified_sample(problem, 17, directions=1)
    derivatives = gm.certified_derivatives(problem, 2)[0]
    value, gradient = float(differences.value), float(differences.gradient)
    assert truth.value == derivatives[0] == sample.value == value
    assert derivatives[1] == float(sample.partials[0]) == truth.gradient == pytest.approx(gradient)
    for provider in (
        gm.Backprop(),
        gm.Numerical(evaluation="reuse"),
        gm.Numerical(scheme="complex-step"),
        gm.Analytical(form="chain-rule"),
    ):
        found = provider.prepare(problem)(problem.params)
        assert found.value == value, provider.name
        assert found.gradient == pytest.approx(truth.gradient, rel=1e-6), provider.name


NONE, ENDS = np.array([0.0, 0.4, 0.6]), np.array([np.inf, -np.inf, 0.0])
INFINITE: dict[str, tuple[Callable[..., Any], Any]] = {
    "logarithm of 0": (lambda xp, w: special.logsumexp(xp.log(NONE) + w), [0, 0.4, 0.6]),
    "its softmax": (lambda xp, w: special.softmax(xp.log(NONE) - w)[1], [0, -0.24, 0.24]),
    "less its log-sum-exp": (
        lambda xp, w: xp.sum(xp.exp(xp.log(NONE) + w - special.logsumexp(w))),
        [-1 / 9, 0.4 / 3 - 1 / 9, 0.6 / 3 - 1 / 9],
    ),
    "beside a number": (lambda xp, w: xp.sum(xp.logaddexp(xp.log(NONE[0]) + w, w)), [1, 1, 1]),
    "open ends": (lambda xp, w: xp.sum(special.expit(ENDS - w)), [0, 0, -0.25]),
    "normal tails": (lambda xp, w: xp.sum(special.ndtr(ENDS - w)), [0, 0, -0.3989422804014327]),
    "errors": (lambda xp, w: xp.sum(special.erfc(ENDS - w)), [0, 0, 2 / np.pi**0.5]),
    "overflow": (lambda xp, w: xp.sum(1 / (1 + xp.exp(ENDS - w))), [0, 0, 0.25]),
    "asked for": (lambda xp, w: xp.sum(xp.where(xp.isinf(ENDS - w), 0.0, w)), [0, 0, 1]),
}


@pytest.mark.parametrize("what", INFINITE)
def test_infinite_constants_are_numbers_like_others(what):
    """Open ends and logarithms of 0, as masks have them, left every loss without a certificate."""
    function, expected = INFINITE[what]
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w) + 0 * xp.sum(w), np.zeros(3))
    np.testing.assert_allclose(gm.certified_gradient(problem).gradient, expected, rtol=1e-14)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_what_hangs_on_the_sign_of_a_zero_is_not_certified(zero):
    """Balls know no sign of a zero: 1/0 is either infinity."""
    data = {"z": np.array(zero)}
    problem = gm.Problem(lambda w, z, *, xp=np: xp.exp(-w / z) + w * w, np.array(1.0), data)
    if np.isfinite(problem.value()):
        with pytest.raises(gm.NotDifferentiable):
            gm.certified_gradient(problem)


def exponential(w, *, xp=np):
    """Stand for any loss."""
    return xp.sum(xp.exp(w))


def test_threads_take_turns_at_the_precision():
    """python-flint has one precision: a second certificate in between changed digits and radii."""
    inside, seen = threading.Event(), []

    def other(w, *, xp=np):
        if xp is not np:
            seen.append(inside.is_set())
        return xp.sum(w)

    def loss(w, *, xp=np):
        if xp is not np and thread.ident is None:
            inside.set()
            thread.start()
            thread.join(0.05)  # it cannot end: its turn comes when this call has
            inside.clear()
        return xp.sum(xp.exp(w))

    second = gm.Problem(other, np.array([1.0]))
    thread = threading.Thread(target=gm.certified_gradient, args=(second, 200))
    first = gm.Problem(loss, np.array([1.0]))
    before = flint.ctx.prec, flint.ctx.cap
    assert gm.certified_derivatives(first, 3)[0].tolist() == pytest.approx([np.e] * 4, rel=1e-15)
    thread.join()
    assert seen
    assert not any(seen)
    assert (flint.ctx.prec, flint.ctx.cap) == before


def test_a_loss_may_ask_for_a_certificate_itself():
    """A lock that its own thread cannot enter again would wait for ever."""
    inner = gm.Problem(exponential, np.array([0.5]))

    def loss(w, *, xp=np):
        gm.certified_derivatives(inner, 2)
        return xp.sum(w) * gm.certified_gradient(inner).value

    before = flint.ctx.prec, flint.ctx.cap
    truth = gm.certified_gradient(gm.Problem(loss, np.array([2.0])))
    assert truth.gradient == [gm.certified_gradient(inner).value]
    assert truth.digits >= 30
    assert (flint.ctx.prec, flint.ctx.cap) == before


def test_a_loss_that_raises_leaves_the_precision_as_it_was():
    """An exception on the way out must not leave 8192 bits behind for whoever is next."""

    def loss(w, *, xp=np):
        if xp is not np:
            raise RuntimeError("the user's own")
        return np.sum(w)

    problem = gm.Problem(loss, np.array([2.0]))
    before = flint.ctx.prec, flint.ctx.cap
    for certify in (gm.certified_gradient, gm.certified_sample, gm.certified_derivatives):
        with pytest.raises(RuntimeError, match="own"):
            certify(problem)
    assert (flint.ctx.prec, flint.ctx.cap) == before
