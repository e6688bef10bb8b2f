"""Providers against each other on one problem: value, gradient, cost and a verdict.

No provider is trusted before the others: the largest set of which every two agree is right, the
rest is wrong, and where several sets are as large, nobody outside their intersection is called
right. Two agree if every parameter array of their gradients, taken by itself and relative to its
own norm, differs by no more than the two methods' tolerances. So neither a small array beside a
large one nor a small gradient as a whole can hide a mistake: a zero gradient is off by 1, a flipped
sign by 2, NaN by infinity.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.accuracy.errors import Error, error, gradient_error, norm
from gradmethods.accuracy.tolerances import noise, tolerance
from gradmethods.cost.timing import Cost, measure
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.structure import Arrays

if TYPE_CHECKING:
    import pandas as pd

AGREES = "agrees"
DISAGREES = "disagrees"
NOT_FINITE = "not finite"
UNRESOLVED = "unresolved"  # differences that the round-off of the loss drowns
UNDECIDED = "undecided"  # nobody to compare with
OBSTACLE = "obstacle"


@dataclass(frozen=True, eq=False)
class Answer:
    """What one provider gave for a problem, or why it gave nothing.

    Attributes
    ----------
    provider : str
        Its name.
    value : float
        The loss, NaN if there is an obstacle.
    gradient : dict of str to numpy.ndarray, or None
        None if there is an obstacle.
    obstacle : str
        Empty if the provider delivered.
    preparation : float
        Seconds.
    forward_passes : int or None
        For one gradient.
    cost : Cost or None
        Measured time, None if it was not asked for.
    """

    provider: str
    value: float = float("nan")
    gradient: Any = None
    obstacle: str = ""
    preparation: float = float("nan")
    forward_passes: int | None = None
    cost: Cost | None = None


@dataclass(frozen=True)
class Comparison:
    """Answers of several providers to one problem, judged against each other.

    Attributes
    ----------
    problem : Problem
        What was differentiated.
    answers : tuple of Answer
        One per provider, in the order given.
    """

    problem: Problem
    answers: tuple[Answer, ...]

    @property
    def delivered(self) -> tuple[Answer, ...]:
        """The answers that hold a gradient."""
        return tuple(answer for answer in self.answers if answer.gradient is not None)

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each provider, by name."""
        return {answer.provider: self._verdict(answer) for answer in self.answers}

    @property
    def agree(self) -> bool:
        """Whether at least two providers agree and none contradicts another.

        Obstacles and unresolved differences neither help nor harm.
        """
        verdicts = list(self.verdicts.values())
        return verdicts.count(AGREES) >= 2 and not {DISAGREES, NOT_FINITE}.intersection(verdicts)

    @cached_property
    def reference(self) -> Answer | None:
        """The answer that the table's errors refer to: of the largest camp, the most exact."""
        members = [answer for camp in self._camps for answer in camp]
        finite = [answer for answer in self.delivered if _is_finite(answer)]
        return min(members or finite, key=self._tolerance, default=None)

    def error(self, answer: Answer) -> Error:
        """Measure an answer's gradient against the reference's."""
        if answer.gradient is None or self.reference is None:
            return Error(float("nan"), float("nan"))
        assert self.reference.gradient is not None
        return gradient_error(answer.gradient, self.reference.gradient)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per provider: value, errors, costs, verdict.

        ``error`` is relative to the norm of the gradient and ``worst_component`` to the component,
        both against ``reference``; times are in seconds; ``ratio`` is the time of a gradient ÷ the
        time of the loss in plain NumPy, the median over interleaved rounds with a bootstrap
        interval.
        """
        import pandas as pd

        return pd.DataFrame([self._row(answer) for answer in self.answers]).set_index("provider")

    @cached_property
    def pairwise(self) -> pd.DataFrame:
        """Error of the gradient of each row relative to the norm of each column's."""
        import pandas as pd

        names = [answer.provider for answer in self.delivered]
        rows = [
            [gradient_error(a.gradient or {}, b.gradient or {}).norm for b in self.delivered]
            for a in self.delivered
        ]
        return pd.DataFrame(rows, index=names, columns=names)

    @cached_property
    def per_array(self) -> pd.DataFrame:
        """Errors of each provider on each parameter array, relative to that array's own norm."""
        import pandas as pd

        rows = []
        for answer in self.delivered:
            for name in self.problem.structure.shapes:
                reference = self.reference.gradient if self.reference else None
                measured = error(answer.gradient[name], reference[name]) if reference else None
                rows.append(
                    {
                        "provider": answer.provider,
                        "array": name,
                        "shape": self.problem.structure.shapes[name],
                        "error": measured.norm if measured else float("nan"),
                        "worst_component": measured.worst if measured else float("nan"),
                    }
                )
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        from gradmethods.accuracy.text import render

        return render(self)

    def plot(self, ax: Any = None) -> Any:
        """Plot error against time per gradient, a point per provider.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from gradmethods.report.plane import accuracy_cost_plane

        return accuracy_cost_plane(self, ax)

    def _row(self, answer: Answer) -> dict[str, Any]:
        measured, cost = self.error(answer), answer.cost
        missing = float("nan")
        return {
            "provider": answer.provider,
            "value": answer.value,
            "error": measured.norm,
            "worst_component": measured.worst,
            "preparation_s": answer.preparation,
            "gradient_s": cost.gradient.median if cost else missing,
            "ratio": cost.ratio.median if cost else missing,
            "ratio_low": cost.ratio.low if cost else missing,
            "ratio_high": cost.ratio.high if cost else missing,
            "forward_passes": answer.forward_passes,
            "verdict": self.verdicts[answer.provider],
            "obstacle": answer.obstacle,
        }

    def _verdict(self, answer: Answer) -> str:
        if answer.gradient is None:
            return OBSTACLE
        if not _is_finite(answer):
            return NOT_FINITE
        if answer not in self._voters:
            return UNRESOLVED
        if len(self._voters) == 1:
            return UNDECIDED
        if len(self._camps[0]) > 1 and all(answer in camp for camp in self._camps):
            return AGREES
        return DISAGREES

    @cached_property
    def _voters(self) -> list[Answer]:
        """The finite answers, without differences that cannot tell the gradient from zero."""
        return [a for a in self.delivered if _is_finite(a) and not self._drowns(a)]

    @cached_property
    def _camps(self) -> list[list[Answer]]:
        """The largest sets of voters of which every two agree."""
        agree = {
            (i, j)
            for (i, a), (j, b) in itertools.combinations(enumerate(self._voters), 2)
            if self._pair_agrees(a, b)
        }
        for size in range(len(self._voters), 0, -1):
            camps = [
                camp
                for camp in itertools.combinations(range(len(self._voters)), size)
                if agree.issuperset(itertools.combinations(camp, 2))
            ]
            if camps:
                return [[self._voters[i] for i in camp] for camp in camps]
        return []

    def _pair_agrees(self, a: Answer, b: Answer) -> bool:
        assert a.gradient is not None
        assert b.gradient is not None
        # A wrong loss is caught beside a wrong gradient; its round-off is not the question here.
        unit_roundoff = float(np.finfo(self.problem.dtype).eps) / 2
        if not abs(a.value - b.value) <= unit_roundoff**0.5 * max(abs(a.value), abs(b.value)):
            return False
        relative = self._tolerance(a) + self._tolerance(b)
        absolute = self._noise(a) + self._noise(b)
        return all(
            norm(a.gradient[n] - b.gradient[n])
            <= relative * min(norm(a.gradient[n]), norm(b.gradient[n]))
            + absolute * math.sqrt(a.gradient[n].size)
            for n in self.problem.structure.shapes
        )

    def _tolerance(self, answer: Answer) -> float:
        return tolerance(answer.provider, self.problem.dtype)

    def _noise(self, answer: Answer) -> float:
        """Return what the round-off of the loss adds to each component: 0 but for differences."""
        return noise(answer.provider, self.problem.dtype) * abs(answer.value)

    def _drowns(self, answer: Answer) -> bool:
        """Whether differences could not have told the gradient that they gave from zero."""
        gradient = answer.gradient or {}
        size = math.sqrt(self.problem.size)
        return noise(answer.provider, self.problem.dtype) > 0 and (
            norm(self.problem.structure.join(gradient)) <= 10 * self._noise(answer) * size
        )


def compare(
    problem: Problem, providers: Iterable[Provider] | None = None, *, seconds: float = 0.5
) -> Comparison:
    """Differentiate a problem with several providers and hold the answers against each other.

    Parameters
    ----------
    problem : Problem
        A loss, its parameters and its data.
    providers : iterable of Provider, optional
        The three default providers if not given.
    seconds : float, default 0.5
        Time to spend on measuring each provider; with 0 nothing is timed.

    Returns
    -------
    Comparison
        With ``.table``, ``.agree``, ``.plot()``; printing it shows the table and the verdict.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.1, 2.0]))
    >>> comparison = gm.compare(problem, seconds=0)
    >>> comparison.agree
    True
    >>> comparison.table["forward_passes"].to_list()
    [0, 4, 1]
    """
    if providers is None:
        from gradmethods.providers import PROVIDERS

        providers = PROVIDERS.values()
    chosen = list(providers)
    names = [provider.name for provider in chosen]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidOption(f"Providers to compare need different names, got {repeated} twice.")
    return Comparison(problem, tuple(_answer(problem, p, seconds) for p in chosen))


def _answer(problem: Problem, provider: Provider, seconds: float) -> Answer:
    start = time.perf_counter()
    try:
        prepared = provider.prepare(problem)
        preparation = time.perf_counter() - start
        value, gradient = prepared(problem.params)
        arrays: Arrays = problem.structure.check(gradient)
    except GradientError as refusal:
        return Answer(provider.name, obstacle=str(refusal))
    except Exception as failure:  # noqa: BLE001  # one provider's fault must not hide the others
        return Answer(provider.name, obstacle=f"{type(failure).__name__}: {failure}")
    return Answer(
        provider.name,
        float(value),
        arrays,
        preparation=preparation,
        forward_passes=getattr(prepared, "forward_passes", None),
        cost=measure(prepared, problem, seconds=seconds) if seconds > 0 else None,
    )


def _is_finite(answer: Answer) -> bool:
    gradient = answer.gradient or {}
    return bool(
        np.isfinite(answer.value) and all(np.isfinite(array).all() for array in gradient.values())
    )
