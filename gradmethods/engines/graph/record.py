"""Recording: run the loss once on traced arrays, and keep the graph.

Only shapes and dtypes are traced, never values, so a graph cannot depend on the point at which it
was recorded.
"""

from __future__ import annotations

import gc
import inspect
import math
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.first_call import check_scalar
from gradmethods.core.one_function import Recorded, Rounding, check_recorded, is_rounding
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.graph import Graph, Node, compute
from gradmethods.engines.graph.place import Place, calling_frame, place_in, place_of
from gradmethods.errors import (
    GradientError,
    InvalidProblem,
    NotDifferentiable,
    ShapeMismatch,
    UnsupportedOperation,
)
from gradmethods.xp import Namespace
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Kind, Primitive

_lock = threading.Lock()
_state = {"holders": 0, "enabled": False}


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the cyclic garbage collector until the last of those who ask for it has ended.

    It looks at all objects again whenever their number has grown by a quarter. Recording makes
    millions of them, none of which is garbage: the collector takes a third of the time, and finds
    nothing. What is used no more is freed as ever, by counting references.

    Examples
    --------
    >>> import gc
    >>> with uncollected(), uncollected():
    ...     print(gc.isenabled())
    False
    >>> gc.isenabled()
    True
    """
    with _lock:
        if not _state["holders"]:
            _state["enabled"] = gc.isenabled()
            gc.disable()
        _state["holders"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["holders"] -= 1
            if not _state["holders"] and _state["enabled"]:
                gc.enable()


KEYWORDS = {
    "ddof": "Write correction=1 for ddof=1, as in xp.std(x, correction=1).",
    "a_min": "Write xp.clip(x, low, high).",
    "a_max": "Write xp.clip(x, low, high).",
    "decimals": "Write xp.round(x * 100) / 100 for two decimals.",
    "initial": "Write xp.maximum(xp.max(x), initial) for xp.max, initial + xp.sum(x) for xp.sum.",
    "where": "Write xp.sum(xp.where(condition, x, 0)), and xp.where(condition, xp.exp(x), y).",
    "dtype": "Write xp.astype(x, dtype) for the array before or after.",
    "casting": "Leave it out, and write xp.astype(x, dtype) where another dtype is meant.",
    "rtol": "Leave it out: what it cuts away has no derivative at all.",
    "order": "For order='F', write xp.reshape(x.T, shape[::-1]).T.",
    "out": "Give the result a name: arrays here are never written to.",
    "a": "Pass the array by position: xp.sum(x).",
    "x": "Pass the array by position: xp.sum(x).",
}
"""What to write instead of a keyword that NumPy has and the standard has not."""


class Recorder(Namespace):
    """The namespace over traced arrays; a payload is a `Node`, or a constant array."""

    kind = "traced"

    def __init__(self) -> None:
        self._copies: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    def lift(self, operand: Any) -> Any:
        """Return the payload of an operand: of NumPy arrays a copy that nobody writes to.

        A graph outlives the arrays that a loss closes over, and their owner may change them.
        """
        if type(operand) is Array and operand.namespace is self:
            return operand.payload
        payload = super().lift(operand)
        if not isinstance(operand, np.ndarray) or _frozen(payload):
            return payload
        _, copy = self._copies.get(id(operand), (None, None))
        if copy is None or not _same(copy, payload):
            copy = payload.copy()
            copy.setflags(write=False)
            self._copies[id(operand)] = operand, copy  # the operand lives, and so does its id
        return copy

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Node:
        """Add a node."""
        shape = primitive.shape(*payloads, **static)
        dtype = static.get("dtype") or result_dtype(primitive, payloads)
        return Node(tuple(shape), np.dtype(dtype), primitive, tuple(payloads), static)

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of a node or constant."""
        return tuple(payload.shape)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the dtype of a node or constant."""
        dtype: np.dtype[Any] = payload.dtype
        return dtype


class Placed(Recorder):
    """A recorder that knows of every node which place of the loss made it.

    Attributes
    ----------
    places : dict of Node to Place or None
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Node, Place | None] = {}
        self._known: dict[Any, Place] = {}

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Node:
        """Add a node."""
        node = super().apply(primitive, payloads, static)
        self.places[node] = self._written_at()
        return node

    def _written_at(self) -> Place | None:
        frame = calling_frame()
        if frame is None:
            return None
        at = frame.f_code, frame.f_lasti  # a loop comes by often
        if at not in self._known:
            self._known[at] = place_in(frame, frame.f_lasti, frame.f_lineno)
        return self._known[at]


def record(problem: Problem) -> Graph:
    """Record the graph of a problem's loss.

    Parameters and data are inputs of the graph; arrays that the loss makes or closes over are its
    constants.

    Raises
    ------
    UnsupportedOperation
        If the loss leaves the namespace that it was given: ``np.`` in place of ``xp.``, branches on
        values, writes into arrays, or asks for a function that `xp` lacks.
    InvalidProblem
        If the recorded operations give another value than the loss does in plain NumPy.
    """
    graph = trace(problem, Recorder())
    if problem.seen is not None:
        check_recorded(problem, problem.seen, _evaluating(graph, problem.data))
    return graph


def trace(problem: Problem, xp: Recorder) -> Graph:
    """Run the loss once over nodes of a recorder, and return the graph; nothing is compared."""
    dtype = problem.dtype
    params = {
        name: Node(shape, dtype, name=name) for name, shape in problem.structure.shapes.items()
    }
    data = {name: Node(array.shape, array.dtype, name=name) for name, array in problem.data.items()}
    result = call_loss(
        problem,
        {name: Array(xp, node) for name, node in params.items()},
        {name: Array(xp, node) for name, node in data.items()},
        xp,
    )
    return Graph(params, data, (result.payload,))


def _evaluating(graph: Graph, data: Arrays) -> Recorded:
    """Make the function that evaluates a graph of a loss, with results moved by a rounding.

    What goes in is moved, too: that stands for the roundings inside of a sum or a product. A zero
    among that is exact, and has its sign: nothing has underflowed there.
    """

    def recorded(point: Arrays, rounding: Rounding | None) -> float:
        if rounding is None:
            with np.errstate(all="ignore"):
                return float(graph.evaluate(point, data)[0])

        def moved(primitive: Primitive, operands: list[Any], static: Mapping[str, Any]) -> Any:
            value = compute(primitive, operands, static)
            return value if primitive.aliases else rounding(value)

        params, others = (
            {name: np.where(x == 0, x, rounding(x)) for name, x in arrays.items()}
            for arrays in (point, data)
        )
        with np.errstate(all="ignore"):
            return float(graph.evaluate(params, others, moved)[0])

    return recorded


def check_same(problem: Problem) -> Graph | None:
    """Refuse a loss that over other arrays is another function than over NumPy's.

    This is for methods that record nothing. A loss that cannot be recorded is not compared: then
    there is no graph to return.

    Raises
    ------
    InvalidProblem
        If what is recorded of the loss differs from it in plain NumPy.
    """
    if problem.seen is not None:
        with suppress(UnsupportedOperation):
            return record(problem)
    return None


def check_formulas(problem: Problem, values: list[float], form: str) -> None:
    """Refuse formulas that give something else than the loss.

    Parameters
    ----------
    problem : Problem
        Of the loss.
    values : list of float
        What the formulas are at the points at which the loss is known.
    form : str
        What kind of formulas they are.

    Raises
    ------
    UnsupportedOperation
        If one of them differs from the loss in NumPy by more than rounding explains.
    """
    if problem.seen is None:
        return
    recorded = None
    for (point, known), found in zip(problem.seen.points(problem), values, strict=True):
        rounded = _cast(problem, known)
        if not np.isfinite(rounded) or found in (known, rounded):
            continue
        recorded = recorded or _evaluating(record(problem), problem.data)
        if not math.isfinite(found) or not is_rounding(
            problem, recorded, point, known, found, whole=True
        ):
            raise UnsupportedOperation(
                f"SymPy simplifies the loss {problem.name!r} to formulas that differ from it: in "
                f"the form {form!r} they are {found:.8g} at this point or close to it, and the "
                f"loss is {known:.8g} in NumPy. Their order of operations may lose digits that "
                "the loss keeps, and SymPy knows no sign of a zero, nothing that is not finite, "
                "and no lower precision. Use another method, such as gm.Backprop()."
            )


def _cast(problem: Problem, value: float) -> Any:
    with np.errstate(over="ignore"):
        return problem.dtype.type(value)


def call_loss(problem: Problem, params: Any, data: Any, xp: Namespace) -> Array:
    """Run a loss on arrays of `xp`, saying clearly what went wrong, and where in the loss."""
    try:
        result = problem.loss(problem.structure.restore(params), **data, xp=xp)
    except (UnsupportedOperation, ShapeMismatch, NotDifferentiable) as error:
        place = place_of(error)
        error.args = (f"{error}{f' [{place}]' if place else ''}",)
        raise
    except GradientError:
        raise
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        place = place_of(error)
        at = f" [{place}]" if place else ""
        raise UnsupportedOperation(f"{_explain(error, place, problem, xp)}{at}") from error
    try:
        array = xp.array(result)
    except UnsupportedOperation as error:
        raise InvalidProblem(
            f"The loss {problem.name!r} must return a real scalar array of xp, got "
            f"{type(result).__name__}."
        ) from error
    check_scalar(array.shape, array.dtype, problem.name)
    return array


def _explain(error: Exception, place: Place | None, problem: Problem, xp: Namespace) -> str:
    """Say what the loss did that works in NumPy, and fails on arrays of `xp`."""
    if "__array_ufunc__" in str(error):
        if place and place.in_place:
            return (
                f"The loss {problem.name!r} changes a NumPy array in place by a {xp.kind} array "
                f"({place.text}). Write a new array instead, as in a = a + x."
            )
        call = re.sub("^numpy[.]", "np.", place.function if place else "")
        if not call:
            what, advice = "NumPy's own function", "Write xp. where np. stands."
        else:
            what = f"NumPy's {call}" if call.startswith("np.") else call
            advice = xp.advice(call.rpartition(".")[2])
        given = " The loss is given xp to use where np would stand." if "NumPy's" in what else ""
        return f"{what} was called on a {xp.kind} array. {advice}{given}"
    keyword = re.search(
        r"(?:\w+[.])?(\w+)\(\) got an unexpected keyword argument '(\w+)'", str(error)
    )
    for prefix, owner in (("xp", xp), ("xp.linalg", xp.linalg)):
        if not keyword or not hasattr(owner, keyword[1]):
            continue
        what = f"{prefix}.{keyword[1]} has no keyword {keyword[2]}"
        if keyword[2] in KEYWORDS:
            return f"{what}. {KEYWORDS[keyword[2]]}"
        known = [*inspect.signature(getattr(owner, keyword[1])).parameters]
        return f"{what}; it takes {', '.join(known)}."
    if "round() takes" in str(error):
        return f"xp.round rounds to whole numbers. {KEYWORDS['decimals']}"
    if "positional argument" in str(error):
        said = re.sub(r"\b[A-Z]\w*[.](\w+)\(\)", r"xp.\1()", str(error))
        return (
            f"The loss {problem.name!r} calls a function in a way that xp does not have: {said}. "
            "Pass axis and other options by keyword, as in xp.sum(x, axis=0)."
        )
    if "setting an array element" in str(error):
        return (
            f"The loss {problem.name!r} writes a {xp.kind} array into a NumPy array: {error} "
            "Build the array with xp.stack, xp.concat or xp.where."
        )
    return f"The loss {problem.name!r} fails on {xp.kind} arrays: {error}."


def _frozen(array: NDArray[Any]) -> bool:
    return array.base is None and not array.flags.writeable


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def result_dtype(primitive: Primitive, payloads: list[Any]) -> np.dtype[Any]:
    """Find the dtype that NumPy gives to a primitive's result."""
    # Python scalars are weak: their type, not their value, decides the dtype of the result.
    keys = [type(x) if isinstance(x, (bool, int, float)) else x.dtype for x in payloads]
    return _result_dtype(primitive, tuple(keys))


@lru_cache(maxsize=4096)
def _result_dtype(primitive: Primitive, keys: tuple[Any, ...]) -> np.dtype[Any]:
    """Find the dtype of a result by applying the primitive to single ones."""
    if primitive.aliases or primitive.name == "scatter_add":
        dtype: np.dtype[Any] = keys[0]
        return dtype
    whole = primitive.name == "matmul" or primitive.kind is Kind.MATRIX
    shape = (1, 1) if whole else (1,)
    ones = [key(1) if isinstance(key, type) else np.ones(shape, key) for key in keys]
    static: dict[str, Any] = {}
    if primitive.name in ("sum", "max", "min"):
        static = {"axis": (0,), "keepdims": False}
    elif primitive.kind is Kind.ORDER or primitive.name in ("cumulative_sum", "concat"):
        static = {"axis": 0}
    with np.errstate(all="ignore"):
        result: np.dtype[Any] = np.asarray(primitive.numpy(*ones, **static)).dtype
    return result
