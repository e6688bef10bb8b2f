"""Conditions under which a comparison of two runs fails, for a machine that reads exit statuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gradmethods.errors import InvalidOption
from gradmethods.providers.registry import style_of
from gradmethods.report.difference.speed import SLOWER
from gradmethods.report.difference.two_runs import (
    COUNT,
    FAILING,
    HALF,
    LEDGER,
    LESS,
    LOST,
    VERDICT,
    Change,
    Difference,
)

KINDS = {
    "slower": SLOWER,
    "digits": LESS,
    "failing": FAILING,
    "claims": VERDICT,
    "lost": LOST,
    "counts": COUNT,
}
"""What can be asked for, and the kind of change that it looks at."""

EXAMPLE = "slower=10%,digits=0.5,failing,claims"

ROUNDING = 1e-9
"""A ratio of 1.1 of two numbers in base 2 is no 10 % to the last bit."""


@dataclass(frozen=True)
class Limit:
    """One condition: its name, and how much is too much."""

    name: str
    least: float = 0.0

    def broken(self, difference: Difference) -> list[Change]:
        """Return the changes that are too much."""
        return [change for change in difference.of(KINDS[self.name]) if self._exceeds(change)]

    def _exceeds(self, change: Change) -> bool:
        if self.name == "slower":
            return change.amount >= (1 + self.least) * (1 - ROUNDING)
        if self.name == "digits":
            return -change.amount >= self.least * (1 - ROUNDING)
        return self.name != "claims" or change.part in LEDGER


def limits(text: str) -> list[Limit]:
    """Read conditions.

    Examples
    --------
    >>> limits("slower=10%, claims")
    [Limit(name='slower', least=0.1), Limit(name='claims', least=0.0)]
    """
    return [_limit(word.strip()) for word in text.split(",") if word.strip()]


def _limit(word: str) -> Limit:
    name, has_value, value = (part.strip() for part in word.partition("="))
    number = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+) ?(%?)", value)
    percent = name == "slower"
    if name not in KINDS:
        known = ", ".join(KINDS)
        raise InvalidOption(f"--fail-on knows {known}; got {name!r}. For example: {EXAMPLE}")
    if not has_value:
        return Limit(name)
    if name not in ("slower", "digits") or number is None or bool(number[2]) != percent:
        wanted = {"slower": "a percentage, slower=10%", "digits": "a number, digits=0.5"}
        raise InvalidOption(
            f"--fail-on {name} takes {wanted.get(name, 'no number')}; got {word!r}."
        )
    least = float(number[1]) / (100 if percent else 1)
    if name == "digits" and least < HALF:
        raise InvalidOption(f"Less than {HALF} digits is called no difference; got {word!r}.")
    return Limit(name, least)


def judge(chosen: Sequence[Limit], difference: Difference) -> tuple[list[str], bool]:
    """Say of each condition whether it is kept, and whether all are."""
    said, kept = [], True
    for limit in chosen:
        found = limit.broken(difference)
        if limit.name == "slower" and difference.speeds is None:
            said.append("slower: not asked, because times are not compared.")
        elif found:
            kept = False
            said.append(f"{limit.name}: {len(found)} too many, e.g. {_example(found[0])}.")
        else:
            said.append(f"{limit.name}: none.")
    return said, kept


def _example(change: Change) -> str:
    by = f" by {style_of(change.method).label}" if change.method else ""
    ends = "" if change.before == change.after else f"{change.before} → {change.after}"
    return f"{change.case}{by}: {', '.join(part for part in (ends, change.words) if part)}"
