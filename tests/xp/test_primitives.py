"""Every function that a loss can use, by every method, over shapes and broadcasting."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.xp.primitives import TABLE, Behaviour, Kind, Primitive, elementwise_shape
from gradmethods.xp.primitives.primitive import REAL_LINE
from tests.coverage_table import REFUSED, STANDARD, refusals
from tests.primitive_cases import CASES, each_function

METHODS = [
    gm.get_provider(n)
    for n in ("analytical", "numerical", "numerical:complex-step", "backprop", "forward")
]


def assert_agree(case, methods):
    comparison = gm.compare(case.problem(), methods, seconds=0)
    verdicts = comparison.verdicts
    differences = verdicts.pop("numerical", "right")
    assert differences in {"right", "not decided"}, str(comparison)
    assert set(verdicts.values()) == {"right"}, str(comparison)


@pytest.mark.medium
@partial(each_function, every=6)
def test_methods_agree_on_every_function(case):
    """A wrong rule, formula or complex continuation of one function would give one method away."""
    assert_agree(case, METHODS[1:])


@pytest.mark.medium
@partial(each_function, every=12)
def test_formulas_agree_on_every_function(case):
    """A wrong formula of one function would give itself away: it shares nothing with the balls."""
    assert_agree(case, METHODS[:1])


@pytest.mark.medium
@each_function
def test_recorded_value_is_numpy_value(case):
    """A function of `xp` that means something else than NumPy's would change the loss itself."""
    problem = case.problem()
    value = gm.Backprop().prepare(problem)(problem.params).value
    assert value == pytest.approx(problem.value(), rel=1e-14, abs=0)


def test_the_whole_standard_is_there():
    """A function of the standard that no case calls would be promised, and tested nowhere."""
    cases = {case.name for case in CASES}
    assert cases.issuperset(STANDARD)
    said = "\n".join(refusals())
    assert all(f"`{name}`" in said for name in REFUSED)


@pytest.mark.medium
def test_cases_reach_every_primitive():
    """A primitive without a case would be a rule that nothing checks."""
    # scatter_add is the transpose of getitem: only backward passes contain it.
    reached = Counter(
        node.primitive.name
        for case in CASES
        for node in record(case.problem()).nodes()
        if node.primitive is not None
    )
    assert set(TABLE) - set(reached) == {"scatter_add"}


def test_case_ids_are_unique():
    """Two cases of one name would be one random seed and one line in a report."""
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", TABLE)
def test_every_entry_is_whole(name):
    """A field left out would fail in one method alone, when someone first used it."""
    entry = TABLE[name]
    assert entry.vjp is not None
    assert entry.jvp is not None
    assert (entry.complex or entry.written_out) is not None
    if entry.arity:
        assert entry.sympy is not None
        assert entry.shape is elementwise_shape
        assert isinstance(entry.numpy, np.ufunc) or name == "where" or entry.module == "special"
    if entry.kind is Kind.SMOOTH and name != "remainder":  # which is made of others, over balls
        assert entry.ball is not None
        for field in (entry.vjp, entry.jvp, entry.slopes, entry.radius or entry.slopes):
            assert isinstance(field, tuple)
            assert len(field) == entry.arity
        assert entry.varies is None or len(entry.varies) == entry.arity
    if entry.kind is Kind.STEP and entry.arity == 1:  # of two, from the floor of a quotient
        assert entry.ball is not None
        assert entry.jumps is not None


GRID = np.array([0.0, 1e-200, 0.25, 0.5, 1.0, 1.5, 3.0, 40.0, 1e200, np.inf])


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry.arity])
def test_behaviour_at_the_edges_is_as_stated(name):
    """A sign that is promised and not kept would leave a slope unguarded."""
    entry, mixed = TABLE[name], np.concatenate([-GRID, GRID])
    with np.errstate(all="ignore"):
        somewhere, of_positive = (
            np.asarray(entry.numpy(*np.meshgrid(*[points] * entry.arity)), float)
            for points in (mixed, GRID)
        )
        low, high = entry.domain
        inside = np.linspace(max(low, -30), min(high, 30), 50)[1:-1]
        values = entry.numpy(inside) if entry.arity == 1 else inside
    if Behaviour.NEVER_NEGATIVE in entry.behaviour:
        assert not (somewhere < 0).any()
    if Behaviour.KEEPS_SIGN in entry.behaviour:
        assert not (of_positive < 0).any()
    if Behaviour.KEEPS_OFF_ZERO in entry.behaviour:
        operands = np.meshgrid(*[GRID] * entry.arity)
        least = np.min(operands[1:] if name == "where" else operands, axis=0)
        assert (of_positive >= np.minimum(least, 1)).all()
    if Behaviour.FALLING in entry.behaviour:
        assert (np.diff(values) < 0).all()
    if entry.domain != REAL_LINE:
        assert np.isfinite(values).all()


BARE = Primitive("cbrt", np.cbrt, elementwise_shape, TABLE["exp"].operations, arity=1)


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("backprop", "vjp rule"),
        ("forward", "jvp rule"),
        ("analytical:cse", "SymPy function"),
        ("analytical:chain-rule", "SymPy function"),
        ("numerical:complex-step", "holomorphic function"),
        ("certified", "function of balls"),
    ],
)
def test_a_field_that_is_missing_is_named(method, missing):
    """A KeyError from a table would not say which method lacks what."""

    def loss(w, *, xp=np):
        return xp.sum(xp.bind(BARE, w) if hasattr(xp, "bind") else xp.cbrt(w))

    def differentiate():
        if method == "certified":
            return gm.certified_gradient(problem)
        return gm.get_provider(method).prepare(problem)(problem.params)

    problem = gm.Problem(loss, np.array([0.3]))
    with pytest.raises(gm.UnsupportedOperation, match=f"{missing} for the primitive 'cbrt'"):
        differentiate()


@pytest.mark.medium
@partial(each_function, cases=[c for c in CASES if c.domain != "real" and c.shapes == ((3,),)])
def test_float32_stays_float32(case):
    """A constant that turned float32 into float64 on the way would change cost and accuracy."""
    problem = case.problem("float32")
    for method in METHODS:
        value, gradient = method.prepare(problem)(problem.params)
        assert value.dtype == np.float32
        assert all(array.dtype == np.float32 for array in gradient.values())


KINKS = {
    "abs at 0": (lambda xp, w: xp.sum(xp.abs(w)), [0.0, 1.0], [0.0, 1.0]),
    "sign": (lambda xp, w: xp.sum(w * xp.sign(w)), [0.0, -2.0], [0.0, -1.0]),
    "relu at 0": (lambda xp, w: xp.sum(xp.maximum(w, 0)), [0.0, 1.0, -1.0], [0.5, 1.0, 0.0]),
    "minimum of equals": (lambda xp, w: xp.minimum(w[0], w[1]), [2.0, 2.0], [0.5, 0.5]),
    "max of three equals": (lambda xp, w: xp.max(w), [3.0, 3.0, 3.0, 1.0], [1 / 3] * 3 + [0.0]),
    "min of two equals": (lambda xp, w: xp.min(w), [1.0, 5.0, 1.0], [0.5, 0.0, 0.5]),
    "where takes its branch": (lambda xp, w: xp.sum(xp.where(w >= 0, 3 * w, w)), [0.0], [3.0]),
    "where equal": (lambda xp, w: xp.sum(xp.where(w == 0, w + 1, w * w)), [0.0, 2.0], [1.0, 4.0]),
    "clip at its limit": (lambda xp, w: xp.sum(xp.clip(w, -1, 1)), [1.0, -1.0, 2.0], [0.5, 0.5, 0]),
}


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize(
    "name",
    [
        "analytical",
        "analytical:expanded",
        "analytical:chain-rule",
        "numerical:complex-step",
        "backprop",
        "forward",
    ],
)
def test_one_convention_at_kinks(kink, name):
    """Methods with different conventions would contradict each other where both are right."""
    loss, point, expected = KINKS[kink]
    problem = gm.Problem(lambda w, *, xp=np: loss(xp, w), np.array(point))
    gradient = gm.get_provider(name).prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(gradient, expected, rtol=1e-15, atol=1e-15)
