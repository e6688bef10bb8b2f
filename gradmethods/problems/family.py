"""What the catalogue keeps of a family of problems: how to make one, and what to say about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from gradmethods.core.problem import Problem


@dataclass(frozen=True)
class Family:
    r"""A family of problems that differ in size, seed and options.

    Attributes
    ----------
    name : str
        The name in the catalogue.
    title : str
        What it is, in a few words.
    formula : str
        The loss in LaTeX, without dollar signs.
    domain : str
        Where the loss is defined, and what the point and the data are.
    hard : str
        What makes the gradient hard to compute, or the problem worth having.
    source : str
        Where it comes from.
    build : callable
        ``build(**options)`` makes the problem; all options are keywords with defaults.
    place : int
        Where it stands among the others: small numbers first.
    shelf : {"catalogue", "field", "real"}
        Whether every run takes it, or, as it is a problem of other suites or on real data, only one
        that is told to.
    missing : callable
        ``missing()`` says what must be installed first, and how, or None if nothing must.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.describe("log-sum-exp").formula
    '\\log \\sum_{i=1}^{n} \\exp x_i'
    """

    name: str
    title: str
    formula: str
    domain: str
    hard: str
    source: str
    build: Callable[..., Problem] = field(repr=False)
    place: int = 1000
    shelf: str = "catalogue"
    missing: Callable[[], str | None] = field(default=lambda: None, repr=False)

    @property
    def options(self) -> dict[str, object]:
        """The names of the options, and their defaults."""
        parameters = inspect.signature(self.build).parameters
        return {name: parameter.default for name, parameter in parameters.items()}
