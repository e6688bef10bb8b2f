"""Arrays of SymPy expressions: the loss, run over symbols.

Integers and booleans that the loss knows stay NumPy arrays. Floating-point numbers become exact:
integers and simple dyadic fractions as rationals, all others as symbols named by their shortest
decimal form, so that nothing is rounded a second time and code prints them as they were written.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import S
from sympy.core.parameters import distribute

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.recognising import Recognising
from gradmethods.engines.symbolic.functions import boxed
from gradmethods.engines.symbolic.matrices import check_rows, is_large
from gradmethods.engines.symbolic.numbers import literal
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Kind, Primitive, written_out


@dataclass(frozen=True, eq=False)
class Expressions:
    """A payload: expressions in an object array, and the dtype that they stand for."""

    entries: NDArray[Any]
    dtype: np.dtype[Any]


class Symbolic(Recognising):
    """The base of the namespaces over symbols, which say how entries are computed.

    Attributes
    ----------
    dtype : numpy.dtype
        That of the parameters, once it is known.
    """

    kind = "symbolic"
    rounds = True
    calls = True
    """Whether functions of larger matrices are stages of their own."""

    def __init__(self, literal: Callable[[Any], Any] = literal) -> None:
        super().__init__()
        self.literal = literal
        self.dtype = np.dtype(np.float16)

    @abstractmethod
    def entries(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Return the entries of the result that `node` describes."""

    def better(self, entries: NDArray[Any], better: NDArray[Any]) -> NDArray[Any]:
        """Return entries for which slopes take better ones."""
        del better
        return entries

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Apply a primitive; a function of small matrices as it is written out in entries."""
        if primitive.kind is not Kind.MATRIX:
            return super().apply(primitive, payloads, static)
        operands, shape = [Array(self, payload) for payload in payloads], self.shape_of(payloads[0])
        side = self.zero_side(payloads[0]) if primitive.name == "solve" else ""
        dtype = self.dtype_of(payloads[0])
        if side and not (self.calls and is_large("triangular", shape, dtype)):
            substituted = written_out.substituted(self, *operands, lower=side == "upper")
            return self.lift(substituted)
        if self.calls and is_large(primitive.name, shape, dtype):
            return super().apply(primitive, payloads, static)
        check_rows(primitive.name, shape)
        assert primitive.written_out is not None
        return self.lift(primitive.written_out(self, *operands, **static))

    def zero_side(self, payload: Any) -> str:
        """Say which triangle of matrices is 0, if one is, as that of a factor of Cholesky is."""
        entries = expressions(payload, self.literal)
        n = entries.shape[-1]
        zero = np.frompyfunc(lambda x: x is S.Zero, 1, 1)(entries).astype(bool)
        sides = {"upper": ~np.tri(n, dtype=bool), "lower": ~np.tri(n, dtype=bool).T}
        return next((side for side, mask in sides.items() if zero[..., mask].all()), "")

    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> Expressions:
        """Return the entries of a result as a payload."""
        if primitive.kind is Kind.ORDER and not self.calls:
            raise UnsupportedOperation(
                f"xp.{primitive.name} has no expression in its entries: it is a call of NumPy in "
                "formulas."
            )
        return Expressions(self.entries(primitive, payloads, static, node), node.dtype)

    def refine(self, payload: Expressions, better: Expressions) -> Expressions:
        """Return the payload of entries for which slopes take better ones."""
        return Expressions(self.better(payload.entries, better.entries), payload.dtype)

    def payload_of(self, node: Node) -> Any:
        """Return the entries of a node."""
        return self._payloads[node].entries

    def folds(self, primitive: Primitive, value: Any) -> bool:  # noqa: ARG002  # the base's
        """Fold integers, booleans, and what the loss itself rounds to a lower precision than its.

        Other floating-point results would be rounded.
        """
        return bool(value.dtype.kind != "f" or value.dtype.itemsize < self.dtype.itemsize)

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of expressions or of a constant."""
        return np.shape(payload.entries if isinstance(payload, Expressions) else payload)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the dtype that expressions or a constant stand for."""
        dtype: np.dtype[Any] = payload.dtype
        return dtype


class Sizes(Symbolic):
    """Shapes without expressions, to count what building would take before any of it is done.

    Attributes
    ----------
    stages : int
        Scalar operations so far.
    """

    refines = False

    def __init__(self) -> None:
        super().__init__()
        self.stages = 0

    def zero_side(self, payload: Any) -> str:
        """Take no matrices for triangular ones; whether they are is found out in earnest."""
        del payload
        return ""

    def entries(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Return a stand-in that takes no memory, whatever its shape."""
        del static
        if primitive.name == "getitem" and any(isinstance(p, Expressions) for p in payloads[1:]):
            self.stages += math.prod(node.shape) * max(self.shape_of(payloads[0]))
        elif primitive.kind in (Kind.MATRIX, Kind.ORDER):
            shapes = [*map(self.shape_of, payloads), node.shape]
            self.stages += sum(map(math.prod, shapes))
        elif primitive.name in ("max", "min"):
            # Whether one entry is the largest takes all entries to say.
            self.stages += math.prod(self.shape_of(payloads[0])) ** 2 // max(
                math.prod(node.shape), 1
            )
        else:
            self.stages += node.operations
        return blank(node.shape)


def blank(shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array of `shape` without contents."""
    return np.broadcast_to(np.array(None, object), shape)


def expressions(payload: Any, literal: Callable[[Any], Any] = literal) -> NDArray[Any]:
    """Return the entries of a payload, or those of a constant as exact expressions."""
    if isinstance(payload, Expressions):
        return payload.entries
    values = np.asarray(payload)
    return boxed(np.frompyfunc(literal, 1, 1)(values))


@contextmanager
def undistributed() -> Iterator[None]:
    """Keep 2·(x + y) as it is: SymPy's 2·x + 2·y costs more and makes differences quadratic.

    Undistributed, −(−1 − x) is a product of −1 and a sum. SymPy takes the sign out of either, and
    so would turn sin(−1 − x) into −sin(−(−1 − x)) and back for ever. It has no option for that:
    meanwhile the sign is taken out of such a product only if it cannot be taken out of its sum.
    """
    before = sympy.Mul.could_extract_minus_sign
    try:
        sympy.Mul.could_extract_minus_sign = _with_one_sign(before)
        with distribute(x=False):
            yield
    finally:
        sympy.Mul.could_extract_minus_sign = before


def _with_one_sign(usual: Any) -> Any:
    """Return the method by which a product says whether it, and not its opposite, is negative."""

    def could_extract_minus_sign(product: Any) -> bool:
        opposite = -product
        if opposite.is_Add:
            return not opposite.could_extract_minus_sign()
        return bool(usual(product))

    return could_extract_minus_sign


def integers(payload: Any) -> NDArray[Any]:
    """Return the entries of an index."""
    if isinstance(payload, Expressions):
        raise UnsupportedOperation(
            "Two indices of an array depend on floating-point values, which are symbols here: "
            "which entries they take is not known. Index one axis after the other, or choose by "
            "value with xp.where."
        )
    return np.asarray(payload)
