"""Calls of every function of `xp`, with axes, scalars and indices of every form.

Many are calls that NumPy refuses. They stand behind test_namespace.py.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from gradmethods.xp.primitives import TABLE

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(2, 3, 4)) * 3
VALUES[0, 0, :3] = 0, 1, -1


@dataclass(frozen=True)
class Given:
    """An operand of a call, by name."""

    name: str


X, M, V, S, C, EMPTY = map(Given, ("x", "m", "v", "s", "c", "empty"))


def operands(dtype: str) -> dict[str, Any]:
    """Arrays of one dtype: a block, its first matrix and row, a square, a column, an empty one."""
    x = (VALUES > 0) if dtype == "bool" else VALUES.astype(dtype)
    return {
        "x": x, "m": x[0], "v": x[0, 0], "s": x[:, :2, 1], "c": x[:, :1, :1], "empty": x[:, :0]
    }  # fmt: skip


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "**": operator.pow, "@": operator.matmul, "%": operator.mod, "//": operator.floordiv,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "~": operator.invert, "-x": operator.neg, "+x": operator.pos,
    "abs": abs, "divmod": lambda a, b: divmod(a, b)[0], "[]": operator.getitem,
    ".T": lambda x: x.T, ".mT": lambda x: x.mT,
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call of a function or an operator."""

    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        parts = [*map(repr, self.arguments), *(f"{k}={v!r}" for k, v in self.options.items())]
        return f"{self.name}({', '.join(parts)})"

    def __call__(self, xp: Any, given: dict[str, Any]) -> list[Any]:
        """Return the results, of which most functions have one."""
        kind, _, name = self.name.rpartition(" ")
        room, _, name = name.rpartition(".") if not kind else ("", "", name)
        function = OPERATORS[name] if kind else getattr(xp.linalg if room else xp, name)
        result = function(*_filled(self.arguments, given), **self.options)
        return list(result) if isinstance(result, (tuple, list)) else [result]


def _filled(value: Any, given: dict[str, Any]) -> Any:
    """Put operands in their places, also within lists."""
    if isinstance(value, Given):
        return given[value.name]
    if isinstance(value, (tuple, list)):
        return type(value)(_filled(v, given) for v in value)
    return value


def call(name: str, *arguments: Any, **options: Any) -> Call:
    return Call(name, arguments, options)


AXES = (None, 0, -1, 1, (0, 2), (-1, 0), (), np.int64(1), (np.int8(0), np.intp(-1)))
BAD_AXES = (3, -4, (0, 0), (0, -3), 1.0, "0")
NUMBERS = (2, -1, 2.5, True, np.float64(2.5), np.float32(2.5), np.int8(2), np.array(2.5), np.True_)
DTYPES = tuple(map(np.dtype, ("float64", "float32", "int64", "bool", "int8")))
UNARY = (
    *(name for name, entry in TABLE.items() if entry.arity == 1 and entry.module == "xp"),
    *("positive", "zeros_like", "ones_like", "signbit", "conj"),
)
BINARY = (
    *(name for name, entry in TABLE.items() if entry.arity == 2 and entry.module == "xp"),
    "copysign",
)
TWO_SIDED = "+ - * / ** < <= > >= == != & | ^ % //"


def elementwise() -> Iterator[Call]:
    for name in UNARY:
        yield from (call(name, x) for x in (X, EMPTY, *NUMBERS))
    yield from (call(name, x) for name in ("real", "imag") for x in (X, EMPTY))
    pairs = ((X, X), (X, V), (C, V), (EMPTY, C), (X, S))
    for name in BINARY:
        yield from (call(name, *pair) for pair in pairs)
        yield from (call(name, X, n) for n in NUMBERS)
        yield from (call(name, n, X) for n in NUMBERS)
        yield call(name, 2.5, 2)
    for symbol in TWO_SIDED.split():
        yield from (call(f"operator {symbol}", *pair) for pair in pairs)
        for n in (*NUMBERS, 0, 3, 1.0, 2.0, 0.5):
            yield call(f"operator {symbol}", X, n)
            yield call(f"operator {symbol}", n, X)
            yield call(f"operator {symbol}", np.asarray(n)[None], X)
    for symbol in ("-x", "+x", "abs", "~", ".T", ".mT"):
        yield from (call(f"operator {symbol}", x) for x in (X, M, V))
    yield call("operator divmod", X, 2)
    for n in NUMBERS:
        yield from (call("where", X, n, 0), call("where", X, V, n), call("where", n, V, X))
        yield from (call("clip", X, n, None), call("clip", X, None, n), call("clip", X, V, n))
        yield call("clip", X, min=n, max=1)
    for dtype in DTYPES:
        yield call("astype", X, dtype)
        yield from (call(name, X, dtype=dtype) for name in ("zeros_like", "ones_like"))


MASK = np.array([[True, False, True], [False, True, True]])
INDICES: tuple[Any, ...] = (
    0, -1, np.int64(1), 2, (1, 2, 3), (0, 3), (0, 0, 0, 0), ..., (..., -1), (0, ..., None),
    (..., ...), None, (), slice(None, None, -1), slice(np.int64(0), np.int8(1)), slice(0, 0),
    slice(-5, 10), slice(5, None), slice(None, None, 0), (slice(None), slice(2, None, -2)),
    slice(0.0, 1.0), 1.0, "x", np.array([0, 1]), np.array(1), np.array([[0, -1], [1, 0]]),
    np.array([1], np.uint8), np.array([2]), np.zeros(0, int), np.zeros(0), np.array([0.0, 1.0]),
    [0, 1], [], [[]], ([0, 1], [1, 2]), ([0, 1], [0, 1, 2]), (slice(None), [[0, -1], [2, 1]]),
    (0, slice(None), [0, 2]), ([0, 1], slice(None), [1, 3]), ([0, 1], None, [1, 2]),
    (..., [0, 1], None), ([[0], [1]], [0, 2]), (1, [0, 1], 2), (slice(None), 1, [2, 3]),
    (None, [0, 1], None, 1), (slice(None), [0, 1], slice(None), None), np.True_, np.array(np.True_),
    *(True, False), (True, 0), MASK, ~MASK, MASK & ~MASK, MASK[0], MASK[:, :2],
    (slice(None), MASK[0]), (slice(None), MASK[0][:2]), (np.array([True, False]), ..., 0),
    (0, MASK[0], slice(None, None, 2)), (np.array([True, True]), [0, 2]), (..., MASK[0]),
    (..., MASK[0], slice(None)), [True, False], [False, True, True], (MASK, 1), (MASK, 1, 1),
)  # fmt: skip


def indexing() -> Iterator[Call]:
    yield from (call("operator []", x, index) for x, index in product((X, EMPTY), INDICES))
    indices = ([[0, -1]], 1, [1.0], [True], [9], np.int8(1), np.array([[1, 0]], np.uint8))
    for where in map(np.asarray, indices):
        axes = (None, 0, -2, np.int64(2), 3, (1,))
        yield from (call("take", X, where, axis=axis) for axis in axes)
        yield call("take", V, where)
    shapes = ((1, 3, 1), (2, 1, 1), (1, 1, 4), (2, 3, 4), (1, 1, 1), (2, 3, 7), (2, 2, 1), (3,))
    for shape in shapes:
        where = np.arange(np.prod(shape)).reshape(shape) % 2
        yield from (call("take_along_axis", X, where, axis=a) for a in (0, 1, -1, np.int64(2), 3))
        yield call("take_along_axis", C, where, axis=2)
        yield call("take_along_axis", X, where > 0, axis=0)
    counts = (2, 0, np.int64(3), [1, 2, 0], np.array([2, 1]), -1, 1.5, (2,))
    for repeats, axis in product(counts, (None, 0, -2, np.int8(1), 5)):
        yield call("repeat", X, repeats, axis=axis)


def reductions() -> Iterator[Call]:
    for name in ("sum", "prod", "mean", "var", "std", "max", "min", "any", "all"):
        for x, axis, keep in product((X, EMPTY), (*AXES, *BAD_AXES), (False, True)):
            yield call(name, x, axis=axis, keepdims=keep)
        yield from (call(name, number) for number in NUMBERS)
    for name, correction in product(("var", "std"), (1, 0.5, 2, 9, np.float64(1), np.int8(1))):
        yield call(name, X, axis=1, correction=correction)
    for dtype in DTYPES:
        yield from (call(name, X, axis=1, dtype=dtype) for name in ("sum", "prod"))
        yield call("cumulative_sum", X, axis=0, dtype=dtype, include_initial=True)
    for x, axis, initial in product((X, EMPTY), (None, 0, -1, np.int64(1), 3, 1.5), (True, False)):
        yield call("cumulative_sum", x, axis=axis, include_initial=initial)
    yield call("cumulative_sum", V, include_initial=True)
    for dtype in DTYPES:
        yield call("cumulative_prod", X, axis=0, dtype=dtype, include_initial=True)
    for x, axis, initial in product((X, EMPTY), (None, 0, -1, np.int64(1), 3, 1.5), (True, False)):
        yield call("cumulative_prod", x, axis=axis, include_initial=initial)
    yield call("cumulative_prod", V, include_initial=True)
    for x, axis, keep in product((X, EMPTY), (*AXES, *BAD_AXES), (False, True)):
        yield call("count_nonzero", x, axis=axis, keepdims=keep)


def orders() -> Iterator[Call]:
    axes = (-1, 0, 1, np.int64(1), 3, (0,))
    for name, x, axis in product(("sort", "argsort", "argmax", "argmin"), (X, S, EMPTY), axes):
        yield call(name, x, axis=axis)
        yield call(name, x, axis)
    for name, x, keep in product(("argmax", "argmin"), (X, V), (False, True)):
        yield call(name, x, keepdims=keep)
    sorted_ = np.array([-1.5, 0.0, 0.0, 2.0])
    values: tuple[Any, ...] = (X, V, EMPTY, 0.0)
    for x, side in product(values, ("left", "right", "middle")):
        yield call("searchsorted", sorted_, x, side=side)
    yield call("searchsorted", sorted_[::-1].copy(), X, sorter=np.array([3, 2, 1, 0]))
    yield call("searchsorted", X, 1.0)


def padded() -> Iterator[Call]:
    widths: tuple[Any, ...] = (
        0, 2, (1, 2), ((1, 2),), ((1, 0), (0, 2), (3, 1)), [[1], [2], [0]], -1, (1, 2, 3), 1.5,
    )  # fmt: skip
    modes = ("constant", "edge", "reflect", "symmetric", "wrap", "mean")
    for x, width, mode in product((X, V, EMPTY), widths, modes):
        yield call("pad", x, width, mode)
        yield call("pad", x, pad_width=width, mode=mode)
    yield from (call("pad", X, 1, constant_values=n) for n in NUMBERS)
    yield from (call("diag", x, k) for x, k in product((V, M, S, X, EMPTY), (-2, 0, 1, 9, 1.5)))
    for a, b in ((V, V), (M, V), (X, S), (C, X), (2, V), (V, 2.5), (EMPTY, V)):
        yield call("kron", a, b)
    products: tuple[tuple[Any, ...], ...] = (
        ("i,i", V, V), ("i,j", V, V), ("ij,j", M, V), ("ij,kj->ik", M, M), ("ijk->kij", X),
        ("ijk,ijk->", X, X), ("ijk->j", X), ("ii", S), ("ii->i", S), ("ijk,k", X, V), ("ba", M),
        ("...j,j", X, V),
        ("i...->...i", X), ("...,...", X, M), ("ij,jk,kl->il", S, S, S), ("ij,ij->ij", M, M),
        ("ij,jk->ki", S, S), ("i,i,i->i", V, V, V), (" i j -> j i ", M), ("ij", X), ("ij,jk", M, M),
        ("ij->jj", M), ("i->j", V), ("i,j", V), ("i?", M), ("ijk,ikl->ijl", X, C),
        ("ij->ij", EMPTY), ("ijk->ik", EMPTY), ("i...j->j", X),
    )  # fmt: skip
    for subscripts, *xs in products:
        yield call("einsum", subscripts, *xs)
    ends: tuple[Any, ...] = (0.5, V, C, X)
    for end in ends:
        yield call("diff", X, prepend=end, append=end)
        yield call("diff", X, axis=1, n=2, prepend=end)
    yield from (call("diff", X, 2), call("diff", X, 1, 0))
    yield from (call("tri", 3), call("tri", 3, 4, np.int64(1)))
    yield from (call("empty", (0, 3)), call("empty_like", EMPTY))


def contractions() -> Iterator[Call]:
    sums = (
        0, 1, 2, np.int64(1), (0, 0), (1, 1), (-1, -1), ([0], [0]), ((0, 1), (0, 1)), ([-1], [0]),
        (np.int8(0), [np.int64(0)]), ((0,), (0, 1)), 4, ((), ()), ((0, 0), (0, 0)), 1.5,
    )  # fmt: skip
    pairs = (
        (X, V), (V, V), (M, V), (S, S), (X, M), (S, X), (C, C), (EMPTY, V), (V, C), (S, C), (V, X),
        (VALUES[0, :, :3], M), (V, VALUES[0, 0]),
    )  # fmt: skip
    for (a, b), room in product(pairs, ("", "linalg.")):
        yield from (call(f"{room}{name}", a, b) for name in ("matmul", "outer", "vecdot"))
        yield from (call(f"{room}vecdot", a, b, axis=k) for k in (0, 1, -1, -2, np.int64(0), 3))
        yield from (call(f"{room}tensordot", a, b, axes=axes) for axes in sums)
        yield call("operator @", a, b)
    offsets = (-3, -1, 0, 1, 5, np.int64(1), 1.5)
    for name, x, offset in product(("trace", "diagonal"), (X, S, EMPTY, V), offsets):
        yield call(name, x, offset)
        yield call(name, x, offset=offset, axis1=-1, axis2=np.int64(0))
        yield call(f"linalg.{name}", x, offset=offset)
    inf = np.inf
    orders = (1, 2, 3, 0, -1, -2, 0.5, 2.5, inf, -inf, np.int64(2), np.float64(3), np.int8(-1), "f")
    for x, order, axis in product((X, EMPTY), orders, (None, 1, (0, 2), np.int64(-1), 3)):
        yield call("linalg.vector_norm", x, axis=axis, ord=order, keepdims=True)
    for name in ("linalg.matrix_norm", "matrix_transpose", "linalg.matrix_transpose"):
        yield from (call(name, x) for x in (X, S, EMPTY, V))


def matrices() -> Iterator[Call]:
    inf = np.inf
    shapes = (X, M, S, C, EMPTY, V, 2.5, np.zeros((3, 0)), np.zeros((0, 0)))
    for name in ("inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh", "svdvals"):
        yield from (call(f"linalg.{name}", x) for x in shapes)
    yield from (call("linalg.pinv", x) for x in (X, M, S, C, V))
    for x, mode in product(shapes, ("reduced", "complete", "r", "full")):
        yield call("linalg.qr", x, mode=mode)
    for x, full, both in product(shapes, (True, False), (True, False)):
        yield call("linalg.svd", x, full, compute_uv=both)
        yield call("linalg.svd", x, full_matrices=full)
    for x in shapes:
        yield from (call(f"linalg.{name}", x, UPLO="U") for name in ("eigh", "eigvalsh"))
        yield from (call("linalg.eigh", x, way) for way in ("L", "X"))
        yield call("linalg.cholesky", x, upper=True)
        yield from (call("linalg.matrix_power", x, n) for n in (0, 1, 2, 5, 8, -1, -3, np.int64(3)))
        yield from (call("linalg.solve", x, y) for y in (*shapes, np.ones((3, 2)), np.ones(2)))
    for x in (X, M, S, C):
        yield from (call("linalg.matrix_rank", x), call("linalg.matrix_rank", x, rtol=0.3))
    orders = ("fro", "nuc", 1, -1, 2, -2, inf, -inf, 3, "f", 0)
    for x, order, keep in product((X, S, M, V), orders, (True, False)):
        yield call("linalg.matrix_norm", x, ord=order, keepdims=keep)
        yield from (call("linalg.norm", x, order, axis, keep) for axis in ((0, 1), (-1, 0), (1, 1)))
        yield from (call("linalg.norm", x, order, axis=axis) for axis in (None, 0, -1, (0, 1, 2)))
    yield from (call("linalg.norm", x, axis=axis) for x in (X, M, V) for axis in (None, 0, (0, 1)))
    for a, b in ((M, M), (X, X), (X, M), (V, V), (S, S)):
        yield from (call("linalg.cross", a, b, axis=axis) for axis in (-1, 0, 1, -2, 5))
    yield call("linalg.cross", X, np.ones((1, 3, 1)), axis=1)
    yield from (call("linalg.multi_dot", xs) for xs in ([M, V], [S, S, S], [V, V], [M, M], [M]))


def manipulations() -> Iterator[Call]:
    shapes: dict[str, tuple[Any, ...]] = {
        "reshape": (
            -1,
            (4, -1),
            [6, 4],
            np.array([3, 8]),
            (np.int64(2), -1),
            (5, 5),
            (-1, -1),
            2.0,
        ),
        "permute_dims": ((2, 0, 1), [0, 1, 2], np.array([1, 0, 2]), (-1, 0, 1), (0, 1), (0, 0, 1)),
        "broadcast_to": ((5, 2, 3, 4), [2, 3, 4], np.array([1, 2, 3, 4]), (2, 3), 4, (2, 3, -1)),
        "squeeze": (None, 0, -1, (1, 2), np.int64(2), (), 3),
        "tile": (2, (2, 1), np.int64(2), np.array([1, 2]), (2, 1, 1, 2), 0, (), -1, 1.5),
    }
    for name, choices in shapes.items():
        yield from (call(name, x, choice) for x, choice in product((X, C), choices))
    moves = ((0, -1), ((0, 1), (1, 2)), (-1, 0), ([2, 0], [0, 1]), (np.int64(0), np.int8(2)))
    yield from (call("moveaxis", X, *move) for move in (*moves, (3, 0), ((0, 1), 2)))
    for name, axis in product(("expand_dims", "flip"), (*AXES[1:], *BAD_AXES, [0, 1], (0, -1), 4)):
        yield call(name, X, axis=axis)
    yield call("flip", X)
    rolls: tuple[Any, ...] = (
        (1, None), (-2, 1), ((1, 2), (0, -1)), (5, 0), (0, 0), (1, (0, 1)), ((1, 2), 1), (1, 3),
        ([1, 2], [0, 1]), ((1, 2), None), (np.int64(1), np.int64(2)), (np.array([1, 2]), (0, 0)),
        ((1, 2, 3), (0, 1)), (1.5, 0), (1, ()),
    )  # fmt: skip
    yield from (call("roll", x, shift, axis=a) for x, (shift, a) in product((X, EMPTY), rolls))
    for name, x in product(("tril", "triu"), (X, EMPTY, V)):
        yield from (call(name, x, k=k) for k in (-2, 0, 1, np.int64(1), 9, 1.5))
    for n, axis in product((0, 1, 2, 5, np.int64(1), -1), (-1, 1, np.int64(0), 3)):
        yield call("diff", X, n=n, axis=axis)
    for axis in (None, 0, 1, -1, np.int64(2), 3, 1.5):
        for parts in ([X, VALUES], (X, X), [X, M], [V], (EMPTY, X), [X, VALUES > 0]):
            yield call("concat", parts, axis=axis)
    for axis in (0, 1, -1, np.int64(2), 3, 1.5):
        yield from (call("stack", parts, axis=axis) for parts in ([M, VALUES[0]], [M, V]))
        yield call("unstack", X, axis=axis)
    yield call("concat", [2.5])
    yield from (call("broadcast_arrays", *xs) for xs in ((C, M, 2.5), (M, S), (X,)))
    for order, vectors in product(("xy", "ij", "yx"), ((V, VALUES[0, 0]), (V,), (V, V, V))):
        yield call("meshgrid", *vectors, indexing=order)


def creations() -> Iterator[Call]:
    yield from (call("arange", np.int64(4)), call("eye", 4, k=np.int64(1)))
    yield from (call("linspace", 0, 1, 4), call("ones", np.int64(4)), call("zeros", (2, 4)))
    for shape in (3, (2, 4), [2, 4], np.int64(4), np.array([2, 4]), (), (2, 3), 1.5):
        yield from (call("full", shape, V), call("full", shape, 1.7, dtype=DTYPES[-1]))
    for value, dtype in product((1.7, 2, True, np.float64(1.5), -1, 300), (None, *DTYPES)):
        yield call("full_like", X, value, dtype=dtype)
        yield call("asarray", value, dtype=dtype)
    yield from (call("asarray", X, dtype=dtype) for dtype in DTYPES)
    yield from (call("asarray", [V, x]) for x in (V, VALUES[0, 0], M, VALUES[0, 0] > 0))
    yield call("asarray", [[V, V], [V, V]])


GROUPS = (
    elementwise, indexing, reductions, orders, padded, contractions, matrices, manipulations,
    creations,
)  # fmt: skip
CASES: dict[str, list[Call]] = {}
for _call in (each for group in GROUPS for each in group()):
    CASES.setdefault(_call.name, []).append(_call)
