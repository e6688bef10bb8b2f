"""A comparison as plain text, for the terminal."""

from __future__ import annotations

import math
from typing import Any

from gradmethods.accuracy.answers import without_kind
from gradmethods.accuracy.judgement import Judgement
from gradmethods.accuracy.verdicts import AGREES, OBSTACLE, UNDECIDED, UNRESOLVED, WRONG
from gradmethods.comparison.advice import Advice, sentences, surprises
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table

MARKED = "unresolved: entries that no step of the method resolves, by its own estimate."


def comparison_text(judged: Judgement, advice: Advice | None) -> str:
    """Return the table, what its columns mean, the reasons, the verdict and the advice in words."""
    problem, reference = judged.problem, judged.reference
    value = judged.loss.value
    lines = [
        f"{problem.name}: {problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    ]
    if math.isfinite(value):
        lines.append(f"loss {value!r}")
    else:
        word = "NaN" if math.isnan(value) else "infinite"
        lines.append(
            f"The loss itself is {word} here, in plain NumPy: there is no gradient to find."
        )
    timed = any(answer.cost for answer in judged.answers)
    marked = any(answer.unresolved for answer in judged.answers)
    rows = [_row(row, timed=timed, marked=marked) for row in judged.rows]
    lines += ["", table(rows, left=["verdict"])]
    lines += ["", fill(_legend(reference.provider if reference else "", timed=timed))]
    if marked:
        lines[-1] += "\n" + fill(MARKED)
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, reason in judged.reasons.items():
        if reason:
            key = (judged.verdicts[name], without_kind(reason))
            reasons.setdefault(key, []).append(name)
    for (verdict, reason), names in reasons.items():
        if verdict != UNDECIDED:
            said = "" if verdict == OBSTACLE else f"{verdict}: "
            lines += ["", fill(f"{', '.join(names)}: {said}{reason}")]
    lines += ["", _conclusion(judged)]
    if timed and advice is not None:
        lines += ["", *sentences(advice), *surprises(advice)]
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
        "verdict": row["verdict"],
    }


def _legend(reference: str, *, timed: bool) -> str:
    against = f", both against {reference}" if reference else ""
    text = f"error: ÷ norm of the gradient; worst component: ÷ that component{against}; "
    if timed:
        text += "gradient ÷ loss: of times, median [95 % interval], the loss in plain NumPy; "
    return text + "passes: of the loss, for one gradient."


def _conclusion(judged: Judgement) -> str:
    hidden = [name for name, verdict in judged.verdicts.items() if verdict == UNRESOLVED]
    if judged.agree and hidden:
        return f"The providers agree, but for {', '.join(hidden)}: not resolved."
    if judged.agree:
        return "The providers that gave a gradient agree."
    if not math.isfinite(judged.loss.value):
        return "NO AGREEMENT: the loss itself is not finite; move the parameters."
    verdicts = judged.verdicts
    culprits = [name for name, verdict in verdicts.items() if verdict in WRONG]
    if culprits:
        return f"NO AGREEMENT: look at {', '.join(culprits)}."
    if list(verdicts.values()).count(AGREES) < 2 and UNRESOLVED not in verdicts.values():
        return "Not decided: fewer than two providers gave a gradient that can be compared."
    return f"Not decided: round-off hides the answer of {', '.join(hidden)}."
