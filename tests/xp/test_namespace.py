"""Every function of `xp` against NumPy: same shape, dtype and value, or a refusal."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.complex import Holomorphic
from gradmethods.engines.graph import Graph, Node, Recorder
from gradmethods.xp import Namespace
from gradmethods.xp.array import Array
from gradmethods.xp.creation import DataTypes
from gradmethods.xp.dispatch import Bindings
from gradmethods.xp.linalg import Linalg
from gradmethods.xp.primitives import Hole
from tests.namespace_cases import CASES, DTYPES, operands
from tests.samples import together

BITS = "bits of integers"
INTEGER = "Expected an integer"
UNKNOWN = "the result would hide what it depends on"
REFUSED = {
    "operator &": BITS,
    "operator |": BITS,
    "operator ^": BITS,
    "operator ~": BITS,
    "operator []": "dtype bool was used as an index",
    # Floating point becomes integers only where its values are known.
    "asarray": UNKNOWN,
    "astype": UNKNOWN,
    "sum": UNKNOWN,
    "prod": UNKNOWN,
    "cumulative_sum": UNKNOWN,
    "cumulative_prod": UNKNOWN,
    # NumPy takes fractions for some lengths; the standard has integers.
    "repeat": INTEGER,
    "roll": INTEGER,
    "tril": f"{INTEGER}|at least 2 axes",
    "triu": f"{INTEGER}|at least 2 axes",
    "diff": "axis=3 does not fit",
    # What NumPy completes a basis with is arbitrary.
    "linalg.qr": "arbitrary",
    "linalg.svd": "arbitrary",
    "pad": "takes the modes",
}
"""Functions that refuse calls which NumPy takes, and the words with which they do."""


VALUE = np.array([0.5, 2.5, 3.5])


def plainly(call, values):
    return [np.asarray(x) for x in call(np, values)]


def recorded(call, values):
    """Record a call over nodes, check what was foretold, and evaluate the graph."""
    xp = Recorder()
    nodes = {name: Node(x.shape, x.dtype, name=name) for name, x in values.items()}
    results = call(xp, {name: Array(xp, node) for name, node in nodes.items()})
    graph = Graph({}, nodes, tuple(array.payload for array in results))
    assert all(is_plain(node.static) for node in graph.nodes())
    found = [np.asarray(x) for x in graph.evaluate({}, values)]
    for array, value in zip(results, found, strict=True):
        assert (array.shape, array.dtype) == (value.shape, value.dtype)
    return found


def is_plain(static):
    """Say whether static arguments are Python's own, as programs and comparisons need them."""
    if isinstance(static, dict):
        return all(map(is_plain, static.values()))
    if isinstance(static, tuple):
        return all(map(is_plain, static))
    if isinstance(static, slice):
        return is_plain((static.start, static.stop, static.step))
    own = type(static) in (int, bool, str, Hole, type(...), type(None))
    return own or isinstance(static, np.dtype)


def folded(call, values):
    """Apply a function to constants, which fold."""
    xp = Recorder()
    results = call(xp, {name: Array(xp, x) for name, x in values.items()})
    return [np.asarray(array.payload) for array in results]


def complexified(call, values):
    """Apply a function to complex arrays, and take the real parts."""
    xp = Holomorphic()
    lifted = {name: Array(xp, x + x.dtype.type(0) * 1j) for name, x in values.items()}
    return [np.real(array.payload) for array in call(xp, lifted)]


def outcome(evaluate, call, values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return evaluate(call, values)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is held against NumPy's
            return error


def difference(found, expected, *, check_dtype):
    """Say how results differ from NumPy's, or nothing."""
    if isinstance(expected, Exception):
        return f"accepted, NumPy says {expected}"
    for ours, reference in zip(found, expected, strict=True):
        if ours.shape != reference.shape:
            return f"shape {ours.shape}, not {reference.shape}"
        if check_dtype and ours.dtype != reference.dtype:
            return f"dtype {ours.dtype}, not {reference.dtype}"
        floating = reference.dtype.kind == "f"
        bound = 40 * float(np.finfo(reference.dtype).eps) if floating else 0
        if not np.allclose(ours, reference, rtol=bound, atol=bound, equal_nan=True):
            return f"{ours}, not {reference}"
    return ""


@pytest.mark.parametrize("name", CASES)
@together("dtype", DTYPES)
def test_as_numpy_or_refused(name, dtype):
    """A function that means something else than NumPy's changes the loss without a word."""
    values = operands(str(dtype))
    ways = [recorded, folded] + [complexified] * (dtype.kind == "f")
    wrong = []
    for call in CASES[name]:
        expected = outcome(plainly, call, values)
        for way in ways:
            found = outcome(way, call, values)
            if not isinstance(found, Exception):
                # The complex step computes in the precision of the parameters, or better.
                text = difference(found, expected, check_dtype=way is not complexified)
            elif not isinstance(found, (gm.GradientError, type(expected))):
                text = f"{type(found).__name__}: {found}"
            else:
                known = re.search(REFUSED.get(name, "$^"), str(found))
                text = "" if isinstance(expected, Exception) or known else f"refused: {found}"
            if text:
                wrong.append(f"{call}, {way.__name__}: {text}")
    assert not wrong, "\n".join(wrong)


def test_every_function_has_cases():
    """A function without cases here is held against NumPy nowhere."""
    others = set(dir(DataTypes)) | {"pi", "e", "inf", "nan", "newaxis", "linalg", "getitem"}
    dtypes = {"bool", "int32", "int64", "float32", "float64"}
    names = set(dir(Namespace)) - set(dir(Bindings)) - others - dtypes
    names |= {f"linalg.{name}" for name in (*dir(Linalg), *vars(Linalg(Recorder())))}
    assert {name for name in names if not name.rpartition(".")[2].startswith("_")} <= set(CASES)


def test_questions_about_types_are_numpys():
    """A loss that asks for the limits of a dtype, as for a tolerance, runs over NumPy as well."""
    xp = Recorder()
    x = Array(xp, Node((2,), np.dtype(np.float32)))
    assert xp.finfo(x).eps == xp.finfo(x.dtype).eps == np.finfo(np.float32).eps
    assert xp.iinfo(np.int8).max == 127
    assert xp.result_type(x, xp.float64) == np.float64
    assert xp.result_type(x, 2.5) == np.float32
    assert xp.can_cast(x, np.float64)
    assert not xp.can_cast(np.float64, np.float32)
    assert xp.isdtype(x.dtype, "real floating")


def test_empty_lists_are_indices():
    """NumPy takes an empty list for integers; an array of no floats would be refused."""
    xp = Recorder()
    x = Array(xp, Node((2, 3), np.dtype(float)))
    assert x[[]].shape == np.zeros((2, 3))[[]].shape
    assert x[:, []].shape == np.zeros((2, 3))[:, []].shape


def test_a_mask_among_the_data_is_told_the_ways_round():
    """The shape of x[mask] depends on values; "constant masks" alone sends the reader nowhere."""
    x, mask = np.arange(3.0), np.array([True, False, True])
    taken = gm.Problem(lambda p, m, *, xp=np: xp.sum((p * x)[m]), np.float64(2.0), {"m": mask})
    with pytest.raises(gm.UnsupportedOperation, match=r"xp\.where\(mask, x, 0\).*closure"):
        gm.Backprop().prepare(taken)
    for loss in (
        lambda p, *, xp=np: xp.sum((p * x)[mask]),
        lambda p, *, xp=np: xp.sum(xp.where(mask, p * x, 0)),
        lambda p, *, xp=np: xp.sum(mask * (p * x)),
    ):
        assert gm.gradient(loss, np.float64(2.0)) == 2.0


def test_a_mask_must_fit_its_axes():
    """A mask of another length would take entries that nobody asked for."""
    xp = Recorder()
    x = Array(xp, Node((2, 3), np.dtype(float)))
    with pytest.raises(gm.ShapeMismatch, match=r"mask of shape \(2,\).*shape \(3,\)"):
        x[..., np.array([True, False])]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_constants_are_copied(dtype):
    """An array that the user changes after preparing must not change the gradient."""
    closed_over = operands(str(dtype))["v"]
    xp = Recorder()
    first = xp.asarray(closed_over).payload
    assert xp.asarray(closed_over).payload is first  # one constant, however often it is used
    before = first.copy()
    closed_over[:] = 0
    np.testing.assert_array_equal(first, before)
    np.testing.assert_array_equal(xp.asarray(closed_over).payload, closed_over)
    mapped = before.view(np.memmap)  # of a class of its own, like an array on disk
    assert not np.shares_memory(xp.array(mapped).payload, before)


def test_gradients_do_not_follow_a_constant():
    """As above, seen by the user; views of an array are as dangerous as the array."""
    data = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    def loss(w, *, xp=np):
        return xp.sum(w * data[0]) + xp.sum(w @ data.T)

    prepared = gm.Backprop().prepare(gm.Problem(loss, np.array([0.3, -1.7, 0.9])))
    before = prepared(np.zeros(3)).gradient
    data[:] = 100
    np.testing.assert_array_equal(prepared(np.zeros(3)).gradient, before)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_integers_are_clipped_as_numpy_clips_them(dtype):
    """Limits taken one after the other have other dtypes, and some do not fit the first of them."""
    values = {"x": np.array([0, 3, 120], dtype)}
    limits = ((-300, 5), (-300, 2.5), (2, 300), (-300, 300), (-300, VALUE), (VALUE, None))
    for low, high in limits:
        expected = np.clip(values["x"], low, high)
        for way in (recorded, folded):
            (found,) = way(lambda xp, v, lo=low, hi=high: [xp.clip(v["x"], lo, hi)], values)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
