"""The sections of the report, in reading order. What stands in them are the exhibits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gradmethods.output.items import Item


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
