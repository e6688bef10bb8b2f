"""Figures and tables as items of a report: written in every format, and listed to be cited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import FORMATS, save
from gradmethods.output.files import csv_text, write_text
from gradmethods.output.typeset import write_table


@dataclass
class Item:
    """One figure or table of the report.

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
    shown : pandas.DataFrame, optional
        What readers of a table see.
    folded : bool
        Whether the page shows it only when asked.
    """

    id: str
    kind: str
    caption: Caption
    files: list[str] = field(default_factory=list)
    shown: pd.DataFrame | None = None
    folded: bool = False

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
    """Writes the items of one run.

    Attributes
    ----------
    out : pathlib.Path
        The run's folder.
    source : str
        Provenance in a sentence.
    brief : bool
        Whether to leave out what is there to look things up.
    """

    out: Path
    source: str
    brief: bool = False

    def figure(
        self,
        identifier: str,
        caption: Caption,
        data: pd.DataFrame,
        draw: Callable[[str], Figure],
        *,
        sizes: tuple[str, ...] = ("wide",),
        folded: bool = False,
    ) -> Item:
        """Write a figure in every size and format.

        Parameters
        ----------
        identifier : str
            Begins with ``fig-``.
        caption : Caption
            What it shows.
        data : pandas.DataFrame
            What is drawn.
        draw : callable
            Takes a size and returns a figure.
        sizes : tuple of str
            Of `gradmethods.output.figures.FORMATS`.
        folded : bool, default False
            Whether the page shows it only when asked.
        """
        folder = self.out / "figures"
        csv = csv_text(data)
        written = [write_text(folder / f"{identifier}.csv", csv)]
        for size in sizes:
            figure = draw(size)
            stem = identifier if size == "wide" else f"{identifier}-{size}"
            written += [
                save(
                    figure, folder / f"{stem}.{kind}", title=identifier, caption=caption.full,
                    source=self.source,
                )
                for kind in FORMATS[size]
            ]  # fmt: skip
        return Item(identifier, "figure", caption, self._named(written), folded=folded)

    def table(
        self,
        identifier: str,
        caption: Caption,
        data: pd.DataFrame,
        shown: pd.DataFrame,
        *,
        folded: bool = False,
    ) -> Item:
        """Write a table in every format: `data` in full precision, and `shown` for readers."""
        written = write_table(self.out / "tables", identifier, data, shown, caption, self.source)
        return Item(identifier, "table", caption, self._named(written), shown, folded)

    def _named(self, written: list[Path]) -> list[str]:
        return [str(path.relative_to(self.out).as_posix()) for path in written]
