"""Functions of whole matrices where they are singular, equal, of low rank, or no functions."""

from __future__ import annotations

from functools import partial
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from tests.cases import Case
from tests.duals import differentiate
from tests.matrix_cases import matrices
from tests.primitive_cases import CASES, each_function
from tests.program_writer import written

OWN = [case for case in CASES if case.name in {row.name for row in matrices()}]


@pytest.mark.medium
@lambda check: each_function(check, OWN)
def test_certificates_agree_with_fifty_digits(case: Case):
    """A step of an iteration that was differentiated wrongly would prove a wrong slope."""
    problem = case.problem()
    truth = gm.certified_gradient(problem)
    with mp.workdps(50):
        oracle = differentiate(problem)
        balls = [x for array in truth.enclosure.values() for x in array.ravel()]
        for ball, slope in zip((truth.loss, *balls), (oracle.v, *oracle.t), strict=True):
            middle = mp.mpf(ball.mid().str(45, radius=False))
            assert abs(middle - slope) <= mp.mpf(10) ** -28 * max(1, abs(slope))


@pytest.mark.medium
@lambda check: each_function(check, [c for c in OWN if all(0 not in s for s in c.shapes)])
def test_single_precision_stays(case: Case):
    """A factor in float64 on the way would make float64 of everything behind it."""
    problem = case.problem("float32")
    truth = gm.certified_gradient(case.problem()).gradient
    for provider in (gm.Backprop(), gm.Forward(), gm.Numerical("complex-step")):
        value, gradient = provider.prepare(problem)(problem.params)
        assert value.dtype == np.float32
        for name, found in gradient.items():
            assert found.dtype == np.float32
            size = np.abs(truth[name]).max(initial=1)
            np.testing.assert_allclose(found, truth[name], rtol=1e-3, atol=1e-3 * size)


EXACT = (gm.Backprop(), gm.Forward(), gm.Numerical("complex-step"), gm.Analytical())
ONE, SCALE = np.eye(2), np.diag([1.0, 1.0, 3.0])
LOW = np.array([[1.0, 2.0], [2.0, 4.0]])
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
W = np.arange(9.0).reshape(3, 3)


ILL = {"pinv": (6, 4), "pinv, wide": (4, 6), "slogdet": (4, 4), "det": (4, 4), "cholesky": (4, 4)}
"""By the name of a function, the shape of the matrix of condition 1e6 that it is asked of."""


@pytest.mark.parametrize("name", ILL)
def test_single_precision_keeps_its_digits_at_any_condition(name):
    """NumPy computes in double precision and rounds: rules that did not were off by all digits."""
    rng, (m, n) = np.random.default_rng(7), ILL[name]
    left, right = (np.linalg.qr(rng.standard_normal((k, k)))[0][:, :4] for k in (m, n))
    sizes = np.geomspace(1, 1e-6, 4)
    matrix = (left * sizes @ (left if name == "cholesky" else right).T).astype(np.float32)
    weights = rng.standard_normal((n, m)).astype(np.float32)

    def loss(a, *, xp=np):
        found = getattr(xp.linalg, name.partition(",")[0])(a)
        if name == "slogdet":
            return found[1]
        return found if name == "det" else xp.sum(found * weights)

    problem = gm.Problem(loss, matrix)
    truth = gm.certified_gradient(problem).gradient
    for provider in EXACT:
        found = provider.prepare(problem)(matrix).gradient
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-6 * np.abs(truth).max())


def spectral(xp, a, function):
    values, vectors = xp.linalg.eigh(a)
    return (vectors * function(values)) @ vectors.mT


def top(xp, a):
    v = xp.linalg.eigh(a).eigenvectors[:, -1:]
    return v @ v.mT


def weighted(function, point):
    """Make a problem of all entries of a function's result."""

    def loss(a, *, xp=np):
        y = function(xp, a)
        return xp.sum(xp.cos(xp.reshape(xp.arange(y.size, dtype=float), y.shape)) * y)

    return gm.Problem(loss, point)


SMOOTH: dict[str, tuple[Any, Any, Any]] = {
    "determinant of rank n - 1": (
        lambda xp, a: xp.linalg.det(a), LOW, [[4, -2], [-2, 1]],
    ),
    "determinant of rank n - 2": (
        lambda xp, a: xp.linalg.det(a), np.outer([1.0, 2, 3], [1.0, 1, 2]), np.zeros((3, 3)),
    ),
    "determinant of 0": (lambda xp, a: xp.linalg.det(a), np.zeros((3, 3)), np.zeros((3, 3))),
    "sum of equal eigenvalues": (lambda xp, a: xp.sum(xp.linalg.eigvalsh(a)), 2 * ONE, ONE),
    "log-determinant by equal eigenvalues": (
        lambda xp, a: xp.sum(xp.log(xp.linalg.eigvalsh(a))), 2 * ONE, ONE / 2,
    ),
    "values of eigh alone": (lambda xp, a: xp.sum(xp.linalg.eigh(a)[0] ** 2), 3 * ONE, 6 * ONE),
    "an eigenvalue beside equal ones": (
        lambda xp, a: xp.linalg.eigvalsh(a)[2], SCALE, np.diag([0, 0, 1]),
    ),
    "a projector beside equal eigenvalues": (
        lambda xp, a: xp.sum(W * top(xp, a)), SCALE, [[0, 0, 0], [0, 0, 0], [4, 6, 0]],
    ),
    "nuclear norm of a rotation": (
        lambda xp, a: xp.linalg.matrix_norm(a, ord="nuc"), TURN, TURN,
    ),
    "largest singular value of low rank": (
        lambda xp, a: xp.linalg.matrix_norm(a, ord=2), LOW, LOW / 5,
    ),
    "squares of singular values of low rank": (
        lambda xp, a: xp.sum(xp.linalg.svdvals(a) ** 2), LOW, 2 * LOW,
    ),
    "squared nuclear norm of 0": (
        lambda xp, a: xp.linalg.matrix_norm(a, ord="nuc") ** 2, 0 * ONE, 0 * ONE,
    ),
    "product of equal eigenvalues, asked for one by one": (
        lambda xp, a: xp.linalg.eigvalsh(a)[0] * xp.linalg.eigvalsh(a)[1],
        SCALE, np.diag([1.0, 1, 0]),
    ),
    "R of dependent columns": (
        lambda xp, a: xp.sum(xp.linalg.qr(a, mode="r") ** 2), LOW, 2 * LOW,
    ),
}  # fmt: skip
"""Losses that are smooth where a rule would divide by 0, with their gradients by hand."""


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_where_matrices_are_degenerate(name):
    """An infinity or NaN in a rule would spoil a gradient that is as finite as any other."""
    loss, point, expected = SMOOTH[name]
    problem = gm.Problem(lambda a, *, xp=np: loss(xp, a), point)
    for provider in EXACT:
        gradient = provider.prepare(problem)(point).gradient
        np.testing.assert_allclose(gradient, expected, atol=1e-14, err_msg=provider.name)
    truth = gm.certified_gradient(problem)
    assert truth.digits >= 30
    np.testing.assert_allclose(truth.gradient, expected, rtol=1e-15, atol=1e-300)


SCALED = np.array([[5e-3, 4e5, 9e-8, 3e5], [-0.1, -1e6, 7e-8, 0.0], [0.05, -2e6, 2e-8, 2.0]])
NARROW = np.array([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]])
NEARLY: dict[str, tuple[Any, Any]] = {
    "vectors of a small singular value": (
        lambda xp, a: xp.linalg.svd(a)[2], np.array([[2.6e-9, 3e-160], [4.7e-9, 5.0]]),
    ),
    "singular vectors of tiny matrices": (
        lambda xp, a: xp.linalg.svd(a, full_matrices=False)[0], 1e-170 * NARROW,
    ),
    "R of columns of different sizes": (lambda xp, a: xp.linalg.qr(a, mode="r"), SCALED),
    "Q of columns of different sizes": (
        lambda xp, a: xp.linalg.qr(a.mT)[0], SCALED * [[1e-3], [1], [1e-3]],
    ),
    "pseudo-inverses near the largest": (lambda xp, a: xp.linalg.pinv(a), 1e-110 * NARROW),
}  # fmt: skip
"""Losses near degenerate matrices, or at the ends of the range, where rules may lose all digits."""


@pytest.mark.parametrize("name", NEARLY)
def test_digits_beside_degenerate_matrices(name):
    """What cancels in a rule would be divided by a small gap, or leave the range on the way."""
    function, point = NEARLY[name]
    problem = weighted(function, point)
    truth = gm.certified_gradient(problem).gradient
    for provider in EXACT:
        gradient = provider.prepare(problem)(point).gradient
        np.testing.assert_allclose(
            gradient, truth, rtol=1e-8, atol=1e-15 * np.abs(truth).max(), err_msg=provider.name
        )


@pytest.mark.parametrize("provider", EXACT)
def test_a_pseudo_inverse_of_a_regular_matrix_is_its_inverse(provider):
    """What is 0 but for rounding, beyond rows and columns, took all digits by two inverses."""
    point = (W + 2 * np.roll(np.eye(3), 1, axis=0)) * [[1], [1e-4], [1e-8]]

    def loss(a, *, name, xp=np):
        return xp.sum(xp.cos(W) * getattr(xp.linalg, name)(a))

    found, expected = (
        provider.prepare(gm.Problem(partial(loss, name=name), point))(point).gradient
        for name in ("pinv", "inv")
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_certificates_order_values_that_are_one_number():
    """Values closer than numbers are came in any order, and each with the slopes of another."""
    point = np.eye(3) + 1e-20 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    for k, sign in ((0, -1), (2, 1)):
        problem = gm.Problem(lambda a, k=k, *, xp=np: xp.linalg.eigvalsh(a + a.mT)[k], point)
        found = gm.certified_gradient(problem).gradient
        np.testing.assert_allclose(found, [[1, sign, 0], [sign, 1, 0], [0, 0, 0]])


LARGE: dict[str, tuple[Any, tuple[int, ...]]] = {
    "solve": (lambda xp, a: xp.linalg.solve(a, xp.sin(a)[..., :2]), (5, 5)),
    "solve of a factor": (lambda xp, a: xp.linalg.solve(xp.tril(a), xp.cos(a)), (9, 9)),
    "inv": (lambda xp, a: xp.linalg.inv(a), (2, 5, 5)),
    "det": (lambda xp, a: xp.linalg.det(a), (7, 7)),
    "slogdet": (lambda xp, a: xp.linalg.slogdet(a)[1], (2, 7, 7)),
    "pinv": (lambda xp, a: xp.linalg.pinv(a), (6, 5)),
    "pinv, wide": (lambda xp, a: xp.linalg.pinv(a), (5, 6)),
    "cholesky": (lambda xp, a: xp.linalg.cholesky(a @ a.mT + xp.eye(9)), (9, 9)),
    "qr": (lambda xp, a: xp.concat(list(xp.linalg.qr(a)), axis=0), (6, 5)),
    "qr, wide": (lambda xp, a: xp.concat(list(xp.linalg.qr(a)), axis=1), (5, 6)),
    "eigh": (lambda xp, a: xp.linalg.eigh(a)[1], (4, 4)),
    "eigh, upper": (lambda xp, a: xp.linalg.eigh(a, "U")[1], (4, 4)),
    "eigvalsh": (lambda xp, a: xp.linalg.eigvalsh(a), (2, 4, 4)),
    "eigvalsh, upper": (lambda xp, a: xp.linalg.eigvalsh(a, "U"), (4, 4)),
    "svd": (lambda xp, a: xp.linalg.svd(a, full_matrices=False)[0], (5, 4)),
    "svd, wide": (lambda xp, a: xp.linalg.svd(a, full_matrices=False)[2], (4, 5)),
    "svdvals": (lambda xp, a: xp.linalg.svdvals(a), (4, 3)),
}
"""Functions of matrices that formulas do not write out."""


@pytest.mark.parametrize("name", LARGE)
def test_formulas_call_numpy_for_larger_matrices(name):
    """A rule of what such a call passes back stands beside no other that could show it wrong."""
    function, shape = LARGE[name]
    point = np.random.default_rng(5).normal(size=shape)
    problem = weighted(function, point)
    prepared = gm.Analytical("chain-rule").prepare(problem)
    assert "_adjoint([[" in prepared.source()
    truth = gm.certified_gradient(problem)
    size = np.abs(truth.gradient).max()
    assert np.abs(truth.error(prepared(point).gradient)[""]).max() < 2e-14 * size


ROUGH: dict[str, tuple[Any, Any, str]] = {
    "the larger of equal eigenvalues": (
        lambda xp, a: xp.linalg.eigvalsh(a)[1], 2 * ONE, "only their sum",
    ),
    "a root of the identity": (
        lambda xp, a: spectral(xp, a, xp.sqrt)[0, 1], ONE, "only their sum",
    ),
    "a pseudo-inverse of low rank": (
        lambda xp, a: xp.sum(xp.linalg.pinv(a)), LOW, "singular",
    ),
    "the logarithm of a determinant of 0": (
        lambda xp, a: xp.linalg.slogdet(a)[1], LOW, "told from 0",
    ),
    "singular vectors of low rank": (
        lambda xp, a: xp.sum(W[:, :2] * xp.linalg.svd(a, full_matrices=False)[0]),
        np.outer([1.0, 2, 3], [1.0, 2]), "may be 0",
    ),
    "Q of columns that are 0": (
        lambda xp, a: xp.sum(W * xp.linalg.qr(a)[0]), np.diag([1.0, 0, 2]), "compares",
    ),
    "the nuclear norm of low rank": (
        lambda xp, a: xp.linalg.matrix_norm(a, ord="nuc"), LOW, "may be 0, where it has a kink",
    ),
    "the nuclear norm of low rank, however little it counts": (
        lambda xp, a: xp.sum(a) + 1e-60 * xp.linalg.matrix_norm(a, ord="nuc"), LOW, "kink",
    ),
}  # fmt: skip


@pytest.mark.medium
@pytest.mark.parametrize("name", ROUGH)
def test_nothing_is_certified_where_there_is_no_gradient(name):
    """A certificate of one of many slopes would be wrong, and without a reason of no use."""
    loss, point, reason = ROUGH[name]
    with pytest.raises(gm.NotDifferentiable, match=reason):
        gm.certified_gradient(gm.Problem(lambda a, *, xp=np: loss(xp, a), point))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a root of the identity", "eigenvalues are equal to rounding"),
        ("a pseudo-inverse of low rank", "jumps"),
        ("singular vectors of low rank", "singular value is 0 to rounding"),
        ("Q of columns that are 0", "depend on one another"),
    ],
)
def test_backprop_raises_and_forward_mode_says_nan(name, reason):
    """A number there would be garbage that looks like a gradient."""
    loss, point, _ = ROUGH[name]
    problem = gm.Problem(lambda a, *, xp=np: loss(xp, a), point)
    with pytest.raises(gm.NotDifferentiable, match=reason):
        gm.Backprop().prepare(problem)(point)
    for provider in (gm.Forward(), gm.Numerical("complex-step")):
        assert np.isnan(provider.prepare(problem)(point).gradient).any()


@pytest.mark.parametrize("provider", EXACT)
def test_equal_values_share_slopes(provider):
    """At a kink every method takes the mean of the tied branches, of eigenvalues as of maxima."""
    larger = gm.Problem(lambda a, *, xp=np: xp.linalg.eigvalsh(a)[1], 2 * ONE)
    np.testing.assert_allclose(provider.prepare(larger)(2 * ONE).gradient, ONE / 2, atol=1e-15)
    nuclear = gm.Problem(lambda a, *, xp=np: xp.linalg.matrix_norm(a, ord="nuc"), LOW)
    np.testing.assert_allclose(provider.prepare(nuclear)(LOW).gradient, LOW / 5, atol=1e-14)


@pytest.mark.parametrize("triangle", ["L", "U"])
def test_one_triangle_is_read(triangle):
    """NumPy reads one triangle: a gradient by the other would be one of another function."""
    a = np.array([[3.0, 7.0], [1.0, 2.0]])
    problem = gm.Problem(lambda a, *, xp=np: xp.linalg.eigvalsh(a, triangle)[1], a)
    gradient = gm.Backprop().prepare(problem)(a).gradient
    other = (0, 1) if triangle == "L" else (1, 0)
    assert gradient[other] == 0
    differences = gm.Numerical().prepare(problem)(a).gradient
    np.testing.assert_allclose(gradient, differences, rtol=1e-8, atol=1e-12)


def test_a_determinant_of_rows_of_different_sizes_keeps_its_digits():
    """Cofactors by singular values lost half of them where sizes go from 1e-8 to 1e8."""
    a = np.diag([1e-8, 1.0, 1e8]) + 1e-3 * W + 1e-3
    problem = gm.Problem(lambda a, *, xp=np: xp.linalg.det(a), a)
    truth = gm.certified_gradient(problem)
    for provider in EXACT:
        error = truth.error(provider.prepare(problem)(a).gradient)[""]
        assert np.abs(error).max() < 1e-14 * np.abs(truth.gradient).max(), provider.name


def test_operations_are_counted():
    """Counts make the costs of methods comparable: a factorisation is not free."""

    def loss(p, *, xp=np):
        return xp.sum(xp.linalg.solve(p["a"], p["b"]))

    params = {"a": np.eye(6) + 0.1, "b": np.ones((6, 2))}
    counts = record(gm.Problem(loss, params)).operations()
    assert counts["solve"] == 2 * 6**3 // 3 + 2 * 6 * 6 * 2


def test_singular_matrices_that_nothing_selects_do_no_harm():
    """A branch that is not taken holds -infinity, whose slopes must not reach the gradient."""
    stack = np.stack([LOW, 2 * ONE])

    def loss(a, keep, *, xp=np):
        return xp.sum(xp.where(keep, xp.linalg.slogdet(a).logabsdet, 0.0))

    problem = gm.Problem(loss, stack, {"keep": np.array([False, True])})
    expected = [0 * ONE, ONE / 2]
    for provider in EXACT:
        np.testing.assert_allclose(provider.prepare(problem)(stack).gradient, expected, atol=1e-15)
    np.testing.assert_allclose(gm.certified_gradient(problem).gradient, expected)


def test_a_stack_is_a_loop():
    """Matrices of a stack have nothing to do with one another, in any method."""
    a = np.random.default_rng(2).normal(size=(3, 2, 2))

    def loss(a, *, xp=np):
        return xp.sum(xp.linalg.det(a) ** 2) + xp.sum(xp.linalg.inv(a))

    for provider in EXACT:
        together = provider.prepare(gm.Problem(loss, a))(a).gradient
        for one, found in zip(a, together, strict=True):
            alone = provider.prepare(gm.Problem(loss, one))(one).gradient
            np.testing.assert_allclose(found, alone, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
@pytest.mark.parametrize("name", ["det", "inv"])
def test_the_complex_step_says_where_products_leave_the_range(name, scale):
    """A determinant of entries 1e-200 had the derivative 0 in silence: it is 1e-200."""

    def loss(a, *, xp=np):
        return xp.sum(getattr(xp.linalg, name)(a))

    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    far, near = (
        gm.gradient(loss, s * matrix, method="numerical:complex-step") for s in (scale, 1e-20)
    )
    assert np.isnan(far).all()
    assert np.isfinite(near).all()


def test_decompositions_where_a_choice_is_open():
    """Entries are no balls while a tie is looked into: that ended in an error of ours."""
    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(written(1000862).problem())
