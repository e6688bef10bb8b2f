"""The HTML report: one file that holds everything and asks the network for nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from gradmethods.report import frames
from gradmethods.report.captions import commit
from gradmethods.report.tables import slopes_table

if TYPE_CHECKING:
    from gradmethods.report.write import Item


def page(
    out: Path,
    items: Sequence[Item],
    *,
    run: str,
    origin: Mapping[str, Any] | None,
    costs: pd.DataFrame,
    slopes: pd.DataFrame,
    bibtex: str,
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the run; its SVG figures are put into the page.
    items : sequence of Item
        Figures and tables, written.
    run, origin, costs, slopes, bibtex
        Name and provenance of the run, its frames and its BibTeX.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradmethods.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = {item.id: item for item in items}
    drawings = {
        item.id: _inline(item.id, (out / f"figures/{item.id}.svg").read_text(encoding="utf-8"))
        for item in items
        if item.kind == "figure"
    }
    measured = int((costs["outcome"] == "measured").sum())
    noise = shown["tab-noise"].shown
    return environment.get_template("report.html.jinja").render(
        run=run,
        origin=origin,
        commit=commit(origin or {}),
        items=items,
        drawings=drawings,
        measured=measured,
        gaps=len(costs) - measured,
        ratios=slopes_table(slopes[slopes["quantity"] == "ratio"]).to_dict("records"),
        reached=_reached(costs),
        noise=[] if noise is None else noise.to_dict("records"),
        bibtex=bibtex,
    )


def _reached(costs: pd.DataFrame) -> list[dict[str, Any]]:
    """Say how far each provider came, and at what price there."""
    from gradmethods.report import format as fmt
    from gradmethods.report.style import look

    rows = []
    done = costs[(costs["outcome"] == "measured") & (costs["sweep"] == frames.SWEEPS[0])]
    for provider, group in done.groupby("provider", sort=False):
        last = group.iloc[-1]
        rows.append(
            {
                "label": look(str(provider)).label,
                "colour": look(str(provider)).colour,
                "n": fmt.count(last["n"]),
                "time": fmt.time(last["gradient_s"]),
                "ratio": fmt.interval(last["ratio"], last["ratio_low"], last["ratio_high"]),
                "error": fmt.error(last["error"]),
            }
        )
    return rows


def _inline(identifier: str, svg: str) -> Any:
    """Cut a drawing out of its file, and keep its ids apart from those of the other drawings."""
    from markupsafe import Markup

    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'\bid="', f'id="{identifier}-', drawing)
    drawing = re.sub(r'(href="#|url\(#)', rf"\g<1>{identifier}-", drawing)
    return Markup(drawing)  # noqa: S704  # our own drawing; names in it are outlines of letters
