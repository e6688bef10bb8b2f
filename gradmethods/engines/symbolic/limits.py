"""The budget, and the refusals of what is above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradmethods.engines.symbolic.unfolding import Size
from gradmethods.errors import BudgetExceeded

DEEPEST = 300
"""Stages in each other that SymPy's recursive functions, and the stack, can take."""

PER_STAGE = 50
"""Steps that one stage costs until it is compiled, with its derivatives."""

PER_CASE = 1000
"""Steps that the formulas of one more combination of integers and booleans cost at least."""

PER_WRITTEN_OPERATION = 5
"""Steps that one operation costs that is written out as code and compiled."""

BUILDING = 500_000
"""Steps that finding the stages of formulas may take that are written out, or a 120th of a larger
budget: how long the formulas are is known only then, and must be told in two seconds."""

STEP = 3e-6
"""Seconds that a step takes, as it is announced."""

START = 0.2
"""Seconds that the smallest loss takes."""

OVERRUN = 3.0
"""Times the seconds announced after which deriving formulas is stopped."""


@dataclass(frozen=True)
class Limit:
    """The budget of a problem, and what to say to who is above it.

    Attributes
    ----------
    steps : int
        The budget.
    name : str
        Of the loss.
    stages : int
        Stages of the loss (of one example).
    written_out : bool
        Whether formulas are written out, each in full.
    whole : bool
        Whether they are those of the whole loss, because the problem names no examples.
    """

    steps: int
    name: str
    stages: int = 0
    written_out: bool = False
    whole: bool = False

    @property
    def building(self) -> int:
        """The part of the budget that may go into finding out what the formulas will take."""
        return min(self.steps, max(BUILDING, self.steps // 120))

    @property
    def staging(self) -> int:
        """The part of the budget that may go into the stages."""
        return self.building if self.written_out else self.steps

    @property
    def instead(self) -> str:
        """Another method to use."""
        if self.written_out and self.stages * PER_STAGE <= self.steps:
            return 'Use form="cse", for which the budget is enough, or another method'
        return "Use another method or a smaller problem"

    @property
    def ways_out(self) -> str:
        """What to do about too many steps."""
        million = "a million steps take one to three seconds"
        words = f"{self.instead}, or raise gm.Analytical(budget=…): {million}."
        if not self.whole:
            return words
        return (
            f"{words} If the loss is the mean or the sum over examples, say so, and the formulas "
            "are those of one: gm.Problem(loss, params, data={…}, examples=[names of data])."
        )


def check_loss(params: int, limit: Limit) -> None:
    """Refuse a loss by the number of its stages alone, before any is made.

    Raises
    ------
    BudgetExceeded
        If that is above the budget.
    """
    steps = limit.stages * PER_STAGE
    if steps > limit.staging:
        what = "deriving its formulas"
        if steps <= limit.steps:
            what = "finding out how long its formulas are, written out,"
        raise BudgetExceeded(
            f"The loss {limit.name!r} takes {limit.stages:,} stages (xp.max and xp.min as many as "
            f"the square of the entries) on {params:,} parameters; {what} would take at least "
            f"{_rounded(steps)} steps, and the budget for that is {limit.staging:,}. "
            f"{limit.ways_out}"
        )


def check_written(sizes: Iterable[Size], limit: Limit) -> int:
    """Refuse formulas that are too long or too deep to be written out; return what writing takes.

    Raises
    ------
    BudgetExceeded
        If writing them is above the budget, or if one is nested too deeply.
    """
    sizes = list(sizes)
    operations = sum(size.operations for size in sizes)
    steps = PER_WRITTEN_OPERATION * operations
    if steps > limit.steps:
        raise BudgetExceeded(
            f"The formulas of the loss {limit.name!r} and all its partial derivatives hold "
            f"{_rounded(operations)} operations written out, and compiling them would take about "
            f"{_rounded(steps)} steps; the budget is {limit.steps:,}. {limit.ways_out}"
        )
    deepest = max(size.levels for size in sizes)
    if deepest > DEEPEST:
        raise BudgetExceeded(
            f"The formulas of the loss {limit.name!r} are nested {deepest:,} levels deep written "
            f"out; more than {DEEPEST} levels are more than SymPy can take. {limit.instead}."
        )
    return steps


def check_cases(cases: int, limit: Limit) -> int:
    """Refuse integer or boolean data that take too many values, before any formula is made.

    Returns the steps that their stages take.

    Raises
    ------
    BudgetExceeded
        If the stages of all cases are above the budget.
    """
    steps = cases * (PER_CASE + PER_STAGE * limit.stages)
    most = limit.staging if cases * PER_CASE <= limit.building else limit.building
    if cases > 1 and steps > most:
        raise BudgetExceeded(
            f"The integer and boolean data of the loss {limit.name!r} take {cases:,} different "
            "values (or combinations) over the examples, each with formulas of its own; building "
            f"them would take about {_rounded(steps)} steps, "
            f"and the budget for that is {most:,}. Make them floating point if they are only "
            f"computed with. {limit.instead}."
        )
    return steps


def announced(steps: int) -> float:
    """Return the seconds that some steps are expected to take."""
    return START + STEP * steps


def overrun(limit: Limit, seconds: float) -> BudgetExceeded:
    """Return the refusal to go on with formulas that take much longer than was announced."""
    return BudgetExceeded(
        f"Preparing the formulas of the loss {limit.name!r} takes much longer than was estimated, "
        f"and was stopped after {seconds:.2g} s of work. {limit.instead}."
    )


def _rounded(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"
