"""The ledger of claims as text for a terminal, and what its tables share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from gradmethods.output import format as fmt
from gradmethods.studies.claims.claim import REFUTED, SUPPORTED, UNDECIDED

VERDICTS = (
    "Criteria were fixed before anything was measured. A claim is supported if all its criteria "
    "are, and refuted if one is. “Exact”: the answer rests on counts or on proven digits, and is "
    "the same on every machine."
)


OUTCOMES = {SUPPORTED: "What stands", REFUTED: "What fails", UNDECIDED: "Not decided"}


def ordered(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Pick the claims among records, by number."""
    claims = [record for record in records if str(record.get("key", "")).startswith("claim-")]
    return sorted(claims, key=lambda record: int(record["id"][1:]))


def found(row: Mapping[str, Any]) -> str:
    """Write the value of a criterion, with its interval where that says more.

    Examples
    --------
    >>> found({"value": 0.5, "low": 0.48, "high": 0.52}), found({"value": 2, "low": 2, "high": 2})
    ('0.500 [0.480, 0.520]', '2')
    """
    value, low, high = (number(row[name]) for name in ("value", "low", "high"))
    if fmt.missing(value):
        return fmt.NONE
    if low == value == high:
        return f"{value:,.0f}" if float(value).is_integer() else fmt.significant(value)
    return fmt.interval(value, low, high)


def sentence(claim: Mapping[str, Any]) -> str:
    """Say what of a claim stands, what fails and what is open, with what was found of each.

    Examples
    --------
    >>> rule = "Supported if it takes at most 5 losses; refuted if more."
    >>> answer = {"rule": rule, "verdict": "supported", "value": 2, "low": 2, "high": 2}
    >>> sentence({"criteria": [answer]})
    'What stands: it takes at most 5 losses (2).'
    """
    parts = []
    for verdict, words in OUTCOMES.items():
        own = [answer for answer in claim["criteria"] if answer["verdict"] == verdict]
        said = "; ".join(f"{_clause(answer)}{_value(answer)}" for answer in own)
        if said:
            parts.append(f"{words}: {said}.")
    return " ".join(parts)


def _clause(answer: Mapping[str, Any]) -> str:
    """Return what a criterion asks for: its rule says when it is supported, and then the rest."""
    clause: str = answer["rule"].removeprefix("Supported if ").partition(";")[0]
    return clause.removesuffix(".")


def _value(answer: Mapping[str, Any]) -> str:
    shown = found(answer)
    return "" if shown == fmt.NONE else f" ({shown})"


def ledger_text(records: Iterable[Mapping[str, Any]]) -> str:
    """Write the ledger for a terminal: a line per claim, and one for each of its criteria."""
    lines = []
    for claim in ordered(records):
        lines.append(f"{claim['id']:<4} {claim['title']}: {claim['verdict'].upper()}")
        lines += textwrap.wrap(
            f"“{claim['claim']}” ({claim['source']})", 100, initial_indent="     ",
            subsequent_indent="     ",
        )  # fmt: skip
        lines += textwrap.wrap(
            sentence(claim), 100, initial_indent="     ", subsequent_indent="     "
        )
        for answer in claim["criteria"]:
            exact = ", exact" if answer["exact"] else ""
            shown = found(answer)
            what = "" if shown == fmt.NONE else f" {answer['quantity']} {shown}"
            words = f" ({answer['words']})" if answer["words"] else ""
            lines += textwrap.wrap(
                f"{answer['name']}: {answer['verdict']}{exact}.{what}{words}", 100,
                initial_indent="     - ", subsequent_indent="       ",
            )  # fmt: skip
        if claim.get("history"):
            lines += textwrap.wrap(
                claim["history"], 100, initial_indent="     ", subsequent_indent="     "
            )
        lines.append("")
    return "\n".join(lines)


def undecided(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the identifiers of the claims that a ledger leaves open."""
    return [claim["id"] for claim in ordered(records) if claim["verdict"] == UNDECIDED]


def number(value: Any) -> float:
    """Read a number back from JSON, which has no word for NaN and infinity."""
    return float("nan") if value is None else float(value)
