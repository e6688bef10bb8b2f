"""The catalogue of problems: losses to differentiate, made to any size from a seed.

One family of problems a file, which is all that adding one takes. Importing this loads NumPy alone.
"""

from __future__ import annotations

from typing import Any

from gradmethods.core.discovery import entries_of
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption, UnknownName
from gradmethods.problems.family import Family

__all__ = ["Family", "describe", "get", "names"]

FOUND = sorted(entries_of(__name__, __path__, Family), key=lambda family: family.place)
"""The families that stand in the files beside this one."""

FAMILIES, FIELD, REAL = (
    {family.name: family for family in FOUND if family.shelf == shelf}
    for shelf in ("catalogue", "field", "real")
)
"""Problems that every run takes; those of other suites, which their users know; and those on real
data, which need an extra: a table of all problems is the same table on every machine."""


def names(*, field: bool = False, real: bool = False) -> list[str]:
    """List the names of the problems, the article's first.

    Parameters
    ----------
    field : bool, default False
        Add the problems of other suites, GradBench's.
    real : bool, default False
        Add the problems on real data, which need scikit-learn;
        ``describe(name).missing()`` says whether it is there.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.names()[:4]
    ['network-1-1-1', 'island', 'xor', 'moons']
    >>> problems.names(real=True)[-2:]
    ['digits', 'breast-cancer']
    """
    return [*FAMILIES, *(FIELD if field else ()), *(REAL if real else ())]


def get(name: str, **size: Any) -> Problem:
    """Make a problem of the catalogue.

    Parameters
    ----------
    name : str
        One of ``names(field=True, real=True)``.
    **size
        Options of that problem; ``describe(name).options`` gives their names and defaults. Every
        problem takes `seed`, which decides its point and its data, and `dtype`.

    Returns
    -------
    Problem

    Raises
    ------
    UnknownName
        If there is no such problem, or an option names something that does not exist.
    InvalidOption
        If the problem has no such option, or its value is out of range.
    MissingPackage
        If the problem is made of real data, and the extra that brings them is not installed.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("mlp", widths=(2, 32, 32, 1), batch=100, seed=0)
    <Problem 'mlp': 1185 parameters, float64>
    """
    family = describe(name)
    unknown = [option for option in size if option not in family.options]
    if unknown:
        known = ", ".join(f"{option}={default!r}" for option, default in family.options.items())
        raise InvalidOption(
            f"Problem {name!r} has no option {unknown[0]!r}. Its options and defaults: {known}."
        )
    return family.build(**size)


def describe(name: str) -> Family:
    """Tell what a problem is: title, formula, domain, what makes it hard, source, options.

    Raises
    ------
    UnknownName
        If there is no such problem.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.describe("rosenbrock").options
    {'n': 10, 'seed': 0, 'dtype': 'float64'}
    """
    families = FAMILIES | FIELD | REAL
    if name not in families:
        raise UnknownName.among("problem", name, families)
    return families[name]
