"""A folder of figures and tables: each with its caption, its data and its place in an index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption, provenance_line
from gradmethods.output.files import PROVENANCE, write_bytes, write_json, write_text
from gradmethods.output.items import Drawing, Item, Table, Writer, captions_text


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
