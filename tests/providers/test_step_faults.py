"""Losses that default steps once stepped over: the right value, or a mark, from every scheme."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from tests.numerical_cases import ask, honest
from tests.program_methods import FAULTS, outcome
from tests.program_oracle import Oracle
from tests.program_writer import written
from tests.step_sweep import SCHEMES

EACH_SCHEME = pytest.mark.parametrize("scheme", SCHEMES)
SYMMETRIC = ("central", "five-point", "richardson")


def log_sum_exp(w, xp):
    return xp.max(w) + xp.log(xp.sum(xp.exp(w - xp.max(w))))


def of_maxima(w, xp):
    v = xp.max(1 / (xp.reshape(w, (2, 3)) ** 2 + 0.7), axis=1)
    return -0.5 * xp.max(v) + 0.3 * xp.max(xp.tanh(v))


LSE = np.random.default_rng(0).uniform(-100, 100, 30)
WEIGHTS = np.exp(LSE - LSE.max())
MAXIMA = [-0.11033384, -0.07250246, -0.07818053, 0.02669759, -0.02485807, 0.01264831]
LEAST = MAXIMA[5]
SLOPE = (0.3 / math.cosh(1 / (LEAST**2 + 0.7)) ** 2 - 0.5) * -2 * LEAST / (LEAST**2 + 0.7) ** 2
BESIDE = -0.75 * math.exp(-(0.75**2) / 2)

CASES: dict[str, tuple[Callable[[Any, Any], Any], list[float], list[float]]] = {
    "centre of a peak far out": (lambda w, xp: xp.sum(xp.exp(-((w - 1e6) ** 2) / 2)), [1e6], [0.0]),
    "beside a peak far out": (
        lambda w, xp: xp.sum(xp.exp(-((w - 1e6) ** 2) / 2)), [1e6 + 0.75], [BESIDE],
    ),
    "time stamps": (
        lambda w, xp: xp.sum(xp.exp(-((w - 1.7e9) ** 2) / 2)), [1.7e9 + 0.75], [BESIDE],
    ),
    "decay at 0": (lambda w, xp: xp.sum(xp.exp(-w / 1e-10)), [0.0], [-1e10]),
    "inhibition at 0": (lambda w, xp: xp.sum(1e-12 / (1e-12 + w)), [0.0], [-1e12]),
    "a period of 1/1024": (
        lambda w, xp: xp.sum(xp.sin(2 * math.pi * 1024 * w)), [0.5], [2 * math.pi * 1024],
    ),
    "a period of 6e-9": (
        lambda w, xp: xp.sum(xp.sin(1e9 * w)), [0.2], [1e9 * math.cos(1e9 * 0.2)],
    ),
    "remainder": (lambda w, xp: xp.sum(w % 3), [2.999, 7.2, 12.7], [1.0, 1.0, 1.0]),
    "tariff": (
        lambda w, xp: xp.sum(xp.where(w < 1000, 0.1 * w, 50 + 0.2 * w)),
        [999.9, 1000.5, 500.0], [0.1, 0.2, 0.1],
    ),
    "sum of ReLUs": (
        lambda w, xp: sum(xp.sum(xp.maximum(w - k / 10, 0.0)) for k in range(10)),
        [0.4703, 0.5001, 0.25], [5.0, 6.0, 3.0],
    ),
    "maximum of smooth functions": (of_maxima, MAXIMA, [0.0] * 5 + [SLOPE]),
    "log-sum-exp within 100": (log_sum_exp, LSE.tolist(), (WEIGHTS / WEIGHTS.sum()).tolist()),
}  # fmt: skip


@EACH_SCHEME
@pytest.mark.parametrize("case", CASES)
def test_right_and_honest(case, scheme):
    """A step across a peak, a jump or a kink gives a wrong number with a small estimate."""
    loss, x, exact = CASES[case]
    found, prepared = ask(scheme, loss, x)
    errors = abs(found - exact)
    # An entry that is inactive up to a kink near by may be doubted; what counts may not.
    assert not prepared.unresolved[np.greater(np.abs(exact), 1e-3 * np.max(np.abs(exact)))].any()
    assert (errors <= prepared.error_estimate).all()
    # Of 2e-8 in x, as far as numbers at 1.7e9 can tell a difference.
    bound = {"time stamps": 1e-4, "a period of 6e-9": 1e-5}.get(
        case, 1e-6 if "ward" in scheme else 1e-8
    )
    assert errors.max() <= bound * max(map(abs, [*exact, 1.0])) * 100


ODD = np.array([1.0515043, 2.151976827930775, 531.8908, 0.023355323480472083])
SIZES = np.array([2, 0.25, 3.5, 0.7])


def odd_jumps(w, xp):
    x = ODD.astype(w.dtype)
    return xp.sum(xp.sin(3 * w / x)) + xp.sum(SIZES.astype(w.dtype) * xp.sign(w - x))


def norm(power):
    return lambda w, xp: xp.sum(w**power) ** (1 / power)


MARKED: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    # |x| at 0 has no derivative: half the jump of the slope is what is said to be in doubt.
    "kink": (lambda w, xp: xp.sum(abs(w) + w / 8), [0.0]),
    # Squares of the finest steps underflow: a cone looked like a plateau, with a slope of 0.
    **{
        f"norm {power} of nothing, {dtype}": (norm(power), np.zeros(2, dtype))
        for power in (2, 4)
        for dtype in ("float32", "float64")
    },
    # Values of neighbouring numbers that have nothing in common look like noise about a trend.
    "waves of 1e-16": (lambda w, xp: xp.sum(xp.sin(1e16 * w)), [1.3]),
    "waves of 1e-19": (lambda w, xp: xp.sum(xp.sin(1e19 * w)), [1.3]),
    "waves far out": (lambda w, xp: xp.sum(xp.sin(w)), [1e17, 3e17]),
    # A jump adds the same to the loss at all steps: slopes far out agreed as if it were noise.
    "small jump": (lambda w, xp: xp.sum(5 + w + 6e-10 * xp.ceil(2 * w)), [0.5]),
    # Even parts do not show it, and rounding of x hid that slopes grow as the step shrinks.
    "jump with the value half way": (odd_jumps, ODD),
    "jump with the value half way, float32": (odd_jumps, ODD.astype(np.float32)),
}  # fmt: skip


@EACH_SCHEME
@pytest.mark.parametrize("name", MARKED)
def test_what_has_no_slope_is_marked(name, scheme):
    """A number there would be taken for a derivative, of a loss that has none to be seen."""
    _, prepared = ask(scheme, *MARKED[name])
    assert prepared.unresolved.all()
    assert np.isinf(prepared.error_estimate).all()


def test_k_means_beside_its_boundaries():
    """Points near the boundary of two clusters are kinks, nearer than a step that ignores them."""
    rng = np.random.default_rng(1)
    points, centres = rng.normal(size=(60, 2)), rng.normal(size=(4, 2))
    data = {"z": points[:, None, :]}
    nearest = ((data["z"] - centres) ** 2).sum(2).argmin(1)
    exact = np.array([2 * (centres[k] - points[nearest == k]).sum(0) for k in range(4)])

    def loss(c, z, *, xp=np):
        return xp.sum(xp.min(xp.sum((z - c) ** 2, axis=2), axis=1))

    for scheme in SCHEMES:
        errors = honest(scheme, loss, centres, exact, data)
        assert errors.max() < (1e-5 if "ward" in scheme else 1e-8)


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
def test_one_entry_of_thousands_has_a_kink_or_a_jump(evaluation):
    """Parameters that are alike share a step, and the odd ones out must be found or doubted."""
    x = np.random.default_rng(0).uniform(0.5, 2, 2000)

    def loss(w, *, xp=np):
        return xp.mean(xp.exp(w)) + xp.maximum(w[700] - x[700] - 1e-7, 0.0)

    found, prepared = ask("central", loss, x, evaluation=evaluation)
    assert (abs(found - np.exp(x) / x.size) <= prepared.error_estimate).all()
    assert prepared.preparation_passes < x.size / 2


@EACH_SCHEME
def test_values_printed_with_few_digits(scheme):
    """A lattice of values is noise of half its spacing, and the trend is what is asked for."""
    x = np.array([0.3, 0.8, -1.1])
    errors = honest(scheme, lambda w, xp: round(float(np.sum(np.exp(w))), 7), x, np.exp(x))
    assert errors.max() < 1e-2


def test_values_that_rise_by_whole_steps():
    """A line of a rounded loss may be straight by chance, and looked free of noise."""
    x = np.array([0.0012301534, 0.5, -0.7], np.float32)

    def loss(w, xp):
        return math.floor(1e5 * float(np.sum(np.sin(w)))) / 1e5

    assert honest("central", loss, x, np.cos(x.astype(float))).max() < 1e-2


DOUBTED: dict[str, tuple[Callable[[Any, Any], Any], list[float], list[float], float]] = {
    # From jump to jump, a loss that has lost its digits is smooth, with a slope of its own.
    "cosine": (lambda w, xp: xp.sum((1 - xp.cos(w)) / w**2), [1e-5], [-1e-5 / 12], 0.05),
    "exponential": (lambda w, xp: xp.sum((xp.exp(w) - 1) / w), [6e-6], [0.5], 0.05),
    "root": (lambda w, xp: xp.sum((xp.sqrt(1 + w) - 1) / w), [8e-6], [-0.125], 0.05),
    "stairs": (lambda w, xp: xp.sum(xp.floor(1e6 * w) * 1e-6 + w), [0.3004567], [1.0], 0.05),
    # Rounding makes a loss constant to the last bit: that its slope is 0 does not follow.
    "drowned beside 1e100": (lambda w, xp: xp.sum(w), [8.95e100, 1.7e6], [1.0, 1.0], 0.5),
    "drowned above 1e16": (
        lambda w, xp: 1e16 + xp.sum(xp.exp(w)), [1.0, 2.0], [math.e, math.e**2], 0.5,
    ),
    "all of it drowned": (lambda w, xp: 1e30 + xp.sum(w), [1.0, 2.0], [1.0, 1.0], 0.5),
}  # fmt: skip


@EACH_SCHEME
@pytest.mark.parametrize("name", DOUBTED)
def test_what_rounding_hides_is_right_or_doubted(name, scheme):
    """Slopes between dense jumps, or of what the rest of a loss drowns, are none of the loss."""
    loss, x, exact, within = DOUBTED[name]
    found, prepared = ask(scheme, loss, x)
    assert (prepared.unresolved | (abs(found - exact) <= within * np.abs(exact))).all()


@EACH_SCHEME
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_minimum_above_a_plateau_is_no_kink(value, scheme):
    """Around a minimum of single precision a loss is constant, too, and then grows as h²."""
    _, prepared = ask(scheme, lambda w, xp: value + xp.sum(w * w), np.zeros(2, np.float32))
    assert (prepared.error_estimate[~prepared.unresolved] < 1e-2).all()
    if scheme in SYMMETRIC:
        assert not prepared.unresolved.any()


@EACH_SCHEME
def test_ratios_of_steps_may_overflow(scheme):
    """Ratios of steps of 1e-300 to some of 1 have squares and fourth powers that no number is."""
    losses = (
        (lambda w, xp: xp.sum(xp.hypot(w, 1e-110)) * 1e110, [1e-300, 1.0], [1e-190, 1e110]),
        (lambda w, xp: xp.sum((w * 1e120) ** 2), [1e-310, 5e-324], [2e-70, 1e-83]),
        (lambda w, xp: xp.sum(w) * 1e200, [1e-300, 1.0], [1e200, 1e200]),
        (lambda w, xp: xp.log(w[0]) + xp.sin(w[1]) + w[1], [1e-85, 5e-324], [1e85, 2.0]),
    )
    for loss, x, slopes in losses:
        found, prepared = ask(scheme, loss, x)
        within = np.maximum(prepared.error_estimate, 1e-12 * np.array(slopes))
        assert (abs(found - slopes) <= within).all()


@EACH_SCHEME
def test_a_parameter_that_is_no_number_is_marked(scheme):
    """An optimiser that went astray asks there, and must be told so without an exception."""
    problem = gm.Problem(lambda w, xp: xp.sum(xp.exp(-w)), np.array([1.0, 2.0]))
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    for lost in (np.nan, np.inf):
        gradient = prepared(np.array([1.0, lost])).gradient
        assert not np.isfinite(gradient[1])
        assert prepared.unresolved[1]
    assert abs(gradient[0] + math.exp(-1)) < 1e-6


@EACH_SCHEME
@pytest.mark.parametrize("tiny", [1e-200, 1e-300, 5e-324])
def test_steps_and_slopes_may_underflow(scheme, tiny):
    """The search for a step divided by a noise that had underflowed, or went on for ever."""
    losses = {0.5: lambda w, xp: xp.sum(xp.sqrt(w)), 2.0: lambda w, xp: xp.sum(w * w) + tiny * w[0]}
    for slope, loss in losses.items():
        gradient, _ = ask(scheme, loss, [tiny, 1.0])
        assert gradient[1] == pytest.approx(slope, rel=1e-5)


@EACH_SCHEME
def test_what_does_nothing_and_minima_are_not_marked(scheme):
    """A dead unit has no slope, and at a minimum the slope is next to nothing: both are known."""

    def loss(w, xp):
        return xp.maximum(w[0], 0.0) + 3 + (w[1] - 1) ** 2 + w[2]

    gradient, prepared = ask(scheme, loss, [-3.0, 1.0, 2.0])
    assert not prepared.unresolved.any()
    np.testing.assert_allclose(gradient, [0, 0, 1], atol=1e-7)


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
@EACH_SCHEME
def test_a_loss_that_raises_beside_the_point(scheme, evaluation):
    """Preparation marks such an entry: a call must not end with what the loss raises."""
    if scheme == "richardson" and evaluation == "reuse":
        pytest.skip("Richardson does not reuse")

    def loss(w, *, xp=np):
        if isinstance(w, np.ndarray) and (w > 1).any():
            raise ZeroDivisionError
        return xp.sum(w**2)

    gradient, prepared = ask(scheme, loss, [1.0, 0.5], evaluation=evaluation)
    assert prepared.unresolved.tolist() == [True, False]
    assert gradient[1] == pytest.approx(1, abs=1e-7)


@EACH_SCHEME
def test_other_data_make_the_loss_vary_faster(scheme):
    """Steps for one set of data are far too wide for another: the losses themselves show it."""
    problem = gm.Problem(
        lambda w, s, *, xp=np: xp.sum(xp.sin(w * s)), np.array([0.7]), {"s": np.array([1.0])}
    )
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    for s in (1e3, 1e5, 1e7):
        error = abs(prepared(np.array([0.7]), s=np.array([s])).gradient - s * np.cos(0.7 * s))
        assert (error <= prepared.error_estimate).all()


@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_many_scales_under_one_size(scheme):
    """Parameters of like size that vary over eight decades must not be taken for alike."""
    s = 10 ** np.linspace(-4, 4, 600)
    x = np.random.default_rng(0).normal(size=600)
    found, prepared = ask(scheme, lambda w, s, *, xp=np: xp.sum(xp.cos(w * s)), x, {"s": s})
    exact = -s * np.sin(x * s)
    off = abs(found - exact) > abs(exact) / 2 + 1e-3 * abs(exact).max()
    assert not (off & ~prepared.unresolved).any()
    assert np.mean(prepared.unresolved) < 0.6


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s != "richardson"])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_constant_loss_has_no_slope(scheme, value):
    """Where a loss is the same number far and near, its slopes of 0 are not in doubt."""
    gradient, prepared = ask(scheme, lambda w, xp: value + 0 * xp.sum(xp.sign(w) ** 2), [1.0, 2.0])
    assert not gradient.any()
    assert not prepared.unresolved.any()


PROGRAMS = {
    608106: SYMMETRIC,  # a kink as faint as the noise
    616180: ("central",),  # a kink between two steps so close that it looks like curvature
    609998: SYMMETRIC,  # a loss that is rough at a few numbers only
    609423: ("richardson",),  # a slope that rounding drowns at the step of another entry
    607507: ("richardson",),  # a term in single precision that does not move near a parameter at 0
}


@pytest.mark.parametrize("seed", PROGRAMS)
def test_random_programs_that_were_wrong_without_a_word(seed):
    """Each is of a kind that was found by chance: a wrong number, a mark on none of its entries."""
    oracle = Oracle(program := written(seed), program.problem())
    found = {scheme: outcome(scheme, oracle) for scheme in PROGRAMS[seed]}
    assert not any(result.status in FAULTS for result in found.values()), found


@EACH_SCHEME
def test_a_kink_that_single_precision_rounds_to_flat_steps(scheme):
    """The rounded part is constant beside x, the rest is exact: half of a slope looked sharp."""
    x = np.array([0, -0.75, -0.75, 1.25, 0, -0.0, -0.75, -0.75], np.float32)
    data = {"k": np.array([-3, 9, 5, 0, 0, 2, 0, 8], np.int32)}
    _, prepared = ask(scheme, lambda w, k, xp: xp.sum(xp.hypot(w, w)) + xp.sum(w * k), x, data)
    assert prepared.unresolved[x == 0].all()


@EACH_SCHEME
def test_a_term_that_is_rounded_more_coarsely_than_the_others(scheme):
    """It does not move near a parameter at 0: the slope of the others looked like the whole."""
    x = np.array([-1, 0, 0, 1], np.float32)
    k = np.array([8, 7, 4, 9])

    def loss(w, k, *, xp=np):
        return xp.sum(0.75 * w) + xp.sum(0.75 * w * k) + xp.sum(w * w) / 2

    assert honest(scheme, loss, x, 0.75 + 0.75 * k + x, {"k": k}).max() < 0.01


@EACH_SCHEME
@pytest.mark.parametrize("away", [1e-5, 1e-6, 1e-7])
def test_near_an_optimum_at_one(away, scheme):
    """Rounding moves the square of 1 + d by twice as much as d, exactly: all fine slopes agreed."""
    x = 1 + away * np.array([-1.0, 1, 1, 1, -1])
    off = x[1:] - x[:-1] ** 2
    true = np.append(-400 * x[:-1] * off - 2 * (1 - x[:-1]), 0) + np.append(0, 200 * off)

    def loss(w, xp):
        return xp.sum(100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2)

    found, prepared = ask(scheme, loss, x)
    rounding = 400 * np.finfo(float).eps  # of the gradient by hand
    assert (abs(found - true) <= prepared.error_estimate + rounding).all()


def test_steps_are_not_kept_where_parameters_shrink():
    """A kink on either side of a smaller point lies between its steps: half a slope was wrong."""

    def loss(w: Any, *, xp: Any = np) -> Any:
        kept = ((w <= 0) | (w < w[2])) * w
        return 2 * xp.sum(kept * kept) + xp.mean(w * w)

    start = np.array([-1.4298712, 0.37884858, 0.5953037], np.float32)
    problem = gm.Problem(loss, start)
    x = np.array([-0.00109951, 0.00069496, 0.00052927], np.float32)
    gradient = gm.Numerical().prepare(problem)(x).gradient
    np.testing.assert_allclose(gradient, x * [14 / 3, 2 / 3, 2 / 3], rtol=1e-3)
