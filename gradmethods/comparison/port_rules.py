"""Rules of rewriting: what `xp` accepts of a NumPy loss, and what to write for the rest.

Everything is read off the source: nothing of the user's runs.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from dataclasses import dataclass
from functools import cache

from gradmethods.xp import Namespace
from gradmethods.xp.array import Array
from gradmethods.xp.linalg import Linalg
from gradmethods.xp.rewrites import REWRITES, advice

KNOWN = frozenset(name for name in dir(Namespace) if not name.startswith("_"))
KNOWN_LINALG = frozenset(name for name in dir(Linalg) if not name.startswith("_"))

WITHOUT_VALUES = frozenset({"shape", "ndim", "size", "dtype"})
"""Attributes that are known while a loss is recorded."""

SAFE_CALLS = frozenset({
    "len", "isinstance", "type", "range", "enumerate", "zip", "list", "tuple", "dict", "reversed",
    "sum", "abs", "print", "getattr", "hasattr", "id", "repr", "str", "divmod", "pow",
    "numpy.shape", "numpy.ndim", "numpy.size", "numpy.result_type", "numpy.finfo",
})  # fmt: skip
"""Python's functions that accept arrays of any kind, or never look at values."""

SHAPES = frozenset({
    "len", "isinstance", "hasattr", "callable", "type", "numpy.shape", "numpy.ndim", "numpy.size",
})  # fmt: skip
"""Those of them whose result does not vary with the values."""

REDUCTIONS = frozenset({
    "sum", "mean", "max", "min", "prod", "std", "var", "any", "all", "cumulative_sum",
    "flip", "concat", "stack", "squeeze", "expand_dims",
})  # fmt: skip
"""Functions whose second argument NumPy takes as the axis by position."""

BUILTINS = {
    "float": "the array itself, or xp.astype(x, float)",
    "int": "xp.astype(x, int), or a length that is known: x.shape[0]",
    "bool": "a condition in xp.where(condition, a, b)",
    "round": "xp.round(x)",
    "max": "xp.max(x) of one array, xp.maximum(a, b) of two",
    "min": "xp.min(x) of one array, xp.minimum(a, b) of two",
    "any": "xp.any(x)",
    "all": "xp.all(x)",
    "sorted": "xp.sort(x)",
}
"""Expressions to write for functions of Python that ask for values."""

ELSEWHERE = {
    "scipy.stats.norm.cdf": "gradmethods.special.ndtr(x)",
    "scipy.stats.norm.logcdf": "gradmethods.special.log_ndtr(x)",
    "scipy.stats.norm.sf": "gradmethods.special.ndtr(-x)",
    "scipy.stats.norm.pdf": "xp.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)",
    "scipy.stats.norm.logpdf": "-(x**2) / 2 - math.log(2 * math.pi) / 2",
    "scipy.linalg.cho_solve": "xp.linalg.solve(A, b), of the matrix itself",
    "scipy.linalg.cho_factor": "nothing, and xp.linalg.solve(A, b) for cho_solve",
    "scipy.linalg.solve_triangular": "xp.linalg.solve(A, b)",
    "scipy.spatial.distance.cdist": "xp.sum((X[:, None] - Y[None]) ** 2, axis=-1), of squares; "
    "xp.sqrt of it has no slope at 0",
    "numpy.maximum.reduce": "xp.max(x, axis=0), of a list xp.max(xp.stack(arrays), axis=0)",
    "numpy.minimum.reduce": "xp.min(x, axis=0), of a list xp.min(xp.stack(arrays), axis=0)",
    "numpy.add.reduce": "xp.sum(x, axis=0)",
    "numpy.multiply.reduce": "xp.prod(x, axis=0)",
    "numpy.logaddexp.reduce": "gradmethods.special.logsumexp(x)",
}
"""What to write for some functions of other rooms, and of whole arrays."""

COMPILERS = frozenset({"numba", "jax", "torch", "cython"})
"""Packages whose decorators compile a function."""

MASKED = (
    "xp.where(mask, x, 0), or a product with the mask: how many entries it chooses depends on "
    "values; a mask that never varies may come from outside of the loss"
)

SHOWN = "nothing: while a loss is recorded, its numbers are not known"

DOT = "x @ y, which arrays of NumPy's take from the left, too"
"""What to write for the method of that name."""

METHODS = {
    "item": "the array itself, of one entry x[0]",
    "tolist": "[x[i] for i in range(x.shape[0])]",
    "format": SHOWN,
}
"""What to write for methods that ask for values."""

FOREIGN = {
    "values": "the column as data of the problem: data={name: table[name].to_numpy()}",
    "iloc": "the columns as data of the problem",
    "loc": "the columns as data of the problem",
    "flat": "xp.reshape(x, (-1,))",
    "imag": "real and imaginary parts, as two arrays",
}
"""Attributes of NumPy's arrays and pandas' tables that arrays over `xp` lack."""

CONTAINERS = frozenset({
    "items", "keys", "values", "get", "append", "extend", "insert", "pop", "update", "setdefault",
})  # fmt: skip
"""Methods of lists and dicts, which hold arrays as they are."""

FILLING = frozenset({"append", "extend", "insert", "update", "setdefault"})
"""Those of them that put something in."""

RANDOM = (
    "a loss is a function of its parameters: draw the numbers once, outside, and pass them as data"
)
WRITTEN = (
    "arrays are never written to: build the array with xp.where, xp.stack or xp.concat, or collect "
    "the entries in a list and xp.stack it"
)


@dataclass(frozen=True)
class Edit:
    """Characters of a line, to be replaced; columns count bytes, as `ast` does."""

    line: int
    start: int
    stop: int
    text: str


@dataclass(frozen=True)
class Place:
    """A place of a loss that `xp` does not take.

    Attributes
    ----------
    line, column : int
        From 1, as editors count.
    text : str
        The expression.
    instead : str
        What to write.
    edits : tuple of Edit
        That write it; empty where it is to be written by hand.
    """

    line: int
    column: int
    text: str
    instead: str
    edits: tuple[Edit, ...] = ()


def function_of(name: str) -> str:
    """Return the name under which `xp` has NumPy's function, or a function of `math`; else "".

    Examples
    --------
    >>> function_of("exp"), function_of("arcsin"), function_of("concatenate"), function_of("sinc")
    ('exp', 'asin', 'concat', '')
    """
    if name in KNOWN:
        return name
    renamed = re.fullmatch(r"xp\.(\w+)\((?:x|x, y|arrays)\)", REWRITES.get(name, ""))
    return renamed[1] if renamed and renamed[1] in KNOWN else ""


def advice_on(name: str) -> str:
    """Say what to write for a function that `xp` does not have."""
    said = advice(name, KNOWN).rstrip(".")
    return said.removeprefix("Write ")


@cache
def special_functions() -> frozenset[str]:
    """Return the names of `gradmethods.special`."""
    if importlib.util.find_spec("gradmethods.special") is None:
        return frozenset()
    module = importlib.import_module("gradmethods.special")
    return frozenset(getattr(module, "__all__", ()))


def has_method(name: str) -> bool:
    """Say whether arrays over `xp` have a method or attribute of this name."""
    return hasattr(Array, name)


def of_library(call: ast.Call, full: str) -> tuple[str, tuple[Edit, ...]] | None:
    """Say what to write for a function of NumPy, SciPy or Python that got arrays; None for itself.

    Parameters
    ----------
    call : ast.Call
    full : str
        Its dotted name: ``numpy.linalg.norm``.
    """
    room, _, name = full.rpartition(".")
    name = "mean" if name == "average" and not _weighted(call) else name
    if full in SAFE_CALLS:
        return None
    if into := _written_into(call, full):
        return into, ()
    if full in BUILTINS:
        return BUILTINS[full], ()
    if room in ("numpy", "math") and (function := function_of(name)):
        return f"xp.{function}", on_name(call, function)
    if room == "numpy.linalg" and name in KNOWN_LINALG:
        return f"xp.linalg.{name}", on_name(call, f"linalg.{name}")
    if full in ELSEWHERE:
        return ELSEWHERE[full], ()
    if room == "scipy.linalg" and name in KNOWN_LINALG:
        return f"xp.linalg.{name}", on_name(call, f"linalg.{name}")
    if room == "scipy.special" and name in special_functions():
        return f"gradmethods.special.{name}", ()
    if room.partition(".")[0] in ("numpy", "math", "scipy"):
        return advice_on(name), ()
    return None


def _weighted(call: ast.Call) -> bool:
    return len(call.args) > 2 or any(k.arg in ("weights", None) for k in call.keywords)


def _written_into(call: ast.Call, full: str) -> str:
    """Say what to write for a function that writes into an array that it is given; "" of others."""
    if full.startswith("numpy.") and full.endswith(".at"):
        return WRITTEN
    given = [keyword.arg for keyword in call.keywords if keyword.arg in ("out", "where")]
    name = full.rpartition(".")[2]
    if not given:
        return ""
    return f"xp.{function_of(name) or name} without {given[0]}=, and its result assigned"


def on_name(call: ast.Call, function: str) -> tuple[Edit, ...]:
    """Return the edits that call a function of `xp` for another one of the same arguments."""
    edits = [_replace(call.func, f"xp.{function}")]
    if function in REDUCTIONS and len(call.args) > 1:
        edits.append(_insert(call.args[1], "axis="))
    for keyword in call.keywords:
        if keyword.arg == "ddof":
            start = keyword.col_offset
            edits.append(Edit(keyword.lineno, start, start + len("ddof"), "correction"))
    return tuple(edits)


def on_method(call: ast.Call, attribute: ast.Attribute, function: str) -> tuple[Edit, ...]:
    """Return the edits that make ``xp.function(x, …)`` of ``x.method(…)``."""
    assert attribute.end_lineno is not None
    assert attribute.end_col_offset is not None
    stop = attribute.end_col_offset
    line, start = attribute.end_lineno, stop - len(attribute.attr.encode()) - 1
    first = next(iter([*call.args, *(k.value for k in call.keywords)]), None)
    edits = [Edit(call.lineno, call.col_offset, call.col_offset, f"xp.{function}(")]
    if first is None:
        edits.append(Edit(line, start, stop + 1, ""))
    else:
        edits.append(Edit(line, start, stop + 1, ", "))
        if call.args and function in REDUCTIONS:
            edits.append(_insert(call.args[0], "axis="))
    return tuple(edits)


def on_logic(node: ast.BoolOp, lines: list[str]) -> tuple[Edit, ...]:
    """Return the edits that make ``xp.logical_and(a, b)`` of ``a and b``, on one line."""
    word, function = (
        ("and", "logical_and") if isinstance(node.op, ast.And) else ("or", "logical_or")
    )
    left, right = node.values[0], node.values[-1]
    if len(node.values) != 2 or node.lineno != node.end_lineno:
        return ()
    line = lines[node.lineno - 1].encode()
    assert left.end_col_offset is not None
    assert node.end_col_offset is not None
    gap = line[left.end_col_offset : right.col_offset]
    found = re.search(rb"\s*\b" + word.encode() + rb"\b", gap)
    if found is None:
        return ()
    at = left.end_col_offset + found.start()
    return (
        Edit(node.lineno, node.col_offset, node.col_offset, f"xp.{function}("),
        Edit(node.lineno, at, left.end_col_offset + found.end(), ","),
        Edit(node.lineno, node.end_col_offset, node.end_col_offset, ")"),
    )


def on_not(node: ast.UnaryOp) -> tuple[Edit, ...]:
    """Return the edits that make ``xp.logical_not(a)`` of ``not a``."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (
        Edit(node.lineno, node.col_offset, node.operand.col_offset, "xp.logical_not("),
        Edit(node.end_lineno, node.end_col_offset, node.end_col_offset, ")"),
    )


def _replace(node: ast.expr, text: str) -> Edit:
    assert node.end_col_offset is not None
    return Edit(node.lineno, node.col_offset, node.end_col_offset, text)


def _insert(node: ast.expr, text: str) -> Edit:
    return Edit(node.lineno, node.col_offset, node.col_offset, text)
