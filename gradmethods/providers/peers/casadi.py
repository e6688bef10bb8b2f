"""CasADi: the loss over scalar expressions (SX), differentiated in reverse mode by CasADi.

The loss runs through `xp` on arrays of SX, all examples included; CasADi's virtual machine then
evaluates one list of scalar operations for the loss and its gradient.

Source: J. A. E. Andersson, J. Gillis, G. Horn, J. B. Rawlings and M. Diehl, CasADi: a software
framework for nonlinear optimization and optimal control, Mathematical Programming Computation 11
(2019) 1-36.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.errors import UnsupportedOperation
from gradmethods.output.style import VERMILLION, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer, tried
from gradmethods.xp import Namespace
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Primitive

FUNCTIONS = {
    name: name
    for name in (
        "exp", "expm1", "log", "log1p", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos",
        "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sign", "floor",
        "ceil", "hypot", "logical_and", "logical_or", "logical_not",
    )
} | {"abs": "fabs", "maximum": "fmax", "minimum": "fmin", "where": "if_else"}  # fmt: skip
"""CasADi's name of a primitive."""

OPERATORS = {
    "negative", "add", "subtract", "multiply", "divide", "pow", "square", "reciprocal", "sum",
    "matmul", "reshape", "permute_dims", "broadcast_to", "getitem", "concat",
}  # fmt: skip
"""Primitives whose NumPy function does the same to an array of objects with operators."""

COMPARISONS = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}
"""NumPy's own ask for the truth of what they find, which an expression does not have."""

MOST_OPERANDS = 2_000_000
"""Entries that building may make; each takes about a microsecond and a hundred bytes."""


@dataclass(frozen=True)
class Casadi(Peer):
    """Gradients by ``casadi.gradient`` of an SX expression, evaluated by ``casadi.Function``."""

    name: ClassVar[str] = "casadi"
    packages: ClassVar[tuple[str, ...]] = ("casadi",)
    style: ClassVar[Style] = Style("CasADi SX", VERMILLION, "X", (0, (3, 1, 1, 1)))
    family: ClassVar[str] = "analytical"
    exact: ClassVar[bool] = True

    def _refusal(self, problem: Problem) -> str | None:
        return tried(lambda: self._prepare(problem)(problem.params), problem)

    def _prepare(self, problem: Problem) -> PreparedCasadi:
        watch = Stopwatch()
        with watch("import"):
            import casadi
        structure = problem.structure
        sizes = {name: array.size for name, array in problem.data.items()}
        floating = [name for name, array in problem.data.items() if array.dtype.kind == "f"]
        with watch("trace"):
            xp = Scalars()
            point = casadi.SX.sym("p", structure.size)
            constants = casadi.SX.sym("d", sum(sizes[name] for name in floating))
            arrays = structure.split(_elements(point))
            params = {name: xp.wrap(array) for name, array in arrays.items()}
            data: dict[str, Any] = dict(problem.data)
            start = 0
            for name in floating:
                entries = _elements(constants[start : start + sizes[name]])
                data[name] = xp.wrap(entries.reshape(problem.data[name].shape))
                start += sizes[name]
            loss = xp.scalar(problem.loss(structure.restore(params), **data, xp=xp))
        with watch("differentiate"):
            gradient = casadi.densify(casadi.gradient(loss, point))
        with watch("compile"):
            function = casadi.Function("gradient", [point, constants], [loss, gradient])
        return PreparedCasadi(problem, watch.seconds, function, floating)


class PreparedCasadi(PreparedPeer):
    """A CasADi function of parameters and floating-point data, called through its buffers."""

    def __init__(
        self, problem: Problem, preparation: dict[str, float], function: Any, floating: list[str]
    ) -> None:
        super().__init__(problem, preparation)
        self._function, self._floating = function, floating

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        point = self.problem.structure.join(params)
        parts = [data[name].ravel() for name in self._floating]
        constants = np.concatenate(parts) if parts else np.zeros(1)
        value, gradient = np.zeros(1), np.zeros(self.problem.size)
        held, evaluate = self._function.buffer()
        held.set_arg(0, point.data)
        held.set_arg(1, constants.data)
        held.set_res(0, value.data)
        held.set_res(1, gradient.data)

        def call() -> Any:
            _ = held, point, constants  # CasADi holds addresses only
            evaluate()
            return value[0], gradient

        return call

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        value, gradient = result
        return value, self.problem.structure.split(np.array(gradient))


@dataclass(frozen=True, eq=False)
class Entries:
    """A payload: SX scalars in an object array."""

    array: NDArray[Any]


class Scalars(Namespace):
    """The namespace over arrays of SX scalars."""

    kind = "CasADi"

    def __init__(self) -> None:
        self._operands = 0

    def wrap(self, array: NDArray[Any]) -> Array:
        """Make an array of this namespace from SX scalars."""
        return Array(self, Entries(array))

    def scalar(self, value: Any) -> Any:
        """Return the one SX scalar of a result."""
        return self.lift(value).array.item()

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Apply a primitive entry by entry."""
        operands = [p.array if isinstance(p, Entries) else p for p in payloads]
        function = self._function(primitive, len(operands))
        result = function(*operands, **static)
        if not isinstance(result, np.ndarray):
            boxed = np.empty((), object)
            boxed[()] = result
            result = boxed
        self._operands += result.size
        if self._operands > MOST_OPERANDS:
            raise UnsupportedOperation(f"more than {MOST_OPERANDS:,} scalar expressions")
        return Entries(result)

    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of SX scalars or of a constant."""
        return np.shape(payload.array if isinstance(payload, Entries) else payload)

    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return float64 for SX, which has no other."""
        return np.dtype(float) if isinstance(payload, Entries) else np.asarray(payload).dtype

    def _function(self, primitive: Primitive, operands: int) -> Any:
        import casadi

        if primitive.name in OPERATORS:
            return primitive.numpy
        if primitive.name in COMPARISONS:
            return np.frompyfunc(COMPARISONS[primitive.name], operands, 1)
        if primitive.name in FUNCTIONS:
            return np.frompyfunc(getattr(casadi, FUNCTIONS[primitive.name]), operands, 1)
        raise UnsupportedOperation(f"CasADi's SX has no function for xp.{primitive.name}.")


def _elements(vector: Any) -> NDArray[Any]:
    """Return the scalars of an SX vector in an object array."""
    entries = np.empty(math.prod(vector.shape), object)
    for i in range(entries.size):
        entries[i] = vector[i]
    return entries
