"""The whole loss as one expression, differentiated by SymPy: the oracle of the staged derivation.

Nothing but SymPy's own functions is used to differentiate and to share, at a cost that grows much
faster than the formulas: from some fifty parameters on it takes seconds, from hundreds minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.symbolic.arrays import Symbolic, expressions, integers, undistributed
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.functions import boxed, function
from gradmethods.engines.symbolic.numbers import condition, number
from gradmethods.engines.symbolic.program import deep_recursion
from gradmethods.engines.symbolic.smooth import plain
from gradmethods.xp.primitives import Primitive


class Whole(Symbolic):
    """The namespace over arrays of whole expressions, each written out in symbols of the inputs."""

    refines = False
    calls = False

    def __init__(self, literal: Callable[[Any], Any]) -> None:
        super().__init__(literal)

    def entries(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Apply the SymPy function of a primitive."""
        if primitive.name in ("getitem", "scatter_add"):
            operands = [expressions(payloads[0], self.literal), *map(integers, payloads[1:])]
        else:
            operands = [expressions(p, self.literal) for p in payloads]
        entries = function(primitive.name)(*operands, **static)
        convert = condition if node.dtype.kind == "b" else number
        return boxed(np.frompyfunc(convert, 1, 1)(entries))


def loss_formula(builder: Builder) -> Any:
    """Return the loss of the first example as one expression."""
    case = builder.case(builder.problem.data, 0)
    with undistributed(), deep_recursion():
        loss = builder.run(Whole(builder.literal), builder.params, [builder.data], [case])
        return plain(loss)


def derivatives(loss: Any, params: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Differentiate by every parameter, one at a time, with ``sympy.diff``."""
    found = {}
    with deep_recursion(), undistributed():
        for name, symbols in params.items():
            found[name] = np.empty(symbols.shape, object)
            for index in np.ndindex(symbols.shape):
                found[name][index] = plain(sympy.diff(loss, symbols[index]))
    return found


def merged_operations(formulas: list[Any]) -> tuple[int, int]:
    """Count operations as SymPy does: written out, and after ``sympy.cse``.

    SymPy merges formulas while it makes them: equal factors become powers, equal terms multiples,
    sums of sums one sum.
    """
    with deep_recursion(), undistributed():
        shared, results = sympy.cse(formulas)
        written = sum(int(sympy.count_ops(expr)) for expr in formulas)
        return written, sum(
            int(sympy.count_ops(expr)) for expr in (*(x for _, x in shared), *results)
        )
