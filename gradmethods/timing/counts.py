"""Count calls of a loss by a counter that is independent of every provider.

A provider says how many forward passes its gradient takes; the counter says how often it really
called the loss.
"""

from __future__ import annotations

from typing import Any

from gradmethods.core.declared import Loss
from gradmethods.core.problem import Problem


class Counter:
    """A loss that counts its calls.

    Parameters
    ----------
    loss : callable
        What to call.

    Attributes
    ----------
    calls : int
        Since the last `reset`.
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        self.calls = 0
        self.__name__ = getattr(loss, "__name__", type(loss).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count, and call the loss."""
        self.calls += 1
        return self.loss(*args, **kwargs)

    def reset(self) -> None:
        """Start again at 0."""
        self.calls = 0


def counted(problem: Problem) -> tuple[Problem, Counter]:
    """Return the same problem with a loss that counts its calls, and the counter.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem, counter = counted(gm.Problem(lambda w, xp=np: xp.sum(w), np.ones(3)))
    >>> problem.value()
    np.float64(3.0)
    >>> counter.calls
    1
    """
    counter = Counter(problem.loss)
    return problem.replace(loss=counter), counter
