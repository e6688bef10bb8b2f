"""Analytical gradients: formulas of all partial derivatives, derived once by SymPy.

Source: the method that textbooks call symbolic differentiation; on how its formulas grow, A. G.
Baydin, B. A. Pearlmutter, A. A. Radul and J. M. Siskind, Automatic differentiation in machine
learning: a survey, JMLR 18 (2018) 1-43, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from gradmethods.core.problem import Problem
from gradmethods.core.provider import PreparedGradient, Stopwatch
from gradmethods.core.structure import BARE, Arrays
from gradmethods.engines.graph.record import check_formulas, check_same, record
from gradmethods.engines.graph.slopes import Slopes, unbounded
from gradmethods.errors import InvalidOption, ShapeMismatch, UnknownName
from gradmethods.output.style import Style
from gradmethods.providers.compiled import refusal
from gradmethods.providers.forms import FORMS

if TYPE_CHECKING:
    from gradmethods.engines.symbolic.cases import Cases
    from gradmethods.engines.symbolic.run import Runner

BUDGET = 60_000_000
"""Steps of SymPy: one to three minutes on the two cores that this was measured on."""


@dataclass(frozen=True)
class Analytical:
    """Gradients from closed formulas.

    Preparation runs the loss once on names: every stage, that is every scalar operation, has one.
    SymPy differentiates the formula of each kind of stage with ``sympy.diff``, and the chain rule
    puts the partial derivatives together, at a cost in proportion to the number of stages; the
    formulas are compiled into straight-line code. With `examples`, the formulas are those of one
    example, the code runs over all examples at once, and that the loss is their mean (or sum),
    whatever the data are, is proven first, on its graph.

    Parameters
    ----------
    form : {"auto", "cse", "expanded", "chain-rule"}
        What the formulas share; their derivation is the same. ``"chain-rule"``: every stage keeps
        its name, and formulas refer to names. ``"cse"``: only what is used more than once has one,
        so that common subexpressions of the value and all partial derivatives are computed once.
        ``"expanded"``: one closed formula per parameter, nothing shared: the tree that unfolds from
        the stages, in which every use of one is written in full. ``"auto"``, the default:
        ``"cse"``. All but ``"expanded"`` reach 100,000 parameters.
    budget : int
        Steps that deriving the formulas may take, by an estimate made within two seconds; a step
        is one to three microseconds. What is larger is refused, and what takes three times as long
        as was estimated is stopped.

    Notes
    -----
    The program computes every stage as the loss has it, in an order that NumPy could take.
    Closed formulas, as `PreparedAnalytical.formula` shows them, are simplified by SymPy as if all
    parts of an expression were finite: ``exp(log(x))`` and ``sqrt(x)**2`` become ``x``, ``x/x``
    becomes 1. Single stages are simplified in programs too, such as ``0*x`` to 0. Where the whole
    loss simplifies to NaN or an infinity, the gradient is NaN.

    What has no formula in its entries (eigenvectors, larger systems and factors, the order of
    entries, an index that is a value) is a call of NumPy: one stage that returns all entries of the
    result, with another call for what it passes back, written beside it over plain NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(params, x, *, xp=np):
    ...     return xp.mean(xp.tanh(params["w"] * x) ** 2)
    >>> data = {"x": [0.5, 2.0, 3.5]}
    >>> problem = gm.Problem(loss, {"w": np.array(0.7)}, data, examples="x")
    >>> prepared = Analytical().prepare(problem)
    >>> prepared.formula("w")
    2*x*tanh(w*x)/cosh(w*x)**2
    >>> prepared(problem.params).gradient["w"].round(6)
    np.float64(0.422065)
    >>> print(prepared.source())
    def program(params, data, N):
        (w,) = params
        (x,) = data
        ...
    """

    form: str = "auto"
    budget: int = BUDGET

    family: ClassVar[str] = "analytical"
    exact: ClassVar[bool] = True
    black_box: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise UnknownName.among("form", self.form, FORMS)
        if self.budget < 1:
            raise InvalidOption(f"budget must be a positive number of steps, got {self.budget!r}.")

    @property
    def name(self) -> str:
        """``analytical``, with the form behind a colon if it was asked for."""
        return "analytical" if self.form == "auto" else f"analytical:{self.form}"

    @property
    def style(self) -> Style:
        """How it is drawn in every figure, and its label."""
        return FORMS[self.form].style

    @property
    def label(self) -> str:
        """Its name for readers."""
        return self.style.label

    @property
    def _form(self) -> str:
        """The form that is taken."""
        return "cse" if self.form == "auto" else self.form

    @property
    def derivation(self) -> tuple[float, float]:
        """Seconds a and exponent p: preparing for n parameters takes about a nᵖ."""
        return FORMS[self.form].derivation

    @property
    def repeats(self) -> bool:
        """Whether the program computes again what several partial derivatives have in common."""
        return FORMS[self.form].repeats

    def obstacle(self, problem: Problem) -> str | None:
        """Say why there are no formulas of this loss, or none within the budget; None if there are.

        Takes seconds at most: the loss is built and the formulas are estimated, not derived.
        """

        def attempt() -> None:
            self._planned(problem, Stopwatch())
            check_same(problem)

        return refusal(attempt)

    def count_operations(self, problem: Problem) -> int:
        """Count the operators and function calls of a program, which is not written for it.

        They are counted on the stages, exactly, in time linear in their number, also where formulas
        written out would fill any memory.

        Returns
        -------
        int
            Of one evaluation of the loss and all partial derivatives (of the first example).

        Raises
        ------
        BudgetExceeded
            If the loss has too many stages.

        Examples
        --------
        >>> import gradmethods as gm
        >>> deep = gm.problems.get("mlp", widths=(2, *[2] * 20, 1), batch=2)
        >>> gm.Analytical("cse").count_operations(deep)
        747
        >>> gm.Analytical("expanded").count_operations(deep)
        562949326373853
        """
        from gradmethods.engines.symbolic.derive import count_operations

        return count_operations(problem, self._form, self.budget)

    def prepare(self, problem: Problem) -> PreparedAnalytical:
        """Build, prove, derive and compile.

        Raises
        ------
        BudgetExceeded
            If the formulas would be too large.
        InvalidProblem
            If the loss is not proven to be the mean or the sum over its examples.
        UnsupportedOperation
            If the loss leaves the namespace `xp`.
        """
        watch = Stopwatch()
        cases = self._planned(problem, watch)
        cases.at(problem.data)
        prepared = PreparedAnalytical(problem, watch.seconds, cases)
        check_same(problem)
        if problem.seen is not None:
            points = problem.seen.points(problem)
            values = [float(prepared(problem.structure.restore(at)).value) for at, _ in points]
            check_formulas(problem, values, cases.form)
        return prepared

    def _planned(self, problem: Problem, watch: Stopwatch) -> Cases:
        """Build, prove and estimate."""
        from gradmethods.engines.symbolic.cases import Cases

        cases = Cases(problem, self._form, self.budget, watch)
        cases.plan(problem.data)
        return cases


class PreparedAnalytical(PreparedGradient):
    """Formulas of a loss and its partial derivatives, and their program.

    Attributes
    ----------
    form : {"cse", "expanded", "chain-rule"}
        The form of the formulas: the one that was chosen, where ``"auto"`` was asked for.
    announced : float
        Seconds that preparing was expected to take.
    symbols : dict of str to numpy.ndarray
        The SymPy symbols of parameters (a bare array under the name ``""``) and floating-point
        data, in object arrays; for data in `examples` those of one example.
    operations : int
        Operators and function calls in one evaluation of the program, for one example.
    """

    forward_passes = 0
    value_passes = 0

    def __init__(self, problem: Problem, preparation: dict[str, float], cases: Cases) -> None:
        from gradmethods.engines.symbolic.run import Runner

        super().__init__(problem, preparation)
        self._cases = cases
        self._runner = Runner(cases)
        self._others: dict[frozenset[str], Runner] = {}
        self.form, self.announced = cases.form, cases.announced
        self.symbols = {**cases.builder.params, **cases.builder.data}
        self.operations = cases.of(0).program.operations

    def formula(
        self,
        name: str = BARE,
        index: int | tuple[int, ...] = (),
        *,
        latex: bool = False,
        example: int = 0,
    ) -> Any:
        """Return the formula of one partial derivative (of one example's loss).

        It is closed in the forms ``"expanded"`` and ``"cse"``, where SymPy merges what the program
        computes one by one; in the form ``"chain-rule"`` it refers to the names of stages, which
        `definitions` resolves.

        Parameters
        ----------
        name : str
            Of the parameter array; ``""``, the default, for a bare one.
        index : int or tuple of int
            Of the entry; ``()`` for a scalar.
        latex : bool
            Whether to return LaTeX instead of the SymPy expression.
        example : int
            Whose integers and booleans stand in the formula, where `examples` has such data.

        Returns
        -------
        sympy.Expr or str

        Raises
        ------
        UnknownName
            If no parameter has this name.
        ShapeMismatch
            If the array has no such entry, or the problem no such example.
        BudgetExceeded
            If a closed formula is too long or nested too deeply to be handled.
        """
        shapes = self.problem.structure.shapes
        if name not in shapes:
            raise UnknownName.among("parameter", name, shapes)
        entry = index if isinstance(index, tuple) else (index,)
        shape = shapes[name]
        if len(entry) != len(shape) or not all(
            0 <= i < n for i, n in zip(entry, shape, strict=True)
        ):
            raise ShapeMismatch(
                f"Parameter {name!r} has shape {shape}: index {index} names no entry of it. Give "
                "one number per axis, counted from 0."
            )
        return _shown(self.formulas(example).partial(name, entry), latex=latex)

    def latex(
        self, name: str = BARE, index: int | tuple[int, ...] = (), *, example: int = 0
    ) -> str:
        """Return the LaTeX of ``formula(name, index)``."""
        text: str = self.formula(name, index, latex=True, example=example)
        return text

    @property
    def loss_formula(self) -> Any:
        """The SymPy expression of the loss (of the first example)."""
        return self.formulas(0).loss

    @property
    def definitions(self) -> Mapping[Any, Any]:
        """What the names in formulas stand for (of the first example), each before its uses.

        Only the form ``"chain-rule"`` has such names; ``d_…`` is the derivative of the loss by what
        stands behind. Look up a symbol or its name.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> def loss(w, *, xp=np):
        ...     return xp.tanh(3 * w) ** 2
        >>> prepared = gm.Analytical("chain-rule").prepare(gm.Problem(loss, np.array(0.7)))
        >>> prepared.formula()
        3*d_multiply1
        >>> for name, expr in prepared.definitions.items():
        ...     print(name, "=", expr)
        multiply1 = 3*x
        tanh1 = tanh(multiply1)
        pow1 = tanh1**2
        d_tanh1 = 2*tanh1
        d_multiply1 = d_tanh1/cosh(multiply1)**2
        """
        definitions: Mapping[Any, Any] = self.formulas(0).definitions
        return definitions

    def source(self) -> str:
        """Return the straight-line program (of the first example's case).

        Over small batches of examples its alike lines are computed together, as rows of an array.
        """
        return self._cases.of(0).program.source

    def formulas(self, example: int = 0) -> Any:
        """Return all formulas of an example."""
        examples = self.problem.examples
        count = len(self.problem.data[examples[0]]) if examples else 1
        if not 0 <= example < count:
            raise ShapeMismatch(f"The problem has {count} examples, counted from 0, not {example}.")
        return self._cases.of(example).formulas

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        result = self._runner_for(data)(params, data)
        return result[0], self.problem.structure.split(result[1:])

    def _runner_for(self, data: Arrays) -> Runner:
        """Return the formulas for data, which may hold infinities where the problem's do not."""
        if data is self.problem.data or not self._minds_infinities:
            return self._runner
        names = unbounded(data)
        if names <= unbounded(self.problem.data):
            return self._runner
        if names not in self._others:
            from gradmethods.engines.symbolic.cases import Cases
            from gradmethods.engines.symbolic.run import Runner

            budget = self._cases.builder.limit.steps
            self._others[names] = Runner(
                Cases(self.problem.replace(data=data), self.form, budget, Stopwatch())
            )
        return self._others[names]

    @cached_property
    def _minds_infinities(self) -> bool:
        return Slopes(record(self.problem), self.problem.data).traps()


def _shown(expr: Any, *, latex: bool) -> Any:
    if not latex:
        return expr
    import sympy

    return sympy.latex(expr)
