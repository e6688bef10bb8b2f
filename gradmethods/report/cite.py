"""How to cite the software, a run, one figure or table of it, and the works that these lean on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gradmethods.errors import GradientError, UnknownName
from gradmethods.output.caption import commit, provenance_line
from gradmethods.output.disk import content_of
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    PROVENANCE,
    RECORDS,
    read_from,
    read_json,
    read_origin,
    write_text,
)
from gradmethods.output.terminal import fill
from gradmethods.report.works import WORKS, entry

AUTHOR = "The gradmethods developers"
SOFTWARE = "gradmethods: comparing ways to compute a gradient"
RUN = "gradmethods: three ways to compute a gradient, measured"

RELEASED = "2026-11-28"
"""The date of the version, as in ``CITATION.cff``."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""As styles of BibTeX know them."""

RUNS = (Path("results/latest"), Path("results/reference"))
"""Where a figure is looked for if no run is named."""


@dataclass(frozen=True)
class Citation:
    """One entry of a list of references, in two formats.

    Attributes
    ----------
    bibtex, text : str
        The entry.
    about : str
        Of a figure or table what an author needs beside it: caption, method, files and origin.
    """

    bibtex: str
    text: str
    about: str = ""


def run_name(records: bytes) -> str:
    """Name a run after its records: other numbers, another name."""
    return hashlib.sha256(records).hexdigest()[:10]


def name_of_run(folder: Path) -> str:
    """Return the name of a run: that of its provenance, or one that follows from its records."""
    given = (read_origin(folder / PROVENANCE) or {}).get("name")
    files = [content_of(folder / name) or b"" for name in (RECORDS, ACCURACY, CLAIMS)]
    return str(given or run_name(b"".join(files)))


def software() -> Citation:
    """Cite the software."""
    return _ours("gradmethods", SOFTWARE, f"Version {version('gradmethods')}", RELEASED)


def run_citation(run: str, origin: Mapping[str, Any] | None) -> Citation:
    """Cite a run.

    Parameters
    ----------
    run : str
        Its name.
    origin : dict or None
        Its provenance.
    """
    return _ours(f"gradmethods-{run}", RUN, f"Run {_where(run, origin)}", _date(origin))


def item_citation(item: Mapping[str, Any], run: str, origin: Mapping[str, Any] | None) -> Citation:
    """Cite a figure or a table of a run.

    Parameters
    ----------
    item : dict
        Its entry in the index of the run.
    run, origin
        As in `run_citation`.
    """
    kind, name = str(item["kind"]).capitalize(), item["id"]
    note = f"{kind} {name} of run {_where(run, origin)}"
    return _ours(f"gradmethods-{run}-{name}", str(item["title"]), note, _date(origin))


def work_citation(key: str) -> Citation:
    """Cite a work of literature."""
    return Citation(WORKS[key].bibtex(key), WORKS[key].text())


def bibliography(
    run: str, origin: Mapping[str, Any] | None, items: Iterable[Mapping[str, Any]] = ()
) -> str:
    """Return BibTeX entries of a run, of its figures and tables, and of all works.

    Parameters
    ----------
    run, origin
        As in `run_citation`.
    items : iterable of dict
        The entries of its index.
    """
    found = [run_citation(run, origin), *(item_citation(item, run, origin) for item in items)]
    return "\n".join(each.bibtex for each in [*found, *map(work_citation, WORKS)])


def cite(name: str | None = None, folder: Path | None = None) -> list[Citation]:
    """Cite what a user names.

    Parameters
    ----------
    name : str, optional
        A figure or table of a run, or the key of a work; by default the run itself or, if none is
        named, the software.
    folder : pathlib.Path, optional
        Of the run; by default that of the newest run where runs are written, or the committed one.

    Returns
    -------
    list of Citation
        Of a figure or table: its own first, then those of the works that it cites.

    Raises
    ------
    GradientError
        If there is no such run, or nothing of that name in it.
    """
    if name is None and folder is None:
        return [software()]
    if name in WORKS:
        return [work_citation(str(name))]
    places = RUNS if folder is None else (folder,)
    found = next((place for place in places if (place / "index.json").exists()), None)
    if found is None:
        raise GradientError(
            f"There is no run with figures and tables in {' or '.join(map(str, places))}. Name the "
            "folder of one with --run."
        )
    with read_from(found / "index.json"):
        run, origin, items = _indexed(found)
        if name is None:
            return [run_citation(run, origin)]
        if name not in items:
            raise UnknownName.among("figure, table or work", name, [*items, *WORKS])
        own = replace(
            item_citation(items[name], run, origin), about=_about(found, items[name], origin)
        )
        return [own, *_works(found, items[name])]


def write_references(folder: Path) -> Path:
    """Write ``references.bib`` of a run from its index."""
    with read_from(folder / "index.json"):
        run, origin, items = _indexed(folder)
        return write_text(folder / "references.bib", bibliography(run, origin, items.values()))


def _indexed(folder: Path) -> tuple[str, Mapping[str, Any] | None, dict[str, Mapping[str, Any]]]:
    """Read the name of a run, its provenance, and its figures and tables by name."""
    path = folder / "index.json"
    index: dict[str, Any] = read_json(path, dict)
    origin = index.get("provenance")
    # A run that keeps no records is named after what it lists.
    run = str(index.get("run") or run_name(content_of(path) or b""))
    return run, origin, {str(item["id"]): item for item in index["items"]}


def _works(folder: Path, item: Mapping[str, Any]) -> Sequence[Citation]:
    """Cite the works that a figure or table names, in its words or in its cells."""
    said = [str(item[name]) for name in ("title", "text", "method")]
    if item["kind"] == "table":
        said.append((content_of(folder / str(item["data"])) or b"").decode(errors="replace"))
    return [work_citation(key) for key, work in WORKS.items() if any(map(work.is_cited, said))]


def _about(folder: Path, item: Mapping[str, Any], origin: Mapping[str, Any] | None) -> str:
    """Say what a figure or table shows, how that was obtained, and where its files are."""
    parts = {
        "Caption": f"{item['title']}. {item['text']}",
        "Method": item["method"],
        "Files": ", ".join(str(folder / str(file)) for file in item.get("files") or [item["data"]]),
        "Run": provenance_line(origin) if {"machine", "packages"} <= set(origin or ()) else "",
    }
    return "\n".join(fill(f"{name}: {words}") for name, words in parts.items() if words)


def _where(run: str, origin: Mapping[str, Any] | None) -> str:
    """Say where numbers come from, as far as a reader of a paper needs it."""
    origin = origin or {}
    machine = origin.get("machine") or {}
    version = (origin.get("packages") or {}).get("gradmethods") or "unreleased"
    cores = f", {machine['cores']} cores" if machine.get("cores") else ""
    return (
        f"{run}, gradmethods {version}, {commit(origin)}, "
        f"{_date(origin) or 'no date'}, on {machine.get('processor', 'an unknown machine')}{cores}"
    )


def _date(origin: Mapping[str, Any] | None) -> str:
    return str((origin or {}).get("date", ""))[:10]


def _ours(key: str, title: str, note: str, date: str) -> Citation:
    """Cite something of ours: all of it stands in fields that every style prints."""
    year, _, month = date[:7].partition("-")
    fields = {"author": AUTHOR, "title": title, "howpublished": note}
    fields |= {"year": year} if year else {}
    fields |= {"month": MONTHS[int(month) - 1]} if month.isdecimal() else {}
    line = f"{AUTHOR}. {title}. {note}{f', {year}' if year and year not in note else ''}."
    return Citation(entry("misc", key, fields, whole=True), line)
