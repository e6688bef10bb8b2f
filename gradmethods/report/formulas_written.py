"""Formulas of any small loss for readers: as text, as LaTeX, as a picture."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph.names import Names
from gradmethods.engines.tape import trace
from gradmethods.errors import BudgetExceeded
from gradmethods.output.figures import check_format, save
from gradmethods.output.files import check_target, write_text
from gradmethods.output.style import RC
from gradmethods.providers import Analytical
from gradmethods.report.derivations_written import MARGIN, SIZE, Sheet, document, drawn, in_math

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 200
"""Equations that are written: nobody reads more."""

NEAR = 1e-3
"""How far from the point values are told apart: zeros of a bias make two of them equal there."""

WIDEST, HIGHEST = 96, 5
"""Letters and lines of a formula that is set in two dimensions in a text."""


@dataclass(frozen=True, eq=False)
class Formulas:
    """The formulas of a loss and its partial derivatives: definitions, the loss, the partials.

    They show themselves as mathematics in notebooks, and as text where they are printed.

    Attributes
    ----------
    title : str
    equations : tuple of (str, sympy.Expr)
        What is defined, in LaTeX where it is a derivative, and its formula.
    """

    title: str
    equations: tuple[tuple[Any, Any], ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.title}.", "", *self._lines()]) + "\n"

    def _lines(self) -> Iterator[str]:
        import sympy

        for left, right in self.equations:
            name = str(left)
            equation = sympy.Eq(sympy.Symbol(name), right, evaluate=False)
            rows = sympy.pretty(equation, use_unicode=True, num_columns=999).split("\n")
            if len(rows) > HIGHEST or max(map(len, rows)) > WIDEST:
                rows = [f"{name} = {right}"]
            yield from (row.rstrip() for row in rows)

    @property
    def latex(self) -> str:
        r"""The equations as LaTeX: ``\begin{align*} … \end{align*}`` of amsmath."""
        rows = " \\\\\n".join(f"{left} &= {right}" for left, right in self._typeset())
        return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}\n"

    def _typeset(self) -> Iterator[tuple[str, str]]:
        import sympy

        for left, right in self.equations:
            yield _latex_of(str(left)), sympy.latex(right)

    def _repr_latex_(self) -> str:
        rows = " \\\\\n".join(f"{left} &= {right}" for left, right in self._typeset())
        return f"$\\begin{{aligned}}\n{rows}\n\\end{{aligned}}$"

    def figure(self) -> Figure:
        """Draw the equations, one below the other."""
        sheet = Sheet()
        with mpl.rc_context(RC):
            sheet.line(MARGIN, [self.title], 1.1 * SIZE, weight="bold")
            for left, right in self._typeset():
                sheet.line(MARGIN, [in_math(f"{left} = {right}")], SIZE)
            return drawn(sheet)

    def save(self, out: Path | str) -> None:
        """Write the formulas to a file, after its suffix: TEX that compiles, SVG, PDF or PNG."""
        path = Path(out)
        check_target(path)
        check_format(path, ("tex",))
        if path.suffix != ".tex":
            save(self.figure(), path, title=self.title)
            return
        width = 72 * self.figure().get_size_inches()[0]
        write_text(path, document(f"{self.title}.\n{self.latex}", width))


def formulas(problem: Problem, form: str = "chain-rule") -> Formulas:
    """Return the formulas of a loss and its partial derivatives, to be printed, drawn or saved.

    Parameters
    ----------
    problem : Problem
        A small one: of a mean over `examples` the formulas are those of one example.
    form : {"chain-rule", "cse", "expanded"}
        As for `gm.Analytical`: with names for stages, or closed.

    Raises
    ------
    BudgetExceeded
        If there are more equations than anybody reads.
    UnsupportedOperation
        If the loss has no formula.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(p, x, *, xp=np):
    ...     return (p["a"] * xp.exp(p["b"] * x) - 1) ** 2
    >>> problem = gm.Problem(loss, {"a": 1.0, "b": 2.0}, {"x": 0.5})
    >>> print(gm.formulas(problem, "expanded"))
    The loss 'loss', and its partial derivatives.
    <BLANKLINE>
                    2
        ⎛   b⋅x    ⎞
    L = ⎝a⋅ℯ    - 1⎠
              ⎛   b⋅x    ⎞  b⋅x
    ∂L/∂a = 2⋅⎝a⋅ℯ    - 1⎠⋅ℯ
                  ⎛   b⋅x    ⎞  b⋅x
    ∂L/∂b = 2⋅a⋅x⋅⎝a⋅ℯ    - 1⎠⋅ℯ
    <BLANKLINE>
    """
    prepared = Analytical(form).prepare(problem)
    shapes = problem.structure.shapes
    count = problem.size + len(prepared.definitions) + 1
    if count > MOST:
        one = "" if problem.examples else (
            "Pass what the loss averages over as data= and name it in examples=: then the formulas "
            "are those of one example. "
        )  # fmt: skip
        raise BudgetExceeded(
            f"The formulas of the loss {problem.name!r} are {count:,} equations; up to {MOST} are "
            f"written, because nobody could read more. {one}Take a smaller problem, or those of "
            f"single entries: gm.Analytical({form!r}).prepare(problem).formula(name, index)."
        )
    equations: list[tuple[Any, Any]] = [*prepared.definitions.items()]
    equations.append(("L", prepared.loss_formula))
    for name, shape in shapes.items():
        for index in np.ndindex(shape):
            symbol = prepared.symbols[name][index]
            equations.append((f"∂L/∂{symbol}", prepared.formula(name, index)))
    equations = _used(_renamed(equations, problem, prepared))
    whose = " of one example" if problem.examples else ""
    title = f"The loss {problem.name!r}{whose}, and its partial derivatives"
    return Formulas(title, tuple(equations))


def _renamed(
    equations: list[tuple[Any, Any]], problem: Problem, prepared: Any
) -> list[tuple[Any, Any]]:
    """Call stages what the drawing of the graph calls their values: as the loss, or v1, v2, ….

    They are told by their numbers beside the problem's point, for the first example if there are
    any: a stage is that value if all of its entries are those. One entry has its place behind the
    name, without that of the example, and the slope of one ``d_`` before it.
    """
    one = bool(problem.examples)
    called = _called(problem.on_examples([0]) if one else problem, prepared)
    parts = {symbol: _parts_of(symbol.name) for symbol in prepared.definitions}
    places: dict[str, set[str]] = {}
    for _, stage, place in parts.values():
        places.setdefault(stage, set()).add(place.partition("_")[0])
    new = {}
    for symbol, (slope, stage, place) in parts.items():
        if stage in called:
            of_example = one and places[stage] == {"0"}
            entry = place.partition("_")[2] if of_example else place
            name = f"{slope}{called[stage]}" + (f"_{entry}" if entry else "")
            new[symbol] = type(symbol)(name, **symbol.assumptions0)
    return [(new.get(left, left), right.xreplace(new)) for left, right in equations]


def _parts_of(label: str) -> tuple[str, str, str]:
    """Split the name of an equation: ``d_`` if it is a slope, the stage, the place of the entry."""
    slope = "d_" if label.startswith("d_") else ""
    stage, _, place = label.removeprefix(slope).partition("_")
    return slope, stage, place


def _called(problem: Problem, prepared: Any) -> dict[str, str]:
    """Return what the drawing calls the value of each stage, by the name of the stage."""
    drawing = trace(problem, recognised=True)
    names = Names(drawing.graph, drawing.names)
    nodes = tuple(node for node in names.nodes[:-1] if node.primitive is not None)
    point = _apart(problem)
    found = replace(drawing.graph, outputs=nodes).evaluate(point, problem.data)
    free = {names.of(node): np.ravel(x) for node, x in zip(nodes, found, strict=True)}
    stages = _numbers(prepared, {**point, **problem.data})
    own = set(drawing.names.values())
    called: dict[str, str] = {}
    for stage, numbers in stages.items():
        alike = [
            name
            for name, x in free.items()
            if x.size == len(numbers) and np.allclose(x, numbers, rtol=1e-12, atol=0)
        ]
        # Several are one value in several shapes: the user's own name is the one to read.
        unused = [name for name in alike if name not in called.values()]
        if unused:
            called[stage] = min(unused, key=lambda each: each not in own)
    return {stage: name for stage, name in called.items() if name not in prepared.symbols}


def _used(equations: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Leave out definitions that nothing uses: the loss may be written without its last stage."""
    kept: list[tuple[Any, Any]] = []
    seen: set[Any] = set()
    for left, right in reversed(equations):
        if isinstance(left, str) or left in seen:
            kept.append((left, right))
            seen |= right.free_symbols
    return kept[::-1]


def _apart(problem: Problem) -> Arrays:
    """Return a point close to the problem's, where no two values happen to be the same number."""
    rng = np.random.default_rng(0)
    point = problem.structure.check(problem.params)
    return {n: x + NEAR * rng.uniform(0.5, 1, x.shape) * (abs(x) + 1) for n, x in point.items()}


def _numbers(prepared: Any, inputs: dict[str, Any]) -> dict[str, list[float]]:
    """Return the entries of stages at a point, by the name of the stage, in their order."""
    known, stages = dict[Any, Any](), dict[str, list[float]]()
    for name, symbols in prepared.symbols.items():
        known |= dict(zip(np.ravel(symbols), np.ravel(inputs[name]), strict=True))
    for symbol, formula in prepared.definitions.items():
        with contextlib.suppress(TypeError):  # what stands for a branch has no number
            known[symbol] = float(formula.xreplace(known))
            stages.setdefault(symbol.name.partition("_")[0], []).append(known[symbol])
    return stages


def _latex_of(name: str) -> str:
    import sympy

    over, _, under = name.partition("/∂")
    if not under:
        return str(sympy.latex(sympy.Symbol(name)))
    symbol = sympy.latex(sympy.Symbol(under))
    return rf"\frac{{\partial {over.removeprefix('∂')}}}{{\partial {symbol}}}"
