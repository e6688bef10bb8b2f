"""Figures and tables: written in every format into a folder, and listed there to be cited."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption, provenance_line
from gradmethods.output.disk import write_bytes
from gradmethods.output.figures import FORMATS, save
from gradmethods.output.files import PROVENANCE, csv_text, write_json, write_text
from gradmethods.output.typeset import write_table


@dataclass(frozen=True)
class Described:
    """What a figure and a table have in common.

    Attributes
    ----------
    id : str
        Names it in texts and in file names; begins with ``fig-`` or ``tab-``.
    caption : Caption
        What it shows and how it was obtained.
    data : pandas.DataFrame
        What is drawn, or the content of the table, in full precision.
    """

    id: str
    caption: Caption
    data: pd.DataFrame


@dataclass(frozen=True)
class Drawing(Described):
    """A figure to be written.

    Attributes
    ----------
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

    draw: Callable[[str], Figure]
    sizes: tuple[str, ...] = ("wide",)
    alt: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table(Described):
    """A table to be written.

    Attributes
    ----------
    shown : pandas.DataFrame
        Its content in words, for readers.
    matters : sequence of bool, optional
        For each row whether a page shows it without being asked; by default it shows all.
    which : str
        Which rows these are.
    """

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


REST = 8
"""Figures that take as long as what follows them: the page, captions and lists."""

OTHERS = 4
"""Times that a figure's first file takes which the others take: a PDF, and both for a column."""


@dataclass
class Pace:
    """Whether there is time for more of a figure than a page shows.

    Attributes
    ----------
    left : callable
        Returns the seconds left, or None without a bound, as by default.
    ahead : int
        Figures still to be written.
    without : int
        Figures for which there was no time for more.
    """

    left: Callable[[], float | None] = lambda: None
    ahead: int = 0
    without: int = 0
    seconds: list[float] = field(default_factory=list)

    def allows(self, seconds: float) -> bool:
        """Say whether the other files of a figure may be written, whose first took so long.

        All that follows must have its time before them.

        Examples
        --------
        >>> pace = Pace(lambda: 60.0, ahead=30)
        >>> pace.allows(1.0), pace.allows(10.0), pace.without
        (True, False, 1)
        """
        self.ahead -= 1
        self.seconds.append(seconds)
        each, left = sum(self.seconds) / len(self.seconds), self.left()
        fits = left is None or left - each * (self.ahead + REST) >= OTHERS * seconds
        self.without += not fits
        return fits


@dataclass(frozen=True)
class Writer:
    """Writes the figures and tables of one run, each in every size and format.

    Attributes
    ----------
    out : pathlib.Path
        The run's folder.
    source : str
        Provenance in a sentence.
    pace : Pace
        Says of which figures a page has to do with one drawing.
    """

    out: Path
    source: str
    pace: Pace = field(default_factory=Pace)

    def write(self, thing: Drawing | Table) -> Item:
        """Write a figure or a table, with its data in full precision as CSV."""
        return self.table(thing) if isinstance(thing, Table) else self.figure(thing)

    def figure(self, drawing: Drawing) -> Item:
        """Write a figure in every size and format, or where time is short in the first alone."""
        start, fits = time.monotonic(), True
        name, folder = drawing.id, self.out / "figures"
        csv = csv_text(drawing.data)
        written = [write_text(folder / f"{name}.csv", csv)]
        files = [(size, kind) for size in drawing.sizes for kind in FORMATS.get(size, ())]
        for size, kind in files:
            path = folder / f"{name if size == 'wide' else f'{name}-{size}'}.{kind}"
            if not fits:
                path.unlink(missing_ok=True)  # an earlier report's, of fewer records
                continue
            if kind == FORMATS[size][0]:
                figure = drawing.draw(size)
            save(figure, path, title=name, caption=drawing.caption.full, source=self.source)
            written.append(path)
            if len(written) == 2:
                fits = self.pace.allows(time.monotonic() - start)
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


class Folder:
    """Writes figures and tables, and keeps the index of what it wrote up to date.

    Everything is whole on the disk as soon as a method returns: a run that is killed loses only
    what it was working on.

    Parameters
    ----------
    out : path
        Where to.
    origin : dict
        The provenance of the numbers.
    """

    def __init__(self, out: Path | str, origin: Mapping[str, Any]) -> None:
        self.out = Path(out)
        self.origin = dict(origin)
        # The run is not over yet; whether it ever was stands in the index, not beside a table.
        self.writer = Writer(self.out, provenance_line({**origin, "finished": True}))
        self.items: list[Item] = []
        write_json(self.out / PROVENANCE, self.origin)

    def figure(self, name: str, figure: Figure, data: pd.DataFrame, caption: Caption) -> None:
        """Write a figure in every format, with its data as CSV."""
        self._keep(self.writer.write(Drawing(f"fig-{name}", caption, data, lambda _: figure)))

    def table(self, name: str, data: pd.DataFrame, shown: pd.DataFrame, caption: Caption) -> None:
        """Write a table as CSV in full precision, and as Markdown and LaTeX for readers."""
        self._keep(self.writer.write(Table(f"tab-{name}", caption, data, shown)))

    def file(self, name: str, content: bytes, caption: Caption) -> Path:
        """Write another file: an animation, or arrays of weights."""
        path = write_bytes(self.out / name, content)
        self._keep(Item(Path(name).stem, "file", caption, [path.relative_to(self.out).as_posix()]))
        return path

    def finish(self) -> None:
        """Say in the provenance that the run came to its end."""
        self.origin["finished"] = True
        write_json(self.out / PROVENANCE, self.origin)
        self._index()

    def _keep(self, item: Item) -> None:
        self.items.append(item)
        self._index()

    def _index(self) -> None:
        entries = [item.entry() for item in self.items]
        write_json(self.out / "index.json", {"provenance": self.origin, "items": entries})
        text = captions_text(self.items, provenance_line(self.origin))
        write_text(self.out / "captions.md", text)
