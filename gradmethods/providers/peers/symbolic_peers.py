"""The same formulas, compiled by others: `sympy.lambdify` and symengine.

The formula of one example's loss is the suite's own; what is compared is how its derivatives are
taken and compiled. Both evaluate all examples in one call, and the mean is taken behind it.

Sources: A. Meurer et al., SymPy: symbolic computing in Python, PeerJ Computer Science 3 (2017)
e103; I. Fernando, O. Čertík et al., SymEngine.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.errors import GradientError
from gradmethods.output.style import PURPLE, SKY, Style
from gradmethods.providers.peers.peer import Call, Peer, PreparedPeer


@dataclass(frozen=True)
class Formula:
    """The loss of one example, and its symbols in the order of the arguments.

    Attributes
    ----------
    loss : sympy.Expr
        The formula.
    params, data : list of sympy.Symbol
        One per entry: of the parameters, and of the floating-point data of one example.
    constants : list of sympy.Symbol
        Numbers that the suite wrote as symbols, named by their decimal form.
    """

    loss: Any
    params: list[Any]
    data: list[Any]
    constants: list[Any]

    @property
    def symbols(self) -> list[Any]:
        """Return all arguments in order."""
        return self.params + self.data + self.constants


def formula(problem: Problem) -> Formula:
    """Build the formula of one example, in functions that the peers know."""
    import sympy

    from gradmethods.engines.symbolic import smooth
    from gradmethods.engines.symbolic.build import Builder
    from gradmethods.engines.symbolic.whole import loss_formula
    from gradmethods.providers.analytical import BUDGET

    builder = Builder(problem, BUDGET)
    params = [s for entries in builder.params.values() for s in entries.flat]
    data = [s for entries in builder.data.values() for s in entries.flat]
    loss = loss_formula(builder).replace(smooth.tanh, sympy.tanh)
    constants = sorted(loss.free_symbols - set(params) - set(data), key=str)
    return Formula(loss, params, data, constants)


@dataclass(frozen=True)
class Formulas(Peer):
    """What both have in common: they need the suite's formula, and one batch of examples."""

    family: ClassVar[str] = "analytical"
    exact: ClassVar[bool] = True

    def _refusal(self, problem: Problem) -> str | None:
        if any(array.dtype.kind != "f" for array in problem.data.values()):
            return "integers and booleans among the data choose between formulas"
        try:
            made = formula(problem)
        except GradientError as error:
            return str(error)
        own = sorted(_own_functions(made.loss))
        return f"its formula has functions of this suite: {', '.join(own)}" if own else None

    def _prepare(self, problem: Problem) -> PreparedFormulas:
        watch = Stopwatch()
        with watch("formula"):
            made = formula(problem)
        function = self._compile(made, watch)
        return PreparedFormulas(problem, watch.seconds, function, made)

    @abstractmethod
    def _compile(self, made: Formula, watch: Stopwatch) -> Callable[..., Any]:
        """Return ``f(params, columns, constants, N)`` → (1 + n, N) values and derivatives."""


class PreparedFormulas(PreparedPeer):
    """Compiled formulas of one example, evaluated over all of them."""

    forward_passes: int | None = 0

    def __init__(
        self,
        problem: Problem,
        preparation: dict[str, float],
        function: Callable[..., Any],
        made: Formula,
    ) -> None:
        super().__init__(problem, preparation)
        self._function = function
        self._constants = [float(str(symbol)) for symbol in made.constants]
        self._total = _is_total(problem)

    def _bind(self, params: Arrays, data: Arrays) -> Call:
        function, constants = self._function, self._constants
        point = self.problem.structure.join(params).tolist()
        examples = self.problem.examples
        count = len(data[examples[0]]) if examples else 1
        columns = np.array(
            [
                np.broadcast_to(column, count)
                for name in _floating(self.problem)
                for column in _columns(data[name], split=name in examples)
            ]
        )
        weights = np.full(count, 1.0 if self._total else 1 / count)
        return lambda: function(point, columns, constants, count) @ weights

    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        return result[0], self.problem.structure.split(np.array(result[1:]))


def _own_functions(expr: Any) -> set[str]:
    import sympy

    classes = {type(part) for part in sympy.preorder_traversal(expr)}
    return {c.__name__ for c in classes if c.__module__.startswith("gradmethods")}


def _floating(problem: Problem) -> list[str]:
    return [name for name, array in problem.data.items() if array.dtype.kind == "f"]


def _columns(array: Any, *, split: bool) -> Any:
    """Cut data into one row per symbol: over the examples, or one number for all of them."""
    return array.reshape(len(array), -1).T if split else array.reshape(-1, 1)


def _is_total(problem: Problem) -> bool:
    """Tell a sum over examples from a mean: two copies of the data double a sum."""
    if not problem.examples:
        return True
    twice = {
        name: np.concatenate([array, array]) if name in problem.examples else array
        for name, array in problem.data.items()
    }
    with np.errstate(all="ignore"):
        double = float(problem.loss(problem.params, **twice, xp=np))
    once = float(problem.value())
    return abs(double - 2 * once) < abs(double - once)


@dataclass(frozen=True)
class Lambdify(Formulas):
    """``sympy.diff`` by every parameter, compiled by ``sympy.lambdify`` to NumPy.

    Parameters
    ----------
    cse : bool
        Whether lambdify eliminates common subexpressions.
    """

    cse: bool = True

    packages: ClassVar[tuple[str, ...]] = ("sympy",)

    @property
    def name(self) -> str:
        """``sympy.lambdify:cse`` or ``sympy.lambdify``."""
        return "sympy.lambdify:cse" if self.cse else "sympy.lambdify"

    @property
    def style(self) -> Style:
        """How it is drawn in every figure, and its label."""
        if self.cse:
            return Style("SymPy lambdify, CSE", SKY, "o", (0, (5, 1.5)))
        return Style("SymPy lambdify", SKY, "^", (0, (3, 1, 1, 1)))

    def _compile(self, made: Formula, watch: Stopwatch) -> Callable[..., Any]:
        import sympy

        with watch("derive"):
            outputs = [made.loss, *(sympy.diff(made.loss, symbol) for symbol in made.params)]
        with watch("compile"):
            function = sympy.lambdify(made.symbols, outputs, "numpy", cse=self.cse)

        def evaluate(params: Any, columns: Any, constants: Any, count: int) -> Any:
            rows = np.empty((len(outputs), count))
            for row, value in zip(rows, function(*params, *columns, *constants), strict=True):
                row[:] = value
            return rows

        return evaluate


@dataclass(frozen=True)
class Symengine(Formulas):
    """symengine's ``diff`` by every parameter, compiled by its ``Lambdify`` with ``cse=True``."""

    name: ClassVar[str] = "symengine"
    packages: ClassVar[tuple[str, ...]] = ("symengine",)
    style: ClassVar[Style] = Style("symengine", PURPLE, "v", (0, (5, 1.5)))

    def _compile(self, made: Formula, watch: Stopwatch) -> Callable[..., Any]:
        import symengine

        with watch("derive"):
            loss = symengine.sympify(made.loss)
            symbols = [symengine.sympify(symbol) for symbol in made.symbols]
            outputs = [loss, *(loss.diff(symbol) for symbol in symbols[: len(made.params)])]
        with watch("compile"):
            function = symengine.Lambdify(symbols, outputs, cse=True)

        def evaluate(params: Any, columns: Any, constants: Any, count: int) -> Any:
            arguments = np.empty((count, len(symbols)))
            arguments[:, : len(params)] = params
            arguments[:, len(params) : len(params) + len(columns)] = columns.T
            arguments[:, len(params) + len(columns) :] = constants
            return function(arguments).T

        return evaluate
