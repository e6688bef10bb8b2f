"""The sections of a report, and the exhibits in them: figures and tables, a kind in each file.

An exhibit says where it stands, what records it needs, how its data are made of them, how it is
drawn, and what its caption says. Its file is all that adding one takes: `exhibits_of` finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from markupsafe import Markup

from gradmethods.core.discovery import entries_of
from gradmethods.errors import GradientError
from gradmethods.output.files import read_from
from gradmethods.output.items import Drawing, Item, Table, Writer


class HasRecords(Protocol):
    """What was recorded of a run."""

    def has(self, file: str) -> bool:
        """Tell whether there are records in the file of this name."""


Run = TypeVar("Run")


@dataclass(frozen=True)
class Exhibit(Generic[Run]):
    """A figure or table of a report, or several of one kind.

    Attributes
    ----------
    section : str
        The part of the report in which it stands.
    place : int
        Where it stands there: small numbers first.
    needs : str
        The file of records that it is made of.
    make : callable
        Takes what was recorded, for the report a `gradmethods.report.recorded.Recorded`; yields
        figures and tables, none where a run has nothing to show.
    """

    section: str
    place: int
    needs: str
    make: Callable[[Run], Iterable[Drawing | Table]]


def exhibits_of(package: ModuleType) -> list[Exhibit[Any]]:
    """Return the exhibits that the modules of a package define, by their places."""
    found: list[Exhibit[Any]] = entries_of(package.__name__, list(package.__path__), Exhibit)
    return sorted(found, key=lambda exhibit: exhibit.place)


def write_exhibits(writer: Writer, package: ModuleType, run: HasRecords) -> dict[str, list[Item]]:
    """Write what the exhibits of a package make of the records of a run.

    Returns
    -------
    dict
        What was written, by section.

    Raises
    ------
    GradientError
        If two figures or tables have one name, or the records hold what no run wrote.
    """
    made: list[tuple[Exhibit[Any], Drawing | Table]] = []
    for exhibit in exhibits_of(package):
        if run.has(exhibit.needs):
            with read_from(writer.out / exhibit.needs):
                made += [(exhibit, thing) for thing in exhibit.make(run)]
    names = Counter(thing.id for _, thing in made)
    for name, times in names.items():
        if times > 1:  # One would overwrite the other.
            raise GradientError(
                f"Two figures or tables are called {name!r}. Give problems names that differ in "
                "more than signs."
            )
    writer.pace.ahead = sum(isinstance(thing, Drawing) for _, thing in made)
    found: dict[str, list[Item]] = {}
    for exhibit, thing in made:
        with read_from(writer.out / exhibit.needs):
            found.setdefault(exhibit.section, []).append(writer.write(thing))
    return found


# -- the sections, in reading order


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes
    ----------
    id : str
        Where links point to.
    title, lead : str
        Its heading, and what to know before reading.
    """

    id: str
    title: str
    lead: str = ""


ANSWER = Section("answer", "The answer")
"""Stands first, with the sentences and the figure that say most."""

READING = Section("reading", "How to read these numbers")
"""Stands last, after the sentences on how everything was measured."""

CLAIMS = Section(
    "claims",
    "The ledger of claims",
    "What the literature says about ways to compute a gradient, each claim decided by criteria "
    "that were fixed before anything was measured.",
)

SECTIONS = (
    ANSWER,
    Section(
        "figures",
        "Figures of cost",
        Markup('How all of this was measured stands once, <a href="#reading">below</a>.'),
    ),
    Section("tables", "Tables of cost"),
    Section("gaps", "Gaps"),
    READING,
    Section(
        "accuracy",
        "Accuracy",
        "How many digits of each gradient are right, held against the certified one, and whether "
        "each error is within what theory allows.",
    ),
    Section(
        "digits-and-time",
        "What digits cost",
        "Error against time: down and to the left is better.",
    ),
    Section(
        "steps",
        "Steps of finite differences",
        "Too wide a step truncates too much, too narrow a step drowns in round-off; theory says "
        "where the best lies between them.",
    ),
    Section(
        "hard-cases",
        "Hard cases",
        "Where methods give wrong answers, and why. These problems stand apart from the others, "
        "which are smooth.",
    ),
    Section(
        "planted",
        "Planted mistakes",
        "Whether wrong gradients are caught: the check of gradients put to the test.",
    ),
    CLAIMS,
)

Written = Sequence[tuple[Section, list[Item]]]
"""Sections with what was written for them, those with nothing left out."""
