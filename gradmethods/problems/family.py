"""What the catalogue keeps of a family of problems: how to draw one, and what to say about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.problems.options import at_most, floating, generators, positive, whole

SEEDED: dict[str, object] = {"seed": 0, "dtype": "float64"}
"""Options of every problem that is drawn."""

LARGEST = 2**40
"""No array has more rows: one of bytes would take a terabyte."""


def complete() -> None:
    """Say that nothing is missing."""


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
        Where it comes from: work and number there; for data, who may use them.
    draw : callable
        ``draw(own, of_data, **sizes)`` draws a problem in double precision, from one generator for
        the parameters and another for the data, so that other sizes of one leave the other as it
        is. Options are keywords with defaults, and whole numbers are at least 1, or their default
        if that is 0. A function without
        arguments makes a problem that nothing is drawn for.
    gradient : callable, optional
        The gradient by hand, independent of every method: ``gradient(params, **data)`` in NumPy.
    small : dict, optional
        Options of a size that every method differentiates at once, where the default is larger.
    place : int
        Where it stands among the others: small numbers first.
    missing : callable
        ``missing()`` says what must be installed first, and how, or None if nothing must; without
        the argument nothing ever must.

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
    draw: Callable[..., Problem] = field(repr=False)
    gradient: Callable[..., Any] | None = field(default=None, repr=False)
    small: Mapping[str, object] = field(default_factory=dict)
    place: int = 1000
    missing: Callable[[], str | None] = field(default=complete, repr=False)

    @property
    def _drawn(self) -> bool:
        """Whether numbers are drawn: a function that takes no generators makes one problem."""
        return any(p.default is p.empty for p in inspect.signature(self.draw).parameters.values())

    @property
    def options(self) -> dict[str, object]:
        """The names of the options, and their defaults."""
        parameters = inspect.signature(self.draw).parameters.values()
        sizes = {p.name: p.default for p in parameters if p.default is not p.empty}
        return sizes | SEEDED if self._drawn else sizes

    def build(self, **options: Any) -> Problem:
        """Make the problem of some options, the defaults for all others.

        Raises
        ------
        UnknownName
            If an option names something that does not exist.
        InvalidOption
            If there is no such option, or its value is out of range.

        Examples
        --------
        >>> from gradmethods import problems
        >>> problems.describe("rosenbrock").build(n=4)
        <Problem 'rosenbrock': 4 parameters, float64>
        """
        known = self.options
        unknown = [name for name in options if name not in known]
        if unknown:
            listed = ", ".join(f"{name}={default!r}" for name, default in known.items())
            raise InvalidOption(
                f"Problem {self.name!r} has no option {unknown[0]!r}. Its options and defaults: "
                f"{listed}."
            )
        chosen = known | options
        if not self._drawn:
            return self.draw(**chosen)
        seed, dtype = chosen.pop("seed"), floating(chosen.pop("dtype"))
        for name, default in known.items():
            if name in chosen and isinstance(default, int):
                number = whole(name, chosen[name], least=min(default, 1))
                chosen[name] = at_most(name, number, LARGEST)
        try:
            drawn = self.draw(*generators(seed), **chosen)
        except MemoryError as error:
            raise InvalidOption(f"{self.name!r} of these sizes is too large: {error}") from None
        return drawn.in_dtype(dtype).replace(name=self.name)


def near(
    loss: Callable[..., Any], start: Callable[..., Any], *, data: Any = None, **sizes: object
) -> Callable[..., Problem]:
    """Draw points near a standard start: each entry moves by `spread` of its size, or of 1 at 0.

    Parameters
    ----------
    loss : callable
    start : callable
        ``start(*sizes)``: the point.
    data : dict of str to array, optional
        Of the loss.
    **sizes
        Options of `start`, and their defaults.

    Returns
    -------
    callable
        The `draw` of a family, with the option `spread` besides.
    """

    def draw(
        own: np.random.Generator, _data: Any, *, spread: float = 0.1, **chosen: Any
    ) -> Problem:
        point = np.asarray(start(*chosen.values()), float)
        away = np.where(point == 0, 1.0, np.abs(point)) * own.standard_normal(point.shape)
        return Problem(loss, point + positive("spread", spread, zero=True) * away, data)

    own, of_data, spread, _ = inspect.signature(draw).parameters.values()
    added = [spread.replace(name=name, default=default) for name, default in sizes.items()]
    vars(draw)["__signature__"] = inspect.Signature([own, of_data, *added, spread])
    return draw
