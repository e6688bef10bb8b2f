"""The budget, and the refusals of what is above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradmethods.engines.symbolic.budget import Estimate
from gradmethods.errors import BudgetExceeded, UnsupportedOperation

DEEPEST = 300
"""Levels of nesting that SymPy's recursive functions, and the stack, can take."""

PER_BUILT_OPERATION = 200
"""Steps that one operation of the loss costs while its expression is built."""

PER_STAGE = 50
"""Steps that one stage of the chain rule costs until it is compiled, with its derivatives."""

PER_CASE = 1000
"""Steps that the formulas of one more combination of integers and booleans cost at least."""

PER_WRITTEN_OPERATION = 5
"""Steps that one operation costs that is written out as code and compiled."""

PER_WALK = 100
"""Steps that one node of a written expression costs before it is derived: SymPy walks over it for
every question that it asks."""

PER_BUILT_OPERAND = 60
"""Steps that one operand of an expression costs while it is built."""

PER_BUILT_NODE = 20
"""Steps that one node of an expression costs while it is built, written out."""

BUILDING = 500_000
"""Steps that building the loss may take, or a 120th of a larger budget: what its formulas will
take is known only then, and must be told in two seconds."""

STEP = 3e-6
"""Seconds that a step takes, as it is announced."""

START = 0.2
"""Seconds that the smallest loss takes."""

OVERRUN = 3.0
"""Times the seconds announced after which deriving formulas is stopped."""


MOST_ROWS = {
    "det": 6,
    "slogdet": 6,
    "solve": 4,
    "pinv": 4,
    "cholesky": 64,
    "qr": 4,
    "eigvalsh": 2,
    "svdvals": 2,
}
"""Rows up to which a function of matrices is written out; the shorter side of those not square.

Without pivots, which formulas cannot choose by value, larger ones lose digits."""

FACTORED = ("solve", "pinv", "det", "slogdet")


def check_rows(name: str, shape: tuple[int, ...]) -> None:
    """Refuse a function of matrices that has no formula, or none that is of use.

    Raises
    ------
    UnsupportedOperation
    """
    rows, most = min(shape[-2:]), MOST_ROWS.get(name, 0)
    if rows <= most:
        return
    why = (
        f"Formulas of xp.linalg.{name} are written out for matrices of at most {most} rows"
        if most
        else f"xp.linalg.{name} has no formula"
    )
    factor = (
        " Of a positive-definite matrix take the factor, xp.linalg.cholesky(A), whose systems have "
        "formulas of any size."
    )
    raise UnsupportedOperation(
        f"{why}, got shape {shape}: larger ones choose pivots by value or iterate, which a formula "
        f"cannot. Use gm.Backprop() or gm.Forward().{factor if name in FACTORED else ''}"
    )


@dataclass(frozen=True)
class Limit:
    """The budget of a problem, and what to say to who is above it.

    Attributes
    ----------
    steps : int
        The budget.
    name : str
        Of the loss.
    params : int
        Scalar parameters.
    stages : int
        Stages that the chain rule over names would have.
    by_stages : bool
        Whether that is the form that is asked for.
    """

    steps: int
    name: str
    params: int = 1
    stages: int = 0
    by_stages: bool = False

    @property
    def building(self) -> int:
        """The part of the budget that may go into finding out what the formulas will take."""
        return min(self.steps, max(BUILDING, self.steps // 120))

    @property
    def instead(self) -> str:
        """Another method to use."""
        if self.by_stages or self.stages * PER_STAGE > self.steps:
            return "Use another method or a smaller problem"
        return 'Use form="chain-rule", for which the budget is enough, or another method'

    @property
    def ways_out(self) -> str:
        """What to do about too many steps."""
        million = "a million steps take one to three seconds"
        return f"{self.instead}, or raise gm.Analytical(budget=…): {million}."


def check(found: Estimate, limit: Limit, *, written: bool, built: int = 0) -> int:
    """Refuse formulas above the budget; return the steps of all work on them.

    `written` says whether they are printed with nothing shared, `built` what it took to build the
    expressions.

    Raises
    ------
    BudgetExceeded
        If the formulas are too large.
    """
    steps = built + found.steps + written * PER_WRITTEN_OPERATION * found.operations
    if steps > limit.steps:
        raise BudgetExceeded(
            f"The formulas of the loss {limit.name!r} and all its partial derivatives would hold "
            f"about {_rounded(found.operations)} operations written out, and deriving them would "
            f"take about {_rounded(steps)} steps; the budget is {limit.steps:,}. {limit.ways_out}"
        )
    return steps


class Written:
    """Levels and sizes of expressions that are built of one another, as they are written out.

    SymPy walks over all of an expression whenever something is made of it, and shares nothing on
    the way; what is written out grows by a factor from layer to layer of a network.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._known: dict[Any, tuple[int, int]] = {}

    def check(self, expr: Any) -> None:
        """Refuse an expression that is nested too deeply, or too large to be derived.

        Raises
        ------
        BudgetExceeded
            If there are more levels than SymPy can take, or deriving it by all parameters would
            take more steps than the budget.
        """
        levels, size = self._measure(expr)
        if levels > DEEPEST:
            raise BudgetExceeded(
                f"The formula of the loss {self._limit.name!r} is nested more than {DEEPEST} "
                f"levels deep, which is more than SymPy can take. {self._limit.instead}."
            )
        limit = self._limit
        steps, built = size * max(limit.params, PER_WALK), size * PER_BUILT_NODE
        if steps > limit.steps or built > limit.building:
            raise BudgetExceeded(
                f"Already a part of the formula of the loss {limit.name!r} would hold about "
                f"{_rounded(size)} operations and symbols written out; "
                f"{_too_long(steps, built, limit)}"
            )

    def _measure(self, expr: Any) -> tuple[int, int]:
        found = self._known.get(expr)
        if found is None:
            levels = size = 0
            for part in map(self._measure, expr.args):
                levels, size = max(levels, part[0]), size + part[1]
            found = self._known[expr] = (levels + 1, size + 1)
        return found


def check_loss(operations: int, params: int, limit: Limit) -> None:
    """Refuse a loss by its operations alone, before its expression is built.

    An operation costs what building it takes, or visiting it once for each parameter.

    Raises
    ------
    BudgetExceeded
        If that is above the budget.
    """
    steps = operations * max(params, PER_BUILT_OPERATION)
    built = operations * PER_BUILT_OPERATION
    takes = f"{operations:,} scalar operations (of one example, if it has `examples`)"
    if limit.by_stages:
        steps = limit.stages * PER_STAGE
        takes = f"{limit.stages:,} stages (xp.max and xp.min as many as the square of the entries)"
        built = 0
    if steps > limit.steps or built > limit.building:
        raise BudgetExceeded(
            f"The loss {limit.name!r} takes {takes} on {params:,} parameters; "
            f"{_too_long(steps, built, limit)}"
        )


def check_cases(cases: int, operations: int, limit: Limit) -> int:
    """Refuse integer or boolean data that take too many values, before any formula is built.

    Returns the steps that building them takes.

    Raises
    ------
    BudgetExceeded
        If building the loss of each case is above the budget.
    """
    each = PER_STAGE * limit.stages if limit.by_stages else PER_BUILT_OPERATION * operations
    steps = cases * (PER_CASE + each)
    many = cases * PER_CASE > limit.building
    most = limit.steps if limit.by_stages and not many else limit.building
    if cases > 1 and steps > most:
        raise BudgetExceeded(
            f"The integer and boolean data of the loss {limit.name!r} take {cases:,} different "
            "values (or combinations) over the examples, each with formulas of its own; building "
            f"them would take about {_rounded(steps)} steps, "
            f"and the budget for that is {most:,}. Make them floating point if they are only "
            f"computed with. {limit.instead}."
        )
    return steps


def check_operands(operands: int, limit: Limit) -> None:
    """Refuse expressions that have become long, of whatever few operations they are made.

    Raises
    ------
    BudgetExceeded
        If building them takes longer than the budget.
    """
    most = limit.steps // PER_BUILT_OPERAND
    if operands > most:
        raise BudgetExceeded(
            f"The formulas of the loss {limit.name!r} hold more than {most:,} operands: sums that "
            f"contain one another are written out in full. {limit.instead}."
        )


def announced(steps: int) -> float:
    """Return the seconds that some steps are expected to take."""
    return START + STEP * steps


def overrun(limit: Limit, seconds: float) -> BudgetExceeded:
    """Return the refusal to go on with formulas that take much longer than was announced."""
    return BudgetExceeded(
        f"Preparing the formulas of the loss {limit.name!r} takes much longer than was estimated, "
        f"and was stopped after {seconds:.2g} s of work. {limit.instead}."
    )


def _too_long(steps: int, built: int, limit: Limit) -> str:
    """Say what would take too long: deriving the formulas, or finding out what that takes."""
    if steps > limit.steps:
        what, taken, most = "deriving its formulas", steps, limit.steps
    else:
        what, taken, most = "building its expression, before deriving,", built, limit.building
    return (
        f"{what} would take at least {_rounded(taken)} steps, and the budget for that is {most:,}. "
        f"{limit.ways_out}"
    )


def _rounded(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"
