"""A loss that is no function of its parameters is refused before anything is said of it."""

import itertools
from typing import Any

import numpy as np
import pytest

import gradmethods as gm

W = np.array([0.5, 1.5])


def smooth(w, xp):
    """Stand for the part of a loss that is in order."""
    return xp.sum(xp.sin(w))


def drawing():
    """Draw from a generator that outlives the call."""
    rng = np.random.default_rng(0)
    return lambda w, *, xp=np: smooth(w, xp) * (1 + 0.1 * float(rng.normal()))


def faintly_drawing():
    """Add noise that no other check could tell from rounding."""
    rng = np.random.default_rng(0)
    return lambda w, *, xp=np: smooth(w, xp) + 1e-15 * float(rng.normal())


def dropping():
    """Leave entries out at random."""
    rng = np.random.default_rng(1)
    return lambda w, *, xp=np: xp.sum(xp.sin(w) * rng.integers(0, 2, 2))


def counting():
    """Depend on the number of calls."""
    calls = [0]

    def loss(w, *, xp=np):
        calls[0] += 1
        return smooth(w, xp) * calls[0]

    return loss


def alternating():
    """Take one of two batches in turn."""
    batches = itertools.cycle([W, 2 * W])
    return lambda w, *, xp=np: smooth(w * next(batches), xp)


def changing():
    """Change an array that it closes over."""
    captured = np.zeros(2)

    def loss(w, *, xp=np):
        captured[...] += 1.0
        return xp.sum(xp.sin(w) * captured)

    return loss


def writing():
    """Write into its parameters in spite of everything."""

    def loss(w, *, xp=np):
        if xp is np:
            w.setflags(write=True)
            w += 1.0
        return smooth(w, xp)

    return loss


def returning_what_it_keeps():
    """Return one array each time, and change it in between."""
    kept = np.zeros(())

    def loss(w, *, xp=np):
        kept[...] += np.sum(w) if xp is np else 0.0
        return kept

    return loss


@pytest.mark.parametrize(
    "make",
    [drawing, faintly_drawing, dropping, counting, alternating, changing, returning_what_it_keeps],
)
def test_a_loss_with_two_values_at_one_point_is_refused(make):
    """If it were accepted, a random loss got 39 certified digits, and backprop agreed."""
    with pytest.raises(gm.GradientError, match=r"two calls.* seed.* data"):
        gm.Problem(make(), W)


def test_a_loss_that_writes_into_its_parameters_is_refused():
    """It unlocks the array and spoils it: what it gave is the loss at another point."""
    with pytest.raises(gm.InvalidProblem, match=r"writes into an array.*w = w \* x"):
        gm.Problem(writing(), W)


def test_a_seed_within_the_loss_is_what_the_error_asks_for():
    """If the advised way were refused, too, the advice would not be true."""

    def loss(w, *, xp=np):
        return xp.sum(xp.sin(w) * np.random.default_rng(0).normal(size=2))

    problem = gm.Problem(loss, W)
    assert gm.certified_gradient(problem).digits >= 30


def test_nan_is_equal_to_itself_here():
    """A loss that is NaN at its point has one value there: that finding belongs to others."""
    assert np.isnan(gm.Problem(lambda w, *, xp=np: xp.log(w), np.array(-1.0)).value())


def asking(w, *, xp=np):
    """Compute something else where xp is not NumPy."""
    return smooth(w, xp) if xp is np else xp.sum(xp.cos(w))


def asking_the_type(w, *, xp=np):
    """Ask the parameters what they are."""
    return smooth(w, xp) * (1 if isinstance(w, np.ndarray) else 2)


def drawing_elsewhere(w, *, xp=np):
    """Be random only where it is recorded."""
    return smooth(w, xp) * (1 if xp is np else np.random.default_rng().uniform(2, 3))


def branching(w, *, xp=np):
    """Branch on values where there are any."""
    return smooth(w, xp) if xp is np and w[0] > 0.4 else xp.sum(xp.cos(w))


WAYS: dict[str, Any] = {
    "backprop": lambda p: gm.Backprop().prepare(p),
    "reuse": lambda p: gm.Numerical(evaluation="reuse").prepare(p),
    "closed": lambda p: gm.Analytical(form="cse").prepare(p),
    "chain rule": lambda p: gm.Analytical(form="chain-rule").prepare(p),
    "certificate": gm.certified_gradient,
    "sample": gm.certified_sample,
    "derivatives": gm.certified_derivatives,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", [asking, asking_the_type, drawing_elsewhere, branching])
@pytest.mark.parametrize("way", WAYS)
def test_a_loss_that_depends_on_xp_is_refused(way, loss, dtype):
    """The gradient of what was recorded is exact, and that of another function."""
    problem = gm.Problem(loss, W.astype(dtype))
    with pytest.raises(gm.GradientError, match="not one function of its parameters"):
        WAYS[way](problem)


def slightly(w, *, xp=np):
    """Differ by a billionth where xp is not NumPy."""
    return smooth(w, xp) * (1.0 if xp is np else 1.0 + 1e-9)


def vanishing(w, *, xp=np):
    """Differ by what is nothing at the problem's own point."""
    return smooth(w, xp) + (0.0 if xp is np else 3.0 * xp.sum(w - xp.asarray(W)))


def squarely(w, *, xp=np):
    """Differ by what has no slope at the problem's own point either."""
    return smooth(w, xp) + (0.0 if xp is np else xp.sum((w - xp.asarray(W)) ** 2))


@pytest.mark.parametrize("loss", [slightly, vanishing, squarely])
@pytest.mark.parametrize("way", [*WAYS, "complex step"])
def test_a_loss_that_differs_faintly_or_only_beside_the_point_is_refused(way, loss):
    """Thirty digits were certified of the gradient of another function."""
    ways = WAYS | {"complex step": gm.Numerical("complex-step").prepare}
    with pytest.raises(gm.InvalidProblem, match="not one function of its parameters"):
        ways[way](gm.Problem(loss, W))


def cancelling(w, *, xp=np):
    """Leave of two large numbers nothing but rounding, in one order or another."""
    return (xp.mean(w) * 1e16 + 1.0) - xp.sum(w) * (1e16 / 2)


def jumping(w, *, xp=np):
    """Jump where rounding decides."""
    return xp.sum(xp.floor(w * 0 + 0.7 * 10) + w)


def overflowing(w, *, xp=np):
    """Multiply so that NumPy's order overflows, and another does not."""
    return xp.prod(xp.stack([w[0] * 1e200, w[1] * 1e200, w[0] * 1e-200, w[1] * 1e-200]))


def underflowing(w, *, xp=np):
    """Square what has no square in floating-point numbers."""
    return xp.sqrt(xp.sum((w * 1e-200) ** 2))


def underflowing_in_one_order(w, *, xp=np):
    """Multiply in two orders, of which one underflows."""
    small, large = (w[0] * 1e-200) ** 2, (w[1] * 1e200) ** 2
    if xp is np:
        return (w[0] * 1e-200 * (w[1] * 1e200)) ** 2
    return small * large


def adding_in_another_order(w, *, xp=np):
    """Add what nearly cancels from the other end."""
    terms = [xp.sin(w[0] * k) * 10.0 ** (k % 13) for k in range(200)]
    total = 0.0
    for term in terms if xp is np else reversed(terms):
        total = total + term
    return total - 0.5 * w[1]


def chaotic(w, *, xp=np):
    """Let a last digit grow to the first one."""
    w = w / 2
    for _ in range(60):
        w = 3.9 * w * (1 - w) if xp is np else 3.9 * (w - w * w)
    return xp.sum(w)


def in_single_precision(w, *, xp=np):
    """Round to seven digits on the way."""
    return xp.sum(xp.astype(w if xp is np else w * 1.0, xp.float32) / 3.0)


ROUNDED = [
    cancelling,
    jumping,
    overflowing,
    underflowing,
    underflowing_in_one_order,
    adding_in_another_order,
    chaotic,
    in_single_precision,
]


@pytest.mark.medium
@pytest.mark.parametrize("loss", ROUNDED)
@pytest.mark.parametrize("way", WAYS)
def test_rounding_does_not_make_two_functions(way, loss):
    """Two orders of one sum differ: a loss must not be refused for what rounding does to it."""
    problem = gm.Problem(loss, W)
    said = ""
    try:
        WAYS[way](problem)
    except gm.GradientError as error:
        said = str(error)
    assert "one function" not in said


def test_the_check_of_a_recording_takes_no_pass_of_the_loss():
    """Passes are counted: preparing must not take any that it does not own up to."""
    calls = []

    def loss(w, *, xp=np):
        if xp is np:
            calls.append(1)
        return smooth(w, xp)

    problem = gm.Problem(loss, W)
    made = len(calls)
    assert made == 3
    gm.Backprop().prepare(problem)
    gm.Analytical().prepare(problem)
    gm.certified_gradient(problem)
    assert len(calls) == made


def test_the_complex_step_refuses_a_loss_that_asks_for_its_arrays():
    """It gave the gradient of the other function, and nobody was told that there are two."""

    def loss(w, *, xp=np):
        return xp.sum(w**2) if isinstance(w, np.ndarray) else xp.sum(w**3)

    problem = gm.Problem(loss, np.array([1.0, 2.0]))
    with pytest.raises(gm.InvalidProblem, match="not one function"):
        gm.Numerical("complex-step").prepare(problem)


@pytest.mark.parametrize(("loss", "off"), [(cancelling, 1e5), (adding_in_another_order, 1e3)])
def test_the_round_off_that_is_allowed_is_that_of_the_operations(loss, off):
    """A bound that is generous wherever much cancels would let in a loss that differs."""

    def other(w, *, xp=np):
        return loss(w, xp=xp) + (0.0 if xp is np else off)

    gm.Backprop().prepare(gm.Problem(loss, W))
    with pytest.raises(gm.InvalidProblem, match="not one function"):
        gm.Backprop().prepare(gm.Problem(other, W))


@pytest.mark.parametrize("loss", [asking, slightly, vanishing])
@pytest.mark.parametrize("name", ["backprop", "analytical", "numerical:complex-step"])
def test_the_obstacle_is_what_prepare_would_raise(name, loss):
    """A comparison asks for obstacles first: one that comes later ends it with a traceback."""
    provider = gm.get_provider(name)
    problem = gm.Problem(loss, W)
    assert "not one function" in str(provider.obstacle(problem))
    with pytest.raises(gm.InvalidProblem, match="not one function"):
        provider.prepare(problem)


def in_the_middle(w, *, xp=np):
    """Take the median, which is arranged by values."""
    return xp.median(w)


def of_bessel(w, *, xp=np):
    """Take a function of which xp has no formula."""
    return xp.sum(xp.i0(w))


@pytest.mark.parametrize("loss", [in_the_middle, of_bessel])
@pytest.mark.parametrize("name", ["backprop", "analytical", "numerical:complex-step"])
def test_functions_that_xp_lacks_are_refused_at_preparation(name, loss):
    """The complex step was prepared, and failed when it was called."""
    provider = gm.get_provider(name)
    problem = gm.Problem(loss, W)
    assert provider.obstacle(problem)
    with pytest.raises(gm.UnsupportedOperation, match="is not among the functions"):
        provider.prepare(problem)
