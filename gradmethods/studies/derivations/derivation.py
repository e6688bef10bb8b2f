"""Equations and whether they were proven, as plain text: what a report shows and a file keeps.

No SymPy here: a report is written from records, and loads no engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """An equation of the article and what it was proven equal to, in LaTeX.

    Attributes
    ----------
    written : tuple of str
        As the article writes it, each line but the first beginning with a relation.
    closed : str
        The other side: SymPy's closed form, or the equation of one entry.
    entries : int
        Equations between scalars that the row stands for.
    proven : int
        How many of them SymPy proved: all, unless something is wrong.
    """

    written: tuple[str, ...]
    closed: str
    entries: int
    proven: int


@dataclass(frozen=True)
class Derivation:
    """The partial derivatives of one network.

    Attributes
    ----------
    name, title : str
        Of the problem in the catalogue.
    definitions : tuple of str
        The forward pass in LaTeX, a stage each.
    headings : tuple of str
        Of the columns `written` and `closed` of the rows.
    rows : tuple of Row
        The equations.
    proof : tuple of str
        How they were proven, in sentences.
    """

    name: str
    title: str
    definitions: tuple[str, ...]
    headings: tuple[str, str]
    rows: tuple[Row, ...]
    proof: tuple[str, ...]

    @property
    def entries(self) -> int:
        """Equations between scalars."""
        return sum(row.entries for row in self.rows)

    @property
    def proven(self) -> int:
        """Those that SymPy proved."""
        return sum(row.proven for row in self.rows)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Derivation:
        """Return what `dataclasses.asdict` took apart, JSON in between or not."""
        rows = tuple(Row(**(row | {"written": tuple(row["written"])})) for row in record["rows"])
        left, right = record["headings"]
        words = [record["name"], record["title"], left, right, *record["definitions"]]
        words += [*record["proof"], *(text for row in rows for text in (*row.written, row.closed))]
        counts = [number for row in rows for number in (row.entries, row.proven)]
        if not all(isinstance(word, str) for word in words) or {*map(type, counts)} - {int}:
            raise TypeError("a formula that is no text, or a count that is no number")
        return cls(
            record["name"],
            record["title"],
            tuple(record["definitions"]),
            (left, right),
            rows,
            tuple(record["proof"]),
        )
