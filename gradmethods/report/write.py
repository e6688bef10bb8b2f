"""A run's folder: every figure, table, caption and the HTML page, from the records in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradmethods.errors import GradientError
from gradmethods.output.caption import provenance_line
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    read_from,
    read_json,
    read_records,
    records_so_far,
    write_json,
    write_text,
)
from gradmethods.output.items import Item, Writer
from gradmethods.report import frames
from gradmethods.report.accuracy.captions import METHOD as ACCURACY_METHOD
from gradmethods.report.accuracy.sections import SECTIONS
from gradmethods.report.accuracy.text import findings
from gradmethods.report.captions import METHOD
from gradmethods.report.caveats import caveats
from gradmethods.report.cite import bibliography, run_name
from gradmethods.report.claims import SECTION as LEDGER
from gradmethods.report.cost import cost_items
from gradmethods.report.page import Content, page
from gradmethods.studies.derivations import Derivation

WORDS = ("date", "command", "python")
"""Entries of a provenance that are texts."""


def write(out: Path) -> list[Path]:
    """Write everything that follows from the records in `out`: of cost, of accuracy, or of both."""
    accuracy = records_so_far(out / ACCURACY)
    # A run of the accuracy report has no records of cost, and needs none.
    records = read_records(out / RECORDS) if not accuracy else records_so_far(out / RECORDS)
    origin = read_json(out / PROVENANCE, dict)
    with read_from(out / PROVENANCE):
        source = provenance_line(origin)
        if origin is not None and not all(isinstance(origin[name], str) for name in WORDS):
            raise TypeError(f"each of {', '.join(WORDS)} must be a text")
    run = run_name(b"".join(_content(out / name) for name in (RECORDS, ACCURACY, CLAIMS)))
    with read_from(out / RECORDS):
        costs = frames.costs_frame(records)
        slopes = frames.slopes_frame(costs)
    derivations = _derivations(out / DERIVATIONS)

    writer = Writer(out, f"{source} Run {run}.", brief=bool(records) and not _whole(origin))
    with read_from(out / RECORDS):
        items = cost_items(writer, records, costs, slopes) if records else []
    with read_from(out / ACCURACY):
        made = [(section, section.make(writer, accuracy)) for section in SECTIONS]
        found_out = findings(accuracy)
    judged = any(found for _, found in made)
    with read_from(out / CLAIMS):
        made.append((LEDGER, LEDGER.make(writer, records_so_far(out / CLAIMS))))
    sections = [(section, found) for section, found in made if found]
    everything = [*items, *(item for _, found in sections for item in found)]
    _check_distinct(everything)
    with read_from(out / PROVENANCE):
        entries = [item.entry() for item in everything]
        own, listed = bibliography(run, origin), bibliography(run, origin, entries)
        reservations = caveats(origin, costs, frames.noise_frame(records))
    index = {
        "run": run,
        "provenance": origin,
        "items": entries,
    }
    method = [*(METHOD if records else ()), *(ACCURACY_METHOD if judged else ())]
    content = Content(
        items=items,
        sections=sections,
        run=run,
        origin=origin,
        costs=costs,
        slopes=slopes,
        findings=found_out,
        reservations=reservations,
        method=method,
        bibtex=own,
        derivations=derivations,
    )
    extra = [
        write_text(out / "report.html", page(out, content)),
        write_text(out / "captions.md", _captions(everything, source, method, run)),
        write_text(out / "references.bib", listed),
        write_json(out / "index.json", index),
    ]
    return [*extra, *(out / file for item in everything for file in item.files)]


def _derivations(path: Path) -> list[Derivation]:
    with read_from(path):
        return [Derivation.from_record(record) for record in read_json(path, list) or ()]


def _whole(origin: Mapping[str, Any] | None) -> bool:
    """Tell whether a run had all the time that it wanted: then its report has, too."""
    return bool(origin) and (origin or {}).get("grid") == "full"


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _check_distinct(items: list[Item]) -> None:
    """Refuse two items of one name: the files of one would be those of the other."""
    names = [item.id for item in items]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise GradientError(
            f"Two figures or tables are called {repeated[0]!r}. Give problems names that differ in "
            "more than signs."
        )


def _captions(items: list[Item], source: str, method: list[str], run: str) -> str:
    key = f"`gradmethods-{run}-…`"
    parts = [f"# Captions\n\n{source}\n\nEach is in `references.bib`, under {key} and its name.\n"]
    parts += [f"## {item.id}\n\n**{item.caption.title}.** {item.caption.text}\n" for item in items]
    parts += ["## How it was measured\n", *(f"- {sentence}" for sentence in method)]
    return "\n".join(parts) + "\n"
