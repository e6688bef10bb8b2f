"""The answers of several providers, judged: tables of errors and costs, and what can be said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.accuracy.answers import Answer
from gradmethods.accuracy.errors import Error, error, gradient_error
from gradmethods.accuracy.roundoff import PlainLoss
from gradmethods.accuracy.verdicts import AGREES, OBSTACLE, UNRESOLVED, WRONG, Judge
from gradmethods.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

    from gradmethods.advice import Advice


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Answers of several providers to one problem, judged against each other.

    Printing it shows the table, the reasons and a conclusion.

    Attributes
    ----------
    problem : Problem
        What was differentiated.
    loss : PlainLoss
        Its value in plain NumPy, and the round-off in it.
    answers : tuple of Answer
        One per provider, in the order given.

    Notes
    -----
    A verdict is one of these:

    ``"agrees"``
        Belongs to the largest set of answers of which every two agree (to every such set, if there
        are several), and at least one other of them resolves each parameter array.
    ``"disagrees"``
        Contradicts one of that set; or contradicts another, where no two agree.
    ``"wrong value"``
        Its loss differs from that of plain NumPy by more than round-off. Its gradient is not asked.
    ``"not finite"``
        Its loss or its gradient holds NaN or infinity.
    ``"unresolved"``
        Round-off hides the answer: differences that cannot tell an array of the gradient from zero,
        an array that no other method resolves, or exact methods that differ by what one unit in the
        last place of the parameters does to them. The reason names the arrays.
    ``"undecided"``
        There is nobody to compare with.
    ``"obstacle"``
        It gave no gradient; the reason is its own.
    """

    problem: Problem
    loss: PlainLoss
    answers: tuple[Answer, ...]

    @property
    def delivered(self) -> tuple[Answer, ...]:
        """The answers that hold a gradient."""
        return tuple(answer for answer in self.answers if answer.gradient is not None)

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each provider, by name."""
        return {name: verdict for name, (verdict, _) in self._judged.items()}

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Why a provider does not agree, by name: empty if it does."""
        return {name: reason for name, (_, reason) in self._judged.items()}

    @property
    def agree(self) -> bool:
        """Whether at least two providers agree and none gives cause for doubt.

        Obstacles and differences that round-off drowns neither help nor harm; an exact method that
        disagrees, or is unresolved, does harm, and so does a loss that is not plain NumPy's.
        """
        doubtful = [a for a in self.delivered if a.noise is None]
        unresolved = any(self.verdicts[a.provider] == UNRESOLVED for a in doubtful)
        verdicts = list(self.verdicts.values())
        return verdicts.count(AGREES) >= 2 and not unresolved and not WRONG.intersection(verdicts)

    @cached_property
    def reference(self) -> Answer | None:
        """The answer that the table's errors refer to: of the largest camp, the most exact."""
        return self._judge.reference()

    def error(self, answer: Answer) -> Error:
        """Measure an answer's gradient against the reference's."""
        if answer.gradient is None or self.reference is None:
            return Error(float("nan"), float("nan"))
        assert self.reference.gradient is not None
        return gradient_error(answer.gradient, self.reference.gradient)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per provider, in these columns.

        ==================  ========================================================================
        value               the loss
        error               of the gradient, against ``reference``, ÷ the norm of that
        worst_component     the largest error of a component ÷ that component (÷ the norm at 0)
        preparation_s       seconds to prepare
        gradient_s          seconds per gradient, the median over rounds
        ratio               time of a gradient ÷ time of the loss in plain NumPy, the median
        ratio_low           lower end of its 95 % bootstrap interval
        ratio_high          upper end
        forward_passes      for one gradient
        unresolved          entries that the method itself marks as not resolved; missing if it has
                            no such notion
        verdict             see `Comparison`
        reason              why it does not agree; empty if it does
        obstacle            why there is no gradient; empty if there is
        ==================  ========================================================================

        What was not measured is NaN.
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

        reference = self.reference.gradient if self.reference else None
        rows = []
        for answer in self.delivered:
            for name, shape in self.problem.structure.shapes.items():
                measured = Error(float("nan"), float("nan"))
                if reference is not None and answer.gradient is not None:
                    measured = error(answer.gradient[name], reference[name])
                rows.append(
                    {
                        "provider": answer.provider,
                        "array": name,
                        "shape": shape,
                        "error": measured.norm,
                        "worst_component": measured.worst,
                    }
                )
        return pd.DataFrame(rows)

    @cached_property
    def advice(self) -> Advice:
        """Which of these providers to use, from the times of the comparison.

        Raises
        ------
        InvalidOption
            If no provider was timed.

        Notes
        -----
        A provider is not advised if its verdict is a wrong one, and none is where the loss has no
        gradient: certifying, which takes two seconds at most, tells kinks and correct digits.
        """
        from gradmethods.advice.measure import advice_on

        return advice_on(self)

    def __str__(self) -> str:
        from gradmethods.accuracy.text import render

        return render(self)

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
        from gradmethods.report.plane import accuracy_cost_plane

        return accuracy_cost_plane(self, ax)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.problem, self.loss, self.answers)

    @cached_property
    def _judged(self) -> dict[str, tuple[str, str]]:
        return {answer.provider: self._judge.verdict(answer) for answer in self.answers}

    def _row(self, answer: Answer) -> dict[str, Any]:
        measured, cost = self.error(answer), answer.cost
        missing = float("nan")
        verdict, reason = self._judged[answer.provider]
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
            "unresolved": answer.unresolved,
            "verdict": verdict,
            "reason": reason,
            "obstacle": reason if verdict == OBSTACLE else "",
        }
