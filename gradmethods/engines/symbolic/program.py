"""Formulas of a loss and its partial derivatives, and the program that evaluates them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradmethods.engines.symbolic.arrays import undistributed
from gradmethods.engines.symbolic.codegen import Writer
from gradmethods.engines.symbolic.runtime import SCALAR, array_scope, wide_scope
from gradmethods.engines.symbolic.smooth import plain, refined
from gradmethods.errors import BudgetExceeded

RECURSION = 10_000
"""SymPy's functions call themselves several times for each level of nesting."""

NOWHERE_FINITE = (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)
"""Losses that have lost the symbols that they came from: they would pass for constant ones."""

Watch = Callable[[str], AbstractContextManager[None]]
"""Measures the time of a block, by the name of its part."""

AROUND = {None: "{}", "mean": "mean({})", "sum": "total({}, N)"}
"""What becomes of a formula of one example: nothing, the mean or the sum over all."""


@dataclass(frozen=True)
class Formulas:
    """Expressions of a loss and of its partial derivatives, in arrays like the parameters.

    Attributes
    ----------
    loss : sympy.Expr
        The loss.
    partials : dict of str to numpy.ndarray
        The partial derivatives.
    computed : dict of str to numpy.ndarray
        The same, as they are computed.
    """

    loss: Any
    partials: Mapping[str, NDArray[Any]]
    computed: Mapping[str, NDArray[Any]]

    def all(self) -> list[Any]:
        """Return the loss, then what is computed, in the order of the parameters."""
        return [self.loss, *(expr for array in self.computed.values() for expr in array.ravel())]

    @property
    def definitions(self) -> Mapping[Any, Any]:
        """What the names in the formulas stand for: these have no names but the inputs'."""
        return {}

    def partial(self, name: str, entry: tuple[int, ...]) -> Any:
        """Return the formula of one partial derivative."""
        return self.partials[name][entry]


@dataclass(frozen=True)
class Program:
    """Code for the value and the partial derivatives.

    Attributes
    ----------
    source : str
        A Python function of two flat lists, parameters and data.
    operations : int
        Operators and function calls in one evaluation (of one example).
    """

    source: str
    operations: int
    code: tuple[CodeType, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the text: Python does not pickle code."""
        return compiled, ([self.source], self.operations)

    def over_floats(self) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over Python floats, which raises where an infinity arises."""
        return self._run(dict(SCALAR))

    def over_numpy(self, dtype: np.dtype[Any]) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over NumPy scalars and arrays."""
        return self._run(array_scope(dtype))

    def over_wide(self) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over numbers that do not overflow."""
        return self._run(wide_scope())

    def _run(self, scope: dict[str, Any]) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        for code in self.code:
            exec(code, scope)  # noqa: S102  # our own text
        function: Callable[..., tuple[Any, tuple[Any, ...]]] = scope["program"]
        return function


@dataclass(frozen=True)
class Case:
    """Formulas and their program."""

    formulas: Any
    program: Program
    dtype: np.dtype[Any]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it was made of, without the functions that it keeps."""
        return Case, (self.formulas, self.program, self.dtype)

    @cached_property
    def over_floats(self) -> Callable[..., Any]:
        """The program over Python floats."""
        return self.program.over_floats()

    @cached_property
    def over_numpy(self) -> Callable[..., Any]:
        """The program over NumPy scalars and arrays."""
        return self.program.over_numpy(self.dtype)

    @cached_property
    def over_wide(self) -> Callable[..., Any]:
        """The program over numbers that do not overflow."""
        return self.program.over_wide()


Settle = Callable[[Any], Any]


def differentiate(
    loss: Any, params: Mapping[str, NDArray[Any]], settle: Settle = lambda x: x
) -> Formulas:
    """Differentiate by every parameter, one at a time, with ``sympy.diff``, and `settle`."""
    with deep_recursion():
        try:
            with undistributed():
                return _derivatives(loss, params, settle)
        except RecursionError:
            # SymPy takes the sign out of −(−1 − x), which undistributed leaves −1 − x, for ever.
            return _derivatives(loss, params, settle)


def _derivatives(loss: Any, params: Mapping[str, NDArray[Any]], settle: Settle) -> Formulas:
    partials, computed = {}, {}
    for name, symbols in params.items():
        partials[name], computed[name] = (np.empty(symbols.shape, object) for _ in range(2))
        for index in np.ndindex(symbols.shape):
            partial = sympy.nan if loss in NOWHERE_FINITE else sympy.diff(loss, symbols[index])
            partial = settle(partial)
            partials[name][index], computed[name][index] = plain(partial), refined(partial)
    return Formulas(plain(loss), partials, computed)


def share(formulas: Formulas) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """Give common subexpressions of all formulas names, with ``sympy.cse``."""
    with undistributed(), deep_recursion():
        shared, results = sympy.cse(formulas.all(), symbols=sympy.numbered_symbols("v"))
        # 1/v² may underflow; beside other factors, one divides by v, multiplies, and divides again.
        inverse: dict[Any, Any] = {}
        kept = []
        for symbol, expr in shared:
            whole = expr.xreplace(inverse) if inverse else expr
            power = whole.as_coeff_Mul()[1] if isinstance(whole, sympy.Expr) else whole
            if power.is_Pow and power.base.is_Symbol and power.exp.is_Integer and power.exp < -1:
                inverse[symbol] = whole
            else:
                kept.append((symbol, whole))
        return kept, [expr.xreplace(inverse) for expr in results] if inverse else results


def write_program(
    shared: list[tuple[Any, Any]],
    results: list[Any],
    params: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    rule: str | None,
) -> Program:
    """Write formulas as code and compile it.

    Parameters
    ----------
    shared : list of pairs
        Symbols and the expressions that they stand for, in order.
    results : list
        The value and the partial derivatives.
    params, data : dict of str to numpy.ndarray
        The symbols of the inputs.
    rule : {"mean", "sum"} or None
        What is returned of formulas of one example.
    """
    flat = [
        [symbol for array in arrays.values() for symbol in array.ravel()]
        for arrays in (params, data)
    ]
    writer = Writer(flat[0] + flat[1], shares=bool(shared))
    with deep_recursion():
        for symbol, expr in shared:
            writer.define(symbol, expr)
        names = [writer.unused(n) for n in ("value", *(f"d_{symbol}" for symbol in flat[0]))]
        for name, expr in zip(names, results, strict=True):
            writer.write(name, expr, AROUND[rule])
        inputs = [[writer.name(symbol) for symbol in symbols] for symbols in flat]
        returned = f"{names[0]}, {row(names[1:])}"
        return assemble(writer.lines, inputs, returned, writer.operations, counts=bool(rule))


def assemble(
    lines: list[str], inputs: list[list[str]], returned: str, operations: int, *, counts: bool
) -> Program:
    """Make lines the one function of a program."""
    unpacked = [
        f"{wrapped(row(names))} = {argument}"
        for argument, names in zip(("params", "data"), inputs, strict=True)
        if names
    ]
    body = [*unpacked, *lines, wrapped(f"return ({returned})")]
    head = f"def program(params, data{', N' if counts else ''}):"
    return compiled([f"{head}\n{indented(body)}\n"], operations)


def compiled(functions: list[str], operations: int) -> Program:
    """Compile functions one by one: a syntax tree takes many times the memory of its text."""
    code = tuple(compile(text, "<analytical program>", "exec") for text in functions)
    return Program("\n\n".join(functions), operations, code)


def indented(lines: list[str]) -> str:
    """Return lines as the body of a function."""
    return textwrap.indent("\n".join(lines), "    ")


def row(names: list[str]) -> str:
    """Write a tuple of names."""
    return f"({', '.join(names)},)" if names else "()"


def wrapped(text: str) -> str:
    """Break a long line between names."""
    return textwrap.fill(text, 90, subsequent_indent="    ", break_long_words=False)


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let SymPy descend into deep expressions; refuse what is deeper still."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION))
    try:
        yield
    except RecursionError as error:
        raise BudgetExceeded(
            "The formulas are nested too deeply for SymPy or for Python's compiler. Use another "
            "method."
        ) from error
    finally:
        sys.setrecursionlimit(before)
