"""What the commands `graph` and `formulas` print or write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from gradmethods.core.naming import brief
from gradmethods.core.problem import Problem
from gradmethods.engines.graph import Graph
from gradmethods.engines.tape import count_factors, trace
from gradmethods.errors import InvalidOption
from gradmethods.output.files import check_target, csv_text, write_text
from gradmethods.report import graph_text

CHAIN = ("w_h", "b_h")
"""Parameters of the article's network whose partial derivatives it shows to share factors."""


def show_graph(
    problem: Problem,
    out: Path | None = None,
    *,
    form: str = "",
    shown: Collection[str] = (),
    shared: Sequence[str] | None = None,
    layout: str = "auto",
) -> str:
    """Draw the graph of a problem's loss into a file, or return it as text.

    Parameters
    ----------
    problem : Problem
        Whose loss to record.
    out : pathlib.Path, optional
        Where to write: a picture (SVG, PDF or PNG, after the suffix), or the text that `form` says.
    form : {"", "dot", "data"}
        ``"dot"``: the DOT language; ``"data"``: CSV, a row per node in full precision.
    shown : collection of {"values", "cotangents", "recognised", "findings"}
        What stands at the nodes: their values and cotangents; what backpropagation recognises,
        such as σ, as one node; in a picture, numbers at operations that `gm.explain` tells of.
    shared : sequence of str, optional
        Parameters whose common factors are marked; of the article's network w_h and b_h.
    layout : {"auto", "own", "graphviz"}
        Who decides where nodes stand.

    Returns
    -------
    str
        The text; empty if a file was written.
    """
    values, cotangents, recognised, findings = (
        name in shown for name in ("values", "cotangents", "recognised", "findings")
    )
    if findings and (recognised or form or out is None):
        raise InvalidOption(
            "What explains NaN and lost digits is drawn into a picture, at the operations as the "
            "loss has them: give --out, and neither --recognise, --dot nor --data; or use "
            "gradmethods explain."
        )
    if out is not None:
        check_target(out)
        if not form:
            from gradmethods.output.figures import check_format

            check_format(out)
    found = trace(problem, recognised=recognised)
    if out is not None and not form:
        from gradmethods.output.figures import save
        from gradmethods.report.graph_figure import draw_graph

        if shared is None:
            shared = CHAIN if problem.structure.shapes.keys() >= set(CHAIN) else ()
        explanation = None
        if findings:
            from gradmethods.comparison.explain import explain

            explanation = explain(problem)
        figure = draw_graph(
            found,
            values=values,
            cotangents=cotangents,
            shared=shared,
            explanation=explanation,
            layout=layout,
        )
        title = f"Computational graph of {problem.name}"
        save(figure, out, title=title, caption=_factors(found.graph))
        return ""
    if form == "dot":
        text = graph_text.dot(found, values=values, cotangents=cotangents)
    elif form == "data":
        text = csv_text(graph_text.frame(found))
    else:
        text = graph_text.table(found, values=values, cotangents=cotangents)
        text += f"\n{_factors(found.graph)}\n"
    if out is None:
        return text
    write_text(out, text)
    return ""


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
        LaTeX, or a sentence if a file was written.
    proven : bool
        Whether SymPy proved every equation.
    """
    from gradmethods.output.figures import check_format, save
    from gradmethods.report import derivations_written
    from gradmethods.studies import derivations

    if out is not None:
        check_target(out)
        check_format(out, ("html", "tex"))
    found = [derivations.derive(name) for name in names or derivations.NAMES]
    proven = all(each.proven == each.entries for each in found)
    text = "".join(f"{each.title}: {derivations_written.verdict(each)}.\n" for each in found)
    if out is None:
        return derivations_written.latex(found), proven
    if out.suffix == ".html":
        write_text(out, derivations_written.page(found))
    elif out.suffix == ".tex":
        write_text(out, derivations_written.latex(found))
    else:
        save(
            derivations_written.figure(found), out, title="Derivations of the article", caption=text
        )
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
