"""Advice in words, and the numbers behind it."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from tabulate import tabulate

from gradmethods.report import format as fmt

if TYPE_CHECKING:
    from gradmethods.advice import Advice, Choice, Option

LEVELS = (0, 6, 12)
"""Digits for which the advice is given; where it is the same as for fewer, it is not repeated."""

WIDTH = 100


def advice_text(advice: Advice) -> str:
    """Write the table of methods, then what to use."""
    problem = advice.problem
    size = f"{problem.size:,} parameters, {problem.dtype}"
    head = f"{problem.name}: {size}; loss {fmt.time(advice.loss)}"
    rows = [_row(option, advice.loss) for option in advice.options]
    columns = ["method", "preparation", "gradient", "÷ loss", "passes", "digits"]
    table = tabulate(
        rows, columns, colalign=["left", *["right"] * 5], disable_numparse=True
    )  # fmt: skip
    legend = (
        f"digits: correct ones, in the norm, against {advice.reference}; ≤: what theory allows at "
        "most. ~: not measured, passes × loss."
    )
    notes = [legend] + [
        f"{o.name}: {fmt.shortened(o.obstacle)}" for o in advice.options if o.obstacle
    ]
    return "\n".join([head, "", table, "", *map(_wrapped, notes), "", *_sentences(advice)])


def _row(option: Option, loss: float) -> list[str]:
    if option.obstacle:
        return [option.name, fmt.time(option.preparation), "none", *[fmt.NONE] * 3]
    about = "~" if option.estimated else ""
    return [
        option.name,
        fmt.time(option.preparation),
        f"{about}{fmt.time_interval(option.gradient, option.low, option.high)}",
        f"{about}{fmt.significant(option.gradient / loss)}",
        fmt.count(option.passes),
        f"{'' if option.certified else '≤ '}{option.digits:.1f}",
    ]


def _sentences(advice: Advice) -> list[str]:
    said: list[str] = []
    before: list[tuple[int, str]] = []
    for digits in LEVELS:
        choices = advice.choices(digits)
        same = [(choice.start, choice.option.name) for choice in choices]
        if same == before:
            continue
        before = same
        wanted = f"For {digits} digits and more" if digits else "For any accuracy"
        said.append(_wrapped(f"{wanted}: {_choices(choices)}"))
    return said + [_wrapped(line) for line in _break_even(advice)]


def _choices(choices: list[Choice]) -> str:
    if not choices:
        return "no method here gives that."
    parts = []
    for place, choice in enumerate(choices):
        where = "" if place == 0 else f" from {choice.start:,} gradients on"
        parts.append(f"{choice.option.name}{where} ({_digits(choice.option)})")
    if len(choices) == 1:
        return f"{parts[0]}, however many gradients."
    return f"{parts[0]} at first, then {', then '.join(parts[1:])}."


def _digits(option: Option) -> str:
    return f"{'' if option.certified else '≤ '}{option.digits:.0f} digits"


def _break_even(advice: Advice) -> list[str]:
    from gradmethods.advice.advice import BLACK_BOX

    able = [o for o in advice.options if not o.obstacle]
    if BLACK_BOX not in [o.name for o in able]:
        return []
    lines = []
    for option in able:
        if not option.name.startswith(("backprop", "analytical")):
            continue
        pays = advice.pays(option.name)
        if math.isinf(pays.value):
            lines.append(f"{option.name} is never cheaper than central differences.")
            continue
        span = "" if pays.low == pays.high else f" [{pays.low:,.0f}, {pays.high:,.0f}]"
        lines.append(
            f"{option.name} with its preparation is cheaper than central differences from "
            f"{pays.value:,.0f} gradients on{span}."
            if pays.value
            else f"{option.name} is cheaper than central differences from the first gradient on."
        )
    return lines


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ")
