"""The lists of what a run shows: its index, its captions, and how each figure or table is cited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradmethods.output.files import PROVENANCE, read_from, write_json, write_text
from gradmethods.output.items import Item, captions_text
from gradmethods.report.cite import bibliography


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
