"""A folder of figures and tables: each with its caption, its data and its place in an index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption, provenance_line
from gradmethods.output.figures import FORMATS, save
from gradmethods.output.files import PROVENANCE, csv_text, write_bytes, write_json, write_text
from gradmethods.output.typeset import write_table


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
        self.source = provenance_line({**origin, "finished": True})
        self.items: list[dict[str, Any]] = []
        self._captions: list[str] = []
        write_json(self.out / PROVENANCE, self.origin)

    def figure(self, name: str, figure: Figure, data: pd.DataFrame, caption: Caption) -> None:
        """Write a figure in every format, with its data as CSV."""
        identifier, folder = f"fig-{name}", self.out / "figures"
        csv = csv_text(data)
        written = [write_text(folder / f"{identifier}.csv", csv)]
        written += [
            save(
                figure,
                folder / f"{identifier}.{kind}",
                title=identifier,
                caption=caption.full,
                source=self.source,
            )
            for kind in FORMATS["wide"]
        ]
        self._keep(identifier, "figure", caption, written)

    def table(self, name: str, data: pd.DataFrame, shown: pd.DataFrame, caption: Caption) -> None:
        """Write a table as CSV in full precision, and as Markdown and LaTeX for readers."""
        identifier = f"tab-{name}"
        written = write_table(self.out / "tables", identifier, data, shown, caption, self.source)
        self._keep(identifier, "table", caption, written)

    def file(self, name: str, content: bytes, caption: Caption) -> Path:
        """Write another file: an animation, or arrays of weights."""
        path = write_bytes(self.out / name, content)
        self._keep(Path(name).stem, "file", caption, [path])
        return path

    def finish(self) -> None:
        """Say in the provenance that the run came to its end."""
        self.origin["finished"] = True
        write_json(self.out / PROVENANCE, self.origin)
        self._index()

    def _keep(self, identifier: str, kind: str, caption: Caption, written: list[Path]) -> None:
        files = [path.relative_to(self.out).as_posix() for path in written]
        entry = {"id": identifier, "kind": kind, **caption.entry()}
        self.items.append({**entry, "data": files[0], "files": files})
        self._captions.append(f"## {identifier}\n\n**{caption.title}.** {caption.text}\n")
        self._index()

    def _index(self) -> None:
        write_json(self.out / "index.json", {"provenance": self.origin, "items": self.items})
        text = "\n".join([f"# Captions\n\n{provenance_line(self.origin)}\n", *self._captions])
        write_text(self.out / "captions.md", text)
