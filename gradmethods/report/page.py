"""The HTML report: one file that holds everything and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd
from markupsafe import Markup

from gradmethods.output.caption import commit
from gradmethods.output.typeset import is_numeric
from gradmethods.report.formulas import section as formulas_section
from gradmethods.report.inline import inline
from gradmethods.report.tables import slopes_table
from gradmethods.studies.derivations import Derivation

if TYPE_CHECKING:
    from gradmethods.output.items import Item
    from gradmethods.report.accuracy.sections import Section


@dataclass(frozen=True)
class Content:
    """The content of a report.

    Attributes
    ----------
    items : sequence of Item
        Figures and tables about cost, written; none if the run measured no cost.
    sections : sequence of (Section, list of Item)
        What follows them, in this order.
    run : str
        Its name.
    origin : dict or None
        Its provenance.
    costs, slopes : pandas.DataFrame
        From `gradmethods.report.frames`.
    findings : sequence of str
        What it found about accuracy.
    reservations : sequence of str
        What to know before reading.
    method : sequence of str
        How all was measured.
    bibtex : str
        How to cite it.
    derivations : sequence of Derivation
        Formulas to show, with their proofs.
    """

    items: Sequence[Item]
    sections: Sequence[tuple[Section, list[Item]]]
    run: str
    origin: Mapping[str, Any] | None
    costs: pd.DataFrame
    slopes: pd.DataFrame
    findings: Sequence[str]
    reservations: Sequence[str]
    method: Sequence[str]
    bibtex: str
    derivations: Sequence[Derivation] = ()


def page(out: Path, content: Content) -> str:
    """Return the report as HTML; the SVG figures in `out`, the run's folder, are put into it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradmethods.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    costs, slopes = content.costs, content.slopes
    everything = [*content.items, *(item for _, found in content.sections for item in found)]
    glyphs: dict[str, str] = {}
    drawings = {
        item.id: inline(
            item.id, (out / f"figures/{item.id}.svg").read_text(encoding="utf-8"), glyphs
        )
        for item in everything
        if item.kind == "figure"
    }
    rooms = {section.id for section, _ in content.sections}
    measured = int((costs["outcome"] == "measured").sum())
    return environment.get_template("report.html.jinja").render(
        run=content.run,
        origin=content.origin,
        commit=commit(content.origin or {}),
        items=content.items,
        sections=content.sections,
        judged=bool(rooms - {"claims"}),
        decided="claims" in rooms,
        findings=content.findings,
        drawings=drawings,
        formulas=formulas_section(content.derivations, glyphs),
        glyphs=Markup("".join(glyphs[name] for name in sorted(glyphs))),  # noqa: S704  # outlines
        numeric={item.id: _numeric(item.shown) for item in everything if item.shown is not None},
        method=content.method,
        reservations=content.reservations,
        measured=measured,
        gaps=len(costs) - measured,
        ratios=slopes_table(slopes[slopes["quantity"] == "ratio"]).to_dict("records"),
        reached=_reached(costs),
        bibtex=content.bibtex,
    )


def _reached(costs: pd.DataFrame) -> list[dict[str, Any]]:
    """Say how far each provider came, and at what price there."""
    from gradmethods.output import format as fmt
    from gradmethods.providers.registry import style_of

    rows = []
    done = costs[(costs["outcome"] == "measured") & (costs["sweep"] == "width")]
    for provider, group in done.groupby("provider", sort=False):
        last = group.iloc[-1]
        rows.append(
            {
                "label": style_of(str(provider)).label,
                "colour": style_of(str(provider)).colour,
                "n": fmt.count(last["n"]),
                "time": fmt.time(last["gradient_s"]),
                "ratio": fmt.interval(last["ratio"], last["ratio_low"], last["ratio_high"]),
                "error": fmt.error(last["error"]),
            }
        )
    return rows


def _numeric(shown: pd.DataFrame) -> list[bool]:
    return [is_numeric(shown[column]) for column in shown]
