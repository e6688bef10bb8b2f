"""The answers of several providers, judged: tables of errors and costs, and what can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.accuracy.answers import Answer, Prepared
from gradmethods.accuracy.roundoff import PlainLoss, difference_noise, look_again
from gradmethods.accuracy.verdicts import AGREES, OBSTACLE, UNRESOLVED, WRONG, Judge
from gradmethods.distance import Error, error, gradient_error
from gradmethods.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = Error(float("nan"), float("nan"))


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """Answers of several providers to one problem, judged against each other.

    Attributes
    ----------
    problem : Problem
        What was differentiated.
    loss : PlainLoss
        Its value in plain NumPy, and the round-off in it.
    answers : tuple of Answer
        One per provider, in the order given.
    verdicts : dict of str to str
        The verdict on each provider, by name.
    reasons : dict of str to str
        Why a provider does not agree, by name: empty if it does.
    reference : Answer or None
        What the table's errors refer to: of the largest set of answers that agree, the most exact.

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
    verdicts: dict[str, str]
    reasons: dict[str, str]
    reference: Answer | None

    @property
    def delivered(self) -> tuple[Answer, ...]:
        """The answers that hold a gradient."""
        return tuple(answer for answer in self.answers if answer.gradient is not None)

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

    def error(self, answer: Answer) -> Error:
        """Measure an answer's gradient against the reference's."""
        if answer.gradient is None or self.reference is None:
            return UNKNOWN
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
        verdict             see `Judgement`
        reason              why it does not agree; empty if it does
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
        """Errors of each provider on each parameter array, relative to that array's own norm."""
        import pandas as pd

        reference = self.reference.gradient if self.reference else None
        rows = []
        for answer in self.delivered:
            for name, shape in self.problem.structure.shapes.items():
                measured = UNKNOWN
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
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `table` as plain values."""
        return [self._row(answer) for answer in self.answers]

    def _row(self, answer: Answer) -> dict[str, Any]:
        measured, cost = self.error(answer), answer.cost
        missing = float("nan")
        verdict, reason = self.verdicts[answer.provider], self.reasons[answer.provider]
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


def judge(
    problem: Problem,
    loss: PlainLoss,
    given: Sequence[Answer],
    prepared: Mapping[str, Prepared] | None = None,
) -> Judgement:
    """Hold answers against each other, and look again at exact ones where two do not agree.

    Parameters
    ----------
    problem : Problem
        What they are about.
    loss : PlainLoss
        Of the problem.
    given : sequence of Answer
        What the providers gave.
    prepared : mapping of str to callable, optional
        The prepared gradients of those that gave one, by provider. Without them round-off is not
        looked at.
    """
    ready = prepared or {}
    answers = [
        replace(a, noise=difference_noise(problem, ready[a.provider], a.provider, loss))
        if a.provider in ready
        else a
        for a in given
    ]
    found = Judge(problem, loss, answers)
    if ready and found.in_doubt:
        exact = {a.provider for a in found.voters if a.noise is None}
        answers = [
            replace(a, **look_again(problem, ready[a.provider])) if a.provider in exact else a
            for a in answers
        ]
        found = Judge(problem, loss, answers)
    verdicts, reasons = {}, {}
    for answer in answers:
        verdicts[answer.provider], reasons[answer.provider] = found.verdict(answer)
    return Judgement(problem, loss, tuple(answers), verdicts, reasons, found.reference())
