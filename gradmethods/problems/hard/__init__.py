"""The hard cases: small losses at points where methods differ, or fail together.

They are kept apart from the catalogue, whose problems are smooth at their points: here a wrong
answer is often the expected one. `gradmethods.studies.accuracy.hard_cases` runs every method on
them, and says what each gives and why. A case is one short function; cases that are hard for the
same reason share a file.
"""

from __future__ import annotations

from gradmethods.core.problem import Problem
from gradmethods.errors import UnknownName
from gradmethods.problems.family import Family
from gradmethods.problems.hard import kinks, plateaus, ranges, rounding

__all__ = ["CASES", "describe", "get", "names"]

CASES = {
    family.name: family
    for family in (*kinks.CASES, *plateaus.CASES, *rounding.CASES, *ranges.CASES)
}


def names() -> list[str]:
    """List the names of the hard cases.

    Examples
    --------
    >>> from gradmethods.problems import hard
    >>> hard.names()[:3]
    ['relu-at-kink', 'relu-beside-kink', 'max-tie']
    """
    return list(CASES)


def get(name: str) -> Problem:
    """Make a hard case. It has no options: its point is what makes it hard.

    Raises
    ------
    UnknownName
        If there is no such case.

    Examples
    --------
    >>> from gradmethods.problems import hard
    >>> hard.get("log-sum-exp-plain").value()
    np.float64(inf)
    >>> hard.get("log-sum-exp-shifted").value()
    np.float64(751.7014132779827)
    """
    return describe(name).build()


def describe(name: str) -> Family:
    r"""Tell what a hard case is: title, formula, domain, what makes it hard, source.

    Raises
    ------
    UnknownName
        If there is no such case.

    Examples
    --------
    >>> from gradmethods.problems import hard
    >>> hard.describe("max-tie").formula
    '\\max_i x_i'
    """
    if name not in CASES:
        raise UnknownName.among("hard case", name, CASES)
    return CASES[name]
