"""The HTML report: one file that holds everything and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from gradmethods.output.caption import commit
from gradmethods.output.files import ACCURACY, CLAIMS, RECORDS
from gradmethods.output.items import Drawing, Item, Table
from gradmethods.output.typeset import is_numeric
from gradmethods.providers.registry import style_of
from gradmethods.report.derivations_written import section as formulas_section
from gradmethods.report.exhibit import ANSWER, READING, Written
from gradmethods.report.inline import Shared, inline
from gradmethods.report.recorded import Recorded
from gradmethods.studies.derivations import Derivation

HEADLINE = "fig-ratio-width"
"""The figure that stands with the answer."""

FEW = 12
"""Rows up to which a table is shown whole."""

LONG, MIDDLING = 45, 26
"""Letters from which the texts of a column break, into a wide or a less wide one."""


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
    answer : sequence of str
        Which method for which n, in sentences.
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
    answer: Sequence[str]
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


@dataclass(frozen=True)
class Shown:
    """A table as the page writes it.

    Attributes
    ----------
    heads : list of str
        Of its columns.
    rows : list of (list of str, bool)
        Cells, and whether the page shows them without being asked.
    numeric : list of int
        The columns of numbers.
    folded : str
        Which rows are shown without being asked; empty if all are.
    """

    heads: list[str]
    rows: list[tuple[list[str], bool]]
    numeric: list[int]
    folded: str


@dataclass(frozen=True)
class Drawn:
    """A figure as the page holds it: for wide screens, for narrow ones, colours by method."""

    wide: Markup
    narrow: Markup | None
    colours: dict[str, str]


def page(out: Path, content: Content) -> str:
    """Return the report as HTML; the SVG figures in `out`, the run's folder, are put into it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradmethods.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    costs = content.recorded.costs
    tables = {i.id: _shown(i.thing) for i in content.items if isinstance(i.thing, Table)}
    figures = [item.thing for item in content.items if isinstance(item.thing, Drawing)]
    shared = Shared()
    drawings = {each.id: _drawn(out, each, f"f{k}", shared) for k, each in enumerate(figures)}
    outlines = shared.outlines  # whose styles are on the sheet, too
    measured = int((costs["outcome"] == "measured").sum())
    found = {section.id: items for section, items in content.sections}
    first = [*found.get(ANSWER.id, []), *(i for i in content.items if i.id == HEADLINE)]
    return environment.get_template("report.html.jinja").render(
        css=_file("page.css"),
        script=_file("page.js"),
        columns=_columns(tables) + Markup(shared.style_sheet),  # noqa: S704  # our own drawings'
        run=content.run,
        origin=content.origin,
        commit=commit(content.origin or {}),
        phases=_phases(content.origin or {}),
        timed=content.recorded.has(RECORDS),
        judged=content.recorded.has(ACCURACY),
        decided=content.recorded.has(CLAIMS),
        answer=content.answer,
        first=first,
        sections=[
            (section, rest)
            for section, items in content.sections
            if section not in (ANSWER, READING)
            and (rest := [item for item in items if item not in first])
        ],
        counted=_counted,
        reading=found.get(READING.id, []),
        findings=content.findings,
        drawings=drawings,
        outlines=outlines,
        tables=tables,
        formulas=formulas_section(content.derivations),
        method=content.method,
        reservations=content.reservations,
        measured=measured,
        gaps=len(costs) - measured,
        bibtex=content.bibtex,
    )


def _file(name: str) -> Markup:
    return Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))  # noqa: S704  # ours


def _shown(table: Table) -> Shown:
    frame = table.shown
    matters = [True] * len(frame) if table.matters is None else [bool(x) for x in table.matters]
    # A few rows are not worth a fold.
    few = len(frame) <= FEW or not any(matters) or all(matters)
    rows = [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    return Shown(
        [str(column) for column in frame],
        [(row, few or shown) for row, shown in zip(rows, matters, strict=True)],
        [place for place, column in enumerate(frame) if is_numeric(frame[column])],
        "" if few else table.which,
    )


def _columns(tables: Mapping[str, Shown]) -> Markup:
    """Align numbers, and let long texts break: by column, as a class in each cell takes more."""
    rules: dict[str, list[str]] = {}
    for name, table in tables.items():
        for place in range(len(table.heads)):
            longest = max((len(row[place]) for row, _ in table.rows), default=0)
            rule = (
                "text-align: right"
                if place in table.numeric
                else "white-space: normal; min-width: 12rem"
                if longest > LONG
                else "white-space: normal; min-width: 7rem"
                if longest > MIDDLING
                else ""
            )
            rules.setdefault(rule, []).append(f"#{name} tr>:nth-child({place + 1})")
            # Heads break at their blanks where cells are short.
            head = f"#{name} thead th:nth-child({place + 1})"
            if len(table.heads[place]) > longest:
                rules.setdefault("white-space: normal", []).append(head)
    lines = [f"{','.join(where)} {{ {rule} }}" for rule, where in rules.items() if rule]
    return Markup("\n".join(lines))  # noqa: S704  # names of our own tables


def _drawn(out: Path, drawing: Drawing, prefix: str, shared: Shared) -> Drawn:
    name = drawing.id
    alt = drawing.alt or f"{drawing.caption.title}. {drawing.caption.text}"

    def read(prefix: str, stem: str, **more: Any) -> Any:
        svg = (out / f"figures/{stem}.svg").read_text("utf-8")
        return inline(prefix, svg, alt, shared=shared, **more)

    narrow = out / f"figures/{name}-column.svg"
    return Drawn(
        read(prefix, name, values=drawing.values),
        read(f"{prefix}n", narrow.stem) if "column" in drawing.sizes and narrow.exists() else None,
        {method: style_of(method).colour for method in drawing.values},
    )


def _counted(items: Sequence[Item]) -> str:
    """Say what a part holds."""
    kinds = [item.kind for item in items]
    return ", ".join(
        f"{number} {kind}{'' if number == 1 else 's'}"
        for kind in ("figure", "table")
        if (number := kinds.count(kind))
    )


def _phases(origin: Mapping[str, Any]) -> str:
    """Say what the parts of a run took, if it was recorded."""
    phases = origin.get("phases") or {}
    return ", ".join(f"{name} {seconds:.0f}" for name, seconds in phases.items())
