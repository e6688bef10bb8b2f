"""A comparison of providers: their answers judged by the truth, and the advice that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.comparison.advice import Advice
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.studies.accuracy.answers import Answer
from gradmethods.truth.find import Found
from gradmethods.truth.judge import judge, measured
from gradmethods.truth.measures import Measures
from gradmethods.truth.verdict import NO_GRADIENT, RIGHT, SUBGRADIENT, WRONG, Verdict

if TYPE_CHECKING:
    import pandas as pd

OBSTACLE = "obstacle"
"""The entry of the verdict column for a provider that gave no gradient."""

COULD_NOT_RUN = 2
"""Exit status where no provider gave a gradient."""

MISSING = float("nan")


@dataclass(frozen=True)
class Judged:
    """An answer, the verdict on it, and its error; these two are None if it holds no gradient."""

    answer: Answer
    verdict: Verdict | None = None
    measures: Measures | None = None

    @property
    def outcome(self) -> str:
        """The verdict in a word or two."""
        return self.verdict.outcome if self.verdict else OBSTACLE

    @property
    def reason(self) -> str:
        """Why it is not right; empty if it is."""
        return self.verdict.reason + self._about_steps if self.verdict else self.answer.obstacle

    @property
    def _about_steps(self) -> str:
        """Say what else makes differences wrong."""
        if self.outcome != WRONG or self.answer.exact is not False or self.answer.claim is None:
            return ""
        return ". A kink of the loss within a step, or a step that is too wide, looks the same"


def judge_answer(answer: Answer, found: Found) -> Judged:
    """Judge the answer of a provider by what is known of the gradient."""
    if answer.gradient is None:
        return Judged(answer)
    given = answer.given
    return Judged(answer, judge(given, found), measured(given, found))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Answers of several providers to one problem, judged by the truth, with advice.

    Everything is computed when it is made; printing it shows the table, the reasons and a
    conclusion.

    Attributes
    ----------
    problem : Problem
        What was differentiated.
    loss : float
        Its value in plain NumPy.
    truth : Found
        What is known of the gradient: ``.truth.truth`` is the certificate, or None where
        ``.truth.why`` says why there is none.
    judged : dict of str to Judged
        The answer of each provider with its verdict and error, by name, in the order given.
    advised : Advice or None
        Which of the providers to use; None if no provider was timed.
    text : str
        What printing it shows.

    Notes
    -----
    A verdict is ``"right"``, ``"wrong"``, ``"a valid subgradient"``, ``"no gradient exists"`` or
    ``"not decided"`` (see `gradmethods.truth.verdict`); or ``"obstacle"``, where a provider gave no
    gradient.
    """

    problem: Problem
    loss: float
    truth: Found
    judged: Mapping[str, Judged]
    advised: Advice | None = None
    text: str = field(default="")

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What the providers gave, in the order given."""
        return tuple(each.answer for each in self.judged.values())

    @property
    def delivered(self) -> tuple[Answer, ...]:
        """The answers that hold a gradient."""
        return tuple(answer for answer in self.answers if answer.gradient is not None)

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each provider."""
        return {name: each.outcome for name, each in self.judged.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why a provider is not right: empty if it is."""
        return {name: each.reason for name, each in self.judged.items()}

    @property
    def agree(self) -> bool:
        """Whether a provider is right, or a valid subgradient, and none is wrong.

        What refused, and what is not decided, neither helps nor harms.
        """
        return self.status == 0

    @property
    def status(self) -> int:
        """Return 0 if a provider is right and none wrong, 1 if one is wrong, 3 if neither is.

        It is 2 if none gave a gradient.
        """
        outcomes = {each.outcome for each in self.judged.values()}
        if WRONG in outcomes:
            return 1
        if outcomes & {RIGHT, SUBGRADIENT}:
            return 0
        return 3 if self.delivered else COULD_NOT_RUN

    @property
    def advice(self) -> Advice:
        """Which of these providers to use, from the times of the comparison.

        Raises
        ------
        InvalidOption
            If no provider was timed.

        Notes
        -----
        A provider is advised only if its gradient was held against the certified one, and found to
        have at least one correct digit and not to be wrong.
        """
        if self.advised is None:
            raise InvalidOption("Advice needs times. Compare with seconds above 0, say 0.5.")
        return self.advised

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per provider, in these columns.

        ==================  ========================================================================
        value               the loss
        error               of the gradient, against the certified one, ÷ the norm of that
        worst_component     the largest error of a component ÷ that component (÷ the norm at 0)
        digits              correct ones, −log₁₀ of the error
        preparation_s       seconds to prepare
        gradient_s          seconds per gradient, the median over rounds
        ratio               time of a gradient ÷ time of the loss in plain NumPy, the median
        ratio_low           lower end of its 95 % bootstrap interval
        ratio_high          upper end
        forward_passes      for one gradient
        unresolved          entries that the method itself marks as not resolved; missing if it has
                            no such notion
        open                entries whose verdict is not decided
        verdict             see `Comparison`
        reason              why it is not right; empty if it is
        obstacle            why there is no gradient; empty if there is
        ==================  ========================================================================

        What was not measured is NaN.
        """
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("provider")

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
        """The verdict on each parameter array of each provider, and its error ÷ bound."""
        import pandas as pd

        rows = [
            {
                "provider": name,
                "array": array,
                "verdict": found.outcome,
                "excess": found.excess,
                "bound": found.resolution,
                "open": len(found.open),
            }
            for name, each in self.judged.items()
            if each.verdict
            for array, found in each.verdict.arrays.items()
        ]
        return pd.DataFrame(rows)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `table` as plain values."""
        return [_row(each) for each in self.judged.values()]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def plot(self, ax: Any = None) -> Any:
        """Plot error against time per gradient, a point per provider.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        InvalidOption
            If no provider was timed.
        """
        from gradmethods.comparison.plane import accuracy_cost_plane

        return accuracy_cost_plane(self, ax)


def _row(each: Judged) -> dict[str, Any]:
    answer, measures, cost = each.answer, each.measures, each.answer.cost
    return {
        "provider": answer.provider,
        "value": answer.value,
        "error": measures.error if measures else MISSING,
        "worst_component": measures.worst if measures else MISSING,
        "digits": measures.digits if measures else MISSING,
        "preparation_s": answer.preparation,
        "gradient_s": cost.gradient.median if cost else MISSING,
        "ratio": cost.ratio.median if cost else MISSING,
        "ratio_low": cost.ratio.low if cost else MISSING,
        "ratio_high": cost.ratio.high if cost else MISSING,
        "forward_passes": answer.forward_passes,
        "unresolved": answer.unresolved,
        "open": each.verdict.open if each.verdict else 0,
        "verdict": each.outcome,
        "reason": each.reason,
        "obstacle": answer.obstacle,
    }


__all__ = ["COULD_NOT_RUN", "NO_GRADIENT", "OBSTACLE", "Comparison", "Judged", "judge_answer"]
