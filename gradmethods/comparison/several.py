"""Check several gradients of one problem alike, as a teacher does for a class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.comparison.check import BUDGET, check_gradient
from gradmethods.comparison.check_result import Check
from gradmethods.core.problem import Problem
from gradmethods.core.tracebacks import in_words
from gradmethods.output.terminal import fill, table
from gradmethods.truth.find import Found, find_truth
from gradmethods.truth.verdict import RIGHT, STATUS, SUBGRADIENT, WRONG

if TYPE_CHECKING:
    import pandas as pd

FAILED = "could not be run"
"""The verdict on a function that raises, or returns no gradient of the problem."""

SCORES = {RIGHT: 1.0, SUBGRADIENT: 1.0, WRONG: 0.0}
"""The score of an array, by its verdict; an array that is not decided has no score."""


@dataclass(frozen=True, eq=False, repr=False)
class Checks:
    """The results of checking several gradients; printing them shows one table.

    Attributes
    ----------
    problem : Problem
        Whose gradients they should be.
    found : Found
        What they were held against.
    checks : dict of str to Check
        By name, of those that could be run.
    failures : dict of str to str
        Why others could not.
    names : tuple of str
        Of all, in the order given.
    """

    problem: Problem
    found: Found
    checks: Mapping[str, Check]
    failures: Mapping[str, str]
    names: tuple[str, ...]

    @property
    def status(self) -> int:
        """Return 0 if all are right, 1 if one is wrong or could not be run, else 3."""
        if self.failures:
            return 1
        statuses = {check.status for check in self.checks.values()}
        return next(s for s in (1, STATUS["not decided"], 0) if s in statuses or s == 0)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per gradient, in these columns.

        ==============  ============================================================================
        verdict         see `gradmethods.truth.verdict`, or ``"could not be run"``
        score           arrays that are right ÷ arrays; 0 for what could not be run, or is wrong in
                        another way than by an array
        mistake         the likeliest one; empty if it is right
        (an array)      its score: 1 if it is right, 0 if it is wrong, missing if not decided
        ==============  ============================================================================
        """
        import pandas as pd

        rows = [self._row(name) for name in self.names]
        return pd.DataFrame(rows, index=pd.Index(self.names, name="gradient"))

    @property
    def arrays(self) -> dict[str, str]:
        """The names of the parameter arrays in the table."""
        return {name: name or "entries" for name in self.problem.structure.shapes}

    def _row(self, name: str) -> dict[str, Any]:
        if name in self.failures:
            head = {"verdict": FAILED, "score": 0.0, "mistake": self.failures[name]}
            return head | dict.fromkeys(self.arrays.values(), 0.0)
        check = self.checks[name]
        outcomes = dict(check.table["verdict"])
        scores = {
            shown: SCORES.get(outcomes.get(array, check.outcome), math.nan)
            for array, shown in self.arrays.items()
        }
        score = sum(x for x in scores.values() if x > 0) / len(scores)
        whole = score if check.ok is not False or score < 1 else 0.0
        mistake = "" if check.ok else check.mistake
        return {"verdict": check.outcome, "score": whole, "mistake": mistake} | scores

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        return str(self.table.to_markdown(floatfmt=".3g")) + "\n"

    def __str__(self) -> str:
        frame = self.table
        shown = [
            {
                "gradient": str(name),
                **{array: WORDS.get(row[array], "?") for array in self.arrays.values()},
                "score": f"{row['score']:.2f}",
                "verdict": row["verdict"],
            }
            for name, row in frame.iterrows()
        ]
        n = self.problem.size
        head = f"{self.problem.name}: {n:,} parameter{'s' * (n != 1)}, {self.problem.dtype}"
        mistakes = [(name, row["mistake"]) for name, row in frame.iterrows() if row["mistake"]]
        said = [*(fill(f"{name}: {mistake}") for name, mistake in mistakes), ""]
        legend = fill(f"Score: arrays that are right ÷ all. Held against {self.found.words}.")
        cells = table(shown, left=["verdict", *self.arrays.values()])
        return "\n".join([head, "", cells, "", *said[: 2 * len(mistakes)], legend])

    __repr__ = __str__


WORDS = {1.0: "right", 0.0: "wrong"}
"""The word that readers see for a score; an array that is not decided gets a question mark."""


def check_gradients(gradients: Mapping[str, Any], problem: Problem, *, rtol: float = 0.0) -> Checks:
    """Check several gradients of one problem; the truth is found once.

    Parameters
    ----------
    gradients : mapping of str to callable, array_like, provider, or exception
        By name, each as `check_gradient` takes it. An exception stands for what failed before.
    problem : Problem
        The loss, its parameters and its data.
    rtol : float, default 0
        As for `check_gradient`.

    Returns
    -------
    Checks
        With ``.table``, ``.markdown``, ``.checks``; printing it shows one table.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.5, 2.0, 3.0]))
    >>> answers = {"ada": np.cos, "bob": lambda w: -np.cos(w), "cy": lambda w: 1 / 0}
    >>> check_gradients(answers, problem).table[["verdict", "score"]]
                       verdict  score
    gradient
    ada                  right    1.0
    bob                  wrong    0.0
    cy        could not be run    0.0
    """
    found = find_truth(problem, BUDGET)
    checks, failures = {}, {}
    for name, gradient in gradients.items():
        if isinstance(gradient, Exception):
            failures[name] = in_words(gradient)
            continue
        try:
            checks[name] = check_gradient(gradient, problem, truth=found, rtol=rtol)
        except Exception as error:  # noqa: BLE001  # a student's own, of any kind
            failures[name] = in_words(error)
    return Checks(problem, found, checks, failures, tuple(gradients))
