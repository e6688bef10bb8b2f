"""What a claim is: who says what, what would decide it, and what was found.

Criteria are written before anything is measured: they are fields of a claim, and a finding can only
answer them. Nothing is measured or drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gradmethods.errors import InvalidOption

SUPPORTED, REFUTED, UNDECIDED = VERDICTS = ("supported", "refuted", "not decided by this run")


@dataclass(frozen=True)
class Criterion:
    """One question that decides a claim, or a part of it.

    Attributes
    ----------
    name : str
        Unique within the claim.
    rule : str
        When the answer is supported, and when refuted.
    quantity : str
        What the value and its interval are of.
    exact : bool
        Whether the answer rests on counts or on proven digits: then it is the same on every
        machine, and a test of the suite.
    """

    name: str
    rule: str
    quantity: str
    exact: bool = False


@dataclass(frozen=True)
class Decision:
    """The answer to a criterion: a verdict, what it rests on, and a sentence."""

    verdict: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    words: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise InvalidOption(f"A verdict is one of {VERDICTS}, got {self.verdict!r}.")


@dataclass(frozen=True)
class Series:
    """Points of one method, or a line of theory.

    Attributes
    ----------
    name : str
        In the legend.
    x, y : sequence of float
        The points.
    low, high : sequence of float
        Ends of intervals; empty if there are none.
    provider : str
        Whose colour and marker it has; by default its name's own.
    theory : bool
        Whether it is a thin line behind the measurements.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    provider: str = ""
    theory: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes of a claim's figure, as plain data.

    Attributes
    ----------
    x, y : str
        Labels of the axes, with units.
    series : tuple of Series
        What is drawn.
    title : str
        Over the panel.
    log_x, log_y : bool
        Whether an axis is logarithmic.
    ticks : tuple of str
        Words at x = 0, 1, 2, … instead of numbers.
    """

    x: str
    y: str
    series: tuple[Series, ...]
    title: str = ""
    log_x: bool = True
    log_y: bool = True
    ticks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What an examination found: an answer to each criterion, and the data of a figure."""

    decisions: Mapping[str, Decision]
    panels: tuple[Panel, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What a claim may use.

    Attributes
    ----------
    records : sequence of dict
        Of a run of the benchmark; empty if there is none.
    million : dict, optional
        The result of `gradmethods million`.
    seconds : float
        That own measurements may take, about.
    seed : int
        Of everything that is drawn.
    """

    records: Sequence[Mapping[str, Any]] = ()
    million: Mapping[str, Any] | None = None
    seconds: float = math.inf
    seed: int = 0


@dataclass(frozen=True)
class Claim:
    """A claim of the literature, and how it is decided.

    Attributes
    ----------
    id : str
        ``C1``, ``C2``, …
    title : str
        In a few words.
    text : str
        What is claimed.
    source : str
        By whom.
    method : str
        What is measured, for the caption of its figure.
    criteria : tuple of Criterion
        All must be supported for the claim to be; one that is refuted refutes it.
    examine : callable
        Measures, and answers the criteria.
    last : bool, default False
        Whether it takes what time the others leave, and goes as far as that allows.
    history : str, optional
        What it was before, what was found then, and why and when it was changed.
    """

    id: str
    title: str
    text: str
    source: str
    method: str
    criteria: tuple[Criterion, ...]
    examine: Callable[[Evidence], Finding] = field(repr=False)
    last: bool = False
    history: str = ""

    def record(self, finding: Finding) -> dict[str, Any]:
        """Return plain values, for a JSON line."""
        answers = []
        for criterion in self.criteria:
            decision = finding.decisions.get(criterion.name, Decision(UNDECIDED))
            answers.append(asdict(criterion) | asdict(decision))
        unknown = finding.decisions.keys() - {criterion.name for criterion in self.criteria}
        if unknown:
            raise InvalidOption(f"{self.id} has no criteria {sorted(unknown)}.")
        return {
            "key": f"claim-{self.id.lower()}",
            "outcome": "measured",
            "id": self.id,
            "title": self.title,
            "claim": self.text,
            "source": self.source,
            "method": self.method,
            "history": self.history,
            "verdict": overall([answer["verdict"] for answer in answers]),
            "criteria": answers,
            "panels": [asdict(panel) for panel in finding.panels],
        }

    def undecided(self, reason: str) -> dict[str, Any]:
        """Return the record of a claim that could not be examined."""
        decisions = {c.name: Decision(UNDECIDED, words=reason) for c in self.criteria}
        return self.record(Finding(decisions))


def overall(verdicts: Sequence[str]) -> str:
    """Combine the answers to all criteria of a claim.

    Examples
    --------
    >>> overall(["supported", "supported"]), overall(["supported", "not decided by this run"])
    ('supported', 'not decided by this run')
    >>> overall(["supported", "not decided by this run", "refuted"])
    'refuted'
    """
    if REFUTED in verdicts:
        return REFUTED
    return SUPPORTED if verdicts and set(verdicts) == {SUPPORTED} else UNDECIDED


def inside(value: float, low: float, high: float, least: float, most: float) -> str:
    """Decide whether a quantity lies between two bounds, by its interval.

    Supported if the whole interval does, refuted if none of it does. Without an interval, with NaN,
    nothing is decided.

    Examples
    --------
    >>> inside(0.5, 0.48, 0.52, 0.45, 0.55), inside(0.5, 0.3, 0.7, 0.45, 0.55)
    ('supported', 'not decided by this run')
    >>> inside(0.9, 0.8, 1.0, 0.45, 0.55), inside(float("nan"), 0.5, 0.5, 0.45, 0.55)
    ('refuted', 'not decided by this run')
    """
    if not low <= value <= high:
        return UNDECIDED
    if least <= low and high <= most:
        return SUPPORTED
    return REFUTED if high < least or low > most else UNDECIDED


def exactly(holds: Sequence[bool], fewest: int = 1) -> str:
    """Decide by cases that are exact: one against refutes, and too few for decide nothing.

    Examples
    --------
    >>> exactly([True, True]), exactly([True, False]), exactly([True], fewest=2)
    ('supported', 'refuted', 'not decided by this run')
    """
    if not all(holds):
        return REFUTED
    return SUPPORTED if len(holds) >= fewest else UNDECIDED
