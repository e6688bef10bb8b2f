"""The HTML report: one file that holds everything and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from gradmethods.output.caption import commit
from gradmethods.output.files import ACCURACY, CLAIMS, RECORDS
from gradmethods.output.items import Item
from gradmethods.output.typeset import is_numeric
from gradmethods.report.derivations_written import section as formulas_section
from gradmethods.report.exhibits.tab_slopes import slopes_table
from gradmethods.report.inline import inline
from gradmethods.report.recorded import Recorded
from gradmethods.report.sections import READING, Written
from gradmethods.studies.derivations import Derivation


@dataclass(frozen=True)
class Content:
    """The content of a report.

    Attributes
    ----------
    sections : sequence of (Section, list of Item)
        Its figures and tables, in this order.
    run : str
        Its name.
    origin : dict or None
        Its provenance.
    recorded : Recorded
        The records, as data frames.
    findings : sequence of str
        What it found about accuracy.
    reservations : sequence of str
        What to know before reading.
    bibtex : str
        How to cite it.
    derivations : sequence of Derivation
        Formulas to show, with their proofs.
    """

    sections: Written
    run: str
    origin: Mapping[str, Any] | None
    recorded: Recorded
    findings: Sequence[str]
    reservations: Sequence[str]
    bibtex: str
    derivations: Sequence[Derivation] = ()

    @property
    def items(self) -> list[Item]:
        """All figures and tables."""
        return [item for _, own in self.sections for item in own]

    @property
    def method(self) -> list[str]:
        """How everything was obtained: what the captions share, each sentence once."""
        return list(dict.fromkeys(words for item in self.items for words in item.caption.shared))


def page(out: Path, content: Content) -> str:
    """Return the report as HTML; the SVG figures in `out`, the run's folder, are put into it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradmethods.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    costs, slopes = content.recorded.costs, content.recorded.slopes
    glyphs: dict[str, str] = {}
    drawings = {
        item.id: inline(
            item.id, (out / f"figures/{item.id}.svg").read_text(encoding="utf-8"), glyphs
        )
        for item in content.items
        if item.kind == "figure"
    }
    found = dict(content.sections)
    measured = int((costs["outcome"] == "measured").sum())
    return environment.get_template("report.html.jinja").render(
        run=content.run,
        origin=content.origin,
        commit=commit(content.origin or {}),
        timed=content.recorded.has(RECORDS),
        judged=content.recorded.has(ACCURACY),
        decided=content.recorded.has(CLAIMS),
        sections=[each for each in content.sections if each[0] is not READING],
        reading=found.get(READING, []),
        findings=content.findings,
        drawings=drawings,
        formulas=formulas_section(content.derivations, glyphs),
        glyphs=Markup("".join(glyphs[name] for name in sorted(glyphs))),  # noqa: S704  # outlines
        numeric={item.id: _numeric(item.shown) for item in content.items if item.shown is not None},
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
