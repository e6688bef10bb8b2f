"""What an error advises must be true: every expression is evaluated, and every name is one."""

import copy
import math
import re
from functools import partial
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import special
from gradmethods.engines.graph.record import KEYWORDS, Recorder
from gradmethods.xp.linalg import Linalg
from gradmethods.xp.rewrites import BY_VALUE, MATRICES, NOTES, PLAIN, REWRITES, advice
from tests.samples import together

X, Y = np.array([0.7, -1.3, 0.4, 2.6]), np.array([1.9, 0.8, -0.6, 1.2])
P, Q = np.array([0.2, 0.7, 0.45, 0.9]), np.array([1.9, 0.8, 0.6, 1.2])
HOLED = np.array([0.7, math.nan, 0.4])
MATRIX = np.array([[0.3, 1.7], [2.2, -0.4]])
OTHER = np.array([[1.1, 0.2], [-0.5, 0.9]])
KNOTS, HEIGHTS = np.array([-2.0, -0.5, 0.9, 3.0]), np.array([0.3, 1.4, -0.8, 2.0])


def loggamma(x):
    """Apply the function of Python's own library to each entry."""
    return np.array([math.lgamma(entry) for entry in x])


UNARY = [
    "absolute", "amax", "amin", "arcsinh", "arctan", "around", "fabs", "fix", "ravel", "rint",
    "cumsum", "cbrt", "deg2rad", "degrees", "exp2", "rad2deg", "radians", "sinc", "ptp",
    "conjugate", "atleast_1d", "array", "trapezoid", "cumprod", "nan_to_num",
]  # fmt: skip
BINARY = [
    "arctan2", "dot", "inner", "vdot", "power", "float_power", "true_divide", "convolve", "divmod",
    "fmax", "fmin", "fmod", "heaviside", "isclose", "logaddexp2", "mod",
]  # fmt: skip
TRUTHS: dict[str, Any] = {
    **{name: (getattr(np, name), {"x": X}) for name in UNARY},
    **{name: (getattr(np, name), {"x": X, "y": Y}) for name in BINARY},
    **{name: (getattr(np, name), {"x": P}) for name in ("arccos", "arcsin", "arctanh")},
    "power": (np.power, {"x": P, "y": Y}),
    "float_power": (np.float_power, {"x": P, "y": Y}),
    "arccosh": (np.arccosh, {"x": 1 + P}),
    **{
        name: (getattr(np, name), {"x": HOLED})
        for name in ("nansum", "nanmean", "nanmax", "nanmin", "nan_to_num")
    },
    "average": (lambda x, w: np.average(x, weights=w), {"x": X, "w": Q}),
    "trapz": (np.trapezoid, {"x": X}),
    "cond": (np.linalg.cond, {"x": MATRIX}),
    "lstsq": (lambda x, y: np.linalg.lstsq(x, y)[0], {"x": OTHER, "y": MATRIX}),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 1), {"x": MATRIX}),
    "transpose": (np.transpose, {"x": MATRIX}),
    "append": (np.append, {"x": X, "y": Y}),
    "choose": (lambda x, y: np.choose((x > 0).astype(int), [x, y]), {"x": X, "y": Y}),
    "piecewise": (lambda x, y: np.where(x > 0, y, x), {"x": X, "y": Y}),
    "select": (lambda x, y: np.select([x > 0], [y], x), {"x": X, "y": Y}),
    "ediff1d": (np.ediff1d, {"x": X}),
    "matvec": (np.matvec, {"x": MATRIX, "y": X[:2]}),
    "vecmat": (np.vecmat, {"x": X[:2], "y": MATRIX}),
    "polyval": (np.polyval, {"x": X, "y": 1.7}),
    "rot90": (np.rot90, {"x": MATRIX}),
    "vander": (np.vander, {"x": X}),
    "split": (lambda x, n: np.split(x, 2), {"x": X, "n": 2}),
    "array_split": (lambda x, n: np.array_split(x, 2), {"x": X, "n": 2}),
    "identity": (np.identity, {"n": 3}),
    **{
        name: (getattr(np, name), {"arrays": (X, Y)})
        for name in ("concatenate", "column_stack", "hstack", "vstack")
    },
    "interp": (np.interp, {"x": X, "w": KNOTS, "y": HEIGHTS}),
    **{
        name: (lambda x, y, f=f: f(x > 0, y > 0), {"x": X, "y": Y})
        for name, f in (
            ("bitwise_and", np.bitwise_and), ("bitwise_or", np.bitwise_or),
            ("bitwise_xor", np.bitwise_xor),
        )
    },
    **{
        name: (lambda x: np.invert(x > 0), {"x": X})
        for name in ("bitwise_invert", "bitwise_not", "invert")
    },
    "sigmoid": (lambda x: 0.5 * (1 + np.tanh(x / 2)), {"x": X}),
    "relu": (lambda x: x * (x > 0), {"x": X}),
    "softplus": (lambda x: np.log1p(np.exp(x)), {"x": X}),
    "loggamma": (loggamma, {"x": P}),
    "psi": (lambda x: (loggamma(x + 1e-5) - loggamma(x - 1e-5)) / 2e-5, {"x": P}),
    "betaln": (lambda x, y: loggamma(x) + loggamma(y) - loggamma(x + y), {"x": P, "y": Q}),
    "factorial": (lambda x: np.array([math.gamma(1 + entry) for entry in x]), {"x": P}),
    "xlog1py": (lambda x, y: x * np.log1p(y), {"x": X, "y": Q}),
    "entr": (lambda x: -x * np.log(x), {"x": P}),
    "rel_entr": (lambda x, y: x * (np.log(x) - np.log(y)), {"x": P, "y": Q}),
}  # fmt: skip


def values_of(result):
    """Lay all numbers of a result, which may be several arrays, in one vector."""
    parts: list[Any] = [*result] if isinstance(result, (list, tuple)) else [result]
    return np.concatenate([np.ravel(getattr(x, "payload", x)).astype(float) for x in parts])


@pytest.mark.parametrize("name", REWRITES)
def test_what_is_advised_is_the_function(name):
    """xp.sin for sinc and xp.round for kron sent people to another function."""
    function, given = TRUTHS[name]
    arrays = given.get("arrays")
    wanted = values_of(function(arrays) if arrays else function(*given.values()))
    recorder = Recorder()
    lifted = {
        key: value if isinstance(value, (int, float, tuple)) else recorder.array(value)
        for key, value in given.items()
    }
    for scope in ({**given, "xp": np}, {**lifted, "xp": recorder}):
        scope |= {"special": special}
        found = eval(REWRITES[name], scope)  # noqa: S307  # our own text
        rtol = 1e-7 if name == "psi" else 1e-12  # whose truth here is a difference
        np.testing.assert_allclose(values_of(found), wanted, rtol=rtol, atol=1e-15)


def test_what_is_in_linalg_is_advised_under_its_name():
    """Whoever writes np.linalg.det or xp.det is one word away from the function that there is."""
    own = {*dir(Linalg), *vars(Linalg(Recorder()))} - set(dir(Recorder))
    assert set(MATRICES) == {name for name in own if not name.startswith("_")}


def test_every_note_belongs_to_a_rewrite_and_every_plain_name_exists():
    """A note for nothing is never read; NumPy's own functions must be NumPy's."""
    assert NOTES.keys() <= REWRITES.keys()
    scope = {"np": np, "xp": np, "x": X, "y": Y, "k": np.arange(3), "n": 3}
    scope |= {"rows": [0], "columns": [1]}
    for expression in PLAIN.values():
        eval(expression, dict(scope))  # noqa: S307  # our own text


KNOWN = [name for name in dir(Recorder()) if not name.startswith("_")]


@pytest.mark.parametrize(
    ("name", "advised"),
    [
        ("tanhh", "xp.tanh"), ("maximun", "xp.maximum"), ("logadexp", "xp.logaddexp"),
        ("cumulative_summ", "xp.cumulative_sum"), ("tahn", "xp.tanh"), ("exq", ""), ("sqr", ""),
        ("kron2", "xp.kron"), ("erfinv", ""), ("zeta", ""), ("i0", ""), ("fft", ""),
        ("apply_along_axis", ""), ("poly", ""),
        ("svdvals", "xp.linalg.svdvals"), ("cov", ""), ("corrcoef", ""), ("unwrap", ""),
        ("polygamma", ""),
    ],
)  # fmt: skip
def test_only_slips_of_the_pen_are_corrected(name, advised):
    """A real function whose name is like another's is not that other one."""
    said = advice(name, KNOWN)
    if advised:
        assert said == f"Write {advised}."
    else:
        assert "Write xp." not in said
        assert "pass it as data" in said
        assert "gm.Numerical()" in said


@together("name", [n for n in dir(np) if not n.startswith("_")])
def test_no_function_of_numpy_is_mistaken_for_another(name):
    """Of all of NumPy's functions: what is advised is the function itself, its rewrite, or none."""
    said = advice(name, KNOWN)
    if name in KNOWN:
        assert said == f"Write xp.{name}."
    elif name in MATRICES:
        assert said == f"Write xp.linalg.{name}."
    elif name not in REWRITES and name not in PLAIN:
        assert "Write " not in said
        assert "xp._" not in said


def refused(function, data=None):
    """Return what is said to a loss that backprop refuses."""

    def loss(w, *, xp=np, **data):
        return function(xp, w, **data)

    problem = gm.Problem(loss, X, data)
    with pytest.raises(gm.GradientError) as caught:
        gm.Backprop().prepare(problem)
    return str(caught.value)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda xp, w, k: xp.sum(w) * np.linalg.eig(k)[0][0], "np.linalg.eig was called"),
        (lambda xp, w, k: xp.sum(w) * np.sum(np.median(k)), "arranged by values"),
        (lambda xp, w, k: xp.sum(w) * math.gamma(k[0, 0]), "asked for the float"),
        (lambda xp, w, k: xp.sum(w) * np.frexp(k)[0][0, 0], "np.frexp was called"),
        (lambda xp, w, k: xp.sum(w) * np.spacing(k)[0, 0], "np.spacing was called"),
    ],
)
def test_a_function_of_data_alone_is_computed_beforehand(function, said):
    """Nobody wants a gradient of data: the way out is to pass the result."""
    text = refused(function, {"k": MATRIX + 2})
    assert said in text
    assert "data" in text
    assert "standard" not in text


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w, k: sum(xp.sum(w) for _ in range(k)),
        lambda xp, w, k: xp.sum(xp.reshape(w, (k, 2))),
        lambda xp, w, k: xp.sum(w) * int(k),
        lambda xp, w, k: xp.sum(xp.zeros(k)) + xp.sum(w),
        lambda xp, w, k: xp.sum(xp.arange(k) + xp.sum(w)),
        lambda xp, w, k: xp.sum(xp.linspace(0, w[0], 3)) + k,
        lambda xp, w, k: xp.sum(xp.repeat(w, k)),
    ],
    ids=["range", "reshape", "int", "zeros", "arange", "linspace", "repeat"],
)
def test_numbers_that_must_be_known_are_to_be_bound(function):
    """A length cannot come from an array whose values are not known; partial says how it can."""
    text = refused(function, {"k": np.array(2)})
    assert "functools.partial(loss, n=5)" in text
    assert "np.arange was" not in text


def test_a_function_of_numpy_is_known_by_any_name():
    """It was called "f", which no advice is about, where a loss or a module renames it."""
    renamed = np.arctan2
    text = refused(lambda xp, w: xp.sum(renamed(w, w)))
    assert "np.arctan2" in text
    assert "Write xp.atan2(x, y)." in text


@pytest.mark.parametrize("make", [np.from_dlpack, np.float32, np.asarray, np.array, list, tuple])
def test_an_array_is_not_taken_out_of_the_recording(make):
    """An array that another package makes of a recorded one has no gradient."""
    if make in (list, tuple):
        loss = lambda w, *, xp=np: xp.sum(xp.stack(make(w)))  # noqa: E731
        assert gm.Backprop().prepare(gm.Problem(loss, X))(X).gradient.tolist() == [1, 1, 1, 1]
    else:
        assert "Write xp. where np. stands" in refused(lambda xp, w: xp.sum(w) + make(w)[0])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda xp, w: (f"{w[0]:.2f}", xp.sum(w))[1], "text '.2f'.*problem.value"),
        (lambda xp, w: (format(xp.sum(w), ".3g"), w[0])[1], "text '.3g'"),
        (lambda xp, w: xp.sum(w) * round(w[0]), r"Write xp\.round\(x\)"),
        (lambda xp, w: xp.sum(w) * math.floor(w[0]), r"Write xp\.floor\(x\)"),
        (lambda xp, w: xp.sum(w) * math.ceil(w[0]), r"Write xp\.ceil\(x\)"),
        (lambda xp, w: xp.sum(w) * math.trunc(w[0]), r"Write xp\.trunc\(x\)"),
        (lambda xp, w: xp.sum(xp.exp(w, out=np.zeros(4))), r"xp\.exp has no keyword out\. Give"),
        (
            lambda xp, w: xp.sum(xp.add(w, w, where=True)),
            r"xp\.add has no keyword where.*xp\.where",
        ),
        (lambda xp, w: xp.mean(w, dtype=np.float64), r"no keyword dtype.*xp\.astype"),
        (lambda xp, w: xp.sum(xp.exp(w, casting="no")), r"no keyword casting\. Leave it out"),
        (lambda xp, w: xp.sum(xp.reshape(w, (2, 2), order="F")), r"xp\.reshape\(x\.T, shape"),
        (lambda xp, w: xp.sum(xp.exp(w, subok=True)), r"no keyword subok; it takes x\."),
        (
            lambda xp, w: xp.sum(xp.linalg.pinv(w[:, None], rtol=1e-9)),
            r"xp\.linalg\.pinv has no keyword rtol\. Leave it out",
        ),
        (lambda xp, w: w.std(ddof=1), r"xp\.std\(x, correction=1\)"),
        (lambda xp, w: xp.sum(xp.sum(w[None], 0, float)), r"xp\.sum\(\) takes.*axis=0"),
        (lambda xp, w: xp.sum(w) if xp is np else deleting(w), r"deletes.*xp\.concat"),
        (lambda xp, w: xp.sum(w * (xp.asarray([1, 2, 0, 1]) << 1)), r"x \* 2\.0\*\*k.*beforehand"),
        (lambda xp, w: xp.sum(w * (1 << xp.asarray([1, 2, 0, 1]))), r"pass it as data"),
        (lambda xp, w: xp.sum(w * np.longdouble(0.5)), "dtype=float"),
        (lambda xp, w: xp.sum(w) if xp is np else xp.sum(w * 10**400), "larger than any"),
        (lambda xp, w: (xp.__version__, xp.sum(w))[1], "xp has no __version__"),
        (lambda xp, w: (w.device, xp.sum(w))[1], '"cpu": there is no other device'),
        (lambda xp, w: w.flat[0], r"xp\.reshape\(x, \(-1,\)\)"),
        (lambda xp, w: xp.sum(w) * w.nbytes, r"x\.size \* x\.dtype\.itemsize"),
    ],
)
def test_python_that_works_in_numpy_is_refused_with_a_way_out(function, said):
    """What said "type Array doesn't define __round__" told nobody what to write."""
    text = refused(function)
    assert re.search(said, text)
    assert "locals" not in text
    assert "Statistical" not in text


def deleting(w):
    """Delete an entry, as of a list."""
    del w[0]
    return w


@pytest.mark.parametrize("method", [n for n in dir(np.ndarray) if not n.startswith("_")])
def test_no_method_of_an_array_is_mistaken_for_another(method):
    """Of w.device it was said to write xp.divide."""
    array = Recorder().array(X)
    try:
        getattr(array, method)
    except gm.GradientError as error:
        advised = re.search(r"Write xp\.(\w+)\.", str(error))
        assert not advised or advised[1] == method


def test_integers_beyond_all_integer_types_are_numbers():
    """They failed in NumPy's isfinite, with an error that nobody could make sense of."""

    def loss(w, *, xp=np):
        return xp.sum(w * 10**30) + xp.sum(copy.deepcopy(w)) + xp.sum(copy.copy(w) * 2**63)

    problem = gm.Problem(loss, X)
    for method in ("backprop", "analytical", "numerical:complex-step"):
        found = gm.gradient(loss, X, method=method)
        np.testing.assert_allclose(found, 1e30 + 2.0**63 + 1, rtol=1e-14)
    assert gm.certified_gradient(problem).digits >= 30


def test_a_reshape_by_columns_is_what_is_advised():
    """The advised way must give NumPy's order."""
    x, shape = np.arange(6.0).reshape(3, 2), (2, 3)
    np.testing.assert_array_equal(np.reshape(x.T, shape[::-1]).T, np.reshape(x, shape, order="F"))


def test_a_bound_number_is_a_way_out():
    """The advised way must work."""

    def loss(w, *, n, xp=np):
        return sum(xp.sum(w[i:]) for i in range(n))

    problem = gm.Problem(partial(loss, n=3), X)
    assert gm.Backprop().prepare(problem)(X).gradient.tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("function", "expression"),
    [
        (lambda xp, w: xp.var(w, ddof=1), "correction=1"),
        (lambda xp, w: xp.sum(xp.clip(w, a_min=0, a_max=1)), "xp.clip(x, low, high)"),
        (lambda xp, w: xp.sum(w, where=w > 0), "xp.sum(xp.where(condition, x, 0))"),
        (lambda xp, w: xp.max(w, initial=0.0), "xp.maximum(xp.max(x), initial)"),
        (lambda xp, w: xp.sum(xp.round(w, 2)) + w[0], "xp.round(x * 100) / 100"),
        (lambda xp, w: xp.sum(a=w), "by position: xp.sum(x)"),
        (lambda xp, w: w.std(ddof=1), "correction=1"),
        (lambda xp, w: xp.sum(w) if xp is np else w.sort(), "xp.sort(x), which makes a new array"),
        (lambda xp, w: xp.sum(w) if xp is np else w.fill(0), "xp.full(shape, value)"),
    ],
)
def test_keywords_and_methods_are_translated(function, expression):
    """Each fix that only led to the next error cost a new user four rounds for one softmax."""
    assert expression in refused(function)


def test_every_keyword_has_a_sentence():
    """An empty sentence would leave the keyword refused without a way out."""
    assert all(sentence.endswith(".") for sentence in KEYWORDS.values())
    assert not set(BY_VALUE) & (REWRITES.keys() | PLAIN.keys())


def test_a_function_that_numpy_lacks_is_explained_at_once():
    """xp.softmax fails in plain NumPy already, with an error that names no way out."""
    with pytest.raises(gm.GradientError, match=r"'softmax'.*special\.softmax\(x\), of the module"):
        gm.Problem(lambda w, *, xp=np: xp.sum(xp.softmax(w)), X)


@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_what_the_standard_has_and_numpy_has_not_is_said(name):
    """A loss with descending=, after the standard, ended in an error of NumPy's alone."""

    def loss(w, *, xp=np):
        return xp.sum(getattr(xp, name)(w, descending=True) * w)

    with pytest.raises(gm.InvalidProblem, match=r"NumPy has not\. Write xp\.flip\(xp\.sort"):
        gm.Problem(loss, X)
