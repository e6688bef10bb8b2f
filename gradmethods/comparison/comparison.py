"""The result of a comparison: answers judged by the truth, advice, and the text that shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.comparison.advice import Advice, sentences, surprises
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.output import format as fmt
from gradmethods.output.terminal import Shown, fill, table
from gradmethods.studies.accuracy.answers import OBSTACLE, Answer, Judged, without_kind
from gradmethods.truth.find import Found
from gradmethods.truth.verdict import GRAVITY, RIGHT, SUBGRADIENT, WRONG

if TYPE_CHECKING:
    import pandas as pd

COULD_NOT_RUN = 2
"""Exit status where no provider gave a gradient."""

MISSING = float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
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
    def failed(self) -> tuple[str, ...]:
        """The names of the user's own gradients that could not be run."""
        return tuple(a.provider for a in self.answers if a.own and a.gradient is None)

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

        What refused, and what is not decided, neither helps nor harms; but a gradient of the user's
        own that could not be run harms.
        """
        return self.status == 0

    @property
    def status(self) -> int:
        """Return 0 if a provider is right and none wrong, 1 if one is wrong, 3 if neither is.

        It is 2 if none gave a gradient, or one of the user's own gave none.
        """
        outcomes = {each.outcome for each in self.judged.values()}
        if WRONG in outcomes:
            return 1
        if self.failed:
            return COULD_NOT_RUN
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

        title = f"{self.problem.name}, n = {self.problem.size:,}"
        return accuracy_cost_plane(title, self.table, ax)


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


MARKED = "unresolved: entries that no step of the method resolves, by its own estimate."

BUSY = (
    "busy machine: other programs had the processor during most rounds of {}: times, ratios "
    "and ranks hold their work, too. Measure again on a quiet machine."
)

SMALL = (
    "small entries: of differences, no more than 1% of their array all together, and not known to "
    "1% of themselves."
)


def comparison_text(comparison: Comparison) -> str:
    """Return the table, what its columns mean, the reasons, the verdict and the advice in words."""
    problem, found = comparison.problem, comparison.truth
    lines = [
        f"{problem.name}: {problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    ]
    if math.isfinite(comparison.loss):
        lines.append(f"loss {comparison.loss!r}")
    else:
        word = "NaN" if math.isnan(comparison.loss) else "infinite"
        lines.append(
            f"The loss itself is {word} here{_plainly(problem, ',')}: there is no gradient to find."
        )
    timed = any(answer.cost for answer in comparison.answers)
    marked = any(answer.unresolved for answer in comparison.answers)
    lines += ["", table(_table(comparison), left=["verdict"])]
    times = f"of times, median [95 % interval]{_plainly(problem, ', the loss')}" if timed else ""
    lines += ["", fill(_legend(found.words if found.truth else "", times))]
    if marked:
        lines[-1] += "\n" + fill(MARKED)
    if any(map(_but, comparison.rows)):
        lines[-1] += "\n" + fill(SMALL)
    busy = [each.provider for each in comparison.answers if each.cost and each.cost.contended]
    if busy:
        lines[-1] += "\n" + fill(BUSY.format(", ".join(busy)))
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, each in comparison.judged.items():
        if each.reason and each.reason != found.why:
            reasons.setdefault((each.outcome, without_kind(each.reason)), []).append(name)
    for (verdict, reason), names in reasons.items():
        said = "" if verdict == OBSTACLE else f"{verdict}: "
        lines += ["", fill(f"{', '.join(names)}: {said}{reason}")]
    lines += ["", fill(_conclusion(comparison))]
    if timed and found.truth is None:
        lines += ["", "No method is advised: none could be verified."]
    elif timed and comparison.advised is not None:
        lines += ["", *sentences(comparison.advised), *surprises(comparison.advised)]
    return "\n".join(lines)


def _table(comparison: Comparison) -> list[dict[str, str]]:
    timed = any(answer.cost for answer in comparison.answers)
    marked = any(answer.unresolved for answer in comparison.answers)
    return [_cells(row, timed=timed, marked=marked) for row in comparison.rows]


def _cells(row: dict[str, Any], *, timed: bool, marked: bool) -> dict[str, str]:
    passes, unresolved = row["forward_passes"], row["unresolved"]
    times = {
        "preparation": fmt.time(row["preparation_s"]),
        "gradient": fmt.time(row["gradient_s"]),
        "gradient ÷ loss": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
    }
    return {
        "provider": str(row["provider"]),
        "error": fmt.short_error(row["error"]),
        "worst component": fmt.short_error(row["worst_component"]),
        **(times if timed else {}),
        "passes": fmt.count(passes),
        **({"unresolved": fmt.count(unresolved) if unresolved else fmt.NONE} if marked else {}),
        "verdict": row["verdict"] + _but(row),
    }


def _but(row: dict[str, Any]) -> str:
    """Count the undecided entries of a gradient that is right as a whole."""
    if row["verdict"] != RIGHT or not row["open"]:
        return ""
    return f" but for {fmt.count(row['open'])} small entr{'y' if row['open'] == 1 else 'ies'}"


def _plainly(problem: Problem, what: str) -> str:
    """Say how a loss is called that can be called in other ways, too."""
    return "" if problem.black_box else f"{what} in plain NumPy"


def _legend(against: str, times: str) -> str:
    text = ""
    if against:
        text = (
            "error: ÷ norm of the gradient; worst component: ÷ that component; both against "
            f"{against}; "
        )
    if times:
        text += f"gradient ÷ loss: {times}; "
    return text + "passes: of the loss, for one gradient."


def _conclusion(comparison: Comparison) -> str:
    found = comparison.truth
    if not comparison.delivered:
        return "No provider gave a gradient."
    if found.truth is None and set(comparison.verdicts.values()) <= {OBSTACLE, GRAVITY[2]}:
        return f"Not decided: {_why(comparison)}. {_apart(comparison)}"
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in comparison.verdicts.items():
        if verdict != OBSTACLE:
            by_verdict.setdefault(verdict, []).append(name)
    if list(by_verdict) == [RIGHT] and not comparison.failed:
        return f"Every provider that gave a gradient is right. {_uncertified(comparison)}".rstrip()
    words = [
        f"{verdict[0].upper()}{verdict[1:]}: {', '.join(by_verdict[verdict])}."
        for verdict in GRAVITY
        if verdict in by_verdict
    ]
    if comparison.failed:
        words.append(f"Could not be run: {', '.join(comparison.failed)}.")
    return " ".join([*words, _uncertified(comparison) or found.why]).rstrip()


def _uncertified(comparison: Comparison) -> str:
    """Say why differences replace the certificate, if the loss was not declared a black box."""
    found = comparison.truth
    if found.truth is None or found.certified or not found.why:
        return ""
    return f"By differences, because {_why(comparison)}."


def _why(comparison: Comparison) -> str:
    """Say why there is no certificate, without repeating the obstacle of a provider."""
    why = without_kind(comparison.truth.why).rstrip(".")
    told = [without_kind(each.answer.obstacle).rstrip(".") for each in comparison.judged.values()]
    same = [obstacle for obstacle in told if obstacle and obstacle in why]
    return why.replace(same[0], "for the same reason").replace(": for", ", for") if same else why


def _apart(comparison: Comparison) -> str:
    """Say how far gradients are from one another, where none can be called right."""
    distances = comparison.pairwise
    if len(distances) < 2:
        return "There is no other gradient to compare with."
    largest = float(distances.to_numpy().max())
    if not math.isfinite(largest):
        return "Not all of them are numbers."
    if largest == 0:
        return f"Nobody is called right. All {len(distances)} gradients are the same."
    first, second = (
        distances.index[k] for k in np.unravel_index(distances.to_numpy().argmax(), distances.shape)
    )
    return (
        f"Nobody is called right. The {len(distances)} gradients are at most "
        f"{fmt.short_error(largest)} of their norm apart ({first} and {second})."
    )
