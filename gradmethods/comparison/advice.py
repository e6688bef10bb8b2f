"""Advice: which method to use for how many gradients and digits, as data and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradmethods.comparison.cheapest import Choice, Option, choose
from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.output import format as fmt
from gradmethods.output.terminal import Shown, fill, table
from gradmethods.providers.registry import traits
from gradmethods.studies.accuracy.answers import without_kind
from gradmethods.timing.breakeven import BreakEven, evaluations

if TYPE_CHECKING:
    import pandas as pd

BLACK_BOX = "numerical"
"""Name of the method that works with any loss, and that others are compared with."""

LEAST = 1.0
"""Number of correct digits that a method must have to be advised at all."""

LEVELS = (1, 6, 12)
"""Numbers of digits for which advice is given, unless it is the same as for fewer digits."""

UNRESOLVED = "Unresolved: entries that no step of the method resolves, by its own estimate."
LONGEST = 300
"""Number of characters of a reason that are shown; `Option` holds it in full."""


@dataclass(frozen=True, repr=False)
class Advice(Shown):
    """What to use for a loss. Printing it shows the numbers and the advice.

    Attributes
    ----------
    problem : Problem
        The loss.
    loss : float
        Seconds of one loss in plain NumPy.
    options : tuple of Option
        One per method, measured or with its obstacle.
    reference : str
        What the digits are counted against, in words.
    doubt : str
        Why no method is advised, whatever it costs; empty if one may be.
    """

    problem: Problem
    loss: float
    options: tuple[Option, ...]
    reference: str
    doubt: str = ""

    def able(self, digits: float = LEAST) -> list[Option]:
        """List the methods that may be advised for so many digits."""
        if self.doubt:
            return []
        verified = [o for o in self.options if o.certified and not (o.obstacle or o.fault)]
        return [o for o in verified if o.digits >= digits]

    def best(self, count: int, digits: float = LEAST) -> Option | None:
        """Return the cheapest method for so many gradients with so many digits; None if none is.

        Parameters
        ----------
        count : int
            Gradients, preparation included.
        digits : float, default 1
            Correct digits wanted, in the norm.
        """
        if count < 1:
            raise InvalidOption(f"count must be at least 1, got {count!r}.")
        return min(self.able(digits), key=lambda option: option.total(count), default=None)

    def choices(self, digits: float = LEAST) -> list[Choice]:
        """List which method is the cheapest from how many gradients on.

        A method that is nowhere cheaper than all others beyond the noise is no choice of its own:
        it is named beside the one that it cannot be told from.
        """
        return choose(self.able(digits))

    def pays(self, name: str, other: str = BLACK_BOX) -> BreakEven:
        """Return from how many gradients on a method, with its preparation, is the cheaper one."""
        options = {option.name: option for option in self.options}
        return evaluations(options[name].price, options[other].price)

    @property
    def table(self) -> pd.DataFrame:
        """One row per method: what `Option` holds, and the ratio to the loss."""
        import pandas as pd

        names = ("preparation", "gradient", "low", "high", "digits", "certified", "estimated",
                 "passes", "unresolved", "obstacle", "fault")  # fmt: skip
        rows = [
            {"provider": option.name, **{name: getattr(option, name) for name in names}}
            for option in self.options
        ]
        frame = pd.DataFrame(rows).set_index("provider")
        return frame.assign(ratio=frame["gradient"] / self.loss)

    def __str__(self) -> str:
        return advice_text(self)

    __repr__ = __str__


def advice_text(advice: Advice) -> str:
    """Write the table of methods, then what to use."""
    problem = advice.problem
    size = f"{problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    head = f"{problem.name}: {size}; loss {fmt.time(advice.loss)}"
    rows = [_row(option, advice.loss) for option in advice.options]
    columns = ["method", "preparation", "gradient", "÷ loss", "passes", "digits", "unresolved"]
    if not any(option.unresolved for option in advice.options):
        del columns[-1]
    notes = ["~: not measured, passes × loss."] if any(o.estimated for o in advice.options) else []
    if any(option.unresolved for option in advice.options):
        notes.append(UNRESOLVED)
    notes += [f"{names}: {reason}" for names, reason in _reasons(advice).items()]
    shown = table([dict(zip(columns, row, strict=False)) for row in rows])
    said = [*sentences(advice), *map(fill, _break_even(advice))]
    parts = (head, shown, "\n".join(map(fill, notes)), "\n".join(said))
    return "\n\n".join(filter(None, parts))


def sentences(advice: Advice) -> list[str]:
    """Say in words which method to use for how many gradients and digits, or why none."""
    if advice.doubt:
        return [fill(f"No method is advised: {advice.doubt}")]
    if not advice.able():
        return ["No method is advised: none gave a gradient that can be used."]
    said = ["Which to use, preparation included:"]
    levels = _levels(advice)
    for lowest, highest, choices in levels:
        wanted = f"For {lowest} digits and more"
        if len(levels) == 1:
            wanted = "For any accuracy"
        elif highest < levels[-1][1]:
            wanted = f"For up to {highest} digit{'s' * (highest > 1)}"
        said.append(fill(f"{wanted}: {_choices(choices)}"))
    return [*said, fill(f"Digits: correct ones, in the norm, against {advice.reference}.")]


def _levels(advice: Advice) -> list[tuple[int, int, list[Choice]]]:
    """List the choices, each with the least and the most digits that it is made for.

    They are made for `LEVELS`, and up to the most digits that any method has.
    """
    found: list[tuple[int, int, list[Choice]]] = []
    most = LEVELS[-1]
    best = int(min(most, max(option.digits for option in advice.able())))
    # One digit more than any method has, too: for it no method is a choice, and that is said.
    for digits in sorted({min(level, best) for level in LEVELS} | {min(best + 1, most)}):
        choices = advice.choices(digits)
        same = [(choice.start, choice.option.name) for choice in choices]
        if found and same == [(choice.start, choice.option.name) for choice in found[-1][2]]:
            found[-1] = (found[-1][0], digits, found[-1][2])
        else:
            found.append((digits, digits, choices))
    return found


def surprises(advice: Advice) -> list[str]:
    """Name methods that have no digit right by the truth, whatever their verdict among others."""
    names = [o.name for o in advice.options if o.certified and o.digits < LEAST]
    if not names:
        return []
    return [fill(f"Not advised, with fewer than {LEAST:.0f} correct digit: {', '.join(names)}.")]


def _reasons(advice: Advice) -> dict[str, str]:
    """List why methods are not advised, those with the same reason together."""
    names: dict[str, list[str]] = {}
    for option in advice.options:
        reason = option.obstacle or (option.fault and f"not advised: {option.fault}")
        if reason:
            names.setdefault(without_kind(reason), []).append(option.name)
    return {", ".join(each): _shortened(reason) for reason, each in names.items()}


def _shortened(reason: str) -> str:
    return reason if len(reason) <= LONGEST else fmt.shortened(reason, LONGEST)


def _row(option: Option, loss: float) -> list[str]:
    if option.obstacle:
        return [option.name, fmt.time(option.preparation), "none", *[fmt.NONE] * 4]
    about = "~" if option.estimated else ""
    return [
        option.name,
        fmt.time(option.preparation),
        f"{about}{fmt.time_interval(option.gradient, option.low, option.high)}",
        f"{about}{fmt.significant(option.gradient / loss)}",
        fmt.count(option.passes),
        f"{option.digits:.1f}" if option.digits >= 0 else fmt.NONE,
        fmt.count(option.unresolved) if option.unresolved else fmt.NONE,
    ]


def _choices(choices: list[Choice]) -> str:
    if not choices:
        return "no method here gives that."
    parts = []
    for place, choice in enumerate(choices):
        where = "" if place == 0 else f" from {choice.start:,} gradients on"
        ties = " and ".join(option.name for option in choice.ties)
        same = "costs" if len(choice.ties) == 1 else "cost"
        noise = f"; {ties} {same} the same within the noise" if ties else ""
        digits = math.floor(choice.option.digits)
        parts.append(f"{choice.option.name}{where} ({digits} digit{'s' * (digits != 1)}{noise})")
    if len(choices) == 1:
        return f"{parts[0]}, however many gradients."
    return f"{parts[0]} at first, then {', then '.join(parts[1:])}."


def _break_even(advice: Advice) -> list[str]:
    able = advice.able()
    if BLACK_BOX not in [o.name for o in able]:
        return []
    lines = []
    for option in able:
        if traits(option.name).family == traits(BLACK_BOX).family:
            continue
        pays = advice.pays(option.name)
        if pays.low == math.inf:
            lines.append(f"{option.name} is never cheaper than central differences.")
        elif pays.value == math.inf or (pays.low == 0 and pays.high == math.inf):
            lines.append(
                f"The noise hides whether {option.name} or central differences are cheaper."
            )
        elif pays.high <= 1:
            lines.append(
                f"{option.name} is cheaper than central differences from the first gradient on."
            )
        else:
            span = f" [{max(1, pays.low):,.0f}, {fmt.count(pays.high)}]"
            lines.append(
                f"{option.name} with its preparation is cheaper than central differences from "
                f"{max(1, pays.value):,.0f} gradient{'s' * (pays.value > 1)} on"
                f"{span * (pays.low != pays.high)}."
            )
    return lines
