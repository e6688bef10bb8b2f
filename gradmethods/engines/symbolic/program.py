"""Programs that evaluate formulas: text of straight-line Python, and functions compiled from it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradmethods.engines.symbolic.runtime import SCALAR, array_scope, wide_scope
from gradmethods.errors import BudgetExceeded

RECURSION = 10_000
"""SymPy's functions call themselves several times for each level of nesting."""

NOWHERE_FINITE = (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)
"""Losses that have lost the symbols that they came from: they would pass for constant ones."""

Watch = Callable[[str], AbstractContextManager[None]]
"""Measures the time of a block, by the name of its part."""


@dataclass(frozen=True)
class Blocks:
    """Code for the sums over all examples, which computes alike lines together.

    Attributes
    ----------
    source : str
        A Python function of the columns of examples, a row for each; of the other inputs, each a
        row of one entry, parameters first; of the number of examples; and of the flat array that
        the value and the partial derivatives are written to.
    rows : int
        Of the largest block.
    """

    source: str
    rows: int


def _in_order(block: NDArray[Any]) -> NDArray[Any]:
    """Add up rows one after another: NumPy adds those of one entry each in pairs."""
    total: NDArray[Any] = (
        np.add.accumulate(block)[-1] if block.shape[1] == 1 else np.add.reduce(block)
    )
    return total


@dataclass(frozen=True)
class Program:
    """Code for the value and the partial derivatives.

    Attributes
    ----------
    source : str
        A Python function of two flat lists, parameters and data.
    operations : int
        Operators and function calls in one evaluation (of one example).
    blocks : Blocks or None
        The same over all examples at once, where alike lines can be computed together.
    """

    source: str
    operations: int
    code: tuple[CodeType, ...]
    blocks: Blocks | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the text: Python does not pickle code."""
        return compiled, ([self.source], self.operations, self.blocks)

    def over_floats(self) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over Python floats, which raises where an infinity arises."""
        return self._run(dict(SCALAR))

    def over_numpy(self, dtype: np.dtype[Any]) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over NumPy scalars and arrays."""
        return self._run(array_scope(dtype))

    def over_wide(self) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
        """Return the function over numbers that do not overflow."""
        return self._run(wide_scope())

    def over_blocks(self, dtype: np.dtype[Any]) -> Callable[..., None] | None:
        """Return the function over blocks of examples, if there is one."""
        if not self.blocks:
            return None
        scope = array_scope(dtype) | {"array": np.array, "in_order": _in_order}
        exec(self.blocks.source, scope)  # noqa: S102  # our own text
        function: Callable[..., None] = scope["program"]
        return function

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
    def over_blocks(self) -> Callable[..., None] | None:
        """The program over blocks of examples, if there is one."""
        return self.program.over_blocks(self.dtype)

    @cached_property
    def over_wide(self) -> Callable[..., Any]:
        """The program over numbers that do not overflow."""
        return self.program.over_wide()


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


def compiled(functions: list[str], operations: int, blocks: Blocks | None = None) -> Program:
    """Compile functions one by one: a syntax tree takes many times the memory of its text."""
    code = tuple(compile(text, "<analytical program>", "exec") for text in functions)
    return Program("\n\n".join(functions), operations, code, blocks)


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
