"""Compiled programs: what simplification, schedule and buffers may not change."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.program import compile_graph, recognise, simplify
from gradmethods.engines.tape import differentiate
from gradmethods.providers.compiled import BUFFER
from tests.primitive_cases import each_function


def joint(loss, params, data=None):
    problem = gm.Problem(loss, params, data)
    return problem, differentiate(recognise(record(problem)))


def run_twice(graph, problem):
    """Return the outputs of a second run, at the same point, behind one at another point."""
    program = compile_graph(simplify(graph))
    params = problem.structure.check(problem.params)
    rng = np.random.default_rng(0)  # numbers that every function takes
    other = {name: rng.uniform(0.3, 0.9, x.shape).astype(x.dtype) for name, x in params.items()}
    with np.errstate(all="ignore"):
        program.function(other, problem.data)
        value, gradient = program.function(params, problem.data)
    return value, *gradient.values()


@pytest.mark.medium
@partial(each_function, every=6)
def test_a_program_means_its_graph(case):
    """A rewrite or a buffer that changed a result would be blamed on the method."""
    for dtype in ("float64", "float32"):
        problem = case.problem(dtype)
        graph = differentiate(recognise(record(problem)))
        with np.errstate(all="ignore"):
            expected = graph.evaluate(problem.structure.check(problem.params), problem.data)
        for got, want in zip(run_twice(graph, problem), expected, strict=True):
            assert np.shape(got) == np.shape(want)
            assert np.asarray(got).dtype == np.asarray(want).dtype
            scale = np.max(np.abs(want), initial=0.1)  # sums of numbers around 1 may cancel
            bound = 50 * np.finfo(dtype).eps * scale
            np.testing.assert_allclose(got, want, rtol=0, atol=bound, err_msg=dtype)


def test_conditions_need_not_be_boolean():
    """NumPy takes any number for a condition; a masked copy takes booleans alone."""
    data = {"keep": np.array([0, 2, -1])}
    problem, graph = joint(
        lambda w, keep, xp=np: xp.sum(xp.where(keep, xp.exp(w), 2 * w)), np.zeros(3), data
    )
    np.testing.assert_array_equal(run_twice(graph, problem)[1], [2.0, 1.0, 1.0])


def test_integers_wrap_around_as_in_numpy():
    """Signs that move are exact for floats; an unsigned −1 is 255."""
    count = np.array([1, 2], np.uint8)
    problem, graph = joint(
        lambda w, count, xp=np: xp.sum(w * (-count + w)), np.ones(2), {"count": count}
    )
    assert run_twice(graph, problem)[0] == 256 + 255 == problem.value()


def test_constants_keep_their_dtype_and_the_sign_of_zero():
    """A float64 array of ones is no number 1 beside float32, nor are −0.0 and 0.0 the same."""
    double = np.full(2, 1 / 3)
    problem, graph = joint(
        lambda w, xp=np: xp.astype(xp.sum(xp.exp(w * double)), xp.float32), np.ones(2, np.float32)
    )
    value = run_twice(graph, problem)[0]
    assert value == np.float32(2 * np.exp(1 / 3)) == problem.value()

    zeros = np.array([0.0, -0.0])
    problem, graph = joint(lambda w, xp=np: xp.sum(1 / (w * zeros)), np.ones(2))
    assert np.isnan(run_twice(graph, problem)[0])  # inf − inf


def test_factors_merge_only_where_their_product_exists():
    """2⁶⁰⁰ · (2⁶⁰⁰ · 10⁻³⁰⁰) is a number, (2⁶⁰⁰ · 2⁶⁰⁰) · 10⁻³⁰⁰ is none."""
    big = 2.0**600
    problem, graph = joint(lambda w, xp=np: xp.sum(big * (big * w)), np.array([1e-300, 1e-310]))
    value, gradient = run_twice(graph, problem)
    assert value == problem.value() == big * (big * 1e-300) + big * (big * 1e-310)
    assert np.isinf(gradient).all()
    small = 2.0**-600
    problem, graph = joint(lambda w, xp=np: xp.sum(small * (small * w)), np.array([1e300]))
    assert run_twice(graph, problem)[0] == small * (small * 1e300) > 0


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_angles_of_any_size(scale):
    """x/(x² + y²) is 0/0 or 0 where the squares leave the range of numbers; 1/x is not."""
    problem = gm.Problem(lambda w, xp=np: xp.atan2(w[0], w[1]), np.array([3.0, 4.0]) * scale)
    gradient = gm.Backprop().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(gradient, np.array([4.0, -3.0]) / 25 / scale, rtol=1e-15)


def test_no_gradient_is_a_view_of_repeated_entries():
    """An array whose entries share their memory cannot be written to, or changes all at once."""
    params = {"a": np.array(2.0), "b": np.zeros((2, 3))}
    problem, graph = joint(lambda p, xp=np: p["a"] ** 2 * xp.sum(p["b"]), params)
    gradient = run_twice(graph, problem)[2]
    gradient[0, 0] = 7.0
    np.testing.assert_array_equal(gradient, [[7.0, 4.0, 4.0], [4.0, 4.0, 4.0]])


def test_values_die_as_early_as_they_can():
    """A sweep that kept every value until its end would need a buffer per layer and direction."""
    problem = gm.problems.get("mlp", widths=(2, *[50] * 8, 1), batch=100)
    program = gm.Backprop().prepare(problem).program
    layers, cotangents, each = 8, 2, 2  # a sigmoid keeps its exponential for its slope
    activations = 100 * 50 * 8 * (each * layers + cotangents)
    assert program.workspace < 1.1 * activations


def test_nothing_but_results_is_allocated():
    """A ufunc without a buffer to write to would allocate at every call."""
    problem = gm.problems.get("island")
    lines = gm.Backprop().prepare(problem).source().splitlines()
    ufuncs = [line for line in lines if "= subtract(" in line or "= exp(" in line]
    assert ufuncs
    assert all(line.split(")")[0].split(", ")[-1].startswith("b") for line in ufuncs)


@pytest.mark.parametrize("count", [3, 4096, 4097])
def test_sums_of_products(count):
    """A scalar product stands for a sum of products only as long as it is as accurate."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, count))
    problem, graph = joint(
        lambda w, x, y, xp=np: w * xp.sum(x * y - x * x), np.array(2.0), {"x": x, "y": y}
    )
    assert ("inner" in compile_graph(simplify(graph)).source) == (count <= 4096)
    value, gradient = run_twice(graph, problem)
    exact = float(np.sum((x * y - x * x).astype(np.longdouble)))
    size = np.sum(np.abs(x * y) + x * x)
    assert abs(gradient - exact) <= 4e-16 * size
    assert value == pytest.approx(2 * exact, rel=1e-12)


def test_an_expression_used_twice_is_not_computed_twice():
    """−(z + b) = −b − z saves a pass only where z + b itself is not wanted."""
    problem, graph = joint(
        lambda p, X, xp=np: xp.sum(1 / (1 + xp.exp(-(X @ p["w"] + p["b"])))),
        {"w": np.ones(3), "b": np.array(0.5)},
        {"X": np.ones((5, 3))},
    )
    source = compile_graph(simplify(graph)).source
    assert "add(" not in source.split("exp")[0]
    problem, graph = joint(
        lambda p, X, xp=np: xp.sum(
            1 / (1 + xp.exp(-(X @ p["w"] + p["b"]))) * (X @ p["w"] + p["b"])
        ),
        {"w": np.ones(3), "b": np.array(0.5)},
        {"X": np.ones((5, 3))},
    )
    source = compile_graph(simplify(graph)).source
    assert source.count("matmul (5,)") == 1
    assert run_twice(graph, problem)[0] == pytest.approx(problem.value(), rel=1e-15)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool"])
def test_integers_are_never_negated_in_place_of_floats(dtype):
    """−(w + u) = −u − w only where −u exists: an unsigned −1 is 255, an int8 −128 is itself."""
    u = np.array([1, 0, -128]).astype(dtype)
    problem, graph = joint(lambda w, u, xp=np: xp.sum(xp.exp(-(w + u))), np.zeros((2, 3)), {"u": u})
    value, gradient = run_twice(graph, problem)
    assert value == pytest.approx(problem.value(), rel=1e-14)
    np.testing.assert_allclose(gradient, -np.exp(-(np.zeros((2, 3)) + u)), rtol=1e-14)


def test_reciprocals_of_any_size():
    """The square of 1/w leaves the range of numbers long before the slope does."""
    for scale, w in ((1e300, 1e170), (1e-300, 1e-160)):
        problem, graph = joint(lambda w, xp=np, c=scale: xp.sum(c * (1 / w)), np.array([w]))
        np.testing.assert_allclose(run_twice(graph, problem)[1], [-scale / w / w], rtol=1e-14)


def test_factors_of_float32_merge_within_its_range():
    """A product that float64 holds may be infinite where the numbers are used."""
    problem, graph = joint(
        lambda w, xp=np: xp.sum(xp.log(1e30 * (2.0**40 * w))), np.array([1e-20], np.float32)
    )
    value, gradient = run_twice(graph, problem)
    assert value == pytest.approx(problem.value(), rel=1e-6)
    np.testing.assert_allclose(gradient, [1e20], rtol=1e-6)


def test_a_sign_is_folded_into_the_number_divided_by():
    """A mean with a minus before it would take an operation more, at each call."""
    problem, graph = joint(lambda w, xp=np: -xp.mean(xp.exp(w)), np.arange(4.0))
    source = compile_graph(simplify(graph)).source
    assert "/ -4.0" in source
    assert "negative" not in source
    assert run_twice(graph, problem)[0] == problem.value()


def test_a_large_result_is_made_in_the_memory_of_a_dropped_one(monkeypatch):
    """Pages that the system clears anew cost a call of ten million parameters a twentieth; a
    result that someone still sees must not change all the same."""
    monkeypatch.setattr("gradmethods.engines.program.compile.LARGE", 800)
    problem = gm.Problem(
        lambda p, xp=np: xp.sum(xp.exp(p["a"] @ p["b"])),
        {"a": np.full((10, 10), 0.1), "b": np.full((10, 9), 0.1)},
    )
    prepared = gm.Backprop().prepare(problem)
    assert prepared.source().count("= recycled_") == 1  # of b, 720 bytes, none

    def address(array):
        return array.ctypes.data

    first = prepared(problem.params).gradient["a"]
    place, kept = address(first), first.copy()
    row = first[3]
    del first
    others = [prepared({"a": np.full((10, 10), x), "b": problem.params["b"]}) for x in (1.0, 2.0)]
    np.testing.assert_array_equal(row, kept[3])
    assert len({place, *(address(other.gradient["a"]) for other in others)}) == 3
    place = address(others[1].gradient["a"])
    others.pop()
    again = prepared(problem.params).gradient["a"]
    assert address(again) == place
    np.testing.assert_array_equal(again, kept)
    again.shape = (100,)  # a caller's array is the caller's
    del again
    assert prepared(problem.params).gradient["a"].shape == (10, 10)


@pytest.mark.parametrize("rows", [31, 32, 100, 2000])
def test_a_transposed_matrix_is_copied_where_that_pays(rows):
    """A copy must not change the product, nor stand where it costs more than it saves."""
    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(rows, 40))}
    problem, graph = joint(
        lambda p, X, xp=np: xp.sum(xp.tanh(xp.atan(X @ p["w"].T) @ p["v"].T)),
        {"w": rng.normal(size=(50, 40)), "v": rng.normal(size=(41, 50))},
        data,
    )
    source = compile_graph(simplify(graph)).source
    assert source.count("copyto(") == (2 if 32 <= rows <= 100 else 0)
    with np.errstate(over="ignore"):  # of cosh, where tanh saturates
        expected = graph.evaluate(problem.structure.check(problem.params), problem.data)
        found = run_twice(graph, problem)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-11)


def test_a_single_entry_is_not_broadcast_to_more_axes_than_it_has_to():
    """A (1, 1) beside (5,) makes (1, 5): named as a number it would make (5,)."""
    problem, graph = joint(
        lambda p, b, xp=np: xp.sum(p["c"] * (xp.exp(p["a"]) * b)),
        {"a": np.full((1, 1), 0.3), "c": np.linspace(0, 1, 5)[None]},
        {"b": np.linspace(1, 2, 5)},
    )
    expected = graph.evaluate(problem.structure.check(problem.params), problem.data)
    for got, want in zip(run_twice(graph, problem), expected, strict=True):
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("shape", "call"), [((400, 350), "multiply"), ((700, 200), "einsum")])
def test_an_outer_product_is_written_without_blas(shape, call, dtype):
    """A column times a row is one product an entry: in whatever way, the same to the last bit."""
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=shape).astype(dtype)}
    data = {"x": rng.normal(size=(1, shape[1])).astype(dtype)}
    problem, graph = joint(lambda p, x, xp=np: xp.sum(xp.sin(x @ p["w"].T)), params, data)
    source = compile_graph(simplify(graph)).source
    assert re.findall(rf" (\w+)\(.*# matmul \({shape[0]}, {shape[1]}\)", source) == [call]
    _, found = run_twice(graph, problem)
    _, expected = graph.evaluate(problem.structure.check(problem.params), problem.data)
    assert found.tobytes() == expected.tobytes()


def test_large_products_of_vectors_are_written_last():
    """Written before the sweep reads the matrix again, they drive it out of the cache."""
    params = {"v": np.ones((400, 350)), "w": np.ones((350, 400))}
    _, graph = joint(
        lambda p, x, xp=np: xp.sum(xp.sin(xp.sin(x @ p["v"].T) @ p["w"].T)),
        params,
        {"x": np.ones((1, 350))},
    )
    calls = re.findall(r" (\w+)\(.*# matmul ", compile_graph(simplify(graph)).source)
    assert calls == ["dot", "dot", "dot", "multiply", "multiply"]


def test_programs_of_the_same_text_share_nothing_else():
    """Their text is compiled once: constants and buffers must be those of each."""
    c = np.array([1.0, -2.0, 3.0])
    one, two = (
        gm.Backprop().prepare(
            gm.Problem(lambda w, *, xp=np, k=k: xp.sum(xp.exp(w) * xp.asarray(k * c)), c)
        )
        for k in (1.0, 2.0)
    )
    assert one.source() == two.source()
    assert one.program.function is not two.program.function
    first, second = one(c).gradient, two(c).gradient
    np.testing.assert_array_equal(second, 2 * first)
    np.testing.assert_array_equal(one(c).gradient, np.exp(c) * c)


PLACES = np.array([1, 3, 5]), np.array([4, 3, 2, 1, 0]), np.array([2, 0, 5]), np.array([-1, 2, 2])
MOVED = {
    "slices": lambda w, xp: xp.exp(w[:, 1:4]) + xp.exp(w[:, 3:6]) * w[:, ::-2],
    "one by one": lambda w, xp: w[0, 1] * xp.exp(w[2, 3]) + xp.exp(w[0, 1] * w[1, 1]),
    "places": lambda w, xp: xp.exp(w[:, PLACES[0]]) + xp.sin(w)[:, PLACES[0]],
    "places backwards": lambda w, xp: xp.exp(w[:, PLACES[1]]) * xp.sin(w)[:, PLACES[1]],
    "places in no order": lambda w, xp: xp.exp(w[:, PLACES[2]]) + xp.sin(w)[:, PLACES[2]],
    "places twice": lambda w, xp: xp.exp(w[:, PLACES[3]]) + xp.sin(w)[:, PLACES[3]],
    "new axes": lambda w, xp: xp.exp(w[:, None, :]) * xp.sin(w)[None, :, :, None],
    "reversed": lambda w, xp: xp.exp(w[::-1, ::-1]) * w,
    "joined": lambda w, xp: xp.exp(xp.concat([xp.ones((4, 1)), xp.sin(w)[:, :-1]], axis=1)) * w,
    "joined, of others": lambda w, xp: xp.sin(xp.concat([w, xp.exp(w)[1:], w[:0]])),
    "put into a result": lambda w, xp: xp.sum(w) + xp.sum(w[1:, 2:] * 3.0) + w[0, 0],
    "used twice": lambda w, xp: xp.exp(xp.exp(w)[1:]) * xp.exp(w)[:-1] + xp.sin(xp.exp(w)[1:]),
}
"""Losses that take entries out of arrays, and join them."""


@pytest.mark.parametrize("moved", MOVED)
def test_entries_are_put_back_where_they_were_taken(moved, monkeypatch):
    """Zeros that live in a buffer, and sums in place, must be those of a fresh array each time."""
    w = np.random.default_rng(0).normal(size=(4, 6))
    problem, graph = joint(lambda w, xp=np: xp.sum(MOVED[moved](w, xp)), w)
    expected = graph.evaluate(problem.structure.check(problem.params), {})
    for got, want in zip(run_twice(graph, problem), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)
    source = compile_graph(simplify(graph)).source
    assert ("scatter_add(" in source) == (moved == "places twice")
    monkeypatch.setattr("gradmethods.engines.program.compile.LARGE", 8)
    for got, want in zip(run_twice(graph, problem), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)


def test_whole_arrays_of_zeros_are_not_made_for_slices():
    """A sweep that makes them writes each of four parts of an array twelve times."""
    _, graph = joint(
        lambda w, xp=np: xp.sum(sum(xp.exp(xp.sin(w)[i : i + 9]) for i in range(4))), np.ones(12)
    )
    lines = compile_graph(simplify(graph)).source.splitlines()
    assert sum("# scatter_add (12,)" in line for line in lines) == 1
    assert sum("# into (12,)" in line and line.lstrip().startswith("add(") for line in lines) == 3


def distances(shape):
    """Return the loss of points to centres, an axis of two or three entries behind a long one."""

    def loss(p, x, *, xp=np):
        apart = xp.reshape(x, shape) - p["centre"][:, None, :]
        near = xp.exp(-xp.sum((p["width"][:, None, :] * apart) ** 2, axis=2))
        turned = apart[:, :, 1:] * near[:, :, None] + xp.max(apart, axis=1, keepdims=True)[..., :1]
        return xp.sum(xp.log(1 + near)) + xp.sum(xp.sin(turned))

    rng = np.random.default_rng(1)
    params = {name: rng.normal(size=(4, shape[-1])) for name in ("centre", "width")}
    return joint(loss, params, {"x": rng.normal(size=shape[-2:])})


@pytest.mark.parametrize("shape", [(1, 100, 2), (1, 64, 3), (1, 63, 3), (1, 100, 17)])
def test_a_long_axis_lies_innermost(shape, monkeypatch):
    """Begun anew for every two entries, NumPy's loop takes ten times what it computes."""
    problem, graph = distances(shape)
    found = run_twice(graph, problem)
    turned = "# copy (1, " in compile_graph(simplify(graph)).source
    assert turned == (shape[1] >= 64 and shape[2] <= 16)
    assert all(x.flags.c_contiguous for x in found[1:])
    monkeypatch.setattr("gradmethods.engines.program.arrangement.SHORT", 0)
    for got, want in zip(found, run_twice(graph, problem), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


def test_what_would_be_turned_again_and_again_lies_as_it_comes():
    """Products of matrices give rows: turned for each layer, forward mode took thrice the time."""
    problem = gm.problems.get("mlp", widths=(2, 8, 8, 8, 8, 8, 8, 8, 8, 1))
    for line in gm.Forward().prepare(problem).source().splitlines():
        assert not re.search(r"# copy \(\d+, 100, 8\)", line)


def test_small_buffers_of_numpy_change_no_bit():
    """A row that NumPy repeats takes three times as long with its own; sums must stay the same."""
    problem = gm.problems.get("gaussian-mixture", d=3, components=4, points=700)
    prepared = gm.Backprop().prepare(problem)
    before = np.getbufsize()
    found = prepared(problem.params)
    assert (np.getbufsize(), prepared._quietly(np.getbufsize)) == (before, BUFFER)
    with np.errstate(all="ignore"):
        value, gradient = prepared.program.function(problem.params, problem.data)
    assert value == found.value
    for name, want in gradient.items():
        assert found.gradient[name].tobytes() == want.tobytes()
