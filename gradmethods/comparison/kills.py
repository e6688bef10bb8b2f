"""Which mistakes a check catches: plants × checkers, and right gradients that are rejected.

A checker that catches everything by rejecting everything is no better than one that catches
nothing, so both are counted. Checkers of other packages live in `benchmarks.peers.checkers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gradmethods.comparison.check import check_gradient
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.errors import GradientError
from gradmethods.providers import get_provider
from gradmethods.studies.plants import MISTAKES, Plant, planted
from gradmethods.truth.find import Found

if TYPE_CHECKING:
    import pandas as pd

EXACT = ("analytical:chain-rule", "numerical:complex-step", "backprop")
"""Names of providers whose gradients are right: exact to rounding, each in its own way."""

CAUGHT = "caught"
PASSED = "passed"


class Judge(Protocol):
    """A checker of gradients: ours, or that of another package."""

    @property
    def name(self) -> str:
        """The name in tables."""
        ...

    def obstacle(self, problem: Problem) -> str | None:
        """Say why it cannot judge gradients of a problem, or None if it can."""
        ...

    def accepts(self, problem: Problem, gradient: Arrays) -> bool:
        """Whether it finds no fault with a gradient at the problem's point."""
        ...


@dataclass(frozen=True)
class Ours:
    """`check_gradient` on the values of a gradient, with the truth made once."""

    truth: Found
    name: str = "gradmethods"

    def obstacle(self, problem: Problem) -> str | None:
        """Return None: what can be certified can be checked."""
        return None if problem is self.truth.problem else "the truth is another problem's"

    def accepts(self, problem: Problem, gradient: Arrays) -> bool:
        """Whether the check is passed."""
        check = check_gradient(problem.structure.restore(gradient), problem, truth=self.truth)
        return check.ok is not False


def kill_table(problems: Iterable[Problem], judges: Sequence[Judge] = ()) -> pd.DataFrame:
    """Run checkers on every mistake planted in every problem, and on right gradients.

    Parameters
    ----------
    problems : iterable of Problem
        Whose gradients to judge; each is certified.
    judges : sequence of Judge
        Beside our own check: for example the values of `benchmarks.peers.checkers.CHECKERS`.

    Returns
    -------
    pandas.DataFrame
        A row for each problem, gradient and checker, in the columns ``problem``, ``mistake`` (empty
        for a right gradient), ``where`` (or which right gradient), ``change`` (norm of the change ÷
        norm of the array), ``amount`` (of a change of one component, relative to it), ``checker``,
        ``outcome`` (``"caught"``, ``"passed"``, or empty) and ``reason`` (why it is empty).

    Examples
    --------
    >>> import gradmethods as gm
    >>> table = kill_table([gm.problems.get("rosenbrock", n=2)])
    >>> sorted(set(table.loc[table["mistake"] == "", "outcome"]))
    ['passed']
    >>> wrong = table[(table["mistake"] != "") & (table["reason"] == "")]
    >>> sorted(set(wrong["outcome"]))
    ['caught']
    """
    import pandas as pd

    return pd.DataFrame(
        [row for problem in problems for row in _rows(problem, judges)], columns=COLUMNS
    )


COLUMNS = ["problem", "mistake", "where", "change", "amount", "checker", "outcome", "reason"]


def _rows(problem: Problem, judges: Sequence[Judge]) -> Iterator[tuple[Any, ...]]:
    from gradmethods.engines.certified import certified_gradient

    truth = certified_gradient(problem)
    every: list[Judge] = [Ours(Found(problem, truth)), *judges]
    obstacles = {judge.name: judge.obstacle(problem) for judge in every}
    for plant in [*_right(problem), *planted(truth)]:
        for judge in every:
            outcome, reason = "", plant.reason or obstacles[judge.name] or ""
            if plant.gradient is not None and not reason:
                outcome = PASSED if judge.accepts(problem, plant.gradient) else CAUGHT
            yield (
                problem.name,
                plant.mistake,
                plant.where,
                plant.change,
                plant.amount,
                judge.name,
                outcome,
                reason,
            )


def _right(problem: Problem) -> Iterator[Plant]:
    """Yield right gradients, as plants without a mistake."""
    for name in EXACT:
        try:
            result = get_provider(name).prepare(problem)(problem.params)
        except GradientError as error:
            yield Plant("", name, None, str(error))
            continue
        yield Plant("", name, problem.structure.check(result.gradient), change=0.0)


def kill_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Count, per problem and checker, what a `kill_table` holds.

    Returns
    -------
    pandas.DataFrame
        In the columns ``problem``, ``checker``, ``mistakes`` (judged), ``caught``, ``rate``,
        ``smallest_caught`` (amount of a change of one component, relative to it),
        ``largest_missed`` (the same, of those that passed), ``right`` (gradients judged),
        ``rejected`` (of these: false alarms) and ``reason`` (why nothing was judged).
    """
    import pandas as pd

    rows = []
    for (problem, checker), group in table.groupby(["problem", "checker"], sort=False):
        judged = group[group["outcome"] != ""]
        wrong, right = judged[judged["mistake"] != ""], judged[judged["mistake"] == ""]
        caught = wrong["outcome"] == CAUGHT
        rows.append(
            {
                "problem": problem,
                "checker": checker,
                "mistakes": len(wrong),
                "caught": int(caught.sum()),
                "rate": caught.mean() if len(wrong) else float("nan"),
                "smallest_caught": wrong.loc[caught, "amount"].min(),
                "largest_missed": wrong.loc[~caught, "amount"].max(),
                "right": len(right),
                "rejected": int((right["outcome"] == CAUGHT).sum()),
                "reason": "" if len(judged) else group["reason"].iloc[0],
            }
        )
    return pd.DataFrame(rows)


def kills_by_mistake(table: pd.DataFrame) -> pd.DataFrame:
    """Count, per mistake, how many plants each checker of a `kill_table` caught.

    Returns
    -------
    pandas.DataFrame
        A row for each mistake: ``mistake``, ``plants``, and a column for each checker, NaN where it
        judged none.
    """
    import pandas as pd

    wrong = table[(table["mistake"] != "") & (table["outcome"] != "")]
    caught = wrong.assign(caught=wrong["outcome"] == CAUGHT)
    axes = {"index": "mistake", "columns": "checker", "values": "caught", "sort": False}
    counts = caught.pivot_table(aggfunc="sum", **axes)
    plants = caught.pivot_table(aggfunc="count", **axes).max(axis="columns")
    counts.insert(0, "plants", plants)
    order = [name for name in MISTAKES if name in counts.index]
    return pd.DataFrame(counts.loc[order].reset_index().rename_axis(columns=None))
