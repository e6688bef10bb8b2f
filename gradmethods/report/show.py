"""What the commands `graph` and `formulas` print or write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

from gradmethods.core.naming import brief
from gradmethods.core.problem import Problem
from gradmethods.engines.graph import Graph
from gradmethods.engines.tape import count_factors, trace
from gradmethods.engines.tape.trace import Trace
from gradmethods.output.figures import save
from gradmethods.output.files import check_target, write_text
from gradmethods.output.style import RC
from gradmethods.report import graph_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gradmethods.comparison.explain import Explanation

CHAIN = ("w_h", "b_h")
"""Parameters of the article's network whose partial derivatives it shows to share factors."""


@dataclass(frozen=True, eq=False)
class LossGraph:
    """The computational graph of a loss, as a text, as a picture, or as data.

    It shows itself as a picture in notebooks, and as a table where it is printed.

    Attributes
    ----------
    trace : Trace
        The graph, and the values and cotangents at its nodes.
    title : str
    values, cotangents : bool
        Whether they stand at the nodes.
    shared : tuple of str
        Parameters whose common factors are marked in a picture.
    explanation : Explanation or None
        What is numbered in a picture: operations that make a NaN or lose digits.
    layout : {"auto", "own", "graphviz"}
        Who decides where the nodes of a picture stand.
    left_to_right : bool
        Whether the loss stands at the right, not on top.
    """

    trace: Trace
    title: str
    values: bool = False
    cotangents: bool = False
    shared: tuple[str, ...] = ()
    explanation: Explanation | None = None
    layout: str = "auto"
    left_to_right: bool = False

    def __str__(self) -> str:
        text = graph_text.table(self.trace, values=self.values, cotangents=self.cotangents)
        return f"{text}\n{self.factors}\n"

    def _repr_svg_(self) -> str:
        buffer = BytesIO()
        with mpl.rc_context(RC | {"svg.hashsalt": self.title}):
            self.figure().savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue().decode()

    @property
    def factors(self) -> str:
        """How many factors the chain rule multiplies, parameter by parameter."""
        return _factors(self.trace.graph)

    @property
    def dot(self) -> str:
        """The graph in the DOT language, for Graphviz and other tools."""
        return graph_text.dot(self.trace, values=self.values, cotangents=self.cotangents)

    def frame(self) -> pd.DataFrame:
        """Return a row per node, in full precision."""
        return graph_text.frame(self.trace)

    def figure(self) -> Figure:
        """Draw the graph."""
        from gradmethods.report.graph_figure import draw_graph

        return draw_graph(
            self.trace,
            values=self.values,
            cotangents=self.cotangents,
            shared=self.shared,
            explanation=self.explanation,
            layout=self.layout,
            left_to_right=self.left_to_right,
        )

    def save(self, out: Path | str) -> None:
        """Draw the graph into a file: SVG, PDF or PNG, after its suffix."""
        save(self.figure(), Path(out), title=self.title, caption=self.factors)


def graph(
    problem: Problem,
    *,
    values: bool = False,
    cotangents: bool = False,
    recognised: bool = True,
    shared: Sequence[str] | None = None,
    explain: bool = False,
    layout: str = "auto",
    left_to_right: bool = False,
) -> LossGraph:
    """Return the graph that backpropagation records of a loss, to be printed, drawn or saved.

    Values have the names of the variables of the loss, where it gives them any.

    Parameters
    ----------
    problem : Problem
        Whose loss to record.
    values, cotangents : bool
        Whether to show the values of the forward pass and the cotangents of the backward pass.
    recognised : bool, default True
        Whether to show what backpropagation recognises in the loss, such as σ, as one node.
    shared : sequence of str, optional
        Parameters whose common factors are marked; of the article's network w_h and b_h.
    explain : bool
        Whether to number what `gm.explain` tells of, at the operations as the loss has them.
    layout : {"auto", "own", "graphviz"}
        Who decides where nodes stand; ``"auto"`` is Graphviz where it is installed.
    left_to_right : bool
        Whether the loss stands at the right, as slides have room for, and not on top.

    Raises
    ------
    UnsupportedOperation
        If the loss leaves the namespace `xp`, or is a black box.

    Examples
    --------
    >>> import gradmethods as gm
    >>> print(gm.graph(gm.problems.get("network-1-1-1")))
    node            shape
    w_y             scalar
    w_h             scalar
    x               scalar
    v1 = w_h × x    scalar
    b_h             scalar
    z_h = v1 + b_h  scalar
    h = σ(z_h)      scalar
    v2 = w_y × h    scalar
    b_y             scalar
    z_y = v2 + b_y  scalar
    y = σ(z_y)      scalar
    t               scalar
    v3 = y − t      scalar
    L = v3²         scalar
    <BLANKLINE>
    Factors in the chain rule, without those that are always 1 or −1: 5 for w_h, 4 for b_h, 3 ...
    """
    if shared is None:
        shared = CHAIN if problem.structure.shapes.keys() >= set(CHAIN) else ()
    explanation = None
    if explain:
        from gradmethods.comparison.explain import explain as explained

        explanation = explained(problem)
    return LossGraph(
        trace(problem, recognised=recognised and not explain),
        f"Computational graph of {problem.name}",
        values,
        cotangents,
        tuple(shared),
        explanation,
        layout,
        left_to_right,
    )


def show_formulas(names: Sequence[str] = (), out: Path | None = None) -> tuple[str, bool]:
    """Derive gradients of the article's networks, and write them to a file or return them.

    Parameters
    ----------
    names : sequence of str
        As `gradmethods.studies.derivations.derive` takes them; all if there are none.
    out : pathlib.Path, optional
        Where to write: a page (HTML), LaTeX (TEX) or a picture (SVG, PDF or PNG).

    Returns
    -------
    text : str
        The article's derivations as text, or a sentence each if a file was written.
    proven : bool
        Whether SymPy proved every equation.
    """
    from gradmethods.output.figures import check_format
    from gradmethods.report import derivations_written
    from gradmethods.studies import derivations

    if out is not None:
        check_target(out)
        check_format(out, ("html", "tex"))
    found = [derivations.derive(name) for name in names or derivations.NAMES]
    proven = all(each.proven == each.entries for each in found)
    text = "".join(f"{each.title}: {derivations_written.verdict(each)}.\n" for each in found)
    if out is None:
        return derivations_written.text(found), proven
    if out.suffix == ".html":
        write_text(out, derivations_written.page(found))
        return text, proven
    figure = derivations_written.figure(found)
    if out.suffix == ".tex":
        width = 72 * figure.get_size_inches()[0]
        latex = derivations_written.latex(found)
        write_text(out, derivations_written.document(latex, width))
    else:
        save(figure, out, title="Derivations of the article", caption=text)
    return text, proven


def _factors(graph: Graph) -> str:
    factors = count_factors(graph)
    each = ", ".join(
        f"{len(chain)} for {brief(name) or 'x'}" for name, chain in factors.chains.items()
    )
    return (
        f"Factors in the chain rule, without those that are always 1 or −1: {each}; "
        f"{factors.written} if each partial derivative is written out, {factors.distinct} distinct."
    )
