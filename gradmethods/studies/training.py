"""Gradient descent as the article has it, with the gradients of any provider.

w ← w − ε ∂L/∂w over the whole batch. Several providers descend in step, epoch by epoch from one
start, so that drift of the machine cancels in their costs, and a run that is stopped has as much of
each. Nothing here writes files.

Source: the article; A. Cauchy, Méthode générale pour la résolution des systèmes d'équations
simultanées, Comptes rendus 25 (1847) 536-538.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.progress import shown
from gradmethods.core.provider import Provider
from gradmethods.core.structure import Parameters
from gradmethods.errors import InvalidOption
from gradmethods.problems.options import positive, whole
from gradmethods.problems.predictions import accuracy
from gradmethods.providers import get_provider

EPOCHS, RATE = 2000, 1.0
"""The article's."""

KEPT = 2**27
"""Bytes of the trajectory's weights that are kept; of a longer one every second epoch, or third."""

INTERRUPTED = "interrupted"
DIVERGED = "the loss or its gradient is not finite"


@dataclass(frozen=True, eq=False)
class Training:
    """One descent: where it went, and what it took.

    Attributes
    ----------
    problem : Problem
        What was trained; its parameters are the start.
    provider : str
        The method behind the gradients.
    rate : float
        The learning rate ε.
    losses : numpy.ndarray, shape (epochs + 1,)
        The loss at the start and after each epoch; all but the last as the method computed it.
    points : numpy.ndarray, shape (kept, n)
        The flat parameters after 0, `every`, 2 `every`, … epochs.
    last : numpy.ndarray, shape (n,)
        Those after all epochs.
    every : int
        Epochs between two rows of `points`: 1, unless the trajectory is too long to be kept whole.
    seconds : numpy.ndarray, shape (epochs,)
        What each epoch took: gradient and step.
    preparation : float
        Seconds before the first epoch.
    passes : int or None
        Forward passes of all epochs, as the method counts them. None if it does not.
    stopped : str
        Why there are fewer epochs than asked for; empty if there are not.
    """

    problem: Problem
    provider: str
    rate: float
    losses: NDArray[np.float64] = field(repr=False)
    points: NDArray[Any] = field(repr=False)
    last: NDArray[Any] = field(repr=False)
    every: int
    seconds: NDArray[np.float64] = field(repr=False)
    preparation: float
    passes: int | None
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """Epochs that were finished."""
        return len(self.seconds)

    @property
    def params(self) -> Parameters:
        """The weights at the end, in the structure of the problem's."""
        return self.at(self.last)

    @property
    def accuracy(self) -> float | None:
        """Share of the examples whose class is predicted at the end; None without classes."""
        return accuracy(self.problem, self.params)

    def at(self, point: NDArray[Any]) -> Parameters:
        """Give one of `points` the structure of the problem's parameters."""
        structure = self.problem.structure
        return structure.restore(structure.split(point))


def train(
    problem: Problem,
    provider: Provider | str = "backprop",
    *,
    epochs: int = EPOCHS,
    rate: float = RATE,
) -> Training:
    """Descend along the gradients of one provider.

    Parameters
    ----------
    problem : Problem
        Where to start, and on what data.
    provider : Provider or str
        The method, or its name.
    epochs : int
        Steps, each with the gradient of the whole batch.
    rate : float
        The learning rate ε.

    Returns
    -------
    Training
        A run that its user interrupts, or that diverges, holds the epochs before, and says why it
        stopped.

    Raises
    ------
    InvalidOption
        If `epochs` or `rate` is not positive.
    GradientError
        If the provider cannot differentiate the problem.

    Examples
    --------
    >>> import gradmethods as gm
    >>> result = gm.train(gm.problems.get("island"), epochs=500)
    >>> bool(result.losses[-1] < 0.2 < result.losses[0])
    True
    >>> result.accuracy > 0.95
    True
    """
    return train_together(problem, [provider], epochs=epochs, rate=rate)[0]


def train_together(
    problem: Problem,
    providers: Sequence[Provider | str],
    *,
    epochs: int = EPOCHS,
    rate: float = RATE,
) -> list[Training]:
    """Descend from one start with several providers, an epoch of each in turn.

    Parameters
    ----------
    problem : Problem
        Where to start, and on what data.
    providers : sequence of Provider or str
        The methods, or their names.
    epochs, rate
        As in `train`.

    Returns
    -------
    list of Training
        One for each provider.

    Examples
    --------
    >>> import gradmethods as gm
    >>> problem = gm.problems.get("xor")
    >>> a, b = train_together(problem, ["backprop", "analytical"], epochs=20)
    >>> float(abs(a.last - b.last).max()) < 1e-13
    True
    """
    epochs, rate = whole("epochs", epochs, least=1), positive("rate", rate)
    if not providers:
        raise InvalidOption("There is nothing to train with: name at least one provider.")
    chosen = [get_provider(each) if isinstance(each, str) else each for each in providers]
    descents = [_Descent(problem, provider, epochs, rate) for provider in chosen]
    try:
        start = time.perf_counter()
        _epoch(descents)
        predicted = (epochs - 1) * (time.perf_counter() - start)
        rest = (slice(k, k + 1) for k in range(1, epochs))
        for _ in shown(rest, epochs - 1, predicted, "training", "epochs"):
            if not _epoch(descents):
                break
    except KeyboardInterrupt:
        for descent in descents:
            descent.stopped = descent.stopped or INTERRUPTED
    return [descent.result() for descent in descents]


def undisturbed(run: Training) -> Training:
    """Return a run of a study; if its user interrupted it, that ends the study.

    Raises
    ------
    KeyboardInterrupt
        A run that was cut short must not count as one that failed.
    """
    if run.stopped == INTERRUPTED:
        raise KeyboardInterrupt
    return run


def _epoch(descents: list[_Descent]) -> bool:
    """Let each take a step; tell whether any did."""
    moved = [descent.step() for descent in descents]
    return any(moved)


class _Descent:
    """A descent under way. What it holds is whole between any two steps."""

    def __init__(self, problem: Problem, provider: Provider, epochs: int, rate: float) -> None:
        start = time.perf_counter()
        self.prepared = provider.prepare(problem)
        self.preparation = time.perf_counter() - start
        self.problem, self.provider, self.rate = problem, provider.name, rate
        structure = problem.structure
        start_point = structure.join(structure.check(problem.params))
        self.every = math.ceil((epochs + 1) * start_point.nbytes / KEPT)
        self.start = self.point = start_point
        self.rows: list[_Row] = []
        self.stopped = ""

    def step(self) -> bool:
        """Take a step, unless the descent is over."""
        if self.stopped:
            return False
        structure = self.problem.structure
        start = time.perf_counter()
        value, gradient = self.prepared(structure.restore(structure.split(self.point)))
        flat = structure.join(structure.check(gradient))
        after = self.point - structure.dtype.type(self.rate) * flat
        seconds = time.perf_counter() - start
        if not (math.isfinite(value) and np.isfinite(after).all()):
            self.stopped = DIVERGED
            return False
        kept = (len(self.rows) + 1) % self.every == 0
        # One append: an interrupt comes before it or after it, and never tears an epoch.
        self.rows.append(_Row(float(value), seconds, self._passes(), after if kept else None))
        self.point = after
        return True

    def _passes(self) -> int | None:
        passes = getattr(self.prepared, "forward_passes", None)
        # A provider from elsewhere need not count.
        return None if passes is None else passes + getattr(self.prepared, "value_passes", 0)

    def result(self) -> Training:
        structure = self.problem.structure
        last = float(self.problem.value(structure.restore(structure.split(self.point))))
        passes = [row.passes for row in self.rows if row.passes is not None]
        return Training(
            problem=self.problem,
            provider=self.provider,
            rate=self.rate,
            losses=np.array([*(row.loss for row in self.rows), last]),
            points=np.array(
                [self.start, *(row.point for row in self.rows if row.point is not None)]
            ),
            last=self.point,
            every=self.every,
            seconds=np.array([row.seconds for row in self.rows]),
            preparation=self.preparation,
            passes=sum(passes) if len(passes) == len(self.rows) else None,
            stopped=self.stopped,
        )


class _Row(NamedTuple):
    """An epoch: the loss before its step, what it took, and where it led."""

    loss: float
    seconds: float
    passes: int | None
    point: NDArray[Any] | None
