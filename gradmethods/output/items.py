"""Figures and tables as items of a report: written in every format, and listed to be cited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import FORMATS, save
from gradmethods.output.files import csv_text, write_text
from gradmethods.output.typeset import write_table


@dataclass(frozen=True)
class Drawing:
    """A figure to be written.

    Attributes
    ----------
    id : str
        Names it in texts and in file names; begins with ``fig-``.
    caption : Caption
        What it shows and how it was obtained.
    data : pandas.DataFrame
        What is drawn.
    draw : callable
        Takes a size and returns a figure.
    sizes : tuple of str
        Of `gradmethods.output.figures.FORMATS`.
    alt : str, optional
        What it shows, for who cannot see it; by default the caption says that.
    values : mapping of str to sequence of str, optional
        What each point of a method says in words, by the name of the method, whose artists have
        identifiers by `of_method`.
    """

    id: str
    caption: Caption
    data: pd.DataFrame
    draw: Callable[[str], Figure]
    sizes: tuple[str, ...] = ("wide",)
    alt: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table to be written.

    Attributes
    ----------
    id : str
        Names it in texts and in file names; begins with ``tab-``.
    caption : Caption
        What it shows and how it was obtained.
    data : pandas.DataFrame
        Its content in full precision.
    shown : pandas.DataFrame
        Its content in words, for readers.
    matters : sequence of bool, optional
        For each row whether a page shows it without being asked; by default it shows all.
    which : str
        Which rows these are.
    """

    id: str
    caption: Caption
    data: pd.DataFrame
    shown: pd.DataFrame
    matters: Sequence[bool] | None = None
    which: str = ""


@dataclass
class Item:
    """One figure or table of a report, written.

    Attributes
    ----------
    id : str
        Names it in texts and in file names.
    kind : str
        ``figure`` or ``table``.
    caption : Caption
        What it shows and how it was obtained.
    files : list of str
        Everything written for it, relative to the run's folder; the data behind it, a CSV, first.
    thing : Drawing or Table, optional
        What was written; None for other files.
    """

    id: str
    kind: str
    caption: Caption
    files: list[str] = field(default_factory=list)
    thing: Drawing | Table | None = None

    @property
    def data(self) -> str:
        """The CSV behind it, relative to the run's folder."""
        return self.files[0]

    def entry(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            **self.caption.entry(),
            "data": self.data,
            "files": self.files,
        }


@dataclass(frozen=True)
class Writer:
    """Writes the figures and tables of one run, each in every size and format.

    Attributes
    ----------
    out : pathlib.Path
        The run's folder.
    source : str
        Provenance in a sentence.
    """

    out: Path
    source: str

    def write(self, thing: Drawing | Table) -> Item:
        """Write a figure or a table, with its data in full precision as CSV."""
        return self.table(thing) if isinstance(thing, Table) else self.figure(thing)

    def figure(self, drawing: Drawing) -> Item:
        """Write a figure in every size and format."""
        name, folder = drawing.id, self.out / "figures"
        csv = csv_text(drawing.data)
        written = [write_text(folder / f"{name}.csv", csv)]
        for size in drawing.sizes:
            figure = drawing.draw(size)
            stem = name if size == "wide" else f"{name}-{size}"
            written += [
                save(
                    figure, folder / f"{stem}.{kind}", title=name, caption=drawing.caption.full,
                    source=self.source,
                )
                for kind in FORMATS[size]
            ]  # fmt: skip
        return Item(name, "figure", drawing.caption, self._named(written), drawing)

    def table(self, table: Table) -> Item:
        """Write a table in every format."""
        written = write_table(
            self.out / "tables", table.id, table.data, table.shown, table.caption, self.source
        )
        return Item(table.id, "table", table.caption, self._named(written), table)

    def _named(self, written: list[Path]) -> list[str]:
        return [path.relative_to(self.out).as_posix() for path in written]


def captions_text(items: Iterable[Item], *introduction: str) -> str:
    """Write the captions of figures and tables as Markdown, after some paragraphs."""
    parts = ["\n\n".join(["# Captions", *introduction]) + "\n"]
    parts += [f"## {item.id}\n\n**{item.caption.title}.** {item.caption.text}\n" for item in items]
    return "\n".join(parts)
