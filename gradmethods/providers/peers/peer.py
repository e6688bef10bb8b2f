"""What a peer is: another engine for gradients, behind the interface of the suite's providers.

Peers are optional. Every import of one stands inside a function, so that this room loads, tells
its names and says what is missing without any of them.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gradmethods.core.problem import Problem
from gradmethods.core.provider import PreparedGradient
from gradmethods.core.structure import Arrays, ParametersLike
from gradmethods.errors import GradientError
from gradmethods.providers.attempt import Gap, attempt

Call = Callable[[], Any]
"""A peer's own gradient at a fixed point, returned in its own arrays."""


class NotInstalled(GradientError, ImportError):
    """A peer was asked for a gradient, and its packages are not there."""


def missing(packages: Sequence[str]) -> str | None:
    """Say which packages are not installed, and how they are; None if all are there.

    Examples
    --------
    >>> missing(["numpy", "no_such_package"])
    'not installed: pip install no_such_package'
    """
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return f"not installed: pip install {' '.join(absent)}" if absent else None


@dataclass(frozen=True)
class Peer(ABC):
    """An engine that somebody might use instead of this suite.

    A frozen value with the three members of a provider; `packages` names what it imports.
    """

    packages: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """The name in tables, with the engine's option behind a colon."""

    def missing(self) -> str | None:
        """Say which packages are not installed, or None."""
        return missing(self.packages)

    def obstacle(self, problem: Problem) -> str | None:
        """Say why this peer cannot differentiate `problem`, or None if it can."""
        return self.missing() or self._refusal(problem)

    def prepare(self, problem: Problem) -> PreparedPeer:
        """Do once what the engine needs done once, and put the problem's data into its arrays.

        Raises
        ------
        NotInstalled
            If a package is missing.
        """
        reason = self.missing()
        if reason:
            raise NotInstalled(f"{self.name} is {reason}.")
        return self._prepare(problem)

    @abstractmethod
    def _refusal(self, problem: Problem) -> str | None:
        """Say what of the loss the installed engine cannot evaluate."""

    @abstractmethod
    def _prepare(self, problem: Problem) -> PreparedPeer:
        """Prepare with an installed engine."""


class PreparedPeer(PreparedGradient):
    """A peer's gradient of one problem, to be called like any other, or to be timed bare."""

    forward_passes: int | None = 1
    value_passes = 0

    def ready(self, params: ParametersLike, **data: ArrayLike) -> Call:
        """Return the engine's own call at a point: what a user of that engine would time.

        Parameters and data are in the engine's arrays before the call, the result stays in them,
        and nothing of this suite runs in between. The call returns when the result is computed.
        """
        return self._bind(self.problem.structure.check(params), self.problem.fill(data))

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        return self._convert(self._bind(params, data)())

    @abstractmethod
    def _bind(self, params: Arrays, data: Arrays) -> Call:
        """Convert parameters and data, and return the call without arguments."""

    @abstractmethod
    def _convert(self, result: Any) -> tuple[Any, Arrays]:
        """Copy what the call returned into NumPy arrays by parameter."""


def tried(evaluate: Callable[[], Any], problem: Problem) -> str | None:
    """Run the loss in a peer's arrays; say what went wrong, or None.

    A method of theirs may go by the name of one of NumPy's and do something else, as torch's
    ``x.std()`` does: then the loss is another.
    """
    with np.errstate(all="ignore"):
        found = attempt(evaluate)
    if isinstance(found, Gap):
        return " ".join(found.reason.split())
    value, expected = getattr(found, "value", None), problem.value()
    near = float(np.sqrt(np.finfo(problem.dtype).eps))
    if value is None or np.isclose(value, expected, rtol=near, equal_nan=True):
        return None
    return f"the loss is {value:.8g} in its arrays, and {expected:.8g} in NumPy's"
