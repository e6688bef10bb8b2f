"""Functions of whole matrices in formulas: written out while small, and larger ones as one call.

A call is a stage of its own: it takes the entries of matrices and returns all entries of the result
in a row, each of which a further stage takes. What it passes back is a call, too: SymPy does not
look into it, and its rule stands beside its function in `matrix_values`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
from sympy.core.symbol import Str

from gradmethods.engines.symbolic.piecewise import RealFunction
from gradmethods.errors import UnsupportedOperation

MOST_ROWS = {
    "det": 6,
    "slogdet": 6,
    "solve": 2,
    "triangular": 8,
    "pinv": 1,
    "cholesky": 8,
    "qr": 1,
    "eigvalsh": 2,
    "svdvals": 2,
}
"""Rows up to which a function of matrices is written out; the shorter side of those not square.

Without pivots, which formulas cannot choose by value, larger ones lose digits or have none; and the
slopes of quotients of determinants leave the range of floats long before those of a system."""

ADJOINT = "_adjoint"
"""What is added to the name of a function for what it passes back."""


class Call(sympy.Basic):
    """A call: the name of a function, its scalar operations, the result's shape, and matrices.

    Each matrix is a tuple of rows, or a symbol that stands for a row of all its entries.
    """

    is_commutative = True

    @classmethod
    def of(cls, name: str, operations: int, shape: tuple[int, ...], *matrices: Any) -> Call:
        """Make a call from arrays of entries, or from what stands for them."""
        args = [
            sympy.Tuple(*(sympy.Tuple(*row) for row in m)) if isinstance(m, np.ndarray) else m
            for m in matrices
        ]
        made: Call = cls(Str(name), sympy.Integer(operations), sympy.Tuple(*shape), *args)
        return made

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(self.args[0])

    @property
    def operations(self) -> int:
        """The scalar operations that it takes."""
        return int(self.args[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(map(int, self.args[2]))

    @property
    def matrices(self) -> tuple[Any, ...]:
        """What it is called with."""
        return tuple(self.args[3:])

    @property
    def entries(self) -> list[Any]:
        """All entries of the matrices that are no symbol, one after the other."""
        rows = (row for m in self.matrices if isinstance(m, sympy.Tuple) for row in m)
        return [entry for row in rows for entry in row]

    def listed(self, text: Callable[[Any], str]) -> str:
        """Write what stands in parentheses: matrices as lists of rows."""

        def matrix(m: Any) -> str:
            if not isinstance(m, sympy.Tuple):
                return text(m)
            return f"[{', '.join('[' + ', '.join(map(text, row)) + ']' for row in m)}]"

        return ", ".join(map(matrix, self.matrices))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}({self.listed(printer.doprint)})"

    def _latex(self, printer: Any) -> str:
        name = self.name.replace("_", r"\_")
        return rf"\operatorname{{{name}}}\left({self.listed(printer.doprint)}\right)"


class Entry(RealFunction):
    """One entry of the result of a call, counted from 0."""

    nargs = 2

    def _sympystr(self, printer: Any) -> str:
        call, index = self.args
        return f"{printer.doprint(call)}[{index}]"

    def _latex_base(self, printer: Any) -> str:
        call, index = self.args
        return rf"\left[{printer.doprint(call)}\right]_{{{index}}}"

    def _rewritten(self) -> Any:
        return self


def is_large(name: str, shape: tuple[int, ...], dtype: np.dtype[Any] | None = None) -> bool:
    """Say whether a function of matrices of this shape is not written out.

    In single precision only one row is: NumPy's own functions compute in double precision.
    """
    most = MOST_ROWS.get(name, -1)
    return min(shape[-2:]) > (min(most, 1) if dtype == np.float32 else most)


def check_rows(name: str, shape: tuple[int, ...]) -> None:
    """Refuse a function of matrices that has no expression in its entries.

    Raises
    ------
    UnsupportedOperation
    """
    if is_large(name, shape):
        raise UnsupportedOperation(
            f"No expression in its entries is known for xp.linalg.{name} of shape {shape}: it is a "
            "call of NumPy in formulas."
        )


def called(primitive: str, **static: Any) -> str:
    """Return the name of the function that programs call for a primitive."""
    return f"{primitive}_upper" if static.get("triangle") == "U" else primitive
