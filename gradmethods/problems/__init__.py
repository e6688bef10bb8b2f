"""The catalogue of problems: losses to differentiate, made to any size from a seed.

One family of problems a file, which is all that adding one takes. Importing this loads NumPy alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradmethods.core.discovery import entries_of, objects_of, plugins
from gradmethods.core.problem import Problem
from gradmethods.errors import UnknownName
from gradmethods.problems.family import Family, complete

__all__ = ["Family", "at_test_size", "describe", "get", "names"]

FOLDERS = ("gradbench", "mgh", "cutest", "statistics", "networks", "science")
"""The folders that hold the problems on which the field compares methods."""

FOUND = sorted(
    [*entries_of(__name__, __path__, Family), *objects_of(plugins(), Family)],
    key=lambda family: family.place,
)
"""The families that stand in the files beside this one, and those of installed plug-ins."""

FAMILIES = {family.name: family for family in FOUND if family.missing is complete}
"""Problems that every run takes."""

FIELD = {
    family.name: family
    for folder in FOLDERS
    for family in entries_of(f"{__name__}.{folder}", [f"{__path__[0]}/{folder}"], Family)
}
"""Those that the field compares methods on."""

REAL = {family.name: family for family in FOUND if family.missing is not complete}
"""Those on real data, which need an extra: a table of all others is the same on every machine."""


def names(*, field: bool = False, real: bool = False) -> list[str]:
    """List the names of the problems, the article's first.

    Parameters
    ----------
    field : bool, default False
        Add those that the field compares methods on: GradBench's, Moré, Garbow and Hillstrom's,
        CUTEst's, and of statistics, networks and science.
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
    return describe(name).build(**size)


def at_test_size(chosen: Iterable[str] = ()) -> list[Problem]:
    """Make problems at sizes that every method differentiates at once, those of the field if none.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.at_test_size(["mlp"])
    [<Problem 'mlp': 37 parameters, float64>]
    """
    families = map(describe, list(chosen) or FIELD)
    return [family.build(**family.small) for family in families]


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
