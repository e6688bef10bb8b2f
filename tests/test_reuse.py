"""Differences over the recorded graph: the same as of the black box, for less work."""

from __future__ import annotations

import io
import math
import sys
import threading
import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.perturbation import program
from gradmethods.providers import schemes
from gradmethods.providers.numerical import Numerical
from gradmethods.tape import rules as tape_rules
from tests.primitive_cases import CASES

SCHEMES = tuple(schemes.SCHEMES)
MLPS = ((2, 3, 1), (2, 7, 5, 1), (3, 4, 6, 2), (2, 1, 1))


def prepare(problem: gm.Problem, scheme: str = "central", **options: Any) -> Any:
    return Numerical(scheme, evaluation="reuse", **options).prepare(problem)


def flat(problem: gm.Problem, gradient: Any) -> Any:
    return problem.structure.join(problem.structure.check(gradient))


def unit_round_off(problem: gm.Problem) -> float:
    return float(np.finfo(problem.dtype).eps) / 2


def round_off(problem: gm.Problem, scheme: str, value: float) -> float:
    """How far two evaluations of the same differences may be apart, in every component.

    Losses that err by a few u each, u|f|, are divided by the least distance of two places, h. The
    slack of 30 stands for the length of the loss, and for terms larger than their sum.
    """
    u = unit_round_off(problem)
    h = schemes.SCHEMES[scheme].relative_step(u)
    return 30 * u * (1 + abs(value)) / h


def assert_same(problem: gm.Problem, params: Any, scheme: str = "central", **data: Any) -> None:
    plain = Numerical(scheme).prepare(problem)(params, **data)
    reuse = prepare(problem, scheme)(params, **data)
    bound = round_off(problem, scheme, float(plain.value))
    assert reuse.value == pytest.approx(plain.value, rel=50 * unit_round_off(problem))
    assert reuse.value.dtype == plain.value.dtype
    for name, expected in problem.structure.check(plain.gradient).items():
        found = problem.structure.check(reuse.gradient)[name]
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound)


def moved(problem: gm.Problem, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    arrays = problem.structure.check(problem.params)
    near = {n: (a * rng.uniform(0.99, 1.01, a.shape)).astype(a.dtype) for n, a in arrays.items()}
    return problem.structure.restore(near)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_same_as_plain_on_every_function(case):
    """A primitive that loses pins, or mistakes which entries depend on which, changes a result."""
    problem = case.problem()
    assert_same(problem, problem.params)
    assert_same(problem, moved(problem))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("widths", MLPS)
def test_same_as_plain_on_networks(widths, dtype, scheme):
    """Contractions are where the saving is: a wrong row or column must show, in every scheme."""
    options: dict[str, Any] = {"activation": "tanh", "loss": "logits", "dtype": dtype}
    problem = gm.problems.get("mlp", widths=widths, batch=9, **options)
    assert_same(problem, moved(problem), scheme)


@pytest.mark.parametrize("name", gm.problems.names())
def test_same_as_plain_on_the_catalogue(name):
    """What is reported beside plain differences must be those differences."""
    problem = gm.problems.get(name)
    assert_same(problem, moved(problem))


TABLE = np.array([[0.3, -0.7, 1.1, 0.9], [0.2, -1.3, 0.4, 0.8], [1.7, 0.1, -0.6, 0.5]])
WAYS = {
    "arrays that stand apart": lambda xp, W: xp.exp(xp.reshape(W, (2, 3, 2)))[
        np.array([0, 1, 1]), :, np.array([1, 0, 1])
    ],
    "integer and array apart": lambda xp, W: xp.exp(xp.reshape(W, (2, 3, 2)))[1, :, np.array([1])],
    "index that changes": lambda xp, W: (
        TABLE[0] * xp.asarray(TABLE)[xp.astype(W > 0.2, xp.int64), 1] + xp.sum(W * W)
    ),
    "product of integers": lambda xp, W: (
        (xp.astype(W > 0.2, xp.int64) @ np.arange(8).reshape(4, 2)) * W[:, :2]
    ),
    "transposed activations": lambda xp, W: (
        xp.tanh(xp.tanh(TABLE.T @ W) @ TABLE.T).T @ TABLE.T[:, :2]
    ),
    "transposed on the right": lambda xp, W: TABLE @ xp.tanh(xp.tanh(W @ TABLE.T) @ TABLE).T,
    "column of activations": lambda xp, W: TABLE @ xp.tanh(W[1, :] + W[0, :]),
    "signs of zero": lambda xp, W: xp.atan2(0.0, -W * W) + 2 * xp.atan2(-0.0, -W * W) + W,
    "kept and overwritten": lambda xp, W: xp.sqrt(xp.exp(W) + 1) * (xp.exp(W) + 1) - xp.exp(W),
    "split and joined": lambda xp, W: xp.reshape(xp.exp(W), (2, 6)) * xp.reshape(W, (6, 2)).T,
    "stacked with others": lambda xp, W: xp.stack([W, xp.asarray(TABLE)]) ** 3 / W,
    "repeated along an axis": lambda xp, W: xp.exp(W[:1, :]) * W + xp.broadcast_to(W[1, :], (3, 4)),
    "linear chain": lambda xp, W: -(2 - (1 - W / TABLE) * 3) @ TABLE.T @ TABLE - 0.5,
    "vectors": lambda xp, W: W[0, :] @ TABLE.T @ xp.ones(3) * (W[1, :] @ W[2, :]),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("way", WAYS)
def test_same_as_plain_on_rare_ways(way, dtype):
    """Layouts, dtypes and forms that few losses have are where a stale copy would hide."""
    table = TABLE.astype(dtype)

    def loss(W, *, xp=np):
        return xp.sum(xp.astype(WAYS[way](xp, W), xp.float64) * 0.3)

    problem = gm.Problem(loss, table + np.asarray(0.05, dtype))
    assert_same(problem, problem.params)
    assert_same(problem, moved(problem), "five-point")


def test_values_of_the_data_outlive_their_use():
    """What is computed from data alone is kept from call to call, and nothing may write over it."""

    def loss(w, X, *, xp=np):
        moved_away = X + 1
        return xp.mean(xp.tanh(xp.exp(moved_away) @ w) * xp.sqrt(moved_away @ w))

    rng = np.random.default_rng(0)
    data = {"X": rng.uniform(0.1, 1, size=(6, 4))}
    problem = gm.Problem(loss, np.array([0.2, 0.4, 0.1, 0.3]), data)
    assert_same(problem, problem.params)
    assert_same(problem, moved(problem), X=data["X"] + 0.3)


def loss_of_everything(params, X, t, where, *, xp=np):
    W, v = params["W"], params["v"]
    tied = xp.tanh(X @ W) @ W.T  # one array in two products
    picked = W[where] * v  # integers of the data decide which rows count
    kinked = xp.where(tied > 0.1, tied, 0.1 * tied)
    spread = xp.max(kinked, axis=1) - xp.mean(kinked, axis=0)[0] * params["c"]
    rest = xp.sum(xp.concat([v, v[1:] * v[:-1], xp.reshape(params["c"], (1,))]) ** 2)
    return xp.mean((spread - t) ** 2) + xp.sum(picked) / 7 + rest + xp.sum(W[1, :2] / W[0, 1])


def everything(seed: int = 0, dtype: str = "float64") -> gm.Problem:
    rng = np.random.default_rng(seed)
    params = {
        "W": rng.normal(size=(4, 3)),
        "v": rng.normal(size=3),
        "unused": rng.normal(size=(2, 2)),
        "c": rng.normal(size=()),
    }
    data = {
        "X": rng.normal(size=(6, 4)),
        "t": rng.normal(size=6),
        "where": rng.integers(0, 4, size=5),
    }
    params = {name: np.asarray(array, dtype) for name, array in params.items()}
    return gm.Problem(loss_of_everything, params, data)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_other_points_and_other_data(scheme):
    """What was recorded or laid out at the first point and data must not stick to them."""
    problem, other = everything(), everything(1)
    prepared = prepare(problem, scheme)
    plain = Numerical(scheme).prepare(problem)
    for at, data in ((problem, {}), (other, other.data), (problem, {"t": other.data["t"]})):
        for params in (at.params, moved(at)):
            found, expected = prepared(params, **data), plain(params, **data)
            bound = round_off(problem, scheme, float(expected.value))
            assert found.value == pytest.approx(expected.value, rel=1e-13)
            np.testing.assert_allclose(
                flat(problem, found.gradient), flat(problem, expected.gradient), rtol=0, atol=bound
            )
    assert not problem.structure.check(prepared(problem.params).gradient)["unused"].any()


def test_data_that_the_caller_writes_to():
    """An array that was passed before may hold other numbers now."""
    problem = everything()
    prepared = prepare(problem)
    t = problem.data["t"].copy()
    prepared(problem.params, t=t)
    t += 1
    again = prepared(problem.params, t=t)
    assert again.value == pytest.approx(problem.value(t=t), rel=1e-13)
    assert prepared(problem.params).value == pytest.approx(problem.value(), rel=1e-13)


@pytest.mark.parametrize("params", [math.pi, [math.e, -math.sqrt(2)], {"a": 0.7, "b": [[1.1]]}])
def test_structures(params):
    """Scalars, bare arrays and dicts must come back as they went in."""

    def loss(params, *, xp=np):
        parts = params.values() if isinstance(params, dict) else [params]
        return sum(xp.sum(xp.sin(part)) for part in parts)

    assert_same(gm.Problem(loss, params), params)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda w, xp: w[1], [0.0, 1.0]),
        (lambda w, xp: xp.asarray(3.0), [0.0, 0.0]),
        (lambda w, xp: xp.sum(xp.sign(w)) + 1.5, [0.0, 0.0]),
        (lambda w, xp: xp.sum(w[np.array([1, 1])]), [0.0, 2.0]),
    ],
)
def test_losses_that_hardly_depend_on_parameters(loss, expected):
    """A graph that ends in an input or a constant has no node for heads to meet at."""
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), np.array([0.3, 0.4]))
    value, gradient = prepare(problem)(problem.params)
    assert value == problem.value()
    np.testing.assert_allclose(gradient, expected, atol=1e-10)


@pytest.mark.parametrize("budget", [1, 300, 1000, 4000])
@pytest.mark.parametrize("block", [1, 5, 4096])
def test_blocks_join_without_a_seam(monkeypatch, budget, block):
    """Blocks of one, and blocks that do not divide the parameters, must lose and repeat nothing."""
    monkeypatch.setattr(program, "BUDGET", budget)
    monkeypatch.setattr(schemes, "BLOCK", block)
    for problem in (everything(), gm.problems.get("mlp", widths=(2, 5, 3, 1), batch=4)):
        assert_same(problem, moved(problem))
        assert_same(problem, moved(problem), "five-point")


def test_calls_do_not_share_memory():
    """A gradient that the next call overwrote would be wrong in the user's hands."""
    problem = everything()
    prepared = prepare(problem)
    first = prepared(problem.params)
    kept = flat(problem, first.gradient).copy()
    prepared(everything(1).params)
    np.testing.assert_array_equal(flat(problem, first.gradient), kept)
    np.testing.assert_array_equal(flat(problem, prepared(problem.params).gradient), kept)


def test_threads_take_turns(monkeypatch):
    """Two calls at once in the same buffers would mix their values."""
    interval = sys.getswitchinterval()
    monkeypatch.setattr(program, "BUDGET", 20_000)  # many blocks, and many chances to mix them up
    problem = gm.problems.get("mlp", widths=(2, 8, 8, 1), batch=20)
    prepared = prepare(problem)
    points = [moved(problem, seed) for seed in range(4)]
    expected = [flat(problem, prepared(point).gradient) for point in points]
    wrong: list[int] = []

    def work(i):
        found = (flat(problem, prepared(points[i]).gradient) for _ in range(20))
        wrong.extend(i for gradient in found if not np.array_equal(gradient, expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


@pytest.mark.parametrize("scheme", SCHEMES)
def test_passes_are_those_it_stands_for(scheme):
    """Costs are compared per pass: reuse must name as many as the black box, and call none."""
    twin = everything()
    calls = []

    def counting(params, **data):
        calls.append(1)
        return twin.loss(params, **data)

    problem = gm.Problem(counting, twin.params, twin.data)
    prepared = prepare(problem, scheme)
    plain = Numerical(scheme).prepare(problem)
    calls.clear()
    prepared(problem.params)
    assert not calls
    assert (prepared.forward_passes, prepared.value_passes) == (plain.forward_passes, 1)
    assert prepared.forward_passes == len(schemes.SCHEMES[scheme].offsets) * problem.size
    assert set(prepared.preparation) == {"steps", "trace", "compile"}


def test_work_is_counted():
    """The saving is cited in operations: by hand, for a sum and for a product with a matrix."""

    def separate(w, *, xp=np):
        return xp.sum(xp.exp(w))

    # At the base 5 exponentials and 4 additions; for each of 10 places an exponential, its
    # difference from the base, and that added to the sum.
    work = prepare(gm.Problem(separate, np.ones(5))).work
    assert work == (9 + 10 * 3, 11 * 9)

    # The logarithm belongs to the tail: once for each place, and once at the base.
    logarithm = gm.Problem(lambda w, *, xp=np: xp.log(separate(w, xp=xp)), np.ones(5))
    assert prepare(logarithm).work == (9 + 10 * 4 + 1, 11 * 10)

    def linear(W, X, *, xp=np):
        return xp.sum(xp.tanh(X @ W.T))

    # The base needs the product, 7 × 4 × (2·3 − 1), tanh and the sum over what is not touched:
    # 28 + 27. Each of 24 places takes a column times a step, added to the base, 7 + 7; tanh of
    # that, 7; its difference from the base, 7; the sum of 7 entries, 6; and 1 to add it.
    problem = gm.Problem(linear, np.ones((4, 3)), {"X": np.ones((7, 3))})
    work = prepare(problem).work
    assert work == (140 + 55 + 24 * 35, 25 * 195)


def test_less_work_on_larger_networks():
    """A hidden weight touches one unit: its share must fall as layers widen."""
    shares = []
    for width in (8, 16, 32, 64):
        problem = gm.problems.get("mlp", widths=(2, width, width, 1), batch=10)
        work = prepare(problem).work
        shares.append(work.done / work.plain)
    assert all(narrow > 1.8 * wide for narrow, wide in pairwise(shares))


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, xp: 1 / (1 + xp.sum(xp.exp(w))) + xp.sum(w),
        lambda w, xp: xp.where(xp.sum(xp.exp(w)) > 1e300, w[0], xp.log(xp.sum(xp.exp(w)))),
        lambda w, xp: xp.sum(1 / w[1:]) + 1 / xp.sum(xp.square(1e200 * w)),
    ],
)
def test_overflow_on_the_way(loss):
    """The difference of two infinities is no number, where the loss itself has one."""
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), np.array([800.0, 0.5, 0.7]))
    assert_same(problem, problem.params)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nan_is_never_silent(scheme):
    """A loss that is NaN has no gradient; a number in its place would be believed."""
    x = np.array([0.4, 0.3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w) + 0 * xp.log(xp.max(w) - 0.5), x)
    value, gradient = prepare(problem, scheme)(x)
    assert np.isnan(value)
    assert np.isnan(gradient).all()


def test_vjp_rules_take_no_part(monkeypatch):
    """Reuse works on a graph, but must stay independent of how graphs are differentiated."""

    def poison(*args, **kwargs):
        raise AssertionError("a vjp rule was called")

    for name, row in tape_rules.RULES.items():
        monkeypatch.setitem(tape_rules.RULES, name, tuple(poison for _ in row or ()))
    monkeypatch.setattr(tape_rules, "rule", poison)
    assert_same(everything(), everything().params)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_as_accurate_as_its_tolerance(scheme):
    """Saving work must not cost digits: the gradient stays within the scheme's bound."""
    problem = gm.problems.get("mlp", widths=(2, 40, 30, 1), batch=50)
    provider = Numerical(scheme, evaluation="reuse")
    point = moved(problem)
    found = flat(problem, provider.prepare(problem)(point).gradient)
    exact = flat(problem, gm.Backprop().prepare(problem)(point).gradient)
    bound = tolerance(provider.name, problem.dtype)
    assert bound < 1e-5
    assert np.linalg.norm(found - exact) < bound * np.linalg.norm(exact)


def peak(problem: gm.Problem, provider: Numerical) -> int:
    params = problem.params
    tracemalloc.start()
    provider.prepare(problem)(params)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_beyond_the_parameters_does_not_grow():
    """Places, indices or losses of all perturbations at once would not reach a million."""
    X = np.ones((5, 400))

    def loss(params, X, *, xp=np):
        return xp.mean(xp.tanh(X @ params["W"].T) @ params["v"])

    def problem(units):
        return gm.Problem(loss, {"W": np.ones((units, 400)), "v": np.ones(units)}, {"X": X})

    small, large = problem(20), problem(200)
    reuse = Numerical(evaluation="reuse")
    growth = peak(large, reuse) - peak(small, reuse)
    # The point, the gradient, and the base values of the hidden layer.
    assert growth < 3.2 * 8 * (large.size - small.size)
    for each in (small, large):
        assert prepare(each).workspace <= program.BUDGET + 64 * 20
        assert peak(each, reuse) < 3.2 * 8 * each.size + 3 * program.BUDGET


def test_plain_memory_is_two_copies():
    """A private point and the gradient: anything more of size n would not be needed."""
    n = 300_000
    problem = gm.Problem(lambda w, *, xp=np: w[0] * w[1], np.full(n, 0.3))
    assert peak(problem, Numerical("forward")) < 2.2 * 8 * n + 800 * schemes.BLOCK


def test_options_and_names():
    """A scheme without reuse must say so at once; rows of a table are known by these names."""
    assert Numerical(evaluation="reuse").name == "numerical:central[reuse]"
    assert Numerical("forward", 1e-6, "reuse").name == "numerical:forward[reuse,step=1e-06]"
    for scheme in ("richardson", "complex-step"):
        with pytest.raises(gm.InvalidOption, match="'reuse' serves the schemes 'forward'"):
            Numerical(scheme, evaluation="reuse")


def test_obstacle():
    """Reuse needs a graph: a loss that leaves the namespace must be refused with the reason."""
    problem = gm.Problem(lambda w, *, xp=np: np.sum(w**2), np.ones(2))
    reuse = Numerical(evaluation="reuse")
    assert "xp" in str(reuse.obstacle(problem))
    assert reuse.obstacle(everything()) is None
    with pytest.raises(gm.UnsupportedOperation):
        reuse.prepare(problem)


def test_a_step_lost_in_rounding_is_refused():
    """0/0 would come out as NaN, or 0/h as a gradient of zero."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), np.array([1.0, 1e9 / 7]))
    with pytest.raises(gm.InvalidOption, match=r"lost in rounding.*142857142"):
        prepare(problem, step=1e-10)(problem.params)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
def test_long_runs_show_progress(monkeypatch, evaluation):
    """Someone who waits for minutes wants to know how many; nobody else must see a thing."""
    from gradmethods.providers import progress, reuse

    problem = gm.problems.get("mlp", widths=(2, 5, 1), batch=5)
    prepared = Numerical(evaluation=evaluation).prepare(problem)
    expected = flat(problem, prepared(problem.params).gradient)
    screen, file = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    prepared(problem.params)
    assert screen.getvalue() == ""  # short
    monkeypatch.setattr(reuse, "SECONDS_PER_OPERATION", 1.0)
    for module in (schemes, progress):
        monkeypatch.setattr(module, "LONG", 0.0)
    np.testing.assert_allclose(flat(problem, prepared(problem.params).gradient), expected)
    assert f"/{problem.size} " in screen.getvalue().replace(".0", "")
    monkeypatch.setattr(sys, "stderr", file)
    prepared(problem.params)
    assert file.getvalue() == ""  # long, but nobody is watching


def test_short_runs_do_not_load_the_bar(monkeypatch):
    """Importing it takes longer than many a gradient."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    for evaluation in ("plain", "reuse"):
        Numerical(evaluation=evaluation).prepare(everything())(everything().params)
