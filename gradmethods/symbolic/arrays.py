"""Arrays of SymPy expressions: the loss, run over symbols.

Integers and booleans that the loss knows stay NumPy arrays. Floating-point numbers become exact:
integers and simple dyadic fractions as rationals, all others as symbols named by their shortest
decimal form, so that nothing is rounded a second time and code prints them as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import S
from sympy.core.parameters import distribute

from gradmethods.errors import BudgetExceeded, UnsupportedOperation
from gradmethods.graph import Node, Recorder
from gradmethods.namespace import Namespace
from gradmethods.primitives import Primitive
from gradmethods.symbolic.functions import FUNCTIONS, boxed, condition, number

EXACT_INTEGERS = 2**53
LARGEST_DENOMINATOR = 1024


@dataclass(frozen=True, eq=False)
class Expressions:
    """A payload: expressions in an object array, and the dtype that they stand for."""

    entries: NDArray[Any]
    dtype: np.dtype[Any]


class Symbolic(Namespace):
    """The namespace over arrays of expressions.

    Parameters
    ----------
    limit : int
        Operands of sums, products and functions after which building is refused.

    Attributes
    ----------
    operations : int
        Scalar operations so far.
    """

    kind = "symbolic"

    def __init__(self, limit: int) -> None:
        self.operations = 0
        self._limit = limit
        self._operands = 0
        self._recorder = Recorder()

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Apply the SymPy function of a primitive."""
        stand_ins = [
            Node(p.entries.shape, p.dtype) if isinstance(p, Expressions) else p for p in payloads
        ]
        node = self._recorder.apply(primitive, stand_ins, static)
        self.operations += _cost(node)
        return Expressions(self.compute(primitive, payloads, static, node), node.dtype)

    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Return the entries of the result that `node` describes."""
        if primitive.name in ("getitem", "scatter_add"):
            operands = [expressions(payloads[0]), *map(integers, payloads[1:])]
        else:
            operands = [expressions(p) for p in payloads]
        entries = FUNCTIONS[primitive.name](*operands, **static)
        convert = condition if node.dtype.kind == "b" else number
        converted = boxed(np.frompyfunc(convert, 1, 1)(entries))
        # Sums of sums become one long sum, so formulas can be longer than what they compute.
        self._operands += sum(len(entry.args) for entry in converted.flat)
        if self._operands > self._limit:
            raise BudgetExceeded(
                f"The formulas of the loss hold more than {self._limit:,} operands: sums that "
                "contain one another are written out in full. Use another method."
            )
        return converted

    def folds(self, primitive: Primitive, value: Any) -> bool:  # noqa: ARG002  # the base's
        """Fold integers and booleans only: floating-point results would be rounded."""
        return bool(value.dtype.kind != "f")

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of expressions or of a constant."""
        return np.shape(payload.entries if isinstance(payload, Expressions) else payload)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the dtype that expressions or a constant stand for."""
        dtype: np.dtype[Any] = payload.dtype
        return dtype


class Sizes(Symbolic):
    """Shapes without expressions, to count what building would take before any of it is done."""

    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Return a stand-in that takes no memory, whatever its shape."""
        del primitive, payloads, static
        return blank(node.shape)


def blank(shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array of `shape` without contents."""
    return np.broadcast_to(np.array(None, object), shape)


def expressions(payload: Any) -> NDArray[Any]:
    """Return the entries of a payload, or those of a constant as exact expressions."""
    if isinstance(payload, Expressions):
        return payload.entries
    values = np.asarray(payload)
    return boxed(np.frompyfunc(literal, 1, 1)(values))


def literal(value: Any) -> Any:
    """Return a number exactly, as it was written.

    Examples
    --------
    >>> literal(0.75), literal(-0.1), literal(1e300)
    (3/4, -0.1, 1e+300)
    """
    if isinstance(value, (bool, np.bool_)):
        return sympy.true if value else sympy.false
    if isinstance(value, (int, np.integer)):
        return sympy.Integer(int(value))
    size = abs(float(value))
    sign = -1 if value < 0 else 1
    if not np.isfinite(size):
        return S.NaN if np.isnan(size) else sign * S.Infinity
    numerator, denominator = size.as_integer_ratio()
    if denominator <= LARGEST_DENOMINATOR and numerator <= EXACT_INTEGERS:
        return sympy.Rational(sign * numerator, denominator)
    return sign * sympy.Symbol(repr(size), positive=True)


@contextmanager
def undistributed() -> Iterator[None]:
    """Keep 2·(x + y) as it is: SymPy's 2·x + 2·y costs more and makes differences quadratic."""
    with distribute(x=False):
        yield


def integers(payload: Any) -> NDArray[Any]:
    """Return the entries of an index."""
    if isinstance(payload, Expressions):
        raise UnsupportedOperation(
            "An index depends on floating-point values, which are symbols here: which entries "
            "it takes is not known. Choose by value with xp.where."
        )
    return np.asarray(payload)


def _cost(node: Node) -> int:
    """Count operations; partial sums are written out, each from its beginning."""
    if node.primitive is not None and node.primitive.name == "cumulative_sum":
        length: int = node.shape[node.static["axis"]]
        return node.operations * (length + 1) // 2
    return node.operations
