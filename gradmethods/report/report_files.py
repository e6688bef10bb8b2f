"""A run's folder, from its records: figures, tables, the HTML page, captions and the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradmethods.output.caption import provenance_line
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    faults_of,
    read_from,
    read_json,
    read_origin,
    read_records,
    records_so_far,
    write_json,
    write_text,
)
from gradmethods.output.items import Item, Pace, Writer, captions_text
from gradmethods.report import exhibits
from gradmethods.report.answer import methods_frame, sentences
from gradmethods.report.caveats import caveats
from gradmethods.report.cite import bibliography, name_of_run
from gradmethods.report.exhibit import SECTIONS, write_exhibits
from gradmethods.report.findings import findings
from gradmethods.report.page import Content, page
from gradmethods.report.recorded import Recorded
from gradmethods.studies.derivations import Derivation

WORDS = ("date", "command", "python")
"""Entries of a provenance that are texts."""


def write(out: Path, pace: Pace | None = None) -> list[Path]:
    """Write everything that follows from the records in `out`: of cost, of accuracy, or of both."""
    accuracy = records_so_far(out / ACCURACY)
    # A run of the accuracy report has no records of cost, and needs none.
    records = read_records(out / RECORDS) if not accuracy else records_so_far(out / RECORDS)
    origin = read_origin(out / PROVENANCE)
    with read_from(out / PROVENANCE):
        source = provenance_line(origin)
        if origin is not None and not all(isinstance(origin[name], str) for name in WORDS):
            raise TypeError(f"each of {', '.join(WORDS)} must be a text")
    run = name_of_run(out)
    recorded = Recorded(records, accuracy, records_so_far(out / CLAIMS))
    derivations = _derivations(out / DERIVATIONS)
    with read_from(out / RECORDS):
        costs, floors = recorded.costs, recorded.noise
        answer = sentences(methods_frame(recorded))
    writer = Writer(out, f"{source} Run {run}.", pace or Pace())
    found = write_exhibits(writer, exhibits, recorded)
    sections = [(section, found[section.id]) for section in SECTIONS if section.id in found]
    items = [item for _, shown in sections for item in shown]
    with read_from(out / ACCURACY):
        found_out = findings(accuracy)
    with read_from(out / PROVENANCE):
        own = bibliography(run, origin)
        reservations = caveats(origin, costs, floors, faults_of(out))
    content = Content(
        sections=sections,
        run=run,
        origin=origin,
        recorded=recorded,
        findings=found_out,
        reservations=reservations,
        answer=answer,
        bibtex=own,
        derivations=derivations,
    )
    written = [
        write_text(out / "report.html", page(out, content)),
        *write_listing(out, items, run, origin, source, content.method),
    ]
    return [*written, *(out / file for item in items for file in item.files)]


def _derivations(path: Path) -> list[Derivation]:
    with read_from(path):
        return [Derivation.from_record(record) for record in read_json(path, list) or ()]


def write_listing(
    out: Path,
    items: Sequence[Item],
    run: str,
    origin: Mapping[str, Any] | None,
    source: str,
    method: Sequence[str] = (),
) -> list[Path]:
    """Write the lists of the figures and tables of a run.

    Parameters
    ----------
    out : pathlib.Path
        The run's folder.
    items : sequence of Item
        What was written.
    run : str
        Its name.
    origin : dict or None
        Its provenance.
    source : str
        The same in a sentence.
    method : sequence of str
        How everything was obtained.
    """
    with read_from(out / PROVENANCE):
        entries = [item.entry() for item in items]
        references = bibliography(run, origin, entries)
    key = f"Each is in `references.bib`, under `gradmethods-{run}-…` and its name."
    captions = captions_text(items, source, key)
    if method:
        captions += "\n".join(
            ["\n## How it was measured\n", *(f"- {words}" for words in method), ""]
        )
    return [
        write_text(out / "captions.md", captions),
        write_text(out / "references.bib", references),
        write_json(out / "index.json", {"run": run, "provenance": origin, "items": entries}),
    ]
