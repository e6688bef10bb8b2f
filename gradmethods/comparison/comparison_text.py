"""A comparison as plain text, for the terminal."""

from __future__ import annotations

import math
from typing import Any

from gradmethods.comparison.advice import sentences, surprises
from gradmethods.comparison.comparison import OBSTACLE, Comparison
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table
from gradmethods.studies.accuracy.answers import without_kind
from gradmethods.truth.verdict import GRAVITY, RIGHT

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
            f"The loss itself is {word} here, in plain NumPy: there is no gradient to find."
        )
    timed = any(answer.cost for answer in comparison.answers)
    marked = any(answer.unresolved for answer in comparison.answers)
    rows = [_row(row, timed=timed, marked=marked) for row in comparison.rows]
    lines += ["", table(rows, left=["verdict"])]
    lines += ["", fill(_legend(found.words if found.truth else "", timed=timed))]
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


def _row(row: dict[str, Any], *, timed: bool, marked: bool) -> dict[str, str]:
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
    """Count the entries that are not decided of what is right as a whole."""
    if row["verdict"] != RIGHT or not row["open"]:
        return ""
    return f" but for {fmt.count(row['open'])} small entr{'y' if row['open'] == 1 else 'ies'}"


def _legend(against: str, *, timed: bool) -> str:
    text = ""
    if against:
        text = (
            "error: ÷ norm of the gradient; worst component: ÷ that component; both against "
            f"{against}; "
        )
    if timed:
        text += "gradient ÷ loss: of times, median [95 % interval], the loss in plain NumPy; "
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
    if list(by_verdict) == [RIGHT]:
        return f"Every provider that gave a gradient is right. {_uncertified(comparison)}".rstrip()
    words = [
        f"{verdict[0].upper()}{verdict[1:]}: {', '.join(by_verdict[verdict])}."
        for verdict in GRAVITY
        if verdict in by_verdict
    ]
    return " ".join([*words, _uncertified(comparison) or found.why]).rstrip()


def _uncertified(comparison: Comparison) -> str:
    """Say why differences stand in for a certificate, where the loss was not meant to be opaque."""
    found = comparison.truth
    if found.truth is None or found.certified or not found.why:
        return ""
    return f"By differences, because {_why(comparison)}."


def _why(comparison: Comparison) -> str:
    """Say why there is no certificate; what a provider was stopped by is not told twice."""
    why = without_kind(comparison.truth.why).rstrip(".")
    told = [without_kind(each.answer.obstacle).rstrip(".") for each in comparison.judged.values()]
    same = [obstacle for obstacle in told if obstacle and obstacle in why]
    return why.replace(same[0], "for the same reason").replace(": for", ", for") if same else why


def _apart(comparison: Comparison) -> str:
    """Say how far gradients are from one another, where nobody can be called right."""
    distances = comparison.pairwise
    if len(distances) < 2:
        return "There is no other gradient to compare with."
    largest = float(distances.to_numpy().max())
    if math.isnan(largest):
        return "Not all of them are numbers."
    if largest == 0:
        return f"Nobody is called right. All {len(distances)} gradients are the same."
    first, second = distances.stack().idxmax()
    return (
        f"Nobody is called right. The {len(distances)} gradients are at most "
        f"{fmt.short_error(largest)} of their norm apart ({first} and {second})."
    )
